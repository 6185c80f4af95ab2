# Views of the tower are changed: the root that sixty others stand on, those in the middle, leaves.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('views');

$tower->change('the type of a column of the root',
	edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area," ], text => 'CREATE VIEW app.v_calls');
$tower->change('a column in the middle of the root, and a type',
	edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       c.area_id,\n       a.name AS area," ], text => 'CREATE VIEW app.v_calls');
$tower->change('a column in the middle of the root',
	edit => [ "a.name AS area,\n       a.district," => "a.name AS area,\n       c.area_id,\n       a.district," ], text => 'CREATE VIEW app.v_calls');
$tower->change('a column at the end of the root',
	edit => [ "c.caller,\n       c.note\n" => "c.caller,\n       c.note,\n       c.weight\n" ], text => 'CREATE VIEW app.v_calls',
	steps => [ 'CREATE OR REPLACE VIEW app.v_calls AS' ]);
$tower->change('a column of the root goes that nobody uses',
	edit => [ "       c.closed_at,\n       c.caller,\n       c.note\nFROM app.calls c" => "       c.closed_at,\n       c.caller\nFROM app.calls c",
		'call_id, received_at, prio, area, caller, note' => 'call_id, received_at, prio, area, caller', 'GRANT UPDATE (note, status) ON app.v_calls' => 'GRANT UPDATE (status) ON app.v_calls' ],
	text => [ 'CREATE VIEW app.v_calls', 'CREATE VIEW app.v_cancelled_calls' ]);
$tower->refusal('a column of the root goes that others use',
	edit => [ "       c.arrived_at,\n       c.closed_at,\n       c.caller" => "       c.closed_at,\n       c.caller" ], text => 'CREATE VIEW app.v_calls',
	error => qr/view app\.v_closed_calls cannot be put back after the change/, detail => qr/column "?(v_calls\.)?arrived_at"? does not exist/,
	hint => qr/Add a definition of view app\.v_closed_calls that fits to the desired state, or DROP it there/);
$tower->change('only the condition of the root',
	edit => [ 'LEFT JOIN app.stations s ON s.station_id = u.station_id;' => 'LEFT JOIN app.stations s ON s.station_id = u.station_id WHERE c.area_id > 0;' ],
	text => 'CREATE VIEW app.v_calls', steps => [ 'CREATE OR REPLACE VIEW app.v_calls AS' ],
	changed => [ '~ rule "_RETURN" on app.v_calls pg_rewrite.ev_action' ]);
$tower->change('only the condition of a view in the middle',
	edit => [ "WHERE status NOT IN ('closed', 'cancelled');" => "WHERE status < 'closed';" ], text => 'CREATE VIEW app.v_open_calls',
	steps => [ 'CREATE OR REPLACE VIEW app.v_open_calls WITH (check_option=\'local\', security_barrier=\'true\') AS' ],
	changed => [ '~ rule "_RETURN" on app.v_open_calls pg_rewrite.ev_action' ]);
$tower->change('the options of a view',
	edit => [ 'app.v_open_calls WITH (security_barrier = true, check_option = local)' => 'app.v_open_calls WITH (security_invoker = true)' ],
	text => 'CREATE VIEW app.v_open_calls',
	changed => [ '~ view app.v_open_calls pg_class.reloptions' ]);
$tower->change('the options of a view, by ALTER', also => 'ALTER VIEW app.v_open_calls RESET (check_option); ALTER VIEW app.v_call_board SET (security_invoker = false)',
	changed => [ '~ view app.v_open_calls pg_class.reloptions: check_option=local -> ', '~ view app.v_call_board pg_class.reloptions: security_invoker=true -> security_invoker=false' ]);
$tower->change('a view of another owner', edit => [ "SELECT DISTINCT ON (district) district, hour, prio, calls" => "SELECT DISTINCT ON (district) district, hour, prio::smallint AS prio, calls" ],
	text => 'CREATE VIEW app.v_peak_hours');
$tower->change('a view with an INSTEAD OF trigger and defaults of columns',
	edit => [ 'SELECT o.call_id, p.name AS priority, o.prio, o.area, o.unit,' => 'SELECT o.call_id, o.prio::numeric AS prio, p.name AS priority, o.area, o.unit,' ], text => 'CREATE VIEW app.v_call_board');
$tower->change('the root and a far dependent in one text, the dependent first',
	edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area,", 'SELECT year, calls, running, in_time_pct, worst_prio' => 'SELECT year, calls, worst_prio::text AS worst_prio, running, in_time_pct' ],
	text => [ 'CREATE VIEW reporting.v_front_page', 'CREATE VIEW app.v_calls' ]);
$tower->change('a column of the root goes with everybody who used it, in any order',
	edit => [ "       s.name AS station,\n       u.unit_id,\n       u.call_sign AS unit,\n       u.kind AS unit_kind,\n" => "       s.name AS station,\n       u.unit_id,\n       u.call_sign AS unit,\n",
		'unit_id, unit, unit_kind,
       dispatched_at' => 'unit_id, unit,
       dispatched_at', "SELECT unit_id, unit, unit_kind, received_at::date" => "SELECT unit_id, unit, received_at::date",
		'GROUP BY unit_id, unit, unit_kind, received_at::date' => 'GROUP BY unit_id, unit, received_at::date',
		'SELECT unit_id, unit, unit_kind, sum(calls)' => 'SELECT unit_id, unit, sum(calls)', "FROM app.v_unit_days\nGROUP BY unit_id, unit, unit_kind;" => "FROM app.v_unit_days\nGROUP BY unit_id, unit;",
		'CREATE INDEX m_unit_load_by_hours ON app.m_unit_load (unit_kind, (busy_s / 3600) DESC)' => 'CREATE INDEX m_unit_load_by_hours ON app.m_unit_load (unit, (busy_s / 3600) DESC)',
		'district, station, unit_kind, status' => 'district, station, status' ],
	text => [ 'CREATE INDEX m_unit_load_by_hours ON app.m_unit_load (unit, (busy_s / 3600) DESC) WITH (fillfactor = 80);', 'CREATE VIEW reporting.v_calls', 'CREATE MATERIALIZED VIEW app.m_unit_load', 'CREATE VIEW app.v_unit_days', 'CREATE VIEW app.v_calls', 'CREATE VIEW app.v_closed_calls' ],
	rows => 'app.m_unit_load');
$tower->change('a new view among them', also => "CREATE VIEW app.v_new AS SELECT call_id, prio FROM app.v_urgent_calls; ALTER VIEW app.v_new OWNER TO app_owner; COMMENT ON VIEW app.v_new IS 'new'; GRANT SELECT ON app.v_new TO bi",
	changed => [ '+ view app.v_new', '+ view column app.v_new.call_id', '+ view column app.v_new.prio', '+ rule "_RETURN" on app.v_new', '+ type app.v_new', '+ type app.v_new[]' ]);
$tower->change('a new view beneath an old one', edit => [ 'FROM app.v_calls_hourly
ORDER BY district' => 'FROM app.v_new
ORDER BY district' , 'CREATE VIEW app.v_peak_hours' => "CREATE VIEW app.v_new AS SELECT * FROM app.v_calls_hourly;\nALTER VIEW app.v_new OWNER TO app_owner;\n\nCREATE VIEW app.v_peak_hours"],
	text => [ 'CREATE VIEW app.v_peak_hours', 'CREATE VIEW app.v_new', 'ALTER VIEW app.v_new OWNER TO app_owner' ]);
$tower->change('a leaf goes', also => 'DROP VIEW reporting.v_newsletter', once => qr/view "reporting.v_newsletter" does not exist|does not exist/,
	changed => [ '- view reporting.v_newsletter', '- view column reporting.v_newsletter.year', '- view column reporting.v_newsletter.headline', '- view column reporting.v_newsletter.best_stations',
		'- rule "_RETURN" on reporting.v_newsletter', '- type reporting.v_newsletter', '- type reporting.v_newsletter[]' ]);
$tower->change('a leaf goes, if it exists', also => 'DROP VIEW IF EXISTS reporting.v_newsletter');
$tower->refusal('a view goes that others use', text => 'DROP VIEW app.v_call_times', error => qr/app\.v_call_times/);
$tower->change('a view goes with those above, by CASCADE', also => 'DROP VIEW IF EXISTS app.v_city_card CASCADE');
$tower->change('a view goes with those above, by name', also => 'DROP VIEW IF EXISTS app.v_false_alarms; DROP VIEW IF EXISTS app.v_repeat_callers',
	text => 'DROP VIEW IF EXISTS app.v_repeat_callers; DROP VIEW IF EXISTS app.v_false_alarms;');
$tower->change('a view that is dropped and created in the text', edit => [ 'SELECT district, call_id, prio, area, waiting' => 'SELECT district, call_id, area, waiting' ],
	text => [ 'DROP VIEW IF EXISTS app.v_next_call;', 'CREATE VIEW app.v_next_call' ]);
$tower->refusal('a column of a table of the rowtype of a view', first => 'CREATE TABLE reporting.kept (c app.v_calls)', edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area," ],
	text => 'CREATE VIEW app.v_calls', error => qr/cannot rebuild view app\.v_calls because column reporting\.kept\.c uses it/);
$tower->change('dependents in a schema of their own, of another owner', first => 'CREATE SCHEMA outside AUTHORIZATION bi; GRANT SELECT ON app.v_open_calls TO bi; SET ROLE bi; CREATE VIEW outside.v AS SELECT prio, count(*) FROM app.v_open_calls GROUP BY prio; RESET ROLE',
	edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area," ], text => 'CREATE VIEW app.v_calls');
$tower->refusal('a dependent of a role that the caller is no member of', as => 'app_owner', edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area," ],
	text => 'CREATE VIEW app.v_calls', error => qr/42501|must be owner|permission denied/);

# Renames. A column that is renamed keeps its name in the output of views, as PostgreSQL has it.
$tower->change('a leaf is renamed', also => "ALTER VIEW reporting.v_newsletter RENAME TO v_letter");
$tower->change('a view in the middle is renamed', also => 'ALTER VIEW app.v_call_times RENAME TO v_times');
$tower->change('a column of the root is renamed', also => 'ALTER VIEW app.v_calls RENAME COLUMN prio TO priority');
$tower->change('a column of a table is renamed under all the views', also => 'ALTER TABLE app.calls RENAME COLUMN prio TO priority');
$tower->change('a column of the root is renamed by a directive', edit => [ "c.prio,\n       a.name AS area," => "c.prio AS priority,\n       a.name AS area," ], unchanged => 1, also => 'ALTER VIEW app.v_calls RENAME COLUMN prio TO priority',
	text => "-- pgschema: renamed column app.v_calls.prio to priority\n" . ($tower->edited("c.prio,\n       a.name AS area," => "c.prio AS priority,\n       a.name AS area,") =~ /^(CREATE VIEW app\.v_calls AS.*?;)/ms)[0]);
$tower->change('a function and a type are renamed', also => 'ALTER FUNCTION app.clock() RENAME TO desk_clock; ALTER TYPE app.call_status RENAME TO status');
$tower->change('a value of an enum is renamed', also => "ALTER TYPE app.call_status RENAME VALUE 'queued' TO 'waiting'", rows => 'app.calls');
$tower->done;
