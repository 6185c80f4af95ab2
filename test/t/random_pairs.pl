# Pairs of random schemas: from one to the other by pgschema, and back, each time to what a database has that was loaded
# with it; the rows that stay are the same, and a second plan is empty. lib/Pairs.pm says what is checked, lib/RandomSchema.pm
# what is in the schemas.
#
#   PAIRS=100         how many pairs                 PAIRS_SEED=1      the first seed
#   PAIRS_JOBS=1      how many at a time             PAIRS_SHRINK=1    make what fails as small as possible, and show it
#   PAIRS_REPORT=file where to write what came of it
use strict;
use warnings;
use POSIX ();
use Pairs;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($count, $first, $jobs) = ($ENV{PAIRS} // 100, $ENV{PAIRS_SEED} // 1, $ENV{PAIRS_JOBS} // 1);
# A pair may be refused, for a reason that docs/limits.md names; most must not be.
my $most_refused = 0.05;

my $node = PostgreSQL::Test::Cluster->new('pairs');
$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_connections = 50\nshared_buffers = 256MB");
$node->start;
my ($version) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;
my $folder = PostgreSQL::Test::Utils::tempdir();
my %how = (host => $node->host, port => $node->port, version => $version, bin => $node->config_data('--bindir'), folder => $folder);
Pairs->new(%how)->prepare;

sub report { my ($file, @lines) = @_; open(my $f, '>>:encoding(UTF-8)', "$folder/$file") or die $!; print $f map { "$_\n" } @lines; close $f; return; }

sub work
{
	my ($job) = @_;
	my $pairs = Pairs->new(%how, name => "job$job");
	for (my $seed = $first + $job; $seed < $first + $count; $seed += $jobs)
	{
		my $pair = $pairs->made($seed);
		my $result = $pairs->run($pair);
		report("results.$job", join("\t", $seed, $result->{status}, Pairs::signature($result)));
		next if $result->{status} eq 'ok';
		report("failures.$job", "seed $seed ($result->{form}): $result->{status}, $result->{at}", $result->{message}, '');
		report("failures.$job", Pairs::shown($pairs, $pair)) if $ENV{PAIRS_SHRINK} && $result->{status} ne 'refused';
	}
	report("figures.$job", map { "$_ " . ($pairs->{$_} // 0) } qw(loaded left_out rows data));
	return;
}

if ($jobs == 1) { work(0); }
else
{
	for my $job (0 .. $jobs - 1) { my $child = fork() // die $!; if (!$child) { work($job); POSIX::_exit(0); } }
	1 while wait() > 0;
}

my (%status, %refused, @failed, %figures);
for my $job (0 .. $jobs - 1)
{
	for (split /\n/, -e "$folder/results.$job" ? slurp_file("$folder/results.$job") : '')
	{
		my ($seed, $status, $signature) = split /\t/;
		$status{$status}++;
		$refused{$signature}++ if $status eq 'refused';
		push @failed, $seed if $status eq 'failed';
	}
	for (split /\n/, -e "$folder/figures.$job" ? slurp_file("$folder/figures.$job") : '') { my ($name, $value) = split / /; $figures{$name} += $value; }
}
my $done = 0;
$done += $_ for values %status;
my @report = ("$done pairs from seed $first on PostgreSQL $version: " . join(', ', map { "$status{$_} $_" } sort keys %status),
	sprintf('%d statements (%d more that PostgreSQL does not accept), %d rows; %d times an apply again without rows, which were against it', map { $figures{$_} // 0 } qw(loaded left_out rows data)),
	map { "$refused{$_} times $_" } sort keys %refused);
my $failures = join('', map { -e "$folder/failures.$_" ? slurp_file("$folder/failures.$_") : '' } 0 .. $jobs - 1);
note($_) for @report;
if ($ENV{PAIRS_REPORT}) { open(my $f, '>', $ENV{PAIRS_REPORT}) or die "$ENV{PAIRS_REPORT}: $!"; print $f map { "$_\n" } @report, '', $failures; close $f; }

my $maker = Pairs->new(%how);
my ($once, undef, $again) = map { $maker->made($_) } 7, 8, 7;
is_deeply($again, $once, 'a pair is made of its seed alone');
is($done, $count, "$count pairs from seed $first were tried");
is(join(' ', sort { $a <=> $b } @failed), '', 'each leads there and back');
cmp_ok($status{refused} // 0, '<=', $most_refused * $count, 'few are refused');
# The pair by itself: ONLY=tap TESTS=random_pairs PAIRS=1 PAIRS_SHRINK=1 PAIRS_SEED=…
diag($failures) if @failed || ($status{refused} // 0) > $most_refused * $count;

$node->stop;
done_testing();
