-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pgschema" to load this file. \quit

CREATE SCHEMA pgschema;

COMMENT ON SCHEMA pgschema IS 'what pgschema keeps: history, and the log of its guard';
GRANT USAGE ON SCHEMA pgschema TO PUBLIC;

CREATE TABLE pgschema.text (
  hash bytea PRIMARY KEY,
  content text NOT NULL
);
COMMENT ON TABLE pgschema.text IS 'desired states, scripts, and what there was in schemas, object by object: each stored once, by its SHA-256';

CREATE TABLE pgschema.applied (
  version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fingerprint text NOT NULL,
  status text NOT NULL,
  schemas name[] NOT NULL,
  desired bytea NOT NULL REFERENCES pgschema.text,
  script bytea NOT NULL REFERENCES pgschema.text,
  steps_done bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  role name NOT NULL,
  session_role name NOT NULL,
  client text NOT NULL,
  error text,
  private boolean NOT NULL,
  phases int NOT NULL,
  phases_done int NOT NULL,
  step_ms real[] NOT NULL,
  goal text[] NOT NULL DEFAULT '{}',
  filled text[] NOT NULL DEFAULT '{}',
  changed_types text[] NOT NULL DEFAULT '{}',
  changed_identities text[] NOT NULL DEFAULT '{}',
  changed_commands text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE pgschema.applied IS 'every apply, empty ones too, with how long each step took (step_ms, in their order) what the text was about and, until all phases are done, what it is to lead to (goal) and which rows have got their values (filled), and which objects it changed (changed_types, changed_identities, changed_commands); written by pgschema_apply only, read through pgschema.history';

CREATE TABLE pgschema.kept (
  version bigint REFERENCES pgschema.applied ON DELETE CASCADE,
  schema name,
  objects bytea REFERENCES pgschema.text,
  extensions text[] NOT NULL,
  problem text,
  PRIMARY KEY (schema, version)
);
COMMENT ON TABLE pgschema.kept IS
  'what there was in a schema after an apply, for pgschema_dump(schemas, version): a list of hashes in pgschema.text; none where the schema did not exist, or where problem says why it could not be written';
-- Not dumped: it speaks of this database's catalog.
CREATE TABLE pgschema.settled (
  schemas name[],
  role oid,
  circumstances bytea NOT NULL,
  desired bytea NOT NULL,
  comparable bytea NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (schemas, role)
);
COMMENT ON TABLE pgschema.settled IS
  'of the last apply of some schemas by a role: what need not be evaluated again as long as nothing changes; may be emptied at any time';
SELECT pg_catalog.pg_extension_config_dump('pgschema.text', '');
SELECT pg_catalog.pg_extension_config_dump('pgschema.applied', '');
SELECT pg_catalog.pg_extension_config_dump('pgschema.applied_version_seq', '');
SELECT pg_catalog.pg_extension_config_dump('pgschema.kept', '');

CREATE VIEW pgschema.history WITH (security_barrier) AS
SELECT a.version, a.fingerprint, a.status, a.schemas, d.content AS desired, s.content AS script, a.steps_done, a.started_at, a.finished_at,
       a.role, a.session_role, a.client,
       -- It may quote values of rows.
       CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = a.role AND pg_catalog.pg_has_role(r.oid, 'USAGE')) THEN a.error END AS error, a.phases, a.phases_done, a.step_ms
FROM pgschema.applied a
JOIN pgschema.text d ON d.hash = a.desired
JOIN pgschema.text s ON s.hash = a.script
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.unnest(a.schemas) AS n(name)
  LEFT JOIN pg_catalog.pg_namespace p ON p.nspname = n.name
  -- One that is gone, or that an apply was to make and did not.
  WHERE NOT CASE WHEN p.oid IS NULL THEN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = a.role AND pg_catalog.pg_has_role(r.oid, 'USAGE'))
    ELSE pg_catalog.has_schema_privilege(p.oid, 'USAGE') END)
  AND (pg_catalog.cardinality(a.schemas) OPERATOR(pg_catalog.>) 0 AND NOT a.private OR EXISTS (
    SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = a.role AND pg_catalog.pg_has_role(r.oid, 'USAGE')));
