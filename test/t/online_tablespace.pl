# strategy => 'online': an index gets another tablespace by REINDEX (TABLESPACE …) CONCURRENTLY, that of a key too.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('online_tablespace');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8\nallow_in_place_tablespaces = on");
$node->start;
$node->safe_psql('postgres', q{CREATE TABLESPACE fast LOCATION ''});

my $number = 0;
my $made = q{CREATE TABLE app.t (a int, b int, c int, CONSTRAINT t_b UNIQUE (b)%s, CONSTRAINT t_key PRIMARY KEY (c)%1$s, CONSTRAINT t_a EXCLUDE (a WITH =)%1$s); CREATE INDEX i ON app.t (a)%1$s; COMMENT ON INDEX app.i IS 'of a'; COMMENT ON INDEX app.t_b IS 'of b'; ALTER TABLE app.t CLUSTER ON i; CREATE TABLE app.r (c int REFERENCES app.t);
	CREATE TABLE app.p (a int) PARTITION BY LIST (a); CREATE TABLE app.p1 PARTITION OF app.p DEFAULT; CREATE INDEX pi ON app.p (a)%1$s; CREATE MATERIALIZED VIEW app.mv AS SELECT a FROM app.t; CREATE INDEX mi ON app.mv (a)%1$s;};
my ($before, $after) = map { 'CREATE SCHEMA app; ' . $made =~ s/%(?:1\$)?s/$_/gr } '', ' @ fast';
s/(UNIQUE \(b\)|PRIMARY KEY \(c\)|EXCLUDE \(a WITH =\)) \@ fast/$1 USING INDEX TABLESPACE fast/g, s/ \@ fast/ TABLESPACE fast/g for $after;

sub database { my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, "CREATE EXTENSION pgschema; $before INSERT INTO app.t SELECT i, i, i FROM generate_series(1, 100) i; INSERT INTO app.r SELECT 1"); return $name; }
sub call { my ($database, $text, $more) = @_; my ($out, $err) = ('', ''); $node->psql($database, "SET statement_timeout = '" . ($more =~ s/^(\d+ms)// ? $1 : 0) . "'; CALL pgschema_apply(\$desired\$$text\$desired\$, allow => '{all}'$more)", stdout => \$out, stderr => \$err); return $err; }
sub steps { my ($database, $strategy) = @_; return $node->safe_psql($database, "SELECT phase || ' ' || statement FROM pgschema_steps(\$desired\$$after\$desired\$, '{app}', strategy => '$strategy')"); }
sub where_is { my ($database) = @_; return $node->safe_psql($database, q{SELECT string_agg(c.relname || CASE WHEN NOT indisvalid THEN '!' ELSE '' END || ' ' || coalesce(spcname, '-'), ', ' ORDER BY c.relname) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_tablespace s ON s.oid = reltablespace WHERE relnamespace = 'app'::regnamespace}); }
my $all = 'i fast, mi fast, p1_a_idx fast, pi fast, t_a fast, t_b fast, t_key fast';

my $first = database();
is(steps($first, 'online'), <<'END' =~ s/\n\z//r, 'the phases');
1 ALTER INDEX app.t_a SET TABLESPACE fast
1 ALTER INDEX app.pi SET TABLESPACE fast
2 REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.t_b
3 REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.t_key
4 REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.i
5 REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.mi
6 REINDEX (TABLESPACE fast) INDEX CONCURRENTLY app.p1_a_idx
END
is(scalar(() = steps($first, 'atomic') =~ /^1 ALTER INDEX app\.\w+ SET TABLESPACE fast$/mg), 7, 'and in one transaction');
is($node->safe_psql($first, "SET pgschema.hazard_size = 0; SELECT strategy, count(*) FROM unnest('{atomic,online}'::text[]) strategy, LATERAL pgschema_steps(\$\$$after\$\$, '{app}', strategy => strategy) s WHERE 'rewrite' = ANY (hazards) GROUP BY 1 ORDER BY 1"), "atomic|6\nonline|1", 'what is copied under a lock is a hazard');
unlike(call($first, $after, ", schemas => '{app}', strategy => 'online'"), qr/ERROR|WARNING/, 'applied');
is(where_is($first), $all, 'all are there');
is($node->safe_psql($first, q{SELECT obj_description('app.i'::regclass), obj_description('app.t_b'::regclass), (SELECT indisclustered FROM pg_index WHERE indexrelid = 'app.i'::regclass), (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'app.r'::regclass)}), 'of a|of b|t|1', 'with what they had');
like(call($first, $after, ", schemas => '{app}', strategy => 'online'"), qr/nothing to change/, 'nothing more to do');
my $atomic = database();
unlike(call($atomic, $after, ", schemas => '{app}'"), qr/ERROR|WARNING/, 'in one transaction');
is(where_is($atomic), $all, 'too');
unlike(call($atomic, $before, ", schemas => '{app}', strategy => 'online'"), qr/ERROR|WARNING/, 'and back');
is(where_is($atomic), $all =~ s/fast/-/gr, 'they were moved');

# ------------------------------------------------------------------------------------------------------- interrupted
for my $case ([ 'a text about schemas', $before =~ s/(INDEX i ON app\.t \(a\))/$1 TABLESPACE fast/r, ", schemas => '{app}', strategy => 'online'" ], [ 'a statement', 'ALTER INDEX app.i SET TABLESPACE fast', ", strategy => 'online'" ])
{
	my ($what, $text, $how) = @$case;
	my $database = database();
	my $reader = $node->background_psql($database);
	$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM app.t');
	like(call($database, $text, "1000ms$how"), qr/canceling statement due to statement timeout/, "$what: does not come to an end");
	like(where_is($database), qr/_cc(new|old)\d*!/, 'something is left');
	$reader->query_safe('COMMIT');
	$reader->quit;
	unlike(call($database, $text, $how), qr/ERROR/, 'the same call goes on');
	is(where_is($database), $all =~ s/fast/-/gr =~ s/^i -/i fast/r, 'and nothing is left');
	is($node->safe_psql($database, 'SELECT count(*), min(status) FROM pgschema.history'), '1|applied', 'in one version');
}
my $theirs = database();
$node->safe_psql($theirs, q{CREATE INDEX i_ccnew ON app.t (b); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.i_ccnew'::regclass});
unlike(call($theirs, 'ALTER INDEX app.i SET TABLESPACE fast', ", strategy => 'online'"), qr/ERROR/, 'an index of somebody, not valid, with such a name');
like(where_is($theirs), qr/\bi_ccnew! -/, 'is not touched');
$node->stop;
done_testing();
