# Cancelled at every fault point, and terminated.
use strict;
use warnings;
use Faults;

my $faults = Faults->new('interrupted');
$faults->each_plan(cancel => 3, terminate => 6);
$faults->done;
