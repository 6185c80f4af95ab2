-- What pgschema refuses, and what it tells whoever asked: each error with its SQLSTATE, DETAIL, HINT and CONTEXT. After
-- each plan that is refused, everything is as it was.
SET client_min_messages = warning;
CREATE SCHEMA ref;
SET search_path = ref, public;

-- The error of a statement, line by line; what changes from run to run (fingerprints, process numbers) is left out.
CREATE FUNCTION ref.refused(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text; context text;
BEGIN
  EXECUTE statement;
  RETURN NEXT 'not refused';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  RETURN NEXT 'ERROR:  ' || state || ': ' || message;
  -- Before 16 the server writes the relation's name in front of columns where there is only one.
  detail := regexp_replace(detail, 'column "?(\w+\.)?(\w+)"? does not exist', 'column \2 does not exist', 'g');
  IF detail <> '' THEN RETURN NEXT 'DETAIL:  ' || regexp_replace(detail, '[0-9a-f]{32}', '(fingerprint)', 'g'); END IF;
  IF hint <> '' THEN RETURN NEXT 'HINT:  ' || hint; END IF;
  context := regexp_replace(context, '\n?(SQL statement "|PL/pgSQL function (ref\.)?refused).*', '');
  IF context <> '' THEN RETURN NEXT 'CONTEXT:  ' || context; END IF;
END $$;
CREATE FUNCTION ref.refused_plan(desired text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT ref.refused(format('SELECT count(*) FROM pgschema_plan(%L)', desired)) $$;
CREATE FUNCTION ref.refused_apply(desired text, arguments text DEFAULT '') RETURNS SETOF text LANGUAGE sql AS $$ SELECT ref.refused(format('CALL pgschema_apply(%L%s)', desired, arguments)) $$;
\pset tuples_only on
\pset format unaligned

CREATE TABLE ref.t (id int PRIMARY KEY, a int, b text, extra int);
INSERT INTO ref.t SELECT i, i, 'x', nullif(i, 2) FROM generate_series(1, 3) i;
CREATE VIEW ref.v AS SELECT id, a, b FROM ref.t;
CREATE VIEW ref.w AS SELECT id, a FROM ref.v;

-- Arguments
SELECT ref.refused($$SELECT pgschema_plan(NULL)$$);
SELECT ref.refused($$SELECT pgschema_steps(NULL)$$);
SELECT ref.refused($$CALL pgschema_apply(NULL)$$);
SELECT ref.refused($$SELECT pgschema_plan('', strategy => 'quick')$$);
SELECT ref.refused($$SELECT pgschema_plan('', format => 'xml')$$);
SELECT ref.refused($$SET pgschema.strategy = 'quick'$$);
SELECT ref.refused($$SELECT pgschema_plan('', schemas => '{}')$$);
SELECT ref.refused($$SELECT pgschema_plan('CREATE TABLE x ()', schemas => '{nowhere}')$$);
SELECT ref.refused($$SELECT pgschema_plan('CREATE TABLE x ()', schemas => '{pg_catalog}')$$);
SELECT ref.refused($$SELECT pgschema_plan('CREATE TABLE public.x ()', schemas => '{ref}')$$);
SELECT ref.refused($$SELECT pgschema_plan(E'-- pgschema: ignore index ref.i\nCREATE TABLE ref.x ()', schemas => '{ref}')$$);
SELECT ref.refused($$SELECT pgschema_dump(version => 0)$$);
SELECT ref.refused($$SELECT pgschema_dump('{nowhere}')$$);
SELECT ref.refused($$SELECT pgschema_plan('', schemas => '{ref,NULL}')$$);
SELECT ref.refused($$CALL pgschema_apply('', allow => '{everything}')$$);
SELECT ref.refused($$CALL pgschema_apply('', allow => '{NULL}')$$);
SELECT ref.refused($$CALL pgschema_apply('', lock_timeout => '-1 s')$$);
SELECT ref.refused($$CALL pgschema_apply('', lock_timeout => '0')$$);
SELECT ref.refused($$CALL pgschema_apply('', retries => 0)$$);
SELECT ref.refused($$CALL pgschema_apply('', retries => 3)$$);
SELECT ref.refused($$CALL pgschema_apply('', until_phase => 1)$$);
SELECT ref.refused($$CALL pgschema_apply('', strategy => 'online')$$);
SET pgschema.max_desired_size = '1kB';
SELECT ref.refused_plan(repeat('-- a comment ', 1000));
RESET pgschema.max_desired_size;

-- Texts that say nothing
SELECT regexp_replace(line, '[0-9a-f]{32}', '(fingerprint)') FROM pgschema_plan('') line;
SELECT regexp_replace(line, '[0-9a-f]{32}', '(fingerprint)') FROM pgschema_plan(E'-- only a comment\n/* and another */ ;;') line;

-- Mistakes in the text, with their place
SELECT ref.refused_plan(E'CREATE VIEW ref.ok AS SELECT 1 AS a;\n\nCREATE VIEW ref.bad AS\n  SELEC 1 AS a;');
SELECT ref.refused_plan(E'-- pgschema: file tables.sql\nCREATE TABLE ref.n (a int);\n-- pgschema: file views.sql\n\nCREATE VIEW ref.x AS SELECT FROM WHERE;');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS SELECT ''never closed;\n');
SELECT ref.refused_plan(E'CREATE FUNCTION ref.x() RETURNS int LANGUAGE sql AS $f$ SELECT 1');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS SELECT "never closed;\n');
SELECT ref.refused_plan(E'/* never closed');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS\n  SELECT nothing FROM ref.t');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS\n  SELECT id FROM ref.missing');
SELECT ref.refused_plan(E'CREATE TABLE ref.x (a int,\n  b missing_type)');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS SELECT missing_function(id) FROM ref.t');
SELECT ref.refused_plan(E'CREATE FUNCTION ref.x() RETURNS int LANGUAGE sql AS ''SELECT missing FROM ref.t''');
SELECT ref.refused_plan(E'CREATE FUNCTION ref.x() RETURNS int LANGUAGE plpgsql AS ''BEGIN RETUR 1; END''');
SELECT ref.refused_plan(E'CREATE VIEW nowhere.x AS SELECT 1 AS a');
SELECT ref.refused_plan(E'ALTER TABLE nowhere.x ADD COLUMN a int');
SELECT ref.refused_plan(E'ALTER TABLE ref.missing ADD COLUMN a int');
SELECT ref.refused_plan(E'ALTER TABLE ref.t ADD COLUMN a int');
SELECT ref.refused_plan(E'DROP VIEW ref.missing');
SELECT ref.refused_plan(E'GRANT SELECT ON ref.t TO no_such_role');
SELECT ref.refused_plan(E'COMMENT ON COLUMN ref.t.missing IS ''x''');
SELECT ref.refused_plan(E'CREATE TRIGGER x BEFORE INSERT ON ref.t FOR EACH ROW EXECUTE FUNCTION ref.missing()');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS SELECT wrong FROM ref.t;\nCREATE VIEW ref.y AS SELECT wrong_too FROM ref.t;');
SELECT ref.refused_plan(E'CREATE VIEW ref.x AS SELECT * FROM ref.y;\nCREATE VIEW ref.y AS SELECT * FROM ref.x;');
SELECT ref.refused_plan(E'CREATE TABLE ref.n (a int);\nCREATE TABLE ref.n (a text);');

-- Directives
SELECT ref.refused_plan(E'-- pgschema: renamed by me\nCREATE VIEW ref.x AS SELECT 1 AS a');
SELECT ref.refused_plan(E'CREATE TABLE ref.n (a int);\n-- pgschema: remember this\nCREATE VIEW ref.x AS SELECT 1 AS a');
SELECT ref.refused_plan(E'CREATE TABLE ref.t (id int PRIMARY KEY, a text, -- pgschema: using (a\n b text, extra int)');
SELECT ref.refused_plan(E'CREATE TABLE ref.t (id int PRIMARY KEY, a text, -- pgschema: using a +\n b text, extra int)');
SELECT ref.refused_plan(E'-- pgschema: value ''x'' becomes\nCREATE TYPE ref.e AS ENUM (''a'')');
SELECT ref.refused_plan(E'-- pgschema: renamed from never\nCREATE VIEW ref.x AS SELECT 1 AS a');
SELECT ref.refused_plan(E'-- pgschema: renamed from w\nCREATE VIEW ref.v AS SELECT 1 AS a');
SELECT ref.refused_plan(E'-- pgschema: renamed from v');

-- Statements that are not supported, by name
SELECT ref.refused_plan(s) FROM unnest(ARRAY[
  'CREATE EXTENSION hstore', 'CREATE USER MAPPING FOR PUBLIC SERVER s', 'CREATE SUBSCRIPTION s CONNECTION ''x'' PUBLICATION p',
  'ALTER VIEW ref.v SET SCHEMA public',
  'CREATE SCHEMA x CREATE TABLE y (a int)', 'DROP EXTENSION pgschema', 'COMMENT ON DATABASE regression IS ''x''', 'COMMENT ON ROLE regress_x IS ''x''',
  'GRANT CONNECT ON DATABASE regression TO PUBLIC', 'DROP SCHEMA ref CASCADE', 'CREATE TABLE ref.part PARTITION OF ref.t DEFAULT',
  'CREATE FUNCTION ref.c() RETURNS int LANGUAGE c AS ''nowhere'', ''c''']) AS s;

-- Triggers of constraints
SELECT ref.refused_plan('ALTER TABLE ref.t DISABLE TRIGGER ALL');
SELECT ref.refused_plan(E'ALTER TABLE ref.t\n  ALTER COLUMN a SET NOT NULL,\n  ENABLE TRIGGER ALL');
SELECT ref.refused_plan('ALTER TABLE ref.t ENABLE TRIGGER USER');

-- Dependents that cannot come back
SELECT ref.refused_plan('ALTER TABLE ref.t DROP COLUMN a');
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, b FROM ref.t');
SELECT ref.refused_plan('CREATE TABLE ref.t (id int PRIMARY KEY, b text, extra int)');
SELECT ref.refused_plan('DROP VIEW ref.v');
SELECT ref.refused_plan('DROP TABLE ref.t');
CREATE FUNCTION ref.atomic() RETURNS bigint BEGIN ATOMIC SELECT sum(extra) FROM ref.t; END;
SELECT ref.refused_plan('ALTER TABLE ref.t DROP COLUMN extra');
DROP FUNCTION ref.atomic();
CREATE POLICY p ON ref.t USING (extra > 0);
SELECT ref.refused_plan('ALTER TABLE ref.t DROP COLUMN extra');
DROP POLICY p ON ref.t;
CREATE FUNCTION ref.tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE OF extra ON ref.t FOR EACH ROW WHEN (NEW.extra > 0) EXECUTE FUNCTION ref.tf();
SELECT ref.refused_plan('ALTER TABLE ref.t DROP COLUMN extra');
SELECT ref.refused_plan('DROP FUNCTION ref.tf()');
DROP TRIGGER g ON ref.t;
CREATE FUNCTION ref.rows_of_v() RETURNS SETOF ref.v LANGUAGE sql BEGIN ATOMIC SELECT * FROM ref.v; END;
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, 0 AS middle, a, b FROM ref.t');
DROP FUNCTION ref.rows_of_v();
CREATE TABLE ref.holder (h ref.v); INSERT INTO ref.holder VALUES (ROW(1, 2, 'x'));
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
DROP TABLE ref.holder;

-- Participants that are not supported, and those that are nobody's to change
CREATE TABLE ref.parent (a int) PARTITION BY LIST (a); CREATE TABLE ref.part PARTITION OF ref.parent DEFAULT;
SELECT ref.refused_plan('ALTER TABLE ref.part ADD COLUMN b int');
SELECT ref.refused_plan('CREATE TABLE ref.parent (a int) PARTITION BY RANGE (a)');
SELECT ref.refused_plan('CREATE TABLE ref.parent (a bigint) PARTITION BY LIST (a)');
SELECT ref.refused_plan('CREATE TABLE ref.parent (a int)');
SELECT ref.refused_plan('CREATE TABLE ref.t (a int) PARTITION BY LIST (a)');
SELECT ref.refused_plan('ALTER TABLE ref.parent DETACH PARTITION ref.part CONCURRENTLY');
SELECT ref.refused_plan('ALTER TABLE ref.parent DETACH PARTITION ref.part FINALIZE');
CREATE FOREIGN DATA WRAPPER ref_wrapper; CREATE SERVER ref_server FOREIGN DATA WRAPPER ref_wrapper;
CREATE FOREIGN TABLE ref.foreign_part PARTITION OF ref.parent FOR VALUES IN (1) SERVER ref_server;
SELECT ref.refused_plan('ALTER TABLE ref.parent ADD COLUMN b int');
DROP FOREIGN DATA WRAPPER ref_wrapper CASCADE;
DROP TABLE ref.parent;
CREATE TEMP TABLE temporary_child () INHERITS (ref.t);
SELECT ref.refused_plan('ALTER TABLE ref.t ADD COLUMN z int');
DROP TABLE temporary_child;
CREATE TEMP TABLE temporary (a int);
SELECT ref.refused_plan('ALTER TABLE temporary ADD COLUMN b int');
SELECT ref.refused_plan('ALTER TABLE pg_catalog.pg_class ADD COLUMN b int');
SELECT ref.refused_plan('COMMENT ON FUNCTION public.pgschema_version() IS ''x''');
SELECT ref.refused_plan('ALTER TABLE pgschema.applied ADD COLUMN b int');
ALTER EXTENSION pgschema ADD VIEW ref.w;
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
ALTER EXTENSION pgschema DROP VIEW ref.w;

-- Somebody else's
CREATE ROLE regress_ref_owner; CREATE ROLE regress_ref_other; CREATE ROLE regress_ref_grantor; CREATE ROLE regress_ref_reader;
GRANT USAGE, CREATE ON SCHEMA ref TO regress_ref_owner, regress_ref_other, regress_ref_grantor;
GRANT EXECUTE ON FUNCTION pgschema_plan TO regress_ref_owner; GRANT SELECT ON ref.t TO regress_ref_owner;
ALTER VIEW ref.v OWNER TO regress_ref_owner; ALTER VIEW ref.w OWNER TO regress_ref_other;
SET ROLE regress_ref_owner;
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
SELECT ref.refused_plan('ALTER TABLE ref.t ADD COLUMN c int');
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.w AS SELECT id FROM ref.t');
SELECT ref.refused_apply('CREATE OR REPLACE VIEW ref.w AS SELECT id FROM ref.t');
RESET ROLE;
ALTER VIEW ref.w OWNER TO regress_ref_owner;
GRANT SELECT ON ref.w TO regress_ref_grantor WITH GRANT OPTION;
SET ROLE regress_ref_grantor; GRANT SELECT ON ref.w TO regress_ref_reader; RESET ROLE;
SET ROLE regress_ref_owner;
SELECT ref.refused_plan('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
RESET ROLE;
ALTER VIEW ref.v OWNER TO CURRENT_USER; DROP VIEW ref.w; CREATE VIEW ref.w AS SELECT id, a FROM ref.v;
REVOKE EXECUTE ON FUNCTION pgschema_plan FROM regress_ref_owner;

-- Functions that planning does not run
CREATE FUNCTION ref.check_it(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 > 0; END $$;
CREATE DOMAIN ref.checked AS int CHECK (ref.check_it(VALUE));
SELECT ref.refused_plan('CREATE TABLE ref.n (a ref.checked[] DEFAULT ''{1}'')');
CREATE TABLE ref.n (a ref.checked[] DEFAULT '{1}');
SELECT ref.refused_plan('ALTER TABLE ref.n ADD COLUMN b int');
DROP TABLE ref.n; DROP DOMAIN ref.checked;

-- Hazards: the HINT, when it is followed, works
CREATE PROCEDURE ref.follow(desired text) LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
  EXECUTE format('CALL pgschema_apply(%L)', desired);
  RAISE EXCEPTION 'not refused';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  EXECUTE format('CALL pgschema_apply(%L, %s)', desired, substring(hint FROM 'allow => .*$'));
END $$;
SELECT ref.refused_apply('ALTER TABLE ref.t DROP COLUMN extra');
CALL ref.follow('ALTER TABLE ref.t DROP COLUMN extra');
SELECT ref.refused_apply('ALTER TABLE ref.t ENABLE ROW LEVEL SECURITY; REVOKE SELECT ON ref.t FROM regress_ref_owner');
CALL ref.follow('ALTER TABLE ref.t ENABLE ROW LEVEL SECURITY; REVOKE SELECT ON ref.t FROM regress_ref_owner');
SELECT ref.refused_apply('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
CALL ref.follow('CREATE OR REPLACE VIEW ref.v AS SELECT id, a::bigint AS a, b FROM ref.t');
SET pgschema.hazard_size = 0;
SELECT ref.refused_apply('ALTER TABLE ref.t ALTER COLUMN a TYPE bigint');
SELECT ref.refused_apply('ALTER TABLE ref.t ADD CHECK (a > 0)');
CALL ref.follow('ALTER TABLE ref.t ADD CHECK (a > 0)');
SELECT ref.refused_apply('ALTER TABLE ref.t ALTER COLUMN a SET NOT NULL');
RESET pgschema.hazard_size;
SELECT ref.refused_apply('ALTER TABLE ref.t DROP COLUMN b; CREATE OR REPLACE VIEW ref.v AS SELECT id, a FROM ref.t', $$, allow => '{breaking}'$$);
SELECT ref.refused_apply('ALTER TABLE ref.t DROP COLUMN b; CREATE OR REPLACE VIEW ref.v AS SELECT id, a FROM ref.t', $$, allow => '{"data_loss:column ref.t.nothing",breaking}'$$);
SELECT ref.refused_apply('ALTER TABLE ref.t DROP COLUMN b; CREATE OR REPLACE VIEW ref.v AS SELECT id, a FROM ref.t', $$, allow => '{data_loss:ref.t.b}'$$);
SELECT ref.refused_apply('DROP TABLE ref.t; DROP VIEW ref.v; DROP VIEW ref.w');
SELECT ref.refused_apply('CREATE VIEW ref.x AS SELECT 1 AS a', $$, expect => '00000000000000000000000000000000'$$);
SELECT ref.refused_apply('CREATE VIEW ref.x AS SELECT 1 AS a', $$, expect => 'nonsense'$$);

-- A step that fails on the rows
SELECT ref.refused_apply('ALTER TABLE ref.t ADD CONSTRAINT low CHECK (a < 2)', $$, allow => '{all}'$$);
SELECT ref.refused_apply('CREATE UNIQUE INDEX same ON ref.t (b)', $$, allow => '{all}'$$);
SELECT ref.refused_apply('ALTER TABLE ref.t ALTER COLUMN b TYPE int USING b::int', $$, allow => '{all}'$$);

-- Where nothing can be written
BEGIN READ ONLY;
SELECT ref.refused_plan('CREATE VIEW ref.x AS SELECT 1 AS a');
SELECT ref.refused($$SELECT pgschema_steps('')$$);
SELECT ref.refused_apply('CREATE VIEW ref.x AS SELECT 1 AS a');
SELECT pgschema_version() IS NOT NULL, (SELECT count(*) FROM pgschema_dependents('ref.t')), pgschema_definition('ref.w') <> '', (SELECT count(*) >= 0 FROM pgschema.history);
COMMIT;

-- Objects named by text
SELECT ref.refused($$SELECT pgschema_definition(NULL)$$);
SELECT ref.refused($$SELECT pgschema_definition('')$$);
SELECT ref.refused($$SELECT pgschema_definition('ref.missing')$$);
SELECT ref.refused($$SELECT pgschema_definition('view ref.t')$$);
SELECT ref.refused($$SELECT pgschema_dependents('nowhere.t')$$);
CREATE FUNCTION ref.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION ref.twice(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT ref.refused($$SELECT pgschema_dependents('ref.twice')$$);
SELECT ref.refused($$SELECT pgschema_dependencies('trigger nothing on ref.t')$$);

-- Nothing of all that was refused is there
SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c WHERE relnamespace = 'ref'::regnamespace AND relkind IN ('r', 'v');

\pset tuples_only off
\pset format aligned
DROP SCHEMA ref CASCADE;
DROP ROLE regress_ref_owner, regress_ref_other, regress_ref_grantor, regress_ref_reader;

-- A default that uses the column that it is of.
CREATE SCHEMA itself;
CREATE TABLE itself.t (a int);
SELECT * FROM pgschema_plan($$CREATE SCHEMA itself; CREATE TABLE itself.t (a int, b int NOT NULL);
  CREATE FUNCTION itself.f(x itself.t) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT (x).b; END;
  ALTER TABLE itself.t ALTER COLUMN b SET DEFAULT itself.f(NULL::itself.t)$$, '{itself}');
DROP SCHEMA itself CASCADE;
