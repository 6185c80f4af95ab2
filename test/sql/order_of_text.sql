-- Statements of a text that wait for each other: several objects in one statement, a definition behind them.
SET client_min_messages = warning;
CREATE SCHEMA ord;
CREATE ROLE regress_ord;
CREATE TABLE ord.x (a int); CREATE TABLE ord.y (a int); CREATE TABLE ord.z (a int);
CREATE VIEW ord.vx AS SELECT a FROM ord.x;
CREATE VIEW ord.vy AS SELECT a FROM ord.y;
CREATE VIEW ord.w AS SELECT a FROM ord.vy;
CREATE FUNCTION ord.changes(desired text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
  RETURN QUERY SELECT action || ': ' || split_part(statement, E'\n', 1) FROM pgschema_steps(desired) ORDER BY step;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  RETURN NEXT SQLSTATE || ' ' || SQLERRM || ' / ' || split_part(context, E'\n', 1);
END $$;
\pset tuples_only on
\pset format unaligned

-- DROP of several, some of which are defined behind it: those are what the definition says, the others go.
SELECT ord.changes('DROP TABLE ord.x, ord.z; CREATE TABLE ord.x (a int, b int)');
SELECT ord.changes('DROP VIEW IF EXISTS ord.vx, ord.w; CREATE VIEW ord.vx AS SELECT a, 1 AS b FROM ord.x');
SELECT ord.changes('DROP VIEW IF EXISTS ord.vx, ord.missing; CREATE VIEW ord.vx AS SELECT a, 1 AS b FROM ord.x');
SELECT ord.changes('DROP VIEW ord.vx, ord.missing; CREATE VIEW ord.vx AS SELECT a, 1 AS b FROM ord.x');
SELECT ord.changes('COMMENT ON VIEW ord.vx IS ''a''; DROP VIEW ord.vx, ord.w; CREATE VIEW ord.vx AS SELECT a, 1 AS b FROM ord.x');

-- GRANT on a view and on the table beneath it, both of which something else waits for.
SELECT ord.changes('GRANT SELECT ON ord.vx, ord.x TO regress_ord; ALTER TABLE ord.x ALTER COLUMN b TYPE bigint; CREATE TABLE ord.x (a int, b int)');

-- A definition whose columns have the names of what depends on it.
CREATE TABLE ord.k (id int PRIMARY KEY); CREATE TABLE ord.f (id int REFERENCES ord.k); CREATE VIEW ord.fv AS SELECT id FROM ord.f;
SELECT ord.changes('CREATE TABLE ord.k (f name, fv name)');
SELECT ord.changes('CREATE TABLE ord.k (id int, f name)');
SELECT ord.changes('CREATE TABLE ord.k (f name, fv name); ALTER TABLE ord.f DROP CONSTRAINT f_id_fkey');

-- What uses a column that goes, or gets another type, and is dropped by the same text.
CREATE TABLE ord.r (a int, b int); CREATE INDEX r_a ON ord.r (a); CREATE VIEW ord.r1 AS SELECT a FROM ord.r; CREATE VIEW ord.r2 AS SELECT a FROM ord.r1; CREATE VIEW ord.r3 AS SELECT a, b FROM ord.r;
CREATE FUNCTION ord.rt() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER rr BEFORE UPDATE OF a ON ord.r FOR EACH ROW EXECUTE FUNCTION ord.rt();
SELECT ord.changes('DROP VIEW ord.r2; DROP VIEW ord.r1, ord.r3; DROP TRIGGER rr ON ord.r; ALTER TABLE ord.r DROP a');
SELECT ord.changes('ALTER TABLE ord.r DROP a; DROP TRIGGER rr ON ord.r; DROP VIEW ord.r1 CASCADE; CREATE VIEW ord.r3 AS SELECT b FROM ord.r');
SELECT ord.changes('DROP VIEW ord.r2, ord.r1; DROP VIEW IF EXISTS ord.r3, ord.missing; CREATE VIEW ord.r3 AS SELECT b FROM ord.r; ALTER TABLE ord.r ALTER a TYPE bigint');
SELECT ord.changes('DROP VIEW ord.r1; ALTER TABLE ord.r DROP a');

-- What makes no sense has its place.
SELECT ord.changes(E'CREATE VIEW ord.vy AS SELECT a, 1 AS b FROM ord.y;\nDROP VIEW ord.w, ord.vx;\nALTER VIEW ord.vx SET (security_barrier)');
SELECT ord.changes(E'DROP VIEW ord.vx, ord.w;\nALTER VIEW ord.w SET (security_barrier);\nCREATE TABLE ord.x (a bigint)');
SELECT ord.changes(E'DROP VIEW ord.w, ord.vy;\nALTER VIEW ord.vy SET (security_barrier);\nCREATE TABLE ord.y (a bigint)');
SELECT ord.changes(E'CREATE VIEW ord.vx AS SELECT a FROM ord.x;\nDROP VIEW ord.vx;\nCREATE VIEW ord.vx AS SELECT a, 2 AS b FROM ord.x');

\pset tuples_only off
\pset format aligned
DROP SCHEMA ord CASCADE;
DROP ROLE regress_ord;
