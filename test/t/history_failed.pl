# An atomic apply that fails takes everything back, and history says that it did.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('history_failed');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t VALUES (1), (NULL); CREATE ROLE other LOGIN; GRANT CREATE ON DATABASE postgres TO other; GRANT EXECUTE ON PROCEDURE pgschema_apply TO other; GRANT USAGE ON SCHEMA app TO other');

sub call { my ($text, $more, $role) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', ($role ? "SET ROLE $role; " : '') . "CALL pgschema_apply(\$desired\$$text\$desired\$, allow => '{all}'$more)", stdout => \$out, stderr => \$err); return $err; }
sub history { return $node->safe_psql('postgres', 'SELECT version, status, phases_done, phases, steps_done, schemas, finished_at IS NOT NULL, error FROM pgschema.history ORDER BY version'); }

my $wrong = 'CREATE SCHEMA app; CREATE TABLE app.t (a int NOT NULL); CREATE TABLE app.u ()';
like(call($wrong, ", schemas => '{app}'"), qr/contains null values/, 'a row is against it');
is(history(), '1|failed|0|1|0|{app}|t|column "a" of relation "t" contains null values', 'which history says');
is($node->safe_psql('postgres', q{SELECT to_regclass('app.u') IS NULL}), 't', 'and nothing else has happened');
is($node->safe_psql('postgres', 'SELECT script ~ $$ALTER COLUMN a SET NOT NULL$$, desired = (SELECT content FROM pgschema.text WHERE content ~ $$^CREATE SCHEMA$$) FROM pgschema.history'), 't|t', 'with what it was and what was tried');

# What was not even begun is no event.
like(call($wrong, ", schemas => '{app}', expect => 'ffff'"), qr/not the expected one/, 'another plan than the expected one');
like(call('CREATE VIEW app.v AS SELECT x', ''), qr/column "x" does not exist/, 'a mistake in the text');
like(history(), qr/^1\|[^\n]*$/, 'leave nothing');
my ($out, $err) = ('', '');
$node->psql('postgres', "BEGIN; CALL pgschema_apply(\$\$$wrong\$\$, '{app}', allow => '{all}'); COMMIT", stdout => \$out, stderr => \$err);
like($err, qr/contains null values/, 'in a transaction block too');
like(history(), qr/^1\|[^\n]*$/, 'there is nothing that could be committed');

# The next attempts.
is($node->safe_psql('postgres', q{SELECT count(*) FROM pgschema_steps('CREATE SCHEMA app; CREATE TABLE app.t (a int)', '{app}')}), 0, 'a failed apply is no reason to think that a schema was applied');
$node->safe_psql('postgres', 'DELETE FROM app.t WHERE a IS NULL');
unlike(call($wrong, ", schemas => '{app}', strategy => 'online'"), qr/ERROR/, 'in phases it is not gone on with');
is(history(), qq{1|failed|0|1|0|{app}|t|column "a" of relation "t" contains null values\n2|applied|3|3|5|{app}|t|}, 'it is another apply');

# A lock that was not to be had.
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE app.t IN ROW EXCLUSIVE MODE');
like(call('ALTER TABLE app.t ADD b int', ", lock_timeout => '50ms', retries => 1"), qr/could not|lock|waited/, 'a lock is not to be had');
$holder->query_safe('COMMIT');
$holder->quit;
like($node->safe_psql('postgres', "SELECT concat_ws(' ', status, error) FROM pgschema.history WHERE version = 3"), qr/^failed .*lock|^failed .*wait/i, 'is told');

# Who may see it: of a schema that the failed apply was to make, the role that tried.
unlike(call('CREATE SCHEMA own; CREATE TABLE own.t (a int)', ", schemas => '{own}'", 'other'), qr/ERROR/, 'another role applies');
$node->safe_psql('postgres', 'GRANT ALL ON SCHEMA own TO other; CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE $a$refused$a$; END $$; CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ($$CREATE TABLE$$) EXECUTE FUNCTION public.refuse()');
like(call('CREATE SCHEMA fresh; CREATE TABLE fresh.t (a int)', ", schemas => '{fresh}'", 'other'), qr/refused/, 'an event trigger refuses it');
$node->safe_psql('postgres', 'DROP EVENT TRIGGER refuse');
my $seen = q{SELECT count(*) FROM pgschema.history WHERE status = 'failed' AND schemas = '{fresh}'};
is($node->safe_psql('postgres', "SET ROLE other; $seen"), 1, 'the role sees that');
is($node->safe_psql('postgres', $seen), 1, 'so does a superuser');
is($node->safe_psql('postgres', "CREATE ROLE third; SET ROLE third; $seen"), 0, 'nobody else');

is($node->safe_psql('postgres', "GRANT USAGE ON SCHEMA app TO third; SET ROLE third; SELECT count(*), count(error) FROM pgschema.history WHERE schemas = '{app}' AND status = 'failed'"), '2|0', 'with what, only who did it: it may quote rows');

# One schema of several.
$node->safe_psql('postgres', 'CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c; CREATE TABLE a.t (x int); CREATE TABLE b.t (x int); CREATE TABLE c.t (x int); INSERT INTO b.t VALUES (NULL)');
$node->psql('postgres', q{CALL pgschema_apply_each('CREATE TABLE t (x int NOT NULL)', '{a,b,c}', allow => '{all}', on_error => 'continue')}, stdout => \$out, stderr => \$err);
is($out, '2|1', 'two of three');
is($node->safe_psql('postgres', q{SELECT schemas, status, error FROM pgschema.history WHERE schemas && '{a,b,c}' ORDER BY version}), qq({a}|applied|\n{b}|failed|column "x" of relation "t" contains null values\n{c}|applied|), 'the other is told');
$node->psql('postgres', q{CALL pgschema_apply_each('CREATE TABLE t (x int NOT NULL, y int)', '{b,c}', allow => '{all}')}, stdout => \$out, stderr => \$err);
is($node->safe_psql('postgres', q{SELECT count(*) FROM pgschema.history WHERE status = 'failed' AND schemas = '{b}'}), 2, 'also where that is the end');

# What is no longer needed goes; the last that was applied does not.
$node->safe_psql('postgres', q{UPDATE pgschema.applied SET started_at = started_at - interval '10 days'});
$node->safe_psql('postgres', q{SELECT pgschema_version(); SET pgschema.history_retention = '1d'; CALL pgschema_apply('CREATE TABLE t (x int NOT NULL, z int)', '{c}')});
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE schemas = '{a}'), count(*) FILTER (WHERE schemas = '{app}') FROM pgschema.applied}), '0|1|1', 'retention');
$node->stop;
done_testing();
