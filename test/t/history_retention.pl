# pgschema.history_retention: old applies go, with what only they needed; what is still asked for stays to the letter.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('retention');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c; CREATE TABLE a.t (x int); CREATE TABLE b.t (x int); CREATE TABLE c.t (x int); CREATE ROLE deployer');

sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
sub apply { my ($text, $settings) = @_; return sql('SET client_min_messages = error; ' . ($settings // '') . "CALL pgschema_apply('$text', allow => '{all}')"); }
sub dump_of { my ($schema, $version) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', "SELECT pgschema_dump('{$schema}'" . ($version ? ", $version)" : ')'), stdout => \$out, stderr => \$err); return $err || $out; }
sub versions { return sql('SELECT string_agg(version::text, $$ $$ ORDER BY version) FROM pgschema.history'); }

apply('ALTER TABLE a.t ADD c1 int');                                  # 1: old
apply('ALTER TABLE b.t ADD c1 int');                                  # 2: old, the last of b
apply('ALTER TABLE a.t ADD c2 int; COMMENT ON TABLE a.t IS $$two$$'); # 3: old
apply('ALTER TABLE a.t ADD c3 int');                                  # 4: what a was like before 5
apply('ALTER TABLE c.t ADD c1 int');                                  # 5
apply('ALTER TABLE a.t ADD c4 int');                                  # 6
my %then = map { ("a$_" => dump_of('a', $_), "b$_" => dump_of('b', $_), "c$_" => dump_of('c', $_)) } 5, 6;
my $texts = sql('SELECT count(*) FROM pgschema.text');
sql("UPDATE pgschema.applied SET started_at = started_at - interval '40 days' WHERE version <= 4");

apply('ALTER TABLE c.t ADD c2 int');
is(versions(), '1 2 3 4 5 6 7', 'by default everything is kept');
apply('ALTER TABLE c.t ADD c3 int', "SET pgschema.history_retention = '60d';");
is(versions(), '1 2 3 4 5 6 7 8', 'as is what is not old enough');
my (undef, undef, $err) = $node->psql('postgres', "SELECT pgschema_version(); SET ROLE deployer; SET pgschema.history_retention = '1min'");
like($err, qr/permission denied/, 'only a superuser says for how long');

$texts = sql('SELECT count(*) FROM pgschema.text');
apply('ALTER TABLE c.t ADD c5 int', "SET pgschema.history_retention = '30d';");
is(versions(), '2 4 5 6 7 8 9', 'old ones go: but the last of each schema, and what a later one needs, stay');
is(dump_of('a', $_), $then{"a$_"}, "a, as it stood after $_") for 5, 6;
is(dump_of('b', $_), $then{"b$_"}, "b, as it stood after $_") for 5, 6;
is(dump_of('c', $_), $then{"c$_"}, "c, as it stood after $_") for 5, 6;
like(dump_of('a', 3), qr/ERROR:.*(history|version)/, 'what is gone is told');
cmp_ok(sql('SELECT count(*) FROM pgschema.text'), '<', $texts + 4, 'texts that nobody needs are gone');
is(sql("SELECT count(*) FROM pgschema.text WHERE content LIKE '%two%' AND content LIKE '%ALTER TABLE a.t ADD c2%'"), 0, 'that of version 3 for one');
is(sql('SELECT count(*) FROM pgschema.text t WHERE NOT EXISTS (SELECT FROM pgschema.applied a WHERE t.hash IN (a.desired, a.script)) AND content ~ $$ADD$$'), 0, 'no other desired state is left');

# What an apply in phases still has to lead to.
my $checks = 'ALTER TABLE b.t ADD CONSTRAINT k1 CHECK (c1 > 0); ALTER TABLE b.t ADD CONSTRAINT k2 CHECK (c1 > 1)';
my $online = "SET client_min_messages = error; CALL pgschema_apply('$checks', allow => '{all}', strategy => 'online'";
sql("$online, until_phase => 1)");
apply('ALTER TABLE b.t ADD c6 int');
sql("UPDATE pgschema.applied SET started_at = started_at - interval '40 days' WHERE version = 10");
apply('ALTER TABLE b.t ADD c7 int', "SET pgschema.history_retention = '30d';");
is(sql('SELECT status FROM pgschema.history WHERE version = 10'), 'stopped', 'what is not complete stays');
sql("$online)");
is(sql('SELECT (SELECT status FROM pgschema.history WHERE version = 10), count(*) FROM pg_constraint WHERE conname IN ($$k1$$, $$k2$$) AND convalidated'), 'applied|2', 'and is completed');

done_testing();
