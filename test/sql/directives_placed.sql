-- Directives beside a statement that they can say something about, and beside others.
SET client_min_messages = warning;
CREATE SCHEMA dir;
CREATE TABLE dir.t (id int, v text, w text, n numeric);
INSERT INTO dir.t VALUES (1, 'abc', '12', 1.5);
CREATE VIEW dir.above AS SELECT id, v FROM dir.t;
CREATE TYPE dir.mood AS ENUM ('good', 'bad');
CREATE FUNCTION dir.changes(desired text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
  RETURN QUERY SELECT statement FROM pgschema_steps(desired) WHERE statement LIKE 'ALTER TABLE%' ORDER BY step;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  RETURN NEXT SQLSTATE || ' ' || SQLERRM || ' / ' || split_part(context, E'\n', 1);
END $$;
\pset tuples_only on
\pset format unaligned

-- "using" beside ALTER COLUMN … TYPE: at its end, above it, above the statement
SELECT dir.changes(E'ALTER TABLE dir.t ALTER COLUMN v TYPE int; -- pgschema: using length(v)\n');
SELECT dir.changes(E'ALTER TABLE dir.t\n  ALTER COLUMN v TYPE int, -- pgschema: using length(v)\n  ALTER w SET DATA TYPE int -- pgschema: using w::int + id\n');
SELECT dir.changes(E'ALTER TABLE dir.t\n  ALTER COLUMN id SET NOT NULL,\n  -- pgschema: using length(v)\n  ALTER COLUMN v TYPE int,\n  -- pgschema: using w::int\n  ALTER w TYPE int');
SELECT dir.changes(E'-- pgschema: using length(v)\nALTER TABLE dir.t ALTER v TYPE int, ADD COLUMN more int');
CALL pgschema_apply(E'ALTER TABLE dir.t\n  ALTER COLUMN v TYPE int, -- pgschema: using length(v)\n  ALTER w TYPE int USING w::int + 1', allow => '{all}') \g /dev/null
SELECT v, w, pg_typeof(v), pg_typeof(w) FROM dir.t;

-- It stands beside nothing that it could speak of
SELECT dir.changes(E'-- pgschema: using length(v)\nALTER TABLE dir.t ALTER v TYPE text, ALTER w TYPE text');
SELECT dir.changes(E'ALTER TABLE dir.t\n  -- pgschema: using 1\n  ALTER COLUMN id SET NOT NULL,\n  ALTER COLUMN v TYPE text');
SELECT dir.changes(E'ALTER TABLE dir.t\n  ALTER COLUMN v TYPE text USING v::text -- pgschema: using v || w');
SELECT dir.changes(E'ALTER TABLE dir.t ADD COLUMN more int -- pgschema: using 1\n');
SELECT dir.changes(E'\n-- pgschema: using length(v)\nCREATE VIEW dir.other AS SELECT 1 AS a');
SELECT dir.changes(E'\n-- pgschema: using length(v)\nINSERT INTO dir.t VALUES (1)');
SELECT dir.changes(E'-- pgschema: value ''a'' becomes ''b''\nCREATE VIEW dir.other AS SELECT 1 AS a');
SELECT dir.changes(E'-- pgschema: value ''good'' becomes ''bad''\nALTER TYPE dir.mood ADD VALUE ''worse''');
SELECT dir.changes(E'-- pgschema: renamed from old\nCREATE INDEX new ON dir.t (id)');
SELECT dir.changes(E'-- pgschema: renamed from old\nSET search_path = dir');

-- Mistakes in it
SELECT dir.changes(E'ALTER TABLE dir.t\n  ALTER COLUMN v TYPE text -- pgschema: using v ||\n');
SELECT dir.changes(E'ALTER TABLE dir.t\n  ALTER COLUMN id TYPE text,\n  ALTER COLUMN v TYPE text -- pgschema: using missing || v\n, ALTER n SET NOT NULL');

\pset tuples_only off
\pset format aligned
DROP SCHEMA dir CASCADE;
