-- Tables that a body makes for itself.
SET search_path = app;

CREATE FUNCTION made_inside() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  CREATE TEMP TABLE found AS SELECT id, note FROM calls; --> calls, calls.id, calls.note
  INSERT INTO found SELECT id, name FROM units;      --> units, units.id, units.name
  SELECT note INTO r FROM found WHERE id = 1;
  RETURN f(r.note);                                  --> f(text)
END $$;

CREATE FUNCTION hides_a_table() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMPORARY TABLE calls (k int, m mood, s serial) ON COMMIT DROP;
  UPDATE calls SET k = one(k);                       --> one(integer)
  DELETE FROM pg_temp.calls WHERE k > 1;
  RETURN (SELECT max(c.k) FROM calls c JOIN app.units u ON u.id = c.k); --> units, units.id
END $$;

CREATE FUNCTION like_another() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE IF NOT EXISTS copied (LIKE units INCLUDING ALL, more int);
  CREATE INDEX ON copied (more);
  PERFORM f(name), f(more) FROM copied;              --> f(text), f(integer)
  DROP TABLE copied;
  RETURN 1;
END $$;

CREATE FUNCTION of_unknown_shape() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE child () INHERITS (units);
  RETURN (SELECT max(f(x)) FROM child, calls WHERE calls.id = 1); --> calls, f(integer)?, f(text)?
END $$;

CREATE FUNCTION made_by_another() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FROM found);
END $$;

CREATE FUNCTION altered() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE w (id int) ON COMMIT DROP;
  ALTER TABLE w ADD COLUMN z int;
  UPDATE w SET z = (SELECT max(prio) FROM calls WHERE id = w.id); --> calls, calls.prio, calls.id
  ALTER TABLE w RENAME COLUMN z TO y;
  ALTER TABLE w RENAME TO renamed;
  RETURN (SELECT f(max(y)) FROM renamed);            --> f(integer)
END $$;

CREATE FUNCTION hides_for_a_while() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE calls AS SELECT 1 AS shadow;
  PERFORM shadow FROM calls;
  DROP TABLE pg_temp.calls;
  RETURN (SELECT count(note) FROM calls);            --> calls, calls.note
END $$;

CREATE FUNCTION hides_perhaps(b bool) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF b THEN
    CREATE TEMP TABLE units AS SELECT 1 AS shadow;
    RETURN (SELECT shadow FROM units);
  END IF;
  RETURN (SELECT id FROM units);                     --> units, units.id
END $$;

CREATE FUNCTION hides_in_one_of_two(b bool) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF b THEN
    CREATE TEMP TABLE units AS SELECT 1 AS shadow;
  END IF;
  RETURN (SELECT shadow FROM units);                 --> units?
END $$;

CREATE FUNCTION other_relations() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP SEQUENCE made_sequence;                --> unread
  CREATE TEMP VIEW made_view (k) AS SELECT id FROM calls; --> calls, calls.id
  PERFORM f(k) FROM made_view;                       --> f(integer)
  RETURN nextval('made_sequence') + (SELECT last_value FROM made_sequence);
END $$;

CREATE FUNCTION made_by_a_text(n text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT 1 FROM %I', n);             --> unread
  PERFORM 1 FROM not_yet;                            --# relation "not_yet" does not exist
  EXECUTE format('CREATE TEMP TABLE %I (a int)', n); --> unread
  RETURN (SELECT count(a) FROM made_dynamically);
END $$;

CREATE FUNCTION made_by_another_or_a_session() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(a) FROM pg_temp.by_other);
END $$;
