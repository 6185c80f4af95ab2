-- Emergency dispatch in the (fictional) county of Amber Bay.
--
--   app         the dispatch desk: stations, units, incidents, calls, and the views that everybody works with
--   reporting   figures for the county, made of those views by other people, under another owner
--
-- Almost everything here stands on one view, app.v_calls. More than fifty views are built on it, up to ten
-- deep, back and forth between the two schemas, and on those: triggers, rules, policies, functions, indexes,
-- owners, grants and comments. Changing one column of app.v_calls therefore means touching all of it.
--
-- Load with: psql -v ON_ERROR_STOP=1 -1 -f schema.sql -f data.sql   (as a superuser; PostgreSQL 15 or later)

SET client_min_messages = warning;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['app_owner', 'report_owner', 'bi'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
END $$;

CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA reporting AUTHORIZATION report_owner;
COMMENT ON SCHEMA app IS 'The dispatch desk';
COMMENT ON SCHEMA reporting IS 'Figures for the county';

GRANT USAGE ON SCHEMA app TO report_owner, bi;
GRANT USAGE ON SCHEMA reporting TO app_owner, bi;

ALTER DEFAULT PRIVILEGES FOR ROLE report_owner IN SCHEMA reporting GRANT SELECT ON TABLES TO bi;


---------------------------------------------------------------------------------------------------- types

SET ROLE app_owner;

CREATE TYPE app.call_status AS ENUM ('received', 'queued', 'dispatched', 'on_scene', 'closed', 'cancelled');
CREATE TYPE app.unit_kind AS ENUM ('engine', 'ladder', 'ambulance', 'rescue', 'command');
CREATE TYPE app.position AS (lat double precision, lon double precision);

CREATE DOMAIN app.phone AS text CONSTRAINT phone_form CHECK (VALUE ~ '^\+?[0-9 ]{6,16}$');
CREATE DOMAIN app.call_sign AS text CONSTRAINT call_sign_form CHECK (VALUE ~ '^[A-Z]-[0-9]{2}-[0-9]$');

CREATE FUNCTION app.time_minus(a time, b time) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN extract(epoch FROM a - b);

CREATE TYPE app.day_hours AS RANGE (
    subtype = time,
    subtype_diff = app.time_minus,
    multirange_type_name = app.day_hours_set
);

COMMENT ON TYPE app.call_status IS 'Where a call stands; the order is the order of the day';
COMMENT ON TYPE app.unit_kind IS 'What can be sent';
COMMENT ON TYPE app.position IS 'A place on the map';
COMMENT ON COLUMN app.position.lat IS 'Degrees north';
COMMENT ON TYPE app.day_hours IS 'Part of a day';
COMMENT ON DOMAIN app.phone IS 'A number as the caller gave it';
COMMENT ON CONSTRAINT phone_form ON DOMAIN app.phone IS 'Digits and blanks only';
COMMENT ON DOMAIN app.call_sign IS 'Letter of the kind, station, number';
GRANT USAGE ON TYPE app.call_status TO report_owner WITH GRANT OPTION;


---------------------------------------------------------------------------------------------------- tables

CREATE TABLE app.priorities (
    prio        integer PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    target_s    integer NOT NULL
);

CREATE TABLE app.areas (
    area_id     integer PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    district    text NOT NULL,
    population  integer NOT NULL CONSTRAINT populated CHECK (population > 0),
    centre      app.position
);

CREATE TABLE app.stations (
    station_id  integer PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    district    text NOT NULL,
    place       app.position,
    opened_on   date NOT NULL
);

CREATE TABLE app.hospitals (
    hospital_id integer PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    beds        integer NOT NULL CHECK (beds > 0),
    place       app.position
);

CREATE TABLE app.units (
    unit_id     integer PRIMARY KEY,
    call_sign   app.call_sign NOT NULL UNIQUE,
    kind        app.unit_kind NOT NULL,
    station_id  integer NOT NULL REFERENCES app.stations,
    in_service  boolean NOT NULL DEFAULT true
);

CREATE TABLE app.crew (
    crew_id     integer PRIMARY KEY,
    name        text NOT NULL,
    phone       app.phone,
    station_id  integer NOT NULL REFERENCES app.stations
);

CREATE TABLE app.shifts (
    shift_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id     integer NOT NULL REFERENCES app.units,
    crew_id     integer NOT NULL REFERENCES app.crew,
    day         date NOT NULL,
    hours       app.day_hours NOT NULL,
    CONSTRAINT one_shift_at_a_time EXCLUDE USING gist (
        int4range(crew_id, crew_id, '[]') WITH &&, daterange(day, day, '[]') WITH &&, hours WITH &&)
);

CREATE TABLE app.incidents (
    incident_id integer PRIMARY KEY,
    kind        text NOT NULL,
    area_id     integer NOT NULL REFERENCES app.areas,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    CONSTRAINT closed_after_opened CHECK (closed_at >= opened_at)
);

CREATE TABLE app.calls (
    call_id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    incident_id   integer REFERENCES app.incidents,
    area_id       integer NOT NULL REFERENCES app.areas,
    unit_id       integer REFERENCES app.units,
    prio          integer NOT NULL DEFAULT 3 CONSTRAINT known_prio CHECK (prio BETWEEN 1 AND 5),
    status        app.call_status NOT NULL DEFAULT 'received',
    received_at   timestamptz NOT NULL,
    dispatched_at timestamptz,
    arrived_at    timestamptz,
    closed_at     timestamptz,
    caller        app.phone,
    note          text,
    weight        integer GENERATED ALWAYS AS (6 - prio) STORED,
    CONSTRAINT arrived_after_dispatch CHECK (arrived_at >= dispatched_at)
);

CREATE TABLE app.transports (
    transport_id integer PRIMARY KEY,
    incident_id  integer NOT NULL REFERENCES app.incidents ON DELETE CASCADE,
    hospital_id  integer NOT NULL REFERENCES app.hospitals,
    arrived_at   timestamptz NOT NULL
);

CREATE TABLE app.call_log (
    log_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id     bigint NOT NULL REFERENCES app.calls,
    logged_at   timestamptz NOT NULL DEFAULT now(),
    logged_by   name NOT NULL DEFAULT current_user,
    what        text NOT NULL
);

CREATE INDEX calls_by_incident ON app.calls (incident_id);
CREATE INDEX calls_by_area ON app.calls (area_id, received_at DESC);
CREATE INDEX calls_by_unit ON app.calls (unit_id) INCLUDE (prio);
CREATE INDEX calls_by_time ON app.calls (received_at);
CREATE INDEX calls_waiting ON app.calls (prio, received_at) WHERE status IN ('received', 'queued');
CREATE INDEX calls_by_day ON app.calls ((date_trunc('day', received_at AT TIME ZONE 'UTC')));
CREATE STATISTICS app.calls_area_unit (dependencies, ndistinct) ON area_id, unit_id FROM app.calls;
ALTER TABLE app.calls ALTER COLUMN caller SET STATISTICS 25;
ALTER TABLE app.calls ALTER COLUMN unit_id SET (n_distinct = 216);

COMMENT ON TABLE app.priorities IS 'What each priority promises';
COMMENT ON TABLE app.areas IS 'Census areas';
COMMENT ON TABLE app.stations IS 'Fire and rescue stations';
COMMENT ON TABLE app.units IS 'Vehicles with a call sign';
COMMENT ON TABLE app.shifts IS 'Who rides on what, and when';
COMMENT ON TABLE app.incidents IS 'What happened; many people may call about it';
COMMENT ON TABLE app.calls IS 'Every call to the desk';
COMMENT ON COLUMN app.calls.prio IS '1 (life in danger) to 5 (can wait)';
COMMENT ON COLUMN app.calls.weight IS 'For the load figures';
COMMENT ON CONSTRAINT known_prio ON app.calls IS 'See app.priorities';
COMMENT ON CONSTRAINT one_shift_at_a_time ON app.shifts IS 'Nobody is in two places';
COMMENT ON INDEX app.calls_waiting IS 'Small and hot: what the desk looks at';
COMMENT ON STATISTICS app.calls_area_unit IS 'A unit rarely leaves its district';

CREATE FUNCTION app.log_status() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO app.call_log (call_id, what) VALUES (NEW.call_id, format('%s -> %s', OLD.status, NEW.status));
    RETURN NULL;
END $$;

CREATE TRIGGER log_status AFTER UPDATE OF status ON app.calls
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION app.log_status();

CREATE FUNCTION app.keep_urgent() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'call % is urgent and stays so until it is closed', OLD.call_id;
END $$;

CREATE TRIGGER keep_urgent BEFORE UPDATE OF prio ON app.calls
    FOR EACH ROW WHEN (OLD.prio = 1 AND NEW.prio > 1 AND NEW.status < 'closed')
    EXECUTE FUNCTION app.keep_urgent();

COMMENT ON FUNCTION app.log_status() IS 'Writes app.call_log';
COMMENT ON TRIGGER log_status ON app.calls IS 'The trail that the county asks for';


-------------------------------------------------------------------------------------------- the root view

CREATE VIEW app.v_calls AS
SELECT c.call_id,
       c.incident_id,
       c.received_at,
       c.prio,
       a.name AS area,
       a.district,
       s.station_id,
       s.name AS station,
       u.unit_id,
       u.call_sign AS unit,
       u.kind AS unit_kind,
       c.status,
       c.dispatched_at,
       c.arrived_at,
       c.closed_at,
       c.caller,
       c.note
FROM app.calls c
JOIN app.areas a ON a.area_id = c.area_id
LEFT JOIN app.units u ON u.unit_id = c.unit_id
LEFT JOIN app.stations s ON s.station_id = u.station_id;

ALTER VIEW app.v_calls ALTER COLUMN prio SET DEFAULT 3;
ALTER VIEW app.v_calls ALTER COLUMN status SET DEFAULT 'received';
COMMENT ON VIEW app.v_calls IS 'Every call with its area, unit and station: the one to use';
COMMENT ON COLUMN app.v_calls.prio IS '1 (life in danger) to 5 (can wait)';
COMMENT ON COLUMN app.v_calls.station IS 'Of the unit that was sent';
COMMENT ON COLUMN app.v_calls.caller IS 'Personal: not for reports';

-- New calls and updates go through the view.
CREATE FUNCTION app.write_call() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app.calls (incident_id, area_id, prio, status, received_at, caller, note)
        SELECT NEW.incident_id, area_id, NEW.prio, NEW.status, coalesce(NEW.received_at, now()), NEW.caller,
               NEW.note
        FROM app.areas WHERE name = NEW.area
        RETURNING call_id INTO NEW.call_id;
    ELSE
        UPDATE app.calls
        SET prio = NEW.prio, status = NEW.status, unit_id = NEW.unit_id, dispatched_at = NEW.dispatched_at,
            arrived_at = NEW.arrived_at, closed_at = NEW.closed_at, note = NEW.note
        WHERE call_id = OLD.call_id;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER write_call INSTEAD OF INSERT OR UPDATE ON app.v_calls
    FOR EACH ROW EXECUTE FUNCTION app.write_call();
CREATE RULE keep_calls AS ON DELETE TO app.v_calls DO INSTEAD NOTHING;
COMMENT ON TRIGGER write_call ON app.v_calls IS 'The desk writes here, not into the tables';
COMMENT ON RULE keep_calls ON app.v_calls IS 'Calls are never deleted';


------------------------------------------------------------------------------------------------ functions

CREATE FUNCTION app.seconds(span interval) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN extract(epoch FROM span);

CREATE FUNCTION app.clock() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER
    BEGIN ATOMIC
        SELECT max(received_at) FROM app.calls;
    END;

-- On the row type of the view.
CREATE FUNCTION app.waiting(call app.v_calls) RETURNS interval
    LANGUAGE sql STABLE
    RETURN COALESCE((call).dispatched_at, app.clock()) - (call).received_at;

CREATE FUNCTION app.is_overdue(call app.v_calls, slack interval DEFAULT '30 seconds') RETURNS boolean
    LANGUAGE plpgsql STABLE COST 500
    AS $$
DECLARE
    promised integer;
BEGIN
    SELECT target_s INTO promised FROM app.priorities WHERE prio = call.prio;
    RETURN app.waiting(call) > promised * interval '1 second' + slack;
END $$;

CREATE FUNCTION app.calls_of_station(wanted integer) RETURNS SETOF app.v_calls
    LANGUAGE sql STABLE ROWS 4000
    AS $$ SELECT * FROM app.v_calls WHERE station_id = wanted ORDER BY received_at $$;

CREATE FUNCTION app.call(wanted bigint) RETURNS app.v_calls
    LANGUAGE plpgsql STABLE STRICT
    AS $$
DECLARE
    found_call app.v_calls;
BEGIN
    SELECT * INTO STRICT found_call FROM app.v_calls WHERE call_id = wanted;
    RETURN found_call;
END $$;

CREATE FUNCTION app.later(a app.v_calls, b app.v_calls) RETURNS app.v_calls
    LANGUAGE sql IMMUTABLE STRICT
    AS $$ SELECT CASE WHEN (a).received_at >= (b).received_at THEN a ELSE b END $$;

CREATE AGGREGATE app.latest(app.v_calls) (sfunc = app.later, stype = app.v_calls);

-- And one that does not know it: lower priorities weigh more.
CREATE FUNCTION app.urgency_step(state numeric, prio numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN state + power(2, 5 - prio);

CREATE FUNCTION app.urgency_join(a numeric, b numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN a + b;

CREATE AGGREGATE app.urgency(numeric) (
    sfunc = app.urgency_step, stype = numeric, combinefunc = app.urgency_join, initcond = '0',
    parallel = safe);

ALTER FUNCTION app.call(bigint) DEPENDS ON EXTENSION plpgsql;
REVOKE EXECUTE ON FUNCTION app.call(bigint), app.calls_of_station(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.call(bigint) TO report_owner WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION app.calls_of_station(integer) TO bi;
COMMENT ON FUNCTION app.seconds(interval) IS 'A span as a number';
COMMENT ON FUNCTION app.clock() IS 'Now, as far as the desk knows';
COMMENT ON FUNCTION app.is_overdue(app.v_calls, interval) IS 'Waits longer than its priority promises';
COMMENT ON FUNCTION app.calls_of_station(integer) IS 'For the wall screens in the stations';
COMMENT ON AGGREGATE app.latest(app.v_calls) IS 'The call that came last';
COMMENT ON AGGREGATE app.urgency(numeric) IS 'One number for a mix of priorities';


-------------------------------------------------------------------------------- app: what the desk looks at

CREATE VIEW app.v_open_calls WITH (security_barrier = true, check_option = local) AS
SELECT call_id, incident_id, received_at, prio, area, district, station, unit_id, unit, status, dispatched_at
FROM app.v_calls
WHERE status NOT IN ('closed', 'cancelled');

CREATE VIEW app.v_urgent_calls WITH (check_option = cascaded) AS
SELECT call_id, prio, area, unit_id, unit, status, received_at
FROM app.v_open_calls
WHERE prio <= 2;

CREATE VIEW app.v_unassigned_calls AS
SELECT o.call_id, o.prio, o.area, o.district, o.unit_id, o.received_at, app.clock() - o.received_at AS waiting
FROM app.v_open_calls o
WHERE o.unit_id IS NULL;

CREATE VIEW app.v_overdue_calls AS
SELECT c.call_id, c.prio, c.area, c.station, app.waiting(c) AS waiting
FROM app.v_calls c
WHERE c.status IN ('received', 'queued') AND app.is_overdue(c);

CREATE VIEW app.v_call_board WITH (security_invoker = true) AS
SELECT o.call_id, p.name AS priority, o.prio, o.area, o.unit, o.status, o.received_at,
       l.call_id IS NOT NULL AS overdue
FROM app.v_open_calls o
JOIN app.priorities p ON p.prio = o.prio
LEFT JOIN app.v_overdue_calls l ON l.call_id = o.call_id;

CREATE VIEW app.v_call_queue AS
SELECT w.call_id, w.prio, w.area, w.district, w.waiting, u.call_id IS NOT NULL AS urgent,
       row_number() OVER (PARTITION BY w.district ORDER BY w.prio, w.received_at) AS place
FROM app.v_unassigned_calls w
LEFT JOIN app.v_urgent_calls u ON u.call_id = w.call_id;

CREATE VIEW app.v_next_call AS
SELECT district, call_id, prio, area, waiting
FROM app.v_call_queue
WHERE place = 1;

CREATE VIEW app.v_closed_calls WITH (security_invoker = false) AS
SELECT call_id, incident_id, received_at, prio, area, district, station_id, station, unit_id, unit, unit_kind,
       dispatched_at, arrived_at, closed_at
FROM app.v_calls
WHERE status = 'closed';

CREATE VIEW app.v_cancelled_calls AS
SELECT call_id, received_at, prio, area, caller, note
FROM app.v_calls
WHERE status = 'cancelled';

CREATE VIEW app.v_repeat_callers AS
SELECT caller, count(*) AS calls, count(DISTINCT area) AS areas, min(prio) AS worst_prio,
       max(received_at) AS last_call
FROM app.v_calls
WHERE caller IS NOT NULL
GROUP BY caller
HAVING count(*) > 3;

CREATE VIEW app.v_false_alarms AS
SELECT r.caller, r.calls, count(x.call_id) AS cancelled
FROM app.v_repeat_callers r
JOIN app.v_cancelled_calls x ON x.caller = r.caller
GROUP BY r.caller, r.calls;

CREATE VIEW app.v_night_calls AS
SELECT call_id, prio, area, station, received_at
FROM app.v_calls
WHERE extract(hour FROM received_at AT TIME ZONE 'UTC') NOT BETWEEN 6 AND 21;

-- The board can be written: a call is taken there, or passed on.
CREATE FUNCTION app.write_board() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE app.v_calls SET prio = NEW.prio, status = NEW.status WHERE call_id = OLD.call_id;
    RETURN NEW;
END $$;

CREATE TRIGGER write_board INSTEAD OF UPDATE ON app.v_call_board
    FOR EACH ROW EXECUTE FUNCTION app.write_board();
ALTER VIEW app.v_call_board ALTER COLUMN status SET DEFAULT 'received';
ALTER VIEW app.v_call_board ALTER COLUMN received_at SET DEFAULT now();

CREATE RULE assign AS ON UPDATE TO app.v_unassigned_calls
    DO INSTEAD UPDATE app.calls SET unit_id = NEW.unit_id, status = 'dispatched', dispatched_at = app.clock()
    WHERE calls.call_id = OLD.call_id;

COMMENT ON VIEW app.v_open_calls IS 'Not closed, not cancelled';
COMMENT ON COLUMN app.v_open_calls.prio IS 'Lower is more urgent';
COMMENT ON VIEW app.v_urgent_calls IS 'Open, priority 1 or 2';
COMMENT ON VIEW app.v_unassigned_calls IS 'Open, and nobody is on the way';
COMMENT ON RULE assign ON app.v_unassigned_calls IS 'Setting unit_id sends the unit';
COMMENT ON VIEW app.v_overdue_calls IS 'Waiting longer than promised';
COMMENT ON VIEW app.v_call_board IS 'The wall screen; with the rights of who looks';
COMMENT ON COLUMN app.v_call_board.overdue IS 'Shown in red';
COMMENT ON TRIGGER write_board ON app.v_call_board IS 'Take a call, or pass it on';
COMMENT ON VIEW app.v_call_queue IS 'Who is next, per district';
COMMENT ON COLUMN app.v_call_queue.place IS '1 is next';
COMMENT ON VIEW app.v_closed_calls IS 'What the figures are made of';
COMMENT ON VIEW app.v_repeat_callers IS 'More than three calls from one number';
COMMENT ON COLUMN app.v_repeat_callers.worst_prio IS 'The most urgent of them';
COMMENT ON VIEW app.v_false_alarms IS 'Repeat callers, and what came of it';

CREATE PROCEDURE app.close_call(wanted bigint, reason text DEFAULT NULL)
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE app.v_calls SET status = 'closed', closed_at = app.clock() WHERE call_id = wanted;
    IF reason IS NOT NULL THEN
        INSERT INTO app.call_log (call_id, what) VALUES (wanted, reason);
    END IF;
END $$;

CREATE PROCEDURE app.take_call(wanted bigint)
    LANGUAGE sql
    BEGIN ATOMIC
        UPDATE app.v_open_calls SET status = 'queued' WHERE call_id = wanted AND status = 'received';
    END;

CREATE FUNCTION app.open_calls_in(wanted text) RETURNS bigint
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT count(*) FROM app.v_open_calls o WHERE o.district = wanted;
    END;

CREATE FUNCTION app.next_calls(wanted text, at_most integer DEFAULT 5)
    RETURNS TABLE (call_id bigint, area text, waiting interval)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY SELECT q.call_id, q.area, q.waiting FROM app.v_call_queue q
    WHERE q.district = wanted ORDER BY q.place LIMIT at_most;
END $$;

GRANT EXECUTE ON PROCEDURE app.close_call(bigint, text), app.take_call(bigint) TO bi;
REVOKE EXECUTE ON FUNCTION app.next_calls(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.next_calls(text, integer), app.open_calls_in(text) TO report_owner;
COMMENT ON PROCEDURE app.close_call(bigint, text) IS 'With a line in the log, if there is a reason';
COMMENT ON PROCEDURE app.take_call(bigint) IS 'From received to queued';
COMMENT ON FUNCTION app.open_calls_in(text) IS 'How busy a district is';


-------------------------------------------------------------------------------- app: how fast, how good

CREATE VIEW app.v_call_times AS
SELECT call_id, prio, district, station_id, station, unit_id, unit, received_at,
       app.seconds(dispatched_at - received_at) AS queue_s,
       app.seconds(arrived_at - dispatched_at) AS drive_s,
       app.seconds(arrived_at - received_at) AS response_s
FROM app.v_closed_calls
WHERE arrived_at IS NOT NULL;

CREATE VIEW app.v_late_calls AS
SELECT t.call_id, t.prio, t.station_id, t.unit_id, t.response_s - p.target_s AS late_s
FROM app.v_call_times t
JOIN app.priorities p ON p.prio = t.prio
WHERE t.response_s > p.target_s;

CREATE VIEW app.v_station_times AS
SELECT station_id, station, count(*) AS calls, round(avg(response_s)) AS response_s,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY response_s) AS response_90_s
FROM app.v_call_times
GROUP BY station_id, station;

CREATE VIEW app.v_station_late AS
SELECT station_id, count(*) AS late, sum(late_s) AS late_s, min(prio) AS worst_prio
FROM app.v_late_calls
GROUP BY station_id;

CREATE VIEW app.v_station_scores AS
SELECT t.station_id, t.station, t.calls, l.late, l.worst_prio,
       round(100.0 * (t.calls - l.late) / t.calls, 1) AS in_time_pct
FROM app.v_station_times t
JOIN app.v_station_late l ON l.station_id = t.station_id;

CREATE VIEW app.v_station_ranks AS
SELECT station_id, station, in_time_pct, rank() OVER (ORDER BY in_time_pct DESC) AS place
FROM app.v_station_scores;

CREATE VIEW app.v_district_scores AS
SELECT s.district, sum(x.calls) AS calls, sum(x.late) AS late, min(x.worst_prio) AS worst_prio,
       round(100 - 100.0 * sum(x.late) / sum(x.calls), 1) AS in_time_pct
FROM app.v_station_scores x
JOIN app.stations s ON s.station_id = x.station_id
GROUP BY s.district;

CREATE VIEW app.v_unit_times AS
SELECT unit_id, unit, count(*) AS calls, round(avg(drive_s)) AS drive_s, round(avg(prio), 2) AS mean_prio,
       sum(prio) AS prio_sum
FROM app.v_call_times
GROUP BY unit_id, unit;

CREATE VIEW app.v_unit_late AS
SELECT unit_id, count(*) AS late, max(late_s) AS worst_s
FROM app.v_late_calls
GROUP BY unit_id;

CREATE VIEW app.v_unit_scores AS
SELECT t.unit_id, t.unit, t.calls, t.drive_s, l.late, t.mean_prio, t.prio_sum
FROM app.v_unit_times t
LEFT JOIN app.v_unit_late l ON l.unit_id = t.unit_id;

CREATE VIEW app.v_unit_ranks AS
SELECT unit_id, unit, calls, mean_prio, prio_sum, rank() OVER (ORDER BY drive_s) AS place
FROM app.v_unit_scores;

COMMENT ON VIEW app.v_call_times IS 'Closed calls, in seconds';
COMMENT ON COLUMN app.v_call_times.queue_s IS 'From the call to the dispatch';
COMMENT ON COLUMN app.v_call_times.drive_s IS 'From the dispatch to the arrival';
COMMENT ON VIEW app.v_late_calls IS 'Later than the priority promises';
COMMENT ON VIEW app.v_station_scores IS 'How often in time';
COMMENT ON COLUMN app.v_station_scores.in_time_pct IS 'Per cent of the calls';
COMMENT ON VIEW app.v_district_scores IS 'The same, per district';
COMMENT ON VIEW app.v_unit_ranks IS 'Friendly competition';


-------------------------------------------------------------------------------- app: how much

CREATE VIEW app.v_calls_hourly AS
SELECT date_trunc('hour', received_at) AS hour, district, prio, count(*) AS calls
FROM app.v_calls
GROUP BY 1, 2, 3;

CREATE VIEW app.v_calls_daily AS
SELECT (hour AT TIME ZONE 'UTC')::date AS day, district, prio, sum(calls) AS calls
FROM app.v_calls_hourly
GROUP BY 1, 2, 3;

CREATE VIEW app.v_calls_weekly AS
SELECT date_trunc('week', day)::date AS week, district, sum(calls) AS calls, min(prio) AS worst_prio
FROM app.v_calls_daily
GROUP BY 1, 2;

CREATE VIEW app.v_calls_monthly AS
SELECT date_trunc('month', day)::date AS month, district, prio, sum(calls) AS calls
FROM app.v_calls_daily
GROUP BY 1, 2, 3;

CREATE VIEW app.v_peak_hours AS
SELECT DISTINCT ON (district) district, hour, prio, calls
FROM app.v_calls_hourly
ORDER BY district, calls DESC, hour;

CREATE VIEW app.v_prio_mix AS
SELECT district, prio, count(*) AS calls, app.urgency(prio::numeric) AS urgency
FROM app.v_calls
GROUP BY district, prio;

CREATE VIEW app.v_prio_trend AS
SELECT m.month, m.district, m.prio, m.calls, m.calls - lag(m.calls) OVER w AS change, x.urgency
FROM app.v_calls_monthly m
JOIN app.v_prio_mix x ON x.district = m.district AND x.prio = m.prio
WINDOW w AS (PARTITION BY m.district, m.prio ORDER BY m.month);

CREATE VIEW app.v_area_load AS
SELECT area, district, count(*) AS calls, round(avg(prio), 2) AS mean_prio
FROM app.v_calls
GROUP BY area, district;

CREATE VIEW app.v_quiet_areas AS
SELECT a.area_id, a.name, a.population, coalesce(l.calls, 0) AS calls
FROM app.areas a
LEFT JOIN app.v_area_load l ON l.area = a.name
WHERE coalesce(l.calls, 0) < 250;

CREATE VIEW app.v_incident_summary AS
SELECT i.incident_id, i.kind, i.opened_at, count(c.call_id) AS calls, min(c.prio) AS prio,
       array_agg(DISTINCT c.unit ORDER BY c.unit) AS units
FROM app.incidents i
LEFT JOIN app.v_calls c ON c.incident_id = i.incident_id
GROUP BY i.incident_id;

CREATE VIEW app.v_big_incidents AS
SELECT incident_id, kind, calls, prio, cardinality(units) AS units
FROM app.v_incident_summary
WHERE calls > 4;

CREATE VIEW app.v_transport_calls AS
SELECT t.transport_id, t.hospital_id, t.arrived_at, s.incident_id, s.kind, s.prio
FROM app.transports t
JOIN app.v_incident_summary s ON s.incident_id = t.incident_id;

CREATE VIEW app.v_hospital_load AS
SELECT h.hospital_id, h.name, h.beds, count(t.transport_id) AS transports,
       count(*) FILTER (WHERE t.prio = 1) AS critical
FROM app.hospitals h
LEFT JOIN app.v_transport_calls t ON t.hospital_id = h.hospital_id
GROUP BY h.hospital_id;

CREATE VIEW app.v_unit_days AS
SELECT unit_id, unit, unit_kind, received_at::date AS day, count(*) AS calls, min(prio) AS worst_prio,
       sum(app.seconds(closed_at - dispatched_at)) AS busy_s
FROM app.v_closed_calls
GROUP BY unit_id, unit, unit_kind, received_at::date;

CREATE MATERIALIZED VIEW app.m_unit_load WITH (fillfactor = 90) AS
SELECT unit_id, unit, unit_kind, sum(calls) AS calls, min(worst_prio) AS worst_prio, sum(busy_s) AS busy_s
FROM app.v_unit_days
GROUP BY unit_id, unit, unit_kind;

CREATE UNIQUE INDEX m_unit_load_key ON app.m_unit_load (unit_id);
CREATE INDEX m_unit_load_by_hours ON app.m_unit_load (unit_kind, (busy_s / 3600) DESC) WITH (fillfactor = 80);
ALTER INDEX app.m_unit_load_by_hours ALTER COLUMN 2 SET STATISTICS 200;
CLUSTER app.m_unit_load USING m_unit_load_key;

CREATE VIEW app.v_unit_use AS
SELECT l.unit_id, l.unit, l.calls, l.worst_prio, round(l.busy_s / 3600, 1) AS busy_h,
       count(s.shift_id) AS shifts
FROM app.m_unit_load l
LEFT JOIN app.shifts s ON s.unit_id = l.unit_id
GROUP BY l.unit_id, l.unit, l.calls, l.worst_prio, l.busy_s;

CREATE VIEW app.v_idle_units AS
SELECT u.unit_id, u.call_sign, u.kind
FROM app.units u
WHERE u.in_service
  AND NOT EXISTS (SELECT FROM app.v_unit_use x WHERE x.unit_id = u.unit_id AND x.calls > 100);

COMMENT ON VIEW app.v_calls_hourly IS 'Calls per hour, district and priority';
COMMENT ON VIEW app.v_calls_daily IS 'Calls per day, district and priority';
COMMENT ON COLUMN app.v_calls_daily.day IS 'In UTC';
COMMENT ON VIEW app.v_peak_hours IS 'The worst hour of each district';
COMMENT ON VIEW app.v_prio_trend IS 'Against the month before';
COMMENT ON COLUMN app.v_prio_trend.change IS 'NULL for the first month';
COMMENT ON VIEW app.v_incident_summary IS 'One row per incident';
COMMENT ON VIEW app.v_hospital_load IS 'Who was brought where';
COMMENT ON MATERIALIZED VIEW app.m_unit_load IS 'Filled every night';
COMMENT ON COLUMN app.m_unit_load.busy_s IS 'From dispatch to close';
COMMENT ON INDEX app.m_unit_load_key IS 'For REFRESH CONCURRENTLY';

RESET ROLE;
ALTER VIEW app.v_peak_hours OWNER TO report_owner;
ALTER VIEW app.v_prio_trend OWNER TO report_owner;
ALTER VIEW app.v_hospital_load OWNER TO report_owner;


-------------------------------------------------------------------------------------------- who may what

SET ROLE app_owner;

GRANT SELECT ON app.v_calls, app.v_closed_calls, app.v_cancelled_calls, app.v_open_calls, app.v_call_times,
    app.v_calls_hourly, app.v_calls_daily, app.v_calls_monthly, app.v_prio_mix, app.v_station_scores,
    app.v_station_ranks, app.v_district_scores, app.v_unit_ranks, app.v_unit_use, app.v_transport_calls,
    app.v_incident_summary, app.v_late_calls
    TO report_owner WITH GRANT OPTION;
GRANT SELECT ON app.areas, app.stations, app.hospitals, app.priorities TO report_owner;
GRANT SELECT ON app.m_unit_load TO report_owner, bi;
GRANT SELECT ON app.priorities, app.v_overdue_calls, app.v_call_board, app.v_area_load, app.v_calls_weekly
    TO bi;

-- The analysts see calls without callers, and may correct notes.
GRANT SELECT (call_id, incident_id, received_at, prio, area, district, station, unit_id, unit, status,
    dispatched_at) ON app.v_calls TO bi;
GRANT UPDATE (note, status) ON app.v_calls TO bi;
GRANT SELECT (call_id, prio, area, place) ON app.v_call_queue TO bi WITH GRANT OPTION;
GRANT SELECT ON app.v_next_call TO PUBLIC;
REVOKE DELETE, TRUNCATE ON app.v_calls FROM app_owner;

-- The reporting people pass on what they were given.
SET ROLE report_owner;
GRANT SELECT ON app.v_open_calls, app.v_calls_daily, app.v_station_ranks, app.v_district_scores TO bi;
GRANT SELECT ON app.v_incident_summary TO bi WITH GRANT OPTION;
GRANT SELECT ON app.v_peak_hours, app.v_hospital_load TO app_owner, bi;
GRANT SELECT (call_id, late_s) ON app.v_late_calls TO bi;
GRANT EXECUTE ON FUNCTION app.call(bigint) TO bi;
SET ROLE bi;
GRANT SELECT (call_id) ON app.v_call_queue TO report_owner;

-- Row level security: analysts see finished calls, and the incidents that are not a secret any more.
SET ROLE app_owner;
ALTER TABLE app.calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.incidents ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON app.calls, app.incidents TO bi;
CREATE POLICY finished ON app.calls FOR SELECT TO bi USING (status >= 'closed');
CREATE POLICY low_prio ON app.calls FOR UPDATE TO bi USING (prio >= 4) WITH CHECK (prio >= 3);
CREATE POLICY not_running ON app.incidents AS RESTRICTIVE FOR SELECT TO bi
    USING (NOT EXISTS (
        SELECT FROM app.v_open_calls o WHERE o.incident_id = incidents.incident_id AND o.prio <= 2));
CREATE POLICY everything ON app.incidents FOR SELECT TO bi, report_owner USING (true);
COMMENT ON POLICY finished ON app.calls IS 'Nobody watches a running call';
COMMENT ON POLICY not_running ON app.incidents IS 'Hidden while an urgent call about it is open';


---------------------------------------------------------------------------------------------- reporting

SET ROLE report_owner;

CREATE VIEW reporting.v_calls WITH (security_barrier = true) AS
SELECT call_id, received_at, prio, area, district, station, unit_kind, status
FROM app.v_calls;

CREATE VIEW reporting.v_daily AS
SELECT day, sum(calls) AS calls, sum(calls) FILTER (WHERE prio = 1) AS critical
FROM app.v_calls_daily
GROUP BY day;

CREATE MATERIALIZED VIEW reporting.m_station_month AS
SELECT date_trunc('month', received_at AT TIME ZONE 'UTC')::date AS month, station_id, station, prio,
       count(*) AS calls, round(avg(response_s)) AS response_s
FROM app.v_call_times
GROUP BY 1, 2, 3, 4;

CREATE UNIQUE INDEX m_station_month_key ON reporting.m_station_month (month, station_id, prio);
CREATE INDEX m_station_month_slow ON reporting.m_station_month (response_s DESC NULLS LAST)
    WHERE response_s > 600;
CREATE STATISTICS reporting.station_prio (mcv) ON station_id, prio FROM reporting.m_station_month;
ALTER MATERIALIZED VIEW reporting.m_station_month ALTER COLUMN response_s SET STATISTICS 500;
ALTER MATERIALIZED VIEW reporting.m_station_month ALTER COLUMN station SET STORAGE EXTERNAL;

CREATE MATERIALIZED VIEW reporting.m_area_month AS
SELECT date_trunc('month', received_at AT TIME ZONE 'UTC')::date AS month, area, district, count(*) AS calls,
       min(prio) AS worst_prio
FROM reporting.v_calls
GROUP BY 1, 2, 3;

CREATE INDEX m_area_month_by_area ON reporting.m_area_month (area, month);
CREATE INDEX m_area_month_by_district ON reporting.m_area_month USING hash (district);

CREATE MATERIALIZED VIEW reporting.m_cancelled AS
SELECT call_id, received_at, prio, area FROM app.v_cancelled_calls
WITH NO DATA;

CREATE INDEX m_cancelled_by_time ON reporting.m_cancelled USING brin (received_at);

CREATE VIEW reporting.v_station_month AS
SELECT month, station_id, station, sum(calls) AS calls, min(prio) AS worst_prio,
       round(sum(calls * response_s) / sum(calls)) AS response_s
FROM reporting.m_station_month
GROUP BY month, station_id, station;

CREATE VIEW reporting.v_station_year AS
SELECT date_trunc('year', month)::date AS year, station_id, station, sum(calls) AS calls,
       round(avg(response_s)) AS response_s
FROM reporting.v_station_month
GROUP BY 1, 2, 3;

CREATE VIEW reporting.v_area_month AS
SELECT month, area, district, calls, worst_prio, rank() OVER (PARTITION BY month ORDER BY calls DESC) AS place
FROM reporting.m_area_month;

CREATE VIEW reporting.v_area_per_head AS
SELECT m.month, m.area, m.district, m.calls, m.worst_prio, a.population,
       round(1000.0 * m.calls / a.population, 2) AS calls_per_1000
FROM reporting.v_area_month m
JOIN app.areas a ON a.name = m.area;

CREATE VIEW reporting.v_district_month AS
SELECT month, district, sum(calls) AS calls, sum(population) AS population, min(worst_prio) AS worst_prio
FROM reporting.v_area_per_head
GROUP BY month, district;

CREATE VIEW reporting.v_district_year AS
SELECT date_trunc('year', month)::date AS year, district, sum(calls) AS calls, max(population) AS population,
       min(worst_prio) AS worst_prio
FROM reporting.v_district_month
GROUP BY 1, 2;

CREATE VIEW reporting.v_district_card AS
SELECT y.year, y.district, y.calls, y.population, y.worst_prio, s.in_time_pct, s.late
FROM reporting.v_district_year y
JOIN app.v_district_scores s ON s.district = y.district;

CREATE VIEW reporting.v_hospital_card AS
SELECT name, beds, transports, critical, round(100.0 * critical / nullif(transports, 0), 1) AS critical_pct
FROM app.v_hospital_load;

CREATE VIEW reporting.v_unit_card AS
SELECT r.unit_id, r.unit, r.place, u.busy_h, u.shifts, u.worst_prio
FROM app.v_unit_ranks r
JOIN app.v_unit_use u ON u.unit_id = r.unit_id;

CREATE VIEW reporting.v_station_card AS
SELECT y.year, y.station, y.calls, y.response_s, r.place, r.in_time_pct
FROM reporting.v_station_year y
JOIN app.v_station_ranks r ON r.station_id = y.station_id;

CREATE VIEW reporting.v_latest_calls AS
SELECT district, (app.latest(c)).call_id AS call_id, (app.latest(c)).prio AS prio, count(*) AS calls
FROM app.v_calls c
GROUP BY district;

CREATE VIEW reporting.v_pressure AS
SELECT s.district, app.open_calls_in(s.district) AS open_calls, s.in_time_pct
FROM app.v_district_scores s;

CREATE VIEW reporting.v_weekend AS
SELECT day, calls, critical
FROM reporting.v_daily
WHERE extract(isodow FROM day) > 5
UNION ALL
SELECT NULL, sum(calls), sum(critical)
FROM reporting.v_daily
WHERE extract(isodow FROM day) > 5;

CREATE FUNCTION reporting.month_of(wanted date) RETURNS SETOF reporting.m_station_month
    LANGUAGE sql STABLE
    AS $$ SELECT * FROM reporting.m_station_month WHERE month = wanted $$;

CREATE FUNCTION reporting.busiest_stations(at_most integer DEFAULT 3)
    RETURNS TABLE (station text, calls numeric)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT y.station, y.calls FROM reporting.v_station_year y ORDER BY y.calls DESC LIMIT at_most;
    END;

GRANT SELECT ON reporting.v_district_card TO app_owner;
REVOKE SELECT ON reporting.v_unit_card FROM bi;
GRANT SELECT (unit, place) ON reporting.v_unit_card TO bi;
GRANT EXECUTE ON FUNCTION reporting.month_of(date) TO bi;
COMMENT ON VIEW reporting.v_calls IS 'Calls without anything personal';
COMMENT ON COLUMN reporting.v_calls.prio IS 'As the desk set it';
COMMENT ON MATERIALIZED VIEW reporting.m_station_month IS 'Filled on the first of the month';
COMMENT ON COLUMN reporting.m_station_month.response_s IS 'From the call to the arrival';
COMMENT ON INDEX reporting.m_station_month_key IS 'One row per month, station and priority';
COMMENT ON STATISTICS reporting.station_prio IS 'Harbour stations have another mix';
COMMENT ON MATERIALIZED VIEW reporting.m_area_month IS 'Filled every night';
COMMENT ON MATERIALIZED VIEW reporting.m_cancelled IS 'Filled when somebody asks';
COMMENT ON VIEW reporting.v_district_card IS 'One line per district and year';
COMMENT ON COLUMN reporting.v_district_card.in_time_pct IS 'All years together';
COMMENT ON VIEW reporting.v_unit_card IS 'Not for everybody: crews are easy to recognise';
COMMENT ON VIEW reporting.v_latest_calls IS 'The last call of each district';
COMMENT ON VIEW reporting.v_pressure IS 'Busy, and how good when busy';
COMMENT ON FUNCTION reporting.busiest_stations(integer) IS 'For the front page';


------------------------------------------------------------------- app again: figures back on the desk

SET ROLE app_owner;

CREATE VIEW app.v_city_card AS
SELECT year, count(*) AS districts, sum(calls) AS calls, sum(late) AS late, min(worst_prio) AS worst_prio,
       round(avg(in_time_pct), 1) AS in_time_pct
FROM reporting.v_district_card
GROUP BY year;

CREATE VIEW app.v_city_status AS
SELECT c.year, c.calls, c.in_time_pct, c.worst_prio,
       (SELECT count(*) FROM app.incidents i WHERE i.closed_at IS NULL) AS running
FROM app.v_city_card c;

COMMENT ON VIEW app.v_city_status IS 'The line at the top of the wall screen';
GRANT SELECT ON app.v_city_card, app.v_city_status TO report_owner WITH GRANT OPTION;

SET ROLE report_owner;

CREATE VIEW reporting.v_front_page AS
SELECT year, calls, running, in_time_pct, worst_prio
FROM app.v_city_status;

CREATE VIEW reporting.v_headline AS
SELECT year, format('%s calls in %s, %s %% in time', calls, extract(year FROM year), in_time_pct) AS headline,
       worst_prio
FROM reporting.v_front_page;

CREATE VIEW reporting.v_newsletter AS
SELECT h.year, h.headline, array_agg(w.station ORDER BY w.place) FILTER (WHERE w.place <= 3) AS best_stations
FROM reporting.v_headline h
LEFT JOIN reporting.v_station_card w ON w.year = h.year
GROUP BY h.year, h.headline;

COMMENT ON VIEW reporting.v_front_page IS 'What the county prints';
COMMENT ON COLUMN reporting.v_headline.headline IS 'One sentence';
GRANT SELECT ON reporting.v_front_page TO PUBLIC;

RESET ROLE;

SET client_min_messages = error;  -- no remark about wal_level
CREATE PUBLICATION dispatch_feed
    FOR TABLE app.calls (call_id, prio, status, received_at) WHERE (prio <= 2), TABLE app.incidents
    WITH (publish = 'insert');
COMMENT ON PUBLICATION dispatch_feed IS 'For the neighbouring county';

RESET client_min_messages;
