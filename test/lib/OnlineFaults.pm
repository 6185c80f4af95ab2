# Applies with the strategy "online" that fail at each of their fault points, in each way: what must hold afterwards.
#
#     my $faults = OnlineFaults->new('online');
#     $faults->each_plan(error => 20, kill => 40);    # at every twentieth point, on the average
#     $faults->done;
#
# Whatever has happened: nothing is held and no worker is left; history says how far it came; and the same CALL goes on and leads to what it leads
# to when nothing fails, which is what the text makes in an empty database, with the same rows. No index is invalid then, and no check of ours is left.
# Which points are struck is drawn with FAULTS_SEED. FAULTS_SHARE=1 strikes at every point in every way; FAULTS_PLANS="keys tree" and
# FAULTS_WAYS="error kill" take some. Of the points in a worker there are two sorts: what befalls the worker, and what befalls its caller.
package OnlineFaults;
use strict;
use warnings;
use parent -norequire, 'Faults';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Faults;
use FaultPlans;

my %fatal = map { $_ => 1 } qw(kill postmaster machine caller_kill);
my $nothing = qr/^-- nothing to change$/m;
my $unfinished = q{SELECT concat_ws(' ', 'invalid index', indexrelid::regclass) FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)
	UNION ALL SELECT concat_ws(' ', 'check', conname) FROM pg_constraint WHERE conname ~ '^pgschema_' OR NOT convalidated
	UNION ALL SELECT concat_ws(' ', 'index', relname) FROM pg_class WHERE relname ~ '_cc(new|old)|^pgschema_(new|old)_'
	UNION ALL SELECT concat_ws(' ', 'partition', inhrelid::regclass) FROM pg_inherits WHERE inhdetachpending;};
my $history = q{SELECT concat_ws(' ', row_number() OVER (ORDER BY version), status, phases_done, phases, error IS NULL) FROM pgschema.applied ORDER BY version;};
# Of the workers too, of which none is to be there.
my $left = q{SELECT concat_ws(' ', 'a lock:', locktype, mode, relation::regclass, objsubid) FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid() AND (locktype = 'advisory' OR database = (SELECT oid FROM pg_database WHERE datname = current_database()) OR locktype = 'transactionid')
	UNION ALL SELECT 'a worker' FROM pg_stat_activity WHERE backend_type = 'pgschema'
	UNION ALL SELECT 'progress' FROM pgschema.progress;};

sub new
{
	my ($class, $name) = @_;
	my $self = bless Faults::new('Faults', $name), $class;
	$self->{seed} = $ENV{FAULTS_SEED} // 1;
	$self->{resumed} = $self->{in_worker} = 0;
	srand($self->{seed});
	return $self;
}

sub database_of
{
	my ($self, $plan) = @_;
	$self->SUPER::database_of($plan);
	$self->{node}->safe_psql('postgres', "GRANT CREATE ON DATABASE $self->{database} TO PUBLIC");
	return;
}

sub ask { return Faults::ask(@_); }

