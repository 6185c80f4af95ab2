-- The plan of the change, in the format that is asked for.
\set change `cat demo/change.sql`
SELECT pgschema_plan(:'change', format => :'format');
