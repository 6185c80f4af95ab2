# One text for many schemas: pgschema_plan_each, pgschema_apply_each.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('each');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema');

sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
sub call { my ($sql) = @_; my ($out, $err); my $status = $node->psql('postgres', $sql, stdout => \$out, stderr => \$err); return ($status, $out, $err); }

my $first = 'CREATE TABLE t (id bigserial PRIMARY KEY, a int, note text); CREATE VIEW v AS SELECT id, a FROM t; CREATE FUNCTION f(x t) RETURNS int LANGUAGE sql RETURN (x).a';
my $second = 'CREATE TABLE t (id bigserial PRIMARY KEY, a bigint NOT NULL, note text); CREATE VIEW v AS SELECT id, a FROM t; CREATE FUNCTION f(x t) RETURNS bigint LANGUAGE sql RETURN (x).a; CREATE INDEX i ON t (a)';
my @names = map { "tenant_$_" } 1 .. 6;
my @all = (@names, 'Odd "one"', 'note');
my $schemas = "ARRAY['" . join("','", @all) . "']::name[]";
sql(join('', map { my $n = $_ =~ s/"/""/gr; "CREATE SCHEMA \"$n\";" } @all));

# ----------------------------------------------------------------------------------------------------------- plans
my $plans = sql("SELECT schema, shape, changes, hazards, fingerprint = (SELECT substring(l from 'fingerprint.{0,4} *([0-9a-f]{32})') FROM pgschema_plan('$first', ARRAY[schema], format => 'json') l WHERE l LIKE '%fingerprint%') FROM pgschema_plan_each('$first', $schemas)");
my @rows = map { [ split /\|/ ] } split /\n/, $plans;
is(scalar(@rows), 8, 'a row for each schema');
is(join(',', map { $_->[0] } @rows), join(',', @all), 'in the order that was given');
my %shapes = map { $_->[1] => 1 } @rows;
is(scalar(keys %shapes), 1, 'schemas that are alike have one shape, whatever they are called');
is(scalar(grep { $_->[4] ne 't' } @rows), 0, 'the fingerprint is that of the schema\'s own plan');
my ($shape) = keys %shapes;

# ---------------------------------------------------------------------------------------------------------- applies
my ($status, $out, $err) = call("BEGIN; CALL pgschema_apply_each('$first', $schemas)");
like($err, qr/pgschema_apply_each\(\) cannot run inside a transaction block/, 'not in a transaction block');
($status, $out, $err) = call("CALL pgschema_apply_each('$first', $schemas, expect_shapes => '{0123}')");
like($err, qr/the plan is not one of the expected shapes/, 'another shape than expected');
like($err, qr/Its shape is $shape/, '… which is told');
($status, $out, $err) = call("CALL pgschema_apply_each('$first', $schemas, expect_shapes => '{$shape}')");
is($out, '8|0', 'all are applied');
is(() = $err =~ /statements; recorded as version/g, 8, 'a notice for each');
is(sql("SELECT count(*) FROM pg_class WHERE relname = 'v' AND relkind = 'v'"), 8, 'and there they are');
is(sql("SELECT sum(changes), count(DISTINCT shape) FROM pgschema_plan_each('$first', $schemas)"), '0|1', 'nothing is left to change');
is(sql("SELECT count(*) FROM pgschema.history WHERE status = 'applied'"), 8, 'a row in the history for each');

# One differs: its shape does, and only its.
sql('ALTER TABLE tenant_3.t ADD COLUMN own int');
my $odd = sql("SELECT string_agg(schema, ',') FROM (SELECT schema, count(*) OVER (PARTITION BY shape) AS n FROM pgschema_plan_each('$second', $schemas)) p WHERE n = 1");
is($odd, 'tenant_3', 'the one that differs has a shape of its own');
$shape = sql("SELECT mode() WITHIN GROUP (ORDER BY shape) FROM pgschema_plan_each('$second', $schemas)");

