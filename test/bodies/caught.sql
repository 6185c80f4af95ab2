-- Looked for first, or caught.
SET search_path = app;

CREATE FUNCTION looked_for() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM missing_one;                        --# relation "missing_one" does not exist
  IF to_regclass('maybe') IS NOT NULL THEN
    PERFORM 1 FROM maybe, calls;                     --> calls
  END IF;
  PERFORM 1 FROM missing_two;                        --# relation "missing_two" does not exist
  RETURN 0;
END $$;

CREATE FUNCTION looked_for_and_left() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'maybe') THEN
    RETURN 0;
  END IF;
  RETURN (SELECT count(*) FROM maybe);
END $$;

CREATE FUNCTION kept_in_a_variable() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  there bool := EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'maybe');
BEGIN
  IF there THEN
    RETURN (SELECT count(*) FROM maybe);
  END IF;
  RETURN 0;
END $$;

CREATE FUNCTION caught() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    RETURN (SELECT count(*) FROM maybe);
  EXCEPTION WHEN undefined_table THEN
    PERFORM 1 FROM missing_one;                      --# relation "missing_one" does not exist
  END;
  BEGIN
    RETURN (SELECT count(gone) FROM calls);          --> calls
  EXCEPTION WHEN undefined_column OR undefined_function THEN
    NULL;
  END;
  BEGIN
    RETURN (SELECT count(gone) FROM calls);          --> calls --# column "gone" does not exist
  EXCEPTION WHEN undefined_table THEN
    NULL;
  END;
  BEGIN
    RETURN (SELECT count(nothing(gone)) FROM maybe);
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  BEGIN
    RETURN (SELECT count(*) FROM maybe);             --# relation "maybe" does not exist
  EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION 'it failed: %', SQLERRM;
  END;
  RETURN 0;
END $$;

CREATE FUNCTION caught_as_a_class() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM maybe;
  BEGIN
    RETURN (SELECT count(nothing(gone)) FROM maybe);
  EXCEPTION WHEN unique_violation THEN
    PERFORM 1 FROM maybe;
  END;
  RETURN 1;
EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
  RETURN (SELECT gone FROM calls);                   --> calls --# column "gone" does not exist
END $$;
