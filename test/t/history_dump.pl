# pgschema_dump(schemas, version): schemas as they stood after an apply, whatever that apply spoke of; and going back.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('history');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql('origin', slurp_file("$ENV{TEST_DEMO}/schema.sql") . 'CREATE EXTENSION pgschema; CREATE ROLE deployer SUPERUSER; CREATE ROLE reader; GRANT USAGE ON SCHEMA app TO reader');

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub failure { my ($sql) = @_; my ($out, $err) = ('', ''); $node->psql('origin', $sql, stdout => \$out, stderr => \$err); return $err || "no error: $out"; }
sub dump_of { my ($schemas, $version) = @_; return $node->safe_psql('origin', "SELECT pgschema_dump($schemas" . ($version ? ", $version)" : ')')); }
sub objects_of { my ($schemas, $version) = @_; return $node->safe_psql('origin', "SELECT * FROM pgschema_dump_objects($schemas" . ($version ? ", $version)" : ')')); }
sub apply { my ($text, $schemas) = @_; return $node->safe_psql('origin', 'SET client_min_messages = error; CALL pgschema_apply(' . quoted($text) . ($schemas ? ", $schemas" : '') . ", allow => '{all}')"); }

my $both = q{'{app,reporting}'};
my (%then, %objects);
sub remember { my ($version) = @_; $then{$version} = dump_of($both); $objects{$version} = objects_of($both); return; }

# Adopted, then changed in each way that there is.
is(apply(dump_of($both), $both), 1, 'an empty plan, which adopts the schemas');
remember(1);
is(apply('ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint'), 2, 'a change that names one object, in one schema, under views of both');
remember(2);
$node->safe_psql('origin', q{COMMENT ON VIEW reporting.v_hospital_card IS 'by hand'; CREATE TABLE app.by_hand (id int GENERATED ALWAYS AS IDENTITY, "a name with ; and ''" text DEFAULT E'\n:''x')});
is(apply('CREATE FUNCTION app.one() RETURNS int LANGUAGE sql RETURN 1; COMMENT ON SCHEMA reporting IS $$what
is "read"$$'), 3, 'what others have done meanwhile is in it');
remember(3);
my $edited = $then{3} =~ s/a name with/another name with/gr;
is(apply($edited, $both), 4, 'whole schemas');
remember(4);
is(apply('GRANT SELECT ON app.calls TO reader WITH GRANT OPTION'), 5, 'a grant');
remember(5);

for my $version (sort keys %then)
{
	is(dump_of($both, $version), $then{$version}, "version $version: to the letter");
	is(objects_of($both, $version), $objects{$version}, 'object by object too');
}
is(dump_of(q{'{reporting}'}, 5), dump_of(q{'{reporting}'}), 'one schema of several, which the last apply did not speak of');
is(dump_of('NULL', 5), $then{5}, 'all that the history covers');

# Going back, and forth.
apply(dump_of($both, 1), $both);
is(dump_of($both) , $then{1}, 'planning with an old version is going back');
apply(dump_of($both, 5), $both);
is(dump_of($both) , $then{5}, 'and forth');
like($node->safe_psql('origin', 'SELECT pgschema_plan(' . quoted($then{5}) . ", $both)"), qr/nothing to change/, 'and that is all');

# What it costs: one changed object adds little.
my $texts = 'SELECT count(*), sum(length(content)) FROM pgschema.text';
my ($count, $size) = split /\|/, $node->safe_psql('origin', $texts);
apply("COMMENT ON VIEW app.v_calls IS 'once more'");
my ($more, $larger) = split /\|/, $node->safe_psql('origin', $texts);
cmp_ok($more - $count, '<=', 5, 'a changed object is a text, a part of the list, the list, and two for the apply') or diag("$count $more");
cmp_ok($larger - $size, '<', 50_000, 'and few bytes');

# Schemas that come and go.
apply('CREATE SCHEMA extra; CREATE TABLE extra.t (id int)', q{'{extra}'});
my $with = $node->safe_psql('origin', 'SELECT max(version) FROM pgschema.history');
my $extra = dump_of(q{'{extra}'});
apply('-- nothing', q{'{extra}'});
like(failure(q{SELECT pgschema_dump('{extra}')}), qr/schema extra does not exist/, 'a schema that is gone');
like(failure(qq{SELECT pgschema_dump('{extra}', $with + 1)}), qr/3F000|schema extra did not exist at version/, 'and was, after the apply that took it away');
is(dump_of(q{'{extra}'}, $with), $extra, 'as it was before');
unlike(dump_of('NULL', $with + 1), qr/SCHEMA extra/, 'among all, it is not there');
apply(dump_of(q{'{extra}'}, $with), q{'{extra}'});
is(dump_of(q{'{extra}'}), $extra, 'and comes back');

# Errors.
like(failure("\\set VERBOSITY verbose\nSELECT pgschema_dump($both, 4711)"), qr/42704: there is no version 4711 in pgschema\.history/, 'a version that does not exist');
like(failure("\\set VERBOSITY verbose\nSELECT pgschema_dump('{extra}', 3)"), qr/55000: pgschema\.history does not cover schema extra at version 3/, 'a schema that the history does not cover');
like(failure("\\set VERBOSITY verbose\nSELECT pgschema_dump('{nowhere}', 3)"), qr/55000: pgschema\.history does not cover schema nowhere/, 'one that never existed');
$node->safe_psql('origin', 'SELECT pgschema_version(); SET pgschema.keep_schemas = off; CREATE SCHEMA unkept; ' . "CALL pgschema_apply('CREATE TABLE unkept.t ()')");
like(failure("SELECT pgschema_dump('{unkept}', (SELECT max(version) FROM pgschema.applied))"), qr/does not cover schema unkept/, 'keeping can be switched off');

# Who may see it: who may see the schema.
like(failure("SET ROLE reader; SELECT pgschema_dump($both, 5)"), qr/permission denied for schema reporting/, 'a schema without USAGE');
is($node->safe_psql('origin', "SET ROLE reader; SELECT pgschema_dump('{app}', 5)"), dump_of(q{'{app}'}, 5), 'one with USAGE');
is($node->safe_psql('origin', "SET ROLE reader; SELECT pgschema_dump(NULL, 5)"), dump_of(q{'{app}'}, 5), 'all means all that one may see');
like(failure('SET ROLE reader; SELECT * FROM pgschema.kept'), qr/permission denied for table kept/, 'and nothing but by the function');
$node->safe_psql('origin', 'DROP SCHEMA extra CASCADE');
like(failure("SET ROLE reader; SELECT pgschema_dump('{extra}', $with)"), qr/permission denied for schema extra/, 'of one that is gone, not everybody');
is(dump_of(q{'{extra}'}, $with), $extra, 'but who applied it');

# The history survives a dump and restore.
my $file = $node->basedir . '/dump.sql';
command_ok([ 'pg_dump', '--no-sync', '-f', $file, $node->connstr('origin') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr('restored') ], 'restored');
is($node->safe_psql('restored', "SELECT pgschema_dump($both, 4)"), $then{4}, 'and nothing of it is lost');

$node->stop;
done_testing();
