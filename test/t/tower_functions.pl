# Functions, procedures and aggregates of the tower are changed: used by views, defaults, triggers, generated columns,
# indexes, checks, policies and other functions.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('functions');

$tower->change('only the body of a function', edit => [ 'promised * interval' => '2 * promised * interval' ], text => 'CREATE FUNCTION app.is_overdue',
	steps => [ 'CREATE OR REPLACE FUNCTION app.is_overdue(call app.v_calls, slack interval DEFAULT \'00:00:30\'::interval)' ],
	changed => [ '~ function app.is_overdue(app.v_calls,interval) pg_proc.prosrc' ]);
$tower->change('only the body of a function that views use, BEGIN ATOMIC', edit => [ 'SELECT max(received_at) FROM app.calls;' => 'SELECT max(received_at) FROM app.calls WHERE prio > 0;' ],
	text => 'CREATE FUNCTION app.clock()', steps => [ 'CREATE OR REPLACE FUNCTION app.clock()' ]);
$tower->change('settings of a function', edit => [ 'RETURNS boolean
    LANGUAGE plpgsql STABLE COST 500' => "RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT COST 700 PARALLEL RESTRICTED SET work_mem = '8MB'" ], text => 'CREATE FUNCTION app.is_overdue');
$tower->change('settings of a function, by ALTER', also => 'ALTER FUNCTION app.seconds(interval) COST 3 CALLED ON NULL INPUT; ALTER PROCEDURE app.close_call(bigint, text) SECURITY DEFINER');
$tower->change('the result of a function that a view uses', edit => [ "CREATE FUNCTION app.open_calls_in(wanted text) RETURNS bigint" => 'CREATE FUNCTION app.open_calls_in(wanted text) RETURNS numeric' ],
	text => 'CREATE FUNCTION app.open_calls_in');
$tower->change('the result of a function and a view far above it', edit => [ 'CREATE FUNCTION app.clock() RETURNS timestamptz' => 'CREATE FUNCTION app.clock() RETURNS timestamptz(0)', 'COALESCE((call).dispatched_at, app.clock())' => 'COALESCE((call).dispatched_at, app.clock() + interval $$1 second$$)',
		'SELECT district, call_id, prio, area, waiting' => 'SELECT district, waiting, call_id, prio, area' ], text => [ 'CREATE VIEW app.v_next_call', 'CREATE FUNCTION app.waiting', 'CREATE FUNCTION app.clock()' ]);
$tower->change('the columns that a function returns', edit => [ 'RETURNS TABLE (station text, calls numeric)' => 'RETURNS TABLE (station text, calls numeric, year date)', 'SELECT y.station, y.calls FROM reporting.v_station_year' => 'SELECT y.station, y.calls, y.year FROM reporting.v_station_year' ],
	text => 'CREATE FUNCTION reporting.busiest_stations');
$tower->change('the names of arguments', edit => [ 'CREATE FUNCTION app.open_calls_in(wanted text)' => 'CREATE FUNCTION app.open_calls_in(district_wanted text)', 'o.district = wanted;' => 'o.district = district_wanted;' ],
	text => 'CREATE FUNCTION app.open_calls_in');
$tower->change('a default more', edit => [ 'CREATE FUNCTION app.open_calls_in(wanted text)' => "CREATE FUNCTION app.open_calls_in(wanted text DEFAULT 'Dunmere')" ],
	text => 'CREATE FUNCTION app.open_calls_in', steps => [ "CREATE OR REPLACE FUNCTION app.open_calls_in(wanted text DEFAULT 'Dunmere'::text)" ]);
$tower->change('another default', edit => [ 'at_most integer DEFAULT 3' => 'at_most integer DEFAULT 5' ], text => 'CREATE FUNCTION reporting.busiest_stations');
$tower->change('a default less', edit => [ "slack interval DEFAULT '30 seconds'" => 'slack interval', 'AND app.is_overdue(c);' => "AND app.is_overdue(c, '30 seconds');" ], text => [ 'CREATE FUNCTION app.is_overdue', 'CREATE VIEW app.v_overdue_calls' ]);
$tower->refusal('a default less that a view counts on', edit => [ "slack interval DEFAULT '30 seconds'" => 'slack interval' ], text => 'CREATE FUNCTION app.is_overdue', error => qr/app\.v_overdue_calls/);
$tower->change('other argument types are another function', also => "CREATE FUNCTION app.seconds(span text) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN extract(epoch FROM span::interval); ALTER FUNCTION app.seconds(text) OWNER TO app_owner",
	changed => [ '+ function app.seconds(pg_catalog.text)' ]);
$tower->change('a function of the rowtype of a view', edit => [ 'CREATE FUNCTION app.waiting(call app.v_calls) RETURNS interval' => 'CREATE FUNCTION app.waiting(call app.v_calls) RETURNS interval day to second', "RETURN COALESCE((call).dispatched_at, app.clock()) - (call).received_at;" => "RETURN (COALESCE((call).dispatched_at, app.clock()) - (call).received_at) * 1;" ], text => 'CREATE FUNCTION app.waiting');
$tower->change('SETOF the rowtype becomes SETOF another', edit => [ 'RETURNS SETOF app.v_calls' => 'RETURNS SETOF app.calls', 'SELECT * FROM app.v_calls WHERE station_id = wanted' => 'SELECT * FROM app.calls WHERE area_id = wanted' ], text => 'CREATE FUNCTION app.calls_of_station');
$tower->change('a view and the function that returns its rows', edit => [ "c.prio,\n       a.name AS area," => "c.prio::bigint AS prio,\n       c.area_id,\n       a.name AS area,", 'WHERE station_id = wanted ORDER BY received_at' => 'WHERE station_id = wanted ORDER BY received_at DESC' ],
	text => [ 'CREATE FUNCTION app.calls_of_station', 'CREATE VIEW app.v_calls' ]);
$tower->change('a procedure', edit => [ "status = 'queued' WHERE call_id = wanted" => "status = 'queued', prio = 1 WHERE call_id = wanted" ], text => 'CREATE PROCEDURE app.take_call', steps => [ 'CREATE OR REPLACE PROCEDURE app.take_call(IN wanted bigint)' ]);
$tower->change('the names of arguments of a procedure', edit => [ 'CREATE PROCEDURE app.close_call(wanted bigint, reason text DEFAULT NULL)' => 'CREATE PROCEDURE app.close_call(which bigint, reason text DEFAULT NULL)', 'closed_at = app.clock() WHERE call_id = wanted' => 'closed_at = app.clock() WHERE call_id = which' ], text => 'CREATE PROCEDURE app.close_call');
$tower->change('a trigger function', edit => [ "'%s -> %s'" => "'%s to %s'" ], text => 'CREATE FUNCTION app.log_status()', steps => [ 'CREATE OR REPLACE FUNCTION app.log_status()' ]);
$tower->change('the step function of an aggregate', edit => [ 'RETURN state + power(2, 5 - prio);' => 'RETURN state + power(3, 5 - prio);' ], text => 'CREATE FUNCTION app.urgency_step', steps => [ 'CREATE OR REPLACE FUNCTION app.urgency_step(state numeric, prio numeric)' ]);
$tower->change('the state of an aggregate that views use', edit => [ "CREATE FUNCTION app.urgency_step(state numeric, prio numeric) RETURNS numeric" => "CREATE FUNCTION app.urgency_step(state double precision, prio numeric) RETURNS double precision",
		'CREATE FUNCTION app.urgency_join(a numeric, b numeric) RETURNS numeric' => 'CREATE FUNCTION app.urgency_join(a double precision, b double precision) RETURNS double precision',
		'sfunc = app.urgency_step, stype = numeric' => 'sfunc = app.urgency_step, stype = double precision' ],
	text => [ 'CREATE AGGREGATE app.urgency', 'CREATE FUNCTION app.urgency_step', 'CREATE FUNCTION app.urgency_join', 'DROP FUNCTION IF EXISTS app.urgency_step(numeric, numeric), app.urgency_join(numeric, numeric)',
		'ALTER FUNCTION app.urgency_step(double precision, numeric) OWNER TO app_owner; ALTER FUNCTION app.urgency_join(double precision, double precision) OWNER TO app_owner' ]);
$tower->change('an aggregate', edit => [ "combinefunc = app.urgency_join, initcond = '0'" => "initcond = '1'" ], text => 'CREATE AGGREGATE app.urgency');
$tower->change('a function goes', also => 'DROP FUNCTION IF EXISTS app.next_calls(text, integer)', changed => [ '- function app.next_calls(pg_catalog.text,integer)' ]);
$tower->refusal('a function goes that others use', text => 'DROP FUNCTION app.clock()', error => qr/app\.clock\(\)/);
$tower->change('an aggregate goes with what uses it, by CASCADE', also => 'DROP AGGREGATE IF EXISTS app.latest(app.v_calls) CASCADE');

# A function under everything that can call one.
my $everywhere = <<'END';
CREATE FUNCTION app.pick(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + 1;
CREATE TABLE app.picked (id integer PRIMARY KEY, a integer DEFAULT app.pick(1), g integer GENERATED ALWAYS AS (app.pick(id)) STORED, CONSTRAINT c CHECK (app.pick(id) > 0));
CREATE INDEX picked_by ON app.picked (app.pick(id)) WHERE app.pick(a) > 0;
CREATE STATISTICS app.picked_stat ON (app.pick(a)), id FROM app.picked;
CREATE POLICY p ON app.picked USING (app.pick(id) > 0);
CREATE FUNCTION app.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON app.picked FOR EACH ROW WHEN (app.pick(NEW.id) > 0) EXECUTE FUNCTION app.nothing();
ALTER TABLE app.picked DISABLE TRIGGER t;
CREATE RULE r AS ON DELETE TO app.picked WHERE app.pick(OLD.id) = 0 DO INSTEAD NOTHING;
CREATE DOMAIN app.picky AS integer DEFAULT app.pick(3) CONSTRAINT picky CHECK (app.pick(VALUE) > 0);
CREATE VIEW app.v_picked AS SELECT app.pick(id) AS p FROM app.picked;
CREATE FUNCTION app.pick_again(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN app.pick(a);
INSERT INTO app.picked (id) VALUES (1), (2)
END
$tower->change('the body of a function that is used everywhere', first => $everywhere, also => 'CREATE OR REPLACE FUNCTION app.pick(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + 2',
	steps => [ 'CREATE OR REPLACE FUNCTION app.pick(a integer)' ], changed => [ '~ function app.pick(integer) pg_proc.prosqlbody: RETURN (a + 1) -> RETURN (a + 2)' ]);
$tower->refusal('the name of an argument of a function that a generated column stands on', first => $everywhere =~ s/STORED, CONS/STORED, after_it text, CONS/r, text => 'CREATE OR REPLACE FUNCTION app.pick(b integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN b + 2',
	error => qr/app\.picked\.(g|after_it)/);
my $without = $everywhere;
(my $picked_differently = $without) =~ s/app.pick\(a integer\) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a \+ 1/app.pick(b integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN b + 1/;
$tower->change('the name of an argument of a function that is used everywhere else', first => $without, instead => $picked_differently,
	text => 'CREATE OR REPLACE FUNCTION app.pick(b integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN b + 1',
	changed => [ '~ function app.pick(integer) pg_proc.proargnames: {a} -> {b}', '~ function app.pick(integer) pg_proc.prosqlbody: RETURN (a + 1) -> RETURN (b + 1)' ]);
$tower->done;
