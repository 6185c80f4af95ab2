# pgschema.progress: what other sessions see of an apply while it runs, and what it tells of slow steps.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
# After each column it waits for advisory lock 1, if somebody holds it.
$node->safe_psql('postgres', q{CREATE EXTENSION pgschema; CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE ROLE onlooker LOGIN; CREATE ROLE deployer LOGIN SUPERUSER;
	CREATE FUNCTION app.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); END $$;
	CREATE EVENT TRIGGER slowly ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION app.wait()});

sub session
{
	my (@connection) = @_;
	my $session = { in => '', out => '', err => '' };
	$session->{psql} = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres') . " @connection", '-f', '-' ], '<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err});
	return $session;
}
sub progress { return $node->safe_psql('postgres', 'SELECT role, application, phase, phases, step, steps, clock_timestamp() - step_since < interval $$5 min$$, cardinality(waiting_for), index_phase FROM pgschema.progress', extra_params => [ '-U', $_[0] // 'deployer' ]); }

is(progress(), '', 'nobody applies');
my $holder = session('application_name=holder');
$holder->{in} .= "SELECT pg_advisory_lock(1);\n\\echo held\n";
$holder->{psql}->pump until $holder->{out} =~ /held/;
my $applier = session('user=deployer application_name=deploy');
$applier->{in} .= "CALL pgschema_apply('CREATE TABLE app.new (a int); ALTER TABLE app.t ADD b int; COMMENT ON TABLE app.t IS ''x'' ', lock_timeout => '1 min');\n\\echo applied\n";
$applier->{psql}->pump_nb;
ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM pgschema.progress WHERE waiting_for IS NOT NULL'), 'an apply waits in the middle');
like(progress(), qr/^deployer\|deploy\|1\|1\|[12]\|3\|t\|1\|$/, 'which step of how many, and for how many it waits');
is($node->safe_psql('postgres', 'SELECT waiting_for[1] = (SELECT pid FROM pg_stat_activity WHERE application_name = $$holder$$) FROM pgschema.progress'), 't', 'for whom');
like(progress('onlooker'), qr/^deployer\|deploy\|1\|1\|[12]\|3\|t\|1\|$/, 'everybody sees that');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', 'CREATE EXTENSION pgschema');
is($node->safe_psql('elsewhere', 'SELECT count(*) FROM pgschema.progress'), 0, 'not in another database');
sleep 2;    # for the step to be slow
$holder->{in} .= "SELECT pg_advisory_unlock(1);\n\\echo released\n";
$holder->{psql}->pump until $holder->{out} =~ /released/;
$applier->{psql}->pump until $applier->{out} =~ /applied/;
like($applier->{err}, qr/NOTICE:  pgschema: step [12] of 3, ALTER TABLE app\.t ADD COLUMN b integer: \d+\.\d s\n/, 'a slow step is told');
unlike($applier->{err}, qr/CREATE TABLE|COMMENT|WARNING|ERROR/, 'and no other');
is(progress(), '', 'then nobody applies');

# In a transaction block, before its end; and after an error.
$applier->{in} .= "BEGIN; CALL pgschema_apply('ALTER TABLE app.t ADD c int');\n\\echo begun\n";
$applier->{psql}->pump until $applier->{out} =~ /begun/;
is(progress(), '', 'an apply that is done, before its transaction is');
$applier->{in} .= "ROLLBACK; INSERT INTO app.t VALUES (1, 1); CALL pgschema_apply('ALTER TABLE app.t ADD CONSTRAINT wrong CHECK (a > 5)', allow => '{all}');\n\\echo failed\n";
$applier->{psql}->pump until $applier->{out} =~ /failed/;
like($applier->{err}, qr/ERROR:  check constraint "wrong"/, 'one that fails');
is(progress(), '', 'leaves nothing');
$_->{psql}->finish for $holder, $applier;
unlike(slurp_file($node->logfile), qr/own a lock/, 'nor a warning');

done_testing();
