# Whatever text pgschema_plan is given, it gives an answer or an error: no lost connection, no internal error,
# no growth. The texts are mutations of those in test/fuzz/seeds and test/data, always the same ones.
#
# PLAN_TEXTS says how many (20,000 in CI).
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $count = $ENV{PLAN_TEXTS} || 2000;
my $batch = 1000;
srand(20240229);

my @seeds = map { slurp_file($_) } sort(glob("$ENV{TEST_SEEDS}/*.sql"), glob("$ENV{TEST_DATA}/*.sql"));
my @pieces = (
	';', '(', ')', "'", '"', '$$', '$a$', '--', '/*', '*/', '\\', "\\gexec\n", "E'", "U&'", 'BEGIN ATOMIC ', 'END', 'CASE ',
	"\n\\.\n", "COPY t FROM stdin;\n", "\n-- pgschema: ", "\n-- pgschema: renamed from ", "\xc3", "\xff\xfe", "\xef\xbb\xbf",
	"\x01", 'CREATE OR REPLACE VIEW ', 'app.', '::', ' AS ', 'NULL', '-1', 'COMMIT;', 'DO $$BEGIN END$$;');

sub any { return $_[ int(rand(@_)) ]; }

# A place in a text, and a length from it that is mostly short.
sub stretch
{
	my $size = length($_[0]);
	my $at = int(rand($size + 1));
	my $most = rand() < 0.9 ? 40 : $size;
	return ($at, int(rand($most < $size - $at ? $most : $size - $at)));
}

sub mutated
{
	my $text = any(@seeds);
	for (1 .. 1 + int(rand(4)))
	{
		my ($at, $length) = stretch($text);
		my $how = int(rand(6));
		if ($how == 0) { substr($text, $at) = ''; }
		elsif ($how == 1) { substr($text, $at, $length) = ''; }
		elsif ($how == 2) { substr($text, $at, 0) = any(@pieces); }
		elsif ($how == 3) { substr($text, $at, 1) = chr(1 + int(rand(255))); }
		elsif ($how == 4) { substr($text, $at, 0) = substr($text, $at, $length) x (1 + int(rand(5))); }
		else
		{
			my $other = any(@seeds);
			my ($from, $size) = stretch($other);
			substr($text, $at, $length) = substr($other, $from, $size);
		}
	}
	$text =~ tr/\0//d;
	return $text;
}

# Each is the shape of an attack on a parser, or a mistake that people make.
my %special = (
	'a left-deep chain of 30,000 terms' => 'CREATE VIEW app.v AS SELECT ' . join('+', (1) x 30_000),
	'50,000 parentheses' => 'CREATE VIEW app.v AS SELECT ' . '(' x 50_000 . '1' . ')' x 50_000,
	'unclosed parentheses' => 'CREATE VIEW app.v AS SELECT ' . '(' x 100_000,
	'30,000 UNION ALL' => 'CREATE VIEW app.v AS ' . join(' UNION ALL ', ('SELECT 1') x 30_000),
	'an identifier of 100 kB' => 'CREATE VIEW app.' . 'v' x 100_000 . ' AS SELECT 1',
	'a quoted identifier of 100 kB' => 'CREATE VIEW app."' . 'é' x 50_000 . '" AS SELECT 1',
	'20 MB of text' => join('', ("SELECT 1;\n" x 100 . '-- ' . 'x' x 199_000 . "\n") x 100),
	'100,000 statements' => "CREATE VIEW app.v AS SELECT 1;\n" x 100_000,
	'nested comments' => '/*' x 100_000,
	'nested directives' => "-- pgschema: renamed from a\n" x 50_000,
	'only semicolons' => ';' x 1_000_000,
	'an unterminated string' => "COMMENT ON VIEW app.root IS 'no end",
	'an unterminated body' => 'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS $body$ SELECT 1',
	'an unterminated BEGIN ATOMIC' => 'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1;',
	'nested BEGIN ATOMIC' => 'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql ' . 'BEGIN ATOMIC ' x 10_000,
	'rows without an end' => "COPY app.t FROM stdin;\n" . "1\t2\n" x 10_000,
	'psql commands' => "\\set x `id`\n\\! id\n\\copy t from '/etc/passwd'\n\\gexec\n\\watch 1\n",
	'nothing' => '',
	'white space' => " \t\r\n" x 1000);

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', 'log_min_messages = fatal');
$node->start;
my $file = $node->basedir . '/texts';

