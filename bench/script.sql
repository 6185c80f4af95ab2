\set change `cat demo/change.sql`
SELECT pgschema_plan(:'change', format => 'sql');
