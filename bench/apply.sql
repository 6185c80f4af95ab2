\set change `cat demo/change.sql`
\o /dev/null
\timing on
CALL pgschema_apply(:'change', allow => '{all}');
