# The hazard `body`: functions whose body names what a plan drops or changes, and such as would no longer run afterwards.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('body_hazards');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema');
my $schema = <<'END';
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.calls (id int PRIMARY KEY, prio int, note text, state app.mood);
CREATE TABLE app.units (id int PRIMARY KEY, name text);
CREATE VIEW app.open_calls AS SELECT id, prio FROM app.calls;
CREATE FUNCTION app.one(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
CREATE FUNCTION app.close(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app.calls SET prio = 0 WHERE id = n;
  PERFORM app.one(n) FROM app.open_calls;
END $$;
CREATE FUNCTION app.names() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT c.note, name FROM app.calls c JOIN app.units u ON u.id = c.id LOOP
    RETURN NEXT r.name;
  END LOOP;
END $$;
CREATE FUNCTION app.dynamic(t text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'UPDATE app.calls SET prio = 1';
  EXECUTE t;
END $$;
CREATE FUNCTION app.already_wrong() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT nothing FROM app.calls);
END $$;
CREATE FUNCTION app.on_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.prio := coalesce(NEW.prio, 1);
  RETURN NEW;
END $$;
CREATE TRIGGER on_calls BEFORE INSERT ON app.calls FOR EACH ROW EXECUTE FUNCTION app.on_calls();
END
$node->safe_psql('postgres', $schema);

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub hazards
{
	my ($desired, $rest) = @_;
	$rest //= '';
	return $node->safe_psql('postgres', "SELECT regexp_replace(l, '^--   body *', '') FROM pgschema_plan(${\ quoted($desired)}$rest, format => 'summary') l WHERE l LIKE '--   body %'");
}
sub refused { my ($sql) = @_; my $err; $node->psql('postgres', $sql, stderr => \$err, on_error_stop => 0); return $err; }

is(hazards('ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint'), join("\n",
	'function app.close(integer) line 3 uses column app.calls.prio',
	'function app.on_calls() line 3 uses column app.calls.prio'), 'a column that changes its type is named with the lines that use it');
is(hazards('ALTER TABLE app.calls DROP COLUMN note'), 'function app.names() line 5 uses column app.calls.note', 'so is one that goes');
is(hazards('ALTER TABLE app.calls RENAME COLUMN note TO remark'), 'function app.names() line 5 uses column app.calls.note', 'and one that is renamed');
is(hazards('DROP FUNCTION app.one(int)'), 'function app.close(integer) line 4 uses function app.one(integer)', 'a function that goes');
is(hazards('DROP TABLE app.units'), 'function app.names() line 5 uses table app.units', 'a table that goes');
is(hazards('DROP VIEW app.open_calls'), 'function app.close(integer) line 4 uses view app.open_calls', 'a view that goes');
is(hazards('ALTER TABLE app.units ADD COLUMN note text'), '', 'a column that comes and is in nobody\'s way');
is(hazards('ALTER TABLE app.calls ADD COLUMN name text'), 'function app.names() line 5: column reference "name" is ambiguous', 'a column that comes and makes a name ambiguous');
is(hazards(q{CREATE OR REPLACE FUNCTION app.names() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN NEXT (SELECT naem FROM app.units LIMIT 1); END $$}),
	'function app.names() line 1: column "naem" does not exist', 'a body that is replaced by one that is wrong');
is(hazards(q{CREATE FUNCTION app.fresh() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT naem FROM app.units); END $$}), '', 'one that is new was never right');
is(hazards(q{ALTER TABLE app.calls DROP COLUMN note; CREATE OR REPLACE FUNCTION app.names() RETURNS SETOF text LANGUAGE sql AS 'SELECT name FROM app.units'}), '', 'a body that is written anew beside what it used');
is(hazards('ALTER TABLE app.calls DROP COLUMN note; DROP FUNCTION app.names()'), '', 'a function that goes itself');
is(hazards('ALTER TABLE app.calls ALTER COLUMN state TYPE text'), '', 'a column that nobody uses');
unlike(hazards('ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint'), qr/dynamic|already_wrong/, 'what was wrong before is none, nor is what may be run');

my $whole = $schema =~ s/, note text, state/, state/r;
is(hazards($whole, ", '{app}'"), 'function app.names() line 5 uses column app.calls.note', 'whole schemas are no other');
like(refused("CALL pgschema_apply('ALTER TABLE app.calls DROP COLUMN note')"), qr/body.*app\.names\(\) line 5 uses column app\.calls\.note/s, 'an apply refuses it');
like(refused("CALL pgschema_apply('ALTER TABLE app.calls DROP COLUMN note', allow => '{breaking}')"), qr/allow => .*body/s, 'and says what would accept it');
like(refused("CALL pgschema_apply('ALTER TABLE app.calls DROP COLUMN note', allow => '{breaking,body:app.names()}')"), qr/recorded as version/, 'for one function too');
is($node->safe_psql('postgres', "SELECT identity, line, problem FROM pgschema_check('{app}') WHERE identity = 'app.names()'"),
	'app.names()|5|column c.note does not exist', 'as it turns out');
is($node->safe_psql('postgres', "SELECT identity FROM pgschema_check('{app}') ORDER BY 1"), "app.already_wrong()\napp.names()", 'nothing else is wrong');

# What pg_depend does not know is in the closure.
is($node->safe_psql('postgres', "SELECT identity, dependency FROM pgschema_dependents('column app.calls.prio') WHERE dependency = 'body' ORDER BY 1"),
	"app.close(integer)|body\napp.dynamic(pg_catalog.text)|body\napp.on_calls()|body", 'dependents are found in bodies');
is($node->safe_psql('postgres', "SELECT identity FROM pgschema_dependents('app.one(integer)') WHERE dependency = 'body'"), 'app.close(integer)', 'of functions too');
is($node->safe_psql('postgres', "SELECT identity FROM pgschema_dependencies('app.close(integer)') WHERE dependency = 'body' ORDER BY 1"),
	"app.calls\napp.one(integer)\napp.open_calls", 'and so are dependencies');
is($node->safe_psql('postgres', "SELECT path, step, identity, dependency FROM pgschema_why('app.close(integer)', 'type app.mood')"),
	"1|1|app.close(integer)|\n1|2|app.calls|body\n1|3|app.mood|normal", 'why: the shortest path');
is($node->safe_psql('postgres', "SELECT count(*) FROM pgschema_why('type app.mood', 'app.close(integer)')"), '0', 'there is none the other way');

# What runs a function comes after what its body uses.
$node->safe_psql('postgres', 'CREATE SCHEMA late; CREATE TABLE late.t (a int); INSERT INTO late.t VALUES (1)');
$node->safe_psql('postgres', <<'END');
SET pgschema.run_code = on;
CALL pgschema_apply($x$
CREATE FUNCTION late.a() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN late.z() + (SELECT count(*) FROM late.v); END';
CREATE FUNCTION late.z() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE TABLE late.t (a int, b int DEFAULT late.a());
CREATE VIEW late.v AS SELECT 1 AS one;
$x$, '{late}', allow => '{all}');
END
is($node->safe_psql('postgres', 'SELECT b FROM late.t'), '2', 'a default that calls a function whose body calls another, and reads a view, of the same text');
# Functions that call each other are in no order.
$node->safe_psql('postgres', <<'END');
SET pgschema.run_code = on;
CALL pgschema_apply($x$
CREATE FUNCTION late.a() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN late.z() + 1; END';
CREATE FUNCTION late.z() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1 + coalesce((SELECT max(b) FROM late.t WHERE late.a() = 0), 0); END';
CREATE TABLE late.t (a int, b int DEFAULT late.a(), c int GENERATED ALWAYS AS (a + 1) STORED);
$x$, '{late}', allow => '{all}');
END
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_proc WHERE pronamespace = 'late'::regnamespace"), '2', 'functions that call each other');
# What others have locked is not waited for.
$node->safe_psql('postgres', "BEGIN; LOCK TABLE app.units IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'held'");
is($node->safe_psql('postgres', "SELECT identity, problem FROM pgschema_check('{app}') WHERE line IS NULL"), 'app.names()|the body could not be read: another session holds a lock on what it names', 'a check says what it could not read');
like(hazards('ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint'), qr/app\.on_calls/, 'and a plan does not wait for what it does not touch');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'held'");

# What is deep, and what somebody else would have run.
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA odd;
SET check_function_bodies = off;
DO $d$ BEGIN
  EXECUTE 'CREATE FUNCTION odd.long() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN EXECUTE ' || repeat('''''||', 100000) || '''''; RETURN 1; END $f$';
  EXECUTE 'CREATE FUNCTION odd.nested() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT 1 FROM (' || repeat('WITH a AS (', 40) || 'SELECT id FROM app.calls' || repeat(') SELECT * FROM a', 40) || ') x); END $f$';
END $d$;
CREATE FUNCTION odd.victim() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM t WHERE status = ANY ('{a,b}')); END $$;
CREATE ROLE mallory;
CREATE SCHEMA mallory AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA odd TO mallory;
SET ROLE mallory;
CREATE FUNCTION mallory.evil(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE DOMAIN mallory.dom AS text CHECK (mallory.evil(VALUE));
CREATE FUNCTION mallory.eq(mallory.dom, mallory.dom) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR mallory.= (LEFTARG = mallory.dom, RIGHTARG = mallory.dom, FUNCTION = mallory.eq);
CREATE TABLE mallory.t (status mallory.dom);
END
is($node->safe_psql('postgres', "SELECT line, certainty FROM pgschema_references('odd.long()')"), '1|unread', 'a text of a hundred thousand parts');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT identity, ', ') FROM pgschema_references('odd.nested()')"), 'app.calls, app.calls.id', 'forty queries in one another');
my ($shown, $told) = ('', '');
$node->psql('postgres', "SET ROLE mallory; SET pgschema.run_code = on; SET search_path = mallory, public, pg_catalog; SELECT * FROM pgschema_references('odd.victim()'); SELECT problem FROM pgschema_check('{odd}')",
	stdout => \$shown, stderr => \$told);
like($shown, qr/mallory\.t/, 'a body without a search_path is read under the caller\'s') or diag($told);
unlike("$shown$told", qr/ran as/, 'and nobody has code of his run with the rights of whose function is looked at');

# ------------------------------------------------------------------------- what is used without a name, and by whom it is called
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA silent;
CREATE TYPE silent.mood AS ENUM ('a', 'b', 'c');
CREATE TYPE silent.word AS (w text);
CREATE TABLE silent.t (id int, w int);
CREATE FUNCTION silent.conv(int) RETURNS silent.word LANGUAGE sql AS 'SELECT ROW($1::text)::silent.word';
CREATE CAST (int AS silent.word) WITH FUNCTION silent.conv(int) AS ASSIGNMENT;
CREATE FUNCTION silent.ins() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO silent.t VALUES (1, 2); END $$;
CREATE FUNCTION silent.uses_cast(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN CAST(n AS silent.word); END $$;
CREATE FUNCTION silent.is_c(m silent.mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN m = 'c'; END $$;
CREATE FUNCTION silent.on_t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.w := 1; RETURN NEW; END $$;
CREATE TRIGGER on_t BEFORE INSERT ON silent.t FOR EACH ROW EXECUTE FUNCTION silent.on_t();
CREATE SCHEMA ten1; CREATE TABLE ten1.acc (id int, x int); CREATE FUNCTION ten1.ff() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(x) FROM acc); END $$;
CREATE SCHEMA ten2; CREATE TABLE ten2.acc (id int, x int); CREATE FUNCTION ten2.ff() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(x) FROM acc); END $$;
END
is(hazards('ALTER TABLE silent.t DROP COLUMN w'), "function silent.ins() line 1 uses column silent.t.w\nfunction silent.on_t() line 1 uses column silent.t.w", 'a column that an INSERT has by its place');
is($node->safe_psql('postgres', "SELECT identity FROM pgschema_dependents('column silent.t.w') WHERE dependency = 'body' ORDER BY 1"), "silent.ins()\nsilent.on_t()", 'in the closure too');
is($node->safe_psql('postgres', "SELECT identity FROM pgschema_dependents('function silent.conv(integer)') WHERE dependency = 'body'"), 'silent.uses_cast(integer)', 'the function of a cast');
like(hazards('DROP CAST (int AS silent.word)'), qr/function silent\.uses_cast\(integer\) line 1: cannot cast type integer to word/, 'a cast that goes');
is(hazards("CREATE TYPE silent.mood AS ENUM ('a', 'b')"), 'function silent.is_c(silent.mood) line 1: invalid input value for enum mood: "c"', 'a value of an enum that goes');
is(hazards("CREATE OR REPLACE FUNCTION silent.on_t() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN NEW.gone := 1; RETURN NEW; END \$\$"),
	'function silent.on_t() line 1: record "new" has no field "gone"', 'a trigger function whose table takes no part');
is(hazards('CREATE TABLE acc (id int); CREATE FUNCTION ff() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(id) FROM acc); END $$', ", '{ten1}'"), '', 'the function of another tenant uses a table of its own');
is(hazards('CREATE TABLE acc (id int); CREATE FUNCTION ff() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(x) FROM acc); END $$', ", '{ten1}'"), 'function ten1.ff() line 1 uses column ten1.acc.x', 'the own one does not');
is($node->safe_psql('postgres', "SET search_path = ten1; SELECT string_agg(identity || ' ' || certainty, ', ' ORDER BY identity) FROM public.pgschema_references('ten2.ff()')"),
	'ten1.acc probable, ten1.acc.x probable, ten2.acc probable, ten2.acc.x probable', 'what is there twice is probable');

# -------------------------------------------------------------------------------- with plpgsql_check, where it is there
SKIP:
{
	skip 'plpgsql_check is not installed on this machine', 8 if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'") eq '0';
	$node->safe_psql('postgres', 'CREATE EXTENSION plpgsql_check');
	$node->safe_psql('postgres', 'CREATE SCHEMA deep; CREATE TABLE deep.t (a int); CREATE FUNCTION deep.fill() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO deep.t (a) VALUES (now()::text::int); RETURN 1; END $$; CREATE FUNCTION deep.set() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int[]; BEGIN UPDATE deep.t SET a = r; RETURN 1; END $$');
	is($node->safe_psql('postgres', "SELECT identity, line, problem FROM pgschema_check('{deep}')"), 'deep.set()|1|column "a" is of type integer but expression is of type integer[]', 'a value that does not fit is found');
	is(hazards('ALTER TABLE deep.t ADD COLUMN b int; CREATE OR REPLACE FUNCTION deep.fill() RETURNS int LANGUAGE plpgsql AS $$ DECLARE j jsonb; BEGIN UPDATE deep.t SET a = j; RETURN 1; END $$'),
		'function deep.fill() line 1: column "a" is of type integer but expression is of type jsonb', 'in the desired state too');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pgschema_plan('ALTER TABLE deep.t ALTER COLUMN a TYPE bigint'); DO \$\$ BEGIN PERFORM deep.fill(); EXCEPTION WHEN invalid_text_representation THEN NULL; END \$\$; SELECT count(*) FROM deep.t") =~ /0$/ ? 'runs' : 'does not', 'runs', 'and the session calls the function afterwards as before');
	is(hazards('CREATE OR REPLACE FUNCTION deep.set() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int[]; BEGIN UPDATE deep.t SET a = r; RETURN 2; END $$'), '', 'what was so before is none');
	# What it says of names, of records and of what is not run here is not certain.
	$node->safe_psql('postgres', <<'END');
CREATE SCHEMA unsure;
CREATE TABLE unsure.t (a int);
CREATE TABLE unsure.u (b text);
CREATE FUNCTION unsure.norm(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower($1); END $$;
CREATE FUNCTION unsure.temporary() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE tq ON COMMIT DROP AS SELECT 1 AS a; RETURN (SELECT sum(a) FROM tq); END $$;
CREATE FUNCTION unsure.dynamic() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN EXECUTE format('select %s as a', 1) INTO r; RETURN r.a; END $$;
CREATE FUNCTION unsure.constant() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN length(unsure.norm('ABC')); END $$;
CREATE FUNCTION unsure.polymorphic(x anyelement) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN x->'a'; END $$;
CREATE FUNCTION unsure.caught() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN n := 'a'; RETURN n; EXCEPTION WHEN OTHERS THEN RETURN 0; END $$;
CREATE FUNCTION unsure.branches() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_TABLE_NAME = 't' THEN NEW.a := 1; ELSE NEW.b := '1'; END IF; RETURN NEW; END $$;
CREATE TRIGGER branches BEFORE INSERT ON unsure.t FOR EACH ROW EXECUTE FUNCTION unsure.branches();
CREATE TRIGGER branches BEFORE INSERT ON unsure.u FOR EACH ROW EXECUTE FUNCTION unsure.branches();
CREATE FUNCTION unsure.returns_nothing() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
END
	is($node->safe_psql('postgres', "SELECT unsure.temporary(), unsure.dynamic(), unsure.constant(), unsure.polymorphic('{\"a\": 1}'::jsonb), unsure.caught()"), '1|1|3|1|0', 'functions that run');
	is($node->safe_psql('postgres', 'INSERT INTO unsure.t VALUES (2) RETURNING a'), '1', 'and a trigger');
	is($node->safe_psql('postgres', "SELECT identity, line, problem FROM pgschema_check('{unsure}')"), 'unsure.returns_nothing()||control reached end of function without RETURN', 'are not told as wrong; one that gives nothing is');
	is(hazards(q{CREATE OR REPLACE FUNCTION unsure.returns_nothing() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN EXECUTE 'SELECT $1 AS one' INTO r USING 1; RETURN r.one + length(unsure.norm('ABC')); END $$}),
		'', 'a plan does not refuse such a body either');
}
done_testing();
