# A default that a text sets by a statement of its own is evaluated with its table where that makes no difference: what it
# means is what it means when the text is run from its beginning to its end.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('defaults_with_tables');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off");
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for 'run', 'planned';
$node->safe_psql('planned', 'CREATE EXTENSION pgschema');

sub psql { my ($db, $sql) = @_; my ($out, $err) = ('', ''); $node->psql($db, $sql, stdout => \$out, stderr => \$err); return ($out, $err); }
sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub first_line { my ($err) = @_; return $err =~ /ERROR:\s+(.*)/ ? $1 : ''; }

my $defaults = <<'END';
SET search_path = pg_catalog;
SELECT a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 's'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 ORDER BY a.attrelid::regclass::text, a.attnum
END

sub same
{
	my ($name, $text) = @_;
	psql($_, 'DROP SCHEMA IF EXISTS s CASCADE') for 'run', 'planned';
	$node->safe_psql('planned', 'DELETE FROM pgschema.settled');
	my (undef, $mistake) = psql('run', "SET client_min_messages = warning;\n$text");
	is($mistake, '', "$name: runs");
	my (undef, $err) = psql('planned', "SET client_min_messages = warning; CALL pgschema_apply(${\ quoted($text)}, '{s}', allow => '{all}')");
	is($err, '', "$name: is applied");
	is((psql('planned', $defaults))[0], (psql('run', $defaults))[0], "$name: means the same");
	$node->safe_psql('planned', 'DELETE FROM pgschema.settled');
	is((psql('planned', "SELECT pgschema_plan(${\ quoted($text)}, '{s}', format => 'sql')"))[0], '-- nothing to change', "$name: is settled");
}

sub same_mistake
{
	my ($name, $text) = @_;
	psql($_, 'DROP SCHEMA IF EXISTS s CASCADE') for 'run', 'planned';
	my (undef, $run) = psql('run', $text);
	my (undef, $planned) = psql('planned', "SELECT pgschema_plan(${\ quoted($text)}, '{s}')");
	isnt(first_line($run), '', "$name: a mistake");
	is(first_line($planned), first_line($run), "$name: told as the server tells it");
	like($planned, qr/line 3\b/, "$name: where it stands");
}

my $path = "SET search_path = pg_catalog, pg_temp;\n";
same('constants, types and functions of the server', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b character varying(5) NOT NULL, c timestamptz, d jsonb, e text, f int DEFAULT 3, g uuid);
CREATE TABLE s.u (a int);
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 'x'::character varying;
ALTER TABLE s.t ALTER COLUMN c SET DEFAULT now();
ALTER TABLE s.t ALTER COLUMN d SET DEFAULT '{}'::jsonb;
ALTER TABLE s.t ALTER COLUMN e SET DEFAULT CURRENT_USER;
ALTER TABLE s.t ALTER COLUMN g SET DEFAULT gen_random_uuid();
ALTER TABLE s.u ALTER COLUMN a SET DEFAULT NULL;
ALTER TABLE s.t ADD CHECK (a > 0);
END
same('the last one counts', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b int, c int DEFAULT 1, d serial);
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 2;
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 1;
ALTER TABLE s.t ALTER COLUMN b DROP DEFAULT;
ALTER TABLE s.t ALTER COLUMN c SET DEFAULT 2;
ALTER TABLE s.t ALTER COLUMN d SET DEFAULT 7;
END
same('other types meanwhile', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b int);
ALTER TABLE s.t ALTER COLUMN a TYPE text;
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 'x';
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 1;
ALTER TABLE s.t ALTER COLUMN b TYPE bigint;
END
same('made like it before', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int);
CREATE TABLE s.u (LIKE s.t INCLUDING DEFAULTS);
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;
CREATE TABLE s.v (LIKE s.t INCLUDING DEFAULTS);
END
same('children', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b int);
CREATE TABLE s.u (a int DEFAULT 5, b int DEFAULT 6) INHERITS (s.t);
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;
ALTER TABLE ONLY s.t ALTER COLUMN b SET DEFAULT 2;
CREATE TABLE s.v (a int, b int);
ALTER TABLE s.v ALTER COLUMN a SET DEFAULT 9;
ALTER TABLE s.v INHERIT s.t;
END
same('partitions', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b int) PARTITION BY LIST (a);
CREATE TABLE s.u (a int, b int);
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 2;
ALTER TABLE s.u ALTER COLUMN b SET DEFAULT 3;
ALTER TABLE s.t ATTACH PARTITION s.u FOR VALUES IN (1);
END
same('a function of the text that has the name of one of the server', <<'END');
CREATE SCHEMA s;
SET search_path = s, pg_catalog;
CREATE TABLE s.t (a text, b text);
CREATE FUNCTION s.now() RETURNS text LANGUAGE sql AS 'SELECT ''then''::text';
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT now();
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 'x';
END
same('a sequence that comes later', $path . <<'END');
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b regclass);
CREATE SEQUENCE s.q;
ALTER TABLE s.t ALTER COLUMN a SET DEFAULT nextval('s.q'::regclass);
ALTER TABLE s.t ALTER COLUMN b SET DEFAULT 's.q'::regclass;
END
same_mistake('no default fits', "CREATE SCHEMA s;\nCREATE TABLE s.t (a int, b int);\nALTER TABLE s.t ALTER COLUMN a SET DEFAULT 'x';\nALTER TABLE s.t ALTER COLUMN b SET DEFAULT 1;");
same_mistake('an identity column', "CREATE SCHEMA s;\nCREATE TABLE s.t (a int GENERATED ALWAYS AS IDENTITY);\nALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;");
same_mistake('no such column', "CREATE SCHEMA s;\nCREATE TABLE s.t (a int);\nALTER TABLE s.t ALTER COLUMN b SET DEFAULT 1;");

done_testing();
