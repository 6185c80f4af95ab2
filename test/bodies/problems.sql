-- Bodies that would fail, and such as only look as if they would.
SET search_path = app;

CREATE FUNCTION missing_things(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  SELECT id INTO r FROM calls;                       --> calls, calls.id
  PERFORM r.nothing;                                 --# record "r" has no field "nothing"
  DELETE FROM nowhere;                               --# relation "nowhere" does not exist
  SELECT gone INTO n FROM calls;                     --> calls --# column "gone" does not exist
  INSERT INTO log (call, gone) VALUES (1, 2);        --> log --# column "gone" of relation "log" does not exist
  PERFORM nothing(n);                                --# function nothing(integer) does not exist
  RETURN f(n, n);                                    --# function f(integer, integer) does not exist
END $$;

CREATE FUNCTION ambiguous(prio int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT max(prio) FROM calls);              --> calls --# column reference "prio" is ambiguous
END $$;

CREATE FUNCTION does_not_compile() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  x nowhere.nothing%TYPE;                            --# relation "nowhere" does not exist
BEGIN
  RETURN x;
END $$;

CREATE FUNCTION in_sql_too() RETURNS int LANGUAGE sql AS $$
  SELECT 1;
  SELECT nothing                                     --# column "nothing" does not exist
    FROM calls;                                      --> calls
$$;

CREATE FUNCTION missing_column_of_a_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.gone := 1;                                     --# record "new" has no field "gone"
  RETURN NEW;
END $$;
CREATE TRIGGER missing_column_of_a_row BEFORE INSERT ON units FOR EACH ROW EXECUTE FUNCTION missing_column_of_a_row();

CREATE FUNCTION elsewhere() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FROM found_elsewhere);     --> other.found_elsewhere?
END $$;
CREATE TABLE other.found_elsewhere ();

CREATE FUNCTION too_dynamic(t text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE t INTO r;                                  --> unread
  RETURN r.a + r.b;
END $$;