# What the plan leads to, and which points there are on the way.
sub prepare
{
	my ($self, $plan) = @_;
	my $node = $self->{node};
	$plan->{template} = "plan_$plan->{name}";
	$node->safe_psql('postgres', "CREATE DATABASE $plan->{template}");
	$node->safe_psql($plan->{template}, "CREATE EXTENSION pgschema; GRANT EXECUTE ON PROCEDURE pgschema_apply TO PUBLIC; GRANT EXECUTE ON FUNCTION pgschema_plan TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;\n$plan->{setup}");
	$plan->{arguments} = "\$desired\$$plan->{text}\$desired\$" . ($plan->{named} ? '' : ", schemas => '$plan->{schemas}'");
	my $summary = $node->safe_psql($plan->{template}, "SELECT pgschema_plan($plan->{arguments}, strategy => 'online', format => 'summary')");
	($plan->{fingerprint}) = $summary =~ /^-- pgschema plan (\w+)/;
	# As it was reviewed, or with the hazards that it has, and no others.
	my ($hazards) = $summary =~ /-- +to run: allow => '(\{.*?\})'/;
	my $needed = $summary =~ /^-- +(access|data_loss) /m ? "allow => '{access,data_loss}', " : '';
	$plan->{calls} = [ "$plan->{arguments}, strategy => 'online', ${needed}expect => '$plan->{fingerprint}'", "$plan->{arguments}, strategy => 'online'" . ($hazards ? ", allow => '$hazards'" : '') ];
	$plan->{call} = $plan->{calls}[0];
	$self->database_of($plan);
	my $answer = ask($self->{applier}, "SET pgschema.fault_points = 0;\nSET client_min_messages = notice;\nSET pgschema.fault_names = on;\nCALL public.pgschema_apply($plan->{call});\n\\echo :SQLSTATE");
	my $told = $self->{applier}{err};
	like($answer // '', qr/00000$/, "$plan->{name}: is applied") or diag($told);
	$plan->{names} = { $told =~ /fault point (\d+): (.*)/g };
	$plan->{points} = ask($self->{applier}, "SET pgschema.fault_names = off;\nSHOW pgschema.fault_points;");
	my ($before, $in_worker, $phase_ends) = ('', 0, 0);
	for my $point (1 .. $plan->{points})
	{
		my $name = $plan->{names}{$point} //= $before eq 'before the commit' ? 'after the commit' : 'where nothing is told';
		$in_worker = 1 if $name =~ /^in a worker, before/;
		$plan->{in_worker}{$point} = $in_worker;
		$in_worker = 0 if $name =~ /^in a worker, after/;
		$phase_ends = 1 if $name =~ /^before a commit/;
		# Of the session that called.
		if ($name eq 'after the commit' && !$in_worker)
		{
			$plan->{recorded} //= $point;
			push @{ $plan->{phase_ends} }, $point if $phase_ends;
			$phase_ends = 0;
		}
		$before = $name;
	}
	# The last phase ends with the call, or the call ends after it.
	($plan->{phases}) = $told =~ /phase \d+ of (\d+)/;
	push @{ $plan->{phase_ends} }, $plan->{points} if @{ $plan->{phase_ends} } < $plan->{phases};
	is(scalar @{ $plan->{phase_ends} }, $plan->{phases}, "$plan->{name}: a commit for each of $plan->{phases} phases");
	$plan->{seen} = ask($self->{watcher}, "$Faults::seen");
	$plan->{history} = ask($self->{watcher}, $history);
	is($plan->{history}, "1 applied $plan->{phases} $plan->{phases} t", "$plan->{name}: one row of history");
	is(ask($self->{watcher}, $unfinished), '', "$plan->{name}: nothing unfinished");
	is(ask($self->{watcher}, $left), '', "$plan->{name}: nothing left");
	like($node->safe_psql($self->{database}, "SELECT pgschema_plan($plan->{arguments}, strategy => 'online', format => 'summary')"), $nothing, "$plan->{name}: nothing more to do") if !$plan->{named};
	# The text itself, where there is nothing.
	my $wanted = "wanted_$plan->{name}";
	$node->safe_psql('postgres', "CREATE DATABASE $wanted");
	$node->safe_psql($wanted, "CREATE EXTENSION pgschema; GRANT EXECUTE ON PROCEDURE pgschema_apply TO PUBLIC; GRANT EXECUTE ON FUNCTION pgschema_plan TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;\n$plan->{to}");
	my $walk = "SELECT c::text FROM pgschema_catalog('$plan->{schemas}') c ORDER BY 1";
	my ($is, $should) = map { { map { $_ => 1 } split /\n/, $node->safe_psql($_, $walk) } } $self->{database}, $wanted;
	is(join("\n", (map { "+ $_" } grep { !$should->{$_} } sort keys %$is), map { "- $_" } grep { !$is->{$_} } sort keys %$should), '', "$plan->{name}: what is there is what was wanted");
	cmp_ok(scalar keys %$is, '>', 100, "$plan->{name}: there is much");
	note("$plan->{name}: $plan->{points} points, " . grep({ $plan->{in_worker}{$_} } 1 .. $plan->{points}) . " in workers, $plan->{phases} phases");
	return;
}

sub phases_done { my ($plan, $point) = @_; return scalar grep { $_ <= $point } @{ $plan->{phase_ends} }; }

sub strike
{
	my ($self, $plan, $point, $way) = @_;
	my (@wrong, $again);
	$self->database_of($plan);
	my $call = "CALL public.pgschema_apply($plan->{calls}[ $point % 2 ]);";
	my $answer = ask($self->{applier}, "SET pgschema.fault_points = 0;\nSET pgschema.faults = '$point $way';\n$call\n\\echo :SQLSTATE");
	my $error = $self->{applier}{err};
	my $state = !defined $answer ? 'gone' : $answer =~ /(\w{5})$/ ? $1 : $answer;
	$self->{strikes}++;
	if ($fatal{$way}) { $self->recover($way eq 'caller_kill' ? 'kill' : $way); }
	if ($state eq 'gone' || $fatal{$way}) { $self->fresh_sessions($plan); }
	my ($done, $name, $in_worker) = ($state eq '00000', $plan->{names}{$point}, $plan->{in_worker}{$point});
	my $last = $point == $plan->{points};
	# After a commit only what kills does.
	my $harmless = $name eq 'after the commit' && $way !~ /kill|postmaster|machine|^caller/;
	my $ends_session = $fatal{$way} || $way eq 'caller_terminate' || ($way eq 'terminate' && !$in_worker);
	# Who has just committed goes on until its next wait, to the end at times, before it sees that the postmaster is gone.
	my $unseen = $way eq 'postmaster' && $name eq 'after the commit';
	# The caller may hear of the worker's end before it sees that of the postmaster.
	my $heard = $way =~ /postmaster|machine/ && $in_worker && $error =~ /the background worker has ended before its statement/;
	push @wrong, "ended with $state $error" if $ends_session && !$harmless && $state ne 'gone' && !$last && !$heard && !$unseen;
	push @wrong, "ended with $state $error" if $harmless && !$done;
	push @wrong, "ended with $state $error" if $way =~ /cancel$/ && !$harmless && $state ne '57014';
	push @wrong, "ended with $state $error" if $way eq 'terminate' && $in_worker && !$harmless && $state ne '57P01';
	push @wrong, "ended with $state $error" if $way =~ /^(error|lock|conflict)$/ && !$done && $error !~ /fault point $point: /;
	push @wrong, "ended with $state $error" if $way eq 'error' && !$harmless && $done && $name !~ /^where nothing is told|settlement/;
	push @wrong, "ended with $state $error" if $way eq 'memory' && !$done && $state ne '53200' && $name ne 'before the commit';
	my $rest = '';
	for (1 .. 500) { $rest = ask($self->{watcher}, $left) // 'gone'; last if $rest eq ''; usleep(10_000); }
	push @wrong, "left behind: $rest" if $rest ne '';
	# How far it came, and whether it had the time to say why.
	my $recorded = $point >= $plan->{recorded};
	my $all = $plan->{phases};
	my $told = ask($self->{watcher}, $history) // 'gone';
	my $expected = $done || $last && $point >= $plan->{points} ? "1 applied $all $all t" : !$recorded ? '' : sprintf('1 %s %d %d %s', $ends_session ? 'running' : 'failed', phases_done($plan, $point), $all, $ends_session ? 't' : 'f');
	$told =~ s/^1 failed (.*) f$/1 running $1 t/ if $heard;
	my $further = $unseen && $told =~ /^1 (?:running|applied) (\d+) $all t$/ && $1 >= phases_done($plan, $point);
	push @wrong, "history says \"$told\", not \"$expected\"" if $told ne $expected && !$further;
	if ($done) { $self->{absorbed}++; } else { $self->{failed}++; $self->{in_worker} += $in_worker; }
	$again = ask($self->{applier}, "SET pgschema.fault_points = 0;\nSET pgschema.faults = '';\n$call\n\\echo :SQLSTATE") // 'gone' if !$done && $told !~ /applied/;
	if (defined $again)
	{
		$self->{resumed}++;
		push @wrong, "called again: $again $self->{applier}{err}" if $again !~ /00000$/;
		$told = ask($self->{watcher}, $history) // 'gone';
		push @wrong, "then history says \"$told\"" if $told ne "1 applied $all $all t";
	}
	push @wrong, 'it leads to something else' if (ask($self->{watcher}, $Faults::seen) // 'gone') ne $plan->{seen};
	$rest = ask($self->{watcher}, $unfinished) // 'gone';
	push @wrong, "unfinished: $rest" if $rest ne '';
	$rest = ask($self->{watcher}, $left) // 'gone';
	push @wrong, "left behind at the end: $rest" if $rest ne '';
	push @wrong, 'not empty: ' . $rest if !@wrong && !$plan->{named} && ($rest = ask($self->{applier}, "SELECT public.pgschema_plan($plan->{arguments}, strategy => 'online', format => 'summary');") // 'gone') !~ $nothing;
	my $database = $self->{database};
	Faults::over(delete $self->{$_}) for qw(watcher applier);
	$self->{node}->safe_psql('postgres', "DROP DATABASE $database") if !@wrong;
	return $self->told($plan, $point, $way, @wrong);
}

# each_plan(way => n): at every n-th point on the average.
sub each_plan
{
	my ($self, @ways) = @_;
	for my $plan (map { { %$_ } } @FaultPlans::online)
	{
		next if $ENV{FAULTS_PLANS} && " $ENV{FAULTS_PLANS} " !~ / $plan->{name} /;
		$self->prepare($plan);
		$self->{points} += $plan->{points};
		my @list = @ways;
		while (my ($way, $each) = splice(@list, 0, 2))
		{
			next if $ENV{FAULTS_WAYS} && " $ENV{FAULTS_WAYS} " !~ / $way /;
			$each = $ENV{FAULTS_SHARE} if $ENV{FAULTS_SHARE};
			my ($bad, $struck, $began) = (0, 0, time);
			for my $point (1 .. $plan->{points})
			{
				next if rand($each) >= 1;
				next if $way =~ /^caller/ && !$plan->{in_worker}{$point};
				$struck++;
				$bad++ if !$self->strike($plan, $point, $way);
			}
			is($bad, 0, "$plan->{name}: $way at $struck of $plan->{points} points");
			note(sprintf('%.1f s', time - $began));
		}
	}
	return;
}

sub done
{
	my ($self) = @_;
	diag("$self->{name}: seed $self->{seed}; $self->{in_worker} applies failed in a worker, $self->{resumed} were gone on with");
	return Faults::done($self);
}

1;