# ---------------------------------------------------------------------------------------------------------- failures
# Stopped at the first one; what was before it stays.
($status, $out, $err) = call("CALL pgschema_apply_each('$second', $schemas, expect_shapes => '{$shape}')");
like($err, qr/not one of the expected shapes/, 'stopped at the one that differs');
like($err, qr/schema tenant_3\nschemas done: 2 of 8; the same call goes on/, 'with how far it came');
is(sql("SELECT string_agg(schema, ',') FROM pgschema_plan_each('$second', $schemas) WHERE changes = 0"), 'tenant_1,tenant_2', 'those before are done');
sql("INSERT INTO tenant_5.t (note) VALUES ('null')");
($status, $out, $err) = call("CALL pgschema_apply_each('$second', $schemas, expect_shapes => '{$shape}', on_error => 'continue')");
is($out, '6|2', 'going on: the others are done');
like($err, qr/WARNING:  pgschema: schema tenant_3 failed: the plan is not one of the expected shapes/, 'a warning for the one that differs');
like($err, qr/WARNING:  pgschema: schema tenant_5 failed: column "a" of relation "t" contains null values/, 'and for the one whose rows are against it');
is(sql("SELECT string_agg(schema, ',') FROM pgschema_plan_each('$second', $schemas) WHERE changes > 0"), 'tenant_3,tenant_5', 'these are as before');
is(sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0, 'no lock is left');

# The same call goes on once that is mended.
sql("UPDATE tenant_5.t SET a = 1; ALTER TABLE tenant_3.t DROP COLUMN own");
($status, $out, $err) = call("CALL pgschema_apply_each('$second', $schemas, expect_shapes => '{$shape}')");
is($out, '8|0', 'the same call goes on');
is(() = $err =~ /nothing to change/g, 6, 'where it was done nothing is');

# ----------------------------------------------------------------------------------------------------- other ways
my $third = $second . '; CREATE INDEX j ON t (note)';
($status, $out, $err) = call("CALL pgschema_apply_each('$third', $schemas, strategy => 'online')");
is($out, '8|0', 'online');
is(sql("SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text ~ '\\.j\$' AND indisvalid"), 8, 'every index is there');
my $fourth = $third . '; COMMENT ON TABLE t IS \'\'x\'\'';
($status, $out, $err) = call("DO \$\$ DECLARE a int; f int; BEGIN CALL pgschema_apply_each('$fourth', $schemas, applied => a, failed => f); RAISE NOTICE 'done % %', a, f; END \$\$");
like($err, qr/done 8 0/, 'in a DO block by itself');
($status, $out, $err) = call("CALL pgschema_apply_each('$fourth', '{}')");
like($err, qr/schemas must name at least one schema/, 'no schema');
($status, $out, $err) = call("CALL pgschema_apply_each('$fourth', '{tenant_1,nobody}')");
like($err, qr/nobody/, 'a schema that there is not');
like($err, qr/schemas done: 1 of 2/, '… stops there');
($status, $out, $err) = call("CALL pgschema_apply_each('$fourth', '{tenant_1}', on_error => 'x')");
like($err, qr/on_error/, 'an unknown way to go on');

# Cancelled, it stops even where it goes on at errors.
$node->safe_psql('postgres', 'ALTER TABLE tenant_2.t ADD COLUMN gone int');
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE tenant_2.t IN ACCESS SHARE MODE');
($status, $out, $err) = call("SET statement_timeout = '3s'; CALL pgschema_apply_each('$fourth', '{tenant_1,tenant_2,tenant_4}', allow => '{all}', lock_timeout => '1h', on_error => 'continue')");
like($err, qr/canceling statement due to statement timeout/, 'a timeout stops it');
like($err, qr/schemas done: 1 of 3/, 'with how far it came');
$holder->query_safe('COMMIT');
$holder->quit;
is(sql("SELECT count(*) FROM pg_attribute WHERE attname = 'gone' AND NOT attisdropped"), 1, 'nothing has been done by halves');

# Many: what a plan locks to read is given up with it.
sql("DO \$\$ BEGIN FOR i IN 1 .. 150 LOOP EXECUTE format('CREATE SCHEMA m%s', i); EXECUTE format('CREATE TABLE m%s.a (id int); CREATE TABLE m%s.b (id int)', i, i); IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END \$\$");
my $many = "(SELECT array_agg(nspname ORDER BY oid) FROM pg_namespace WHERE nspname ~ '^m[0-9]+\$')";
is(sql("SELECT count(*), count(DISTINCT shape), sum(changes) FROM pgschema_plan_each('CREATE TABLE a (id int, b int); CREATE TABLE b (id int)', $many)"), '150|1|150', 'many schemas, one shape');
is(sql("BEGIN; SELECT count(*) > 0 FROM pgschema_plan_each('CREATE TABLE a (id int, b int); CREATE TABLE b (id int)', $many); SELECT count(*) FROM pg_locks WHERE relation IN (SELECT oid FROM pg_class WHERE relname IN ('a', 'b')); COMMIT"), "t\n0", 'no lock on their tables is left');

done_testing();
