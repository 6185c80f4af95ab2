-- pgschema_steps().details: what there is to say of a step beside the columns.
SET client_min_messages = warning;
CREATE SCHEMA det;
CREATE ROLE "regress det'""il"; CREATE ROLE regress_det;
CREATE TABLE det.t (id int PRIMARY KEY, note text); INSERT INTO det.t VALUES (1, 'x'), (2, NULL); ANALYZE det.t;
CREATE VIEW det.v AS SELECT id, note FROM det.t;
COMMENT ON VIEW det.v IS 'a "view"';
GRANT SELECT ON det.v TO "regress det'""il" WITH GRANT OPTION;
SET ROLE "regress det'""il"; RESET ROLE;
GRANT USAGE ON SCHEMA det TO "regress det'""il";
SET ROLE "regress det'""il"; GRANT SELECT ON det.v TO regress_det; RESET ROLE;
\pset tuples_only on
\pset format unaligned
SELECT command, identity, details - 'bytes', (details->>'bytes')::bigint > 0 AS sized
FROM pgschema_steps('ALTER TABLE det.t DROP COLUMN note; CREATE VIEW det.v AS SELECT id FROM det.t; CREATE TABLE det.new (a int)') ORDER BY step;
SELECT command, details FROM pgschema_steps('CREATE FUNCTION det.f() RETURNS int LANGUAGE sql AS ''SELECT 1''');

-- Sizes are those of the relations, not of their copies.
CREATE TABLE det.large (a int, note text);
INSERT INTO det.large SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i;
CREATE MATERIALIZED VIEW det.kept AS SELECT a FROM det.large; CREATE INDEX ON det.kept (a); ANALYZE det.large; ANALYZE det.kept;
SET pgschema.hazard_size = '1MB';
SELECT command, identity, hazards, (details->>'bytes')::bigint > 2000000 AS large, (details->>'bytes')::bigint > 8192 * 50 AS sized, details->'rows' AS rows
FROM pgschema_steps('ALTER TABLE det.large ALTER COLUMN a TYPE bigint') ORDER BY step;
SELECT command, identity, hazards, (details->>'bytes')::bigint > 2000000 AS large, details->'rows' AS rows
FROM pgschema_steps('ALTER TABLE det.large RENAME TO larger; ALTER TABLE det.larger ADD CHECK (a > 0)') ORDER BY step;
SELECT command, identity, hazards, (details->>'bytes')::bigint > 2000000 AS large
FROM pgschema_steps('ALTER TABLE det.large ALTER a SET NOT NULL, ADD COLUMN b int GENERATED ALWAYS AS (a + 1) STORED; CREATE INDEX i ON det.large (a); CREATE TABLE det.small (a int CHECK (a > 0))') ORDER BY step;
RESET pgschema.hazard_size;
\pset tuples_only off
\pset format aligned
DROP SCHEMA det CASCADE;
DROP ROLE "regress det'""il"; DROP ROLE regress_det;
