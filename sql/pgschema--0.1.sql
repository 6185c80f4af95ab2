-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pgschema" to load this file. \quit

CREATE SCHEMA pgschema;

COMMENT ON SCHEMA pgschema IS 'what pgschema keeps: history, and the log of its guard';

CREATE FUNCTION pgschema_version() RETURNS text
  AS 'MODULE_PATHNAME', 'pgschema_sql_version'
  LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION pgschema_version() IS 'the version of pgschema, as its module knows it';

CREATE FUNCTION pgschema_catalog(schemas name[])
  RETURNS TABLE (object_type text, identity text, attribute text, value text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_catalog'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 10000;

COMMENT ON FUNCTION pgschema_catalog(name[]) IS
  'everything that the catalog says about the objects of some schemas, free of OIDs, for comparing before and after';

CREATE FUNCTION pgschema_plan(desired text, schemas name[] DEFAULT NULL, strategy text DEFAULT NULL, format text DEFAULT 'text')
  RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'pgschema_sql_plan'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_plan(text, name[], text, text) IS
  'what would bring the database to the desired state, proven on a copy that nobody sees: text, summary, sql or json';

CREATE FUNCTION pgschema_steps(desired text, schemas name[] DEFAULT NULL, strategy text DEFAULT NULL)
  RETURNS TABLE (step int, phase int, action text, command text, object_type text, identity text, reason text, lock text,
                 hazards text[], details jsonb, statement text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_steps'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_steps(text, name[], text) IS 'the statements of a plan, one row each, in their order';

REVOKE EXECUTE ON FUNCTION pgschema_plan(text, name[], text, text), pgschema_steps(text, name[], text) FROM PUBLIC;
