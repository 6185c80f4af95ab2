-- An operator that another one only names, as its commutator or negator, is a shell: a row without a function, which pg_dump leaves out. It is
-- no object, and nothing of it is read.
SET client_min_messages = warning;
CREATE ROLE regress_shell;
CREATE SCHEMA shells;
CALL pgschema_apply('CREATE TABLE t (id int)', '{shells}') \g /dev/null
CREATE OPERATOR shells.<<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(shells.>>>), NEGATOR = OPERATOR(shells.!<));
ALTER OPERATOR shells.<<< (int, int) OWNER TO regress_shell;
CREATE VIEW operators AS SELECT oid::regoperator, oprcode, oprcom::regoperator, oprnegate::regoperator FROM pg_operator
WHERE oprnamespace = to_regnamespace('shells') ORDER BY oprname;
TABLE operators;

SELECT object_type, identity, change, live_definition FROM pgschema_drift('{shells}');
SELECT l FROM pgschema_dump('{shells}') l WHERE l ~ 'OPERATOR';
SELECT pgschema_definition('operator shells.<<<(int, int)');
SELECT string_agg(l, E'\n') AS dump FROM pgschema_dump('{shells}') l \gset
CALL pgschema_apply(:'dump', '{shells}') \g /dev/null
SELECT count(*) FROM pgschema_drift('{shells}');

-- The guard writes down what was made, and what of it there is.
BEGIN;
SELECT pgschema_guard('{shells}', 'record');
CREATE OPERATOR shells.~<~ (FUNCTION = int4le, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(shells.~>~));
COMMIT;
SELECT command, identity, split_part(after, E'\n', 1) AS after FROM pgschema.ddl_log;
DROP OPERATOR shells.~<~ (int, int);
DROP OPERATOR shells.~>~ (int, int);
SELECT pgschema_guard('{shells}', 'off');
DROP EVENT TRIGGER pgschema_guard_start;
DROP EVENT TRIGGER pgschema_guard_end;
DROP EVENT TRIGGER pgschema_guard_drop;

-- What is only named can be made, by a text about it and by one about all of the schema.
BEGIN;
CALL pgschema_apply('CREATE OPERATOR shells.>>> (FUNCTION = int4gt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(shells.<<<))') \g /dev/null
TABLE operators;
ROLLBACK;
BEGIN;
CALL pgschema_apply(:'dump' || 'CREATE OPERATOR shells.!< (FUNCTION = int4ge, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(shells.<<<));', '{shells}') \g /dev/null
TABLE operators;
ROLLBACK;
-- It can be named no longer.
BEGIN;
CALL pgschema_apply('DROP OPERATOR shells.>>> (int, int)') \g /dev/null
TABLE operators;
ROLLBACK;
BEGIN;
SELECT l FROM pgschema_plan('CREATE TABLE t (id int); CREATE OPERATOR <<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int)', '{shells}') l WHERE l ~ 'OPERATOR';
CALL pgschema_apply('CREATE TABLE t (id int); CREATE OPERATOR <<< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int)', '{shells}') \g /dev/null
TABLE operators;
ROLLBACK;
-- So can one that there is, by a text about that one.
BEGIN;
CREATE OPERATOR shells.>>> (FUNCTION = int4gt, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(shells.<<<));
CALL pgschema_apply('DROP OPERATOR shells.>>> (int, int)', allow => '{breaking,drift}') \g /dev/null
TABLE operators;
ROLLBACK;
-- The operator goes; what it named stays, as after DROP OPERATOR, and is in nobody's way.
BEGIN;
CALL pgschema_apply('CREATE TABLE t (id int)', '{shells}', allow => '{breaking}') \g /dev/null
TABLE operators;
SELECT count(*) FROM pgschema_drift('{shells}');
CALL pgschema_apply(:'dump', '{shells}') \g /dev/null
TABLE operators;
ROLLBACK;

-- The dump makes the same.
CREATE TEMP TABLE before AS SELECT * FROM pgschema_catalog('{shells}');
DROP SCHEMA shells CASCADE;
:dump
SET client_min_messages = warning;
RESET search_path;
(SELECT '-', * FROM before EXCEPT SELECT '-', * FROM pgschema_catalog('{shells}')) UNION ALL (SELECT '+', * FROM pgschema_catalog('{shells}') EXCEPT SELECT '+', * FROM before);
DROP SCHEMA shells CASCADE;
DROP VIEW operators;
DROP ROLE regress_shell;
