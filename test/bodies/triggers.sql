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

-- What stands in a branch is held against the callers that get there.
CREATE FUNCTION by_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'calls' THEN
    NEW.note := 'x';                                 --> calls.note
  ELSE
    NEW.name := 'y';                                 --> units.name
  END IF;
  CASE TG_TABLE_NAME
    WHEN 'calls', 'nothing' THEN NEW.prio := 1;      --> calls.prio
    ELSE NEW.gone := 2;                              --# record "new" has no field "gone"
  END CASE;
  IF TG_RELNAME IN ('units') AND TG_WHEN = 'BEFORE' AND NOT (TG_LEVEL = 'STATEMENT') THEN
    NEW.name := 'z';                                 --> units.name
  END IF;
  IF TG_TABLE_NAME = ANY (ARRAY['calls']) OR TG_OP = 'DELETE' THEN
    RETURN NULL;
  END IF;
  NEW.name := 'a';                                   --> units.name
  RETURN NEW;
END $$;
CREATE TRIGGER by_table BEFORE UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION by_table();
CREATE TRIGGER by_table BEFORE UPDATE ON units FOR EACH ROW EXECUTE FUNCTION by_table();

CREATE FUNCTION by_argument() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r record := NEW;
BEGIN
  IF TG_ARGV[0] = 'calls' THEN
    PERFORM NEW.prio, r.prio;                        --> calls.prio
    RETURN NEW;
  ELSIF TG_TABLE_NAME LIKE 'c%' THEN
    NEW.gone := 1;                                   --# record "new" has no field "gone"
  END IF;
  PERFORM NEW.name;                                  --> units.name
  RETURN NEW;
END $$;
CREATE TRIGGER by_argument BEFORE UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION by_argument('calls');
CREATE TRIGGER by_argument BEFORE UPDATE ON units FOR EACH ROW EXECUTE FUNCTION by_argument('units');

CREATE FUNCTION by_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (TG_OP = 'DELETE') THEN
    INSERT INTO log (what) SELECT o.note FROM old_table o;                       --> log, log.what
  ELSIF (TG_OP = 'UPDATE') THEN
    INSERT INTO log (what) SELECT f(n.note) FROM new_table n JOIN old_table o USING (id); --> log, log.what, f(text)
  ELSIF (TG_OP = 'INSERT') THEN
    INSERT INTO log (what) SELECT n.gone FROM new_table n;                       --> log --# column n.gone does not exist
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER by_event_1 AFTER INSERT ON calls REFERENCING NEW TABLE AS new_table FOR EACH STATEMENT EXECUTE FUNCTION by_event();
CREATE TRIGGER by_event_2 AFTER UPDATE ON calls REFERENCING OLD TABLE AS old_table NEW TABLE AS new_table FOR EACH STATEMENT EXECUTE FUNCTION by_event();
CREATE TRIGGER by_event_3 AFTER DELETE ON calls REFERENCING OLD TABLE AS old_table FOR EACH STATEMENT EXECUTE FUNCTION by_event();

CREATE FUNCTION by_a_table_that_does_not_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'others' THEN
    NEW.gone := 1;
    DELETE FROM log WHERE id = NEW.whatever;         --> log, log.id
    DELETE FROM log WHERE gone = 1;                  --> log --# column "gone" does not exist
    PERFORM 1 FROM rows_of_another_trigger;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER by_a_table_that_does_not_call BEFORE INSERT ON units FOR EACH ROW EXECUTE FUNCTION by_a_table_that_does_not_call();
