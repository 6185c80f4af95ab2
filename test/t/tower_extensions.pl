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
$tower->done;
