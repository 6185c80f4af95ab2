# SET ROLE and SET SESSION AUTHORIZATION in a text: what is made under them belongs to that role, as in the server. And what a
# dump says around rows: DISABLE and ENABLE TRIGGER ALL.
use strict;
use warnings;
use Tower;
use Test::More;
use PostgreSQL::Test::Utils;

my $tower = Tower->new('roles', everywhere => 1);
my $node = $tower->{node};
$tower->run('postgres', q{CREATE ROLE member; CREATE ROLE "O'x \y"; GRANT bi TO member; CREATE ROLE lonely});
my $rights = q{GRANT CREATE, USAGE ON SCHEMA app TO bi, member, "O'x \y"};
my $may_plan = "$rights; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC";

my $made = 'CREATE TABLE app.mine (id integer PRIMARY KEY); CREATE VIEW app.v_mine AS SELECT id FROM app.mine; GRANT SELECT ON app.v_mine TO member';
my %as = ('SET ROLE' => "SET ROLE bi; $made; RESET ROLE", 'SET LOCAL ROLE' => "BEGIN; SET LOCAL ROLE 'bi'; $made; RESET ROLE; COMMIT", 'SET ROLE NONE' => "SET ROLE bi; $made; SET ROLE NONE",
	'SET SESSION AUTHORIZATION' => "SET SESSION AUTHORIZATION bi; $made; SET SESSION AUTHORIZATION DEFAULT", 'RESET SESSION AUTHORIZATION' => "SET SESSION AUTHORIZATION 'bi'; $made; RESET SESSION AUTHORIZATION",
	'set_config()' => "SELECT pg_catalog.set_config('role', 'bi', false); $made; RESET ROLE", 'one within the other' => "SET SESSION AUTHORIZATION member; SET ROLE bi; $made; RESET ROLE; CREATE TABLE app.other (a integer); RESET SESSION AUTHORIZATION");
$tower->change("made under $_", first => $rights, also => "$as{$_}; CREATE TABLE app.callers (a integer)", rows => 'app.(mine|callers|other)') for sort keys %as;
$tower->change('a role that needs quotes', first => $rights, also => q{SET ROLE "O'x \y"; CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql RETURN 1; RESET ROLE});
$tower->change('what is there gets the owner', first => "$rights; CREATE VIEW app.v_mine AS SELECT 1 AS id; COMMENT ON VIEW app.v_mine IS 'x'", instead => "$rights; SET ROLE bi; CREATE VIEW app.v_mine AS SELECT 1 AS id; RESET ROLE; COMMENT ON VIEW app.v_mine IS 'x'",
	text => 'SET ROLE bi; CREATE OR REPLACE VIEW app.v_mine AS SELECT 1 AS id;', steps => [ 'ALTER VIEW app.v_mine OWNER TO bi' ]);
$tower->change('an owner that is said counts more', first => $rights, also => 'SET ROLE bi; CREATE VIEW app.v_mine AS SELECT 1 AS id; RESET ROLE; ALTER VIEW app.v_mine OWNER TO member');
$tower->change('a grant is that of the role', first => "$rights; GRANT SELECT ON app.v_calls TO bi WITH GRANT OPTION", also => 'SET ROLE bi; GRANT SELECT ON app.v_calls TO member; RESET ROLE');
$tower->change('a role that does not exist, left out', first => $rights, set => 'SET pgschema.missing_roles = skip', text => 'SET ROLE nobody_here; CREATE TABLE app.mine (id integer); SET ROLE bi; CREATE TABLE app.other (id integer);',
	instead => "$rights; CREATE TABLE app.mine (id integer); SET ROLE bi; CREATE TABLE app.other (id integer); RESET ROLE", rows => 'app.(mine|other)');
