# Casts, collations and conversions are made, changed, renamed and dropped, and rebuilt because a type or a function
# beneath them changes.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('conversions', init => [ '--encoding=UTF8', '--locale=C' ]);

my $functions = <<'END';
CREATE TYPE app.level AS (n integer);
CREATE FUNCTION app.level_of(n integer) RETURNS app.level LANGUAGE sql IMMUTABLE RETURN ROW(n)::app.level;
CREATE FUNCTION app.number_of(l app.level) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (l).n;
CREATE FUNCTION app.other_number_of(l app.level) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (l).n + 1
END
my $cast = 'CREATE CAST (app.level AS integer) WITH FUNCTION app.number_of(app.level) AS ASSIGNMENT';
my $casts = "$cast; CREATE CAST (integer AS app.level) WITH FUNCTION app.level_of(integer) AS IMPLICIT; CREATE CAST (app.level AS text) WITH INOUT; COMMENT ON CAST (app.level AS integer) IS 'as a number'";
my $used = "CREATE VIEW app.v_level AS SELECT (ROW(area_id)::app.level)::integer AS n, area_id::app.level AS l FROM app.areas; COMMENT ON VIEW app.v_level IS 'levels'";
my $all = "$functions;$casts;$used";

$tower->change('new casts', first => $functions, also => $casts);
$tower->change('a type, its functions, casts and a view, in another order', also => "$functions;$casts;$used", text => join('; ', reverse grep { /\S/ } split /;/, $all) . ';');
$tower->change('a cast between types of the system', first => 'CREATE FUNCTION app.b(x boolean) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN x::integer', also => 'CREATE CAST (boolean AS bigint) WITH FUNCTION app.b(boolean)');
$tower->change('the context of a cast', first => $all, instead => $all =~ s/AS ASSIGNMENT/AS IMPLICIT/r, text => ($cast =~ s/AS ASSIGNMENT/AS IMPLICIT/r) . ';',
	changed => [ '~ cast (app.level AS integer) pg_cast.castcontext: a -> i' ]);
$tower->change('the function of a cast that a view uses', first => $all, also => 'DROP CAST (app.level AS integer);' . ($cast =~ s/app.number_of/app.other_number_of/r) . "; COMMENT ON CAST (app.level AS integer) IS 'as a number'", text => ($cast =~ s/app.number_of/app.other_number_of/r) . ';');
$tower->change('the comment of a cast', first => $all, also => "COMMENT ON CAST (app.level AS integer) IS 'other'", changed => [ '~ cast (app.level AS integer) pg_description.description: as a number -> other' ]);
$tower->change('a cast goes', first => "$functions;$casts", also => 'DROP CAST IF EXISTS (app.level AS text)', changed => [ '- cast (app.level AS pg_catalog.text)' ]);
$tower->change('the type beneath casts', first => $all, instead => $all =~ s/level AS \(n integer\)/level AS (n integer, label text)/r =~ s/ROW\(n\)::app.level/ROW(n, '')::app.level/r =~ s/ROW\(area_id\)::/ROW(area_id, name)::/r,
	text => "CREATE TYPE app.level AS (n integer, label text); CREATE FUNCTION app.level_of(n integer) RETURNS app.level LANGUAGE sql IMMUTABLE RETURN ROW(n, '')::app.level; CREATE VIEW app.v_level AS SELECT (ROW(area_id, name)::app.level)::integer AS n, area_id::app.level AS l FROM app.areas;");
$tower->change('the function beneath a cast', first => $all, instead => $all =~ s/number_of\(l app.level\) RETURNS integer LANGUAGE sql IMMUTABLE RETURN \(l\)/number_of(x app.level) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (x)/r,
	text => 'CREATE FUNCTION app.number_of(x app.level) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (x).n');

my $collations = <<'END';
CREATE COLLATION app.numeric_order (provider = icu, locale = 'en-u-kn-true');
CREATE COLLATION app.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION app.bytes (lc_collate = 'C', lc_ctype = 'C');
COMMENT ON COLLATION app.no_case IS 'no case';
ALTER COLLATION app.bytes OWNER TO app_owner
END
my $collated = 'CREATE VIEW app.v_sorted AS SELECT name COLLATE app.numeric_order AS name FROM app.areas ORDER BY 1; CREATE INDEX areas_sorted ON app.areas (name COLLATE app.bytes)';
$tower->change('new collations, a view and an index', also => "$collations;$collated", text => "$collated;$collations;");
$tower->change('a collation as a copy', also => 'CREATE COLLATION app.mine FROM "C"');
$tower->change('the locale of a collation that a view uses', first => "$collations;$collated", instead => ($collations =~ s/en-u-kn-true/de-u-kn-true/r) . ";$collated",
	text => "CREATE COLLATION app.numeric_order (provider = icu, locale = 'de-u-kn-true')");
$tower->change('a collation that an index uses', first => "$collations;$collated", instead => ($collations =~ s/app.bytes \(lc_collate = 'C', lc_ctype = 'C'\)/app.bytes (provider = icu, locale = 'en')/r) . ";$collated",
	text => "CREATE COLLATION app.bytes (provider = icu, locale = 'en')");
$tower->refusal('a collation that a column has', first => "$collations; CREATE TABLE app.collated (a text COLLATE app.no_case)", text => "CREATE COLLATION app.no_case (provider = icu, locale = 'en')", error => qr/column app\.collated\.a/);
$tower->change('the comment and the owner of a collation', first => $collations, also => "COMMENT ON COLLATION app.no_case IS NULL; ALTER COLLATION app.no_case OWNER TO app_owner");
$tower->change('the version of a collation', first => "CREATE COLLATION app.v (provider = icu, locale = 'en', version = '1')", instead => "CREATE COLLATION app.v (provider = icu, locale = 'en')", text => 'ALTER COLLATION app.v REFRESH VERSION', steps => [ 'ALTER COLLATION app.v REFRESH VERSION' ]);
$tower->change('an old version stays', first => "CREATE COLLATION app.v (provider = icu, locale = 'en', version = '1'); CREATE VIEW app.v_v AS SELECT name COLLATE app.v AS name FROM app.areas", also => "COMMENT ON COLLATION app.v IS 'old'");
$tower->change('a collation is renamed', first => "$collations;$collated", also => 'ALTER COLLATION app.numeric_order RENAME TO by_number');
$tower->change('a collation is renamed, by a directive', first => "$collations;$collated", instead => "$collations;$collated;ALTER COLLATION app.numeric_order RENAME TO by_number",
	text => "CREATE COLLATION app.by_number (provider = icu, locale = 'en-u-kn-true'); -- pgschema: renamed from numeric_order\n");
$tower->change('a collation goes', first => $collations, also => 'DROP COLLATION IF EXISTS app.no_case', changed => [ '- collation app.no_case' ]);

my $conversion = "CREATE CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; COMMENT ON CONVERSION app.to_latin IS 'x'; ALTER CONVERSION app.to_latin OWNER TO app_owner";
$tower->change('a new conversion', also => $conversion);
$tower->change('a new default conversion', also => "CREATE DEFAULT CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1");
$tower->change('a conversion becomes a default', first => $conversion, instead => $conversion =~ s/CREATE/CREATE DEFAULT/r, text => "CREATE DEFAULT CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1");
$tower->change('a conversion is renamed', first => $conversion, also => 'ALTER CONVERSION app.to_latin RENAME TO into_latin');
$tower->change('a conversion goes', first => $conversion, also => 'DROP CONVERSION IF EXISTS app.to_latin', changed => [ '- conversion app.to_latin' ]);
$tower->done;
