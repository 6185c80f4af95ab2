# Whole schemas of unusual kinds: a schema's dump changes nothing, makes the same schema elsewhere, and leads from any other schema
# to this one, and back.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('round_trips');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE one; CREATE ROLE two');

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub catalog { return $node->safe_psql($_[0], "SELECT * FROM pgschema_catalog('{s}') ORDER BY 1, 2, 3, 4"); }
sub fresh
{
	my ($db, $text) = @_;
	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $db");
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "SET client_min_messages = error; CREATE EXTENSION pgschema; $text");
	return $db;
}
sub schema_dump { return $node->safe_psql($_[0], "SELECT pgschema_dump('{s}')"); }
sub tried { my ($db, $sql) = @_; my ($out, $err) = ('', ''); $node->psql($db, "SET client_min_messages = error; $sql", stdout => \$out, stderr => \$err); return $err || $out; }
sub differences
{
	my ($was, $is) = @_;
	my %lines;
	$lines{$_}-- for split /\n/, $was;
	$lines{$_}++ for split /\n/, $is;
	return join("\n", map { ($lines{$_} < 0 ? '- ' : '+ ') . $_ } grep { $lines{$_} } sort keys %lines);
}

my $functions = <<'END';
CREATE FUNCTION s.code_in(cstring) RETURNS s.code LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION s.code_out(s.code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
END
my $base = "CREATE TYPE s.code; $functions CREATE TYPE s.code (INPUT = s.code_in, OUTPUT = s.code_out, INTERNALLENGTH = 4, PASSEDBYVALUE, CATEGORY = 'N');";
my $weeks = "CREATE TYPE s.weeks; CREATE FUNCTION s.weeks_canonical(s.weeks) RETURNS s.weeks LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'; CREATE TYPE s.weeks AS RANGE (SUBTYPE = integer, CANONICAL = s.weeks_canonical, MULTIRANGE_TYPE_NAME = s.many_weeks);";
my %schemas = (
	'nothing'                     => 'CREATE SCHEMA s;',
	'a shell type'                => "CREATE SCHEMA s; CREATE TYPE s.code; $functions",
	'a base type and what uses it' => "CREATE SCHEMA s; $base CREATE FUNCTION s.f(s.code) RETURNS s.code[] LANGUAGE sql RETURN ARRAY[\$1]; CREATE DOMAIN s.d AS s.code; CREATE VIEW s.v AS SELECT NULL::s.code AS c, NULL::s.d AS d; GRANT USAGE ON TYPE s.code TO one; COMMENT ON TYPE s.code IS 'x'; ALTER TYPE s.code OWNER TO two;",
	'a base type, a table of it'  => "CREATE SCHEMA s; $base CREATE TABLE s.coded (c s.code DEFAULT '7', a s.code[]);",
	'a range with a canonical function' => "CREATE SCHEMA s; $weeks CREATE TABLE s.r (w s.weeks, m s.many_weeks); CREATE FUNCTION s.of(s.many_weeks) RETURNS s.weeks LANGUAGE sql RETURN NULL::s.weeks; ALTER TYPE s.weeks OWNER TO one;" . ($node->pg_version < 17 ? ' ALTER TYPE s.many_weeks OWNER TO one;' : ''),
	'identity columns with grants' => "CREATE SCHEMA s; CREATE TABLE s.t (a int GENERATED ALWAYS AS IDENTITY, b text STORAGE_ COMPRESSION pglz); ALTER TABLE s.t ALTER b SET STORAGE MAIN; GRANT USAGE ON SEQUENCE s.t_a_seq TO one WITH GRANT OPTION; COMMENT ON SEQUENCE s.t_a_seq IS 'x'; ALTER TABLE s.t OWNER TO two;",
	'the same without'            => 'CREATE SCHEMA s; CREATE TABLE s.t (a int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME s.other), b text);');
$schemas{'a serial column'} = 'CREATE SCHEMA s; CREATE TABLE s.numbered (n serial);';
$schemas{'its sequence alone'} = 'CREATE SCHEMA s; CREATE SEQUENCE s.numbered_n_seq AS integer;';
s/STORAGE_ // for values %schemas;
$_ .= 'GRANT USAGE ON SCHEMA s TO one;' for values %schemas;    # privileges are spoken of

my %dump;
for my $name (sort keys %schemas)
{
	my $db = fresh('origin', $schemas{$name});
	$dump{$name} = schema_dump($db);
	like(tried($db, 'SELECT pgschema_plan(' . quoted($dump{$name}) . ", '{s}', format => 'summary')"), qr/^-- nothing to change/m, "$name: the dump changes nothing");
	like(tried($db, 'SELECT pgschema_plan(' . quoted($schemas{$name}) . ", '{s}', format => 'summary')"), qr/^-- nothing to change/m, "$name: nor does the source");
	my $was = catalog($db);
	is(differences($was, catalog(fresh('loaded', $dump{$name}))), '', "$name: the dump makes the same");
	is(schema_dump('loaded'), $dump{$name}, "$name: and that has the same dump");
}
# From each to each. Columns hold rows of their types: what would need another type under them is refused.
for my $from (sort keys %schemas)
{
	my $db = fresh('origin', $schemas{$from});
	my $was = catalog($db);
	for my $to (grep { $_ ne $from } sort keys %schemas)
	{
		my $error = tried($db, 'CALL pgschema_apply(' . quoted($dump{$to}) . ", '{s}', allow => '{all}')");
		if ($error =~ /ERROR/) { like($error, qr/holds rows|cannot change table/, "$from to $to: refused, because rows stand in the way"); next; }
		is(differences(catalog(fresh('wanted', $schemas{$to})), catalog($db)), '', "$from to $to");
		$error = tried($db, 'CALL pgschema_apply(' . quoted($dump{$from}) . ", '{s}', allow => '{all}')");
		is($error =~ /ERROR/ ? $error : differences($was, catalog($db)), '', "$from to $to, and back");
		fresh('origin', $schemas{$from}) if $error =~ /ERROR/;
	}
}
$node->stop;
done_testing();
