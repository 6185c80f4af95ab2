-- Every kind of statement of PL/pgSQL.
SET search_path = app;

CREATE FUNCTION assignments(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  a int := one(n);                                   --> one(integer)
  b calls.prio%TYPE;                                 --> calls, calls.prio
  c app.calls%ROWTYPE;                               --> calls
  d pair;                                            --> pair
  e mood = 'ok';                                     --> mood
  g text[] DEFAULT (SELECT array_agg(name) FROM units);  --> units, units.name
  h CONSTANT units.name%TYPE := 'x';                 --> units, units.name
  i code;                                            --> code
  j mood[];                                          --> mood
BEGIN
  a := f(a) + f('x');                                --> f(integer), f(text)
  c.prio := a;                                       --> calls.prio
  d.a := (SELECT max(id) FROM calls);                --> calls, calls.id, pair.a
  g[one(1)] := 'y';                                  --> one(integer)
  c := (SELECT k FROM calls k WHERE id = 1);         --> calls, calls.id
  RETURN a;
END $$;

CREATE FUNCTION conditions(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM calls WHERE id = n) THEN    --> calls, calls.id
    RETURN one(1);                                   --> one(integer)
  ELSIF (SELECT count(*) FROM log) > 3 THEN          --> log
    RETURN 2;
  ELSE
    PERFORM nextval('numbers');                      --> numbers
  END IF;
  CASE one(n)                                        --> one(integer)
    WHEN 1, 2 THEN
      RETURN (SELECT prio FROM open_calls LIMIT 1);  --> open_calls, open_calls.prio
    WHEN 3 THEN
      NULL;
    ELSE
      DELETE FROM log;                               --> log
  END CASE;
  CASE
    WHEN n > (SELECT max(prio) FROM calls) THEN      --> calls, calls.prio
      RETURN 3;
  END CASE;
  RETURN 0;
END $$;

CREATE FUNCTION loops(n int) RETURNS SETOF int LANGUAGE plpgsql AS $$
DECLARE
  r record;
  u units;                                           --> units
  x int;
  t text;
BEGIN
  LOOP
    EXIT WHEN n > (SELECT max(id) FROM calls);       --> calls, calls.id
  END LOOP;
  WHILE n < one(5) LOOP                              --> one(integer)
    CONTINUE WHEN EXISTS (SELECT FROM log WHERE log.id = n); --> log, log.id
    n := n + 1;
  END LOOP;
  FOR i IN one(1) .. (SELECT count(*) FROM units) BY one(2) LOOP --> one(integer), units
    RETURN NEXT i;
  END LOOP;
  FOR r IN SELECT id, name FROM units LOOP           --> units, units.id, units.name
    RETURN NEXT f(r.id);                             --> f(integer)
    RETURN NEXT f(r.name);                           --> f(text)
  END LOOP;
  FOR u IN SELECT * FROM units LOOP                  --> units
    RETURN NEXT u.area;                              --> units.area
  END LOOP;
  FOR x, t IN SELECT call, what FROM log LOOP        --> log, log.call, log.what
    RETURN NEXT f(t) + f(x);                         --> f(text), f(integer)
  END LOOP;
  FOREACH x IN ARRAY (SELECT array_agg(area) FROM units) LOOP --> units, units.area
    RETURN NEXT x;
  END LOOP;
  FOREACH u IN ARRAY (SELECT array_agg(v) FROM units v) LOOP --> units
    RETURN NEXT u.id;                                --> units.id
  END LOOP;
  RETURN QUERY SELECT one(id) FROM calls;            --> calls, calls.id, one(integer)
  RETURN QUERY EXECUTE 'SELECT id FROM units';       --> units!, units.id!
END $$;

CREATE FUNCTION cursors() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  bound CURSOR FOR SELECT id, note FROM calls;       --> calls, calls.id, calls.note
  with_args CURSOR (k int, l calls.note%TYPE) FOR SELECT area FROM units WHERE id = k; --> units, units.area, units.id, calls, calls.note
  free refcursor;
  r record;
  n int;
BEGIN
  OPEN bound;
  FETCH bound INTO r;
  n := f(r.id) + f(r.note);                          --> f(integer), f(text)
  MOVE NEXT FROM bound;
  UPDATE calls SET prio = 1 WHERE CURRENT OF bound;  --> calls, calls.prio
  CLOSE bound;
  FOR r IN with_args(one(1), 'x') LOOP               --> one(integer)
    n := f(r.area);                                  --> f(integer)
  END LOOP;
  OPEN free FOR SELECT name FROM units;              --> units, units.name
  FETCH free INTO r;
  n := f(r.name);                                    --> f(text)
  CLOSE free;
  OPEN free FOR EXECUTE 'SELECT what FROM log WHERE id = $1' USING one(3); --> log!, log.what!, log.id!, one(integer)
  FETCH RELATIVE one(2) FROM free INTO n;            --> one(integer)
  RETURN n;
END $$;

CREATE FUNCTION messages() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  n int;
  s text;
BEGIN
  RAISE NOTICE 'there are %', (SELECT count(*) FROM calls); --> calls
  RAISE EXCEPTION USING MESSAGE = (SELECT name FROM units LIMIT 1), HINT = 'calls'; --> units, units.name
  ASSERT (SELECT count(*) FROM log) > 0, one(1)::text; --> log, one(integer)
  GET DIAGNOSTICS n = ROW_COUNT;
  GET STACKED DIAGNOSTICS s = MESSAGE_TEXT;
EXCEPTION
  WHEN unique_violation OR division_by_zero THEN
    INSERT INTO log VALUES (1, 2, SQLERRM);          --> log, log.id, log.call, log.what
  WHEN OTHERS THEN
    RAISE;
END $$;

CREATE PROCEDURE transactions() LANGUAGE plpgsql AS $$
DECLARE
  m int;
BEGIN
  CALL do_it(1, m);                                  --> do_it(integer,integer)
  COMMIT;
  CALL app.do_it(one(1), m);                         --> do_it(integer,integer), one(integer)
  ROLLBACK AND CHAIN;
  DO $d$ BEGIN DELETE FROM app.calls; END $d$;       --> unread
END $$;

CREATE FUNCTION writing(n int) RETURNS record LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  INSERT INTO calls (id, prio) VALUES (n, DEFAULT)   --> calls, calls.id, calls.prio
    ON CONFLICT (id) DO UPDATE SET note = excluded.note || calls.note  --> calls.id, calls.note
    WHERE calls.area > 1                             --> calls.area
    RETURNING id, note INTO r;                       --> calls.id, calls.note
  PERFORM f(r.note);                                 --> f(text)
  INSERT INTO calls SELECT id, area FROM units ON CONFLICT ON CONSTRAINT calls_note_key DO NOTHING; --> calls, calls.id, calls.prio, units, units.id, units.area, calls_note_key on app.calls
  UPDATE calls c SET (prio, note) = (SELECT id, name FROM units u WHERE u.area = c.area), --> calls, calls.prio, calls.note, units, units.id, units.name, units.area, calls.area
      tags[one(1)] = 'x'                             --> calls.tags, one(integer)
    FROM log l WHERE l.call = c.id RETURNING l.what INTO r; --> log, log.call, calls.id, log.what
  DELETE FROM calls USING units WHERE units.id = calls.area RETURNING calls.id INTO r; --> calls, units, units.id, calls.area, calls.id
  MERGE INTO calls t USING units s ON s.id = t.id    --> calls, units, units.id, calls.id
    WHEN MATCHED AND t.prio > 3 THEN UPDATE SET note = s.name --> calls.prio, calls.note, units.name
    WHEN NOT MATCHED THEN INSERT (id, note) VALUES (s.id, DEFAULT); --> calls.id, calls.note, units.id
  WITH gone AS (DELETE FROM log WHERE id = n RETURNING call, what) --> log, log.id, log.call, log.what
    INSERT INTO units (id, name) SELECT call, what FROM gone; --> units, units.id, units.name
  TRUNCATE log, units;                               --> log, units
  LOCK TABLE calls IN SHARE MODE;                    --> calls
  REFRESH MATERIALIZED VIEW per_day;                 --> per_day
  ALTER TABLE log DISABLE TRIGGER ALL;               --> log
  SELECT 1 FROM calls WHERE id = 1 FOR UPDATE;       --> calls, calls.id
  RETURN r;
END $$;

CREATE FUNCTION several_rows() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO units (id, name) VALUES (2, 1), (3, 'abc'), (DEFAULT, f(4)::text); --> units, units.id, units.name, f(integer)
  INSERT INTO units (id, name) VALUES (2, gone), (3, 4); --> units --# column "gone" does not exist
  INSERT INTO units (id, name) VALUES (2, 1), (3);   --> units --# VALUES lists must all be the same length
END $$;