$tower->refusal('a role that does not exist', text => 'SET ROLE nobody_here; CREATE TABLE app.mine (id integer)', error => qr/42704: role "?nobody_here"? does not exist/);
$tower->refusal('a role of which the caller is no member', first => $may_plan, as => 'member', text => 'SET ROLE lonely; CREATE TABLE app.mine (id integer)', error => qr/42501: must be able to SET ROLE lonely/);
$tower->refusal('nor by SET SESSION AUTHORIZATION', first => $may_plan, as => 'member', text => 'SET SESSION AUTHORIZATION postgres; CREATE TABLE app.mine (id integer)', error => qr/42501: must be able to SET ROLE postgres/);
$tower->refusal('the rights are those of the role', first => "$may_plan; GRANT lonely TO member", as => 'member', text => 'SET ROLE lonely; CREATE TABLE app.mine (id integer)', error => qr/permission denied for schema app/);
$tower->change('which is no matter to a superuser', also => 'CREATE TABLE app.mine (id integer); ALTER TABLE app.mine OWNER TO lonely', text => 'SET ROLE lonely; CREATE TABLE app.mine (id integer);', rows => 'app.mine');

# the role is what it was, whatever happens
for my $text ('SET ROLE bi; CREATE TABLE app.mine (id integer);', 'SET ROLE bi; CREATE TABLE app.mine (id nonsense);', 'SET ROLE lonely; CREATE TABLE app.mine (id integer);', 'SET ROLE bi; nonsense;')
{
	$node->psql('tower', "BEGIN; $may_plan; SET ROLE member; SAVEPOINT s; SELECT pgschema_plan(" . Tower::quoted($text) . ", format => 'summary'); " . ($text =~ /integer.*bi|bi.*integer/ ? '' : 'ROLLBACK TO s;') . " SELECT current_user; ROLLBACK", stdout => \my $out, on_error_stop => 0);
	like($out, qr/^member$/m, "still the caller after: $text");
}

# what pg_dump says with session authorizations
my @dump = ([ 'pg_dump', '-s', '--no-sync', '--use-set-session-authorization', '-n', 'app', '-n', 'reporting', '-d', $node->connstr('tower') ]);
my ($said) = run_command(@dump);
like($said, qr/^SET SESSION AUTHORIZATION '?report_owner/m, 'a dump with session authorizations');
is($node->safe_psql('tower', 'SELECT pgschema_plan(' . Tower::quoted($said) . ", schemas => '{app,reporting}', format => 'sql')"), '-- nothing to change', 'planned with that there is nothing to do');
my $taken = "$said\nSET SESSION AUTHORIZATION bi;\nCREATE VIEW app.v_more AS SELECT 1 AS a;\n";
like($node->safe_psql('tower', "SELECT statement FROM pgschema_steps(" . Tower::quoted($taken) . ", schemas => '{app,reporting}')"), qr/^CREATE VIEW .*^ALTER VIEW app.v_more OWNER TO bi$/ms, 'and what is more has the owner');

# triggers of constraints
my $child = 'CREATE TABLE app.child (id integer REFERENCES app.priorities); CREATE TRIGGER t AFTER INSERT ON app.child FOR EACH ROW EXECUTE FUNCTION app.f(); ALTER TABLE app.child DISABLE TRIGGER t';
my $function = 'CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$';
$tower->change('triggers around rows', first => "$function; $child", instead => "$function; $child; ALTER TABLE app.child ENABLE TRIGGER t", text => 'ALTER TABLE app.child DISABLE TRIGGER ALL; INSERT INTO app.child VALUES (1); ALTER TABLE app.child ENABLE TRIGGER ALL;', steps => [ 'ALTER TABLE app.child ENABLE TRIGGER t' ], rows => 'app.child');
$tower->refusal('triggers that stay disabled', first => "$function; $child", text => 'ALTER TABLE app.child DISABLE TRIGGER ALL', error => qr/DISABLE TRIGGER ALL is not supported/, hint => qr/DISABLE TRIGGER USER/);
$tower->refusal('triggers of constraints that are disabled', first => "$function; $child; ALTER TABLE app.child DISABLE TRIGGER ALL", text => 'ALTER TABLE app.child ENABLE TRIGGER ALL', error => qr/ENABLE TRIGGER ALL is not supported/);
$tower->done;
