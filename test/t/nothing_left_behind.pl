# A plan leaves nothing behind, however it ended: the session, the catalog and the files are as before.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('behind');
$node->init;
$node->append_conf('postgresql.conf', "wal_level = logical\nshared_preload_libraries = 'pg_stat_statements,auto_explain'\nauto_explain.log_min_duration = 0\n"
	  . "auto_explain.log_nested_statements = on\npg_stat_statements.track = all\nmax_locks_per_transaction = 128\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE demo');
$node->safe_psql('demo', 'CREATE EXTENSION pgschema; CREATE EXTENSION pg_stat_statements; CREATE EXTENSION amcheck');
$node->safe_psql('demo', slurp_file("$ENV{TEST_DEMO}/schema.sql"));
$node->safe_psql('demo', q{
	INSERT INTO app.priorities SELECT i, 'p' || i, i * 100 FROM generate_series(1, 5) i;
	INSERT INTO app.areas SELECT i, 'area ' || i, 'd' || i % 7, 100, NULL FROM generate_series(1, 50) i;
	INSERT INTO app.calls (area_id, prio, received_at) SELECT 1 + i % 50, 2 + i % 4, now() FROM generate_series(1, 500) i;
	CREATE TABLE app.jobs (id int PRIMARY KEY, note text);
	CREATE FUNCTION public.lines(desired text) RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM pgschema_plan($1)';
});

my $change = slurp_file("$ENV{TEST_DEMO}/change.sql");
my %plans = (
	'a changed root view' => $change,
	'a replaced view' => 'CREATE OR REPLACE VIEW app.v_next_call AS SELECT district, call_id, prio, area, waiting FROM app.v_call_queue WHERE place <= 1',
	'a retyped column' => 'ALTER TABLE app.incidents ALTER COLUMN kind TYPE varchar(200)',
	'new objects' => 'CREATE TABLE app.fresh (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, area_id int REFERENCES app.areas, t text UNIQUE);
		CREATE VIEW app.v_fresh AS SELECT * FROM app.fresh; CREATE MATERIALIZED VIEW app.m_fresh AS SELECT * FROM app.fresh;',
	'a changed enum' => "ALTER TYPE app.unit_kind ADD VALUE 'boat' BEFORE 'rescue'",
	'a changed function' => 'CREATE OR REPLACE FUNCTION app.seconds(span interval) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT RETURN 1',
	'a plan that is refused' => 'ALTER TABLE app.calls DROP COLUMN prio',
	'a syntax error' => 'CREATE VIEW app.v AS SELECT FROM WHERE',
	'an error in the shadow' => 'CREATE OR REPLACE VIEW app.v_calls AS SELECT no_such_column FROM app.calls');

# ---------------------------------------------------------------------------------------- what is looked at

my $session = $node->background_psql('demo', on_error_stop => 0);
sub ask
{
	my ($answer) = $session->query(shift);
	$session->{stderr} = '';
	return $answer;
}

# Rows of every catalog, and the walk over the schemas at hand.
my $catalogs = $node->safe_psql('demo', q{SELECT string_agg(format('SELECT %L, count(*), sum(hashtext(t::text)::bigint) FROM %s t', oid::regclass, oid::regclass), ' UNION ALL ')
	FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND relname NOT IN ('pg_statistic', 'pg_database')});
sub catalog { return $node->safe_psql('demo', "$catalogs ORDER BY 1; SELECT * FROM pgschema_catalog('{app,reporting,public,pgschema}') ORDER BY 1, 2, 3, 4"); }

sub files
{
	$node->safe_psql('demo', 'CHECKPOINT');
	my $folder = $node->data_dir . '/base/' . $node->safe_psql('demo', 'SELECT oid FROM pg_database WHERE datname = current_database()');
	# A catalog's free space and visibility maps come when they are needed.
	return join(' ', grep { !/_(fsm|vm)$|^pg_internal.init$/ } map { s/.*\///r } sort glob("$folder/*"));
}

my $locks = q{SELECT string_agg(DISTINCT concat_ws(' ', locktype, mode, relation::regclass, classid::regclass), ', ' ORDER BY
	concat_ws(' ', locktype, mode, relation::regclass, classid::regclass)) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype NOT IN ('virtualxid')
	AND relation IS DISTINCT FROM 'pg_locks'::regclass
	-- What was made in the shadow and is gone: the server locks a sequence that it alters for the whole transaction.
	AND (relation IS NULL OR relation::regclass::text !~ '^\d+$')};
my $settings = q{SELECT md5(string_agg(concat_ws('|', name, setting, source), ',' ORDER BY name)), current_user, session_user, current_schemas(true) FROM pg_settings};

sub quoted { my $text = shift; return "\$desired\$$text\$desired\$"; }
sub outcome
{
	my ($what) = @_;
	ask($what);
	return ask("\\echo :ERROR :SQLSTATE");
}

# ------------------------------------------------------------------- a session with something of everything

ask('SET client_min_messages = error; SET application_name = here; SET work_mem = 5432');
ask(q{PREPARE of_view AS SELECT count(*) FROM app.v_call_board; PREPARE of_table(int) AS SELECT count(*) FROM app.calls WHERE prio = $1;
	PREPARE writing AS INSERT INTO app.jobs VALUES ($1, 'x') ON CONFLICT DO NOTHING;});
ask('EXECUTE of_view; EXECUTE of_table(3); EXECUTE writing(1)') for 1 .. 7;    # generic plans
ask(q{CREATE TEMP TABLE mine (id int, status app.call_status); INSERT INTO mine VALUES (1, 'closed');
	CREATE FUNCTION pg_temp.cached(a int) RETURNS bigint LANGUAGE plpgsql AS $f$
	DECLARE r app.v_calls; s app.call_status := 'queued'; n bigint; BEGIN
		SELECT * INTO r FROM app.v_calls LIMIT 1; SELECT count(*) INTO n FROM app.v_open_calls WHERE prio > a; RETURN n + coalesce(r.call_id, 0) * 0; END$f$});
my $works = q{EXECUTE of_view; EXECUTE of_table(3); SELECT pg_temp.cached(1); SELECT count(*), max(status) FROM mine; EXECUTE writing(2); SELECT count(*) FROM app.jobs;};
ask($works);
ask('SELECT pgschema_version()');    # its settings are known from now on
my $expected = ask($works);
is($expected =~ tr/\n//, 4, 'the session answers before');

my ($catalog, $files, $set) = (catalog(), files(), ask($settings));
is(ask($locks), '', 'no lock is held before');

for my $name (sort keys %plans)
{
	my $is = outcome("SELECT lines(" . quoted($plans{$name}) . ")");
	my $fails = $name =~ /refused|error/;
	like($is, $fails ? qr/^true (?!XX)/ : qr/^false/, "$name: " . ($fails ? 'fails' : 'is planned'));
	is(ask($locks), '', "$name: no lock is left");
	is(ask($settings), $set, "$name: settings, user and path are as before");
	is(ask($works), $expected, "$name: prepared statements, functions and temporary tables work");
	is(catalog(), $catalog, "$name: the catalog is as before");
}
is(files(), $files, 'the files are as before');

# ------------------------------------------------------------------------------- inside a transaction

for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	for my $name (sort keys %plans)
	{
		my $fails = $name =~ /refused|error/;
		ask("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM app.v_calls; INSERT INTO app.jobs VALUES (77, 'mine')");
		ask('DECLARE open_one CURSOR FOR SELECT call_id, prio FROM app.v_calls ORDER BY call_id; FETCH 3 FROM open_one');
		my $before = ask($locks);
		ask('SAVEPOINT here');
		my $is = outcome("SELECT lines(" . quoted($plans{$name}) . ")");
		like($is, $fails ? qr/^true (?!XX)/ : qr/^false/, "$level, $name: the outcome") or diag($is);
		ask('ROLLBACK TO here') if $fails;
		my $after = ask($locks);
		# What reading takes on user relations is AccessShare (and what SERIALIZABLE notes), and on catalogs what writing takes.
		my %had = map { $_ => 1 } split /, /, $before;
		my @more = grep { !$had{$_} && !/ (AccessShareLock|SIReadLock) / && !/ RowExclusiveLock pg_/ && !/^transactionid/ } split /, /, $after;
		is("@more", '', "$level, $name: no lock above AccessShare is left on a relation");
		is(ask('FETCH 3 FROM open_one; SELECT note FROM app.jobs WHERE id = 77'), ask("SELECT * FROM (SELECT call_id, prio FROM app.v_calls ORDER BY call_id OFFSET 3 LIMIT 3) s; SELECT 'mine'"),
			"$level, $name: the open cursor goes on");
		ask('COMMIT');
		ask('DELETE FROM app.jobs WHERE id = 77');
	}
}
is(catalog(), $catalog, 'in transactions: the catalog is as before');
is(ask($settings), $set, 'in transactions: settings are as before');
is(ask($works), $expected, 'in transactions: the session works');

# ------------------------------------------------------------- in a subtransaction, and deferred triggers

ask(q{DO $do$ BEGIN PERFORM lines($$} . $plans{'an error in the shadow'} . q{$$); EXCEPTION WHEN undefined_column THEN INSERT INTO app.jobs VALUES (5, 'caught'); END $do$});
is(ask('SELECT note FROM app.jobs WHERE id = 5; DELETE FROM app.jobs WHERE id = 5'), 'caught', 'an error of a plan can be caught, and the work goes on');
ask('CREATE TABLE app.deferring (id int PRIMARY KEY, up int REFERENCES app.deferring DEFERRABLE INITIALLY DEFERRED)');
ask('BEGIN; INSERT INTO app.deferring VALUES (1, 2)');
ask('SELECT lines($$CREATE TABLE app.deferring (id bigint PRIMARY KEY, up bigint)$$)');
ask('INSERT INTO app.deferring VALUES (2, 1)');
like(outcome('COMMIT'), qr/^false/, 'a deferred trigger that was waiting is content');
ask('BEGIN; INSERT INTO app.deferring VALUES (3, 4)');
ask('SELECT lines($$CREATE TABLE app.deferring (id bigint PRIMARY KEY, up bigint)$$)');
like(outcome('COMMIT'), qr/^true 23503/, 'or fires');
ask('DROP TABLE app.deferring');

# ---------------------------------------------------------------------------------- cancelled on the way

my ($cancelled, $done, $other) = (0, 0, '');
for my $try (1 .. 120)
{
	my $milliseconds = 1 + int($try * 3);
	ask("SET statement_timeout = '${milliseconds}ms'");
	my $is = outcome("SELECT lines(" . quoted($try % 3 ? $change : $plans{'new objects'}) . ")");
	ask('RESET statement_timeout');
	if ($is =~ /^true 57014/) { $cancelled++; }
	elsif ($is =~ /^false/) { $done++; }
	else { $other .= "$milliseconds ms: $is\n"; }
}
cmp_ok($cancelled, '>', 10, "cancelled at many moments ($cancelled, and $done got through)");
is($other, '', 'never anything but cancelled or done');
is(ask($locks), '', 'cancelled: no lock is left');
is(ask($settings), $set, 'cancelled: settings are as before');
is(ask($works), $expected, 'cancelled: the session works');
is(catalog(), $catalog, 'cancelled: the catalog is as before');
is(files(), $files, 'cancelled: the files are as before');

# ------------------------------------------------------------------------------------------------- memory

# The server's own caches keep a little of every DDL that is rolled back (2 kB for a table with a key, a view and a
# materialized view; as much in a session without pgschema), and PL/pgSQL's keeps the key of every function that it has compiled, also of one
# that is gone. Everything else has to be given back.
my $memory = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+)')::int};
my $contexts = q{SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name NOT IN ('CacheMemoryContext', 'RI constraint cache', 'Sequence values', 'PLpgSQL function hash', 'PLpgSQL cast info', 'Cached function hash')
	AND parent IS DISTINCT FROM 'MessageContext' AND name NOT IN ('MessageContext', 'ExecutorState', 'ExprContext')};
my @texts = map { $plans{$_} } sort keys %plans;
my $round = sub { ask("SELECT lines(" . quoted($_) . ")") for @texts; };
$round->() for 1 .. 6;
my @before = (ask($memory), ask($contexts));
$round->() for 1 .. 33;
my @growth = (ask($memory) - $before[0], ask($contexts) - $before[1]);
cmp_ok($growth[1], '<', 100_000, "memory contexts do not grow over 300 plans ($growth[1] bytes)");
SKIP:
{
	skip 'AddressSanitizer keeps freed memory', 1 if ($ENV{SAN} // '') =~ /address/;
	cmp_ok($growth[0], '<', 300 * 40, "nor does the session, but for the server's caches ($growth[0] kB)");
}
is(catalog(), $catalog, 'after all: the catalog is as before');
is(files(), $files, 'after all: the files are as before');
$session->quit;

$node->command_ok([ 'pg_amcheck', '--heapallindexed', '--parent-check', '-d', 'demo', '-p', $node->port, '-h', $node->host ], 'pg_amcheck is clean');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|was terminated|WARNING/, 'the log has no warning');

done_testing();
