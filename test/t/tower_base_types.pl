# Types that are made of functions, which are made of the type: base types, their shells, and ranges with a canonical function.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('base_types');

my $functions = <<'END';
CREATE FUNCTION app.code_in(cstring) RETURNS app.code LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4in';
CREATE FUNCTION app.code_out(app.code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4out'
END
my $base = 'CREATE TYPE app.code (INPUT = app.code_in, OUTPUT = app.code_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4)';
my $code = "CREATE TYPE app.code;$functions;$base";
my $marked = "$code; COMMENT ON TYPE app.code IS 'a code'; ALTER TYPE app.code OWNER TO app_owner; GRANT USAGE ON TYPE app.code TO bi; REVOKE USAGE ON TYPE app.code FROM PUBLIC; COMMENT ON FUNCTION app.code_in(cstring) IS 'in'";
my $more = <<'END';
CREATE FUNCTION app.code_recv(internal) RETURNS app.code LANGUAGE internal STABLE STRICT AS 'int4recv';
CREATE FUNCTION app.code_send(app.code) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'int4send'
END
my $used = 'CREATE FUNCTION app.code_of(integer) RETURNS app.code LANGUAGE sql IMMUTABLE RETURN NULL::app.code; CREATE CAST (app.code AS integer) WITHOUT FUNCTION; CREATE VIEW app.v_code AS SELECT area_id, app.code_of(area_id)::integer AS code FROM app.areas; CREATE DOMAIN app.some_code AS app.code';

$tower->change('a shell', also => 'CREATE TYPE app.code', steps => [ 'CREATE TYPE app.code' ]);
$tower->change('the comment of a shell, and its functions', first => 'CREATE TYPE app.code', also => $functions);
$tower->change('a comment on a shell, and its owner', first => 'CREATE TYPE app.code', also => "COMMENT ON TYPE app.code IS 'not yet'; ALTER TYPE app.code OWNER TO report_owner");
$tower->refusal('the name of a shell', first => 'CREATE TYPE app.code', text => 'ALTER TYPE app.code RENAME TO codes', error => qr/type "app\.code" is only a shell/, cell => 'shell type rename');
$tower->change('a shell becomes a type', first => "CREATE TYPE app.code; $functions", also => $base);
$tower->change('a shell goes', first => 'CREATE TYPE app.code', also => 'DROP TYPE IF EXISTS app.code', changed => [ '- type app.code' ]);
$tower->change('a shell and its functions go', first => "CREATE TYPE app.code; $functions", also => 'DROP FUNCTION IF EXISTS app.code_in(cstring); DROP FUNCTION IF EXISTS app.code_out; DROP TYPE IF EXISTS app.code', text => 'DROP TYPE IF EXISTS app.code; DROP FUNCTION IF EXISTS app.code_in(cstring), app.code_out(app.code)');
$tower->change('a base type', also => $code);
$tower->change('with all that one says', also => $marked);
$tower->change('more functions', first => $marked, also => "$more; ALTER TYPE app.code SET (RECEIVE = app.code_recv, SEND = app.code_send)");
$tower->change('more functions, by a definition', first => $marked, instead => "$marked; $more; ALTER TYPE app.code SET (RECEIVE = app.code_recv, SEND = app.code_send)", text => "$more; " . ($base =~ s/\)$/, RECEIVE = app.code_recv, SEND = app.code_send)/r) . ';');
$tower->change('fewer functions', first => "$marked; $more; ALTER TYPE app.code SET (RECEIVE = app.code_recv, SEND = app.code_send)", also => 'ALTER TYPE app.code SET (RECEIVE = NONE, SEND = NONE)', steps => [ 'ALTER TYPE app.code SET (RECEIVE = NONE, SEND = NONE)' ]);
for my $option ([ 'CATEGORY', "CATEGORY = 'N'" ], [ 'PREFERRED', 'PREFERRED = true' ], [ 'DEFAULT', "DEFAULT = '7'" ], [ 'DELIMITER', "DELIMITER = ';'" ], [ 'COLLATABLE', 'COLLATABLE = true' ])
{
	my ($name, $text) = @$option;
	$tower->change("$name of a type that much is made of", first => "$marked; $used", instead => ($marked =~ s/ALIGNMENT = int4/ALIGNMENT = int4, $text/r) . "; $used", text => ($base =~ s/\)$/, $text)/r) . ';');
}
$tower->refusal('another definition of a type that a column has', first => "$marked; CREATE TABLE app.coded (c app.code)", text => ($base =~ s/\)$/, CATEGORY = 'N')/r) . ';', error => qr/cannot rebuild type app\.code because column app\.coded\.c uses it/);
$tower->change('an alterable one of a type that a column has', first => "$marked; $more; CREATE TABLE app.coded (c app.code, d app.code[])", also => 'ALTER TYPE app.code SET (SEND = app.code_send)');
$tower->change('an input function gets another volatility', first => "$marked; $used", also => 'ALTER FUNCTION app.code_in(cstring) STABLE');
$tower->change('an input function is replaced', first => "$marked; $used", also => "CREATE OR REPLACE FUNCTION app.code_in(cstring) RETURNS app.code LANGUAGE internal IMMUTABLE STRICT AS 'oidin'");
$tower->change('the comment, the owner and a grant', first => $marked, also => "COMMENT ON TYPE app.code IS NULL; ALTER TYPE app.code OWNER TO report_owner; REVOKE USAGE ON TYPE app.code FROM bi; GRANT USAGE ON TYPE app.code TO PUBLIC");
$tower->change('a base type is renamed', first => "$marked; $used", also => 'ALTER TYPE app.code RENAME TO number');
$tower->change('a base type goes', first => $marked, also => 'DROP TYPE app.code CASCADE', text => 'DROP TYPE IF EXISTS app.code CASCADE', steps => [ 'DROP TYPE app.code CASCADE' ]);
$tower->change('a base type goes, with what is made of it', first => "$marked; $used", also => 'DROP TYPE app.code CASCADE; DROP VIEW IF EXISTS app.v_code', text => 'DROP VIEW IF EXISTS app.v_code; DROP CAST IF EXISTS (app.code AS integer); DROP FUNCTION IF EXISTS app.code_of(integer); DROP DOMAIN IF EXISTS app.some_code; DROP TYPE IF EXISTS app.code CASCADE');
$tower->change('a base type goes, and a column that has it', first => "$marked; CREATE TABLE app.coded (n integer, c app.code)", also => 'DROP TYPE IF EXISTS app.code CASCADE', rows => 'app.coded');

