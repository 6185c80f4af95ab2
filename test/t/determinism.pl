# The same pair of schemas gives the same bytes, in databases with other names, OIDs and orders of creation: the plan as text, and
# as JSON but for the name of the database, and with them the fingerprint.
#
#   DETERMINISM=100   how many databases
use strict;
use warnings;
use Pairs;
use RandomSchema;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $databases = $ENV{DETERMINISM} // 100;
my $node = PostgreSQL::Test::Cluster->new('determinism');
$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
my ($version) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;
my $pairs = Pairs->new(host => $node->host, port => $node->port, version => $version, bin => $node->config_data('--bindir'), folder => PostgreSQL::Test::Utils::tempdir());
$pairs->prepare;

# Statements that need nothing of each other change places, as far as the server lets them: what cannot run yet waits. OIDs are
# used up in between, as many as chance has it.
sub load_shuffled
{
	my ($database, @statements) = @_;
	my (%of, @keys);
	for (@statements) { push @keys, $_->[2] if !$of{ $_->[2] }; push @{ $of{ $_->[2] } }, $_->[1]; }
	my @waiting = map { $of{$_} } RandomSchema::some(scalar(@keys), @keys);
	while (@waiting)
	{
		my $before = map { @$_ } @waiting;
		# One at a time of each object, so that the statements of several are mixed.
		for my $group (@waiting)
		{
			my $n = 1 + int(rand(@$group));
			my $burnt = int(rand(7));
			my $out = $pairs->must($database, "SELECT lo_unlink(lo_create(0)) FROM generate_series(1, $burnt) \\g /dev/null\nSELECT pairs.load(" . Pairs::array(@$group[ 0 .. $n - 1 ]) . ')');
			my ($stuck) = $out =~ /^(\d+) /m;
			# What comes after one that waits may have run: then it is not run again, and its turn was early.
			my %failed = map { /^(\d+) / ? ($1 => 1) : () } split /\n/, $out;
			@$group = (map({ $failed{$_} ? $group->[$_] : () } 0 .. $n - 1), @$group[ $n .. $#$group ]);
		}
		@waiting = grep { @$_ } @waiting;
		die "these cannot be run: " . join('; ', map { @$_ } @waiting) if $before == map { @$_ } @waiting;
	}
	return;
}

# A pair in which nothing depends on the order in which it is made: the oracle says so.
sub tried
{
	my ($seed, $how_many) = @_;
	my $pair = $pairs->made($seed);
	my ($live, $fresh) = ($pairs->database, $pairs->database);
	my @a = $pairs->load($live, @{ $pair->{a} });
	my @b = $pairs->load($fresh, @{ $pair->{b} });
	my $scope = $pairs->scope(@{ $pair->{schemas} });
	my $text = Pairs::joined(Pairs::gone($pair->{wide}{a}, $pair->{wide}{b}, \@b)) . Pairs::joined(map { $_->[1] } @b);
	my $catalog = $pairs->catalog($live, $scope);
	my (%texts, %documents, $unlike);
	for my $n (1 .. $how_many)
	{
		srand($seed * 1000 + $n);
		my $database = $pairs->database;
		eval { load_shuffled($database, @a); 1 } or return "seed $seed, $n: $@";
		if (my $differs = Pairs::differing($pairs->catalog($database, $scope), $catalog)) { $unlike //= $differs; $pairs->forget($database); next; }
		my ($plan, $error) = $pairs->psql($database, 'SELECT pairs.pgschema_plan(' . Pairs::text($text) . ", $scope)");
		return "refused: $error" if $error && $n == 1;
		my ($document) = $pairs->psql($database, 'SELECT pairs.pgschema_plan(' . Pairs::text($text) . ", $scope, format => 'json')::jsonb - 'database'");
		$texts{"$plan$error"}++;
		$documents{$document}++;
		$pairs->forget($database);
	}
	$pairs->clean;
	return (\%texts, \%documents, $unlike);
}

my ($each, $compared) = (20, 0);
for (my $seed = 1; $compared < $databases && $seed < 60; $seed++)
{
	my ($texts, $documents) = tried($seed, $each);
	$pairs->clean;
	if (!ref $texts) { note("seed $seed: " . ($texts =~ s/\n.*//sr)); next; }
	my $sum = 0;
	$sum += $_ for values %$texts;
	next if $sum < $each / 2;    # the order of its statements makes a difference to PostgreSQL
	is(scalar(keys %$texts), 1, "seed $seed: one text, from $sum databases");
	is(scalar(keys %$documents), 1, "seed $seed: one document");
	diag(join("\n\n", %$texts)) if keys %$texts > 1;
	$compared += $sum;
}
cmp_ok($compared, '>=', $databases, 'databases compared');
$node->stop;
done_testing();
