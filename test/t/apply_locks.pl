# What an apply tells while it waits, what it holds meanwhile, and when it gives up.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('apply_locks');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 5");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE SCHEMA app; CREATE TABLE app.root (id int PRIMARY KEY); CREATE VIEW app.leaf AS SELECT id FROM app.root; CREATE ROLE bi_loader LOGIN; GRANT USAGE ON SCHEMA app TO bi_loader; GRANT SELECT ON app.root TO bi_loader');

sub holder
{
	my (@connection) = @_;
	my $session = { in => '', out => '', err => '' };
	$session->{psql} = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres') . " application_name=loading @connection", '-f', '-' ], '<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err});
	return $session;
}
sub say_to
{
	my ($session, $sql) = @_;
	$session->{in} .= "$sql\n\\echo done\n";
	$session->{psql}->pump until $session->{out} =~ s/^(.*)done\n//s || $session->{err} =~ /ERROR|FATAL/;
	return $1;
}
sub apply
{
	my ($text, $arguments) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', "CALL pgschema_apply('$text'$arguments)", stdout => \$out, stderr => \$err);
	return $err;
}
sub applies { return $node->safe_psql('postgres', 'SELECT count(*) FROM pgschema.history WHERE status = $$applied$$'); }

# ------------------------------------------------------------------------------------------- it gives up, and says why
my $loader = holder('user=bi_loader');
say_to($loader, 'BEGIN; SELECT count(*) FROM app.root;');
my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'loading'");
my $err = apply('ALTER TABLE app.root ADD note text', ", lock_timeout => '50 ms', retries => 2");
my $who = qr/DETAIL:  Process $pid holds AccessShareLock: role bi_loader, loading, idle in transaction for \d+ s: SELECT count\(\*\) FROM app\.root;/;
like($err, qr/NOTICE:  pgschema: waiting for AccessExclusiveLock on app\.root\n$who/, 'who is waited for');
like($err, qr/NOTICE:  pgschema: waited 50 ms for AccessExclusiveLock on app\.root in vain; all locks are given up, attempt 2 of 3 follows\n$who/, 'that it is tried again');
like($err, qr/attempt 3 of 3/, 'and again');
like($err, qr/ERROR:  waited 50 ms for AccessExclusiveLock on app\.root in vain\n$who\nHINT:  All locks have been given up, 3 times\. Nothing has been changed/, 'that it has given up');
is(applies(), 0, 'nothing is recorded as applied');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.root'::regclass AND attname = 'note'"), 0, 'nothing is changed');

# A role without rights sees who, and not what.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; GRANT CREATE, USAGE ON SCHEMA app TO owner; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO owner; GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA public TO owner; CREATE TABLE app.own (a int); ALTER TABLE app.own OWNER TO owner; GRANT SELECT ON app.own TO bi_loader');
say_to($loader, 'SELECT count(*) FROM app.own;');
{
	my ($out, $told) = ('', '');
	$node->psql('postgres', "CALL pgschema_apply('ALTER TABLE app.own ADD note text', lock_timeout => '20 ms', retries => 1)", stdout => \$out, stderr => \$told, connstr => $node->connstr('postgres') . ' user=owner');
	like($told, qr/Process $pid holds AccessShareLock: role bi_loader/, 'whoever may not see it is told who');
	unlike($told, qr/count\(\*\)/, 'and not what');
}

# ------------------------------------------------------------------------------------- it goes on when the way is free
my $applier = holder();
$applier->{in} .= "CALL pgschema_apply('ALTER TABLE app.root ADD note text', lock_timeout => '100 ms', retries => 100);\n\\echo done\n";
$applier->{psql}->pump until $applier->{err} =~ /attempt 3 of 101 follows/;
# Between two attempts, it holds nothing.
my $free = 0;
for (1 .. 500)
{
	$free = $node->safe_psql('postgres', "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'loading' AND a.usename <> 'bi_loader' AND (l.locktype = 'advisory' OR l.relation IN ('app.root'::regclass, 'app.leaf'::regclass))") eq '0';
	last if $free;
	usleep(10_000);
}
ok($free, 'between two attempts nothing is held');
say_to($loader, 'COMMIT;');
$applier->{psql}->pump until $applier->{out} =~ /done/;
like($applier->{err}, qr/phase 1 of 1, 1 statement; recorded as version \d+/, 'it is done when the way is free');
unlike($applier->{err}, qr/ERROR/, 'without an error');
is(applies(), 1, 'and recorded once');
$applier->{out} = '';

# ---------------------------------------------------------------------------------------------- others that hold locks
say_to($loader, "BEGIN; SELECT count(*) FROM app.root;");
$node->safe_psql('postgres', "BEGIN; SELECT FROM app.root; PREPARE TRANSACTION 'kept'");
$err = apply('ALTER TABLE app.root DROP note', ", lock_timeout => '20 ms', retries => 1, allow => '{all}'");
like($err, qr/A prepared transaction holds AccessShareLock/, 'a prepared transaction is told of');
like($err, qr/Process $pid holds AccessShareLock/, 'beside others');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'kept'");
say_to($loader, 'COMMIT;');
say_to($applier, "BEGIN; CALL pgschema_apply('ALTER TABLE app.root ADD more text');");
$err = apply('ALTER TABLE app.root ADD others text', ", lock_timeout => '20 ms', retries => 1");
like($err, qr/waited 20 ms for another apply in this database in vain\nDETAIL:  Process \d+ holds it: role \S+, loading, idle in transaction/, 'another apply is told of');
$node->safe_psql('template1', 'CREATE EXTENSION pgschema; CREATE TABLE t (a int)');
{
	my ($out, $told) = ('', '');
	$node->psql('template1', "CALL pgschema_apply('ALTER TABLE public.t ADD b int', lock_timeout => '20 ms', retries => 1)", stdout => \$out, stderr => \$told);
	unlike($told, qr/ERROR/, 'in another database, nobody waits');
}
say_to($applier, 'COMMIT;');

# ------------------------------------------------------------------------------- what was expected is what is done
my $plan = $node->safe_psql('postgres', q{SELECT pgschema_plan('ALTER TABLE app.root DROP more', format => 'json')::json->>'fingerprint'});
say_to($loader, 'BEGIN; SELECT count(*) FROM app.root;');
say_to($applier, 'SELECT 1;');
$applier->{err} = '';
$applier->{in} .= "CALL pgschema_apply('ALTER TABLE app.root DROP more', expect => '$plan', allow => '{data_loss}', lock_timeout => '100 ms', retries => 100);\n\\echo done\n";
$applier->{psql}->pump until $applier->{err} =~ /follows/;
$node->safe_psql('postgres', "SET lock_timeout = '30s'; CREATE VIEW app.late AS SELECT more FROM app.root");
say_to($loader, 'COMMIT;');
$applier->{psql}->pump until $applier->{err} =~ /ERROR/ || $applier->{out} =~ /done\n.*done/s;
like($applier->{err}, qr/ERROR: .*(not the expected one|late)/, 'what came meanwhile makes another plan, which nobody has reviewed');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.root'::regclass AND attname = 'more'"), 1, 'and is not run');

$_->{psql}->finish for $loader, $applier;
done_testing();
