# The corpus of test/bodies: what pgschema_references() and pgschema_check() say of each line.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $corpus = $ENV{TEST_BODIES};
my $node = PostgreSQL::Test::Cluster->new('bodies');
$node->init;
$node->start;

sub run_file
{
	my ($file) = @_;
	$node->safe_psql('bodies', "SET check_function_bodies = off;\n" . slurp_file($file));
	return;
}

# What the comments of a body say: for each line, the references; and the problems.
sub expected
{
	my ($source) = @_;
	my (%references, %problems);
	my $line = 0;
	for my $text (split /\n/, $source)
	{
		$line++;
		if ($text =~ s/--#\s*(.*?)\s*$//) { $problems{$line} = $1 }
		next unless $text =~ /-->\s*(.*?)\s*$/;
		my $list = $1;
		$references{$line}{$_} = 1 for split /,\s+/, $list;
	}
	return (\%references, \%problems);
}

$node->safe_psql('postgres', 'CREATE DATABASE bodies');
$node->safe_psql('bodies', 'CREATE EXTENSION pgschema');
run_file("$corpus/schema.sql");
my ($functions, $lines, $missing, $false) = (0, 0, 0, 0);
my $known = $node->safe_psql('bodies', 'SELECT max(oid) FROM pg_proc');
for my $file (sort grep { !/schema\.sql$/ } glob "$corpus/*.sql")
{
	my ($name) = $file =~ m{([^/]+)\.sql$};
	run_file($file);
	my @oids = split /\n/, $node->safe_psql('bodies',
		"SELECT oid FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND oid > $known ORDER BY oid");
	for my $oid (@oids)
	{
		$known = $oid if $oid > $known;
		my $function = $node->safe_psql('bodies', "SELECT type || ' ' || identity FROM pg_identify_object('pg_proc'::regclass, $oid, 0)");
		my $source = $node->safe_psql('bodies', "SELECT prosrc FROM pg_proc WHERE oid = $oid");
		$functions++;
		my ($references, $problems) = expected($source);
		my $found = $node->safe_psql('bodies', "SELECT line, replace(regexp_replace(coalesce(identity, ''), '^app\\.', ''), 'pg_catalog.', ''), certainty "
			. "FROM pgschema_references(\$f\$$function\$f\$)");
		my @wrong;
		for (split /\n/, $found)
		{
			my ($line, $identity, $certainty) = split /\|/;
			my $said = $certainty eq 'unread' ? 'unread' : $identity . ($certainty eq 'dynamic' ? '!' : $certainty eq 'probable' ? '?' : '');
			$lines++;
			next if delete $references->{$line}{$said};
			$false++;
			push @wrong, "line $line: false: $said";
		}
		for my $line (sort { $a <=> $b } keys %$references)
		{
			for (sort keys %{ $references->{$line} })
			{
				$missing++;
				push @wrong, "line $line: missing: $_";
			}
		}
		is(join("\n", @wrong), '', "$name: $function: references");
		my $said = $node->safe_psql('bodies',
			"SELECT line || ': ' || problem FROM pgschema_check('{app}') WHERE object_type || ' ' || identity = \$f\$$function\$f\$ ORDER BY line, problem");
		my $wanted = join "\n", map { "$_: $problems->{$_}" } sort { $a <=> $b } keys %$problems;
		is($said, $wanted, "$name: $function: problems");
	}
}
note("$functions functions, $lines references: $missing missing, $false false");
is($missing, 0, 'nothing is missing');
is($false, 0, 'nothing is false');
$node->stop;
done_testing();
