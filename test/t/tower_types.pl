# Types of the tower are changed: enum, composite, domain and range types, under tables with rows and the views on them.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('types');

$tower->change('a value more, in the middle', edit => [ "'queued', 'dispatched'" => "'queued', 'confirmed', 'dispatched'" ], text => 'CREATE TYPE app.call_status',
	steps => [ "ALTER TYPE app.call_status ADD VALUE 'confirmed' AFTER 'queued'" ]);
$tower->change('values more, at both ends', edit => [ "('engine', " => "('any', 'engine', ", "'command')" => "'command', 'drone')" ], text => 'CREATE TYPE app.unit_kind',
	steps => [ "ALTER TYPE app.unit_kind ADD VALUE 'any' BEFORE 'engine'", "ALTER TYPE app.unit_kind ADD VALUE 'drone'" ]);
$tower->change('a value more, by ALTER', also => "ALTER TYPE app.call_status ADD VALUE IF NOT EXISTS 'lost'");
$tower->change('a value more that a view uses at once', edit => [ "'queued', 'dispatched'" => "'queued', 'confirmed', 'dispatched'", "WHERE status NOT IN ('closed', 'cancelled');" => "WHERE status NOT IN ('closed', 'cancelled', 'confirmed');" ],
	text => [ 'CREATE TYPE app.call_status', 'CREATE VIEW app.v_open_calls' ]);
$tower->change('a value less', edit => [ "'ambulance', 'rescue', 'command')" => "'ambulance', 'rescue')" ], text => 'CREATE TYPE app.unit_kind');
$tower->change('a value less, of the type with defaults, triggers, policies and publications', edit => [ "'on_scene', 'closed'" => "'closed'" ], text => 'CREATE TYPE app.call_status');
$tower->change('a value less, of a type inside of another', first => "CREATE TYPE app.size AS ENUM ('s', 'm', 'l'); CREATE TYPE app.coat AS (size app.size, long boolean)", instead => "SELECT", also => "CREATE TYPE app.size AS ENUM ('m', 'l'); CREATE TYPE app.coat AS (size app.size, long boolean)", text => "CREATE TYPE app.size AS ENUM ('m', 'l')");
$tower->change('the order of values', edit => [ "'engine', 'ladder'" => "'ladder', 'engine'" ], text => 'CREATE TYPE app.unit_kind', rows => 'app.m_unit_load|app.units');
$tower->change('the comment and the grants of a type', also => "COMMENT ON TYPE app.call_status IS 'other'; GRANT USAGE ON TYPE app.unit_kind TO bi; REVOKE USAGE ON TYPE app.unit_kind FROM PUBLIC");

$tower->change('an attribute more', edit => [ 'lon double precision);' => 'lon double precision, height integer);' ], text => 'CREATE TYPE app.position', rows => 'app.(areas|stations|hospitals)');
$tower->refusal('an attribute of another type, and columns have the type', edit => [ 'lon double precision);' => 'lon numeric);' ], text => 'CREATE TYPE app.position',
	cell => 'table rebuild', error => qr/cannot rebuild type app\."position" because column app\.areas\.centre uses it/, detail => qr/And 2 more/);
$tower->change('an attribute less', edit => [ ', lon double precision);' => ');' ], text => 'CREATE TYPE app.position', rows => 'app.(areas|stations|hospitals)');
my $place = "CREATE TYPE app.place AS (name text, x integer); CREATE FUNCTION app.place_of(n text) RETURNS app.place LANGUAGE sql IMMUTABLE RETURN ROW(n, 1)::app.place; CREATE VIEW app.v_place AS SELECT name, app.place_of(name) AS place FROM app.areas; COMMENT ON COLUMN app.place.x IS 'x'";
$tower->change('an attribute of another type, no table has it', first => $place, instead => $place =~ s/x integer/x bigint/r =~ s/\(n, 1\)/(n, 1)/r, text => 'CREATE TYPE app.place AS (name text, x bigint)');
$tower->change('an attribute more, no table has it', first => $place, instead => $place =~ s/x integer/x integer, y integer/r =~ s/\(n, 1\)/(n, 1, 2)/r,
	text => [ 'CREATE TYPE app.place AS (name text, x integer, y integer)', 'CREATE FUNCTION app.place_of(n text) RETURNS app.place LANGUAGE sql IMMUTABLE RETURN ROW(n, 1, 2)::app.place' ]);

