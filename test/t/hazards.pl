# What a plan warns of: the same, whether what changes is altered in place or made again because of something beneath it. And nothing
# that is not so.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hazards');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE app_owner; CREATE ROLE fin_owner; CREATE ROLE etl; CREATE ROLE bi; CREATE ROLE app_ro; CREATE DATABASE empty');
$node->safe_psql('empty', 'CREATE EXTENSION pgschema');

my $number = 0;
sub hazards
{
	my ($old, $new, $strategy) = @_;
	my $database = 'case' . ++$number;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE empty");
	$node->safe_psql($database, "CREATE SCHEMA app; $old");
	my $found = $node->safe_psql($database, "SELECT h ->> 'hazard' || ' ' || (h ->> 'text') FROM pgschema_plan(\$text\$CREATE SCHEMA app; $new\$text\$, '{app}', '" . ($strategy // 'atomic') . "', 'json') AS p, json_array_elements(p::json -> 'hazards') AS h");
	$node->safe_psql('postgres', "DROP DATABASE $database");
	return [ sort split /\n/, $found ];
}

# alike($name, $beneath, $changed, $old, $new): what the text changes about the objects is said with the change beneath them as well
sub alike
{
	my ($name, $beneath, $changed, $old, $new) = @_;
	my @expected = grep { /^access/ } @{ hazards("$beneath; $old", "$beneath; $new") };
	ok(@expected > 0, "$name: in place") or return;
	for my $strategy ('atomic', 'online')
	{
		is_deeply([ grep { /^access/ } @{ hazards("$beneath; $old", "$changed; $new", $strategy) } ], \@expected, "$name: made again, $strategy");
	}
	return;
}

my @table = ('CREATE TABLE app.t (a int)', 'CREATE TABLE app.t (a bigint)');
my $view = 'CREATE VIEW app.v AS SELECT a FROM app.t';
alike('an owner', @table, "$view; ALTER VIEW app.v OWNER TO app_owner", "$view; ALTER VIEW app.v OWNER TO fin_owner");
alike('a grant that goes', @table, "$view; GRANT SELECT ON app.v TO bi", "$view; GRANT SELECT ON app.t TO etl");
alike('a grant that comes', @table, $view, "$view; GRANT SELECT ON app.v TO bi");
alike('a grant that is another', @table, "$view; GRANT SELECT ON app.v TO bi", "$view; GRANT SELECT, UPDATE ON app.v TO bi WITH GRANT OPTION");
alike('a grant on a column that goes', @table, "$view; GRANT SELECT (a) ON app.v TO bi", "$view; GRANT SELECT ON app.t TO bi");
alike('security_barrier', @table, $view, 'CREATE VIEW app.v WITH (security_barrier) AS SELECT a FROM app.t');

my @row = ('CREATE TYPE app.r AS (a int)', 'CREATE TYPE app.r AS (a int, b int)');
my @domain = ('CREATE DOMAIN app.d AS int', 'CREATE DOMAIN app.d AS bigint');
my $function = 'CREATE FUNCTION app.f(x app.d) RETURNS int LANGUAGE sql';
alike('SECURITY DEFINER', @domain, "$function SECURITY DEFINER AS 'select 1'", "$function AS 'select 1'");
alike('EXECUTE of PUBLIC', @domain, "$function AS 'select 1'; REVOKE EXECUTE ON FUNCTION app.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f TO bi", "$function AS 'select 1'; REVOKE ALL ON FUNCTION app.f FROM app_ro");
alike('the owner of a domain', @domain, 'ALTER DOMAIN app.d OWNER TO app_owner', 'ALTER DOMAIN app.d OWNER TO etl');

my @enum = (q{CREATE TYPE app.e AS ENUM ('a', 'b', 'c')}, q{CREATE TYPE app.e AS ENUM ('a', 'b')});
my $rows = 'CREATE TABLE app.t (a app.e); ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.t';
alike('a policy', @enum, "$rows TO bi USING (a = 'a')", "$rows TO etl USING (a = 'a' OR true)");
alike('a policy that goes', @enum, "$rows TO bi USING (a = 'a')", "$rows TO bi USING (a = 'a'); DROP POLICY p ON app.t");
alike('the privileges of an enum', @enum, 'GRANT USAGE ON TYPE app.e TO bi', 'REVOKE ALL ON TYPE app.e FROM app_ro');

# what is asked for by the drop itself
is_deeply(hazards('CREATE TABLE app.t (a int); ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.t FOR SELECT USING (true)', 'CREATE TABLE app.t (a int); ALTER TABLE app.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON app.t FOR ALL USING (true)'),
	[ 'access policy p on app.t' ], 'a policy that cannot be altered in place');
is_deeply(hazards("$table[0]; $view; ALTER VIEW app.v OWNER TO app_owner; GRANT SELECT ON app.v TO bi", $table[0]), [ 'breaking view app.v goes' ], 'what goes for good takes its privileges along');
is_deeply(hazards("$table[0]; $view; ALTER VIEW app.v OWNER TO app_owner; GRANT SELECT ON app.v TO bi", "$table[1]; $view; ALTER VIEW app.v OWNER TO app_owner; GRANT SELECT ON app.v TO bi"),
	[ 'breaking column app.t.a: integer -> bigint', 'breaking column app.v.a: integer -> bigint' ], 'what comes back as it was is no hazard');

# the whole of it, and that an apply asks for it
my $old = q{CREATE TABLE app.t (a int); CREATE VIEW app.v AS SELECT a FROM app.t; ALTER VIEW app.v OWNER TO app_owner; GRANT SELECT ON app.v TO bi;
	CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'select 1'; GRANT EXECUTE ON FUNCTION app.f(int) TO bi; REVOKE EXECUTE ON FUNCTION app.f(int) FROM PUBLIC};
my $new = q{CREATE TABLE app.t (a bigint); CREATE VIEW app.v WITH (security_barrier) AS SELECT a FROM app.t; ALTER VIEW app.v OWNER TO fin_owner;
	CREATE FUNCTION app.f(int) RETURNS bigint LANGUAGE sql AS 'select 1'; REVOKE ALL ON FUNCTION app.f(int) FROM app_ro; ALTER FUNCTION app.f(int) OWNER TO etl};
is_deeply([ grep { /^access/ } @{ hazards($old, $new) } ], [ 'access GRANT EXECUTE ON FUNCTION app.f(integer) TO PUBLIC', 'access REVOKE EXECUTE ON FUNCTION app.f(integer) FROM bi', 'access REVOKE SELECT ON TABLE app.v FROM bi',
	'access function app.f(integer) becomes SECURITY INVOKER', q{access options of view app.v:  -> security_barrier='true'}, 'access owner of function app.f(integer): postgres -> etl', 'access owner of view app.v: app_owner -> fin_owner' ], 'all of it');
$node->safe_psql('postgres', 'CREATE DATABASE applied TEMPLATE empty');
$node->safe_psql('applied', "CREATE SCHEMA app; $old");
my ($out, $error) = ('', '');
$node->psql('applied', "CALL pgschema_apply(\$text\$CREATE SCHEMA app; $new\$text\$, '{app}', allow => '{breaking}')", stdout => \$out, stderr => \$error);
like($error, qr/hazards that are not allowed.*access: REVOKE SELECT ON TABLE app\.v FROM bi/s, 'an apply asks for it');

# nothing that is not so
is_deeply(hazards(q{CREATE TABLE app.t (d text COLLATE "C"); INSERT INTO app.t VALUES ('x')}, 'CREATE TABLE app.t (d text COLLATE "POSIX")'),
	[ 'breaking column app.t.d: text COLLATE "C" -> text COLLATE "POSIX"' ], 'another collation loses nothing');
is_deeply(hazards(q{CREATE TABLE app.t (d text COLLATE "C" UNIQUE)}, 'CREATE TABLE app.t (d text COLLATE "POSIX" UNIQUE)'),
	[ 'breaking column app.t.d: text COLLATE "C" -> text COLLATE "POSIX"', 'data_dependent column app.t.d: text COLLATE "C" -> text COLLATE "POSIX": rows not looked at: rows are not compared under another collation' ], 'what is unique may not be so under another');
my $orders = q{CREATE TYPE app.status AS ENUM ('new', 'shipped', 'closed'); CREATE TABLE app.orders (s app.status); INSERT INTO app.orders VALUES ('shipped'), ('new')};
sub lost { return [ grep { /data_loss/ } @{ hazards(@_) } ]; }
is_deeply(lost($orders, qq{CREATE TYPE app.status AS ENUM ('new', 'sent', -- pgschema: renamed from shipped\n 'lost', 'closed'); CREATE TABLE app.orders (s app.status)}), [], 'a value that is renamed beside a new one');
is_deeply(lost($orders, qq{CREATE TYPE app.status AS ENUM ('new', 'sent' -- pgschema: renamed from shipped\n); CREATE TABLE app.orders (s app.status)}), [], 'and beside one that goes');
is_deeply(lost($orders, qq{CREATE TYPE app.status AS ENUM ('sent' -- pgschema: renamed from shipped\n); CREATE TABLE app.orders (s app.status)}),
	[ 'data_loss column app.orders.s: 1 rows have a value that goes, new for one; they need "value … becomes …"' ], 'not where a row has that');

done_testing();
