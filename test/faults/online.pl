# The strategy "online": whatever happens at whatever moment, the same CALL goes on.
use strict;
use warnings;
use OnlineFaults;

my $faults = OnlineFaults->new('online');
$faults->each_plan(error => 40, lock => 200, conflict => 200, memory => 200, cancel => 100, terminate => 100, caller_cancel => 20, caller_terminate => 20,
	kill => 120, caller_kill => 60, postmaster => 400, machine => 400);
$faults->done;
