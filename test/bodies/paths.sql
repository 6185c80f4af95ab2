-- Where names are looked up, while the body runs.
SET search_path = app;

CREATE FUNCTION by_set_config() RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  PERFORM set_config('search_path', 'other', true);
  RETURN (SELECT count(secret) FROM calls);          --> other.calls, other.calls.secret
END $$;

CREATE FUNCTION unknown_path(p text) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
DECLARE
  r app.units;                                       --> units
BEGIN
  PERFORM set_config('search_path', p, true);
  PERFORM note FROM calls WHERE id = r.id;           --> calls?, calls.note?, calls.id?, units.id
  PERFORM note FROM app.calls;                       --> calls, calls.note
  RETURN (SELECT count(secret) FROM calls);          --> calls?
END $$;

CREATE FUNCTION unknown_path_of_a_text(p text) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  EXECUTE format('SET LOCAL search_path TO %I', p);  --> unread
  PERFORM 1 FROM nowhere;
  RETURN (SELECT count(secret) FROM calls);          --> calls?
END $$;

CREATE FUNCTION path_of_a_text(p text) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  EXECUTE 'SET LOCAL search_path TO other';
  RETURN (SELECT count(secret) FROM calls);          --> other.calls, other.calls.secret
END $$;

CREATE FUNCTION path_of_a_branch(p bool) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  IF p THEN
    SET LOCAL search_path = other;
    RETURN (SELECT count(secret) FROM calls);        --> other.calls, other.calls.secret
  END IF;
  RETURN (SELECT count(note) FROM calls);            --> calls, calls.note
END $$;

CREATE FUNCTION path_of_the_other_branch(p bool) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  IF p THEN
    SET LOCAL search_path = app;
    RETURN (SELECT count(note) FROM calls);          --> calls, calls.note
  ELSE
    SET LOCAL search_path = other;
  END IF;
  RETURN (SELECT count(secret) FROM calls);          --> other.calls, other.calls.secret
END $$;

CREATE FUNCTION path_of_one_branch(p bool) RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  IF p THEN
    SET LOCAL search_path = other;
  END IF;
  RETURN (SELECT count(secret) FROM calls);          --> other.calls?, other.calls.secret?
END $$;

CREATE FUNCTION path_that_is_undone() RETURNS bigint LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
  BEGIN
    SET LOCAL search_path = other;
    PERFORM 1 / 0;
    RETURN 0;
  EXCEPTION WHEN division_by_zero THEN
    NULL;
  END;
  RETURN (SELECT count(note) FROM calls);            --> calls, calls.note
END $$;
