-- Names that look like something else.
SET search_path = app;

CREATE FUNCTION aliases() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  n int;
BEGIN
  WITH log AS (SELECT id AS x FROM units)            --> units, units.id
    SELECT x INTO n FROM log;
  SELECT log.id INTO n FROM units AS log;            --> units, units.id
  WITH RECURSIVE calls(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM calls WHERE a < 5)
    SELECT sum(a) INTO n FROM calls;
  SELECT s.prio INTO n FROM (SELECT area AS prio FROM units) s; --> units, units.area
  RETURN n;
END $$;

CREATE FUNCTION shadowed(calls int, note text) RETURNS int LANGUAGE plpgsql AS $$
<<outer_block>>
DECLARE
  units int := calls;
  log text;
BEGIN
  DECLARE
    log int := units;
  BEGIN
    outer_block.log := note;
    RETURN log + calls + units;
  END;
END $$;

CREATE FUNCTION "Quoted Names"("In" int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  "Mixed Case" "Mixed Case"."Id"%TYPE;               --> "Mixed Case", "Mixed Case"."Id"
BEGIN
  SELECT "Id" INTO "Mixed Case" FROM "Mixed Case" WHERE "the ""note""" = 'x'; --> "Mixed Case", "Mixed Case"."Id", "Mixed Case"."the ""note"""
  SELECT count(*) INTO "In" FROM U&"\0063alls";      --> calls
  RETURN "In";
END $$;

CREATE FUNCTION qualified() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT c.id FROM other.calls c, calls d WHERE c.secret = d.note); --> other.calls, other.calls.id, calls, other.calls.secret, calls.note
END $$;

CREATE FUNCTION own_path() RETURNS int LANGUAGE plpgsql SET search_path = other AS $$
BEGIN
  RETURN (SELECT max(id) FROM calls WHERE secret IS NULL); --> other.calls, other.calls.id, other.calls.secret
END $$;

CREATE FUNCTION changed_path() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM calls;                              --> calls
  SET LOCAL search_path = other;
  RETURN (SELECT max(id) FROM calls);                --> other.calls, other.calls.id
END $$;

CREATE FUNCTION columns_or_variables(prio int) RETURNS int LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  n int;
BEGIN
  SELECT prio INTO n FROM calls;                     --> calls
  RETURN n;
END $$;

CREATE FUNCTION columns_win(prio int) RETURNS int LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN (SELECT max(prio) FROM calls);              --> calls, calls.prio
END $$;

CREATE FUNCTION qualified_variables(prio int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT max(c.prio + qualified_variables.prio) FROM calls c); --> calls, calls.prio
END $$;

CREATE FUNCTION overloaded(n int, t text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  c varchar(10);
BEGIN
  RETURN f(n)                                        --> f(integer)
    + f(t)                                           --> f(text)
    + f(c)                                           --> f(text)
    + f(n::text)                                     --> f(text)
    + app.f((SELECT prio FROM calls LIMIT 1));       --> f(integer), calls, calls.prio
END $$;

CREATE FUNCTION in_comments() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  -- SELECT * FROM calls
  /* DELETE FROM log /* nested */ WHERE id = 1 */
  RETURN 'SELECT name FROM units' || $q$ INSERT INTO log $q$;
END $$;

CREATE FUNCTION stars() RETURNS SETOF calls LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  SELECT * INTO r FROM calls WHERE id = 1;           --> calls, calls.id
  SELECT c.* INTO r FROM calls c;                    --> calls
  SELECT count(*) AS n INTO r FROM units JOIN log USING (id); --> units, log, units.id, log.id
  RETURN QUERY SELECT * FROM calls WHERE prio = r.n; --> calls, calls.prio
END $$;

CREATE FUNCTION as_constants() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM currval('app.numbers'::regclass), 'f(integer)'::regprocedure, 'mood'::regtype; --> numbers, f(integer), mood
  PERFORM setval('numbers', 3);                      --> numbers
  PERFORM to_regclass('app.calls'), 'calls';
  RETURN 1 WHERE 'ok'::mood = 'sad';                 --> mood
END $$;
