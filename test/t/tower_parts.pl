# What hangs on the relations of the tower is changed: triggers, rules, policies, indexes, statistics, materialized views,
# comments, privileges, owners.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('parts');
my $bigint = [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       a.name AS area," ];

$tower->change('a trigger changes', also => "CREATE OR REPLACE TRIGGER log_status AFTER UPDATE OF status, prio ON app.calls FOR EACH ROW EXECUTE FUNCTION app.log_status()",
	steps => [ 'CREATE OR REPLACE TRIGGER log_status AFTER UPDATE OF status, prio ON app.calls FOR EACH ROW EXECUTE FUNCTION app.log_status()' ]);
$tower->change('a trigger changes that is disabled', first => 'ALTER TABLE app.calls DISABLE TRIGGER log_status', also => "CREATE OR REPLACE TRIGGER log_status AFTER UPDATE OF prio ON app.calls FOR EACH ROW EXECUTE FUNCTION app.log_status(); ALTER TABLE app.calls DISABLE TRIGGER log_status",
	edit => [], text => "CREATE TRIGGER log_status AFTER UPDATE OF prio ON app.calls FOR EACH ROW EXECUTE FUNCTION app.log_status();");
$tower->change('a trigger more', also => 'CREATE TRIGGER more AFTER DELETE ON app.calls FOR EACH STATEMENT EXECUTE FUNCTION app.log_status()', text => 'CREATE TRIGGER more AFTER DELETE ON app.calls FOR EACH STATEMENT EXECUTE FUNCTION app.log_status();',
	changed => [ '+ trigger more on app.calls' ]);
$tower->change('a trigger goes', also => 'DROP TRIGGER IF EXISTS keep_urgent ON app.calls', changed => [ '- trigger keep_urgent on app.calls' ]);
$tower->change('an INSTEAD OF trigger of a view in the tower', also => 'CREATE OR REPLACE TRIGGER write_board INSTEAD OF UPDATE OR DELETE ON app.v_call_board FOR EACH ROW EXECUTE FUNCTION app.write_board()');
$tower->change('the state of triggers and rules', also => 'ALTER TABLE app.calls DISABLE TRIGGER log_status; ALTER TABLE app.calls ENABLE ALWAYS TRIGGER keep_urgent; ALTER TABLE app.areas DISABLE RULE nothing', first => 'CREATE RULE nothing AS ON DELETE TO app.areas DO NOTHING',
	changed => [ '~ trigger log_status on app.calls pg_trigger.tgenabled: O -> D', '~ trigger keep_urgent on app.calls pg_trigger.tgenabled: O -> A', '~ rule nothing on app.areas pg_rewrite.ev_enabled: O -> D' ]);
$tower->change('triggers and rules are disabled while the root changes', first => 'ALTER VIEW app.v_calls ALTER COLUMN note SET DEFAULT $$-$$; ALTER TABLE app.calls DISABLE TRIGGER log_status; ALTER TABLE app.calls ENABLE REPLICA TRIGGER keep_urgent', edit => $bigint, text => 'CREATE VIEW app.v_calls');
$tower->change('a constraint trigger', first => 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.calls DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.log_status()', instead => 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.calls DEFERRABLE FOR EACH ROW EXECUTE FUNCTION app.log_status()',
	text => 'CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.calls DEFERRABLE FOR EACH ROW EXECUTE FUNCTION app.log_status();');
$tower->change('a rule changes', edit => [ 'CREATE RULE keep_calls AS ON DELETE TO app.v_calls DO INSTEAD NOTHING;' => 'CREATE RULE keep_calls AS ON DELETE TO app.v_calls DO INSTEAD UPDATE app.calls SET closed_at = now() WHERE call_id = OLD.call_id;' ],
	text => 'CREATE RULE keep_calls AS ON DELETE TO app.v_calls DO INSTEAD UPDATE app.calls SET closed_at = now() WHERE call_id = OLD.call_id;');
$tower->change('a rule goes', also => 'DROP RULE IF EXISTS assign ON app.v_unassigned_calls', changed => [ '- rule assign on app.v_unassigned_calls' ]);
$tower->change('a policy changes', edit => [ "TO bi USING (status >= 'closed');" => "TO bi, report_owner USING (status >= 'on_scene');", 'USING (prio >= 4) WITH CHECK (prio >= 3)' => 'USING (prio >= 4)' ],
	text => "CREATE POLICY finished ON app.calls FOR SELECT TO bi, report_owner USING (status >= 'on_scene'); CREATE POLICY low_prio ON app.calls FOR UPDATE TO bi USING (prio >= 4);");
$tower->change('a policy changes, by ALTER', also => 'ALTER POLICY everything ON app.incidents TO bi USING (kind <> $$lift$$)');
$tower->change('a policy more, and one goes', also => 'DROP POLICY IF EXISTS low_prio ON app.calls; CREATE POLICY mine ON app.calls FOR INSERT TO bi WITH CHECK (prio > 2)', text => 'CREATE POLICY mine ON app.calls FOR INSERT TO bi WITH CHECK (prio > 2); DROP POLICY IF EXISTS low_prio ON app.calls');
$tower->change('an index changes', edit => [ "WHERE status IN ('received', 'queued');
CREATE INDEX calls_by_day" => "WHERE status < 'dispatched';
CREATE INDEX calls_by_day" ], text => "CREATE INDEX calls_waiting ON app.calls (prio, received_at) WHERE status < 'dispatched';");
$tower->change('an index more, and one goes', also => 'CREATE INDEX more ON app.calls (status); DROP INDEX IF EXISTS app.calls_by_time', text => 'CREATE INDEX more ON app.calls (status); DROP INDEX IF EXISTS app.calls_by_time', changed => [ '+ index app.more', '+ index column app.more.1', '- index app.calls_by_time', '- index column app.calls_by_time.1' ]);
$tower->change('statistics change', edit => [ '(dependencies, ndistinct) ON area_id, unit_id' => '(mcv) ON area_id, unit_id, prio' ], text => 'CREATE STATISTICS app.calls_area_unit (mcv) ON area_id, unit_id, prio FROM app.calls;');

$tower->change('a materialized view changes', edit => [ "min(worst_prio) AS worst_prio, sum(busy_s) AS busy_s\n" => "min(worst_prio) AS worst_prio, sum(busy_s)::numeric(12,2) AS busy_s\n" ], text => 'CREATE MATERIALIZED VIEW app.m_unit_load', rows => 'app.m_unit_load');
$tower->change('only the condition of a materialized view changes', edit => [ "       count(*) AS calls, round(avg(response_s)) AS response_s\nFROM app.v_call_times\n" => "       count(*) AS calls, round(avg(response_s)) AS response_s\nFROM app.v_call_times WHERE prio < 3\n" ], text => 'CREATE MATERIALIZED VIEW reporting.m_station_month', rows => 'reporting.m_station_month');
$tower->change('a materialized view that is not populated changes', edit => [ 'SELECT call_id, received_at, prio, area FROM app.v_cancelled_calls' => 'SELECT call_id, prio, received_at, area FROM app.v_cancelled_calls' ], text => 'CREATE MATERIALIZED VIEW reporting.m_cancelled');
$tower->change('options of a materialized view', also => 'ALTER MATERIALIZED VIEW app.m_unit_load SET (fillfactor = 50); ALTER MATERIALIZED VIEW reporting.m_station_month ALTER COLUMN response_s SET STATISTICS 10; ALTER MATERIALIZED VIEW app.m_unit_load SET WITHOUT CLUSTER');
$tower->change('an index of a materialized view', edit => [ '(response_s DESC NULLS LAST)' => '(response_s, month)' ], text => 'CREATE INDEX m_station_month_slow ON reporting.m_station_month (response_s, month) WHERE response_s > 600;');
$tower->change('a materialized view goes', also => 'DROP MATERIALIZED VIEW IF EXISTS reporting.m_cancelled', rows => 'reporting.m_cancelled');
$tower->change('a materialized view more', also => 'CREATE MATERIALIZED VIEW app.m_more AS SELECT prio, count(*) FROM app.v_calls GROUP BY 1; CREATE UNIQUE INDEX m_more_key ON app.m_more (prio)', text => 'CREATE UNIQUE INDEX m_more_key ON app.m_more (prio); CREATE MATERIALIZED VIEW app.m_more AS SELECT prio, count(*) FROM app.v_calls GROUP BY 1', rows => 'app.m_more');

$tower->change('comments', also => "COMMENT ON VIEW app.v_calls IS 'x'; COMMENT ON COLUMN app.v_calls.prio IS NULL; COMMENT ON FUNCTION app.clock() IS 'y'; COMMENT ON TRIGGER write_call ON app.v_calls IS 'z'; COMMENT ON RULE assign ON app.v_unassigned_calls IS E'a\\nb''c'; COMMENT ON POLICY finished ON app.calls IS 'p'; COMMENT ON CONSTRAINT known_prio ON app.calls IS 'c'; COMMENT ON INDEX app.calls_by_time IS 'i'; COMMENT ON INDEX app.calls_pkey IS 'k'; COMMENT ON CONSTRAINT calls_pkey ON app.calls IS 'l'; COMMENT ON TYPE app.unit_kind IS 't'; COMMENT ON CONSTRAINT phone_form ON DOMAIN app.phone IS 'd'; COMMENT ON STATISTICS app.calls_area_unit IS 's'; COMMENT ON SCHEMA app IS 'desk'; COMMENT ON AGGREGATE app.urgency(numeric) IS 'agg'; COMMENT ON MATERIALIZED VIEW app.m_unit_load IS 'm'; COMMENT ON COLUMN app.position.lon IS 'lon'; COMMENT ON PROCEDURE app.take_call(bigint) IS 'proc'");
$tower->change('comments on what the same text changes', edit => [ @$bigint, "'Every call with its area, unit and station: the one to use'" => "'new'", "'As the desk set it'" => "'newer'" ],
	text => [ "COMMENT ON COLUMN reporting.v_calls.prio IS 'newer'; COMMENT ON VIEW app.v_calls IS 'new';", 'CREATE VIEW app.v_calls' ]);
$tower->change('privileges', also => "GRANT INSERT, UPDATE ON app.calls TO report_owner WITH GRANT OPTION; GRANT SELECT (note) ON app.v_calls TO bi; REVOKE SELECT ON app.v_next_call FROM PUBLIC; REVOKE GRANT OPTION FOR SELECT ON app.v_calls FROM report_owner CASCADE; GRANT EXECUTE ON FUNCTION app.clock() TO bi; GRANT USAGE ON TYPE app.unit_kind TO bi");
$tower->change('privileges on what the same text changes', edit => [ @$bigint ], also => 'GRANT SELECT ON app.v_calls TO PUBLIC; REVOKE SELECT (prio) ON app.v_calls FROM bi', text => [ 'GRANT SELECT ON app.v_calls TO PUBLIC; REVOKE SELECT (prio) ON app.v_calls FROM bi;', 'CREATE VIEW app.v_calls' ]);
$tower->change('privileges on a schema', also => 'GRANT CREATE ON SCHEMA app TO bi; REVOKE USAGE ON SCHEMA reporting FROM bi');
$tower->change('owners', also => 'ALTER VIEW app.v_open_calls OWNER TO report_owner; ALTER TABLE app.areas OWNER TO bi; ALTER FUNCTION app.seconds(interval) OWNER TO bi; ALTER TYPE app.unit_kind OWNER TO bi; ALTER MATERIALIZED VIEW app.m_unit_load OWNER TO report_owner; ALTER TABLE app.call_log OWNER TO bi; ALTER DOMAIN app.phone OWNER TO bi; ALTER SCHEMA reporting OWNER TO app_owner; ALTER AGGREGATE app.urgency(numeric) OWNER TO bi; ALTER STATISTICS app.calls_area_unit OWNER TO bi');
$tower->change('the owner of what the same text changes', edit => [ 'SELECT district, call_id, prio, area, waiting' => 'SELECT district, call_id, area, waiting' ], also => 'ALTER VIEW app.v_next_call OWNER TO report_owner', text => [ 'ALTER VIEW app.v_next_call OWNER TO report_owner', 'CREATE VIEW app.v_next_call' ]);
$tower->change('a default of a column of a view', also => 'ALTER VIEW app.v_calls ALTER COLUMN prio SET DEFAULT 4, ALTER COLUMN status DROP DEFAULT');
$tower->change('a sequence', first => 'CREATE SEQUENCE app.s; ALTER SEQUENCE app.s OWNER TO app_owner; CREATE VIEW app.v_s AS SELECT last_value FROM app.s; ALTER TABLE app.areas ALTER COLUMN area_id SET DEFAULT nextval($$app.s$$)', also => 'ALTER SEQUENCE app.s INCREMENT BY 3 MAXVALUE 1000 CYCLE OWNED BY app.areas.area_id');
my $default_privileges = 'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT, INSERT ON TABLES TO bi; ALTER DEFAULT PRIVILEGES IN SCHEMA reporting REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC';
$tower->change('default privileges of the caller give nothing to what is rebuilt', first => $default_privileges,
	instead => 'SELECT 1', also => $default_privileges, edit => $bigint, text => 'CREATE VIEW app.v_calls');
$tower->change('a table with policies on the view beneath which it all changes', edit => [ @$bigint, "opened_at   timestamptz NOT NULL,\n    closed_at   timestamptz,\n    CONSTRAINT" => "opened_at   timestamptz NOT NULL DEFAULT now(),\n    closed_at   timestamptz,\n    CONSTRAINT" ],
	text => [ 'CREATE TABLE app.incidents', 'CREATE VIEW app.v_calls' ]);
$tower->done;
