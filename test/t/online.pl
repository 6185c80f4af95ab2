# strategy => 'online': phases that commit one after the other, each safe to stop after.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Psql;

my $node = PostgreSQL::Test::Cluster->new('online');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nsynchronous_commit = on\nmax_worker_processes = 8");
$node->start;

my $number = 0;
my $before = <<'END';
CREATE SCHEMA app;
CREATE TABLE app.units (id integer PRIMARY KEY, code text, name text, area integer);
CREATE TABLE app.calls (id integer PRIMARY KEY, unit integer, note text, prio integer);
CREATE INDEX calls_old ON app.calls (note);
CREATE INDEX calls_same ON app.calls (prio);
END
my $after = <<'END';
CREATE SCHEMA app;
CREATE TABLE app.units (id integer PRIMARY KEY, code text NOT NULL, name text, area integer, CONSTRAINT units_code UNIQUE (code) DEFERRABLE, CONSTRAINT area_positive CHECK (area > 0));
CREATE TABLE app.calls (id integer PRIMARY KEY, unit integer, note text, prio integer, added integer, CONSTRAINT calls_unit FOREIGN KEY (unit) REFERENCES app.units);
CREATE INDEX calls_new ON app.calls (unit);
CREATE INDEX calls_added ON app.calls (added);
CREATE INDEX calls_same ON app.calls (prio DESC);
COMMENT ON INDEX app.calls_new IS 'early';
COMMENT ON INDEX app.calls_added IS 'late';
CREATE VIEW app.v AS SELECT id, added FROM app.calls;
END
my $rows = 'INSERT INTO app.units SELECT i, i::text, i::text, i FROM generate_series(1, 1000) i; INSERT INTO app.calls SELECT i, i, i::text, i % 3 FROM generate_series(1, 1000) i;';

