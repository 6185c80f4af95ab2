-- A year of calls, about 200,000 rows: fictional, and the same at every load.

SET client_min_messages = warning;

-- A number from 0 to below - 1 that looks random and depends on n and salt only.
CREATE FUNCTION pg_temp.pick(n bigint, salt bigint, below integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN mod(hashint8extended(n, salt) & 1073741823, below)::integer;

INSERT INTO app.priorities (prio, name, target_s) VALUES
    (1, 'life in danger', 540), (2, 'urgent', 720), (3, 'soon', 1200), (4, 'today', 3600),
    (5, 'can wait', 7200);

CREATE TEMP TABLE districts AS
SELECT n::integer AS district_id, name
FROM unnest(ARRAY['Amberquay', 'Birchfell', 'Coldhaven', 'Dunmere', 'Eastwold', 'Fernley', 'Gullwick',
    'Highmarsh', 'Ivyford', 'Juniper Row', 'Kestrel Point', 'Lantern Hill']) WITH ORDINALITY t (name, n);

INSERT INTO app.areas (area_id, name, district, population, centre)
SELECT 1000 + n, format('%s %s', d.name, n / 12 + 1), d.name, 900 + pg_temp.pick(n, 1, 4200),
       ROW(61 + n / 1000.0, 5 + pg_temp.pick(n, 2, 900) / 1000.0)::app.position
FROM generate_series(0, 479) n JOIN districts d ON d.district_id = n % 12 + 1;

INSERT INTO app.stations (station_id, name, district, place, opened_on)
SELECT n + 1, format('%s %s', d.name, (ARRAY['Central', 'North', 'Quay'])[n / 12 + 1]), d.name,
       ROW(61 + n / 100.0, 5 + pg_temp.pick(n, 3, 900) / 1000.0)::app.position, date '1950-05-01' + 211 * n
FROM generate_series(0, 35) n JOIN districts d ON d.district_id = n % 12 + 1;

INSERT INTO app.hospitals (hospital_id, name, beds, place)
SELECT d.district_id, 'St. ' || split_part(d.name, ' ', 1), 80 + pg_temp.pick(d.district_id, 4, 600),
       ROW(61 + d.district_id / 50.0, 5.5)::app.position
FROM districts d;

INSERT INTO app.units (unit_id, call_sign, kind, station_id, in_service)
SELECT n + 1,
       format('%s-%s-%s', (ARRAY['E', 'E', 'A', 'A', 'L', 'R'])[n / 36 + 1], to_char(n % 36 + 1, 'FM00'),
              n / 36 + 1),
       (ARRAY['engine', 'engine', 'ambulance', 'ambulance', 'ladder', 'rescue'])[n / 36 + 1]::app.unit_kind,
       n % 36 + 1, n % 50 <> 49
FROM generate_series(0, 215) n;

INSERT INTO app.crew (crew_id, name, phone, station_id)
SELECT n + 1,
       (ARRAY['Ada', 'Bo', 'Cleo', 'Dag', 'Edda', 'Finn', 'Gro', 'Hal', 'Ines', 'Jon', 'Kaya', 'Leif'])
           [pg_temp.pick(n, 5, 12) + 1] || ' ' ||
       (ARRAY['Aker', 'Berg', 'Dahl', 'Eide', 'Foss', 'Haug', 'Lund', 'Moen', 'Nes', 'Rud', 'Strand', 'Vik'])
           [pg_temp.pick(n, 6, 12) + 1],
       '+000 ' || (600000 + n), n % 36 + 1
FROM generate_series(0, 1295) n;

INSERT INTO app.shifts (unit_id, crew_id, day, hours)
SELECT n % 216 + 1, n % 1296 + 1, date '2031-12-01' + n / 1296,
       (ARRAY['[06:00,14:00)', '[14:00,22:00)', '[00:00,06:00)'])[n / 216 % 3 + 1]::app.day_hours
FROM generate_series(0, 9071) n;

INSERT INTO app.incidents (incident_id, kind, area_id, opened_at, closed_at)
SELECT n,
       (ARRAY['fire', 'smoke', 'traffic', 'fall', 'chest pain', 'water', 'storm', 'lift', 'alarm', 'other'])
           [pg_temp.pick(n, 7, 10) + 1],
       1000 + pg_temp.pick(n, 8, 480), t,
       CASE WHEN n < 39800 THEN t + pg_temp.pick(n, 9, 9000) * interval '1 second' END
FROM generate_series(1, 40000) n,
     LATERAL (SELECT timestamptz '2031-01-01 00:00:00+00' + n * interval '788 seconds') at (t);

INSERT INTO app.calls (incident_id, area_id, unit_id, prio, status, received_at, dispatched_at, arrived_at,
                       closed_at, caller, note)
SELECT i, 1000 + area,
       CASE WHEN status BETWEEN 'dispatched' AND 'closed' THEN area % 12 + 1 + 12 * nearby END,
       prio, status, t,
       CASE WHEN status BETWEEN 'dispatched' AND 'closed' THEN t + queued END,
       CASE WHEN status BETWEEN 'on_scene' AND 'closed' THEN t + queued + driven END,
       CASE WHEN status = 'closed' THEN t + queued + driven + handled END,
       CASE WHEN n % 9 <> 0 THEN '+000 ' || 100000 + pg_temp.pick(n, 12, 60000) END,
       CASE WHEN n % 23 = 0 THEN 'called back' END
FROM generate_series(1, 130000) n,
     LATERAL (SELECT CASE WHEN n % 5 <> 0 THEN greatest(1, n * 4 / 13 - pg_temp.pick(n, 13, 4)) END,
                     pg_temp.pick(n, 14, 480),
                     (ARRAY[1, 2, 2, 3, 3, 3, 3, 4, 4, 5])[pg_temp.pick(n, 15, 10) + 1],
                     timestamptz '2031-01-01 00:00:00+00' + n * interval '242 seconds') a (i, area, prio, t),
     LATERAL (SELECT (15 + prio * pg_temp.pick(n, 16, 200)) * interval '1 second',
                     (120 + pg_temp.pick(n, 17, 700)) * interval '1 second',
                     pg_temp.pick(n, 11, 5400) * interval '1 second',
                     pg_temp.pick(n, 10, 18),
                     CASE WHEN n > 129600 THEN (enum_range(NULL::app.call_status))[n % 4 + 1]
                          WHEN n % 37 = 0 THEN 'cancelled'
                          ELSE 'closed' END) b (queued, driven, handled, nearby, status);

INSERT INTO app.transports (transport_id, incident_id, hospital_id, arrived_at)
SELECT n, i.incident_id, pg_temp.pick(n, 18, 12) + 1,
       i.opened_at + (900 + pg_temp.pick(n, 19, 3600)) * interval '1 second'
FROM generate_series(1, 15000) n
JOIN app.incidents i ON i.incident_id = n * 5 / 2;

INSERT INTO app.call_log (call_id, logged_at, logged_by, what)
SELECT c.call_id, c.received_at + interval '40 seconds', 'app_owner', 'caller asked how long it takes'
FROM app.calls c WHERE c.call_id % 26 = 0;

REFRESH MATERIALIZED VIEW app.m_unit_load;
REFRESH MATERIALIZED VIEW reporting.m_station_month;
REFRESH MATERIALIZED VIEW reporting.m_area_month;

DROP FUNCTION pg_temp.pick(bigint, bigint, integer);
DROP TABLE districts;
RESET client_min_messages;
