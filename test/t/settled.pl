# Settled statements: what an apply has settled is not evaluated again, and the plan is the same as if it were. Every change of the
# text or of the database is planned twice, once with what pgschema.settled knows and once without; the demo's database has
# views ten deep, functions that call each other, types beneath everything.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('settled');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql('origin', 'CREATE EXTENSION pgschema; CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.ledger (id int PRIMARY KEY, note text); CREATE FUNCTION elsewhere.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 * 2 $$');
$node->safe_psql('origin', slurp_file("$ENV{TEST_DEMO}/schema.sql"));
$node->safe_psql('origin', q{DROP PUBLICATION dispatch_feed;
	INSERT INTO app.areas (area_id, name, district, population) SELECT g, 'area ' || g, 'north', g FROM generate_series(1, 50) g;});

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
my $scope = q{'{app,reporting}'};
my $more = <<'END';
CREATE TABLE app.journal (journal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, area_id bigint REFERENCES app.areas, "größe" int, note text);
CREATE INDEX ON app.journal (note);
CREATE TABLE app.journal_line (line_id serial PRIMARY KEY, journal_id bigint NOT NULL REFERENCES app.journal, amount numeric CHECK (amount > 0));
CREATE FUNCTION app.g(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE VIEW app.v_g AS SELECT app.g(1) AS one, elsewhere.twice(2) AS four;
CREATE VIEW app.v_all AS SELECT * FROM app.journal;
CREATE VIEW app.v_all_again AS SELECT * FROM app.v_all;
CREATE VIEW app.v_ledger AS SELECT * FROM elsewhere.ledger;
CREATE VIEW app."Größer" AS SELECT "größe" FROM app.journal;
CREATE VIEW app.v_escaped AS SELECT * FROM app.U&"j\006furnal";
END
$node->safe_psql('origin', $more);
my $text = $node->safe_psql('origin', "SELECT pgschema_dump($scope)");
# As people write: the stars are there.
$text =~ s/CREATE VIEW app\.v_g AS.*?;/CREATE VIEW app.v_g AS SELECT app.g(1) AS one, elsewhere.twice(2) AS four;/s or die;
$text =~ s/CREATE VIEW app\.v_all AS.*?;/CREATE VIEW app.v_all AS SELECT * FROM app.journal;/s or die;
$text =~ s/CREATE VIEW app\.v_all_again AS.*?;/CREATE VIEW app.v_all_again AS SELECT * FROM app.v_all;/s or die;
$text =~ s/CREATE VIEW app\.v_ledger AS.*?;/CREATE VIEW app.v_ledger AS SELECT * FROM elsewhere.ledger;/s or die;
$text =~ s/CREATE VIEW app\.v_escaped AS.*?;/CREATE VIEW app.v_escaped AS SELECT * FROM app.U&"j\\006furnal";/s or die;

sub run_sql
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('origin', $sql, stdout => \$out, stderr => \$err, on_error_stop => 0);
	return ($out, $err);
}

