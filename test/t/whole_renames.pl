# Directives in texts about whole schemas: renames whose old name is somebody else's afterwards, values of enums, and locks of renames.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('whole_renames');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema');

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub told { my ($sql) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', $sql, stdout => \$out, stderr => \$err, on_error_stop => 0); return "$out$err"; }
sub start_with { my ($old) = @_; $node->safe_psql('postgres', "SET client_min_messages = error; DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app; $old"); return; }

# The text is applied, leads to what it says, and there is nothing more to do.
sub becomes
{
	my ($name, $old, $new, $sql, $expected, %how) = @_;
	start_with($old);
	my $text = quoted("CREATE SCHEMA app;\n$new");
	my $told = told("CALL pgschema_apply($text, '{app}', allow => '{all}'" . ($how{online} ? ", strategy => 'online'" : '') . ');');
	like($told, qr/recorded as version/, "$name: applied");
	is($node->safe_psql('postgres', $sql), $expected, "$name: what is there");
	my ($is) = map { $node->safe_psql('postgres', $_) } "SELECT count(*) FROM pgschema_plan($text, '{app}') l WHERE l LIKE '%nothing to change%'";
	is($is, 1, "$name: a second plan is empty") or diag(told("SELECT pgschema_plan($text, '{app}', format => 'sql')"));
	return;
}

my $kinds = "SELECT string_agg(relname || ' ' || relkind::text, ', ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind <> 'c'";
becomes('a table leaves its name to a new one', 'CREATE TABLE app.x (a int); INSERT INTO app.x VALUES (1)', "-- pgschema: renamed from x\nCREATE TABLE app.x_old (a int); CREATE TABLE app.x (a int, b int);",
	"$kinds; SELECT a FROM app.x_old; SELECT count(*) FROM app.x", "x r, x_old r\n1\n0");
becomes('and the new one stands first', 'CREATE TABLE app.x (a int)', "CREATE TABLE app.x (a int); CREATE VIEW app.v AS SELECT a FROM app.x;\n-- pgschema: renamed from x\nCREATE TABLE app.x_old (a int);", $kinds, 'v v, x r, x_old r');
becomes('by a directive of its own', 'CREATE TABLE app.x (a int)', "-- pgschema: renamed table app.x to x_old\n\nCREATE TABLE app.x_old (a int); CREATE TABLE app.x (a int);", $kinds, 'x r, x_old r');
becomes('a view takes the name, and a function has it in its arguments', 'CREATE TABLE app.x (a int); CREATE FUNCTION app.ff(app.x) RETURNS int LANGUAGE sql RETURN ($1).a;',
	"-- pgschema: renamed from x\nCREATE TABLE app.x_data (a int); CREATE VIEW app.x AS SELECT a FROM app.x_data; CREATE FUNCTION app.ff(app.x) RETURNS int LANGUAGE sql RETURN (\$1).a;",
	"$kinds; SELECT app.ff(ROW(3)::app.x)", "x v, x_data r\n3");
becomes('an enum leaves its name to a new one', "CREATE TYPE app.e AS ENUM ('a'); CREATE TABLE app.t (e app.e)", "-- pgschema: renamed from e\nCREATE TYPE app.f AS ENUM ('a'); CREATE TYPE app.e AS ENUM ('b'); CREATE TABLE app.t (e app.f, g app.e);",
	"SELECT string_agg(typname, ', ' ORDER BY typname) FROM pg_type WHERE typnamespace = 'app'::regnamespace AND typtype = 'e'; SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'app.t'::regclass AND attnum > 0 ORDER BY attname", "e, f\napp.f\napp.e");
becomes('a sequence', 'CREATE SEQUENCE app.q START 7', "-- pgschema: renamed from q\nCREATE SEQUENCE app.r START 7; CREATE SEQUENCE app.q START 9;", "SELECT nextval('app.r'), nextval('app.q')", '7|9');
becomes('a function whose arguments have types of several words', 'CREATE FUNCTION app.f(timestamp with time zone, app.s) RETURNS int LANGUAGE sql RETURN 1;' =~ s/, app\.s//r, "-- pgschema: renamed from f\nCREATE FUNCTION app.g(timestamp with time zone) RETURNS int LANGUAGE sql RETURN 1;",
	'SELECT app.g(now())', '1');
becomes('an enum that is renamed takes no lock by its name', "CREATE TYPE app.e AS ENUM ('a'); CREATE FUNCTION app.h(app.e) RETURNS int LANGUAGE sql RETURN 1;", "-- pgschema: renamed from e\nCREATE TYPE app.f AS ENUM ('a');\n-- pgschema: renamed from h\nCREATE FUNCTION app.i(app.f) RETURNS int LANGUAGE sql RETURN 1;",
	"SELECT app.i('a')", '1');

my $states = "CREATE TYPE app.st AS ENUM ('new', 'pending', 'closed', 'weird'); CREATE TABLE app.t (id int, s app.st DEFAULT 'new'); INSERT INTO app.t VALUES (1, 'pending'), (2, 'new')";
my $fewer = "-- pgschema: value 'pending' becomes 'closed'\nCREATE TYPE app.st AS ENUM ('new', 'closed', 'weird'); CREATE TABLE app.t (id int, s app.st DEFAULT 'new');";
becomes('a value that becomes another' . ($_ ? ', online' : ''), $states, $fewer, 'SELECT s FROM app.t ORDER BY id', "closed\nnew", online => $_) for 0, 1;
$fewer =~ s/app\.//g;
start_with($states);
like(told("SET search_path = app, public; CALL pgschema_apply(${\ quoted($fewer)}, '{app}', allow => '{all}')"), qr/recorded as version/, 'a value that becomes another, without a schema before the name');
is($node->safe_psql('postgres', 'SELECT s FROM app.t ORDER BY id'), "closed\nnew", 'and it has');

# Beside the definitions of parts.
my $parts = 'CREATE TABLE app.t (a int CONSTRAINT a1 CHECK (a > 0), b int, CONSTRAINT k1 PRIMARY KEY (a), CONSTRAINT c1 CHECK (b > 0)); CREATE TABLE app.r (a int); ALTER TABLE app.r ADD CONSTRAINT f1 FOREIGN KEY (a) REFERENCES app.t; CREATE INDEX i1 ON app.t (b); CREATE STATISTICS app.s1 ON a, b FROM app.t; '
	. 'CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$; CREATE TRIGGER t1 BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.f(); CREATE POLICY p1 ON app.t USING (a > 0); CREATE RULE r1 AS ON DELETE TO app.t DO INSTEAD NOTHING; CREATE DOMAIN app.d AS int CONSTRAINT d1 CHECK (VALUE > 0);';
my $under = join "\n", 'CREATE TABLE app.t (', '  a int', '  -- pgschema: renamed from a1', '  CONSTRAINT a2 CHECK (a > 0),', '  b int,', '  CONSTRAINT k2 PRIMARY KEY (a),  -- pgschema: renamed from k1', '  -- pgschema: renamed from c1', '  CONSTRAINT c2 CHECK (b > 0)', ');',
	'CREATE TABLE app.r (a int);', '-- pgschema: renamed from f1', 'ALTER TABLE app.r ADD CONSTRAINT f2 FOREIGN KEY (a) REFERENCES app.t;', '-- pgschema: renamed from i1', 'CREATE INDEX i2 ON app.t (b);', '-- pgschema: renamed from s1', 'CREATE STATISTICS app.s2 ON a, b FROM app.t;',
	'CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;', '-- pgschema: renamed from t1', 'CREATE TRIGGER t2 BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.f();', '-- pgschema: renamed from p1', 'CREATE POLICY p2 ON app.t USING (a > 0);',
	'-- pgschema: renamed from r1', 'CREATE RULE r2 AS ON DELETE TO app.t DO INSTEAD NOTHING;', 'CREATE DOMAIN app.d AS int', '  -- pgschema: renamed from d1', '  CONSTRAINT d2 CHECK (VALUE > 0);';
for my $schemas (", '{app}'", '')
{
	start_with($parts);
	# Without schemas ADD CONSTRAINT adds one.
	$under =~ s/-- pgschema: renamed from f1\nALTER.*\n// if !$schemas;
	my @steps = split /\n/, $node->safe_psql('postgres', 'SELECT action || \' \' || statement FROM pgschema_steps(' . quoted(($schemas ? "CREATE SCHEMA app;\n" : '') . $under) . "$schemas) ORDER BY step");
	is(scalar(@steps), $schemas ? 10 : 9, 'parts are renamed beside their definitions') or diag(join "\n", @steps);
	is(scalar(grep { !/^rename / } @steps), 0, 'and nothing else happens') or diag(join "\n", @steps);
}
like(told("SELECT pgschema_plan('CREATE TABLE app.u (a int,\n-- pgschema: renamed from x\nPRIMARY KEY (a))')"), qr/beside a constraint without a name/, 'a name that the server chooses is nobody\'s to give');

# Names that go round.
my $tables = quoted("CREATE SCHEMA app;\n-- pgschema: renamed from b\nCREATE TABLE app.a (id int, u int);\n-- pgschema: renamed from a\nCREATE TABLE app.b (id int, t text);");
start_with('CREATE TABLE app.a (id int, t text); CREATE TABLE app.b (id int, u int)');
like(told("SELECT pgschema_plan($tables, '{app}')"), qr/cannot rename app\.\w to \w while that gets its name.*third name/s, 'two tables that exchange their names are refused by name');
my $columns = quoted("CREATE SCHEMA app;\nCREATE TABLE app.a (\n  -- pgschema: renamed from y\n  x int,\n  -- pgschema: renamed from x\n  y int);");
start_with('CREATE TABLE app.a (x int, y int)');
like(told("SELECT pgschema_plan($columns, '{app}')"), qr/cannot rename app\.a\.\w to \w while that gets its name/, 'so are two columns');
done_testing();
