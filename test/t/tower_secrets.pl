# User mappings: made, changed, dropped, rebuilt as dependents. What their options say is nobody's to read but the server's: it
# is in no plan, no message, no table of pgschema's and no log, and a dump without it changes nothing.
use strict;
use warnings;
use Tower;
use Test::More;
use PostgreSQL::Test::Utils;

my $tower = Tower->new('secrets', everywhere => 1, conf => "log_min_messages = debug2\nlog_min_error_statement = panic\nlog_statement = none\nlog_min_duration_statement = -1\n");
my $node = $tower->{node};

my $servers = 'CREATE FOREIGN DATA WRAPPER far; CREATE SERVER distant FOREIGN DATA WRAPPER far; CREATE SERVER other FOREIGN DATA WRAPPER far';
my $mapping = "CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'x', password 'y')";
my $all = "$servers; $mapping; CREATE USER MAPPING FOR PUBLIC SERVER distant";
$tower->change('new user mappings', first => $servers, also => "$mapping; CREATE USER MAPPING FOR PUBLIC SERVER distant; CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER distant OPTIONS (\"Pass, = 'word\" 'a''b\\c', password_required 'true')" =~ s/Pass, = /Pass, /r);
$tower->change('a user mapping before its server', first => 'CREATE FOREIGN DATA WRAPPER far', also => "CREATE SERVER distant FOREIGN DATA WRAPPER far; $mapping", text => "$mapping; CREATE SERVER distant FOREIGN DATA WRAPPER far;");
$tower->change('another password', first => $all, instead => $all =~ s/'y'/'z'/r, text => $mapping =~ s/'y'/'z'/r, steps => [ q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password '(masked by pgschema)')} ]);
$tower->change('options come and go', first => $all, instead => $all =~ s/user 'x', password 'y'/password 'y', host 'h'/r, text => $mapping =~ s/user 'x', password 'y'/password 'y', host 'h'/r);
$tower->change('options, by ALTER', first => $all, also => q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (DROP user, SET password 'q', ADD host 'h')}, once => qr/not found|already/);
$tower->change('options that are masked stay', first => $all, instead => $all =~ s/'x'/'w'/r, text => $mapping =~ s/'x'/'w'/r =~ s/'y'/'(masked by pgschema)'/r);
$tower->change('a user mapping goes', first => $all, also => 'DROP USER MAPPING IF EXISTS FOR bi SERVER distant');
$tower->change('a server is rebuilt beneath user mappings', first => $all, instead => $all =~ s/SERVER distant FOREIGN/SERVER distant TYPE 'b' FOREIGN/r, text => "CREATE SERVER distant TYPE 'b' FOREIGN DATA WRAPPER far");
$tower->change('a server and its user mapping are renamed', first => $all, also => 'ALTER SERVER distant RENAME TO near');
$tower->change('a server goes with its user mappings', first => $all, also => 'DROP USER MAPPING IF EXISTS FOR bi SERVER distant; DROP USER MAPPING IF EXISTS FOR PUBLIC SERVER distant; DROP SERVER IF EXISTS distant');
$tower->change('roles that do not exist', first => $all, set => 'SET pgschema.missing_roles = skip', text => "CREATE USER MAPPING FOR nobody_here SERVER distant OPTIONS (password '(masked by pgschema)'); CREATE USER MAPPING FOR app_owner SERVER distant", instead => "$all; CREATE USER MAPPING FOR app_owner SERVER distant");
$tower->refusal('a server goes without its user mappings', first => $all, text => 'DROP SERVER distant', error => qr/user mapping (?:bi|public) on server distant cannot be put back/);
$tower->refusal('a role that does not exist', first => $all, text => 'CREATE USER MAPPING FOR nobody_here SERVER distant', error => qr/role "nobody_here" does not exist/);
$tower->refusal('a masked option that there is not', first => $all, text => q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (token '(masked by pgschema)')}, error => qr/option token is masked/, hint => qr/Put the value there/);
$tower->refusal('a masked option of a mapping that there is not', first => $all, text => q{CREATE USER MAPPING FOR bi SERVER other OPTIONS (password '(masked by pgschema)')}, error => qr/option password is masked, and user mapping bi on server other has none/);

