-- EXECUTE.
SET search_path = app;

CREATE FUNCTION literals(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE 'SELECT id, note FROM calls WHERE id = $1' INTO r USING one(n); --> calls!, calls.id!, calls.note!, one(integer)
  n := f(r.note);                                    --> f(text)
  EXECUTE 'UPDATE units SET name = ''x'' '           --> units!, units.name!, units.id!
       || 'WHERE id = 1';
  EXECUTE format('TRUNCATE log');                    --> log!
  EXECUTE $q$ DELETE FROM calls; DELETE FROM log $q$; --> calls!, log!
  FOR r IN EXECUTE 'SELECT area FROM units' LOOP     --> units!, units.area!
    n := f(r.area);                                  --> f(integer)
  END LOOP;
  RETURN n;
END $$;

CREATE FUNCTION unreadable(t text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  n int;
BEGIN
  EXECUTE 'SELECT count(*) FROM ' || quote_ident(t) INTO n; --> unread
  EXECUTE format('SELECT id FROM %I', t) INTO n;     --> unread
  EXECUTE (SELECT note FROM calls LIMIT 1);          --> unread, calls, calls.note
  RETURN n;
END $$;

CREATE FUNCTION parameters(d date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE 'SELECT $1 AS one, $2 AS two, $3 AS three' INTO r USING 1, d, 'x';
  RETURN r.one + 1 + (r.two - d) + f(r.one) + f(r.three); --> f(integer), f(text)
END $$;

CREATE FUNCTION explained() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN EXPLAIN SELECT id FROM calls LOOP         --> calls, calls.id
    RETURN f(r."QUERY PLAN");                        --> f(text)
  END LOOP;
  EXECUTE 'EXPLAIN (FORMAT json) SELECT id FROM calls' INTO r; --> calls!, calls.id!
  RETURN length(r."QUERY PLAN"->>'x') + r.gone;      --# record "r" has no field "gone"
END $$;
