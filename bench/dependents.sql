-- Twice in one session, like bench/plan.sql.
\o /dev/null
\timing on
SELECT * FROM pgschema_dependents('app.v_calls');
SELECT * FROM pgschema_dependents('app.v_calls');
