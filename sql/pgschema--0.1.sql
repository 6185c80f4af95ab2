-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pgschema" to load this file. \quit

CREATE FUNCTION pgschema_version() RETURNS text
  AS 'MODULE_PATHNAME', 'pgschema_sql_version'
  LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION pgschema_version() IS 'the version of pgschema, as its module knows it';
