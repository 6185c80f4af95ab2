-- Roles that a text names and that do not exist here: an error, or left out and told.
SET client_min_messages = warning;
CREATE ROLE mr_is; CREATE ROLE mr_owner;
CREATE SCHEMA mr;
CREATE TABLE mr.t (id int PRIMARY KEY, n int);
ALTER TABLE mr.t OWNER TO mr_owner;
ALTER TABLE mr.t ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION mr.told(desired text, schemas name[] DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE hint text; context text;
BEGIN
  RETURN QUERY SELECT statement FROM pgschema_steps(desired, schemas) ORDER BY step;
  RETURN QUERY SELECT p FROM pgschema_plan(desired, schemas, format => 'summary') p WHERE p ~ 'LEFT|^--    *line';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  RETURN NEXT concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''), substring(context FROM '^[^\n]*'));
END $$;
\pset tuples_only on
\pset format unaligned

SELECT mr.told('GRANT SELECT ON mr.t TO mr_is, mr_not');
SHOW pgschema.missing_roles;
SELECT mr.told('CREATE POLICY p ON mr.t TO mr_not USING (true)');
SELECT mr.told('GRANT SELECT ON mr.nowhere TO mr_not');
SET pgschema.missing_roles = 'perhaps';
SET pgschema.missing_roles = skip;

-- of some roles, of all, by whom
SELECT mr.told('GRANT SELECT ON mr.t TO mr_is, mr_not');
SELECT mr.told(E'GRANT SELECT ON mr.t TO mr_not;\nREVOKE ALL ON mr.t FROM "Mr Not", mr_not; GRANT INSERT (n) ON mr.t TO mr_is');
SELECT mr.told('GRANT SELECT ON mr.t TO PUBLIC, CURRENT_USER GRANTED BY mr_not');
SELECT mr.told('ALTER DEFAULT PRIVILEGES FOR ROLE mr_not, mr_owner IN SCHEMA mr GRANT SELECT ON TABLES TO mr_is, mr_not');
SELECT mr.told('ALTER DEFAULT PRIVILEGES FOR ROLE mr_not IN SCHEMA mr GRANT SELECT ON TABLES TO mr_is');
SELECT mr.told('ALTER DEFAULT PRIVILEGES IN SCHEMA mr REVOKE SELECT ON TABLES FROM mr_not');

-- owners
SELECT mr.told('ALTER TABLE mr.t OWNER TO mr_not');
SELECT mr.told('ALTER TABLE mr.t OWNER TO mr_not, ADD COLUMN m int');
SELECT mr.told('CREATE VIEW mr.v AS SELECT 1 AS a; ALTER VIEW mr.v OWNER TO mr_not; COMMENT ON VIEW mr.v IS ''new''');
SELECT mr.told('CREATE SCHEMA mr_other AUTHORIZATION mr_not CREATE TABLE t (a int) GRANT SELECT ON t TO mr_not');
SELECT mr.told('CREATE SCHEMA AUTHORIZATION mr_not');

-- policies: without a role they would be for all
SELECT mr.told('CREATE POLICY p ON mr.t TO mr_not USING (true); COMMENT ON POLICY p ON mr.t IS ''for them''; CREATE POLICY q ON mr.t TO mr_not, mr_is USING (n > 0)');
CREATE POLICY p ON mr.t TO mr_is USING (n > 0);
SELECT mr.told('ALTER POLICY p ON mr.t TO mr_not');
SELECT mr.told('ALTER POLICY p ON mr.t TO mr_not USING (n > 1)');
SELECT mr.told('ALTER POLICY p ON mr.t TO mr_not, mr_owner');
DROP POLICY p ON mr.t;

-- A text about the whole schema: an owner that does not exist leaves the one that is.
ALTER TABLE mr.t DISABLE ROW LEVEL SECURITY;
CREATE SEQUENCE mr.s; ALTER SEQUENCE mr.s OWNER TO mr_owner; GRANT USAGE ON SEQUENCE mr.s TO mr_is;
CREATE SCHEMA mr_whole AUTHORIZATION mr_owner;
CREATE TABLE mr_whole.t (id int); ALTER TABLE mr_whole.t OWNER TO mr_owner;
CREATE TABLE mr_whole.u (id int); ALTER TABLE mr_whole.u OWNER TO mr_owner;
GRANT SELECT ON mr_whole.u TO mr_is;
SELECT mr.told($$CREATE SCHEMA mr_whole AUTHORIZATION mr_not; CREATE TABLE t (id int); ALTER TABLE t OWNER TO mr_not;
CREATE TABLE u (id int); ALTER TABLE u OWNER TO mr_owner; CREATE TABLE w (id int); ALTER TABLE w OWNER TO mr_not; GRANT SELECT ON u TO mr_not$$, '{mr_whole}');
SELECT pgschema_plan($$CREATE SCHEMA mr_whole; CREATE TABLE t (id int); CREATE TABLE u (id int); GRANT SELECT ON u TO mr_not$$, '{mr_whole}', format => 'json')::jsonb -> 'left_out';

RESET pgschema.missing_roles;
\pset tuples_only off
\pset format aligned
DROP SCHEMA mr, mr_whole CASCADE;
DROP ROLE mr_is, mr_owner;
