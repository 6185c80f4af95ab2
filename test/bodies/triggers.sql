-- NEW and OLD are rows of the tables that call.
SET search_path = app;

CREATE FUNCTION on_calls() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.prio IS DISTINCT FROM OLD.prio THEN --> calls.prio
    INSERT INTO log (call, what) VALUES (NEW.id, f(NEW.note)); --> log, log.call, log.what, calls.id, calls.note, f(text)
  END IF;
  NEW.at := now();                                   --> calls.at
  r := NEW;
  PERFORM f(r.note);                                 --> f(text), calls.note
  SELECT name INTO NEW.note FROM units WHERE id = OLD.area; --> units, units.name, units.id, calls.area, calls.note
  RETURN NEW;
END $$;
CREATE TRIGGER on_calls BEFORE INSERT OR UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION on_calls();

CREATE FUNCTION on_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM f(NEW.id);                                 --> calls.id, units.id, f(integer)
  RETURN NULL;
END $$;
CREATE TRIGGER on_both AFTER INSERT ON calls FOR EACH ROW EXECUTE FUNCTION on_both();
CREATE TRIGGER on_both AFTER INSERT ON units FOR EACH ROW EXECUTE FUNCTION on_both();

CREATE FUNCTION on_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log (call) SELECT n.id FROM added n JOIN removed o USING (id); --> log, log.call
  RETURN NULL;
END $$;
CREATE TRIGGER on_statement AFTER UPDATE ON calls REFERENCING NEW TABLE AS added OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION on_statement();

CREATE FUNCTION by_nobody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE calls SET note = NEW.whatever WHERE id = NEW.id + 1; --> calls, calls.note, calls.id
  RETURN NEW;
END $$;

CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    INSERT INTO log (what) VALUES (r.command_tag || TG_TAG); --> log, log.what
  END LOOP;
END $$;