sub database { my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, "CREATE EXTENSION pgschema; $before $rows"); return $name; }
sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
sub call { my ($database, $text, $more) = @_; my ($out, $err) = ('', ''); $node->psql($database, "CALL pgschema_apply(" . quoted($text) . ", '{app}', strategy => 'online', allow => '{all}'" . ($more // '') . ')', stdout => \$out, stderr => \$err); return $err; }
sub steps { my ($database, $text) = @_; return $node->safe_psql($database, "SELECT phase || ' ' || regexp_replace(regexp_replace(statement, '\\m(calls|t)\\.(?=[a-z]+[,\\s])', '', 'g'), '\\s+', ' ', 'g') FROM pgschema_steps(" . quoted($text) . ", '{app}', strategy => 'online')"); }
sub history { my ($database) = @_; return $node->safe_psql($database, "SELECT concat_ws(' ', version, status, phases_done, phases, steps_done) FROM pgschema.history ORDER BY version"); }
sub dump_of { my ($database) = @_; my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr($database) ]); return $dump =~ s/^\\(un)?restrict .*\n//mgr; }

sub is_wanted
{
	my ($database, $name, $owners) = @_;
	my $is = dump_of($database);
	$is =~ s/^(-- Name: .*Owner: |ALTER .* OWNER TO )[^\s;]+/$1postgres/mg if $owners;
	is($is, dump_of('wanted'), $name);
	is($node->safe_psql($database, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready'), 0, 'no invalid index');
	return;
}

$node->safe_psql('postgres', 'CREATE DATABASE wanted');
$node->safe_psql('wanted', $after);

# ----------------------------------------------------------------------------------------------- what the phases are
my $first = database();
is(steps($first, $after), <<'END' =~ s/\n\z//r, 'the phases');
1 ALTER TABLE app.units ADD CONSTRAINT pgschema_not_null_code CHECK (code IS NOT NULL) NOT VALID
2 ALTER TABLE app.units VALIDATE CONSTRAINT pgschema_not_null_code
3 CREATE UNIQUE INDEX CONCURRENTLY units_code ON app.units USING btree (code)
4 CREATE INDEX CONCURRENTLY calls_new ON app.calls USING btree (unit)
5 CREATE INDEX CONCURRENTLY pgschema_new_calls_same ON app.calls USING btree (prio DESC)
6 ALTER TABLE app.units ALTER COLUMN code SET NOT NULL
6 ALTER TABLE app.units DROP CONSTRAINT pgschema_not_null_code
6 ALTER TABLE app.calls ADD COLUMN added integer
6 CREATE VIEW app.v AS SELECT id, added FROM app.calls
6 ALTER TABLE app.units ADD CONSTRAINT area_positive CHECK ((area > 0)) NOT VALID
6 ALTER TABLE app.calls ADD CONSTRAINT calls_unit FOREIGN KEY (unit) REFERENCES app.units(id) NOT VALID
6 ALTER TABLE app.units ADD CONSTRAINT units_code UNIQUE USING INDEX units_code DEFERRABLE
6 COMMENT ON INDEX app.calls_same IS 'replaced by pgschema'
6 ALTER INDEX app.calls_same RENAME TO pgschema_old_calls_same
6 ALTER INDEX app.pgschema_new_calls_same RENAME TO calls_same
6 COMMENT ON INDEX app.calls_new IS 'early'
7 DROP INDEX CONCURRENTLY app.calls_old
8 ALTER TABLE app.units VALIDATE CONSTRAINT area_positive
9 ALTER TABLE app.calls VALIDATE CONSTRAINT calls_unit
10 CREATE INDEX CONCURRENTLY calls_added ON app.calls USING btree (added)
11 DROP INDEX CONCURRENTLY app.pgschema_old_calls_same
12 COMMENT ON INDEX app.calls_added IS 'late'
END
my $err = call($first, $after);
my @phases = $err =~ /phase (\d+) of 12/g;
is("@phases", '1 2 3 4 5 6 7 8 9 10 11 12', 'each is told');
unlike($err, qr/ERROR|WARNING/, 'applied');
is_wanted($first, 'what is there is what was wanted');
is(history($first), '1 applied 12 12 22', 'one row of history');
like(call($first, $after), qr/^[^\n]*nothing to change; recorded as version 2$/, 'nothing more to do');

# ------------------------------------------------------------------------------------- the script does it with psql too
my $by_script = database();
my $script = $node->safe_psql($by_script, 'SELECT * FROM pgschema_plan(' . quoted($after) . ", '{app}', 'online')");
is($node->psql($by_script, $script, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]), 0, 'the script runs');
is_wanted($by_script, 'and leads there');

# ------------------------------------------------------------------------------------------------ stopping and going on
for my $until (1 .. 11)
{
	my $database = database();
	my $expect = $node->safe_psql($database, "SELECT fingerprint FROM (SELECT (string_to_array(l, ' '))[4] AS fingerprint FROM pgschema_plan(" . quoted($after) . ", '{app}', 'online', 'summary') WITH ORDINALITY AS p(l, n) WHERE n = 1) x");
	$err = call($database, $after, ", expect => '$expect', until_phase => $until");
	like($err, qr/stopped after phase $until of 12/, "stopped after $until");
	like(history($database), qr/^1 stopped $until 12 /, 'as history says');
	$err = call($database, $after, ", expect => '$expect'");
	unlike($err, qr/ERROR/, 'the same call goes on');
	is_wanted($database, 'and ends');
	like(history($database), qr/^1 applied 12 12 22$/, 'in the same version');
}

# -------------------------------------------------------------------------------------------- an enum's values, at once
my $enum = 'd' . ++$number;
$node->safe_psql('postgres', "CREATE DATABASE $enum");
my $type = "CREATE SCHEMA app; CREATE TYPE app.status AS ENUM ('new', 'done'); CREATE TABLE app.t (a int, s app.status);";
my $used = "CREATE SCHEMA app; CREATE TYPE app.status AS ENUM ('new', 'busy', 'done'); CREATE TABLE app.t (a int, s app.status DEFAULT 'busy'); CREATE VIEW app.v AS SELECT a FROM app.t WHERE s = 'busy';";
$node->safe_psql($enum, "CREATE EXTENSION pgschema; $type");
is(steps($enum, $used), <<'END' =~ s/\n\z//r, 'values come first');
1 ALTER TYPE app.status ADD VALUE 'busy' AFTER 'new'
2 ALTER TABLE app.t ALTER COLUMN s SET DEFAULT 'busy'::app.status
2 CREATE VIEW app.v AS SELECT a FROM app.t WHERE (s = 'busy'::app.status)
END
unlike(call($enum, $used), qr/ERROR/, 'and may be used then');
is(history($enum), '1 applied 2 2 3', 'in the second phase');
is(steps($enum, $used), '', 'and that is all');

# ------------------------------------------------------------------------------------------------------ what goes wrong
my $wrong = database();
$node->safe_psql($wrong, "UPDATE app.units SET code = '1' WHERE id = 2");
$err = call($wrong, $after);
like($err, qr/ERROR:  could not create unique index "units_code"\nDETAIL:  Key \(code\)=\(1\) is duplicated\./, 'the error of the worker');
like($err, qr/^CONTEXT: .*phases done: 2 of 12; the same call goes on$/ms, 'says what is done');
like(history($wrong), qr/^1 failed 2 12 2$/, 'is recorded');
like($node->safe_psql($wrong, 'SELECT error FROM pgschema.history'), qr/could not create unique index/, 'with its message');
is($node->safe_psql($wrong, 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid'), 'app.units_code', 'an index is invalid');
$node->safe_psql($wrong, "UPDATE app.units SET code = '2' WHERE id = 2");
unlike($err = call($wrong, $after), qr/ERROR/, 'once mended, it goes on');
is_wanted($wrong, 'and ends');
is(history($wrong), '1 applied 12 12 23', 'in the same version');

my $null = database();
$node->safe_psql($null, 'UPDATE app.units SET code = NULL WHERE id = 2');
like(call($null, $after), qr/check constraint "pgschema_not_null_code" of relation "units" is violated/, 'a row that is NULL');
$node->safe_psql($null, "UPDATE app.units SET code = 'x' WHERE id = 2");
like(call($null, $before), qr/recorded as version 2/, 'going back');
is($node->safe_psql($null, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'pgschema%'"), 0, 'takes the check away');

like(call(database(), $after, ", until_phase => 0"), qr/until_phase must be greater than zero/, 'a phase that is none');
my (undef, undef, $block) = $node->psql($first, "BEGIN; CALL pgschema_apply('', '{app}', strategy => 'online')");
like($block, qr/ERROR:  strategy "online" cannot run inside a transaction block\nHINT:  It commits after each phase/, 'in a transaction block');
(undef, undef, $block) = $node->psql($first, "CALL pgschema_apply('', '{app}', until_phase => 1)");
like($block, qr/ERROR:  until_phase is for strategy "online"/, 'with atomic');

# ------------------------------------------------------------------------------------------------ by a role, as itself
$node->safe_psql('postgres', 'CREATE ROLE owner_role; CREATE ROLE deployer LOGIN; GRANT owner_role TO deployer');
my $owned = database();
$node->safe_psql($owned, 'ALTER SCHEMA app OWNER TO owner_role; ALTER TABLE app.units OWNER TO owner_role; ALTER TABLE app.calls OWNER TO owner_role; GRANT CREATE ON DATABASE ' . $owned . ' TO owner_role; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO deployer, owner_role');
(undef, my $out, $err) = $node->psql($owned, 'SET ROLE owner_role; CALL pgschema_apply(' . quoted($after) . ", '{app}', strategy => 'online', allow => '{all}')", connstr => $node->connstr($owned) . ' user=deployer');
unlike($err, qr/ERROR/, 'a role that owns it');
is_wanted($owned, 'leads there', 'owners');

# ------------------------------------------------------------------------------------ whoever is in the way, and kills
sub session { return Psql::session($node->connstr($_[0])); }
my $worker_sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pgschema'";
for my $end ('pg_cancel_backend', 'pg_terminate_backend', 'the worker')
{
	my $database = database();
	call($database, $after, ', until_phase => 2');
	my $writer = session($database);
	say_to($writer, 'BEGIN; INSERT INTO app.units VALUES (-1, 7777);');
	my $apply = session($database);
	$apply->{in} .= 'CALL pgschema_apply(' . quoted($after) . ", '{app}', strategy => 'online', allow => '{all}');\n\\echo done\n";
	$apply->{psql}->pump_nb;
	until ($node->safe_psql($database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'pgschema' AND wait_event_type = 'Lock')") eq 't')
	{
		$apply->{psql}->pump_nb;
		BAIL_OUT("it does not wait: $apply->{err}") if $apply->{err} =~ /ERROR/;
	}
	is($node->safe_psql($database, "SET statement_timeout = '20s'; INSERT INTO app.units VALUES (-2, 8888, 'x', 1); SELECT count(*) FROM app.units WHERE id = -2"), 1, 'others read and write meanwhile');
	like($node->safe_psql($database, 'SELECT concat_ws(\' \', phase, phases, cardinality(waiting_for), index_phase) FROM pgschema.progress'), qr/^3 12 1 waiting for writers before build$/, 'how far it is, and who is in the way');
	(undef, undef, $err) = $node->psql($database, "SET pgschema.lock_timeout = '10ms'; SET pgschema.retries = 1; CALL pgschema_apply('', '{app}')");
	like($err, qr/another apply in this database/, 'no other apply between its phases');
	$node->safe_psql($database, $end eq 'the worker' ? "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pgschema'" : "SELECT $end(pid) FROM pg_stat_activity WHERE query LIKE 'CALL%'");
	$apply->{psql}->pump until $apply->{err} =~ /ERROR|FATAL/;
	$node->poll_query_until($database, "$worker_sql", '0') or die 'the worker stays';
	pass("$end: the worker is gone");
	is($node->safe_psql($database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0, 'and all its locks');
	say_to($writer, 'ROLLBACK;');
	$node->safe_psql($database, 'DELETE FROM app.units WHERE id < 0');
	unlike($err = call($database, $after), qr/ERROR/, 'the same call goes on');
	is_wanted($database, 'and ends');
	like(history($database), qr/^1 applied 12 12 \d+$/, 'in the same version');
	$_->{psql}->kill_kill for $writer, $apply;
}

my $crashed = database();
like(call($crashed, $after, ', until_phase => 6'), qr{stopped after phase 6 of 12}, 'stopped');
$node->stop('immediate');
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->start;
like($err = call($crashed, $after), qr/ERROR:  no background worker is free for what cannot run in a transaction\nDETAIL:  Statement: CREATE INDEX CONCURRENTLY .*\nHINT:  Raise max_worker_processes/, 'without workers');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
unlike(call($crashed, $after), qr/ERROR/, 'with them it goes on');
is_wanted($crashed, 'and ends');

# ------------------------------------------------------------------------- NULL rows get their values in batches
{
	my $filled = database();
	$node->safe_psql($filled, "CREATE TABLE app.many (id bigint PRIMARY KEY, a int, pad text); INSERT INTO app.many SELECT n, CASE WHEN n % 3 = 0 THEN 1 END, repeat('x', 200) FROM generate_series(1, 60000) n;
		CREATE TABLE app.tree (id int, a text) PARTITION BY RANGE (id); CREATE TABLE app.tree1 PARTITION OF app.tree FOR VALUES FROM (0) TO (10); CREATE TABLE app.tree2 PARTITION OF app.tree DEFAULT; INSERT INTO app.tree SELECT n FROM generate_series(0, 20) n");
	my $long = 'a_' . ('very_' x 10) . 'long_name';
	my $text = "CREATE TABLE app.many (id bigint PRIMARY KEY,
  -- pgschema: using id % 100
  a int NOT NULL, pad text,
  -- pgschema: using upper(left(pad, 1))
  b text NOT NULL,
  -- pgschema: using 5
  $long int NOT NULL);
CREATE TABLE app.tree (id int,
  -- pgschema: using 't' || id
  a text NOT NULL) PARTITION BY RANGE (id);";
	my $plan = $node->safe_psql($filled, "SELECT string_agg(phase || ' ' || statement, E'\n' ORDER BY step) FROM pgschema_steps(\$t\$$text\$t\$, strategy => 'online')");
	like($plan, qr/^1 ALTER TABLE app\.many ADD COLUMN b text$/m, 'a new column comes without NOT NULL, before everything else');
	is(() = $plan =~ /^\d+ UPDATE /mg, 8, 'each fills twice');
	like($plan, qr/UPDATE app\.many SET a = .*ADD CONSTRAINT pgschema_not_null_a CHECK \(a IS NOT NULL\) NOT VALID.*UPDATE app\.many SET a = .*VALIDATE CONSTRAINT pgschema_not_null_a.*ALTER COLUMN a SET NOT NULL/s, 'before and after nobody can write NULL any more');
	my $expect = $node->safe_psql($filled, "SELECT (string_agg(l, E'\n')::jsonb)->>'fingerprint' FROM pgschema_plan(\$t\$$text\$t\$, strategy => 'online', format => 'json') l");
	my $hazards = "SELECT string_agg(DISTINCT concat_ws(' ', command, h->>'hazard', h->>'text'), E'\n' ORDER BY concat_ws(' ', command, h->>'hazard', h->>'text')) FROM pgschema_steps(\$t\$$text\$t\$, strategy => 'online') s, jsonb_array_elements(s.details->'hazards') h";
	is($node->safe_psql($filled, "SET pgschema.hazard_size = 0; SET pgschema.check_data = '1h'; $hazards"), "ALTER TABLE data_dependent column app.many.a becomes NOT NULL: no row is against it
ALTER TABLE data_dependent column app.many.$long is NOT NULL and has no default: no row is against it
ALTER TABLE data_dependent column app.many.b is NOT NULL and has no default: no row is against it
ALTER TABLE data_dependent column app.tree.a becomes NOT NULL: no row is against it", 'nothing stands in the way of writers, and what proves NOT NULL may fail');
	my ($phases) = $plan =~ /^(\d+) [^\n]*\z/m;
	# Stopped in the midst, cancelled in the midst of a batch, and gone on with: the reviewed plan.
	my ($out, $err);
	$node->psql($filled, "CALL pgschema_apply(\$t\$$text\$t\$, strategy => 'online', expect => '$expect', until_phase => 2)", stderr => \$err);
	like($err, qr/stopped after phase 2 of $phases/, 'stopped after the first column has its values');
	$node->safe_psql($filled, 'INSERT INTO app.many (id, pad) VALUES (0, \'y\')');
	my $holder = $node->background_psql($filled);
	$holder->query_safe('BEGIN; UPDATE app.many SET pad = pad WHERE id = 59999');
	$node->psql($filled, "SET statement_timeout = '6s'; CALL pgschema_apply(\$t\$$text\$t\$, strategy => 'online', expect => '$expect', lock_timeout => '1s', retries => 100)", stderr => \$err);
	like($err, qr/canceling statement due to statement timeout/, 'cancelled while a row is locked');
	cmp_ok($node->safe_psql($filled, 'SELECT count(*) FROM app.many WHERE a IS NOT NULL'), '>', 40000, 'what was committed stays');
	$holder->query_safe('COMMIT');
	$holder->quit;
	my $status = $node->psql($filled, "CALL pgschema_apply(\$t\$$text\$t\$, strategy => 'online', expect => '$expect')", stderr => \$err);
	is($status, 0, 'the same call goes on') or diag($err);
	is($node->safe_psql($filled, "SELECT count(*) FILTER (WHERE a = CASE WHEN id % 3 = 0 AND id > 0 THEN 1 ELSE id % 100 END AND b = CASE id WHEN 0 THEN 'Y' ELSE 'X' END AND $long = 5), count(*) FROM app.many"), '60001|60001', 'every row has its values');
	is($node->safe_psql($filled, "SELECT count(*) FILTER (WHERE a = 't' || id), count(*) FROM app.tree"), '21|21', 'those of partitions too');
	is($node->safe_psql($filled, "SELECT count(*) FROM pg_attribute WHERE attrelid IN ('app.many'::regclass, 'app.tree'::regclass, 'app.tree1'::regclass) AND attnotnull AND attnum > 0"), 6, 'and every column is NOT NULL');
	is($node->safe_psql($filled, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'pgschema%'"), 0, 'no check is left');
	is($node->safe_psql($filled, "SELECT string_agg(l, '') FROM pgschema_plan(\$t\$$text\$t\$, format => 'sql') l"), '-- nothing to change', 'nothing is left to change');
}

done_testing();
