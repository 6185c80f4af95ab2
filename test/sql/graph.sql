-- pgschema_graph and pgschema_check: what depends on what, and what is wrong.
CREATE SCHEMA app;
CREATE SCHEMA "Other ""one""";
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.areas (id int PRIMARY KEY);
CREATE TABLE app.calls (id int PRIMARY KEY, area int REFERENCES app.areas, state app.mood DEFAULT 'ok');
CREATE VIEW app.open_calls AS SELECT id FROM app.calls WHERE state = 'sad';
CREATE FUNCTION app.close(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app.calls SET state = 'ok' WHERE id = n;
  PERFORM count(*) FROM app.open_calls;
END $$;
CREATE MATERIALIZED VIEW "Other ""one""".per_area AS SELECT area, count(*) FROM app.calls GROUP BY area;
CREATE FUNCTION app.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM app.close(NEW.id); RETURN NEW; END $$;
CREATE TRIGGER log AFTER INSERT ON app.calls FOR EACH ROW EXECUTE FUNCTION app.log();
SELECT * FROM pgschema_graph(ARRAY['app', 'Other "one"']);
SELECT * FROM pgschema_graph('{app}', 'dot');
SELECT * FROM pgschema_graph(root => 'app.open_calls');
SELECT * FROM pgschema_graph('{app}', 'svg');
SELECT * FROM pgschema_graph('{nowhere}');

SELECT * FROM pgschema_check(ARRAY['app', 'Other "one"']);
ALTER TABLE app.areas ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
REFRESH MATERIALIZED VIEW "Other ""one""".per_area WITH NO DATA;
DROP VIEW app.open_calls;
SELECT * FROM pgschema_check(ARRAY['app', 'Other "one"']);
SELECT * FROM pgschema_check('{app}');
SELECT * FROM pgschema_check('{nowhere}');
SELECT * FROM pgschema_references('app.close(integer)');
SELECT * FROM pgschema_references('app.calls');
SELECT depth, identity, dependency FROM pgschema_dependents('type app.mood');
DROP SCHEMA app, "Other ""one""" CASCADE;
