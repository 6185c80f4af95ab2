# strategy => 'online' with a text that speaks of some objects: ALTER TABLE … ADD means something once only, and the apply goes on all the same.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('online_statements');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8");
$node->start;

my $before = q{CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('sad', 'glad'); CREATE TABLE app.units (id int PRIMARY KEY, code text, area int CHECK (area > 0)); CREATE TABLE app.calls (id int, unit int, note text, prio int, mood app.mood DEFAULT 'sad');
	CREATE INDEX calls_prio ON app.calls (prio); CREATE INDEX calls_note ON app.calls (note); COMMENT ON INDEX app.calls_note IS 'of notes'; CREATE VIEW app.v AS SELECT id, note FROM app.calls; CREATE VIEW app.w AS SELECT * FROM app.v;
	CREATE TABLE app.events (id int, at date, CONSTRAINT events_key PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE app.e1 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE app.e2 PARTITION OF app.events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
	INSERT INTO app.units SELECT i, i::text, i FROM generate_series(1, 50) i; INSERT INTO app.calls SELECT i, i, i::text, nullif(i % 3, 0) FROM generate_series(1, 50) i; INSERT INTO app.events SELECT i, '2026-01-01'::date + i FROM generate_series(1, 50) i;};
my $number = 0;
# What others make while the apply has stopped: it stays.
my $others = q{COMMENT ON TABLE app.calls IS 'theirs'; CREATE INDEX theirs ON app.calls (id, prio); ALTER TABLE app.units SET (fillfactor = 80); COMMENT ON COLUMN app.units.area IS 'theirs too'};
my $seen = q{SELECT c::text FROM pgschema_catalog('{app}') c UNION ALL SELECT t::text FROM app.units t ORDER BY 1};

sub database { my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, "CREATE EXTENSION pgschema; $before"); return $name; }
sub call { my ($database, $text, $more, $path) = @_; my ($out, $err) = ('', ''); $node->psql($database, ($path ? "SET search_path = $path, public; " : '') . "CALL pgschema_apply(\$desired\$$text\$desired\$, allow => '{all}'$more)", stdout => \$out, stderr => \$err); return $err; }
sub history { my ($database) = @_; return $node->safe_psql($database, "SELECT concat_ws(' ', version, status, phases_done, phases) FROM pgschema.history ORDER BY version"); }

