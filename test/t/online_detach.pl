# strategy => 'online': a partition that becomes a table by itself, DETACH PARTITION … CONCURRENTLY.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Psql;

my $node = PostgreSQL::Test::Cluster->new('online_detach');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8");
$node->start;

my $events = 'CREATE SCHEMA app; CREATE TABLE app.events (id int, at date, CONSTRAINT events_key PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE INDEX events_at ON app.events (at);';
my $e2 = q{CREATE TABLE app.e2 PARTITION OF app.events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');};
my $before = qq{$events CREATE TABLE app.e1 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); $e2};
my $after = qq{$events $e2 CREATE TABLE app.e1 (id int CONSTRAINT events_id_not_null NOT NULL, at date CONSTRAINT events_at_not_null NOT NULL, CONSTRAINT e1_pkey PRIMARY KEY (id, at)); CREATE INDEX e1_at_idx ON app.e1 (at);};
my $rows = q{INSERT INTO app.events SELECT i, '2026-01-01'::date + i FROM generate_series(1, 50) i;};
my $number = 0;

sub database { my ($text) = @_; my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, 'CREATE EXTENSION pgschema;' . ($text // "$before $rows")); return $name; }
sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
sub call { my ($database, $text, $more, $schemas) = @_; my ($out, $err) = ('', ''); $node->psql($database, 'CALL pgschema_apply(' . quoted($text) . ($schemas // ", '{app}'") . ", strategy => 'online', allow => '{all}'" . ($more // '') . ')', stdout => \$out, stderr => \$err); return $err; }
sub steps { my ($database, $text, $strategy, $schemas) = @_; return $node->safe_psql($database, "SELECT phase || ' ' || statement FROM pgschema_steps(" . quoted($text) . ($schemas // ", '{app}'") . ", strategy => '" . ($strategy // 'online') . "')"); }
sub history { my ($database) = @_; return $node->safe_psql($database, "SELECT concat_ws(' ', version, status, phases_done, phases) FROM pgschema.history ORDER BY version"); }
sub dump_of { my ($database) = @_; my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr($database) ]); return $dump =~ s/^\\(un)?restrict .*\n//mgr; }
sub rows { my ($database) = @_; return $node->safe_psql($database, 'SELECT (SELECT count(*) FROM app.events), (SELECT count(*) FROM app.e1)'); }

my $wanted = database($after);
my $as_wanted = dump_of($wanted);
sub is_wanted { my ($database, $name) = @_; is(dump_of($database), $as_wanted, $name); is(rows($database), '20|30', 'with all rows'); return; }

my $all = <<'END' =~ s/\n\z//r;
1 ALTER TABLE app.e1 ADD CONSTRAINT pgschema_detach_e1 CHECK (((at IS NOT NULL) AND (at >= '2026-01-01'::date) AND (at < '2026-02-01'::date))) NOT VALID
2 ALTER TABLE app.e1 VALIDATE CONSTRAINT pgschema_detach_e1
3 ALTER TABLE app.events DETACH PARTITION app.e1 CONCURRENTLY
4 ALTER TABLE app.e1 DROP CONSTRAINT pgschema_detach_e1
END

my $first = database();
is(steps($first, $after), $all, 'the phases');
is(steps($first, $after, 'atomic'), '1 ALTER TABLE app.events DETACH PARTITION app.e1', 'and in one transaction');
unlike(call($first, $after), qr/ERROR|WARNING/, 'applied');
is_wanted($first, 'the partition is a table, without a check');
like(call($first, $after), qr/nothing to change/, 'nothing more to do');

for my $until (1 .. 3)
{
	my $database = database();
	like(call($database, $after, ", until_phase => $until"), qr/stopped after phase $until of 4/, "stopped after $until");
	unlike(call($database, $after), qr/ERROR/, 'the same call goes on');
	is_wanted($database, 'and ends');
	is(history($database), '1 applied 4 4', 'in the same version');
}

# ------------------------------------------------------------------------------------------- who reads is waited for
my $busy = database();
call($busy, $after, ', until_phase => 2');
my $reader = Psql::session($node->connstr($busy));
say_to($reader, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app.events;');
my $error = call($busy, $after, ", lock_timeout => '100ms', retries => 1");
like($error, qr/ERROR:  waited 100 ms for those who use app\.events in vain\nDETAIL:  Process \d+ holds AccessShareLock: role postgres/, 'not for ever');
like($error, qr/^CONTEXT: .*phases done: 2 of 4; the same call goes on$/m, 'and it can be gone on with');
is($node->safe_psql($busy, 'SELECT count(*) FROM pg_inherits WHERE inhdetachpending'), '1', 'half way');
is($node->safe_psql($busy, 'SELECT count(*) FROM app.events'), '20', 'for others it has left');
is(say_to($reader, 'SELECT count(*) FROM app.events;'), "50\n", 'who reads sees what was there');
is(steps($busy, $after), "1 ALTER TABLE app.events DETACH PARTITION app.e1 FINALIZE\n2 ALTER TABLE app.e1 DROP CONSTRAINT pgschema_detach_e1", 'what is left');
is(steps($busy, $after, 'atomic'), "1 ALTER TABLE app.events DETACH PARTITION app.e1 FINALIZE\n1 ALTER TABLE app.e1 DROP CONSTRAINT pgschema_detach_e1", 'and in one transaction');
is(steps($busy, $before, 'atomic'), <<'END' =~ s/\n\z//r, 'or back');
1 ALTER TABLE app.events DETACH PARTITION app.e1 FINALIZE
1 ALTER TABLE app.e1 DROP CONSTRAINT pgschema_detach_e1
1 ALTER TABLE app.events ATTACH PARTITION app.e1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
END
is(steps($busy, 'CREATE TABLE app.other (a int)', 'atomic', ''), '1 CREATE TABLE app.other (' . "\n" . '    a integer' . "\n)", 'nobody else is concerned');
say_to($reader, 'COMMIT;');
unlike(call($busy, $after), qr/ERROR/, 'then it goes on');
is_wanted($busy, 'and ends');
is(history($busy), '1 applied 4 4', 'in the same version');

# The way back, while it is half done; and the end of it in one transaction.
for my $way ([ $before, 'back', 'atomic' ], [ $after, 'forth', 'atomic' ], [ $before, 'back', 'online' ])
{
	my ($text, $name, $strategy) = @$way;
	my $database = database();
	call($database, $after, ', until_phase => 2');
	my $other = Psql::session($node->connstr($database));
	say_to($other, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app.events;');
	call($database, $after, ", lock_timeout => '100ms', retries => 0");
	say_to($other, 'COMMIT;');
	is($node->psql($database, 'CALL pgschema_apply(' . quoted($text) . ", '{app}', strategy => '$strategy', allow => '{all}')"), 0, "half done, and $name, $strategy");
	if ($name eq 'back') { is(rows($database), '50|30', 'it is a partition again'); is($node->safe_psql($database, "SELECT count(*) FROM pg_constraint WHERE conname ~ '^pgschema'"), 0, 'without a check'); }
	else { is_wanted($database, 'it is a table'); }
	$other->{psql}->kill_kill;
}

# -------------------------------------------------------------------------------------- a text that says only that
my $alone = database();
my $text = 'ALTER TABLE app.events DETACH PARTITION app.e1';
is(steps($alone, $text, 'online', ''), $all, 'by its own statement');
unlike(call($alone, $text, '', ''), qr/ERROR/, 'applied');
is_wanted($alone, 'the partition is a table');

# ------------------------------------------------------------------------------------------------ where the server cannot
my $default = database("$before CREATE TABLE app.rest PARTITION OF app.events DEFAULT; $rows");
# What comes in its place comes at once.
my $parts = $after =~ s/CREATE TABLE app\.e1 .*//sr;
like(steps(database(), "$parts CREATE TABLE app.e1a PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2026-01-15'); CREATE TABLE app.e1 (id int CONSTRAINT events_id_not_null NOT NULL, at date CONSTRAINT events_at_not_null NOT NULL, CONSTRAINT e1_pkey PRIMARY KEY (id, at)); CREATE INDEX e1_at_idx ON app.e1 (at);"), qr/^1 ALTER TABLE app\.events DETACH PARTITION app\.e1$/m, 'another partition in its place: in one transaction');
my $referring = database();
$node->safe_psql($referring, 'CREATE TABLE app.r (id int, at date, CONSTRAINT fk FOREIGN KEY (id, at) REFERENCES app.events); INSERT INTO app.r SELECT id, at FROM app.events LIMIT 1');
unlike(call($referring, 'ALTER TABLE app.r DROP CONSTRAINT fk; ALTER TABLE app.events DETACH PARTITION app.e1', '', ''), qr/ERROR/, 'beside a foreign key that goes: in one transaction');
my $referred = database('CREATE SCHEMA app; CREATE TABLE app.ev (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE app.ev1 PARTITION OF app.ev FOR VALUES FROM (0) TO (10); CREATE TABLE app.r (e int REFERENCES app.ev); INSERT INTO app.ev VALUES (1), (2); INSERT INTO app.r VALUES (1)');
my $tree = 'CREATE SCHEMA app; CREATE TABLE app.ev (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE app.r (e int REFERENCES app.ev);';
my $left = "$tree CREATE TABLE app.ev1 (id int CONSTRAINT ev_id_not_null NOT NULL, CONSTRAINT ev1_pkey PRIMARY KEY (id));";
for my $text ($left, $tree)
{
	for my $strategy ('atomic', 'online')
	{
		my $plan = $node->safe_psql($referred, 'SELECT * FROM pgschema_plan(' . quoted($text) . ", '{app}', strategy => '$strategy')");
		like($plan, qr/data_dependent .*no row may refer to those of table app\.ev1: 1 row is against it/, "$strategy: a row refers to one of it, which is said before");
	}
}
$node->safe_psql($referred, 'DELETE FROM app.r');
unlike(call($referred, $left), qr/ERROR/, 'without it, it leaves');
my $comma = database('CREATE SCHEMA c; CREATE TABLE c."a, b" (a int) PARTITION BY LIST (a); CREATE TABLE c."p, 1" PARTITION OF c."a, b" FOR VALUES IN (1)');
unlike(call($comma, 'ALTER TABLE c."a, b" DETACH PARTITION c."p, 1"', '', ''), qr/ERROR/, 'names with commas');
is($node->safe_psql($comma, 'SELECT count(*) FROM pg_inherits'), 0, 'are detached');
is(steps($default, "$after CREATE TABLE app.rest PARTITION OF app.events DEFAULT;"), '1 ALTER TABLE app.events DETACH PARTITION app.e1', 'beside a default partition: in one transaction');
my $hash = 'CREATE SCHEMA app; CREATE TABLE app.t (a int) PARTITION BY HASH (a);';
my $hashed = database("$hash CREATE TABLE app.h0 PARTITION OF app.t FOR VALUES WITH (MODULUS 2, REMAINDER 0);");
is(steps($hashed, "$hash CREATE TABLE app.h0 (a int);"), '1 ALTER TABLE app.t DETACH PARTITION app.h0', 'a hash partition, whose check would be about the number of its parent, too');

$reader->{psql}->kill_kill;
$node->stop;
done_testing();
