# Sessions of psql that a test talks to while others go on.
#
#     my $session = Psql::session($node->connstr($database));
#     say_to($session, 'BEGIN; LOCK TABLE t');    # waits for the answer, and returns it
#     $session->{in} .= "CALL ...;\n";            # does not wait
package Psql;
use strict;
use warnings;
use IPC::Run;
use Exporter 'import';
our @EXPORT = qw(say_to);

sub session
{
	my ($connstr) = @_;
	my $session = { in => '', out => '', err => '' };
	$session->{psql} = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $connstr, '-f', '-' ], '<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err});
	return $session;
}

sub say_to { my ($session, $sql) = @_; $session->{in} .= "$sql\n\\echo done\n"; $session->{psql}->pump until $session->{out} =~ s/^(.*)done\n//s; return $1; }

1;
