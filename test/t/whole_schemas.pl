# schemas => '{…}': the text is the whole truth. On the demo's database: its own dump changes nothing, in any order; an edited dump
# leads to what a fresh database has that was loaded with it; what is not in the text goes, and nothing else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('whole');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql('origin', 'CREATE EXTENSION pgschema');
$node->safe_psql('origin', slurp_file("$ENV{TEST_DEMO}/schema.sql"));
$node->safe_psql('origin', q{DROP PUBLICATION dispatch_feed;
	INSERT INTO app.areas (area_id, name, district, population) SELECT g, 'area ' || g, 'north', g FROM generate_series(1, 50) g;}) ;
$node->safe_psql('origin', 'CREATE DATABASE unused');

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
my $scope = q{'{app,reporting}'};
sub catalog { return $node->safe_psql($_[0], "SELECT * FROM pgschema_catalog($scope) ORDER BY 1, 2, 3, 4"); }
sub planned { my ($db, $text, $format) = @_; return $node->safe_psql($db, 'SELECT pgschema_plan(' . quoted($text) . ", $scope, format => '" . ($format // 'summary') . "')"); }
sub apply { my ($db, $text) = @_; return $node->safe_psql($db, 'SET client_min_messages = error; CALL pgschema_apply(' . quoted($text) . ", $scope, allow => '{all}')"); }
sub failure
{
	my ($db, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql($db, $sql, stdout => \$out, stderr => \$err);
	return $err;
}
sub copy { my $db = shift; $node->safe_psql('postgres', "DROP DATABASE IF EXISTS $db"); $node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE origin"); return $db; }
sub fresh
{
	my ($db, $text) = @_;
	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $db");
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION pgschema');
	$node->safe_psql($db, $text);
	return $db;
}

# ------------------------------------------------------------------------------------------------ the dump
my $dump = $node->safe_psql('origin', "SELECT pgschema_dump($scope)");
my $before = catalog('origin');
like(planned('origin', $dump), qr/^-- nothing to change$/m, 'a schema and its own dump: nothing to change');
is(catalog('origin'), $before, 'planning leaves the catalog as it was');
is(catalog(fresh('loaded', $dump)), $before, 'the dump makes the same schemas in an empty database');
is($node->safe_psql('loaded', "SELECT pgschema_dump($scope)"), $dump, 'whose dump is the same, byte by byte');
my @definitions = split /\x01/, $node->safe_psql('origin', "SELECT string_agg(definition, E'\\x01') FROM pgschema_dump_objects($scope)");
cmp_ok(scalar(@definitions), '>', 100, 'definitions object by object');
for my $seed (1 .. 3)
{
	srand($seed);
	my @shuffled = map { $_->[1] } sort { $a->[0] <=> $b->[0] } map { [ rand(), $_ ] } @definitions;
	like(planned('origin', join("\n", @shuffled)), qr/^-- nothing to change$/m, "in any order ($seed)");
}
apply('origin', $dump);
is($node->safe_psql('origin', 'SELECT schemas, steps_done FROM pgschema.history'), '{app,reporting}|0', 'an empty plan is recorded too');

# ------------------------------------------------------------------------------------------------- changes
my %edits = (
	'a column type beneath everything' => [ [ qr/^    population integer/m, '    population bigint' ], [ qr/^  population integer/m, '  population bigint' ] ],
	'a table more, with a foreign key' => [ [ qr/\z/, "\nCREATE TABLE app.roster (roster_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unit_id integer REFERENCES app.units, begins timestamptz NOT NULL);\nCREATE INDEX ON app.roster (begins);\nCOMMENT ON TABLE app.roster IS 'who works when';\nALTER TABLE app.roster OWNER TO app_owner;\n" ] ],
	'a comment, a grant and an owner' => [ [ qr/\z/, "\nCOMMENT ON SCHEMA app IS 'another';\nGRANT INSERT ON app.areas TO bi;\nALTER FUNCTION app.seconds(interval) OWNER TO report_owner;\n" ] ],
	'a schema-wide default privilege' => [ [ qr/\z/, "\nALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA app GRANT SELECT ON TABLES TO bi;\n" ] ],
	'an enum value' => [ [ qr/'on_scene', /, "'on_scene', 'returning', " ] ],
	'a sequence, a domain and a composite type' => [ [ qr/\z/, "\nCREATE SEQUENCE app.s MINVALUE 5 START 7;\nCREATE DOMAIN app.small AS int CHECK (VALUE < 10);\nCREATE TYPE app.pair AS (a int, b app.small);\n" ] ]);
for my $name (sort keys %edits)
{
	my $text = $dump;
	my $edited = 0;
	for my $edit (@{ $edits{$name} }) { my ($from, $to) = @$edit; $edited++ if $text =~ s/$from/$to/; }
	if (!$edited) { fail("$name: there is something to edit"); next; }
	my $db = copy('changed');
	apply($db, $text);
	is(catalog($db), catalog(fresh('wanted', $text)), "$name: the same as in a fresh database");
	like(planned($db, $text), qr/^-- nothing to change$/m, "$name: a second plan is empty");
	is($node->safe_psql($db, 'SELECT count(*) FROM app.areas'), 50, "$name: no row is lost");
	apply($db, $dump) ;
	is(catalog($db), $before, "$name: and back") if $name ne 'an enum value';    # values keep their sort positions
}

# ------------------------------------------------------------------------------------------- what is not there
my $db = copy('changed');
$node->safe_psql($db, 'CREATE TABLE app.extra (i int); INSERT INTO app.extra VALUES (1); CREATE VIEW reporting.extra AS SELECT * FROM app.extra; CREATE TABLE app.keep_1 (i int); CREATE FUNCTION app.tmp_f() RETURNS int LANGUAGE sql RETURN 1');
my $summary = planned($db, $dump);
like($summary, qr/^--   data_loss  table app\.extra: 1 rows$/m, 'what is not in the text goes, as a hazard');
like($summary, qr/^--   - view reporting\.extra$/m, 'and a view of another schema in the scope');
like(failure($db, 'CALL pgschema_apply(' . quoted($dump) . ", $scope)"), qr/the plan has hazards that are not allowed/, 'never silently');
my $ignoring = $dump . "\n-- pgschema: ignore table app.keep_*\n-- pgschema: ignore function app.tmp_*\n";
$summary = planned($db, $ignoring);
unlike($summary, qr/keep_1 |tmp_f/, 'what is ignored stays');
like($summary, qr/ignored: app\.keep_\*, app\.tmp_\*/, 'and is listed');
apply($db, $ignoring);
is($node->safe_psql($db, "SELECT to_regclass('app.extra') IS NULL, to_regclass('app.keep_1') IS NOT NULL, to_regproc('app.tmp_f') IS NOT NULL"), 't|t|t', 'applied');
like(planned($db, '-- a file that is missing'), qr/^--   data_loss  the desired state defines nothing: everything in app, reporting goes$/m, 'an empty text is a hazard');
like(failure($db, "CALL pgschema_apply('', $scope, allow => '{breaking}')"), qr/the desired state defines nothing/, 'and is not applied unasked');

# --------------------------------------------------------------------------------------------------- schemas
$db = fresh('tenants', 'CREATE SCHEMA t1; CREATE SCHEMA t2; CREATE TABLE t2.old (i int)');
my $tenant = 'CREATE TABLE things (id int PRIMARY KEY, name text); CREATE VIEW named AS SELECT * FROM things WHERE name IS NOT NULL';
$node->safe_psql($db, "CALL pgschema_apply(" . quoted($tenant) . ", '{$_}', allow => '{all}')") for qw(t1 t2);
is($node->safe_psql($db, "SELECT pg_get_viewdef('t2.named'), to_regclass('t2.old')"), $node->safe_psql($db, "SELECT replace(pg_get_viewdef('t1.named'), 't1.', 't2.'), NULL"), 'one text for several schemas');
like(failure($db, "SELECT pgschema_plan('CREATE TABLE public.x ()', '{t1}')"), qr/table public\.x is outside of the schemas that the desired state is about/, 'a definition elsewhere is refused');
like(failure($db, "SELECT pgschema_plan('CREATE TABLE x ()', '{t3}')"), qr/schema t3 does not exist/, 'a schema that nobody makes');
like(failure($db, "SELECT pgschema_plan('CREATE TABLE x ()', '{pg_catalog}')"), qr/schema pg_catalog belongs to the system/, 'a schema of the system');
$node->safe_psql($db, "CALL pgschema_apply('CREATE SCHEMA t3; CREATE TABLE t3.x (i int)', '{t3}')");
is($node->safe_psql($db, "SELECT to_regclass('t3.x')"), 't3.x', 'a schema that the text makes');
$node->safe_psql($db, "CALL pgschema_apply('CREATE SCHEMA t1', '{t1,t3}', allow => '{all}')");
is($node->safe_psql($db, "SELECT string_agg(nspname, ',' ORDER BY 1) FROM pg_namespace WHERE nspname ~ '^t[123]'"), 't1,t2', 'one with nothing in it, that the text does not make, goes');

$node->safe_psql($db, "CALL pgschema_apply('DROP SCHEMA IF EXISTS nowhere, t1 CASCADE; CREATE SCHEMA t1; CREATE TABLE t1.x (i int)', '{t1}', allow => '{all}')");
is($node->safe_psql($db, "SELECT to_regclass('t1.x')"), 't1.x', 'DROP SCHEMA of several, before CREATE SCHEMA');

# ----------------------------------------------------------------------------------------------- how columns change
$db = fresh('casts', q{CREATE SCHEMA c; CREATE TYPE c.old AS ENUM ('a', 'b'); CREATE TABLE c.t (id int PRIMARY KEY, n text DEFAULT '1', e c.old DEFAULT 'a', s int GENERATED BY DEFAULT AS IDENTITY); INSERT INTO c.t (id, n) VALUES (1, '42');
	CREATE SEQUENCE c.s; SELECT nextval('c.s')});
my $cast = q{CREATE SCHEMA c; CREATE TYPE c.new AS ENUM ('b', 'a', 'z'); CREATE TABLE c.t (id bigint PRIMARY KEY WITH (fillfactor = 70), n int DEFAULT 1, e c.new DEFAULT 'b', s int GENERATED BY DEFAULT AS IDENTITY (MINVALUE 10 START 20));
	CREATE FUNCTION c.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'; CREATE INDEX ON c.t (c.twice(n)); CREATE SEQUENCE c.s MINVALUE 100};
$node->safe_psql($db, 'CALL pgschema_apply(' . quoted($cast) . ", '{c}', allow => '{all}')");
is($node->safe_psql($db, 'SELECT id, n, e, s FROM c.t'), '1|42|a|1', 'values are cast where somebody must write the cast');
is($node->safe_psql($db, "SELECT nextval('c.s'), pg_get_serial_sequence('c.t', 's')"), '100|c.t_s_seq', 'a sequence moves into its bounds');
like($node->safe_psql($db, 'SELECT pgschema_plan(' . quoted($cast) . ", '{c}')"), qr/nothing to change/, 'and that is all');
$db = fresh('circles', 'CREATE SCHEMA c; CREATE TABLE c.a (id int PRIMARY KEY, b int); CREATE TABLE c.b (id int PRIMARY KEY, a int REFERENCES c.a); ALTER TABLE c.a ADD FOREIGN KEY (b) REFERENCES c.b');
$node->safe_psql($db, "CALL pgschema_apply('CREATE SCHEMA c; CREATE TABLE c.d (id int PRIMARY KEY, e int); CREATE TABLE c.e (id int PRIMARY KEY, d int REFERENCES c.d); ALTER TABLE c.d ADD FOREIGN KEY (e) REFERENCES c.e', '{c}', allow => '{all}')");
is($node->safe_psql($db, "SELECT string_agg(relname, ',' ORDER BY 1) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'c'::regnamespace"), 'd,e', 'tables that refer to each other come and go');

$node->stop;
done_testing();
