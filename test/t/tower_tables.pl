# Tables of the tower are changed: their columns, keys, and what hangs on them, under all the views and with their rows.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('tables');
my $calls = 'CREATE TABLE app.calls';

$tower->change('the type of a column under all the views', edit => [ 'prio          integer NOT NULL DEFAULT 3' => 'prio          bigint NOT NULL DEFAULT 3' ], text => $calls);
$tower->change('the type of a column under all the views, by ALTER', edit => [ 'prio          integer NOT NULL DEFAULT 3' => 'prio          bigint NOT NULL DEFAULT 3' ],
	text => 'ALTER TABLE app.calls ALTER COLUMN prio TYPE bigint');
$tower->change('the type of a column that indexes, statistics and foreign keys have', edit => [ "unit_id       integer REFERENCES app.units," => "unit_id       bigint REFERENCES app.units," ], text => $calls);
$tower->change('the type of a key that others refer to', edit => [ "unit_id     integer PRIMARY KEY,\n    call_sign" => "unit_id     bigint PRIMARY KEY,\n    call_sign" ], text => 'CREATE TABLE app.units');
$tower->change('the type of a column with a USING', edit => [ 'note          text,' => 'note          varchar(40),' ], text => "ALTER TABLE app.calls ALTER COLUMN note TYPE varchar(40) USING upper(note)", rows => 'app.calls');
$tower->change('a column more, NOT NULL with a default', edit => [ "(6 - prio) STORED,\n" => "(6 - prio) STORED,\n    tries integer NOT NULL DEFAULT 1,\n" ], text => $calls, rows => 'app.calls',
	steps => [ 'ALTER TABLE app.calls ADD COLUMN tries integer NOT NULL DEFAULT 1' ]);
$tower->change('a column more in the middle of the text comes at the end', edit => [ "(6 - prio) STORED,\n" => "(6 - prio) STORED,\n    tries integer,\n" ], rows => 'app.calls',
	text => statement_with_column_first());
$tower->change('a column more, by ALTER', edit => [ "(6 - prio) STORED,\n" => "(6 - prio) STORED,\n    tries integer NOT NULL DEFAULT 1,\n" ], text => 'ALTER TABLE app.calls ADD COLUMN tries integer NOT NULL DEFAULT 1',
	rows => 'app.calls', once => qr/already exists/);
$tower->change('the order of columns is no change', edit => [ "    note          text,\n    weight" => "    weight", "(6 - prio) STORED,\n" => "(6 - prio) STORED,\n    note text,\n" ], text => $calls, steps => [], changed => [], unchanged => 1);
$tower->change('a column less', edit => [ "    population  integer NOT NULL CONSTRAINT populated CHECK (population > 0),\n    centre      app.position" => "    population  integer NOT NULL CONSTRAINT populated CHECK (population > 0)" ],
	text => 'CREATE TABLE app.areas', rows => 'app.areas');
$tower->change('a column less, by ALTER', edit => [ "    opened_on   date NOT NULL\n" => '', "place       app.position,\n);" => "place       app.position\n);" ], text => 'ALTER TABLE app.stations DROP COLUMN IF EXISTS opened_on', rows => 'app.stations');
$tower->refusal('a column less that views use', edit => [ "    closed_at     timestamptz,\n    caller" => '    caller' ], text => $calls, error => qr/view app\.v_calls cannot be put back after the change/, detail => qr/closed_at/);
$tower->change('a column less that views use, which change with it', edit => [ "    name        text NOT NULL UNIQUE,\n    beds        integer NOT NULL CHECK (beds > 0),\n" => "    name        text NOT NULL UNIQUE,\n",
		'SELECT h.hospital_id, h.name, h.beds, count(' => 'SELECT h.hospital_id, h.name, count(', 'SELECT name, beds, transports' => 'SELECT name, transports' ],
	text => [ 'CREATE VIEW reporting.v_hospital_card', 'CREATE TABLE app.hospitals', 'CREATE VIEW app.v_hospital_load' ], rows => 'app.hospitals');