# --- who may see what ------------------------------------------------------------------------------------------
my $database = 'tower';
my @secrets = ('hunter2', 'swordfish', 'sw0rd; fish', 'oldpass', "o'neil\\back", 'n3west');
$tower->run($database, <<'END');
CREATE ROLE deployer; CREATE ROLE owner_of_server; CREATE ROLE stranger LOGIN;
GRANT owner_of_server TO deployer; GRANT CREATE ON DATABASE tower TO owner_of_server, deployer;
GRANT USAGE ON SCHEMA app TO stranger, owner_of_server, deployer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC; GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA public TO PUBLIC;
CREATE FOREIGN DATA WRAPPER far; GRANT USAGE ON FOREIGN DATA WRAPPER far TO owner_of_server;
CREATE EXTENSION file_fdw;
CREATE SERVER distant FOREIGN DATA WRAPPER far; ALTER SERVER distant OWNER TO owner_of_server;
CREATE SCHEMA vault; CREATE FOREIGN TABLE vault.remote (id int) SERVER distant; GRANT USAGE ON SCHEMA vault TO stranger, owner_of_server;
CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'oldpass');
END

# texts come from files: what a client sends is in the server's log by itself
my $number = 0;
my $said = '';
sub call
{
	my ($sql, $text, $as) = @_;
	my $file = $node->basedir . '/text' . ++$number;
	append_to_file($file, $text);
	$sql =~ s/TEXT/pg_read_file('$file')/;
	$sql = "GRANT pg_read_server_files TO $as; GRANT EXECUTE ON FUNCTION pg_read_file(text) TO $as; SET ROLE $as; $sql" if $as;
	my $failed = $node->psql($database, "SET client_min_messages = debug1;\n\\set VERBOSITY verbose\n$sql", stdout => \my $out, stderr => \my $error, on_error_stop => 1);
	$said .= "$out\n$error\n";
	return ($failed, $out, $error);
}
my $plan = 'SELECT pgschema_plan(TEXT)';
my $whole = "CREATE SCHEMA app; CREATE FOREIGN DATA WRAPPER far; CREATE SERVER distant FOREIGN DATA WRAPPER far; ";

my ($failed, $out, $error) = call($plan, q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'hunter2')});
like($out, qr/ALTER USER MAPPING FOR bi SERVER distant OPTIONS \(SET password '\(masked by pgschema\)'\)/, 'another password is a difference');
like($out, qr/^DO \$\$ BEGIN RAISE 'secrets are masked/m, 'and the script does not run as it is');
my ($fingerprint) = $out =~ /pgschema plan (\w+)/;
(undef, $out) = call($plan, q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'swordfish')});
is(($out =~ /pgschema plan (\w+)/)[0], $fingerprint, 'the fingerprint does not tell one password from another');
(undef, $out) = call($plan, q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'oldpass')});
like($out, qr/nothing to change/, 'the same password is none');
call("SELECT pgschema_plan(TEXT, format => 'sql')", q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user $q$bi$q$, password E'hunter2')});
call("SELECT pgschema_plan(TEXT, format => 'json')", q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user U&'bi', password U&'hunt!0065r2' UESCAPE '!')});
call('SELECT pgschema_steps(TEXT)', q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password 'hunter2')});
($failed, undef, $error) = call('CALL pgschema_apply(TEXT)', q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'swordfish')});
is($failed, 0, 'applied') or diag($error);
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'bi'"), '{password=swordfish,user=bi}', 'with the password');
($failed, undef, $error) = call('CALL pgschema_apply(TEXT)', q{CREATE USER MAPPING FOR app_owner SERVER distant OPTIONS (password 'sw0rd; fish', "o'x" E'o\'neil\\\\back')});
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'app_owner'"), q{{"o'x=o'neil\\\\back","password=sw0rd; fish"}}, 'a password that needs quotes') or diag($error);

# mistakes: the place is told, and not what is there
my %mistakes = ('a statement that fails' => q{CREATE USER MAPPING FOR bi SERVER missing OPTIONS (password 'hunter2')},
	'no quotes' => q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (password hunter2)},
	'an option twice' => q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (password 'hunter2', password 'swordfish')},
	'a syntax error behind it' => q{CREATE USER MAPPING FOR bi SERVER d OPTIONS (password 'hunter2') nonsense},
	'a text that does not end' => q{CREATE USER MAPPING FOR bi SERVER d OPTIONS (password 'hunter2'},
	'a string that does not end' => q{CREATE USER MAPPING FOR bi SERVER d OPTIONS (a 'b', password 'hunter2},
	'a directive that is none' => qq{-- pgschema: nonsense\nCREATE USER MAPPING FOR bi SERVER d OPTIONS (password 'hunter2')},
	'a name too long' => q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS ("a=b" 'hunter2')},
	'another statement' => q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (password 'hunter2'); CREATE VIEW app.v AS SELECT nothing});
for my $what (sort keys %mistakes)
{
	for my $sql ($plan, "SELECT pgschema_plan(TEXT, schemas => '{vault}')") { ($failed, $out, $error) = call($sql, $mistakes{$what}); isnt($failed, 0, "$what: an error") or diag($out); unlike($error, qr/XX000|hunter2/, "$what: told well"); }
}