my @texts = (
	[ 'a check and a key', q{ALTER TABLE app.units ADD CONSTRAINT units_code UNIQUE (code); ALTER TABLE app.units ADD CONSTRAINT short CHECK (length(code) < 10)}, 3 ],
	[ 'a foreign key', q{ALTER TABLE app.calls ADD FOREIGN KEY (unit) REFERENCES app.units ON DELETE CASCADE}, 2 ],
	[ 'NOT NULL', q{ALTER TABLE app.calls ALTER unit SET NOT NULL, ALTER id SET NOT NULL}, 4 ],
	[ 'a primary key', q{ALTER TABLE app.calls ADD PRIMARY KEY (id)}, 4 ],
	[ 'another primary key', q{ALTER TABLE app.units DROP CONSTRAINT units_pkey, ADD PRIMARY KEY (id, area), ALTER code SET NOT NULL}, 5 ],
	[ 'columns, their checks and indexes', q{ALTER TABLE app.calls ADD COLUMN a int DEFAULT 7, ADD COLUMN b text COLLATE "C"; ALTER TABLE app.calls ADD CHECK (a > 5); CREATE INDEX calls_b ON app.calls (b); COMMENT ON COLUMN app.calls.b IS 'new'; DROP VIEW app.v CASCADE; ALTER TABLE app.calls DROP COLUMN note}, 3 ],
	[ 'renames and what comes after', q{ALTER TABLE app.calls RENAME note TO notes; ALTER TABLE app.calls RENAME TO call; ALTER TABLE app.call ADD CONSTRAINT of_unit FOREIGN KEY (unit) REFERENCES app.units; CREATE INDEX calls_notes ON app.call (lower(notes)); ALTER VIEW app.w RENAME TO ww}, 3 ],
	[ 'one takes the name of another', q{ALTER TABLE app.units RENAME code TO area_; ALTER TABLE app.units RENAME area TO code; ALTER TABLE app.units RENAME area_ TO area; ALTER TABLE app.units ADD CONSTRAINT few CHECK (code < 1000)}, 2 ],
	[ 'values of an enum', q{ALTER TYPE app.mood ADD VALUE 'calm' BEFORE 'glad'; ALTER TABLE app.calls ALTER mood SET DEFAULT 'calm', ADD CONSTRAINT moody CHECK (mood IS NOT NULL)}, 3 ],
	[ 'a value of an enum has another name', q{ALTER TYPE app.mood RENAME VALUE 'sad' TO 'blue'; ALTER TABLE app.calls ADD CONSTRAINT blue CHECK (mood = 'blue')}, 2 ],
	[ 'indexes go and come', q{DROP INDEX app.calls_prio; CREATE INDEX calls_prio_id ON app.calls (prio, id); CREATE INDEX calls_note ON app.calls (note DESC)}, 5 ],
	[ 'what stands above', q{DROP VIEW app.w; ALTER TABLE app.calls ALTER prio TYPE bigint; CREATE OR REPLACE VIEW app.v AS SELECT id, note, prio FROM app.calls; CREATE INDEX calls_unit ON app.calls (unit); GRANT SELECT ON app.v TO PUBLIC}, 2 ],
	[ 'a partition goes', q{ALTER TABLE app.events DETACH PARTITION app.e1; ALTER TABLE app.e1 ADD CONSTRAINT january CHECK (at < '2026-02-01')}, 5 ],
	[ 'NULL rows get values', qq{CREATE TABLE app.calls (id int, unit int, note text,\n-- pgschema: using 0\nprio int NOT NULL, mood app.mood DEFAULT 'sad')}, 5 ],
	[ 'DROP and CREATE', q{DROP VIEW app.v CASCADE; DROP TABLE app.events; CREATE TABLE app.calls (id int, unit int); CREATE INDEX units_area ON app.units (area); ALTER TABLE app.units DROP CONSTRAINT units_area_check}, 2 ],
);
for (@texts)
{
	my ($what, $text, $phases) = @$_;
	my $atomic = database();
	unlike(call($atomic, $text, ''), qr/ERROR/, "$what: in one transaction");
	my $as_wanted = $node->safe_psql($atomic, $seen);
	my $online = database();
	my $err = call($online, $text, ", strategy => 'online'");
	unlike($err, qr/ERROR|WARNING/, "$what: in phases");
	is(history($online), "1 applied $phases $phases", "$what: all of them");
	is($node->safe_psql($online, $seen), $as_wanted, "$what: leads to the same");
	is($node->safe_psql($online, "SELECT count(*) FROM pgschema.applied WHERE cardinality(goal) > 1"), 0, "$what: nothing is kept of it");
	$node->safe_psql($atomic, $others) if $what !~ /DROP|another|renames/;
	$as_wanted = $node->safe_psql($atomic, $seen);
	for my $until (1 .. $phases - 1)
	{
		my $database = database();
		my $expect = $node->safe_psql($database, "SELECT pgschema_plan(\$desired\$$text\$desired\$, strategy => 'online', format => 'json')::jsonb->>'fingerprint'");
		$err = call($database, $text, ", strategy => 'online', expect => '$expect', until_phase => $until");
		like($err, qr/stopped after phase $until of $phases/, "$what: stopped after $until");
		$node->safe_psql($database, $others) if $what !~ /DROP|another|renames/;
		unlike($node->safe_psql($database, "SELECT pgschema_plan(\$desired\$$text\$desired\$, strategy => 'online', format => 'summary')"), qr/nothing to change/, "$what: the rest of the plan");
		$err = call($database, $text, ", strategy => 'online', expect => '$expect'");
		unlike($err, qr/ERROR|WARNING/, "$what: the same call goes on");
		is(history($database), "1 applied $phases $phases", "$what: in the same version");
		is($node->safe_psql($database, $seen), $as_wanted, "$what: and leads to the same");
	}
}

# --------------------------------------------------------------------------- the same text, of the tables of others
my $two = database();
$node->safe_psql($two, 'CREATE SCHEMA other; CREATE TABLE other.calls (id int, prio int); INSERT INTO other.calls VALUES (1, 1)');
my $both = 'ALTER TABLE calls ADD CONSTRAINT less CHECK (prio > -1); ALTER TABLE calls ADD CONSTRAINT more CHECK (id > -1)';
like(call($two, $both, ", strategy => 'online', until_phase => 1", 'app'), qr/stopped after phase 1 of 3/, 'in one schema it has stopped');
unlike(call($two, $both, ", strategy => 'online'", 'other'), qr/ERROR/, 'the same text in another search_path');
is(history($two), "1 stopped 1 3\n2 applied 3 3", 'is another apply');
is($node->safe_psql($two, q{SELECT count(*) FROM pg_constraint WHERE conname IN ('less', 'more') AND convalidated AND conrelid = 'other.calls'::regclass}), 2, 'and changes the other table');
unlike(call($two, $both, ", strategy => 'online'", 'app'), qr/ERROR/, 'the first one goes on');
is(history($two), "1 applied 3 3\n2 applied 3 3", 'to its end');
is($node->safe_psql($two, q{SELECT count(*) FROM pg_constraint WHERE conname IN ('less', 'more') AND convalidated}), 4, 'with both tables');
like(call($two, $both, ", strategy => 'online'", 'app'), qr/constraint "less" for relation "calls" already exists/, 'and then the text says what it always did');

