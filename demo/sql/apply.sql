-- The change, if it is still the plan that was shown.
\set change `cat demo/change.sql`
CALL pgschema_apply(:'change', expect => :'fingerprint', allow => :'allow');