# an extension that looks at options
call('CALL pgschema_apply(TEXT)', q{CREATE SERVER files FOREIGN DATA WRAPPER file_fdw});
($failed, undef, $error) = call($plan, q{CREATE USER MAPPING FOR bi SERVER files OPTIONS (hunter 'hunter2')});
like($error, qr/invalid option "hunter"/, 'what the wrapper says');

# whole schemas, dumps, what is settled
my $dump = $node->safe_psql($database, "SELECT pgschema_dump('{vault}')");
like($dump, qr/CREATE USER MAPPING FOR bi SERVER distant OPTIONS \(password '\(masked by pgschema\)', "user" '\(masked by pgschema\)'\);/, 'a dump has the mask');
$said .= $dump;
$said .= $node->safe_psql($database, "SELECT * FROM pgschema_dump_objects('{vault}')");
$said .= $node->safe_psql($database, "SELECT pgschema_definition('user mapping for bi on server distant'), * FROM pgschema_dependencies('user mapping bi on server distant')");
$said .= $node->safe_psql($database, "SELECT * FROM pgschema_dependents('server distant')");
$said .= $node->safe_psql($database, "SELECT * FROM pgschema_catalog('{vault}')");
($failed, $out, $error) = call("SELECT pgschema_plan(TEXT, schemas => '{vault}', format => 'sql')", $dump);
is($out, '-- nothing to change', 'planned with its own dump there is nothing to do') or diag($error);
(my $edited = $dump) =~ s/(FOR bi SERVER distant OPTIONS \(password )'\(masked by pgschema\)'/$1'n3west'/ or die;
($failed, $out, $error) = call("SELECT statement FROM pgschema_steps(TEXT, schemas => '{vault}')", $edited);
is($out, q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password '(masked by pgschema)')}, 'one value is put in') or diag($error);
$_->[0] = call("CALL pgschema_apply(TEXT, schemas => '{vault}')", $edited) for [];
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'bi'"), '{password=n3west,user=bi}', 'and applied');
for my $how ('settled', 'not settled')
{
	(undef, $out) = call("SELECT pgschema_plan(TEXT, schemas => '{vault}', format => 'sql')", $edited);
	is($out, '-- nothing to change', "$how: the same text");
	(undef, $out) = call("SELECT statement FROM pgschema_steps(TEXT, schemas => '{vault}')", $edited =~ s/n3west/hunter2/r);
	is($out, q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password '(masked by pgschema)')}, "$how: another password in the text");
	$node->safe_psql($database, "ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password 'oldpass')");
	(undef, $out) = call("SELECT statement FROM pgschema_steps(TEXT, schemas => '{vault}')", $edited);
	is($out, q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password '(masked by pgschema)')}, "$how: another password in the database");
	(undef, $out) = call("SELECT pgschema_plan(TEXT, schemas => '{vault}', format => 'sql')", $dump);
	is($out, '-- nothing to change', "$how: the mask does not mind");
	$node->safe_psql($database, "ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password 'n3west'); DELETE FROM pgschema.settled");
}
$said .= $node->safe_psql($database, "SELECT pgschema_dump('{vault}', version => (SELECT max(version) FROM pgschema.history))");
unlike($node->safe_psql($database, "SELECT pgschema_dump('{vault}', version => (SELECT max(version) FROM pgschema.history))"), qr/MAPPING/, 'what is kept of a schema has no user mappings');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$tower->run('restored', "CREATE EXTENSION pgschema; $dump");
is($node->safe_psql('restored', "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'bi'"), '{"password=(masked by pgschema)","user=(masked by pgschema)"}', 'a dump can be restored');
is($node->safe_psql('restored', 'SELECT pgschema_plan(' . Tower::quoted($dump) . ", schemas => '{vault}', format => 'sql')"), '-- nothing to change', 'and is what it says');

# the script of a plan, run as it is
(undef, $out) = call("SELECT pgschema_plan(TEXT, format => 'sql')", q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'hunter2')});
$node->psql($database, $out, stderr => \$error);
like($error, qr/secrets are masked in this script/, 'the script does not run');
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'bi'"), '{password=n3west,user=bi}', 'and changes nothing');

