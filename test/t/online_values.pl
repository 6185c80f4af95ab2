# strategy => 'online': new columns whose default is another value for each row. The table is not rewritten: its rows get their values in batches.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('online_values');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE owner');

my $before = q{CREATE SCHEMA app; CREATE TABLE app.t (a int, CONSTRAINT t_a CHECK (a > 0)); CREATE TABLE app.p (a int) PARTITION BY RANGE (a); CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (500); CREATE TABLE app.p2 PARTITION OF app.p DEFAULT; CREATE VIEW app.v AS SELECT * FROM app.t;};
my $after = q{CREATE SCHEMA app; CREATE SEQUENCE app.q; CREATE TABLE app.t (a int, u uuid DEFAULT gen_random_uuid() NOT NULL UNIQUE, r float DEFAULT random(), n bigserial, m int DEFAULT nextval('app.q'), "c C" text COLLATE "C" DEFAULT random()::text, CONSTRAINT t_a CHECK (a > 0));
	CREATE TABLE app.p (a int, u uuid DEFAULT gen_random_uuid() NOT NULL, n bigserial) PARTITION BY RANGE (a); CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (500); CREATE TABLE app.p2 PARTITION OF app.p DEFAULT; CREATE VIEW app.v AS SELECT * FROM app.t;};
my $rows = q{INSERT INTO app.t SELECT generate_series(1, 1000); INSERT INTO app.p SELECT generate_series(1, 1000);};
my $number = 0;