COMMENT ON VIEW pgschema.history IS
  'who applied what, when and from where; one sees the rows about schemas on which one has USAGE, and of those that speak of user mappings or subscriptions, and of errors, only what a role of one''s own has applied';
GRANT SELECT ON pgschema.history TO PUBLIC;

CREATE VIEW pgschema.progress AS
SELECT phase.pid, a.usename AS role, a.application_name AS application, a.query_start AS started_at,
  phase.classid::bigint::int AS phase, phase.objid::bigint::int AS phases, step.classid::bigint::int AS step, step.objid::bigint::int AS steps,
  pg_catalog.to_timestamp(since.classid::bigint) AS step_since, nullif(pg_catalog.pg_blocking_pids(coalesce(worker.pid, phase.pid)), '{}') AS waiting_for,
  i.phase AS index_phase, i.blocks_done, i.blocks_total
FROM pg_catalog.pg_locks phase
JOIN pg_catalog.pg_database d ON d.oid = phase.database AND d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_locks step ON step.locktype = 'advisory' AND step.objsubid = 4 AND step.pid = phase.pid AND step.database = phase.database
LEFT JOIN pg_catalog.pg_locks since ON since.locktype = 'advisory' AND since.objsubid = 6 AND since.pid = phase.pid AND since.database = phase.database
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = phase.pid
-- What runs at top level only runs in a process of its own.
LEFT JOIN pg_catalog.pg_stat_activity worker ON worker.backend_type = 'pgschema' AND worker.application_name = 'pgschema for ' || phase.pid
LEFT JOIN pg_catalog.pg_stat_progress_create_index i ON i.pid = coalesce(worker.pid, phase.pid)
WHERE phase.locktype = 'advisory' AND phase.objsubid = 5;
COMMENT ON VIEW pgschema.progress IS
  'the applies that run in this database: which phase, which step of how many and since when, the processes that it waits for, and of an index how much is built';
GRANT SELECT ON pgschema.progress TO PUBLIC;

CREATE FUNCTION pgschema.storageless(internal) RETURNS table_am_handler
  AS 'MODULE_PATHNAME', 'pgschema_sql_storageless'
  LANGUAGE C STRICT IMMUTABLE;
COMMENT ON FUNCTION pgschema.storageless(internal) IS 'of the access method pgschema_shadow';

CREATE ACCESS METHOD pgschema_shadow TYPE TABLE HANDLER pgschema.storageless;
COMMENT ON ACCESS METHOD pgschema_shadow IS
  'heap without storage: of the tables that a plan makes to understand a text, and undoes; 0A000 for everybody else';

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
  'what would bring the database to the desired state, proven on a copy that nobody sees; schemas: about which the text is the whole truth (NULL: it speaks only of what it names); format: text, summary, sql or json';