# roles: what pg_user_mappings does not show
my $guess = q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'n3west')};
for my $as ('stranger', 'owner_of_server')
{
	for my $text ($guess, $guess =~ s/n3west/hunter2/r, q{ALTER USER MAPPING FOR bi SERVER distant OPTIONS (SET password 'n3west')}, "CREATE SERVER distant TYPE 'x' FOREIGN DATA WRAPPER far")
	{
		($failed, $out, $error) = call($plan, $text, $as);
		like($error, qr/^.*ERROR:  42501: permission denied for user mapping (?:bi|app_owner) on server distant/m, "$as learns nothing from: " . ($text =~ s/'(n3west|hunter2)'/ $1 eq 'n3west' ? 'the right guess' : 'a wrong one'/er));
	}
	($failed, $out, $error) = call($plan, q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user '(masked by pgschema)')}, $as);
	like($error, qr/has none that could be kept|permission denied/, "$as: nor from the mask");
	$node->psql($database, "SET ROLE $as; SELECT pgschema_definition('user mapping bi on server distant')", stderr => \$error);
	like($error, qr/permission denied for user mapping/, "$as: nor from its definition");
	unlike($node->safe_psql($database, "SET ROLE $as; SELECT * FROM pgschema_catalog('{vault}'); SELECT desired, script FROM pgschema.history"), qr/MAPPING/i, "$as: nor from the history");
}
($failed, $out, $error) = call($plan, 'DROP USER MAPPING FOR bi SERVER distant', 'owner_of_server');
like($out, qr/DROP USER MAPPING FOR bi SERVER distant/, 'the owner of the server may drop it') or diag($error);
($failed, $out, $error) = call('CALL pgschema_apply(TEXT)', q{CREATE USER MAPPING FOR PUBLIC SERVER distant OPTIONS (password 'hunter2')}, 'owner_of_server');
is($failed, 0, 'and make one for all') or diag($error);
($failed, $out, $error) = call($plan, q{CREATE USER MAPPING FOR PUBLIC SERVER distant OPTIONS (password '(masked by pgschema)', host 'h')}, 'owner_of_server');
like($out, qr/OPTIONS \(ADD host '\(masked by pgschema\)'\)/, 'and change that') or diag($error);
($failed, $out, $error) = call('CALL pgschema_apply(TEXT)', q{CREATE USER MAPPING FOR USER SERVER distant OPTIONS (password 'hunter2')}, 'owner_of_server');
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'owner_of_server'"), '{password=hunter2}', 'and one for itself') or diag($error);

# an event trigger that looks at what runs, and plans by itself
$tower->run($database, <<'END');
CREATE TABLE app.seen (query text);
CREATE FUNCTION app.look() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.seen SELECT current_query() || object_identity || object_type FROM pg_event_trigger_ddl_commands(); PERFORM public.pgschema_plan('CREATE VIEW app.other AS SELECT 1 AS a'); END $$;
CREATE EVENT TRIGGER look ON ddl_command_end EXECUTE FUNCTION app.look();
END
($failed, undef, $error) = call('CALL pgschema_apply(TEXT)', q{CREATE USER MAPPING FOR bi SERVER distant OPTIONS (user 'bi', password 'hunter2'); CREATE USER MAPPING FOR app_owner SERVER distant OPTIONS (password 'swordfish')});
is($failed, 0, 'applied under an event trigger') or diag($error);
is($node->safe_psql($database, 'SELECT count(*) FROM app.seen'), 2, 'which has looked');
is($node->safe_psql($database, "SELECT array(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings WHERE usename = 'app_owner'"), '{password=swordfish}', 'with the secret');
$tower->run($database, 'DROP EVENT TRIGGER look');

# everywhere else
for my $secret (@secrets)
{
	ok(index($said, $secret) < 0, "no answer and no message says $secret") or diag($said =~ /(.*\Q$secret\E.*)/);
	my $tables = $node->safe_psql($database, <<'END');
SELECT format('SELECT %L FROM %s t WHERE t::text LIKE $1', oid::regclass, oid::regclass) FROM pg_class WHERE relkind IN ('r', 'm') AND relispopulated AND oid::regclass NOT IN ('pg_user_mapping', 'pg_statistic', 'pg_authid')
END
	my $found = $node->safe_psql($database, join(" UNION ALL\n", map { s/\$1/'%' || E'@{[ $secret =~ s{([\\'])}{\\$1}gr ]}' || '%'/r } split /\n/, $tables));
	is($found, '', "no table holds $secret");
	my $log = slurp_file($node->logfile);
	my @lines = grep { index($_, $secret) >= 0 && !/LOG:  statement|ALTER USER MAPPING FOR bi SERVER distant OPTIONS \(SET password '\w+'\)/ } split /\n/, $log;
	is(scalar(@lines), 0, "nor does the server's log") or diag($lines[0]);
}
$tower->{catalog} = [ $tower->catalog('tower') ];
$tower->done;
