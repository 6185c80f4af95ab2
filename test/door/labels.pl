# Security labels of everything that can have one: set, changed, taken away, and brought back with what is rebuilt. The labels are
# those of the provider in labels.cpp.
use strict;
use warnings;
use Tower;
use Test::More;

my $tower = Tower->new('labels', everywhere => 1, conf => "shared_preload_libraries = '$ENV{DOOR_MODULE}'\nwal_level = logical");

my @labelled = (
	'SCHEMA app', 'TABLE app.calls', 'COLUMN app.calls.prio', 'COLUMN app.v_calls.prio', 'VIEW app.v_calls', 'MATERIALIZED VIEW app.m_unit_load', 'COLUMN app.m_unit_load.unit_id',
	'SEQUENCE app.shifts_shift_id_seq', 'SEQUENCE app.own', 'TYPE app.call_status', 'TYPE app.position', 'COLUMN app.position.lat', 'DOMAIN app.phone', 'TYPE app.day_hours',
	'FUNCTION app.seconds(interval)', 'PROCEDURE app.proc()', 'AGGREGATE app.total(int)', 'LANGUAGE other', 'EVENT TRIGGER ddl', 'PUBLICATION feed', 'SUBSCRIPTION far', 'FOREIGN TABLE app.remote', 'COLUMN app.remote.a', 'TYPE app.code', 'TYPE app.shell');
my $made = <<'END';
CREATE SEQUENCE app.own;
CREATE PROCEDURE app.proc() LANGUAGE sql AS '';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
CREATE TRUSTED LANGUAGE other HANDLER plpgsql_call_handler;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER ddl ON ddl_command_end EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER ddl DISABLE;
CREATE PUBLICATION feed FOR TABLE app.areas;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER distant FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE app.remote (a integer) SERVER distant;
CREATE SUBSCRIPTION far CONNECTION 'dbname=x' PUBLICATION feed WITH (connect = false, slot_name = NONE);
CREATE TYPE app.shell;
CREATE TYPE app.code;
CREATE FUNCTION app.code_in(cstring) RETURNS app.code LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION app.code_out(app.code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE app.code (INPUT = app.code_in, OUTPUT = app.code_out, INTERNALLENGTH = 4, PASSEDBYVALUE);
END
$made =~ s/;\s*\z//;

my $all = join('; ', map { "SECURITY LABEL FOR every ON $_ IS 'it''s $_'" } @labelled);
for my $object (@labelled)
{
	$tower->change("a label on $object", first => $made, also => "SECURITY LABEL FOR every ON $object IS 'secret'");
	$tower->change("another label on $object", first => "$made; $all", also => "SECURITY LABEL FOR every ON $object IS 'other'");
	$tower->change("no label on $object", first => "$made; $all", also => "SECURITY LABEL FOR every ON $object IS NULL");
}
$tower->change('a label on all', first => $made, also => $all);
$tower->change('labels stay when what carries them is rebuilt', first => "$made; $all", edit => [ 'c.prio,' => 'c.prio::bigint AS prio,' ], text => 'CREATE VIEW app.v_calls');
$tower->change('labels stay when a foreign table is made again', first => "$made; $all", instead => "$made; $all" =~ s/remote \(a integer\) SERVER distant/remote (a integer) SERVER other/r =~ s/(CREATE SERVER distant)/CREATE SERVER other FOREIGN DATA WRAPPER wrapper; $1/r, text => 'CREATE SERVER other FOREIGN DATA WRAPPER wrapper; CREATE FOREIGN TABLE app.remote (a integer) SERVER other;');
$tower->change('labels stay under a definition', first => "$made; $all", edit => [ 'prio          integer NOT NULL DEFAULT 3' => 'prio          bigint NOT NULL DEFAULT 3' ], text => 'CREATE TABLE app.calls');
$tower->change('labels go with what carries them', first => "$made; $all", also => 'DROP SEQUENCE IF EXISTS app.own; DROP PROCEDURE IF EXISTS app.proc(); DROP AGGREGATE IF EXISTS app.total(int); DROP TYPE IF EXISTS app.shell; DROP TYPE IF EXISTS app.code CASCADE');
$tower->refusal('a provider that there is not', text => "SECURITY LABEL FOR nobody ON TABLE app.calls IS 'x'", error => qr/security label provider "nobody" is not loaded/);
$tower->refusal('what can have none', text => "SECURITY LABEL ON INDEX app.calls_by_time IS 'x'", error => qr/security labels are not supported for this type of object|syntax error/);
$tower->done;