sub same
{
	my ($name, $new, %options) = @_;
	my $outside = $options{outside} // '';
	my ($out, $err) = run_sql(<<END);
BEGIN;
$outside;
SET client_min_messages = debug1;
SELECT pgschema_plan(${\ quoted($new)}, $scope, format => 'json');
ROLLBACK;
\\echo ======
BEGIN;
$outside;
DELETE FROM pgschema.settled;
SELECT pgschema_plan(${\ quoted($new)}, $scope, format => 'json');
ROLLBACK;
END
	my ($with, $without) = split /^======$/m, $out;
	my ($settled) = $err =~ /(\d+) statements of the desired state are settled/;
	$settled //= 0;
	my @errors = $err =~ /^\S*\s*ERROR:  (.*)$/mg;
	s/^\s+|\s+$//g for $with, $without;
	for ($with, $without) { s/"slots": \d+/"slots": …/g; s/LOCKS  \d+ of/LOCKS  … of/g; }    # the locks of a trial are counted, not planned
	if ($options{error})
	{
		like($errors[0] // '', $options{error}, "$name: refused");
		return;
	}
	is("@errors", '', "$name: planned");
	note($1) if $err =~ /(all of the desired state is evaluated: .*)/;
	unlike($err, qr/all of the desired state is evaluated/, "$name: nothing is evaluated") if $options{settled};
	ok($with eq $without, "$name: the same plan ($settled statements settled)") or do {
		my $at = 0;
		$at++ while $at < length($with) && substr($with, $at, 1) eq substr($without, $at, 1);
		diag("settled: …" . substr($with, $at > 80 ? $at - 80 : 0, 200) . "…\nnot: …" . substr($without, $at > 80 ? $at - 80 : 0, 200) . '…');
	};
	cmp_ok($settled, '>=', $options{least} // 1, "$name: most of the text is settled") unless $options{nothing};
	cmp_ok($settled, '==', 0, "$name: nothing can be settled") if $options{nothing};
	if ($options{empty}) { like($with, qr/"empty": ?true/, "$name: an empty plan"); }
	else { like($with, qr/"empty": ?false/, "$name: not an empty plan"); }
	like($with, $options{like}, "$name: as it should be") if $options{like};
}
sub edited { my ($from, $to) = @_; my $new = $text; $new =~ s/$from/$to/ or die "nothing to edit: $from"; return $new; }

$node->safe_psql('origin', "SET client_min_messages = error; CALL pgschema_apply(${\ quoted($text)}, $scope, allow => '{all}')");
is($node->safe_psql('origin', 'SELECT count(*) FROM pgschema.settled'), 1, 'an apply says what is settled');
my $before = $node->safe_psql('origin', 'SELECT pg_current_wal_insert_lsn()');
$node->safe_psql('origin', "SELECT pgschema_plan(${\ quoted($text)}, $scope)") for 1 .. 20;
cmp_ok($node->safe_psql('origin', "SELECT pg_current_wal_insert_lsn() - '$before'"), '<', 20_000, 'a settled plan writes next to nothing');

# -------------------------------------------------------------------------------------------- the text changes
same('a column more', edited(qr/note text/, 'note text, extra int'), least => 100, like => qr/extra/);
same('a column more beneath views with a star', edited(qr/(?<=CREATE TABLE app\.journal \(\n)/, "    extra int,\n"), least => 100, like => qr/v_all_again/);
same('a column less', edited(qr/,\n\s*"größe" integer/, ''), error => qr/größe/);
same('a statement more at the end', "$text\nCREATE VIEW app.v_new AS SELECT * FROM app.v_all;\n", least => 100, like => qr/v_new/);
same('a statement more at the beginning', do { my $t = $text; $t =~ s/(CREATE SCHEMA)/CREATE SCHEMA app;\nCREATE TABLE app.first (a int);\n$1/ unless $t =~ /CREATE SCHEMA app/; $t =~ s/(CREATE TABLE)/CREATE TABLE app.first (a int);\n$1/; $t }, least => 100, like => qr/app\.first/);
same('a statement less', edited(qr/^CREATE VIEW app\.v_all_again AS.*?;\n(ALTER VIEW app\.v_all_again.*?;\n)?/ms, ''), least => 100, like => qr/DROP VIEW/);
same('another overload, which takes calls over', edited(qr/^(?=CREATE VIEW app\.v_g )/m, "CREATE FUNCTION app.g(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT \$1 + 1';\n"), least => 100, like => qr/v_g/);
same('a comment of the text only', edited(qr/\z/, "\n-- nothing is said here\n"), empty => 1, least => 100);
same('white space in a statement', edited(qr/CREATE VIEW app\.v_g AS/, 'CREATE  VIEW app.v_g AS'), empty => 1, least => 100);
same('two statements change places', do { my $t = $text; $t =~ s/^(CREATE INDEX [^;]*;\n)(.*?)^(CREATE INDEX [^;]*;\n)/$3$2$1/ms or die; $t }, empty => 1, least => 50);
same('an enum value', edited(qr/'on_scene', /, "'on_scene', 'returning', "), least => 50, like => qr/returning/);
same('a key is another', edited(qr/(ALTER TABLE app\.journal_line\n?\s+ADD CONSTRAINT journal_line_journal_id_fkey[^;]*;)/, "-- gone\n"), least => 100);
same('a grant more', "$text\nGRANT SELECT ON app.journal TO bi;\n", least => 100, like => qr/GRANT SELECT/);
same('a sequence more, which a table that stays owns', "$text\nCREATE SEQUENCE app.sq;\nALTER SEQUENCE app.sq OWNED BY app.journal.note;\n", least => 50, like => qr/CREATE SEQUENCE/);
same('a sequence more, which says its owner at once', "$text\nCREATE SEQUENCE app.sq OWNED BY app.journal.note;\n", least => 50, like => qr/CREATE SEQUENCE/);
same('a setting more', "SET default_toast_compression = 'pglz';\n$text", empty => 1, nothing => 1);
same('a directive', edited(qr/^(?=CREATE TABLE app\.journal_line \()/m, "-- pgschema: renamed from journal_lines\n"), empty => 1, nothing => 1);
same('an operator', "$text\nCREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);\n", nothing => 1, like => qr/CREATE OPERATOR/);
same('rows, which are reported', "$text\nINSERT INTO app.areas VALUES (1);\n", empty => 1, nothing => 1, like => qr/INSERT/);
same('a mistake', "$text\nCREATE VIEW app.v_wrong AS SELECT * FROM app.nothing_there;\n", error => qr/relation "app\.nothing_there" does not exist/);
same('a mistake in the middle', edited(qr/CREATE VIEW app\.v_g AS/, 'CREATE VIEW app.v_g AS SELEKT'), error => qr/syntax error/);
same('a string that does not end', edited(qr/CREATE VIEW app\.v_g AS/, q{CREATE VIEW app.v_g AS SELECT 'x}), error => qr/./);
same('a comment that swallows a line', edited(qr/CREATE VIEW app\.v_g AS/, 'CREATE VIEW -- app.v_g AS'), error => qr/./);
same('nothing is left', '', nothing => 1);

# ----------------------------------------------------------------------------------------- the database changes
same('nothing', $text, empty => 1, settled => 1, least => 0, nothing => 1);
same('a column more outside', $text, outside => 'ALTER TABLE app.journal ADD extra int', least => 100, like => qr/DROP COLUMN/);
same('a comment', $text, outside => q{COMMENT ON COLUMN app.journal.note IS 'x'}, least => 100, like => qr/COMMENT/);
same('an index', $text, outside => 'CREATE INDEX strange ON app.journal (area_id)', least => 100, like => qr/DROP INDEX/);
same('a view replaced', $text, outside => 'CREATE OR REPLACE VIEW app.v_g AS SELECT 1::numeric AS one, 5 AS four', least => 100, like => qr/VIEW/);
same('a table more', $text, outside => 'CREATE TABLE app.strange (a int)', least => 100, like => qr/DROP TABLE/);
same('a function more that nobody calls', $text, outside => q{CREATE FUNCTION app.strange() RETURNS int LANGUAGE sql AS 'SELECT 1'}, least => 100, like => qr/DROP FUNCTION/);
same('a view less', $text, outside => 'DROP VIEW app.v_all_again', least => 100, like => qr/CREATE VIEW/);
same('an outside table beneath a view with a star', $text, outside => 'ALTER TABLE elsewhere.ledger ADD extra int', least => 100, like => qr/v_ledger/);
same('an outside function', $text, outside => 'CREATE OR REPLACE FUNCTION elsewhere.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + $1 $$', empty => 1, least => 100);
same('an outside overload that takes calls over', $text, outside => q{CREATE FUNCTION elsewhere.twice(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'}, empty => 1, least => 100);
same('an outside operator', $text, outside => 'CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)', empty => 1, nothing => 1);
same('a grant, which the text speaks of', $text, outside => 'GRANT INSERT ON app.journal TO bi', least => 100, like => qr/REVOKE/);
same('a role', $text, outside => 'CREATE ROLE settled_role', empty => 1, least => 100);
same('a role renamed', $text, outside => 'ALTER ROLE bi RENAME TO bi2', error => qr/role "bi" does not exist/);
same('rows, statistics and rewrites', $text, outside => 'INSERT INTO app.journal (note) VALUES (1); TRUNCATE app.journal CASCADE; ANALYZE app.journal; REINDEX TABLE app.journal; CLUSTER app.journal USING journal_pkey; ALTER TABLE app.journal SET WITHOUT CLUSTER', empty => 1, least => 0, nothing => 1);
same('a temporary table', $text, outside => 'CREATE TEMP TABLE journal (a int PRIMARY KEY, b text DEFAULT 1); CREATE TEMP VIEW journals AS SELECT * FROM journal', empty => 1, settled => 1, nothing => 1);
same('both', "$text\nCREATE VIEW app.v_new AS SELECT * FROM app.v_all;\n", outside => 'ALTER TABLE app.journal_line ADD extra int; DROP VIEW app.v_g', least => 100);
same('another TimeZone', $text, outside => q{SET LOCAL timezone = 'Asia/Tokyo'}, empty => 1, nothing => 1);

# ------------------------------------------------------------------------------------------------ at random
# Whatever is done to the text and the database: the same plan, or the same error.
my @outside = ('', '', '', 'ALTER TABLE app.journal ADD extra int', 'DROP VIEW app.v_g', q{COMMENT ON TABLE app.areas IS 'x'}, 'ALTER TABLE app.units ALTER station_id SET DEFAULT 1',
	'CREATE VIEW app.v_strange AS SELECT * FROM app.areas', 'ALTER TABLE elsewhere.ledger ADD extra int', 'CREATE INDEX ON app.calls (note)', 'ALTER TABLE app.crew RENAME TO crews');
my $cases = $ENV{SETTLED_CASES} // 40;
my ($same, $partly, $internal) = (0, 0, '');
for my $seed (1 .. $cases)
{
	srand($seed);
	my @statements = split /(?<=;\n)(?=[A-Z])/, $text;
	for (1 .. 1 + int rand 3)
	{
		my $i = 10 + int rand(@statements - 10);
		my $what = int rand 6;
		if ($what == 0) { splice @statements, $i, 1; }
		elsif ($what == 1) { my $j = 10 + int rand(@statements - 10); @statements[$i, $j] = @statements[$j, $i]; }
		elsif ($what == 2) { $statements[$i] =~ s/\binteger\b/bigint/; }
		elsif ($what == 3) { $statements[$i] =~ s/^(CREATE TABLE \S+ \(\n)/$1    extra_$seed text,\n/; }
		elsif ($what == 4) { $statements[$i] =~ s/\b(\d+)\b/$1 + 1/e; }
		else { splice @statements, $i, 0, "CREATE VIEW app.v_more_$seed AS SELECT count(*) FROM app.areas;\n", "COMMENT ON VIEW app.v_more_$seed IS 'more';\n"; }
	}
	my $new = join '', @statements;
	my $outside = $outside[ int rand @outside ];
	my $plan = sub { run_sql("BEGIN;\n$outside;\n$_[0]SET LOCAL client_min_messages = debug1;\nSELECT pgschema_plan(${\ quoted($new)}, $scope, format => 'json');\nROLLBACK;\n") };
	my ($with, $with_err) = $plan->('');
	my ($without, $without_err) = $plan->("DELETE FROM pgschema.settled;\n");
	for ($with, $without) { s/"slots": \d+/"slots": …/g; s/LOCKS  \d+ of/LOCKS  … of/g; }
	$partly++ if $with_err =~ /statements of the desired state are settled/;
	for ($with_err, $without_err) { $_ = join "\n", /((?:ERROR|DETAIL|HINT): .*|.*desired state, line .*)/g; }
	$internal .= "\nseed $seed, outside: $outside\n$without_err" if $without_err =~ /Please report/;
	if ($with eq $without && $with_err eq $without_err) { $same++; next; }
	diag("seed $seed, outside: $outside\n$with_err\n$without_err\n" . substr($with, 0, 1000) . "\n" . substr($without, 0, 1000));
}
is($same, $cases, "$cases changes at random: the same plan or the same error");
is($internal, '', 'nothing internal');
cmp_ok($partly, '>', $cases / 4, "of $partly of them, a part was settled");

# ------------------------------------------------------------------------------------------- a settlement goes on
my $next = "$text\nCREATE VIEW app.v_new AS SELECT * FROM app.v_all;\n";
$node->safe_psql('origin', "SET client_min_messages = error; CALL pgschema_apply(${\ quoted($next)}, $scope, allow => '{all}')");
($text) = ($next);
same('after an apply of a part', $text, empty => 1, least => 0, nothing => 1);
same('a column beneath what is new', edited(qr/(?<=CREATE TABLE app\.journal \(\n)/, "    extra int,\n"), least => 100, like => qr/v_new/);
is($node->safe_psql('origin', 'SELECT count(*) FROM pgschema.settled'), 1, 'one row for these schemas and this role');

done_testing();
