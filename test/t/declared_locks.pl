# Declared locks are true: each step of a plan, run alone in a transaction, holds on relations that were there before what its `lock`
# says, and nothing stronger than AccessShareLock besides.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FaultPlans;

my $node = PostgreSQL::Test::Cluster->new('declared_locks');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "wal_level = logical\nmax_logical_replication_workers = 0\n");
$node->start;
$node->safe_psql('postgres', $FaultPlans::roles);

# Relations by name, since a step may drop or rename one; made by it are those that were not there before. Indexes, sequences and
# tables for large values are locked with their tables.
my $relations = q{CREATE TEMP TABLE there AS SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND nspname !~ '^pg_|^information_schema$|^pgschema$' AND relkind IN ('r', 'v', 'm', 'p', 'f');};
my $names = q{SELECT coalesce(string_agg(name, ', '), '') FROM there;};
my $held = q{SELECT string_agg(format('%s %s', mode, name), ', ' ORDER BY name, mode) FROM (SELECT DISTINCT ON (t.name) l.mode, t.name FROM pg_locks l JOIN there t ON t.oid = l.relation WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode <> 'AccessShareLock' AND l.mode <> 'RowShareLock'
	ORDER BY t.name, array_position('{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,ShareLock,ShareUpdateExclusiveLock,RowExclusiveLock}', l.mode)) AS strongest;};

my %kinds;
sub steps
{
	my ($name, $setup, $call, $as) = @_;
	my $database = "locks_$name";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION pgschema; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC; GRANT CREATE ON DATABASE $database TO PUBLIC;\n$setup");
	# The arguments of pgschema_apply() but `allow`; to be parted at what no statement has.
	my $arguments = $call =~ s/, allow => '\{all\}'//r;
	my $rows = $node->safe_psql($database, ($as ? "SET ROLE $as;\n" : '') . "SELECT step, coalesce(lock, ''), action || ' ' || command || ' ' || object_type, replace(statement, chr(10), ' ') FROM pgschema_steps($arguments)", extra_params => [ '-F', "\x01" ]);
	my ($wrong, $count, %left) = ('', 0);
	# What an earlier phase has made is known to the plan of the next one.
	my $first = $call =~ /'online'/ ? $node->safe_psql($database, "$relations\n$names") : undef;
	my %first = map { $_ => 1 } split /, /, $first // '';
	for my $row (split /\n/, $rows)
	{
		my ($step, $lock, $kind, $statement) = split /\x01/, $row;
		$count++;
		$kinds{$kind} = 1;
		# It cannot be run as it is shown.
		last if $statement =~ /masked by pgschema/;
		my ($out, $err) = ('', '');
		# At top level only: it leads on to the next step.
		if ($statement =~ /CONCURRENTLY/)
		{
			$node->psql($database, $statement, stderr => \$err);
			if ($err =~ /ERROR/) { $wrong .= "step $step: $statement: $err\n"; last; }
			$left{$1} = 1 if $statement =~ /DETACH PARTITION (\S+)/;
			next;
		}
		$node->psql($database, "$relations\n$names\nSET check_function_bodies = off;\n" . ($as && $statement !~ /^REFRESH/ ? "SET ROLE $as;\n" : '') . "BEGIN;\n$statement;\nRESET ROLE;\n$held\nCOMMIT;", stdout => \$out, stderr => \$err, on_error_stop => 1);
		if ($err =~ /ERROR/) { $wrong .= "step $step: $statement: $err\n"; last; }
		$left{$1} = 1 if $statement =~ /DETACH PARTITION (\S+)/;
		(my $names_there, $out) = split /\n/, $out;
		my %there = map { $_ => 1 } split /, /, $names_there;
		my %held = map { $_ => 1 } split /, /, $out // '';
		my %said = map { $_ => 1 } split /, /, $lock;
		for (sort grep { !defined $first || /^\w+ (.*)$/ && $first{$1} } keys %held) { $wrong .= "step $step holds $_, says \"$lock\": $statement\n" if !$said{$_}; }
		# What it makes is nobody else's yet; a partition that has been detached before is locked for that.
		for (sort grep { /^\w+ (.*)$/ && !/^RowShareLock/ && $there{$1} && !$left{$1} } keys %said) { $wrong .= "step $step says $_, holds \"$out\": $statement\n" if !$held{$_}; }
	}
	is($wrong, '', "$name: $count steps");
	return;
}
for my $plan (@FaultPlans::plans)
{
	steps($plan->{name}, $plan->{setup}, $plan->{call}, $plan->{as});
}
for my $plan (@FaultPlans::online)
{
	my $about = $plan->{named} ? '' : ", schemas => '$plan->{schemas}'";
	steps("online_$plan->{name}", $plan->{setup}, "\$desired\$$plan->{text}\$desired\$$about, strategy => 'online'", $plan->{as});
}
my $referred = 'CREATE SCHEMA app; CREATE TABLE app.ev (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE app.r (e int REFERENCES app.ev); CREATE TABLE app.s (e int) PARTITION BY LIST (e); CREATE TABLE app.s1 PARTITION OF app.s DEFAULT; ALTER TABLE app.s ADD FOREIGN KEY (e) REFERENCES app.ev;';
my $ev1 = 'CREATE TABLE app.ev1 PARTITION OF app.ev FOR VALUES FROM (0) TO (10);';
for my $case ([ 'attached', '', $ev1 ], [ 'detached', $ev1, 'CREATE TABLE app.ev1 (id int CONSTRAINT ev_id_not_null NOT NULL, CONSTRAINT ev1_pkey PRIMARY KEY (id));' ], [ 'dropped', $ev1, '' ], [ 'bound', $ev1, $ev1 =~ s/10/20/r ])
{
	my ($name, $from, $to) = @$case;
	steps("referred_$name", "$referred $from", "\$d\$$referred $to\$d\$, '{app}'");
	steps("online_referred_$name", "$referred $from", "\$d\$$referred $to\$d\$, '{app}', strategy => 'online'");
}
cmp_ok(scalar keys %kinds, '>', 40, 'kinds of steps (' . keys(%kinds) . ')');
done_testing();
