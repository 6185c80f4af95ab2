# History, and what is settled, are written by pgschema alone: others are refused; and what a superuser has broken there crashes nothing
# and changes no plan.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('tampering');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pgschema; CREATE ROLE deployer LOGIN; CREATE SCHEMA app AUTHORIZATION deployer; CREATE SCHEMA m AUTHORIZATION deployer;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO deployer;
	CREATE FUNCTION m.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; GRANT EXECUTE ON FUNCTION m.f() TO deployer});

sub as
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', $role ], on_error_stop => 0);
	return "$out$err";
}
my $one = 'CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE VIEW app.v AS SELECT a FROM app.t;';
my $two = 'CREATE SCHEMA app; CREATE TABLE app.t (a int, b text); CREATE VIEW app.v AS SELECT a, b FROM app.t;';
sub apply { return "CALL pgschema_apply('$_[0]', '{app}', allow => '{all}');"; }
unlike(as('deployer', apply($one)), qr/ERROR/, 'a role applies what it owns');

for my $table (qw(applied text kept settled))
{
	my $name = "pgschema.$table";
	my $column = { applied => 'fingerprint', text => 'content', kept => 'problem', settled => 'desired' }->{$table};
	for my $try ("INSERT INTO $name OVERRIDING SYSTEM VALUE SELECT * FROM $name", "UPDATE $name SET $column = NULL", "DELETE FROM $name", "TRUNCATE $name", "TRUNCATE $name CASCADE",
		"CREATE TRIGGER x BEFORE INSERT ON $name FOR EACH ROW EXECUTE FUNCTION m.f()", "CREATE RULE x AS ON INSERT TO $name DO INSTEAD NOTHING", "ALTER TABLE $name DISABLE TRIGGER ALL",
		"ALTER TABLE $name ALTER $column SET DEFAULT NULL", "CREATE POLICY p ON $name", "BEGIN; LOCK $name IN ACCESS EXCLUSIVE MODE", "CREATE TABLE m.c () INHERITS ($name)", "GRANT ALL ON $name TO deployer")
	{
		like(as('deployer', $try), qr/permission denied|must be owner/, "$try: refused");
	}
}
like(as('deployer', 'INSERT INTO pgschema.history (version) VALUES (1)'), qr/permission denied|cannot insert into view/, 'nor through the view');
like(as('deployer', 'SELECT nextval($$pgschema.applied_version_seq$$)'), qr/permission denied/, 'nor its numbers');

# What is settled may be anything: the plan is what it is without it.
my $plan = sub { return as('deployer', "SELECT pgschema_plan('$two', '{app}', format => 'sql')"); };
my $good = $plan->();
like($good, qr/ADD COLUMN b text/, 'a plan');
for my $bad (q{content = ''}, q{content = '\x00'}, q{content = substr(content, 1, length(content) / 2)}, q{content = content || content}, q{content = decode(repeat('ff', 3000), 'hex')}, q{content = set_byte(content, length(content) / 3, 255)},
	q{desired = '\x00'}, q{comparable = '\x00'}, q{circumstances = '\x00'})
{
	$node->safe_psql('postgres', "CREATE TABLE IF NOT EXISTS m.kept AS SELECT * FROM pgschema.settled; DELETE FROM pgschema.settled; INSERT INTO pgschema.settled SELECT * FROM m.kept; UPDATE pgschema.settled SET $bad");
	is($plan->(), $good, "$bad: the same plan");
}
# Nor does a trigger of the owner's that swallows rows make an apply that says it is recorded and is not.
$node->safe_psql('postgres', 'CREATE TRIGGER x BEFORE INSERT ON pgschema.applied FOR EACH ROW EXECUTE FUNCTION m.f()');
my $said = as('deployer', apply($two));
like($said, qr/ERROR/, 'an apply that cannot be recorded fails') or diag($said);
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.t'::regclass AND attname = 'b'}), 0, 'and changes nothing');
$node->safe_psql('postgres', 'DROP TRIGGER x ON pgschema.applied');
unlike(as('deployer', apply($two)), qr/ERROR/, 'then it is applied');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|signal \d/, 'nothing crashes');
done_testing();
