# SIGKILL for the backend, for the postmaster, for both.
use strict;
use warnings;
use Faults;

my $faults = Faults->new('crashed');
$faults->each_plan(kill => 20, postmaster => 40, machine => 40);
$faults->done;
