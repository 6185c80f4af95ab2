-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pgschema" to load this file. \quit

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
