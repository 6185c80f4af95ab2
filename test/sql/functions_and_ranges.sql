-- Names of arguments that contain commas; a range type that needs a function which needs it.
SET client_min_messages = warning;
CREATE SCHEMA fr;
\pset tuples_only on
\pset format unaligned
CREATE FUNCTION fr.f("a,b" int, c int, OUT "x,y" int) LANGUAGE sql AS 'SELECT 1';
SELECT statement FROM pgschema_steps('CREATE FUNCTION fr.f(a int, "b,c" int, OUT "x,y" int) LANGUAGE sql AS ''SELECT 1''') ORDER BY step;
SELECT statement FROM pgschema_steps('CREATE FUNCTION fr.f("a,b" int, c int, OUT "x,y" int) LANGUAGE sql AS ''SELECT 2''') ORDER BY step;
CREATE TYPE fr.r;
CREATE FUNCTION fr.canonical(fr.r) RETURNS fr.r LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE fr.r AS RANGE (SUBTYPE = int, CANONICAL = fr.canonical);
CREATE TABLE fr.t (a int, r fr.r);
CREATE VIEW fr.v AS SELECT a, r FROM fr.t;
SELECT action, identity FROM pgschema_steps('CREATE VIEW fr.v AS SELECT a::bigint AS a, r FROM fr.t') ORDER BY step;
SELECT statement FROM pgschema_steps('COMMENT ON TYPE fr.r IS ''between two''') ORDER BY step;
SELECT statement FROM pgschema_steps('DROP VIEW fr.v; DROP TABLE fr.t; DROP TYPE fr.r CASCADE') ORDER BY step;
\pset tuples_only off
\pset format aligned
DROP SCHEMA fr CASCADE;
