# A plan that is printed does what it says and nothing else, whatever names, comments and values contain: run by psql
# it comes to the same as pgschema_apply, and nothing that hides in them is ever a command.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('printed');
$node->init;
$node->start;
my $witness = 'witness';    # in the folder where psql runs

my @hostile = (
	"a\n\\! touch $witness\n", "b\n;\n\\! touch $witness\n--", "c\\! touch $witness", 'd"; CREATE TABLE public.pwned(); --', "e'; CREATE TABLE public.pwned(); --",
	'f*/ CREATE TABLE public.pwned(); /*', 'g$$; CREATE TABLE public.pwned(); $$', "h\n\\connect template1\n", "i\n\\gexec\n", "j\r\n\\i /etc/passwd\r\n",
	'k:DBNAME', 'l:\'DBNAME\' :"DBNAME" :{?DBNAME}', 'DBNAME', "n\x01\x02\x1b[31m\x7f", "o\t--\tcomment", 'p; COMMIT; DROP SCHEMA app CASCADE; --', "q\n-- pgschema: ignore table app.*\n",
	"r\\", "s\\'", "t''", 'u""', "v\n\nCOMMIT;\n\nBEGIN;\n", "w\n\\.\n", 'x%I%s%%', "y\xe2\x80\xae\xe2\x80\xa8\xc2\x85", "\xc3\xa9" x 31, 'z$body$ $a$', 'E', 'U&', 'begin', 'end', 'select', "\\", "'", '"', "\n", ' ', "\xf0\x9f\x98\x80");