sub database { my ($text) = @_; my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, 'CREATE EXTENSION pgschema;' . ($text // "$before $rows")); return $name; }
sub call { my ($database, $text, $more) = @_; my ($out, $err) = ('', ''); $node->psql($database, "CALL pgschema_apply(\$desired\$$text\$desired\$, '{app}', allow => '{all}'" . ($more // '') . ')', stdout => \$out, stderr => \$err); return $err; }
sub steps { my ($database, $text, $strategy) = @_; return $node->safe_psql($database, "SELECT phase || ' ' || statement FROM pgschema_steps(\$desired\$$text\$desired\$, '{app}', strategy => '" . ($strategy // 'online') . "')"); }
sub history { my ($database) = @_; return $node->safe_psql($database, "SELECT concat_ws(' ', version, status, phases_done, phases) FROM pgschema.history ORDER BY version"); }
sub dump_of { my ($database) = @_; my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr($database) ]); return $dump =~ s/^\\(un)?restrict .*\n//mgr; }
sub values_in { my ($database) = @_; return $node->safe_psql($database, 'SELECT count(*), count(DISTINCT u), count(DISTINCT r), count(DISTINCT n), count(DISTINCT m), max(n), max(m), count("c C") FROM app.t') . ' ' . $node->safe_psql($database, 'SELECT count(*), count(DISTINCT u), count(DISTINCT n) FROM app.p'); }
sub files { my ($database) = @_; return $node->safe_psql($database, "SELECT string_agg(relname || relfilenode, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'app'::regnamespace"); }

my $as_wanted = dump_of(database($after));
my $all = '1000|1000|1000|1000|1000|1000|1000|1000 1000|1000|1000';

my $small = 'CREATE SCHEMA app; CREATE TABLE app.t (a int, u uuid DEFAULT gen_random_uuid() NOT NULL)';
my $one = database('CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t SELECT generate_series(1, 10)');
is(steps($one, $small), <<'END' =~ s/\n\z//r, 'the phases');
1 ALTER TABLE app.t ADD COLUMN u uuid
1 ALTER TABLE app.t ALTER COLUMN u SET DEFAULT gen_random_uuid()
1 ALTER TABLE app.t ADD CONSTRAINT pgschema_fill_u CHECK (((u IS NULL) OR (u IS NOT NULL))) NOT VALID
2 UPDATE app.t SET u = DEFAULT WHERE u IS NULL
3 ALTER TABLE app.t ADD CONSTRAINT pgschema_not_null_u CHECK (u IS NOT NULL) NOT VALID
4 UPDATE app.t SET u = DEFAULT WHERE u IS NULL
5 ALTER TABLE app.t VALIDATE CONSTRAINT pgschema_not_null_u
6 ALTER TABLE app.t ALTER COLUMN u SET NOT NULL
6 ALTER TABLE app.t DROP CONSTRAINT pgschema_not_null_u
6 ALTER TABLE app.t DROP CONSTRAINT pgschema_fill_u
END
is(steps($one, $small, 'atomic'), '1 ALTER TABLE app.t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()', 'and in one transaction');
is($node->safe_psql($one, "SET pgschema.hazard_size = 0; SELECT strategy, string_agg(DISTINCT h, ',') FROM unnest('{atomic,online}'::text[]) strategy LEFT JOIN LATERAL (SELECT unnest(hazards) FROM pgschema_steps(\$\$$small\$\$, '{app}', strategy => strategy)) s (h) ON true GROUP BY 1 ORDER BY 1"), "atomic|rewrite\nonline|", 'nothing is rewritten');

my $first = database();
my $before_files = files($first);
unlike(call($first, $after, ", strategy => 'online'"), qr/ERROR|WARNING/, 'all sorts of them');
is(dump_of($first), $as_wanted, 'are there');
is(values_in($first), $all, 'with their values');
is(files($first), $before_files, 'no table was rewritten');
like(call($first, $after, ", strategy => 'online'"), qr/nothing to change/, 'nothing more to do');
my ($phases) = history($first) =~ /^1 applied (\d+) \1$/m;
cmp_ok($phases, '>', 15, "it took $phases phases");

for my $until (1 .. $phases - 1)
{
	my $database = database();
	my $how = $until % 3 ? 'online' : 'atomic';
	like(call($database, $after, ", strategy => 'online', until_phase => $until"), qr/stopped after phase $until of $phases/, "stopped after $until");
	# Who writes meanwhile gives values, or has the default do it.
	$node->safe_psql($database, q{UPDATE app.t SET r = 7 WHERE a = 1 AND r IS NULL; INSERT INTO app.t (a) VALUES (5000); DELETE FROM app.t WHERE a = 5000; UPDATE app.t SET r = random() WHERE a = 1});
	unlike(call($database, $after, ", strategy => '$how'"), qr/ERROR/, "it goes on ($how)");
	is(dump_of($database), $as_wanted, 'to its end');
	is(values_in($database) =~ s/100[01]/1000/gr, $all, 'and all rows have their values');
	is(history($database), $how eq 'online' ? "1 applied $phases $phases" : "1 stopped $until $phases\n2 applied 1 1", 'as history says');
}

# ---------------------------------------------------------------------------- what cannot be done so, is done as it was
my $other = database('CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t SELECT generate_series(1, 10)');
is(steps($other, 'CREATE SCHEMA app; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql VOLATILE AS $$SELECT 1$$; CREATE TABLE app.t (a int, b int DEFAULT app.f())') =~ s/.*(?=ALTER TABLE)//sr, 'ALTER TABLE app.t ADD COLUMN b integer DEFAULT app.f()', 'a function that the same plan makes: in its main phase');
like(steps($other, 'CREATE SCHEMA app; CREATE DOMAIN app.d AS int CHECK (VALUE > 0); CREATE TABLE app.t (a int, b app.d DEFAULT (random() * 9 + 1)::int)'), qr/ADD COLUMN b app\.d DEFAULT/, 'a domain that is checked');
like(steps($other, 'CREATE SCHEMA app; CREATE TABLE app.t (a int, b timestamptz DEFAULT now())'), qr/^1 ALTER TABLE app\.t ADD COLUMN b timestamp with time zone DEFAULT now\(\)$/, 'one value for all rows is no rewrite');
like(steps($other, 'CREATE SCHEMA app; CREATE TABLE app.t (a int, b int GENERATED ALWAYS AS IDENTITY)'), qr/^1 ALTER TABLE app\.t ADD COLUMN b integer GENERATED ALWAYS AS IDENTITY/, 'an identity is');

# On 18 the constraint has the name.
my $called = 'CREATE SCHEMA app; CREATE TABLE app.t (a int, b uuid DEFAULT gen_random_uuid() CONSTRAINT mine NOT NULL)';
my $with_name = database('CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t SELECT generate_series(1, 10)');
unlike(call($with_name, $called, ", strategy => 'online'"), qr/ERROR/, 'NOT NULL with a name');
is(dump_of($with_name), dump_of(database($called)), 'has it');
is($node->safe_psql($with_name, 'SELECT count(DISTINCT b) FROM app.t'), 10, 'and all rows their values');

# -------------------------------------------------------------------------------------- rows that the caller does not see
my $hidden = database('CREATE SCHEMA app AUTHORIZATION owner; SET ROLE owner; CREATE TABLE app.t (a int); INSERT INTO app.t SELECT generate_series(1, 10); ALTER TABLE app.t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY few ON app.t USING (a < 5); RESET ROLE; GRANT EXECUTE ON PROCEDURE pgschema_apply TO owner');
my ($out, $err) = ('', '');
$node->safe_psql($hidden, 'ALTER TABLE app.t ADD b int');
$node->psql($hidden, qq{SET ROLE owner; CALL pgschema_apply('CREATE TABLE app.t (a int,\n-- pgschema: using 5\nb int NOT NULL)', strategy => 'online', allow => '{all}')}, stdout => \$out, stderr => \$err);
like($err, qr/query would be affected by row-level security policy for table "t"/, 'are not left without a value');
$node->safe_psql($hidden, q{SET ROLE owner; CALL pgschema_apply('ALTER TABLE app.t ADD COLUMN r float DEFAULT random()', strategy => 'online', allow => '{all}')});
is($node->safe_psql($hidden, 'SELECT count(r) FROM app.t'), '10', 'all have one') or diag($node->safe_psql($hidden, 'SELECT * FROM pgschema.history'));

# -------------------------------------------------------------------------- where an UPDATE would do something else, or nothing
my $text = 'ALTER TABLE app.t ADD COLUMN u uuid DEFAULT gen_random_uuid()';
for my $case ([ 'a trigger in front of it', 'CREATE FUNCTION app.none() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER none BEFORE INSERT OR UPDATE OF a ON app.t FOR EACH ROW EXECUTE FUNCTION app.none()', 1 ], [ 'a rule', 'CREATE RULE none AS ON UPDATE TO app.t DO INSTEAD NOTHING', 1 ],
	[ 'a trigger of a partition', 'CREATE FUNCTION app.none() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER none BEFORE UPDATE ON app.p1 FOR EACH ROW EXECUTE FUNCTION app.none()', 1, 'p' ], [ 'one after it', 'CREATE FUNCTION app.none() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER none AFTER UPDATE ON app.t FOR EACH ROW EXECUTE FUNCTION app.none()', 3 ],
	[ 'a child with a column of that name', 'CREATE TABLE app.child (a int CONSTRAINT t_a CHECK (a > 0), u uuid) INHERITS (app.t); INSERT INTO app.child VALUES (2000, NULL)', 1 ], [ 'a child without', 'CREATE TABLE app.child (b int) INHERITS (app.t); INSERT INTO app.child VALUES (2000)', 3 ])
{
	my ($what, $more, $phases, $table) = @$case;
	my $this = $text =~ s/app\.t/'app.' . ($table \/\/ 't')/er;
	my @databases = map { my $d = database(); $node->safe_psql($d, "SET client_min_messages = error; $more"); $d } 1, 2;
	for my $how (0, 1)
	{
		$node->psql($databases[$how], "CALL pgschema_apply('$this', allow => '{all}', strategy => '" . ('atomic', 'online')[$how] . "')", stderr => \$err);
		unlike($err, qr/ERROR/, "$what: applied");
	}
	is(history($databases[1]), "1 applied $phases $phases", "$what: in $phases phases");
	my $filled = 'SELECT count(*), count(u) FROM app.' . ($table // 't');
	is($node->safe_psql($databases[1], $filled), $node->safe_psql($databases[0], $filled), "$what: the same rows have values");
}

# ----------------------------------------------------------------------------------- the column gets another name meanwhile
my $renamed = database('CREATE SCHEMA app; CREATE TABLE app.t (a int); INSERT INTO app.t SELECT generate_series(1, 10)');
call($renamed, 'CREATE SCHEMA app; CREATE TABLE app.t (a int, u uuid DEFAULT gen_random_uuid())', ", strategy => 'online', until_phase => 1");
unlike(call($renamed, "CREATE SCHEMA app; CREATE TABLE app.t (a int,\n-- pgschema: renamed from u\nb uuid DEFAULT gen_random_uuid())", ", strategy => 'online'"), qr/ERROR/, 'another text, in which it has another name');
is($node->safe_psql($renamed, q{SELECT count(b), (SELECT count(*) FROM pg_constraint WHERE conname ~ '^pgschema_') FROM app.t}), '10|0', 'completes it');

# ------------------------------------------------------------------------------------------------ a mark is not a check
my $mark = database();
call($mark, $after, ", strategy => 'online', until_phase => 1");
$node->safe_psql($mark, q{ALTER TABLE app.t RENAME CONSTRAINT t_a TO pgschema_fill_a});
unlike(steps($mark, $after =~ s/CONSTRAINT t_a/CONSTRAINT pgschema_fill_a/r), qr/UPDATE app\.t SET a /, 'a check of somebody with such a name is none of ours');
$node->stop;
done_testing();
