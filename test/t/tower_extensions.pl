# CREATE EXTENSION of a missing one is a step of the plan; its members are never touched.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('extensions');

$tower->refusal('its script runs while planning only if that is allowed', text => 'CREATE EXTENSION citext', error => qr/does not run the script of extension citext/, hint => qr/pgschema\.run_code/);
$tower->change('one that is there', first => 'CREATE EXTENSION citext SCHEMA app', also => 'CREATE TABLE app.mail (a app.citext)', text => 'CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA app; CREATE TABLE app.mail (a app.citext)', rows => 'app.mail');
my $version = $tower->run('tower', "SELECT default_version FROM pg_available_extensions WHERE name = 'citext'");
my $run = 'SET pgschema.run_code = on';
$tower->change('a missing one', set => $run, also => 'CREATE EXTENSION citext SCHEMA app', steps => [ "CREATE EXTENSION citext SCHEMA app VERSION \"$version\"", "COMMENT ON EXTENSION citext IS 'data type for case-insensitive character strings'" ]);
$tower->change('a missing one, and what uses it', set => $run, also => 'CREATE EXTENSION citext SCHEMA app; CREATE TABLE app.mail (a app.citext PRIMARY KEY); CREATE VIEW app.v_mail AS SELECT a FROM app.mail WHERE a OPERATOR(app.=) \'x\'',
	text => 'CREATE VIEW app.v_mail AS SELECT a FROM app.mail WHERE a OPERATOR(app.=) \'x\'; CREATE TABLE app.mail (a app.citext PRIMARY KEY); CREATE EXTENSION citext SCHEMA app', rows => 'app.mail');
$tower->change('a column gets a type of a missing one', set => $run, first => 'CREATE TABLE app.mail (a text)', also => 'CREATE EXTENSION citext SCHEMA app; ALTER TABLE app.mail ALTER COLUMN a TYPE app.citext', rows => 'app.mail');
$tower->change('with what it requires', set => $run, also => 'CREATE EXTENSION earthdistance SCHEMA app CASCADE');

# One that is installed: a comment, another version, another schema.
my $installed = 'CREATE EXTENSION citext SCHEMA app; CREATE TABLE app.mail (a app.citext); CREATE VIEW app.v_mail AS SELECT lower(a) AS a FROM app.mail';
$tower->change('another comment', first => $installed, also => "COMMENT ON EXTENSION citext IS 'of ours'", steps => [ "COMMENT ON EXTENSION citext IS 'of ours'" ]);
$tower->change('no comment, beside other changes', first => $installed, also => 'COMMENT ON EXTENSION citext IS NULL; ALTER TABLE app.mail ADD COLUMN IF NOT EXISTS n integer', rows => 'app.mail');
$tower->change('a comment as it is', first => $installed, text => "COMMENT ON EXTENSION citext IS 'data type for case-insensitive character strings';", unchanged => 1, steps => [], changed => []);
$tower->change('another schema', first => $installed, also => 'ALTER EXTENSION citext SET SCHEMA reporting', steps => [ 'ALTER EXTENSION citext SET SCHEMA reporting' ]);
$tower->change('another schema, by CREATE EXTENSION', first => $installed, also => 'ALTER EXTENSION citext SET SCHEMA reporting', text => 'CREATE EXTENSION citext SCHEMA reporting');
$tower->change('IF NOT EXISTS says nothing of one that is there', first => $installed, text => "CREATE EXTENSION IF NOT EXISTS citext SCHEMA reporting VERSION '1.4'", unchanged => 1, steps => [], changed => []);
my $older = $installed =~ s/SCHEMA app;/SCHEMA app VERSION '1.5';/r;
$tower->refusal('another version, without run_code', first => $older, text => "ALTER EXTENSION citext UPDATE TO '1.6'", error => qr/42501: planning does not run the script of extension citext/, hint => qr/Or update the extension first/);
$tower->change('another version', set => $run, first => $older, also => "ALTER EXTENSION citext UPDATE TO '1.6'", steps => [ 'ALTER EXTENSION citext UPDATE TO "1.6"' ]);
$tower->change('the newest version', set => $run, first => $older, also => 'ALTER EXTENSION citext UPDATE', steps => [ "ALTER EXTENSION citext UPDATE TO \"$version\"" ]);
$tower->change('another version, by CREATE EXTENSION', set => $run, first => $older, also => "ALTER EXTENSION citext UPDATE TO '1.6'", text => "CREATE EXTENSION citext VERSION '1.6'");
$tower->change('an older one, which is made so', set => $run, also => "CREATE EXTENSION citext SCHEMA app VERSION '1.5'");
$tower->refusal('a version that there is not', set => $run, first => "$older; SET pgschema.run_code = on", text => "ALTER EXTENSION citext UPDATE TO '99'", error => qr/has no update path/);
$tower->change('one that nobody uses goes', first => 'CREATE EXTENSION citext SCHEMA app; CREATE EXTENSION hstore', also => 'DROP EXTENSION IF EXISTS citext, hstore, nothing', steps => [ 'DROP EXTENSION citext', 'DROP EXTENSION hstore' ]);
$tower->refusal('one that is used goes', first => $installed, text => "DROP EXTENSION citext $_", error => qr/DROP EXTENSION of citext is not supported while something uses it/, detail => qr/(?:app\.v_mail|app\.mail) does/) for '', 'CASCADE';
$tower->refusal('one that another requires goes', first => 'CREATE EXTENSION earthdistance CASCADE', text => 'DROP EXTENSION cube', error => qr/DROP EXTENSION of cube is not supported/, detail => qr/earthdistance does/);
$tower->refusal('one with relations goes', first => 'CREATE EXTENSION pg_stat_statements SCHEMA app', text => 'DROP EXTENSION pg_stat_statements', error => qr/DROP EXTENSION of pg_stat_statements is not supported/, detail => qr/locking app\.pg_stat_statements/);
$tower->refusal('another schema of one with relations', first => 'CREATE EXTENSION pg_stat_statements SCHEMA app', text => 'ALTER EXTENSION pg_stat_statements SET SCHEMA reporting', error => qr/SET SCHEMA of pg_stat_statements is not supported/, detail => qr/app\.pg_stat_statements/);
$tower->refusal('its members', first => $installed, text => 'ALTER EXTENSION citext DROP FUNCTION app.citext(inet)', error => qr/ALTER EXTENSION is not supported/);
$tower->done;
