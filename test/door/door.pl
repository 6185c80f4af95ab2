# Errors of every kind through pg::entry, 100,000 of each: what the caller sees is kept, destructors run,
# and the backend does not grow.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $times = $ENV{DOOR_TIMES} || 100_000;

my $node = PostgreSQL::Test::Cluster->new('door');
$node->init;
$node->start;

my $module = $ENV{DOOR_MODULE};
$node->safe_psql('postgres', qq{
	CREATE FUNCTION door_fail(how text) RETURNS void AS '$module', 'door_fail' LANGUAGE C;
	CREATE FUNCTION door_alive() RETURNS bigint AS '$module', 'door_alive' LANGUAGE C;
	CREATE FUNCTION door_memory() RETURNS bigint AS '$module', 'door_memory' LANGUAGE C;

	-- What the caller of a failing function sees.
	CREATE FUNCTION seen(how text) RETURNS text LANGUAGE plpgsql AS \$\$
	DECLARE code text; message text; detail text; hint text;
	BEGIN
		PERFORM door_fail(how);
		RETURN 'no error';
	EXCEPTION WHEN query_canceled OR OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		RETURN concat_ws(' | ', code, message, detail, hint);
	END\$\$;

	-- Growth in kB over many of them, after enough to fill the caches and the free lists.
	CREATE FUNCTION growth(how text, times int) RETURNS bigint LANGUAGE plpgsql AS \$\$
	DECLARE before bigint;
	BEGIN
		FOR i IN 1 .. times / 10 + times LOOP
			IF i = times / 10 THEN before := door_memory(); END IF;
			BEGIN
				PERFORM door_fail(how);
			EXCEPTION WHEN query_canceled OR OTHERS THEN
			END;
		END LOOP;
		RETURN door_memory() - before;
	END\$\$;
});

my @kinds = (
	[ 'server', "55P03 | the server's message | the server's detail | the server's hint" ],
	[ 'failure', '2BP01 | our message | our detail | our hint' ],
	[ 'exception', "XX000 | the exception's text |  | " ],
	[ 'int', 'XX000 | unknown C++ exception |  | ' ],
	[ 'bad_alloc', '53200 | out of memory |  | ' ],
	[ 'cancel', '57014 | canceling statement due to user request |  | ' ],
	[ 'swallowed', 'no error' ]);

for my $kind (@kinds)
{
	my ($how, $seen) = @$kind;
	is($node->safe_psql('postgres', "SELECT seen('$how')"), $seen, "$how: SQLSTATE, message, DETAIL and HINT");

	my ($growth, $alive) = split /\n/,
	  $node->safe_psql('postgres', "SELECT growth('$how', $times); SELECT door_alive();");
  SKIP:
	{
		skip 'AddressSanitizer keeps freed memory', 1 if ($ENV{SAN} // '') =~ /address/;
		cmp_ok($growth, '<', 1024, "$how: resident memory grows by less than 1 MiB in $times ($growth kB)");
	}
	is($alive, 0, "$how: every destructor has run");
}

# Not caught by anyone: the transaction is gone, the session is not.
my ($code, $out, $err) =
  $node->psql('postgres', "SELECT door_fail('int');\nSELECT door_fail('failure');\nSELECT 'alive: ' || door_alive();",
	on_error_stop => 0);
like($err, qr/our message.*DETAIL:  our detail.*HINT:  our hint.*CONTEXT:  our context/s, 'an uncaught error is reported whole');
is($out, 'alive: 0', 'the session goes on after uncaught errors');

# There is no memory to copy the error with.
SKIP:
{
	skip 'AddressSanitizer ends the process instead', 1 if ($ENV{SAN} // '') =~ /address/;
	is($node->safe_psql('postgres', "SELECT seen('copy'); SELECT door_alive(); SELECT seen('server')"),
		"53200 | out of memory |  | \n0\n55P03 | the server's message | the server's detail | the server's hint", 'copy: out of memory, and every destructor has run');
}

# Where the server raised it is told too, although the memory that it arose in is gone.
(undef, undef, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT door_fail('scope');");
like($err, qr/LOCATION:  .*door\.cpp:\d+$/m, 'the place of a server error is kept');

$node->stop;
done_testing();
