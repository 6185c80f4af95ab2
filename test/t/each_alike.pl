# pgschema_plan_each, pgschema_apply_each: the text is evaluated once for schemas that are alike, and what comes of it is what each by itself would get.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('each_alike');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE tenant; CREATE ROLE reader');

my @tables = (q{CREATE TYPE mood AS ENUM ('sad', 'glad')}, q{CREATE DOMAIN positive AS int CHECK (VALUE > 0)}, q{CREATE SEQUENCE numbers},
	q{CREATE TABLE units (id bigserial PRIMARY KEY, code text UNIQUE, mood mood DEFAULT 'sad', area positive, number int DEFAULT nextval('numbers'))},
	q{CREATE TABLE calls (id int PRIMARY KEY, unit bigint REFERENCES units ON DELETE CASCADE, at date) PARTITION BY RANGE (id)}, q{CREATE TABLE calls_1 PARTITION OF calls FOR VALUES FROM (0) TO (100)},
	q{CREATE INDEX calls_at ON calls (at)}, q{CREATE VIEW busy AS SELECT u.code, count(*) FROM units u JOIN calls c ON c.unit = u.id GROUP BY 1}, q{CREATE FUNCTION area_of(units) RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT ($1).area; END},
	q{CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO calls VALUES (1); RETURN NEW; END $$}, q{CREATE TRIGGER noted AFTER INSERT ON units FOR EACH ROW WHEN (NEW.area > 1) EXECUTE FUNCTION note()}, q{COMMENT ON TABLE units IS 'all units'});
