# Applies that fail at each of their fault points (src/pg/fault.hpp), in each way: what must hold afterwards.
#
#     my $faults = Faults->new('raised');
#     $faults->each_plan(error => 1, lock => 3);    # at every point, at every third
#     $faults->done;
#
# The catalog and the rows are as before, nothing is left behind, and the same CALL leads to what it leads to when nothing fails.
# FAULTS_SHARE=1 strikes at every point in every way; FAULTS_PLANS="enum grants" takes some of the plans. Plans are in FaultPlans.pm: name, what
# is there (setup), the arguments of pgschema_apply() (call), and under which role (as).
package Faults;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use FaultPlans;

# What an apply under way cannot survive: the server starts again.
my %fatal = map { $_ => 1 } qw(kill postmaster machine);

sub new
{
	my ($class, $name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
	# What is committed must be there after a crash; what was not need not survive the machine.
	$node->append_conf('postgresql.conf', "autovacuum = off\nsynchronous_commit = on\nmax_wal_size = 1GB\nlog_min_messages = error\nwal_level = logical\n"
		  . "max_logical_replication_workers = 0\nrestart_after_crash = on\nmax_prepared_transactions = 5\n");
	$node->start;
	$node->safe_psql('postgres', $FaultPlans::roles);
	return bless { node => $node, name => $name, strikes => 0, points => 0, failed => 0, absorbed => 0, databases => 0 }, $class;
}

sub node { return $_[0]{node}; }

# ---------------------------------------------------------------------------------------------------- sessions

sub session
{
	my ($self, $role) = @_;
	my $session = { in => '', out => '', err => '', role => $role };
	$session->{psql} = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $self->{node}->connstr($self->{database}) . ($role ? " user=$role" : ''), '-f', '-' ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, IPC::Run::timeout(600));
	return $session;
}

# What it answers; nothing when the connection is gone.
sub ask
{
	my ($session, $sql) = @_;
	$session->{$_} = '' for qw(out err);
	$session->{in} .= "$sql\n\\echo <end>\n";
	while ($session->{out} !~ /<end>\n\z/)
	{
		eval { $session->{psql}->pump; 1 } or last;
		last if !$session->{psql}->pumpable;
	}
	return if $session->{err} =~ /connection to server was lost|server closed the connection/ || $session->{out} !~ s/<end>\n\z//;
	chomp $session->{out};
	return $session->{out};
}

sub over
{
	my ($session) = @_;
	eval { $session->{psql}->finish; };
	eval { $session->{psql}->kill_kill; } if $@;
	return;
}