my $varying = "CREATE TYPE app.words; CREATE FUNCTION app.words_in(cstring) RETURNS app.words LANGUAGE internal IMMUTABLE STRICT AS 'textin'; CREATE FUNCTION app.words_out(app.words) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; CREATE TYPE app.words (INPUT = app.words_in, OUTPUT = app.words_out, STORAGE = main, COLLATABLE = true, CATEGORY = 'S')";
$tower->change('one of varying length', also => $varying);
$tower->change('its storage', first => $varying, also => 'ALTER TYPE app.words SET (STORAGE = extended)');
$tower->change('its storage, by a definition, under a table', first => "$varying; CREATE TABLE app.said (w int)", instead => ($varying =~ s/STORAGE = main/STORAGE = external/r) . '; CREATE TABLE app.said (w int)', text => "CREATE TYPE app.words (INPUT = app.words_in, OUTPUT = app.words_out, STORAGE = external, COLLATABLE = true, CATEGORY = 'S');");
$tower->change('no storage out of line any more', first => $varying, instead => $varying =~ s/STORAGE = main, //r, text => "CREATE TYPE app.words (INPUT = app.words_in, OUTPUT = app.words_out, COLLATABLE = true, CATEGORY = 'S');");
$tower->change('one with typmod functions', first => $varying, also => "CREATE FUNCTION app.words_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin'; CREATE FUNCTION app.words_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout'; ALTER TYPE app.words SET (TYPMOD_IN = app.words_typmod_in, TYPMOD_OUT = app.words_typmod_out)");
$tower->change('one with elements', also => "CREATE TYPE app.pair2; CREATE FUNCTION app.pair2_in(cstring) RETURNS app.pair2 LANGUAGE internal IMMUTABLE STRICT AS 'point_in'; CREATE FUNCTION app.pair2_out(app.pair2) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out'; CREATE TYPE app.pair2 (INPUT = app.pair2_in, OUTPUT = app.pair2_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = float8)");
$tower->change('one like another', also => "CREATE TYPE app.like_text; CREATE FUNCTION app.lt_in(cstring) RETURNS app.like_text LANGUAGE internal IMMUTABLE STRICT AS 'textin'; CREATE FUNCTION app.lt_out(app.like_text) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; CREATE TYPE app.like_text (INPUT = app.lt_in, OUTPUT = app.lt_out, LIKE = text)");

my $range = "CREATE TYPE app.weeks; CREATE FUNCTION app.weeks_canonical(app.weeks) RETURNS app.weeks LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'; CREATE TYPE app.weeks AS RANGE (SUBTYPE = integer, CANONICAL = app.weeks_canonical, SUBTYPE_DIFF = int4range_subdiff, MULTIRANGE_TYPE_NAME = app.many_weeks)";
my $ranged = "$range; COMMENT ON TYPE app.weeks IS 'weeks'; ALTER TYPE app.weeks OWNER TO app_owner; ALTER TYPE app.many_weeks OWNER TO app_owner; CREATE FUNCTION app.first_week(app.weeks) RETURNS integer LANGUAGE sql IMMUTABLE RETURN lower(\$1); CREATE FUNCTION app.all_weeks() RETURNS app.many_weeks LANGUAGE sql IMMUTABLE RETURN NULL::app.many_weeks";
$ranged =~ s/ ALTER TYPE app\.many_weeks OWNER TO app_owner;// if $tower->{node}->pg_version >= 17;    # it goes along
$tower->change('a range with a canonical function', also => $range);
$tower->change('with all that one says about it', also => $ranged);
$tower->change('no difference any more', first => $ranged, instead => $ranged =~ s/SUBTYPE_DIFF = int4range_subdiff, //r, text => 'CREATE TYPE app.weeks AS RANGE (SUBTYPE = integer, CANONICAL = app.weeks_canonical, MULTIRANGE_TYPE_NAME = app.many_weeks);');
$tower->change('no canonical function any more', first => $range, instead => "CREATE TYPE app.weeks AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = int4range_subdiff, MULTIRANGE_TYPE_NAME = app.many_weeks)", text => 'CREATE TYPE app.weeks AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = int4range_subdiff, MULTIRANGE_TYPE_NAME = app.many_weeks); DROP FUNCTION IF EXISTS app.weeks_canonical(app.weeks);');
$tower->change('the canonical function is altered', first => $ranged, also => 'ALTER FUNCTION app.weeks_canonical(app.weeks) COST 7');
$tower->change('the owner of a range, and of its multirange', first => $ranged, also => 'ALTER TYPE app.weeks OWNER TO report_owner');
$tower->change('a range with a canonical function goes', first => $range, also => 'DROP TYPE app.weeks CASCADE', text => 'DROP TYPE IF EXISTS app.weeks CASCADE');
$tower->refusal('a range that a column has', first => "$range; CREATE TABLE app.ranged (w app.weeks)", text => 'CREATE TYPE app.weeks AS RANGE (SUBTYPE = integer, CANONICAL = app.weeks_canonical, MULTIRANGE_TYPE_NAME = app.many_weeks);', error => qr/column app\.ranged\.w/);

$tower->done;