# For each text a whole little schema of its own.
my $setup = "CREATE SCHEMA app;\n";
my ($views, $columns) = ('', '');
my $number = 0;
sub name { my $text = shift; return '"' . $text =~ s/"/""/gr . '"'; }
sub value { my $text = shift; return "E'" . $text =~ s/(['\\])/$1$1/gr . "'"; }
for my $text (@hostile)
{
	my ($n, $v, $i) = (name($text), value($text), ++$number);
	my $s = name(substr($text, 0, 20) =~ s/[\x80-\xff]//gr . " $i");
	my $enum = name(substr($text, 0, 40) =~ s{[\x80-\xff]}{}gr . " e");
	$setup .= qq{
		CREATE ROLE $s;
		CREATE SCHEMA $s;
		CREATE TYPE $s.$enum AS ENUM ($v, 'other');
		CREATE TABLE $s.t ($n int DEFAULT 1, e $s.$enum DEFAULT $v, txt text DEFAULT $v CONSTRAINT $n CHECK (txt <> $v), arr int[], UNIQUE ($n));
		CREATE VIEW $s.root AS SELECT $n, e, txt AS "x $i", arr FROM $s.t WHERE txt <> $v AND e <> $v;
		ALTER VIEW $s.root ALTER COLUMN "x $i" SET DEFAULT $v;
		CREATE VIEW $s.$n AS SELECT *, arr[1 : $n] AS slice FROM $s.root;
		CREATE MATERIALIZED VIEW $s."m$i" AS SELECT $n, count(*) FROM $s.$n GROUP BY 1;
		CREATE INDEX ON $s."m$i" ($n) WHERE $n > 0;
		CREATE FUNCTION $s.$n($n int, r $s.root) RETURNS text LANGUAGE plpgsql AS } . value("BEGIN\nRETURN " . value($text) . ";\nEND") . qq{;
		CREATE FUNCTION $s."atomic"($n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM $s.root r WHERE r.$n = $n AND r."x $i" <> $v; END;
		CREATE FUNCTION $s.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER $n INSTEAD OF UPDATE ON $s.$n FOR EACH ROW EXECUTE FUNCTION $s.trg($v);
		CREATE RULE $n AS ON INSERT TO $s.$n DO INSTEAD INSERT INTO $s.t ($n, txt) VALUES (NEW.$n, $v);
		CREATE POLICY $n ON $s.t TO $s USING (txt <> $v);
		COMMENT ON VIEW $s.$n IS $v; COMMENT ON COLUMN $s.$n.$n IS $v; COMMENT ON TRIGGER $n ON $s.$n IS $v; COMMENT ON RULE $n ON $s.$n IS $v;
		COMMENT ON FUNCTION $s.$n(int, $s.root) IS $v; COMMENT ON VIEW $s.root IS $v; COMMENT ON MATERIALIZED VIEW $s."m$i" IS $v;
		GRANT SELECT ON $s.root, $s.$n TO $s; GRANT SELECT ($n) ON $s.$n TO PUBLIC;
		ALTER VIEW $s.$n OWNER TO $s;
		GRANT ALL ON SCHEMA $s TO $s; GRANT SELECT ON $s.root TO $s;
		INSERT INTO $s.t ($n, txt) VALUES (1, 'a');
	};
	$views .= qq{CREATE OR REPLACE VIEW $s.root AS SELECT $n, e, 1 AS added, txt::varchar(77) AS "x $i", arr FROM $s.t WHERE txt <> $v AND e <> $v;\n}
	  . qq{COMMENT ON COLUMN $s.root.added IS $v;\n};
	$columns .= qq{ALTER TABLE $s.t ADD COLUMN more text DEFAULT $v;\n};
}

# In SQL_ASCII the server cuts names in the middle of a character, and texts are not valid in any encoding.
$node->safe_psql('postgres', "CREATE DATABASE origin TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'");
$node->safe_psql('origin', "CREATE EXTENSION pgschema; CREATE TABLE public.desired (t text, again text);");
$node->safe_psql('origin', $setup);
$node->safe_psql('origin', 'INSERT INTO public.desired VALUES (' . value($views . $columns) . ', ' . value($views) . ')');
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE origin") for qw(applied printed);

my $catalog = q{SELECT c.* FROM pgschema_catalog((SELECT array_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^pgschema$')) c ORDER BY 1, 2, 3, 4};
my %plan = map { $_ => $node->safe_psql('origin', "SELECT pgschema_plan(t, format => '$_') FROM public.desired") } qw(sql text summary json);
cmp_ok(length($plan{sql}), '>', 10_000, 'a plan is printed');

# Every line that begins like a comment is one, and shows what it contains.
for my $format ('text', 'summary')
{
	my @bad = grep { /^--/ && /[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]|\xc2[\x80-\x9f]/ } split /\n/, $plan{$format};
	is("@bad", '', "$format: no control character in a comment");
}
is(join("\n", grep { !/^--/ && length } split /\n/, $plan{summary}), '', 'summary: nothing but comments');
my $json = eval { decode_json($plan{json}) };
is($@, '', 'json: it can be read');
is(scalar(grep { !defined $_->{statement} } @{ $json->{steps} }), 0, 'json: with a statement for each step');

$node->safe_psql('applied', "SET client_min_messages = error; DO \$do\$ DECLARE wanted text := (SELECT t FROM public.desired); v bigint; BEGIN CALL pgschema_apply(wanted, allow => '{all}', applied_version => v); END \$do\$; DELETE FROM pgschema.applied; DELETE FROM pgschema.text;");
for my $how ([ 'its defaults' ], [ 'variables', '-v', 'n=pwned', '-v', 'dbname=pwned' ], [ 'a session that reads backslashes otherwise' ])
{
	my ($name, @options) = @$how;
	$node->safe_psql('postgres', 'DROP DATABASE printed');
	$node->safe_psql('postgres', 'CREATE DATABASE printed TEMPLATE origin');
	local $ENV{PGOPTIONS} = $name =~ /otherwise/ ? '-c standard_conforming_strings=off -c backslash_quote=on' : '';
	my $file = $node->basedir . '/plan.sql';
	append_to_file($file, '') if !-e $file;
	open(my $out, '>', $file) or die;
	print $out $plan{sql}, "\n";
	close($out);
	my ($stdout, $stderr) = ('', '');
	my $ok = IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @options, '-f', $file, $node->connstr('printed') ], '>', \$stdout, '2>', \$stderr);
	ok($ok, "psql with $name: the script runs") or diag(substr($stderr, 0, 1000));
	is($stdout, '', "psql with $name: it prints nothing");
	delete local $ENV{PGOPTIONS};
	my ($applied, $printed) = map { $node->safe_psql($_, $catalog) } qw(applied printed);
	ok($applied eq $printed, "psql with $name: comes to the same as pgschema_apply")
	  or diag(join("\n", (grep { index($printed, $_) < 0 } split /\n/, $applied)[ 0 .. 5 ]));
	ok(!-e $witness, "psql with $name: no command of psql's was hidden in it");
	is($node->safe_psql('printed', "SELECT count(*) FROM pg_class WHERE relname = 'pwned'"), 0, "psql with $name: nor one of SQL");
	is($node->safe_psql('printed', "SELECT count(*) FROM public.desired, pgschema_plan(again) p WHERE p = '-- nothing to change'"), 1, "psql with $name: then there is nothing left to change");
}
$node->stop;
done_testing();
