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
