-- Quoted bodies in SQL.
SET search_path = app;

CREATE FUNCTION several(n int, t text) RETURNS int LANGUAGE sql AS $$
  INSERT INTO log (call, what) VALUES (n, $2);       --> log, log.call, log.what
  UPDATE calls SET note = t                          --> calls, calls.note
    WHERE several.n = id;                            --> calls.id
  -- the last one is the result
  SELECT f(t) + f(n) FROM open_calls                 --> f(text), f(integer), open_calls
    ORDER BY prio;                                   --> open_calls.prio
$$;

CREATE FUNCTION with_defaults(n int DEFAULT 1, VARIADIC more int[] DEFAULT '{}') RETURNS SETOF calls LANGUAGE sql AS $$
  SELECT * FROM calls WHERE id = n OR id = ANY (more) --> calls, calls.id
$$;

CREATE FUNCTION of_any(a anyelement) RETURNS anyelement LANGUAGE sql AS $$
  SELECT a FROM calls WHERE prio = 3                 --> calls, calls.prio
$$;

CREATE PROCEDURE calling(n int) LANGUAGE sql AS $$
  CALL do_it(n, NULL);                               --> do_it(integer,integer)
  TRUNCATE log                                       --> log
$$;

CREATE FUNCTION windows() RETURNS SETOF bigint LANGUAGE sql AS $$
  SELECT sum(prio) OVER w                            --> calls.prio
  FROM calls                                         --> calls
    LEFT JOIN LATERAL (SELECT total(u.id) FROM units u WHERE u.area = calls.area) x ON true --> total(integer), units, units.id, units.area, calls.area
    CROSS JOIN events TABLESAMPLE SYSTEM (10)        --> events
  WINDOW w AS (PARTITION BY state ORDER BY calls.id)       --> calls.state, calls.id
$$;

CREATE FUNCTION parsed_already() RETURNS int LANGUAGE sql RETURN (SELECT max(id) FROM app.calls);
