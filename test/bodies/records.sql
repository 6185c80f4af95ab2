-- What a record is, from what was assigned to it.
SET search_path = app;

CREATE FUNCTION one_record_twice() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
  n int;
BEGIN
  SELECT id AS x INTO r FROM calls;                  --> calls, calls.id
  n := f(r.x);                                       --> f(integer)
  SELECT name AS x INTO r FROM units;                --> units, units.name
  n := f(r.x);                                       --> f(text)
  RETURN n;
END $$;

CREATE FUNCTION either(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  IF n > 0 THEN
    SELECT id AS x INTO r FROM calls;                --> calls, calls.id
  ELSE
    SELECT name AS x INTO r FROM units;              --> units, units.name
  END IF;
  RETURN f(r.x);                                     --> f(text)?
END $$;

CREATE FUNCTION the_same_either_way(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  IF n > 0 THEN
    SELECT id AS x INTO r FROM calls;                --> calls, calls.id
  ELSE
    SELECT area AS x INTO r FROM units;              --> units, units.area
  END IF;
  RETURN f(r.x);                                     --> f(integer)
END $$;

CREATE FUNCTION around_a_loop() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
  n int := 0;
BEGIN
  SELECT id AS x INTO r FROM calls;                  --> calls, calls.id
  LOOP
    n := n + f(r.x);                                 --> f(text)?
    SELECT name AS x INTO r FROM units;              --> units, units.name
    EXIT WHEN n > 3;
  END LOOP;
  RETURN n;
END $$;

CREATE FUNCTION never_known(t text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE t INTO r;                                  --> unread
  IF r.a + r.b > one(r.c) THEN                       --> one(integer)?
    UPDATE calls SET prio = r.d WHERE id = r.e;      --> calls, calls.prio, calls.id
  END IF;
  RETURN r.x[1];
END $$;

CREATE FUNCTION of_rows() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  c calls;                                           --> calls
  p pair;                                            --> pair
  d record := row(1, 'x');
  e record;
BEGIN
  c.note := 'x';                                     --> calls.note
  p := ROW(1, 'b')::pair;                            --> pair
  p := p &+& p;                                      --> &+&(app.pair,app.pair)
  e := p;
  SELECT id, note INTO c.id, c.note FROM calls;      --> calls, calls.id, calls.note
  RETURN f(c.prio) + f(p.b) + (SELECT (x).a FROM pairs() x) + c.id; --> f(integer), f(text), calls.prio, calls.id, pair.a, pair.b, pairs()
END $$;

CREATE FUNCTION rows_from_functions() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  SELECT prio, note INTO r FROM rows_of(1);          --> rows_of(integer), calls.prio, calls.note
  RETURN f(r.note) + (SELECT a FROM pairs());        --> f(text), pairs(), pair.a
END $$;

CREATE FUNCTION nested(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT id FROM calls LOOP                 --> calls, calls.id
    FOR r IN SELECT name FROM units LOOP             --> units, units.name
      n := f(r.name);                                --> f(text)
    END LOOP;
  END LOOP;
  BEGIN
    SELECT what INTO r FROM log;                     --> log, log.what
    n := f(r.what);                                  --> f(text)
  EXCEPTION WHEN OTHERS THEN
    n := one(1);                                     --> one(integer)
  END;
  RETURN n;
END $$;

CREATE FUNCTION polymorphic(a anyelement, b anyarray) RETURNS anyelement LANGUAGE plpgsql AS $$
BEGIN
  PERFORM f(a) FROM calls WHERE tags @> b AND note = a; --> f(text)?, calls, calls.tags, calls.note
  RETURN a;
END $$;

CREATE FUNCTION with_outputs(n int, OUT a int, OUT b text) LANGUAGE plpgsql AS $$
BEGIN
  SELECT id, note INTO a, b FROM calls WHERE prio = $1; --> calls, calls.id, calls.note, calls.prio
  b := f(b)::text || f(a);                           --> f(text), f(integer)
END $$;

CREATE FUNCTION as_table(n int) RETURNS TABLE (x int, y mood) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT id, state FROM calls WHERE f(x) = n; --> calls, calls.id, calls.state, f(integer)
END $$;

CREATE FUNCTION targets_by_field() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c calls%ROWTYPE;                                   --> calls
BEGIN
  UPDATE shapes SET at.a = 1, parts[1].b = 'x' WHERE id = 2; --> shapes, shapes.at, shapes.parts, shapes.id, pair.a, pair.b
  INSERT INTO shapes (id, at.b) VALUES (1, 'y');     --> shapes, shapes.id, shapes.at, pair.b
  GET DIAGNOSTICS c.prio = ROW_COUNT;                --> calls.prio
  FOREACH c.note IN ARRAY ARRAY['a'] LOOP            --> calls.note
    NULL;
  END LOOP;
END $$;

CREATE FUNCTION fields_that_are_not() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE shapes SET at.gone = 1;                     --> shapes --# cannot assign to field "gone" of column "at" because there is no such column in data type pair
  INSERT INTO log VALUES (1, 2, 'x', 'y', 5);        --> log --# INSERT has more expressions than target columns
END $$;

CREATE FUNCTION opener() RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE
  c refcursor;
BEGIN
  OPEN c FOR SELECT name AS only_here FROM units;    --> units, units.name
  RETURN c;
END $$;

CREATE FUNCTION cursors_of_branches(b bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c refcursor;
  r record;
BEGIN
  IF b THEN
    OPEN c FOR SELECT id FROM calls;                 --> calls, calls.id
    FETCH c INTO r;
    PERFORM f(r.id);                                 --> f(integer)
    RETURN r.gone;                                   --# record "r" has no field "gone"
  ELSE
    OPEN c FOR SELECT name FROM units;               --> units, units.name
  END IF;
  FETCH c INTO r;
  RETURN r.name;
END $$;

CREATE FUNCTION cursor_of_another() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c refcursor;
  r record;
BEGIN
  OPEN c FOR SELECT id FROM calls;                   --> calls, calls.id
  CLOSE c;
  c := opener();                                     --> opener()
  FETCH c INTO r;
  PERFORM r.only_here;
  OPEN c FOR SELECT id FROM calls;                   --> calls, calls.id
  SELECT opener() INTO c;                            --> opener()
  FETCH c INTO r;
  RETURN r.only_here;
END $$;

CREATE PROCEDURE renewed(INOUT r record) LANGUAGE plpgsql AS $$
BEGIN
  SELECT 1 AS fresh INTO r;
END $$;

CREATE FUNCTION after_a_call() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  SELECT 5 AS old INTO r;
  CALL renewed(r);                                   --> renewed(record)
  RETURN r.fresh;
END $$;