my $old = join(";\n", @tables);
my @more = (q{CREATE TYPE pair AS (a positive, b mood)}, q{CREATE TABLE extra (id int PRIMARY KEY DEFAULT nextval('numbers'), p pair, u units, unit bigint REFERENCES units (id))}, q{CREATE VIEW glad AS SELECT b.*, 'glad'::mood AS m, area_of(u) FROM busy b JOIN units u USING (code)},
	q{CREATE FUNCTION total(calls[], mood DEFAULT 'glad') RETURNS SETOF busy LANGUAGE sql AS 'SELECT * FROM busy'}, q{CREATE MATERIALIZED VIEW kept AS SELECT 'numbers'::regclass AS r, * FROM glad}, q{CREATE INDEX ON kept (code)}, q{CREATE POLICY few ON units USING (area < 100)}, q{CREATE FUNCTION same(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::text = $2::text'}, q{CREATE OPERATOR == (LEFTARG = mood, RIGHTARG = mood, FUNCTION = same)},
	q{CREATE RULE quiet AS ON DELETE TO busy DO INSTEAD NOTHING}, q{CREATE STATISTICS of_units ON code, area FROM units}, q{COMMENT ON VIEW busy IS 'of calls'}, q{ALTER TABLE units ADD CHECK (code <> 'numbers')});
my $new = join(";\n", @tables, @more) =~ s/area positive,/area positive, phone text DEFAULT 'none',/r;
my $number = 0;

sub database { my (%schemas) = @_; my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, 'CREATE EXTENSION pgschema;' . join('', map { "CREATE SCHEMA $_; SET search_path = $_; $schemas{$_};" } sort keys %schemas)); return $name; }
sub alike_in { my (@names) = @_; return database(map { $_ => $old } @names); }
sub list { return "'{" . join(',', map { s/'/''/gr } @_) . "}'"; }
# The rows of plan_each, and how many schemas took what the text came to from another.
sub plan_each
{
	my ($database, $text, @schemas) = @_;
	my ($out, $err) = ('', '');
	$node->psql($database, "SELECT pgschema_version(); SET client_min_messages = debug1; SELECT schema || ' ' || fingerprint FROM pgschema_plan_each(\$desired\$$text\$desired\$, " . list(@schemas) . ')', stdout => \$out, stderr => \$err);
	my $shared = () = $err =~ /evaluated for a schema that is alike/g;
	my @out = grep { / / } split /\n/, $out;
	return ($shared, $err =~ /(ERROR.*)/ ? $1 : join("\n", @out[ -@schemas .. -1 ]));
}
sub one_by_one { my ($database, $text, @schemas) = @_; return join "\n", map { s/"//gr } map { "$_ " . $node->safe_psql($database, "SELECT pgschema_plan(\$desired\$$text\$desired\$, " . list($_) . ", format => 'json')::jsonb->>'fingerprint'") } @schemas; }
sub catalog_of { my ($database, @schemas) = @_; return $node->safe_psql($database, 'SELECT c::text FROM pgschema_catalog(' . list(@schemas) . ') c ORDER BY 1'); }
sub same
{
	my ($database, $text, $expected, $what, @schemas) = @_;
	my ($shared, $rows) = plan_each($database, $text, @schemas);
	is($rows, one_by_one($database, $text, @schemas), "$what: as each by itself");
	is($shared, $expected, "$what: shared by $expected");
	return;
}

# ------------------------------------------------------------------------------------------------------------- alike
my @five = qw(tenant_1 tenant_2 tenant_12 "Tenant-3" tenant);
my $database = alike_in(@five);
same($database, $new, 4, 'five that are alike', @five);
same($database, $old, 4, 'nothing to do', @five);
is($node->safe_psql($database, 'SELECT count(DISTINCT shape) FROM pgschema_plan_each($desired$' . $new . '$desired$, ' . list(grep { !/"/ } @five) . ')'), 1, 'of one shape');

# ------------------------------------------------------------------------- applied: to the letter what one by one leads to
my $twin = alike_in(@five);
$node->safe_psql($twin, "SELECT set_config('client_min_messages', 'warning', false); CALL pgschema_apply(\$desired\$$new\$desired\$, " . list($_) . ", allow => '{all}')") for @five;
my ($out, $err) = ('', '');
$node->psql($database, "SELECT pgschema_version(); SET client_min_messages = debug1; CALL pgschema_apply_each(\$desired\$$new\$desired\$, " . list(@five) . ", allow => '{all}')", stdout => \$out, stderr => \$err);
like($out, qr/^5\|0$/m, 'applied to each');
is(scalar(() = $err =~ /evaluated for a schema that is alike/g), 4, 'with one evaluation');
is(catalog_of($database, @five), catalog_of($twin, @five), 'what is there is what one after the other has made');
my $settled = alike_in(@five);
$node->safe_psql($settled, "CALL pgschema_apply_each(\$desired\$$old\$desired\$, " . list(@five) . ", allow => '{all}')");
same($settled, $old, 0, 'settled', @five);
same($settled, "$old; CREATE TABLE last (a int)", 4, 'a little more', @five);
same($settled, "$old; CREATE VIEW last AS SELECT * FROM busy", 0, 'on what is settled and was not read', @five);

# ------------------------------------------------------------------------------------------------------------ not alike
my %other = (a_comment => "$old; COMMENT ON COLUMN units.code IS 'theirs'", an_owner => "$old; ALTER TABLE units OWNER TO tenant", a_column => "$old; ALTER TABLE units ADD hue text", a_grant => "$old; GRANT SELECT ON units TO reader",
	a_function => "$old; CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", nothing => 'SELECT 1', other_default => "$old; ALTER TABLE units ALTER mood SET DEFAULT 'glad'", privileges_to_come => "$old; ALTER DEFAULT PRIVILEGES IN SCHEMA privileges_to_come GRANT SELECT ON TABLES TO reader");
my $mixed = database(first => $old, second => $old, %other);
for my $odd (sort keys %other) { same($mixed, $new, 0, $odd, 'first', $odd); }
same($mixed, $new, 1, 'one and its like, others in between', 'first', 'second', sort keys %other);

# ------------------------------------------------------------------------------------------ names that mean something else
my $named = database(map { $_ => "$old; CREATE TABLE one (a int, two int)" } qw(one two three));
$node->safe_psql($named, 'CREATE TABLE public.shared (a int)');
my $tables = "$old; CREATE TABLE one (a int, two int)";
same($named, "$tables; CREATE VIEW v AS SELECT * FROM one.units", 0, 'a text that names a schema', 'one', 'two', 'three');
same($named, "$tables; CREATE VIEW v AS SELECT 'ONE' AS a", 0, 'in a string', 'one', 'two');
same($named, "$tables; CREATE VIEW v AS SELECT two FROM one", 0, 'a table and a column of such names', 'one', 'two');
same($named, "$tables; CREATE VIEW v AS SELECT * FROM public.shared", 0, 'what is outside of it', 'three', 'two');
my $sided = database(map { $_ => $old } qw(lefty righty));
$node->safe_psql($sided, 'CREATE TABLE public.shared (a int); CREATE VIEW public.above AS SELECT * FROM lefty.units');
same($sided, "$old; CREATE VIEW v AS SELECT * FROM public.shared", 0, 'what stands above one of them from outside', 'lefty', 'righty');
same($sided, "$old; CREATE VIEW v AS SELECT * FROM public.shared", 0, 'the other way round', 'righty', 'lefty');
$node->safe_psql($sided, "ALTER DATABASE d$number SET search_path = lefty, public");
same($sided, $new, 0, "one in the caller's search_path", 'lefty', 'righty');

# What is ignored in it is none of the text's business, and may be other things.
my $ignored = database(k1 => 'CREATE TABLE x (a int, b int); CREATE TABLE t (id int)', k2 => 'CREATE TABLE x (a int, b int, c int); CREATE TABLE t (id int)');
same($ignored, "-- pgschema: ignore table *.x\nCREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM x", 0, 'what is ignored', 'k1', 'k2');
my $extended = database(map { $_ => 'CREATE TABLE t (id int)' } qw(e1 e2));
$node->safe_psql($extended, 'CREATE EXTENSION citext SCHEMA e1');
is((plan_each($extended, 'CREATE TABLE t (id int); CREATE VIEW v AS SELECT NULL::citext AS a', 'e1', 'e2'))[1] =~ /type "citext" does not exist/, 1, "an extension's type is in one of them only") if -e $node->config_data('--sharedir') . '/extension/citext.control';

# One that fails, and one in which there is nothing to do, are two applies.
my $failing = database(f1 => 'CREATE TABLE t (id int, a int); INSERT INTO t VALUES (1, -1)', f2 => 'CREATE TABLE t (id int, a int, CONSTRAINT c1 CHECK (a > 0))');
$node->psql($failing, q{CALL pgschema_apply_each('CREATE TABLE t (id int, a int, CONSTRAINT c1 CHECK (a>0))', '{f1,f2}', on_error => 'continue', strategy => 'online', allow => '{all}')}, stdout => \$out, stderr => \$err);
is($node->safe_psql($failing, q{SELECT string_agg(schemas::text || ' ' || status, ', ' ORDER BY version) FROM pgschema.history}), '{f1} failed, {f2} applied', 'in phases, too');

# A mistake is the same mistake in each.
my ($shared, $rows) = plan_each($database, "$new; CREATE VIEW wrong AS SELECT nothing", 'tenant_1', 'tenant_2');
like($rows, qr/column "nothing" does not exist/, 'a mistake');

# What changes between one and the next.
my $moving = alike_in(qw(m1 m2 m3));
$node->safe_psql($moving, q{CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'm1.last') THEN CREATE TYPE m2.pair AS (z int); END IF; END $$; CREATE EVENT TRIGGER meddle ON ddl_command_end EXECUTE FUNCTION public.meddle()});
$node->psql($moving, "CALL pgschema_apply_each(\$desired\$$new; CREATE VIEW last AS SELECT 1 AS a\$desired\$, '{m1,m2,m3}', allow => '{all}')", stdout => \$out, stderr => \$err);
$node->safe_psql($moving, 'DROP EVENT TRIGGER meddle');
$node->psql($moving, "CALL pgschema_apply_each(\$desired\$$new; CREATE VIEW last AS SELECT 1 AS a\$desired\$, '{m1,m2,m3}', allow => '{all}')", stdout => \$out, stderr => \$err);
is(one_by_one($moving, "$new; CREATE VIEW last AS SELECT 1 AS a", 'm1', 'm2', 'm3') =~ s/^m\d (\w+)$/length $1/gemr, "32\n32\n32", 'somebody meddles: all are planned');
is($node->safe_psql($moving, "SELECT sum(changes) FROM pgschema_plan_each(\$desired\$$new; CREATE VIEW last AS SELECT 1 AS a\$desired\$, '{m1,m2,m3}')"), 0, 'and as the text says');
$node->stop;
done_testing();