$tower->change('another default, none, and one more', edit => [ "status        app.call_status NOT NULL DEFAULT 'received'" => "status        app.call_status NOT NULL DEFAULT 'queued'", "prio          integer NOT NULL DEFAULT 3" => 'prio          integer NOT NULL', "received_at   timestamptz NOT NULL," => 'received_at   timestamptz NOT NULL DEFAULT now(),' ], text => $calls);
$tower->change('NOT NULL, and no more', edit => [ "kind        text NOT NULL,\n    area_id" => "kind        text,\n    area_id", "    crew_id     integer PRIMARY KEY,\n    name        text NOT NULL,\n    phone       app.phone," => "    crew_id     integer PRIMARY KEY,\n    name        text,\n    phone       app.phone," ], text => [ 'CREATE TABLE app.incidents', 'CREATE TABLE app.crew' ]);
$tower->change('NOT NULL, by ALTER', also => 'ALTER TABLE app.calls ALTER COLUMN incident_id DROP NOT NULL, ALTER COLUMN received_at SET DEFAULT now(); ALTER TABLE app.areas ALTER COLUMN district DROP NOT NULL');
$tower->change('a generated column has another expression', edit => [ 'GENERATED ALWAYS AS (6 - prio) STORED' => 'GENERATED ALWAYS AS (7 - prio) STORED' ], text => $calls, rows => 'app.calls');
$tower->change('a generated column becomes a plain one', edit => [ "weight        integer GENERATED ALWAYS AS (6 - prio) STORED,\n" => "weight        integer,\n" ], text => $calls);
$tower->change('an identity column becomes another, and a plain one', edit => [ 'shift_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY' => 'shift_id    integer GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY 5 CACHE 7) PRIMARY KEY', 'log_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY' => 'log_id      bigint PRIMARY KEY' ], text => [ 'CREATE TABLE app.shifts', 'CREATE TABLE app.call_log' ]);
$tower->change('a plain column becomes an identity column', edit => [ "crew_id     integer PRIMARY KEY," => "crew_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY," ], text => 'CREATE TABLE app.crew');

$tower->change('a table more, with everything', also => <<'END', rows => 'app\.extra.*', once => qr/constraint "other" for relation "extra" already exists/);
CREATE TABLE app.extra (id bigserial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY, call_id bigint REFERENCES app.calls ON DELETE CASCADE, a integer DEFAULT 1 CHECK (a > 0), b integer GENERATED ALWAYS AS (a + 1) STORED, UNIQUE (a, b));
CREATE INDEX extra_by ON app.extra (b) WHERE a > 0;
ALTER TABLE app.extra ADD CONSTRAINT other FOREIGN KEY (a) REFERENCES app.areas, ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON app.extra FOR SELECT TO bi USING (a > 0);
CREATE VIEW app.v_extra AS SELECT e.*, c.prio FROM app.extra e JOIN app.calls c USING (call_id);
GRANT SELECT (a), INSERT ON app.extra TO bi WITH GRANT OPTION;
COMMENT ON COLUMN app.extra.a IS 'a';
CREATE STATISTICS app.extra_stat ON a, b FROM app.extra;
ALTER SEQUENCE app.extra_id_seq INCREMENT BY 2
END
$tower->change('tables more that refer to each other, in any order', also => 'CREATE TABLE app.one (id integer PRIMARY KEY, two integer); CREATE TABLE app.two (id integer PRIMARY KEY, one integer REFERENCES app.one); ALTER TABLE app.one ADD FOREIGN KEY (two) REFERENCES app.two',
	text => 'ALTER TABLE app.one ADD FOREIGN KEY (two) REFERENCES app.two; CREATE TABLE app.two (id integer PRIMARY KEY, one integer REFERENCES app.one); CREATE TABLE app.one (id integer PRIMARY KEY, two integer)', rows => 'app.(one|two)', once => qr//);
$tower->change('a serial column becomes a plain one, and its sequence stays', first => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text); CREATE VIEW app.v_numbered AS SELECT id FROM app.numbered; INSERT INTO app.numbered (a) VALUES (1)', instead => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text); CREATE VIEW app.v_numbered AS SELECT id FROM app.numbered; ALTER TABLE app.numbered ALTER id DROP DEFAULT; SELECT nextval($$app.numbered_id_seq$$)',
	text => 'CREATE TABLE app.numbered (id integer PRIMARY KEY, a text);');
