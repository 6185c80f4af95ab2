# Tables that are made to understand a text have no storage: next to no files are made, whatever the text says of storage is
# understood all the same, and nobody else can have such a table.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('storageless');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE EXTENSION pg_walinspect');

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub plan { my ($text) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', "SELECT pgschema_plan(${\ quoted($text)}, '{s}', format => 'sql')", stdout => \$out, stderr => \$err); return $err || $out; }
sub apply { my ($text) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', "SET client_min_messages = warning; CALL pgschema_apply(${\ quoted($text)}, '{s}', allow => '{all}')", stdout => \$out, stderr => \$err); return $err; }
sub forget { $node->safe_psql('postgres', 'DELETE FROM pgschema.settled'); }
sub settles
{
	my ($name, $text) = @_;
	is(apply($text), '', "$name: applied");
	forget();
	is(plan($text), '-- nothing to change', "$name: then there is nothing to change");
	forget();
	is(plan($node->safe_psql('postgres', "SELECT pgschema_dump('{s}')")), '-- nothing to change', "$name: nor by the dump");
}

# ------------------------------------------------------------------------------------------------ no files
my $tables = 200;
my $many = "CREATE SCHEMA s;\n" . join '', map { "CREATE TABLE s.t$_ (a int, b text);\nCREATE INDEX ON s.t$_ (a);\nCREATE INDEX ON s.t$_ (b) WHERE a > 0;\n" } 1 .. $tables;
is(apply($many), '', "$tables tables with indexes");
forget();
sub files_made
{
	my ($text) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	is(plan($text), '-- nothing to change', 'planned again, all of it');
	$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_get_wal_records_info('$before', pg_current_wal_flush_lsn()) WHERE resource_manager = 'Storage' AND record_type = 'CREATE'");
}
is(files_made($many), 0, 'no file was made');
# Keys that are added by statements of their own, as in dumps. (From 18 on they have files.)
SKIP: {
	skip 'keys have files', 3 if $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000;
	my $keyed = "CREATE SCHEMA s;\n" . join '', map { "CREATE TABLE s.t$_ (a int NOT NULL, b text);\nALTER TABLE s.t$_ ADD PRIMARY KEY (a);\nALTER TABLE s.t$_ ADD UNIQUE NULLS NOT DISTINCT (b) INCLUDE (a) DEFERRABLE;\n" } 1 .. 20;
	is(apply($keyed), '', '20 tables with keys');
	forget();
	is(files_made($keyed), 0, 'no file was made of the keys');
}
is(apply($many), '', "$tables tables again");
forget();
# Some 600 statements: their locks are given up, which must not be told to anybody.
unlike(slurp_file($node->logfile), qr/own a lock/, 'nothing in the log');

# ------------------------------------------------------------------------- what speaks of storage is understood
settles('toast', "CREATE SCHEMA s; CREATE TABLE s.a (x text) WITH (fillfactor = 70, toast.autovacuum_enabled = off); CREATE TABLE s.b (x text); ALTER TABLE s.b SET (toast.vacuum_truncate = off); CREATE MATERIALIZED VIEW s.m WITH (toast.autovacuum_enabled = off) AS SELECT x FROM s.a");
like(plan("CREATE SCHEMA s; CREATE TABLE s.a (x text) WITH (fillfactor = 70); CREATE TABLE s.b (x text); ALTER TABLE s.b SET (toast.vacuum_truncate = off); CREATE MATERIALIZED VIEW s.m WITH (toast.autovacuum_enabled = off) AS SELECT x FROM s.a"),
	qr/RESET \(toast\.autovacuum_enabled\)/, 'and toast options are missed');
settles('kinds of tables', <<'END');
CREATE SCHEMA s;
CREATE TYPE s.pair AS (a int, b text);
CREATE TABLE s.typed OF s.pair (PRIMARY KEY (a));
CREATE UNLOGGED TABLE s.fast (a int PRIMARY KEY, b text UNIQUE, EXCLUDE (a WITH =));
CREATE TABLE s.parent (a int NOT NULL, b text) USING heap;
CREATE TABLE s.child (c int) INHERITS (s.parent);
CREATE TABLE s.like_it (LIKE s.parent INCLUDING ALL);
CREATE UNIQUE INDEX parent_a ON s.parent (a);
ALTER TABLE s.parent REPLICA IDENTITY USING INDEX parent_a;
CREATE INDEX parent_x ON s.parent (lower(b));
ALTER INDEX s.parent_x ALTER COLUMN 1 SET STATISTICS 500;
ALTER TABLE s.parent CLUSTER ON parent_x;
CREATE MATERIALIZED VIEW s.m AS SELECT a, count(*) AS n FROM s.parent GROUP BY a;
CREATE UNIQUE INDEX m_a ON s.m (a);
CREATE TABLE s.keyed (a int, b int);
CREATE UNIQUE INDEX keyed_ab ON s.keyed (a, b);
ALTER TABLE s.keyed ALTER a SET NOT NULL, ALTER b SET NOT NULL;
ALTER TABLE s.keyed ADD CONSTRAINT keyed_ab PRIMARY KEY USING INDEX keyed_ab;
CREATE TABLE s.turned (a int);
ALTER TABLE s.turned SET UNLOGGED;
ALTER TABLE s.turned ALTER a TYPE bigint USING a + 1;
CREATE INDEX gone ON s.turned (a);
DROP INDEX s.gone;
CREATE TABLE s.gone (a int, b text);
CREATE INDEX ON s.gone (a);
DROP TABLE s.gone;
END
# The server plans a query over the tables, and asks how large their indexes are.
my $keys = <<'END';
CREATE SCHEMA s;
CREATE TABLE s.country (a int PRIMARY KEY);
CREATE INDEX ON s.country (a);
CREATE TABLE s.town (a int, c int REFERENCES s.country) PARTITION BY LIST (a);
CREATE TABLE s.town_1 (a int, c int);
CREATE INDEX ON s.town_1 (c);
ALTER TABLE s.town ATTACH PARTITION s.town_1 FOR VALUES IN (1);
CREATE TABLE s.street (c int);
CREATE INDEX ON s.street (c);
ALTER TABLE s.street ADD CONSTRAINT street_c FOREIGN KEY (c) REFERENCES s.country NOT VALID;
ALTER TABLE s.street VALIDATE CONSTRAINT street_c;
ALTER TABLE s.street ADD CONSTRAINT positive CHECK (c > 0) NOT VALID;
ALTER TABLE s.street VALIDATE CONSTRAINT positive;
END
settles('what looks at the files of indexes', $keys);
forget();
cmp_ok(files_made($keys), '>', 4, 'for it, files are made');
settles('an index somewhere else', "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE INDEX i ON s.t (a); ALTER INDEX s.i SET TABLESPACE pg_default; ALTER TABLE s.t SET TABLESPACE pg_default");
like(plan("$keys CREATE INDEX wrong ON s.nothing (a);"), qr/relation "s\.nothing" does not exist.*line 14/s, 'a mistake is told as ever');
like(plan("$keys CREATE INDEX wrong ON s.country (b);"), qr/column "b" does not exist.*line 14/s, 'and one in an index');

# --------------------------------------------------------------------------------------------- nobody else's
my (undef, undef, $err) = $node->psql('postgres', 'CREATE TABLE public.t (a int) USING pgschema_shadow');
like($err, qr/the access method "pgschema_shadow" is for planning/, 'nobody else can have such a table');
(undef, undef, $err) = $node->psql('postgres', 'SET default_table_access_method = pgschema_shadow; CREATE TABLE public.t (a int)');
like($err, qr/the access method "pgschema_shadow" is for planning/, 'not by a setting either');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE amname = 'pgschema_shadow'"), 0, 'and none is left');

done_testing();
