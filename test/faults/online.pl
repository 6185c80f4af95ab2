# The strategy "online": whatever happens at whatever moment, the same CALL goes on.
use strict;
use warnings;
use OnlineFaults;

my $faults = OnlineFaults->new('online');
$faults->each_plan(error => 20, lock => 100, conflict => 100, memory => 100, cancel => 50, terminate => 50, caller_cancel => 20, caller_terminate => 20, kill => 60, postmaster => 120, machine => 120, caller_kill => 40);
$faults->done;