# In an SQL_ASCII database the server lets any byte but NUL pass, and only we can object.
for my $encoding ('UTF8', 'SQL_ASCII')
{
	my $database = lc "plan_$encoding";
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql($database, q{
		CREATE EXTENSION pgschema;
		CREATE SCHEMA app;
		CREATE TABLE app.calls (id bigint, prio int, note text);
		CREATE VIEW app.root AS SELECT id, prio FROM app.calls;
		CREATE VIEW app.leaf AS SELECT prio FROM app.root;
		CREATE TABLE texts (id int, name text, body bytea);
	});
	$node->safe_psql($database, q{
		CREATE FUNCTION tried(OUT answers int, OUT errors int, OUT internal text) LANGUAGE plpgsql AS $f$
		DECLARE t record;
		BEGIN
			answers := 0; errors := 0; internal := '';
			FOR t IN SELECT name, body FROM texts ORDER BY id LOOP
				BEGIN
					PERFORM pgschema_plan(convert_from(t.body, current_setting('server_encoding')));
					answers := answers + 1;
				EXCEPTION WHEN OTHERS THEN
					errors := errors + 1;
					IF SQLSTATE LIKE 'XX%' THEN
						internal := internal || t.name || ': ' || SQLERRM || chr(10);
					END IF;
				END;
			END LOOP;
		END$f$;
		CREATE FUNCTION memory() RETURNS int LANGUAGE sql AS
			$f$ SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s*(\d+)')::int $f$;
	});

	# One session for all of them: what one text leaves behind meets the next.
	my $session = $node->background_psql($database);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe('SET client_min_messages = error');    # a NOTICE of a long name being cut is no failure
	my ($answers, $errors, $internal) = (0, 0, '');
	my $try = sub {
		my (%texts) = @_;
		my $id = 0;
		open(my $out, '>', $file) or die "$file: $!";
		printf $out "%d\t%s\t\\\\x%s\n", ++$id, $_, unpack('H*', $texts{$_}) for sort keys %texts;
		close($out);
		$session->query_safe("TRUNCATE texts; COPY texts FROM '$file'");
		my ($a, $e, $i) = split /\|/, $session->query_safe('SELECT answers, errors, internal FROM tried()'), 3;
		$answers += $a;
		$errors += $e;
		$internal .= $i // '';
	};

	$try->(%special);
	is($answers + $errors, scalar(keys %special), "$encoding: each hostile text has an answer or an error");
	is($internal, '', "$encoding: none of them an internal error");

	($answers, $errors, $internal) = (0, 0, '');
	my $texts = $encoding eq 'UTF8' ? $count : $count / 4;
	my $before;
	for (my $done = 0; $done < $texts; $done += $batch)
	{
		# What is filled once and kept (caches, free lists) is filled by the first tenth.
		$before = $session->query_safe('SELECT memory()') if !defined $before && $done >= $texts / 10;
		my $size = $texts - $done < $batch ? $texts - $done : $batch;
		$try->(map { ("mutation " . ($done + $_) => mutated()) } 1 .. $size);
	}
	my $growth = $session->query_safe('SELECT memory()') - ($before // 0);
	is($answers + $errors, $texts, "$encoding: each of $texts mutated texts has an answer or an error ($answers answers)");
	is($internal, '', "$encoding: none of them an internal error");
  SKIP:
	{
		skip 'AddressSanitizer keeps freed memory', 1 if ($ENV{SAN} // '') =~ /address/;
		skip 'too few texts to tell', 1 if $texts < 5000;
		# The server's cache context keeps 0.7 kB of each table, 1.2 kB with a key, whose creation is rolled back in a
		# subtransaction (as much in a session without pgschema); a plan of a table makes it three times.
		cmp_ok($growth, '<', 20_000 + 0.75 * $texts, "$encoding: the session does not grow with them ($growth kB)");
	}
	is($session->query_safe('SELECT pg_backend_pid()'), $pid, "$encoding: the connection was never lost");
	is($session->query_safe("SELECT pg_get_viewdef('app.leaf'::regclass) ~ 'prio'"), 't', "$encoding: nothing has changed");
	$session->quit;
}

$node->stop;
done_testing();
