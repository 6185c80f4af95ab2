-- The change that the demo makes: the desired state of one view.
--
-- Priorities are to come from another system that counts them in 64 bits, and the area's number is needed
-- beside its name. In SQL it is two words; for PostgreSQL it is a column with another type and a column in
-- the middle, which CREATE OR REPLACE VIEW refuses, in a view that nearly sixty others stand on.

CREATE OR REPLACE VIEW app.v_calls AS
SELECT c.call_id,
       c.incident_id,
       c.received_at,
       c.prio::bigint AS prio,
       c.area_id,
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
