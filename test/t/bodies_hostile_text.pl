# Whatever stands in the body of a function, pgschema_references and pgschema_check give an answer or an error: no lost connection, no
# internal error. The bodies are mutations of those of test/bodies, always the same ones; each replaces that of its function,
# so that the others meet it where they call it.
#
# BODIES says how many.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $count = $ENV{BODIES} || 1000;
my $batch = 200;
srand(20260229);

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', 'log_min_messages = fatal');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE bodies');
$node->safe_psql('bodies', 'CREATE EXTENSION pgschema');
$node->safe_psql('bodies', "SET check_function_bodies = off;\n" . slurp_file($_))
  for "$ENV{TEST_BODIES}/schema.sql", sort(grep { !/schema\.sql$/ } glob "$ENV{TEST_BODIES}/*.sql");

my @functions = split /\n/, $node->safe_psql('bodies',
	"SELECT p.oid || ' ' || encode(convert_to(prosrc, 'UTF8'), 'hex') FROM pg_proc p JOIN pg_language l ON l.oid = prolang
	 WHERE pronamespace = 'app'::regnamespace AND lanname IN ('plpgsql', 'sql') AND prosqlbody IS NULL ORDER BY p.proname, p.oid");
my (@oids, @sources);
for (@functions)
{
	my ($oid, $hex) = split / /;
	push @oids, $oid;
	push @sources, pack('H*', $hex);
}
cmp_ok(scalar(@oids), '>', 40, 'there are bodies to begin with');
my @pieces = (
	';', '(', ')', "'", '"', '$$', '--', '/*', '*/', '<<a>>', ':=', '..', '%TYPE', '%ROWTYPE', ' INTO ', ' STRICT ', ' USING ', "\n", "\xc3", "\x01",
	' BEGIN ', ' END; ', ' DECLARE ', ' LOOP ', ' END LOOP; ', ' EXCEPTION WHEN OTHERS THEN ', ' EXECUTE ', ' PERFORM ', ' RETURN ', ' RETURN QUERY ',
	' FOR r IN ', ' FOREACH x IN ARRAY ', ' OPEN c FOR ', ' FETCH c INTO ', ' NULL ', ' NEW.', ' OLD.', ' r.', ' $1 ', ' $9 ', 'app.', 'pg_temp.',
	' record; ', ' CURSOR FOR ', ' SELECT * FROM ', ' UPDATE ', ' DELETE FROM ', ' RETURNING * ', ' CALL ', ' COMMIT; ', ' SET search_path = x; ',
	'#variable_conflict error', ' CREATE TEMP TABLE ', ' DROP TABLE ', ' t ', ' 1/0 ', ' -1 ', ' ARRAY[', ' ROW(');

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
	my ($text) = @_;
	for (1 .. 1 + int(rand(3)))
	{
		my ($at, $length) = stretch($text);
		my $how = int(rand(6));
		if ($how == 0) { substr($text, $at) = ''; }
		elsif ($how == 1) { substr($text, $at, $length) = ''; }
		elsif ($how == 2) { substr($text, $at, 0) = any(@pieces); }
		elsif ($how == 3) { substr($text, $at, $length) = any(@pieces); }
		elsif ($how == 4) { substr($text, $at, 0) = substr($text, $at, $length) x (1 + int(rand(5))); }
		else
		{
			my $other = any(@sources);
			my ($from, $size) = stretch($other);
			substr($text, $at, $length) = substr($other, $from, $size);
		}
	}
	$text =~ tr/\0//d;
	return $text;
}

# Each is the shape of an attack on a parser.
my %special = (
	'20,000 blocks' => 'BEGIN ' x 20_000,
	'20,000 closed blocks' => 'BEGIN ' x 20_000 . 'NULL;' . ' END;' x 20_000,
	'20,000 IFs' => 'BEGIN ' . 'IF true THEN ' x 20_000,
	'a chain of ELSIF' => 'BEGIN IF true THEN NULL; ' . 'ELSIF false THEN NULL; ' x 20_000 . 'END IF; END',
	'an expression of 30,000 terms' => 'BEGIN RETURN ' . join('+', (1) x 30_000) . '; END',
	'30,000 parentheses' => 'BEGIN RETURN ' . '(' x 30_000 . '1' . ')' x 30_000 . '; END',
	'EXECUTE of EXECUTE' => 'BEGIN ' . q{EXECUTE 'DO $$ BEGIN EXECUTE ''SELECT 1''; END $$';} x 1000 . ' END',
	'20,000 variables' => 'DECLARE ' . join('', map { "v$_ int := v" . ($_ - 1) . '; ' } 1 .. 20_000) . 'BEGIN NULL; END',
	'a record of itself' => 'DECLARE r record; BEGIN ' . 'SELECT r.* INTO r FROM (SELECT r) x; ' x 500 . 'RETURN r.a; END',
	'an unterminated string' => "BEGIN PERFORM 'no end",
	'nothing' => '',
	'a label for each line' => join("\n", map { "<<l$_>>" } 1 .. 5000));