CREATE FUNCTION pgschema_steps(desired text, schemas name[] DEFAULT NULL, strategy text DEFAULT NULL)
  RETURNS TABLE (step int, phase int, action text, command text, object_type text, identity text, reason text, lock text,
                 hazards text[], details jsonb, statement text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_steps'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_steps(text, name[], text) IS
  'the statements of a plan, one row each, in their order; details: object, typtype, role, bytes, rows, hazards, where there is something to say';

REVOKE EXECUTE ON FUNCTION pgschema_plan(text, name[], text, text), pgschema_steps(text, name[], text) FROM PUBLIC;

CREATE PROCEDURE pgschema_apply(desired text, schemas name[] DEFAULT NULL, expect text DEFAULT NULL, allow text[] DEFAULT '{}',
                                strategy text DEFAULT NULL, lock_timeout interval DEFAULT NULL, retries int DEFAULT NULL,
                                until_phase int DEFAULT NULL, INOUT applied_version bigint DEFAULT NULL)
  AS 'MODULE_PATHNAME', 'pgschema_sql_apply'
  LANGUAGE C;

COMMENT ON PROCEDURE pgschema_apply(text, name[], text, text[], text, interval, int, int, bigint) IS
  'brings the database to the desired state: plans, checks, runs, verifies and records, all or nothing; schemas as in pgschema_plan(); expect: the fingerprint of the reviewed plan; allow: hazards that are accepted; all locks are taken first, lock_timeout: for all of them together, retries: how often it is tried again after all were given up (55P03 in the end); strategy online: in phases that commit one after the other, until_phase: stop after this one, the same call goes on';

REVOKE EXECUTE ON PROCEDURE pgschema_apply(text, name[], text, text[], text, interval, int, int, bigint) FROM PUBLIC;

CREATE FUNCTION pgschema_plan_each(desired text, schemas name[], strategy text DEFAULT NULL)
  RETURNS TABLE (schema name, shape text, fingerprint text, changes int, hazards text[])
  AS 'MODULE_PATHNAME', 'pgschema_sql_plan_each'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_plan_each(text, name[], text) IS
  'the plans of one text for many schemas, each by itself, as pgschema_plan(desired, schema) would make it; shape: the fingerprint without the name of the schema, the same for schemas that are alike; changes: how many objects; hazards: their names';

CREATE PROCEDURE pgschema_apply_each(desired text, schemas name[], expect_shapes text[] DEFAULT NULL, allow text[] DEFAULT '{}',
                                     strategy text DEFAULT NULL, lock_timeout interval DEFAULT NULL, retries int DEFAULT NULL,
                                     on_error text DEFAULT 'stop', INOUT applied int DEFAULT NULL, INOUT failed int DEFAULT NULL)
  AS 'MODULE_PATHNAME', 'pgschema_sql_apply_each'
  LANGUAGE C;

COMMENT ON PROCEDURE pgschema_apply_each(text, name[], text[], text[], text, interval, int, text, int, int) IS
  'applies one text to many schemas, one after the other, and commits after each; expect_shapes: shapes of pgschema_plan_each() that were reviewed, any other plan is refused, but an empty one; on_error: stop, or continue, with a warning each; the others as in pgschema_apply(). applied, failed: how many. After a failure the same call goes on: what is done already has nothing to change';

REVOKE EXECUTE ON FUNCTION pgschema_plan_each(text, name[], text) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE pgschema_apply_each(text, name[], text[], text[], text, interval, int, text, int, int) FROM PUBLIC;

CREATE FUNCTION pgschema_dependents(object text)
  RETURNS TABLE (depth int, object_type text, identity text, dependency text, path text[])
  AS 'MODULE_PATHNAME', 'pgschema_sql_dependents'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_dependents(text) IS 'everything that depends on an object, directly or not, nearest first';

CREATE FUNCTION pgschema_dependencies(object text)
  RETURNS TABLE (depth int, object_type text, identity text, dependency text, path text[])
  AS 'MODULE_PATHNAME', 'pgschema_sql_dependencies'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_dependencies(text) IS 'everything that an object depends on, directly or not, nearest first';

CREATE FUNCTION pgschema_dump(schemas name[] DEFAULT NULL, version bigint DEFAULT NULL) RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'pgschema_sql_dump'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10000;

COMMENT ON FUNCTION pgschema_dump(name[], bigint) IS
  'whole schemas (by default all but those of the system and of extensions) as a script that makes them, line by line, in an order that runs: owners, privileges, comments, everything but rows; planning with it is empty. version: as the schemas stood after that apply, from pgschema.history. 3F000 for a schema that does not exist, 0A000 for what cannot be written; with version, 42704 for one that is not in the history, 55000 where the history does not cover a schema';

CREATE FUNCTION pgschema_dump_objects(schemas name[] DEFAULT NULL, version bigint DEFAULT NULL)
  RETURNS TABLE (object_type text, identity text, file text, definition text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_dump_objects'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000;

COMMENT ON FUNCTION pgschema_dump_objects(name[], bigint) IS
  'what pgschema_dump() shows, a row for each object with all that belongs to it; file: a path that it may be kept under';

CREATE FUNCTION pgschema_definition(object text) RETURNS text
  AS 'MODULE_PATHNAME', 'pgschema_sql_definition'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION pgschema_definition(text) IS
  'one object with all that belongs to it (owner, grants, comments, indexes, triggers …), as statements that make it';

CREATE FUNCTION pgschema_references(object text)
  RETURNS TABLE (line int, object_type text, identity text, certainty text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_references'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 20;

COMMENT ON FUNCTION pgschema_references(text) IS
  'what the body of a function in PL/pgSQL or SQL refers to, line by line; certainty: certain, probable (types are not known before it runs), dynamic (in the text of an EXECUTE), unread (an EXECUTE whose text is not known, or another language)';

CREATE FUNCTION pgschema_check(schemas name[] DEFAULT NULL)
  RETURNS TABLE (object_type text, identity text, line int, problem text, hint text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_check'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;

COMMENT ON FUNCTION pgschema_check(name[]) IS
  'what is wrong in some schemas (by default all but those of the system and of extensions): bodies of functions that would fail, indexes that are not valid, constraints that are not validated, materialized views that are not populated; 3F000 for a schema that does not exist';

CREATE FUNCTION pgschema_why(object text, on_object text)
  RETURNS TABLE (path int, step int, object_type text, identity text, dependency text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_why'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 10;

COMMENT ON FUNCTION pgschema_why(text, text) IS
  'why one object depends on another: the shortest paths (at most 100), step by step from the first to the second; dependency: how the step before depends on this one (normal, auto, internal, partition, body). No rows where it does not';

CREATE FUNCTION pgschema_graph(schemas name[] DEFAULT NULL, format text DEFAULT 'mermaid', root text DEFAULT NULL) RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'pgschema_sql_graph'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;

COMMENT ON FUNCTION pgschema_graph(name[], text, text) IS
  'what depends on what in some schemas (by default all but those of the system and of extensions), line by line, as mermaid or dot; dotted: found in the body of a function; root: instead, one object with all that it needs and all that needs it';

CREATE TABLE pgschema.guarded (
  schema name PRIMARY KEY,
  mode text NOT NULL CHECK (mode IN ('record', 'warn', 'enforce')),
  role name NOT NULL,
  since timestamptz NOT NULL
);
COMMENT ON TABLE pgschema.guarded IS 'the schemas that pgschema_guard() watches; written by it only';
-- Not dumped: OIDs and definitions of this database's objects.
CREATE TABLE pgschema.guarded_oid (
  schema name PRIMARY KEY REFERENCES pgschema.guarded ON UPDATE CASCADE ON DELETE CASCADE,
  oid oid NOT NULL
);
COMMENT ON TABLE pgschema.guarded_oid IS 'by which a watched schema is known, whatever it is called';
CREATE TABLE pgschema.known (
  classid oid,
  objid oid,
  schema name NOT NULL,
  definition bytea NOT NULL,
  PRIMARY KEY (classid, objid)
);
COMMENT ON TABLE pgschema.known IS 'what the objects of watched schemas were when pgschema last saw them: what the log shows as before';

CREATE TABLE pgschema.logged (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  role name NOT NULL,
  session_role name NOT NULL,
  client text NOT NULL,
  schema name NOT NULL,
  command text NOT NULL,
  object_type text NOT NULL,
  identity text NOT NULL,
  whole text NOT NULL,
  statement text,
  version bigint,
  reason text,
  before bytea,
  after bytea
);
CREATE INDEX ON pgschema.logged (at);
COMMENT ON TABLE pgschema.logged IS 'DDL on watched schemas; whole: the object that identity is a part of; written by pgschema only, read through pgschema.ddl_log';
SELECT pg_catalog.pg_extension_config_dump('pgschema.guarded', '');
SELECT pg_catalog.pg_extension_config_dump('pgschema.logged', '');
SELECT pg_catalog.pg_extension_config_dump('pgschema.logged_id_seq', '');

CREATE VIEW pgschema.guard AS SELECT schema, mode, role, since FROM pgschema.guarded;
COMMENT ON VIEW pgschema.guard IS 'the schemas that are watched, how, by whom and since when';
GRANT SELECT ON pgschema.guard TO PUBLIC;

CREATE VIEW pgschema.ddl_log WITH (security_barrier) AS
SELECT l.id, l.at, l.role, l.session_role, l.client, l.schema, l.command, l.object_type, l.identity, l.statement, l.version, l.reason,
       pg_catalog.left(pg_catalog.encode(l.before, 'hex'), 32) AS fingerprint_before, pg_catalog.left(pg_catalog.encode(l.after, 'hex'), 32) AS fingerprint_after,
       b.content AS before, a.content AS after
FROM pgschema.logged l LEFT JOIN pgschema.text b ON b.hash = l.before LEFT JOIN pgschema.text a ON a.hash = l.after
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = l.schema
WHERE CASE WHEN n.oid IS NOT NULL THEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  ELSE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = l.role AND pg_catalog.pg_has_role(r.oid, 'USAGE')) END;
COMMENT ON VIEW pgschema.ddl_log IS
  'who did what to watched schemas, when, from where: each object with its definition before and after (those of its table, for a part), and their fingerprints; version: of the apply that did it; reason: pgschema.break_glass. One sees the rows about schemas on which one has USAGE';
GRANT SELECT ON pgschema.ddl_log TO PUBLIC;

CREATE VIEW pgschema.changes WITH (security_barrier) AS
SELECT l.at, l.role, l.client, l.object_type, l.identity, l.command, l.version, l.before, l.after FROM pgschema.ddl_log l
UNION ALL
SELECT h.finished_at, h.role, h.client, c.object_type, c.identity, c.command, h.version, NULL, NULL
FROM pgschema.history h JOIN pgschema.applied a USING (version)
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(a.changed_types), pg_catalog.unnest(a.changed_identities), pg_catalog.unnest(a.changed_commands)) AS c (object_type, identity, command)
WHERE h.status = 'applied' AND NOT EXISTS (SELECT FROM pgschema.logged l WHERE l.version = h.version);
COMMENT ON VIEW pgschema.changes IS
  'what was changed, by pgschema and behind its back, object by object: the log of watched schemas, and the applies that it does not have';
GRANT SELECT ON pgschema.changes TO PUBLIC;

CREATE FUNCTION pgschema.guard_start() RETURNS event_trigger AS 'MODULE_PATHNAME', 'pgschema_sql_guard_start' LANGUAGE C;
COMMENT ON FUNCTION pgschema.guard_start() IS 'of the event trigger pgschema_guard_start';
CREATE FUNCTION pgschema.guard_end() RETURNS event_trigger AS 'MODULE_PATHNAME', 'pgschema_sql_guard_end' LANGUAGE C;
COMMENT ON FUNCTION pgschema.guard_end() IS 'of the event trigger pgschema_guard_end';
CREATE FUNCTION pgschema.guard_drop() RETURNS event_trigger AS 'MODULE_PATHNAME', 'pgschema_sql_guard_drop' LANGUAGE C;
COMMENT ON FUNCTION pgschema.guard_drop() IS 'of the event trigger pgschema_guard_drop';

CREATE FUNCTION pgschema_guard(schemas name[], mode text) RETURNS void
  AS 'MODULE_PATHNAME', 'pgschema_sql_guard'
  LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION pgschema_guard(name[], text) IS
  'watches schemas: record writes DDL that is not pgschema''s into pgschema.ddl_log, warn says so too, enforce refuses it, off ends it. For superusers. The first use creates the event triggers pgschema_guard_start, _end and _drop, which go with the extension; 22023 for another mode, 3F000 for a schema that does not exist';
REVOKE EXECUTE ON FUNCTION pgschema_guard(name[], text) FROM PUBLIC;

CREATE FUNCTION pgschema_drift(schemas name[] DEFAULT NULL)
  RETURNS TABLE (object_type text, identity text, change text, applied_definition text, live_definition text, changed_by name, changed_at timestamptz, command text)
  AS 'MODULE_PATHNAME', 'pgschema_sql_drift'
  LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION pgschema_drift(name[]) IS
  'what is live and what pgschema last applied, object by object, where they differ (created, changed, dropped); by whom, when and how where pgschema.ddl_log knows. By default all schemas that were ever applied; 55000 for one that never was';
