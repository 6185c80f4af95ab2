# A plan runs nobody's code: a text that makes PostgreSQL evaluate a function at once is refused by the function's
# name and the setting that allows it; all others are planned, and no function has run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('code');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pgschema;
	CREATE SCHEMA app;
	CREATE SEQUENCE public.ran;      -- a rollback does not undo nextval
	CREATE FUNCTION app.spy(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN a; END$$;
	CREATE FUNCTION app.spy_stable(a int) RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN a; END$$;
	CREATE FUNCTION app.spy_volatile(a int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN a; END$$;
	CREATE FUNCTION app.spy_sql(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT nextval('public.ran')::int + a$$;
	CREATE FUNCTION app.spy_true(a int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN true; END$$;
	CREATE FUNCTION app.spy_cast(a int) RETURNS xid LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN '1'; END$$;
	CREATE CAST (int AS xid) WITH FUNCTION app.spy_cast(int) AS IMPLICIT;
	CREATE FUNCTION app.spy_op(a int, b int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN true; END$$;
	CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = app.spy_op);
	CREATE FUNCTION app.spy_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN NEW; END$$;
	CREATE FUNCTION app.spy_event() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; END$$;
	CREATE FUNCTION app.spy_compare(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('public.ran'); RAISE WARNING 'code runs'; RETURN a - b; END$$;
	CREATE OPERATOR CLASS app.spy_ops FOR TYPE int USING btree AS
		OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 app.spy_compare(int, int);
	CREATE TYPE app.span AS RANGE (subtype = int, subtype_opclass = app.spy_ops);
	CREATE DOMAIN app.checked AS int CHECK (app.spy_true(VALUE));
	CREATE DOMAIN app.checked_text AS text CHECK (app.spy_true(length(VALUE)));
	CREATE TABLE app.t (id int PRIMARY KEY, n int, old int DEFAULT app.spy(1), CHECK (app.spy_true(n)), g int GENERATED ALWAYS AS (app.spy(id)) STORED);
	CREATE TABLE app.plain (id int PRIMARY KEY, n int, secret int);
	CREATE TRIGGER spy BEFORE INSERT OR UPDATE ON app.t FOR EACH ROW EXECUTE FUNCTION app.spy_trigger();
	CREATE VIEW app.v AS SELECT id, n, app.spy(3) AS s FROM app.t WHERE app.spy_true(n);
	CREATE VIEW app.w AS SELECT id FROM app.v;
	CREATE MATERIALIZED VIEW app.m AS SELECT id, app.spy_volatile(1) AS s FROM app.v WITH NO DATA;
	CREATE INDEX ON app.t (app.spy(n)) WHERE app.spy_true(id);
	CREATE STATISTICS app.st ON (app.spy(n)), id FROM app.t;
	INSERT INTO app.t VALUES (1, 1);
	INSERT INTO app.plain VALUES (1, 1, 1);
	CREATE ROLE planner;
	ALTER TABLE app.plain OWNER TO planner;
	ALTER TABLE app.plain ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
	CREATE POLICY spy ON app.plain USING (app.spy_true(n));
	GRANT ALL ON SCHEMA app TO planner;
	GRANT EXECUTE ON FUNCTION pgschema_plan TO planner;
	CREATE EVENT TRIGGER at_start ON ddl_command_start EXECUTE FUNCTION app.spy_event();
	CREATE EVENT TRIGGER at_end ON ddl_command_end EXECUTE FUNCTION app.spy_event();
	CREATE EVENT TRIGGER at_drop ON sql_drop EXECUTE FUNCTION app.spy_event();
	CREATE EVENT TRIGGER at_rewrite ON table_rewrite EXECUTE FUNCTION app.spy_event();
	ALTER EVENT TRIGGER at_end ENABLE ALWAYS;
});

# name => text; a leading "planner:" plans as that role.
my @texts = (
	'the default of an added column' => 'ALTER TABLE app.t ADD COLUMN x int DEFAULT app.spy(1)',
	'its default, stable' => 'ALTER TABLE app.t ADD COLUMN x int DEFAULT app.spy_stable(1)',
	'its default, volatile' => 'ALTER TABLE app.t ADD COLUMN x int DEFAULT app.spy_volatile(1) NOT NULL',
	'its default, in SQL' => 'ALTER TABLE app.t ADD COLUMN x int DEFAULT app.spy_sql(1)',
	'a default' => 'ALTER TABLE app.t ALTER COLUMN n SET DEFAULT app.spy(1)',
	'a new table with all of it' => 'CREATE TABLE app.x (a int DEFAULT app.spy(1) CHECK (app.spy_true(a)), g int GENERATED ALWAYS AS (app.spy(1)) STORED, EXCLUDE (a WITH =) WHERE (app.spy_true(1)))',
	'a check' => 'ALTER TABLE app.t ADD CHECK (app.spy_true(1))',
	'a check of a row' => 'ALTER TABLE app.t ADD CONSTRAINT c CHECK (app.spy_true(id))',
	'a generated column' => 'ALTER TABLE app.t ADD COLUMN x int GENERATED ALWAYS AS (app.spy(id)) STORED',
	'an index predicate' => 'CREATE INDEX i ON app.t (n) WHERE app.spy_true(1)',
	'an index predicate of a row' => 'CREATE INDEX i ON app.t (n) WHERE app.spy_true(n)',
	'an index expression' => 'CREATE INDEX i ON app.t (app.spy(n), app.spy(1))',
	'an index over an operator' => 'CREATE INDEX i ON app.t (n) WHERE 1 OPERATOR(app.===) 2',
	'statistics' => 'CREATE STATISTICS app.sx ON (app.spy(n)), (app.spy(1) + n) FROM app.t',
	'a view' => 'CREATE OR REPLACE VIEW app.v AS SELECT id, n, app.spy(4) AS s FROM app.t WHERE app.spy_true(1)',
	'a view that is rebuilt' => 'CREATE OR REPLACE VIEW app.v AS SELECT id::bigint AS id, n, app.spy(4) AS s FROM app.t WHERE app.spy_true(1)',
	'a materialized view' => 'CREATE MATERIALIZED VIEW app.mx AS SELECT app.spy(1), app.spy_volatile(id) FROM app.v',
	'a column under it all' => 'ALTER TABLE app.t ALTER COLUMN n TYPE smallint',
	'a column under all but expressions' => 'ALTER TABLE app.t ALTER COLUMN id TYPE smallint',
	'a USING expression' => 'ALTER TABLE app.t ALTER COLUMN old DROP DEFAULT, ALTER COLUMN old TYPE bigint USING app.spy(old)',
	'a constant of a domain' => "CREATE VIEW app.x AS SELECT 1::app.checked AS a",
	'a literal of a domain' => "CREATE VIEW app.x AS SELECT 'x'::app.checked_text AS a",
	'a default of a domain' => "ALTER TABLE app.t ADD COLUMN x app.checked_text DEFAULT 'x'",
	'an array of a domain' => "CREATE VIEW app.x AS SELECT '{a,b}'::app.checked_text[] AS a",
	'a changed domain' => 'ALTER DOMAIN app.checked ADD CHECK (app.spy_true(VALUE + 1))',
	'a domain with a default' => 'CREATE DOMAIN app.x AS app.checked DEFAULT app.spy(1)',
	'a literal of a range' => "CREATE VIEW app.x AS SELECT '[1,2]'::app.span AS a",
	'a default of a range' => "ALTER TABLE app.t ADD COLUMN x app.span DEFAULT '[1,2]'",
	'a literal of a range in a body' => "CREATE FUNCTION app.x() RETURNS app.span LANGUAGE sql AS \$\$SELECT '[1,2]'::app.span\$\$",
	'a range that is made' => "CREATE VIEW app.x AS SELECT app.span(1, 2) AS a",
	'a cast' => 'CREATE VIEW app.x AS SELECT 1::xid AS a',
	'a default with a cast' => 'ALTER TABLE app.t ADD COLUMN x xid DEFAULT 1',
	'a policy' => 'CREATE POLICY p ON app.t USING (app.spy_true(1))',
	'a trigger' => 'CREATE TRIGGER x BEFORE UPDATE ON app.t FOR EACH ROW WHEN (app.spy_true(1)) EXECUTE FUNCTION app.spy_trigger()',
	'a rule' => 'CREATE RULE r AS ON DELETE TO app.t WHERE app.spy_true(1) DO ALSO INSERT INTO app.t VALUES (app.spy(1))',
	'a function in SQL' => 'CREATE FUNCTION app.x() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT app.spy(1); SELECT app.spy_volatile(2); END',
	'a function with a string body' => 'CREATE FUNCTION app.x(a int DEFAULT app.spy(1)) RETURNS int LANGUAGE sql AS $$SELECT app.spy(1)$$',
	'a function in PL/pgSQL' => 'CREATE FUNCTION app.x() RETURNS int LANGUAGE plpgsql AS $$DECLARE a int := app.spy(1); c CURSOR FOR SELECT app.spy(1); BEGIN RETURN app.spy(1); END$$',
	'a SET clause' => "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql SET search_path = app SET client_min_messages = debug5 AS 'SELECT app.spy(1)'",
	'an aggregate' => 'CREATE AGGREGATE app.x(int) (sfunc = app.spy_add, stype = int); CREATE FUNCTION app.spy_add(a int, b int) RETURNS int LANGUAGE sql AS $$SELECT app.spy(a)$$',
	'a column default of a view' => 'ALTER VIEW app.v ALTER COLUMN n SET DEFAULT app.spy(1)',
	'a dropped column' => 'ALTER TABLE app.t DROP COLUMN old',
	'rows that a policy hides' => 'planner:ALTER TABLE app.plain DROP COLUMN secret',
	'rows that a policy hides, retyped' => 'planner:ALTER TABLE app.plain ALTER COLUMN secret TYPE smallint',
	'DO and SELECT' => 'DO $$BEGIN PERFORM app.spy(1); END$$; SELECT app.spy(1); CALL app.spy(1); CREATE VIEW app.x AS SELECT 1 AS a');

my $before = $node->safe_psql('postgres', 'SELECT last_value, is_called FROM public.ran');
while (my ($name, $text) = splice(@texts, 0, 2))
{
	my $role = $text =~ s/^planner:// ? 'SET ROLE planner;' : '';
	my ($stdout, $stderr);
	$node->psql('postgres', "\\set VERBOSITY verbose\n$role SELECT count(*) FROM pgschema_plan(\$desired\$$text\$desired\$)", stdout => \$stdout, stderr => \$stderr);
	if ($stderr =~ /ERROR/)
	{
		like($stderr, qr/ERROR:  42501: planning does not run the function .*spy.*HINT:  [^\n]*(SET pgschema.run_code = on|It would run with more rights than you have)/s, "$name: refused by name") or diag($text);
	}
	else
	{
		like($stdout, qr/^\d+$/, "$name: planned");
	}
	unlike($stderr, qr/code runs/, "$name: and nothing said a word");
	my $after = $node->safe_psql('postgres', 'SELECT last_value, is_called FROM public.ran');
	is($after, $before, "$name: nothing ran");
	$before = $after;
}

# With the setting it runs: so the witness is one.
my ($stdout, $stderr);
$node->psql('postgres', 'SET pgschema.run_code = on; SELECT count(*) FROM pgschema_plan($$ALTER TABLE app.t ADD COLUMN x int DEFAULT app.spy(1)$$)', stdout => \$stdout, stderr => \$stderr);
isnt($node->safe_psql('postgres', 'SELECT last_value, is_called FROM public.ran'), $before, 'with pgschema.run_code the function runs');
$node->stop;
done_testing();
