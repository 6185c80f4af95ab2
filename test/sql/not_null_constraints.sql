-- NOT NULL with a constraint of its own: of domains from PostgreSQL 17 on, of tables from 18 on.
SET client_min_messages = warning;
\pset tuples_only on
\pset format unaligned
SELECT current_setting('server_version_num')::int >= 170000 AS domains, current_setting('server_version_num')::int >= 180000 AS tables \gset
\if :domains
\else
\quit
\endif
CREATE SCHEMA nn;
CREATE FUNCTION nn.changes(desired text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
  RETURN QUERY SELECT statement FROM pgschema_steps(desired) ORDER BY step;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN NEXT concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''));
END $$;
CREATE PROCEDURE nn.apply(desired text) LANGUAGE plpgsql AS $$
DECLARE v bigint;
BEGIN
  CALL pgschema_apply(desired, allow => '{all}', applied_version => v);
END $$;

-- Domains
CREATE DOMAIN nn.d AS int CONSTRAINT there NOT NULL CHECK (VALUE > 0);
COMMENT ON DOMAIN nn.d IS 'the domain'; COMMENT ON CONSTRAINT there ON DOMAIN nn.d IS 'its NOT NULL';
CREATE TABLE nn.holder (d nn.d);
CREATE VIEW nn.v AS SELECT d FROM nn.holder;
SELECT pgschema_definition('nn.d');
SELECT nn.changes('COMMENT ON DOMAIN nn.d IS ''another''');
SELECT nn.changes('ALTER DOMAIN nn.d DROP NOT NULL');
SELECT nn.changes('ALTER DOMAIN nn.d RENAME CONSTRAINT there TO here');
SELECT nn.changes('CREATE DOMAIN nn.d AS int CONSTRAINT there NOT NULL CHECK (VALUE > 0)');
SELECT nn.changes('CREATE DOMAIN nn.e AS int CONSTRAINT here NOT NULL');
CREATE DOMAIN nn.e AS int;
SELECT nn.changes('ALTER DOMAIN nn.e ADD CONSTRAINT here NOT NULL');
SELECT nn.changes('CREATE DOMAIN nn.e AS int NOT NULL');
SELECT nn.changes(E'-- pgschema: renamed constraint there on nn.d to here\n');
CALL nn.apply('ALTER DOMAIN nn.d RENAME CONSTRAINT there TO here; COMMENT ON CONSTRAINT here ON DOMAIN nn.d IS ''other words''');
CREATE FUNCTION nn.takes(nn.d) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT nn.changes('CREATE DOMAIN nn.d AS int NOT NULL CHECK (VALUE > 0)');
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE contypid = 'nn.d'::regtype AND contype = 'n';

\if :tables
CREATE TABLE nn.t (a int CONSTRAINT a_is_there NOT NULL, b int NOT NULL NO INHERIT, c int, d int NOT NULL);
ALTER TABLE nn.t ADD CONSTRAINT later NOT NULL c NOT VALID;
COMMENT ON COLUMN nn.t.a IS 'the column'; COMMENT ON CONSTRAINT a_is_there ON nn.t IS 'its NOT NULL';
COMMENT ON CONSTRAINT later ON nn.t IS 'not yet';
SELECT pgschema_definition('nn.t');
SELECT nn.changes('ALTER TABLE nn.t ADD COLUMN more int');
SELECT nn.changes('COMMENT ON COLUMN nn.t.a IS NULL');
SELECT nn.changes('COMMENT ON CONSTRAINT a_is_there ON nn.t IS NULL');
SELECT nn.changes('ALTER TABLE nn.t RENAME CONSTRAINT a_is_there TO a_exists');
SELECT nn.changes('ALTER TABLE nn.t VALIDATE CONSTRAINT later');
SELECT nn.changes('ALTER TABLE nn.t ALTER CONSTRAINT t_b_not_null INHERIT');
SELECT nn.changes('ALTER TABLE nn.t ALTER COLUMN a DROP NOT NULL');
SELECT nn.changes('ALTER TABLE nn.t DROP CONSTRAINT later, ADD CONSTRAINT no_more NOT NULL c NO INHERIT');
SELECT nn.changes('CREATE TABLE nn.t (a int CONSTRAINT a_is_there NOT NULL, b int NOT NULL NO INHERIT, c int, d int NOT NULL)');
SELECT nn.changes('CREATE TABLE nn.t (a int, b int NOT NULL, c int CONSTRAINT later NOT NULL, d int CONSTRAINT d_is_there NOT NULL NO INHERIT)');
SELECT nn.changes(E'-- pgschema: renamed constraint a_is_there on nn.t to a_exists\n');
SELECT nn.changes('ALTER TABLE nn.t RENAME TO u; CREATE TABLE nn.n (a int CONSTRAINT x NOT NULL NO INHERIT, b int)');
CALL nn.apply('ALTER TABLE nn.t VALIDATE CONSTRAINT later; ALTER TABLE nn.t ALTER CONSTRAINT t_b_not_null INHERIT; ALTER TABLE nn.t RENAME CONSTRAINT a_is_there TO a_exists; COMMENT ON CONSTRAINT a_exists ON nn.t IS ''here''');
CALL nn.apply('ALTER TABLE nn.t ADD COLUMN more int; ALTER TABLE nn.t ADD CONSTRAINT more_later NOT NULL more NOT VALID');
SELECT conname, connoinherit, convalidated, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'nn.t'::regclass ORDER BY 1;
\endif

\pset tuples_only off
\pset format aligned
DROP SCHEMA nn CASCADE;
