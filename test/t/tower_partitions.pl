# Trees of tables: partitioned ones, inheritance, typed tables. A tree takes part as a whole; what is said of its root is
# done once.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Tower;

my $tower = Tower->new('partitions');

my $events = <<'END';
CREATE TABLE app.events (id bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL DEFAULT 'note', area_id integer, size numeric(10,2), PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE app.events_2030 PARTITION OF app.events (kind DEFAULT 'old', size NOT NULL, CONSTRAINT small CHECK (size < 100)) FOR VALUES FROM ('2030-01-01Z') TO ('2031-01-01Z') WITH (fillfactor = 70);
CREATE TABLE app.events_2031 PARTITION OF app.events FOR VALUES FROM ('2031-01-01Z') TO ('2032-01-01Z') PARTITION BY LIST (kind);
CREATE TABLE app.events_2031_note PARTITION OF app.events_2031 FOR VALUES IN ('note');
CREATE TABLE app.events_2031_rest PARTITION OF app.events_2031 DEFAULT;
CREATE TABLE app.events_late (at timestamptz NOT NULL, size numeric(10,2), id bigint NOT NULL, area_id integer, kind text NOT NULL);
CREATE INDEX late_by_area ON app.events_late (area_id);
ALTER TABLE app.events ATTACH PARTITION app.events_late DEFAULT;
CREATE INDEX events_by_area ON app.events (area_id);
CREATE INDEX events_2030_own ON app.events_2030 (kind);
ALTER TABLE app.events ADD CONSTRAINT events_area FOREIGN KEY (area_id) REFERENCES app.areas;
ALTER TABLE app.events ADD CONSTRAINT sized CHECK (size > 0);
CREATE FUNCTION app.note_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.note_event();
CREATE TRIGGER own AFTER UPDATE ON app.events_2030 FOR EACH ROW EXECUTE FUNCTION app.note_event();
ALTER TABLE app.events_late DISABLE TRIGGER noted;
ALTER TABLE app.events_2030 ENABLE ALWAYS TRIGGER noted;
ALTER TABLE app.events_2030 ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON app.events_2030 FOR SELECT TO bi USING (size > 1);
ALTER TABLE app.events_late ALTER COLUMN size SET STATISTICS 50, REPLICA IDENTITY FULL;
GRANT SELECT ON app.events TO bi;
GRANT INSERT (id, at) ON app.events_2031_rest TO bi;
COMMENT ON COLUMN app.events_2030.size IS 'in metres';
COMMENT ON INDEX app.late_by_area IS 'older than its parent';
CREATE VIEW app.v_events AS SELECT e.id, e.size, a.name FROM app.events e JOIN app.areas a USING (area_id);
CREATE VIEW app.v_old_events AS SELECT id, size * 2 AS twice FROM app.events_2030;
CREATE MATERIALIZED VIEW app.m_events AS SELECT kind, sum(size) AS size FROM app.events GROUP BY kind;
END
my $rows = <<'END';
INSERT INTO app.events SELECT n, timestamptz '2029-06-01Z' + n * interval '100 days', CASE n % 2 WHEN 0 THEN 'note' ELSE 'call' END, 1001, n FROM generate_series(1, 20) n;
REFRESH MATERIALIZED VIEW app.m_events;
END

sub edited
{
	my ($text, @edits) = @_;
	while (my ($from, $to) = splice(@edits, 0, 2)) { $text =~ s/\Q$from\E/$to/g or die "not in the text: $from"; }
	return $text;
}

# The statement of the text that begins so.
sub statement { my ($text, $beginning) = @_; $text =~ /^(\Q$beginning\E(?!\w).*;)$/m or die "not in the text: $beginning"; return $1; }

# A change of the tree: `edit` makes the loaded one, the text is statements of that (by their beginnings) or any.
sub change
{
	my ($name, %case) = @_;
	my $tree = delete $case{tree} // $events;
	my $filled = delete $case{filled} // $rows;
	my @edit = @{ delete $case{edit} // [] };
	my $after = edited($tree, @edit);
	my @text = ref $case{text} ? @{ $case{text} } : $case{text} // ();
	$case{text} = join("\n", map { /;$/ ? $_ : statement($after, $_) } @text) if @text;
	$tower->change($name, first => "$tree$filled", instead => $after, %case);
	return;
}

sub refusal
{
	my ($name, %case) = @_;
	my $tree = delete $case{tree} // $events;
	$tower->refusal($name, first => $tree, %case);
	return;
}

# Views above.
change('the type of a column, under views of the tree and of a partition', edit => [ 'numeric(10,2)' => 'numeric(12,2)' ], text => 'ALTER TABLE app.events ALTER COLUMN size TYPE numeric(12,2);');
change('the type of a column, by the definition of the root', edit => [ 'numeric(10,2)' => 'numeric(12,2)' ], text => 'CREATE TABLE app.events');
change('a view above is another', edit => [ 'SELECT e.id, e.size,' => 'SELECT e.id, e.size::integer AS size, e.kind,' ], text => 'CREATE VIEW app.v_events');
change('the text says what is there', text => [ 'CREATE TABLE app.events', 'CREATE TABLE app.events_2030', 'CREATE TABLE app.events_2031', 'CREATE TABLE app.events_2031_rest', 'CREATE INDEX events_by_area', 'CREATE TABLE app.events_late', 'CREATE TRIGGER noted' ],
	steps => [], changed => [], unchanged => 1, instead => $events);
change('the whole text says what is there', text => $events =~ s/^(GRANT|ALTER TABLE app.events ADD).*\n//gmr, steps => [], changed => [], unchanged => 1, instead => $events);

# Columns of the root.
change('a column more', edit => [ 'size numeric(10,2), PRIMARY' => 'size numeric(10,2), tries integer NOT NULL DEFAULT 1, PRIMARY', 'kind text NOT NULL);' => 'kind text NOT NULL, tries integer CONSTRAINT events_tries_not_null NOT NULL DEFAULT 1);' ], text => 'CREATE TABLE app.events', rows => 'app.events.*',
	steps => [ 'ALTER TABLE app.events ADD COLUMN tries integer NOT NULL DEFAULT 1' ]);
change('a column more, by ALTER', edit => [ 'size numeric(10,2), PRIMARY' => 'size numeric(10,2), tries integer, PRIMARY', 'kind text NOT NULL);' => 'kind text NOT NULL, tries integer);' ], text => 'ALTER TABLE app.events ADD COLUMN tries integer;', rows => 'app.events.*',
	once => qr/already exists/, steps => [ 'ALTER TABLE app.events ADD COLUMN tries integer' ]);
change('a column less', edit => [ ' area_id integer,' => '', "CREATE INDEX late_by_area ON app.events_late (area_id);\n" => '', "CREATE INDEX events_by_area ON app.events (area_id);\n" => '', "ALTER TABLE app.events ADD CONSTRAINT events_area FOREIGN KEY (area_id) REFERENCES app.areas;\n" => '',
		"COMMENT ON INDEX app.late_by_area IS 'older than its parent';\n" => '', 'SELECT e.id, e.size, a.name FROM app.events e JOIN app.areas a USING (area_id)' => 'SELECT e.id FROM app.events e' ],
	filled => '', text => [ 'CREATE TABLE app.events', 'CREATE VIEW app.v_events' ]);
change('a default, one for all and one for a partition', edit => [ "DEFAULT 'note'" => "DEFAULT 'news'", "kind DEFAULT 'old'" => "kind DEFAULT 'ancient'" ], text => [ 'CREATE TABLE app.events', 'CREATE TABLE app.events_2030' ]);
change('NOT NULL', edit => [ 'area_id integer, size' => 'area_id integer NOT NULL, size', 'area_id integer, kind' => 'area_id integer CONSTRAINT events_area_id_not_null NOT NULL, kind' ], text => 'CREATE TABLE app.events');
change('the definition of a partition changes what is its own', edit => [ "kind DEFAULT 'old', size NOT NULL" => 'area_id NOT NULL' ], text => 'CREATE TABLE app.events_2030');

# Partitions come and go.
change('a partition more', also => "CREATE TABLE app.events_2040 PARTITION OF app.events FOR VALUES FROM ('2040-01-01Z') TO ('2041-01-01Z')", rows => 'app.events_2040');
change('a partition more that is partitioned', also => "CREATE TABLE app.events_2040 PARTITION OF app.events FOR VALUES FROM ('2040-01-01Z') TO ('2041-01-01Z') PARTITION BY HASH (id); CREATE TABLE app.events_2040_0 PARTITION OF app.events_2040 FOR VALUES WITH (MODULUS 1, REMAINDER 0)", rows => 'app.events_2040.*');
change('a partition goes', filled => '', edit => [ statement($events, 'CREATE TABLE app.events_2031_note') . "\n" => '' ], text => 'DROP TABLE app.events_2031_note;', once => qr/does not exist/, rows => 'app.events_2031_note');
change('a partition is detached', also => 'ALTER TABLE app.events DETACH PARTITION app.events_late', once => qr/is not a partition of/, rows => 'app.m_events');
change('a table is attached', edit => [ 'CREATE VIEW app.v_events' => "CREATE TABLE app.events_2040 (id bigint NOT NULL, size numeric(10,2), at timestamptz NOT NULL, kind text NOT NULL, area_id integer, CONSTRAINT sized CHECK (size > 0), PRIMARY KEY (id, at, kind));\nCREATE VIEW app.v_events" ],
	tree => $events . "CREATE TABLE app.events_2040 (id bigint NOT NULL, size numeric(10,2), at timestamptz NOT NULL, kind text NOT NULL, area_id integer, CONSTRAINT sized CHECK (size > 0), PRIMARY KEY (id, at, kind));\n", edit => [],
	also => "ALTER TABLE app.events ATTACH PARTITION app.events_2040 FOR VALUES FROM ('2040-01-01Z') TO ('2041-01-01Z')", once => qr/is already a partition/);
change('the bound of a partition', edit => [ "FOR VALUES FROM ('2030-01-01Z')" => "FOR VALUES FROM ('2028-01-01Z')" ], filled => '', text => 'CREATE TABLE app.events_2030',
	steps => [ 'ALTER TABLE app.events DETACH PARTITION app.events_2030', "ALTER TABLE app.events ATTACH PARTITION app.events_2030 FOR VALUES FROM ('2028-01-01 00:00:00+00') TO ('2031-01-01 00:00:00+00')", 'ALTER TABLE app.events_2030 ENABLE ALWAYS TRIGGER noted' ]);
change('a partitioned table more', also => "CREATE TABLE app.tree (a integer PRIMARY KEY, b text DEFAULT 'x') PARTITION BY LIST (a); CREATE TABLE app.leaf PARTITION OF app.tree FOR VALUES IN (1); CREATE INDEX tree_b ON app.tree (b); CREATE TABLE app.other_leaf PARTITION OF app.tree DEFAULT", rows => 'app.(leaf|other_leaf)', once => qr//);
change('a partitioned table goes with its partitions', filled => '', edit => [ $events => '' ], text => 'DROP MATERIALIZED VIEW app.m_events; DROP VIEW app.v_events; DROP VIEW app.v_old_events; DROP TABLE app.events; DROP FUNCTION app.note_event();', once => qr/does not exist/, rows => 'app.(events.*|m_events)');
refusal('another partition key', text => edited(statement($events, 'CREATE TABLE app.events'), 'PARTITION BY RANGE (at)' => 'PARTITION BY RANGE (id)'), error => qr/cannot change the partition key of table app\.events/);
refusal('a table that becomes partitioned', text => 'CREATE TABLE app.areas (area_id integer NOT NULL, name text NOT NULL, district text NOT NULL, population integer NOT NULL, centre app.position) PARTITION BY LIST (area_id);', error => qr/app\.areas/);
refusal('detaching without a transaction', text => 'ALTER TABLE app.events DETACH PARTITION app.events_late CONCURRENTLY;', error => qr/CONCURRENTLY/);

# Indexes, constraints, triggers.
change('an index more', also => 'CREATE INDEX events_by_size ON app.events (size)');
change('an index is another', edit => [ "CREATE INDEX late_by_area ON app.events_late (area_id);\n" => '', "COMMENT ON INDEX app.late_by_area IS 'older than its parent';\n" => '', 'CREATE INDEX events_by_area ON app.events (area_id)' => 'CREATE INDEX events_by_area ON app.events (area_id, size)' ], text => 'CREATE INDEX events_by_area');
change('an index goes', also => 'DROP INDEX app.events_by_area', once => qr/does not exist/);
change('constraints more', also => 'ALTER TABLE app.events ADD CONSTRAINT larger CHECK (size > -1), ADD CONSTRAINT once UNIQUE (at, id, kind); ALTER TABLE app.events ADD CONSTRAINT again FOREIGN KEY (area_id) REFERENCES app.areas ON DELETE CASCADE', once => qr/already exists/);
change('constraints less', also => 'ALTER TABLE app.events DROP CONSTRAINT sized, DROP CONSTRAINT events_area, DROP CONSTRAINT events_pkey', once => qr/does not exist/);
change('a trigger more, and another', edit => [ 'CREATE TRIGGER noted AFTER INSERT' => 'CREATE TRIGGER noted BEFORE DELETE' ], text => [ 'CREATE TRIGGER noted', 'CREATE TRIGGER more BEFORE INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.note_event();' ], also => 'CREATE TRIGGER more BEFORE INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.note_event()');
change('an index of a partition is attached', tree => $events . "CREATE INDEX one ON ONLY app.events (size);\nCREATE INDEX one_2030 ON app.events_2030 (size);\n", also => 'ALTER INDEX app.one ATTACH PARTITION app.one_2030');
change('a foreign key to a partitioned table', also => 'CREATE TABLE app.of_event (id bigint, at timestamptz, kind text, FOREIGN KEY (id, at, kind) REFERENCES app.events)', once => qr//, rows => 'app.of_event');

# Rows of a partition to which others refer.
my $referred = <<'END';
CREATE TABLE app.ev (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE app.ev1 PARTITION OF app.ev FOR VALUES FROM (0) TO (10);
CREATE TABLE app.ev2 PARTITION OF app.ev FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE app.ev2a PARTITION OF app.ev2 FOR VALUES FROM (100) TO (110);
CREATE TABLE app.r (e integer CONSTRAINT of_ev REFERENCES app.ev);
CREATE TABLE app.s (e integer) PARTITION BY LIST (e);
CREATE TABLE app.s1 PARTITION OF app.s DEFAULT;
ALTER TABLE app.s ADD CONSTRAINT s_of_ev FOREIGN KEY (e) REFERENCES app.ev;
CREATE TABLE app.only1 (e integer REFERENCES app.ev1);
END
my $referring = 'INSERT INTO app.ev VALUES (1), (105); INSERT INTO app.r VALUES (1), (105); INSERT INTO app.s VALUES (1), (105); INSERT INTO app.only1 VALUES (1);';
change('the bound of a partition to whose rows others refer', tree => $referred, filled => $referring, edit => [ 'FROM (0) TO (10)' => 'FROM (0) TO (20)' ], text => 'CREATE TABLE app.ev1');
change('one further down', tree => $referred, filled => $referring, edit => [ 'FROM (100) TO (110)' => 'FROM (100) TO (120)' ], text => 'CREATE TABLE app.ev2a');

# What else hangs on a tree.
my $rich = <<'END';
CREATE FUNCTION app.weigh(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE app.loads (id bigint NOT NULL, at date NOT NULL, weight numeric DEFAULT 1, state app.call_status, twice numeric GENERATED ALWAYS AS (weight * 2) STORED, CONSTRAINT loads_key UNIQUE (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.loads_one (CONSTRAINT loads_one_known FOREIGN KEY (id) REFERENCES app.areas (area_id), id bigint NOT NULL, at date NOT NULL, weight numeric DEFAULT 1, state app.call_status, twice numeric GENERATED ALWAYS AS (weight * 2) STORED);
CREATE UNIQUE INDEX loads_one_own_key ON app.loads_one (at, id);
ALTER TABLE app.loads_one ADD CONSTRAINT loads_one_named UNIQUE (id, at);
ALTER TABLE app.loads ATTACH PARTITION app.loads_one FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
CREATE TABLE app.loads_two PARTITION OF app.loads FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
ALTER TABLE app.loads ADD CONSTRAINT loads_known FOREIGN KEY (id) REFERENCES app.areas (area_id);
CREATE INDEX loads_by_weight ON app.loads (app.weigh(weight));
CREATE STATISTICS app.loads_stat ON id, at FROM app.loads;
CREATE STATISTICS app.loads_two_stat ON weight, at FROM app.loads_two;
CREATE INDEX loads_two_id ON app.loads_two (id);
ALTER TABLE app.loads_two CLUSTER ON loads_two_id;
ALTER TABLE app.loads_two REPLICA IDENTITY USING INDEX loads_two_id_at_key;
CREATE CONSTRAINT TRIGGER stamped AFTER INSERT ON app.loads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.weight > 0) EXECUTE FUNCTION app.stamp();
CREATE TRIGGER weighed BEFORE UPDATE OF weight ON app.loads FOR EACH ROW EXECUTE FUNCTION app.stamp();
ALTER TABLE app.loads_one ENABLE ALWAYS TRIGGER weighed;
CREATE TABLE app.of_load (id bigint, at date, n integer, CONSTRAINT of_load_key FOREIGN KEY (id, at) REFERENCES app.loads (id, at) ON DELETE CASCADE);
CREATE VIEW app.v_loads AS SELECT l.weight, app.weigh(l.weight) AS weighed, l.state FROM app.loads l JOIN app.of_load USING (id, at);
CREATE VIEW app.v_loads_two AS SELECT weight FROM app.loads_two WHERE state = 'closed';
ALTER TABLE app.loads OWNER TO app_owner;
ALTER TABLE app.loads_two OWNER TO bi;
CREATE PUBLICATION loads_of FOR TABLE app.of_load, app.loads_two WHERE (id > 1);
CREATE RULE nowhere AS ON DELETE TO app.loads_two DO INSTEAD NOTHING;
END
my @rich = (tree => $rich, filled => '');
change('rich: the type of a column', @rich, edit => [ 'weight numeric DEFAULT 1' => 'weight numeric(8,1) DEFAULT 1' ], text => 'ALTER TABLE app.loads ALTER COLUMN weight TYPE numeric(8,1);');
change('rich: a function beneath an index', @rich, edit => [ 'weigh(numeric) RETURNS numeric' => 'weigh(numeric) RETURNS double precision' ], text => 'CREATE FUNCTION app.weigh');
change('rich: a column of what refers to it', @rich, edit => [ 'n integer' => 'n bigint' ], text => 'ALTER TABLE app.of_load ALTER COLUMN n TYPE bigint;');
change('rich: a partition more, while another table refers to it', @rich, also => "CREATE TABLE app.loads_three PARTITION OF app.loads FOR VALUES FROM ('2033-01-01') TO ('2034-01-01')", rows => 'app.loads_three');
change('rich: a partition leaves and goes, while another table refers to it', @rich, edit => [ 'CREATE TABLE app.of_load' => "ALTER TABLE app.loads DETACH PARTITION app.loads_one;\nDROP TABLE app.loads_one;\nCREATE TABLE app.of_load", "ALTER TABLE app.loads_one ENABLE ALWAYS TRIGGER weighed;\n" => '' ],
	text => 'ALTER TABLE app.loads DETACH PARTITION app.loads_one; DROP TABLE app.loads_one;', once => qr/does not exist/, rows => 'app.loads_one');
change('rich: a partition goes, while another table refers to it', @rich, edit => [ 'CREATE TABLE app.of_load' => "DROP TABLE app.loads_one;\nCREATE TABLE app.of_load", "ALTER TABLE app.loads_one ENABLE ALWAYS TRIGGER weighed;\n" => '' ],
	text => 'DROP TABLE app.loads_one;', once => qr/does not exist/, rows => 'app.loads_one', steps => [ 'ALTER TABLE app.loads DETACH PARTITION app.loads_one', 'DROP TABLE app.loads_one' ]);
change('rich: two partitions change places', @rich, edit => [ "('2031-01-01') TO ('2032-01-01')" => "('2029-01-01') TO ('2030-12-01')", "('2030-01-01') TO ('2031-01-01')" => "('2031-01-01') TO ('2032-01-01')", "ALTER TABLE app.loads_one ENABLE ALWAYS TRIGGER weighed;\n" => '' ],
	text => [ 'CREATE TABLE app.loads_two', "ALTER TABLE app.loads DETACH PARTITION app.loads_one; ALTER TABLE app.loads ATTACH PARTITION app.loads_one FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');" ]);
change('rich: the definition of the root says nothing new', @rich, text => [ 'CREATE TABLE app.loads' ], steps => [], changed => [], unchanged => 1, instead => $rich);
change('rich: a column more, and a view of it', @rich, edit => [ 'STORED, CONSTRAINT' => 'STORED, more text, CONSTRAINT', 'STORED);' => 'STORED, more text);', 'SELECT weight FROM app.loads_two' => 'SELECT weight, more FROM app.loads_two' ], text => [ 'CREATE VIEW app.v_loads_two', 'CREATE TABLE app.loads' ]);
change('rich: a generated column is another', @rich, edit => [ '(weight * 2) STORED' => '(weight * 3) STORED' ], text => [ 'CREATE TABLE app.loads' ]);
change('rich: renames', @rich, edit => [], also => 'ALTER TABLE app.loads RENAME COLUMN weight TO mass; ALTER TABLE app.loads_two RENAME TO loads_2; ALTER INDEX app.loads_by_weight RENAME TO loads_by_mass; ALTER TRIGGER weighed ON app.loads RENAME TO massed', rows => 'app.loads_.*');

# Inheritance.
my $places = <<'END';
CREATE TABLE app.places (place_id integer PRIMARY KEY, name text NOT NULL DEFAULT 'none', CONSTRAINT named CHECK (name <> ''));
CREATE TABLE app.parks (trees integer, name text DEFAULT 'park') INHERITS (app.places);
CREATE TABLE app.tagged (tag text, name text);
CREATE TABLE app.zoos (animals integer) INHERITS (app.parks, app.tagged);
CREATE TABLE app.yards (name text NOT NULL, place_id integer CONSTRAINT places_place_id_not_null NOT NULL, own text, CONSTRAINT named CHECK (name <> ''));
ALTER TABLE app.yards INHERIT app.places;
ALTER TABLE app.places ADD COLUMN added text;
CREATE VIEW app.v_places AS SELECT place_id, name FROM app.places;
CREATE VIEW app.v_zoos AS SELECT name, tag, animals FROM app.zoos;
END
my $some = "INSERT INTO app.places VALUES (1, 'here'); INSERT INTO app.zoos (place_id, animals) VALUES (2, 5); INSERT INTO app.yards VALUES ('yard', 3);\n";
my @places = (tree => $places, filled => $some);
change('inherited: the type of a column', @places, edit => [ 'place_id integer' => 'place_id bigint' ], text => 'ALTER TABLE app.places ALTER COLUMN place_id TYPE bigint;');
change('inherited: the type of a column, by the definition', @places, edit => [ 'place_id integer' => 'place_id bigint' ], text => edited(statement($places, 'CREATE TABLE app.places'), 'place_id integer' => 'place_id bigint', 'CONSTRAINT named' => 'added text, CONSTRAINT named'));
change('inherited: a column more', @places, also => 'ALTER TABLE app.places ADD COLUMN height integer DEFAULT 1', once => qr/already exists/, rows => 'app\..*', steps => [ 'ALTER TABLE app.places ADD COLUMN height integer DEFAULT 1' ]);
change('inherited: a column less', @places, also => 'ALTER TABLE app.places DROP COLUMN added', once => qr/does not exist/, rows => 'app\..*');
change('inherited: a child more', @places, also => 'CREATE TABLE app.lots (cars integer) INHERITS (app.places)', once => qr//, rows => 'app.lots');
change('inherited: a child goes', @places, filled => '', also => 'DROP TABLE IF EXISTS app.yards', rows => 'app.yards');
change('inherited: no more', @places, also => 'ALTER TABLE app.yards NO INHERIT app.places', once => qr/is not a parent/, rows => 'app.places');
change('inherited: from one more', @places, tree => $places . "CREATE TABLE app.more (own text);\n", also => 'ALTER TABLE app.yards INHERIT app.more', once => qr/would be inherited/, rows => 'app.more');
change('inherited: the definition of a child', @places, edit => [ 'animals integer' => 'animals bigint' ], text => 'CREATE TABLE app.zoos');
change('inherited: the definition of a child in the middle', @places, edit => [ 'trees integer' => 'trees bigint' ], text => 'CREATE TABLE app.parks');
change('inherited: the text says what is there', @places, text => [ 'CREATE TABLE app.parks', 'CREATE TABLE app.zoos', "CREATE TABLE app.yards (name text NOT NULL, place_id integer CONSTRAINT places_place_id_not_null NOT NULL, own text, added text, CONSTRAINT named CHECK (name <> '')); ALTER TABLE app.yards INHERIT app.places;" ], steps => [], changed => [], unchanged => 1, instead => $places);
change('inherited: a definition without INHERITS', @places, edit => [ ' INHERITS (app.parks, app.tagged)' => '', 'animals integer' => 'place_id integer NOT NULL, name text DEFAULT \'park\' NOT NULL, trees integer, tag text, animals integer', "CREATE VIEW app.v_places" => "ALTER TABLE app.zoos ADD COLUMN added text;\nALTER TABLE app.zoos ADD CONSTRAINT named CHECK (name <> '');\nCREATE VIEW app.v_places" ],
	text => [ "CREATE TABLE app.zoos (place_id integer NOT NULL, name text DEFAULT 'park' NOT NULL, trees integer, tag text, animals integer, added text);" ], rows => 'app.(places|parks|tagged)');
change('inherited: a constraint more', @places, also => "ALTER TABLE app.places ADD CONSTRAINT high CHECK (place_id < 9), ADD CONSTRAINT own CHECK (place_id > 0) NO INHERIT", once => qr/already exists/);

change('inherited: a column less of the parent only', @places, also => 'ALTER TABLE ONLY app.places DROP COLUMN added', once => qr/does not exist/, rows => 'app.places');
change('inherited: renames', @places, also => 'ALTER TABLE app.places RENAME COLUMN place_id TO id; ALTER TABLE app.zoos RENAME TO animals', rows => 'app\..*');
change('inherited: a default and NOT NULL', @places, also => "ALTER TABLE app.places ALTER COLUMN name SET DEFAULT 'place', ALTER COLUMN added SET NOT NULL; ALTER TABLE ONLY app.parks ALTER COLUMN name DROP DEFAULT", filled => '');
change('inherited: a constraint less', @places, also => 'ALTER TABLE app.places DROP CONSTRAINT named', once => qr/does not exist/);

# Typed tables.
my $typed = <<'END';
CREATE TYPE app.spot AS (x integer, y integer);
CREATE TABLE app.spots OF app.spot (PRIMARY KEY (x), y WITH OPTIONS NOT NULL DEFAULT 5);
CREATE TABLE app.untyped (x integer, y integer);
CREATE VIEW app.v_spots AS SELECT x FROM app.spots;
END
my @typed = (tree => $typed, filled => '');
change('typed: a constraint more', @typed, also => 'ALTER TABLE app.spots ADD CONSTRAINT positive CHECK (x > 0)', once => qr/already exists/);
change('typed: no more, and another', @typed, also => 'ALTER TABLE app.spots NOT OF; ALTER TABLE app.untyped OF app.spot', once => qr/is not a typed table/);
change('typed: a table more', @typed, also => 'CREATE TABLE app.more OF app.spot (y WITH OPTIONS DEFAULT 1)', once => qr//, rows => 'app.more');
change('typed: an attribute more, another, and less', @typed, also => 'ALTER TYPE app.spot ADD ATTRIBUTE z text CASCADE, ALTER ATTRIBUTE y TYPE bigint CASCADE', once => qr/already exists/, rows => 'app.spots');
change('typed: an attribute less', @typed, also => 'ALTER TYPE app.spot DROP ATTRIBUTE y CASCADE', once => qr/does not exist/, rows => 'app.spots');

# As the whole truth about a schema: source and dump say what is there; an edited source leads to
# what a database has that was loaded with it.
my $node = $tower->{node};
my $source = join('', grep { !/\bbi\b|app_owner|PUBLICATION/ } map { "$_\n" } split /\n/,
	"CREATE TABLE app.areas (area_id integer PRIMARY KEY, name text);\nCREATE TYPE app.call_status AS ENUM ('queued', 'closed');\n$events$rich$places$typed");
sub loaded
{
	my ($database, $text) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "SET client_min_messages = warning; CREATE EXTENSION pgschema; CREATE SCHEMA app;\n$text");
	return sort(split /\n/, $node->safe_psql($database, "SELECT concat_ws('|', object_type, identity, attribute, replace(value, E'\n', '\\n')) FROM pgschema_catalog('{app}')"));
}
# pg_dump forgets under which name a foreign key came to its parent's.
$source = edited($source, 'CONSTRAINT loads_one_known FOREIGN KEY (id) REFERENCES app.areas (area_id), ' => '');
my @before = loaded('whole', $source);
my $dump = (run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr('whole') ]))[0];
my %texts = ('its source' => $source, 'its dump' => $dump);
for my $name (sort keys %texts)
{
	is($node->safe_psql('whole', 'SELECT pgschema_plan(' . Tower::quoted($texts{$name}) . ", '{app}', format => 'sql')"), '-- nothing to change', "whole: $name changes nothing");
}
my $edited = edited($source, 'numeric(10,2)' => 'numeric(12,2)', statement($source, 'CREATE TABLE app.events_2031_note') . "\n" => '', 'animals integer' => 'animals bigint',
	'CREATE VIEW app.v_events' => "CREATE INDEX events_by_size ON app.events (size);\nCREATE TABLE app.events_2040 PARTITION OF app.events FOR VALUES FROM ('2040-01-01Z') TO ('2041-01-01Z');\nCREATE VIEW app.v_events");
my @wanted = loaded('whole_edited', $edited);
$node->safe_psql('whole', 'SET client_min_messages = warning; CALL pgschema_apply(' . Tower::quoted($edited) . ", '{app}', allow => '{all}')");
is_deeply([ sort(split /\n/, $node->safe_psql('whole', "SELECT concat_ws('|', object_type, identity, attribute, replace(value, E'\n', '\\n')) FROM pgschema_catalog('{app}')")) ], \@wanted, 'whole: an edited source leads to what was loaded so');
$node->safe_psql('whole', 'SET client_min_messages = warning; CALL pgschema_apply(' . Tower::quoted($source) . ", '{app}', allow => '{all}')");
is_deeply([ sort(split /\n/, $node->safe_psql('whole', "SELECT concat_ws('|', object_type, identity, attribute, replace(value, E'\n', '\\n')) FROM pgschema_catalog('{app}')")) ], \@before, 'whole: and back');


# The index of a constraint of a partition is a part of one that is no constraint's.
my $key_of_index = 'CREATE TABLE app.lone (id integer NOT NULL, k text NOT NULL) PARTITION BY LIST (k); CREATE TABLE app.lone_1 PARTITION OF app.lone FOR VALUES IN (\'a\'); CREATE UNIQUE INDEX lone_key ON ONLY app.lone (k, id); ALTER TABLE app.lone_1 ADD CONSTRAINT lone_1_key UNIQUE (k, id); ALTER INDEX app.lone_key ATTACH PARTITION app.lone_1_key';
$tower->change('a key of a partition below an index', also => $key_of_index, rows => 'app.(lone|lone_1)', once => qr/already exists/);
$tower->change('a column of a table with such a key', first => $key_of_index, also => 'ALTER TABLE app.lone ADD COLUMN IF NOT EXISTS n integer; COMMENT ON INDEX app.lone_key IS $$x$$');
$tower->refusal('the index of such a key goes', first => $key_of_index, text => 'DROP INDEX app.lone_key', error => qr/cannot drop index app\.lone_key/);
$tower->done;
