# An ERROR at every fault point; locks that are not to be had, others' changes and the end of memory at some.
use strict;
use warnings;
use Faults;

my $faults = Faults->new('raised');
$faults->each_plan(error => 3, lock => 20, conflict => 20, memory => 20);
$faults->done;
