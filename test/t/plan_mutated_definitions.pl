# Mutated definitions of real objects meet these objects: each gets a plan or an error. No lost connection, no
# internal error, no growth, and nothing has changed in the end. (plan_hostile_text.pl does the same to the parser.)
#
# A quarter of PLAN_TEXTS says how many (20,000 in CI): these take the longest, since most of them are understood.
use strict;
use warnings;
use MutatedDefinitions;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $count = int(($ENV{PLAN_TEXTS} || 4000) / 4);
my $batch = 250;
srand(20240301);

my $node = PostgreSQL::Test::Cluster->new('mutated');
$node->init;
$node->append_conf('postgresql.conf', "log_min_messages = fatal\nmax_locks_per_transaction = 256");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema');
my $schema = slurp_file("$ENV{TEST_DEMO}/schema.sql");
$node->safe_psql('postgres', $schema);
$node->safe_psql('postgres', q{
	CREATE TABLE public.texts (id int, body bytea);
	CREATE TABLE public.internal (id int, message text, body text);
	CREATE PROCEDURE public.try_all(INOUT plans int, INOUT errors int) LANGUAGE plpgsql AS $f$
	DECLARE
		t record;
	BEGIN
		FOR t IN SELECT id, convert_from(body, 'UTF8') AS body FROM public.texts ORDER BY id LOOP
			BEGIN
				-- Now and then as the whole truth about the schemas.
				PERFORM public.pgschema_plan(t.body, CASE WHEN t.id % 10 = 0 THEN '{app,reporting}'::name[] END);
				plans := plans + 1;
			EXCEPTION WHEN OTHERS THEN
				errors := errors + 1;
				IF SQLSTATE LIKE 'XX%' THEN
					INSERT INTO public.internal VALUES (t.id, SQLERRM, t.body);
				END IF;
			END;
			COMMIT;
		END LOOP;
	END$f$;
});
my $walk = q{SELECT * FROM pgschema_catalog('{app,reporting}') ORDER BY 1, 2, 3, 4};
my $before = $node->safe_psql('postgres', $walk);

my $session = $node->background_psql('postgres');
my $pid = $session->query_safe('SET client_min_messages = error; SELECT pg_backend_pid()');
my $file = $node->basedir . '/texts';
my $mutations = MutatedDefinitions->new($schema);
my ($plans, $errors, $memory) = (0, 0);
my $ask_memory = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+)')::int};
for (my $done = 0; $done < $count; $done += $batch)
{
	$memory = $session->query_safe($ask_memory) if !defined $memory && $done >= $count / 4;
	open(my $out, '>', $file) or die "$file: $!";
	printf $out "%d\t\\\\x%s\n", $done + $_, unpack('H*', $mutations->next) for 1 .. $batch;
	close($out);
	($plans, $errors) = split /\|/, $session->query_safe("TRUNCATE public.texts; COPY public.texts FROM '$file'; CALL public.try_all($plans, $errors)");
}
is($plans + $errors, $count, "each of $count texts has an answer or an error ($plans plans)");
is($session->query_safe('SELECT pg_backend_pid()'), $pid, 'the connection was never lost');
my $growth = $session->query_safe($ask_memory) - $memory;
SKIP:
{
	skip 'AddressSanitizer keeps freed memory', 1 if ($ENV{SAN} // '') =~ /address/;
	# The server's caches keep a little of each definition that is rolled back (nothing_left_behind.pl).
	cmp_ok($growth, '<', 20_000 + 10 * $count, "the session does not grow with them ($growth kB)");
}
$session->quit;
is($node->safe_psql('postgres', q{SELECT message, count(*), min(body) FROM public.internal GROUP BY 1 ORDER BY 1}), '', 'none is an internal error');
ok($node->safe_psql('postgres', $walk) eq $before, 'nothing has changed');
$node->stop;
done_testing();