$tower->change('a plain column becomes a serial one', first => 'CREATE TABLE app.numbered (id integer PRIMARY KEY, a text); CREATE VIEW app.v_numbered AS SELECT id FROM app.numbered', instead => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text); CREATE VIEW app.v_numbered AS SELECT id FROM app.numbered',
	text => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text);');
$tower->change('a serial column is no change', first => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text)', text => 'CREATE TABLE app.numbered (id serial PRIMARY KEY, a text);', steps => [], changed => []);
$tower->change('a table goes', first => 'CREATE TABLE app.old (id serial PRIMARY KEY, a integer REFERENCES app.areas)', also => 'DROP TABLE IF EXISTS app.old', rows => 'app.old');
$tower->refusal('a table goes that others use', text => 'DROP TABLE app.stations', error => qr/app\.stations/);
$tower->change('a table goes with what uses it, by CASCADE', also => 'DROP TABLE IF EXISTS app.hospitals CASCADE', rows => 'app.hospitals');

$tower->change('constraints more', also => "ALTER TABLE app.calls ADD CONSTRAINT later CHECK (closed_at > received_at); ALTER TABLE app.areas ADD CONSTRAINT once UNIQUE (name, district); ALTER TABLE app.transports ADD CONSTRAINT here FOREIGN KEY (transport_id) REFERENCES app.areas (area_id) NOT VALID", once => qr/already exists/);
$tower->change('constraints less', also => 'ALTER TABLE app.calls DROP CONSTRAINT IF EXISTS known_prio; ALTER TABLE app.transports DROP CONSTRAINT IF EXISTS transports_hospital_id_fkey; ALTER TABLE app.areas DROP CONSTRAINT IF EXISTS areas_name_key');
$tower->change('a key of which a view counts on goes and comes back', edit => [ 'GROUP BY h.hospital_id;' => 'GROUP BY h.hospital_id, h.name, h.beds;', "    hospital_id integer PRIMARY KEY," => "    hospital_id integer NOT NULL CONSTRAINT hospital_key UNIQUE,", 'REFERENCES app.hospitals,' => 'REFERENCES app.hospitals (hospital_id),' ],
	text => [ 'ALTER TABLE app.transports DROP CONSTRAINT IF EXISTS transports_hospital_id_fkey; ALTER TABLE app.hospitals DROP CONSTRAINT IF EXISTS hospitals_pkey; ALTER TABLE app.hospitals ADD CONSTRAINT hospital_key UNIQUE (hospital_id); ALTER TABLE app.transports ADD CONSTRAINT transports_hospital_id_fkey FOREIGN KEY (hospital_id) REFERENCES app.hospitals (hospital_id);', 'CREATE VIEW app.v_hospital_load' ], once => qr/already exists/);
$tower->refusal('a key goes that a view counts on', text => 'ALTER TABLE app.transports DROP CONSTRAINT transports_hospital_id_fkey; ALTER TABLE app.hospitals DROP CONSTRAINT hospitals_pkey', error => qr/app\.v_hospital_load/);
$tower->change('storage, statistics and options', also => "ALTER TABLE app.calls ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN caller SET STATISTICS 100, ALTER COLUMN unit_id RESET (n_distinct), SET (fillfactor = 70, toast.autovacuum_enabled = off); ALTER TABLE app.areas REPLICA IDENTITY FULL; ALTER TABLE app.crew CLUSTER ON crew_pkey");
$tower->change('row security', also => 'ALTER TABLE app.calls DISABLE ROW LEVEL SECURITY; ALTER TABLE app.incidents FORCE ROW LEVEL SECURITY; ALTER TABLE app.units ENABLE ROW LEVEL SECURITY');

sub statement_with_column_first
{
	my $text = Tower::statement($tower->{schema}, $calls);
	$text =~ s/\n/\n    tries integer,\n/;
	return $text;
}

$tower->done;