sub fresh_sessions
{
	my ($self, $plan) = @_;
	over($self->{$_}) for grep { $self->{$_} } qw(watcher applier);
	$self->{watcher} = $self->session;
	$self->{applier} = $self->session($plan->{as});
	ask($self->{watcher}, "SET search_path = pg_catalog;");
	ask($self->{applier}, "SELECT public.pgschema_version();\nSET client_min_messages = error;\n" . ($plan->{settings} // ''));
	return;
}

# ------------------------------------------------------------------------------------------- what is looked at

# Rows of every catalog, OIDs too: nothing has been committed. What the server changes in place, and for itself, does not count.
sub catalogs_query
{
	my ($self) = @_;
	return $self->{node}->safe_psql($self->{database}, q{SELECT string_agg(format('SELECT %L, count(*), sum(hashtext(%s)::bigint) FROM %s t%s', oid::regclass,
		CASE relname WHEN 'pg_class' THEN '(to_jsonb(t) - ''{relpages,reltuples,relallvisible,relhasindex,relhastriggers,relhasrules,relfrozenxid,relminmxid,relallfrozen}''::text[])::text' ELSE 't::text' END, oid::regclass,
		CASE WHEN relname IN ('pg_shdepend') THEN ' WHERE dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))'
			WHEN EXISTS (SELECT FROM pg_attribute a WHERE attrelid = c.oid AND attname = 'oid') THEN ' WHERE oid >= 16384' ELSE '' END), ' UNION ALL ')
		FROM pg_class c WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND relname NOT IN ('pg_statistic', 'pg_database', 'pg_largeobject', 'pg_tablespace', 'pg_replication_origin')});
}

# What people see, without OIDs: as the oracle walks it, and the rows.
our $seen = q{SELECT md5(string_agg(c::text, E'\n' ORDER BY c::text)) FROM public.pgschema_catalog((SELECT array_agg(nspname) FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^pgschema$')) c;
SELECT string_agg(concat_ws(' ', c.oid::regclass, md5((xpath('//r/text()', query_to_xml(format(CASE relkind WHEN 'S' THEN 'SELECT last_value::text || is_called AS r FROM %s' ELSE 'SELECT string_agg(t::text, chr(10) ORDER BY t::text) AS r FROM ONLY %s t' END, c.oid::regclass), true, false, '')))[1]::text)), ', ' ORDER BY c.oid::regclass::text)
	FROM pg_catalog.pg_class c WHERE relkind IN ('r', 'm', 'S') AND relnamespace::regnamespace::text !~ '^pg_|^information_schema$|^pgschema$' AND (relkind <> 'm' OR relispopulated);};
# But for the row that says that an apply has failed, with its texts.
my $history = q{SELECT md5(string_agg(a::text, ',' ORDER BY version)) FROM pgschema.applied a WHERE status <> 'failed';
SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM pgschema.text t WHERE NOT EXISTS (SELECT FROM pgschema.applied f WHERE f.status = 'failed' AND t.hash IN (f.desired, f.script));
SELECT md5(string_agg(k::text, ',' ORDER BY k::text)) FROM pgschema.kept k; SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM pgschema.settled s;};
my $left = q{SELECT concat_ws(' ', 'a lock:', locktype, mode, relation::regclass, objsubid) FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid() AND (locktype = 'advisory' OR database = (SELECT oid FROM pg_database WHERE datname = current_database()) OR locktype = 'transactionid')
UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid
UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
UNION ALL SELECT 'progress' FROM pgschema.progress
UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname ~ '^pg_(temp|toast_temp)' AND EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid);};

sub before { my ($self) = @_; return join("\n", map { ask($self->{watcher}, $_) // 'gone' } "$self->{catalogs} ORDER BY 1;", $seen, $history); }

# Files of the database that belong to no relation.
sub orphans
{
	my ($self) = @_;
	my $database = $self->{database};
	$self->{node}->safe_psql($database, 'CHECKPOINT');
	my %known = map { $_ => 1 } split /\n/, $self->{node}->safe_psql($database, 'SELECT pg_relation_filenode(oid) FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL');
	my $folder = $self->{node}->data_dir . '/base/' . $self->{node}->safe_psql($database, 'SELECT oid FROM pg_database WHERE datname = current_database()');
	return join(' ', grep { !/^(PG_VERSION|pg_filenode\.map|pg_internal\.init.*)$/ && !$known{ s/[._].*//r } } map { s/.*\///r } sort glob("$folder/*"));
}

sub dump_of
{
	my ($self) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'pg_dump', '-s', '-d', $self->{node}->connstr($self->{database}) ], '>', \$out, '2>', \$err) or die "pg_dump: $err";
	return $out =~ s/^\\(un)?restrict .*\n//gmr;
}

# ------------------------------------------------------------------------------------------------- databases

sub database_of
{
	my ($self, $plan) = @_;
	over(delete $self->{$_}) for grep { $self->{$_} } qw(watcher applier);
	$self->{database} = 'd' . ++$self->{databases};
	$self->{node}->safe_psql('postgres', "CREATE DATABASE $self->{database} TEMPLATE $plan->{template}");
	$self->fresh_sessions($plan);
	return;
}

sub prepare
{
	my ($self, $plan) = @_;
	$plan->{template} = "plan_$plan->{name}";
	my $node = $self->{node};
	$node->safe_psql('postgres', "CREATE DATABASE $plan->{template}");
	$node->safe_psql($plan->{template}, "CREATE EXTENSION pgschema; GRANT EXECUTE ON PROCEDURE pgschema_apply TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;\n$plan->{setup}");
	# What is applied, nothing failing: the points, and what it leads to.
	$self->database_of($plan);
	$self->{catalogs} = $self->catalogs_query;
	$plan->{dump} = $self->dump_of;
	my $answer = ask($self->{applier}, "SET pgschema.fault_points = 0;\nSET client_min_messages = notice;\nSET pgschema.fault_names = on;\nCALL public.pgschema_apply($plan->{call});\n\\echo :SQLSTATE");
	like($answer // '', qr/00000$/, "$plan->{name}: is applied") or diag($self->{applier}{err});
	$plan->{names} = { $self->{applier}{err} =~ /fault point (\d+): (.*)/g };
	$plan->{points} = ask($self->{applier}, 'SHOW pgschema.fault_points;');
	$plan->{names}{ $plan->{points} } = 'after the commit';
	$plan->{names}{$_} //= 'where nothing is told' for 1 .. $plan->{points};
	$plan->{after} = ask($self->{watcher}, $seen);
	$plan->{dump_after} = $self->dump_of;
	cmp_ok($plan->{points}, '>', 10, "$plan->{name}: there are fault points ($plan->{points})");
	return;
}

# ---------------------------------------------------------------------------------------------------- strikes

# Right now, in the database of the plan: whether everything is as it was, and what is done is done.
sub strike
{
	my ($self, $plan, $point, $way) = @_;
	my @wrong;
	my $in_block = $way =~ /^(error|lock|conflict|memory)$/ && $plan->{names}{$point} !~ /the commit$/;
	my $call = "CALL public.pgschema_apply($plan->{call});";
	my ($begin, $rollback) = $in_block ? ('BEGIN;', 'ROLLBACK;') : ('', '');
	my $answer = ask($self->{applier}, "SET pgschema.fault_points = 0;\nSET pgschema.faults = '$point $way';\n$begin\n$call\n\\echo :SQLSTATE\n");
	my $error = $self->{applier}{err};
	my $state = !defined $answer ? 'gone' : $answer =~ /(\w{5})$/ ? $1 : $answer;
	$self->{strikes}++;
	if ($fatal{$way}) { $self->recover($way); }
	if ($state eq 'gone' || $fatal{$way}) { $self->fresh_sessions($plan); }
	my $done = $state eq '00000';
	my $committed = !$in_block && ($done || $plan->{names}{$point} =~ /after the commit/);
	push @wrong, "ended with $state" if $way =~ /^(terminate|kill|postmaster|machine)$/ && $state ne 'gone' && $plan->{names}{$point} !~ /after the commit/;
	push @wrong, "ended with $state" if $way eq 'cancel' && $state ne '57014' && $plan->{names}{$point} !~ /after the commit/;
	push @wrong, "ended with $state" if $way eq 'error' && !$done && $error !~ /fault point $point: /;
	push @wrong, "ended with $state: $error" if $way =~ /^(lock|conflict)$/ && !$done && $error !~ /fault point $point: /;
	push @wrong, "ended with $state: $error" if $way eq 'memory' && !$done && $state ne '53200' && $plan->{names}{$point} ne 'before the commit';
	if ($done || $committed)
	{
		$self->{absorbed}++ if $done;
		my $now = ask($done && $in_block ? $self->{applier} : $self->{watcher}, $in_block && $plan->{as} ? "RESET SESSION AUTHORIZATION;\n$seen" : $seen);
		push @wrong, 'it was applied, to something else' if ($now // '') ne $plan->{after} && !($plan->{as} && $in_block);
	}
	if (!defined ask($self->{applier}, "$rollback\nRESET pgschema.faults;")) { push @wrong, "the session is gone: $self->{applier}{err}"; $self->fresh_sessions($plan); }
	if ($committed) { $self->database_of($plan); $plan->{before} = $self->before; return $self->told($plan, $point, $way, @wrong); }
	$self->{failed}++ if !$done;
	my $before = $self->before;
	push @wrong, 'something has changed' if $before ne $plan->{before};
	my $rest = '';
	for (1 .. 200) { $rest = ask($self->{watcher}, $left) // 'gone'; last if $rest eq ''; usleep(10_000); }
	push @wrong, "left behind: $rest" if $rest ne '';
	# The same call, in the same session where that lives.
	if (!$done)
	{
		my $again = ask($self->{applier}, "BEGIN;\n$call\n\\echo :SQLSTATE") // 'gone';
		push @wrong, "called again: $again $self->{applier}{err}" if $again !~ /00000$/;
		my $now = $plan->{as} ? $plan->{after} : ask($self->{applier}, $seen) // 'gone';
		push @wrong, 'called again, it leads to something else' if $now ne $plan->{after};
		ask($self->{applier}, 'ROLLBACK;');
	}
	return $self->told($plan, $point, $way, @wrong);
}

sub told
{
	my ($self, $plan, $point, $way, @wrong) = @_;
	return 1 if !@wrong;
	diag("$plan->{name}, point $point ($plan->{names}{$point}), $way: " . join('; ', @wrong));
	return 0;
}

# The server comes back by itself, or is started again.
sub recover
{
	my ($self, $way) = @_;
	my $node = $self->{node};
	# Whoever connects before the postmaster has noticed is thrown out again.
	for (1 .. 10_000) { last if !defined ask($self->{watcher}, 'SELECT 1;'); usleep(1_000); }
	over(delete $self->{$_}) for qw(watcher applier);
	if ($way ne 'kill')
	{
		$node->kill9;
		# As long as a process of the old server lives, the new one does not start.
		for (1 .. 1000)
		{
			last if IPC::Run::run([ 'pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start' ], '>', \my $out, '2>', \my $err);
			usleep(20_000);
		}
		$node->_update_pid(1);
	}
	for (1 .. 2000)
	{
		last if IPC::Run::run([ 'psql', '-X', '-q', '-At', '-d', $node->connstr($self->{database}), '-c', 'SELECT 1' ], '>', \my $out, '2>', \my $err);
		usleep(5_000);
	}
	return;
}

# each_plan(way => n): at every n-th point, beginning with another one for each plan.
sub each_plan
{
	my ($self, @ways) = @_;
	my $number = 0;
	for my $plan (map { { %$_ } } @FaultPlans::plans)
	{
		$number++;
		next if $ENV{FAULTS_PLANS} && " $ENV{FAULTS_PLANS} " !~ / $plan->{name} /;
		$self->prepare($plan);
		$self->{points} += $plan->{points};
		my @list = @ways;
		while (my ($way, $each) = splice(@list, 0, 2))
		{
			$each = 1 if ($ENV{FAULTS_SHARE} // '') eq '1';
			$self->database_of($plan);
			$plan->{before} = $self->before;
			my ($bad, $struck, $began, $orphans) = (0, 0, time, $self->orphans);
			for my $point (1 .. $plan->{points})
			{
				# The ends are always among them.
				next if ($point + $number) % $each && $plan->{names}{$point} !~ /the commit$/;
				next if $plan->{names}{$point} eq 'after the commit' && !$fatal{$way};
				$struck++;
				$bad++ if !$self->strike($plan, $point, $way);
			}
			is($bad, 0, "$plan->{name}: $way at $struck of $plan->{points} points");
			note(sprintf('%.1f s', time - $began));
			is($self->dump_of, $plan->{dump}, "$plan->{name}, $way: pg_dump says what it said");
			# Files of a transaction that is under way in a crash stay: the server knows of no way to find them.
			is($self->orphans, $orphans, "$plan->{name}, $way: no file is left") if !$fatal{$way};
			my $answer = ask($self->{applier}, "CALL public.pgschema_apply($plan->{call});\n\\echo :SQLSTATE");
			like($answer // 'gone', qr/00000$/, "$plan->{name}, $way: then it is applied");
			is(ask($self->{watcher}, $seen), $plan->{after}, "$plan->{name}, $way: to what was planned");
			is($self->dump_of, $plan->{dump_after}, "$plan->{name}, $way: pg_dump says what was planned");
		}
	}
	return;
}

sub done
{
	my ($self) = @_;
	over(delete $self->{$_}) for grep { $self->{$_} } qw(watcher applier);
	diag("$self->{name}: $self->{strikes} strikes at fault points ($self->{points} points in the plans): $self->{failed} applies failed, $self->{absorbed} went on");
	$self->{node}->stop;
	unlike(slurp_file($self->{node}->logfile), qr/PANIC|TRAP|signal (?!9\b)\d+/, 'the server says nothing of a crash that was not asked for');
	done_testing();
	return;
}

1;
