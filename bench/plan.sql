-- Twice in one session: the first call also loads the module and fills the server's caches.
\set change `cat demo/change.sql`
\o /dev/null
\timing on
SELECT pgschema_plan(:'change');
SELECT pgschema_plan(:'change');