# ------------------------------------------------- what is left has become something else: another apply, and the first is over
my $moved = database();
my $changing = 'ALTER TABLE app.calls ADD CONSTRAINT positive CHECK (prio > -1); ALTER TABLE app.calls ADD CONSTRAINT known CHECK (id > -1)';
like(call($moved, $changing, ", strategy => 'online', until_phase => 1"), qr/stopped after phase 1 of 3/, 'stopped');
$node->safe_psql($moved, 'ALTER TABLE app.calls DROP CONSTRAINT positive, ALTER prio TYPE bigint');
unlike(call($moved, $changing, ", strategy => 'online'"), qr/ERROR/, 'with other steps than those that were told');
like($node->safe_psql($moved, q{SELECT string_agg(conname || convalidated, ' ' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'app.calls'::regclass}), qr/^knowntrue positivetrue$/, 'it leads there');
like(call($moved, $changing, ", strategy => 'online'"), qr/constraint "positive" for relation "calls" already exists/, 'nothing is left of the first one');

# ------------------------------------------------------------------- a text of definitions says the same at any time
my $back = database();
my $one = 'CREATE TABLE app.units (id int PRIMARY KEY, code text, area int, CONSTRAINT c1 CHECK (area > -1), CONSTRAINT c2 UNIQUE (code))';
like(call($back, $one, ", strategy => 'online', until_phase => 2"), qr/stopped after phase 2/, 'a text of definitions is stopped');
unlike(call($back, $one =~ s/area int/area int, more text/r, ''), qr/ERROR/, 'another one is applied');
unlike(call($back, $one, ", strategy => 'online'"), qr/ERROR/, 'and the first one again');
is($node->safe_psql($back, q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.units'::regclass AND attname = 'more'}), 0, 'which means what it says');
my $inline = database();
for my $until (1 .. 3) { like(call($inline, $one, ", strategy => 'online', until_phase => $until"), qr/stopped after phase $until|recorded/, "a key in a definition, stop $until"); }
unlike(call($inline, $one, ", strategy => 'online'"), qr/ERROR/, 'and to its end');
my $gone = database();
call($gone, 'ALTER TABLE app.calls ADD CONSTRAINT k UNIQUE (id)', ", strategy => 'online', until_phase => 1");
$node->safe_psql($gone, 'DROP TABLE app.calls CASCADE');
like(call($gone, 'ALTER TABLE app.calls ADD CONSTRAINT k UNIQUE (id)', ", strategy => 'online'"), qr/relation "app\.calls" does not exist/, 'what it was for is gone');

# ----------------------------------------------------------------------------- what is done is done: what others do to it is theirs
my $swap = database();
my $swapping = 'ALTER TABLE app.units RENAME id TO tmp_; ALTER TABLE app.units RENAME area TO id; ALTER TABLE app.units RENAME tmp_ TO area; ALTER TABLE app.units ADD COLUMN c int; ALTER TABLE app.units ADD CONSTRAINT few CHECK (id < 1000)';
$node->safe_psql($swap, 'UPDATE app.units SET area = id + 100');
like(call($swap, $swapping, ", strategy => 'online', until_phase => 1"), qr/stopped after phase 1/, 'columns change their names');
$node->safe_psql($swap, 'ALTER TABLE app.units ALTER c TYPE bigint, DROP CONSTRAINT few');
unlike(call($swap, $swapping, ", strategy => 'online'"), qr/ERROR/, 'and others change something');
is($node->safe_psql($swap, 'SELECT min(id - area) FROM app.units'), 100, 'they are not changed again');
my $lists = database();
$node->safe_psql($lists, 'CREATE TABLE app.old (a int); CREATE ROLE bob');
my $listing = q{DROP TABLE app.old; ALTER TYPE app.mood ADD VALUE 'calm'; ALTER TABLE app.calls SET (fillfactor = 80); GRANT SELECT ON app.calls TO bob; ALTER TABLE app.calls ADD CHECK (id > -1); CREATE INDEX calls_id ON app.calls (id)};
my ($stop) = $node->safe_psql($lists, "SELECT max(phase) FROM pgschema_steps(\$\$$listing\$\$, strategy => 'online') WHERE statement ~ 'DROP TABLE'");
like(call($lists, $listing, ", strategy => 'online', until_phase => $stop"), qr/stopped after phase $stop/, 'stopped when most is done');
$node->safe_psql($lists, q{ALTER TYPE app.mood ADD VALUE 'others'; ALTER TABLE app.calls SET (autovacuum_enabled = off); GRANT INSERT ON app.calls TO bob; CREATE TABLE app.old (b int); INSERT INTO app.old VALUES (1)});
unlike(call($lists, $listing, ", strategy => 'online'"), qr/ERROR/, 'it goes on');
is($node->safe_psql($lists, q{SELECT (SELECT count(*) FROM app.old), enum_range(NULL::app.mood), reloptions, relacl::text ~ 'bob=ar/' FROM pg_class WHERE oid = 'app.calls'::regclass}), '1|{sad,glad,calm,others}|{fillfactor=80,autovacuum_enabled=off}|t', 'and leaves what others have made');

# ------------------------------------------------------------------------------------ what is secret is in one phase
my $secret = database();
$node->safe_psql($secret, 'CREATE FOREIGN DATA WRAPPER f; CREATE SERVER s FOREIGN DATA WRAPPER f');
unlike(call($secret, q{CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password 'deep'); ALTER TABLE app.calls ADD CHECK (prio < 100)}, ", strategy => 'online'"), qr/ERROR/, 'with a user mapping');
is(history($secret), '1 applied 1 1', 'nothing is kept between phases');
$node->stop;
done_testing();