$node->safe_psql('bodies', q{
	CREATE TABLE public.texts (id int, name text, function oid, body bytea);
	CREATE FUNCTION public.tried(OUT answers int, OUT errors int, OUT refused int, OUT internal text) LANGUAGE plpgsql SET check_function_bodies = off AS $f$
	DECLARE t record; definition text; body text; identity text;
	BEGIN
		answers := 0; errors := 0; refused := 0; internal := '';
		FOR t IN SELECT * FROM public.texts ORDER BY id LOOP
			BEGIN
				body := convert_from(t.body, 'UTF8');
				definition := pg_get_functiondef(t.function);
				EXECUTE substr(definition, 1, strpos(definition, E'\nAS $') - 1) || E'\nAS ' || quote_literal(body);
			EXCEPTION WHEN OTHERS THEN
				refused := refused + 1;
				CONTINUE;
			END;
			BEGIN
				SELECT i.type || ' ' || i.identity INTO identity FROM pg_identify_object('pg_proc'::regclass, t.function, 0) i;
				PERFORM count(*) FROM pgschema_references(identity);
				answers := answers + 1;
			EXCEPTION WHEN OTHERS THEN
				errors := errors + 1;
				IF SQLSTATE LIKE 'XX%' THEN
					internal := internal || t.name || ': ' || SQLERRM || chr(10) || left(body, 2000) || chr(10);
				END IF;
			END;
		END LOOP;
		BEGIN
			PERFORM count(*) FROM pgschema_check('{app}');
		EXCEPTION WHEN OTHERS THEN
			IF SQLSTATE LIKE 'XX%' THEN internal := internal || 'pgschema_check: ' || SQLERRM || chr(10); END IF;
		END;
	END$f$;
});

# One session for all of them: what one body leaves behind meets the next.
my $session = $node->background_psql('bodies');
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$session->query_safe('SET client_min_messages = error');
my ($answers, $errors, $refused, $internal) = (0, 0, 0, '');
my $file = $node->basedir . '/texts';
sub try_all
{
	my (@texts) = @_;    # name, function, body
	my $id = 0;
	open(my $out, '>', $file) or die "$file: $!";
	printf $out "%d\t%s\t%d\t\\\\x%s\n", ++$id, $_->[0], $_->[1], unpack('H*', $_->[2]) for @texts;
	close($out);
	$session->query_safe("TRUNCATE public.texts; COPY public.texts FROM '$file'");
	my ($a, $e, $r, $i) = split /\|/, $session->query_safe('SELECT answers, errors, refused, internal FROM public.tried()'), 4;
	$answers += $a;
	$errors += $e;
	$refused += $r;
	$internal .= $i // '';
	return;
}

my @places = (int(@oids / 2));
try_all(map { my $name = $_; map { [ $name, $oids[$_], $special{$name} ] } @places } sort keys %special);
is($answers + $errors + $refused, @places * keys(%special), 'each hostile body has an answer or an error');
is($internal, '', 'none of them an internal error');
is($session->query_safe('SELECT pg_backend_pid()'), $pid, 'the connection was not lost');

($answers, $errors, $refused, $internal) = (0, 0, 0, '');
for (my $done = 0; $done < $count; $done += $batch)
{
	my $size = $count - $done < $batch ? $count - $done : $batch;
	try_all(map { my $which = int(rand(@oids)); [ "mutation " . ($done + $_), $oids[$which], mutated($sources[$which]) ] } 1 .. $size);
}
is($answers + $errors + $refused, $count, "each of $count mutated bodies has an answer or an error ($answers answers, $errors errors, $refused that are no text)");
cmp_ok($answers, '>', $count / 2, 'most of them are read');
is($internal, '', 'none of them an internal error');
is($session->query_safe('SELECT pg_backend_pid()'), $pid, 'the connection was never lost');
$session->quit;

$node->stop;
done_testing();