$tower->change('another constraint of a domain', edit => [ '{6,16}$' => '{5,18}$' ], text => 'CREATE DOMAIN app.phone',
	changed => [ '~ domain constraint phone_form on app.phone pg_constraint.conbin: (VALUE ~ \'^\\\\+?[0-9 ]{6,16}$\'::text) -> (VALUE ~ \'^\\\\+?[0-9 ]{5,18}$\'::text)' ]);
$tower->change('a domain constraint more', edit => [ 'CREATE DOMAIN app.call_sign AS text CONSTRAINT' => "CREATE DOMAIN app.call_sign AS text CONSTRAINT not_empty CHECK (VALUE <> '') CONSTRAINT" ],
	text => "ALTER DOMAIN app.call_sign ADD CONSTRAINT not_empty CHECK (VALUE <> '')", once => qr/already exists/,
	changed => [ '+ domain constraint not_empty on app.call_sign' ]);
$tower->change('a domain constraint goes', also => 'ALTER DOMAIN app.phone DROP CONSTRAINT IF EXISTS phone_form', changed => [ '- domain constraint phone_form on app.phone' ]);
$tower->change('the default and NOT NULL of a domain', edit => [ 'CREATE DOMAIN app.call_sign AS text CONSTRAINT' => "CREATE DOMAIN app.call_sign AS text DEFAULT 'X-00-0' NOT NULL CONSTRAINT" ], text => 'CREATE DOMAIN app.call_sign');
$tower->change('the default of a domain, by ALTER', also => "ALTER DOMAIN app.phone SET DEFAULT '+000 000000'");
$tower->refusal('the type beneath a domain that columns have', text => 'CREATE DOMAIN app.phone AS varchar(20)', error => qr/column app\.(calls\.caller|crew\.phone)/);
my $free = "CREATE DOMAIN app.code AS text; CREATE VIEW app.v_code AS SELECT name::app.code AS code FROM app.areas; CREATE FUNCTION app.coded(c app.code) RETURNS text LANGUAGE sql IMMUTABLE RETURN c";
$tower->change('the type beneath a domain that no table has', first => $free, instead => $free =~ s/AS text/AS varchar(20)/r, text => 'CREATE DOMAIN app.code AS varchar(20)');

$tower->refusal('a range type that columns have', edit => [ 'subtype_diff = app.time_minus,' => '' ], text => 'CREATE TYPE app.day_hours', error => qr/column app\.shifts\.hours/);
my $range = 'CREATE FUNCTION app.less(a date, b date) RETURNS double precision LANGUAGE sql IMMUTABLE RETURN a - b; CREATE TYPE app.days AS RANGE (subtype = date); CREATE VIEW app.v_days AS SELECT app.days(day, day) AS days FROM app.shifts; GRANT USAGE ON TYPE app.days TO bi';
$tower->change('a range type that no table has', first => $range, instead => $range =~ s/subtype = date/subtype = date, subtype_diff = app.less/r, text => 'CREATE TYPE app.days AS RANGE (subtype = date, subtype_diff = app.less)');
$tower->change('new types, and a table with them', also => "CREATE TYPE app.mood AS ENUM ('good', 'bad'); CREATE DOMAIN app.moody AS app.mood DEFAULT 'bad'; CREATE TYPE app.moods AS (a app.mood, b app.moody); CREATE TABLE app.feelings (id integer PRIMARY KEY, m app.moods, n app.mood DEFAULT 'good')",
	text => "CREATE TABLE app.feelings (id integer PRIMARY KEY, m app.moods, n app.mood DEFAULT 'good'); CREATE TYPE app.moods AS (a app.mood, b app.moody); CREATE DOMAIN app.moody AS app.mood DEFAULT 'bad'; CREATE TYPE app.mood AS ENUM ('good', 'bad');", rows => 'app.feelings');
$tower->change('a type goes', first => 'CREATE TYPE app.unused AS (a integer)', also => 'DROP TYPE IF EXISTS app.unused');
$tower->refusal('a type goes that columns have', text => 'DROP TYPE app.unit_kind', error => qr/app\.unit_kind/);
$tower->done;
