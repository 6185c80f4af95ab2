\restrict it's
SET search_path = app, public;
-- pgschema: file a.sql
CREATE TYPE app.status AS ENUM ('new', 'it''s'); -- pgschema: value 'pending' becomes 'new'
/* nested /* comment */ */
CREATE TABLE app.calls (
    id bigint GENERATED ALWAYS AS IDENTITY,
    prio bigint, -- pgschema: renamed from priority, "Urgency"
    note text DEFAULT E'a\'b\\' || U&'\0041' UESCAPE '!'
);
-- pgschema: renamed from old_root
CREATE OR REPLACE VIEW app.root AS SELECT * FROM app.calls WHERE prio > $1 AND note ~ '^;';
CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END;
    SELECT a;
END;
CREATE FUNCTION app.g() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN NULL; -- $$
END $body$;
CREATE RULE r AS ON INSERT TO app.root DO INSTEAD (DELETE FROM app.calls; SELECT 1);
COPY app.calls (id, note) FROM stdin;
1	it's; "x" $$
\.
-- pgschema: ignore function app.tmp_*
GRANT SELECT (id) ON app.calls TO "Ann";
\echo done
