# A plan that takes more locks than the server's lock table holds is refused before it begins, and says which setting lets it through;
# with that, it goes through.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('lock_table');
$node->init;
# 20 slots for each of the few processes that there can be.
$node->append_conf('postgresql.conf', "max_connections = 10\nmax_worker_processes = 2\nmax_wal_senders = 0\nwal_level = minimal\nautovacuum_max_workers = 1\nmax_prepared_transactions = 0\nmax_locks_per_transaction = 20\n" . ($node->pg_version >= 18 ? "autovacuum_worker_slots = 1\n" : ''));
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE SCHEMA app; CREATE TABLE app.t (a int)');
$node->safe_psql('postgres', join("\n", map { "CREATE VIEW app.v$_ AS SELECT a FROM app.t;" } 1 .. 60));

sub apply
{
	my ($text) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', "\\set VERBOSITY verbose\nCALL pgschema_apply('$text', allow => '{all}')", stdout => \$out, stderr => \$err);
	return $err;
}
sub seen { return $node->safe_psql('postgres', q{SELECT md5(string_agg(c::text, E'\n' ORDER BY c::text)) FROM pgschema_catalog('{app}') c; SELECT count(*) FROM pgschema.history}); }

my $before = seen();
like($node->safe_psql('postgres', q{SELECT pgschema_plan('ALTER TABLE app.t ALTER a TYPE bigint', format => 'summary')}), qr/^-- LOCKS  3\d\d of 200 slots/m, 'the plan says how many slots');
my $err = apply('ALTER TABLE app.t ALTER a TYPE bigint');
like($err, qr/ERROR:  53200: the plan takes more locks than the server's lock table holds\nDETAIL:  It takes about 3\d\d of \d+ slots; other sessions hold \d+\.\nHINT:  Set max_locks_per_transaction to at least \d+ and restart the server, or apply the change in parts\. Nothing has been changed\./,
	'too large, and how to go on');
is(seen(), $before, 'nothing has changed');
unlike(apply('CREATE VIEW app.other AS SELECT a FROM app.t'), qr/ERROR/, 'a smaller one is applied');

my ($enough) = $err =~ /at least (\d+)/;
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = ' . ($enough + 5));
$node->restart;
unlike(apply('ALTER TABLE app.t ALTER a TYPE bigint'), qr/ERROR/, 'with as many as it says, it is applied');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.v60'::regclass AND atttypid = 'bigint'::regtype}), 1, 'and done');

# Where planning itself does not fit.
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 10');
$node->restart;
$err = apply(join("\n", map { "CREATE TABLE app.n$_ (id int PRIMARY KEY, t text UNIQUE);" } 1 .. 400));
like($err, qr/ERROR:  53200: the plan takes more locks than the server's lock table holds\nDETAIL:  .*\nHINT:  Set max_locks_per_transaction to (at least|more than) \d+ and restart the server/, 'or while planning');

done_testing();
