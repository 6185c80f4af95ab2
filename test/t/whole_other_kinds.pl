# Operators, casts, collations, conversions and text search in a desired state that is the whole truth about a schema, and
# in a dump of it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('kinds');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;

my $schema = <<'END';
CREATE SCHEMA app;
CREATE TYPE app.ranked AS (rank integer, label text);
CREATE FUNCTION app.r_lt(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank < (b).rank;
CREATE FUNCTION app.r_gt(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank > (b).rank;
CREATE FUNCTION app.r_eq(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank = (b).rank;
CREATE FUNCTION app.r_cmp(a app.ranked, b app.ranked) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (a).rank - (b).rank;
CREATE FUNCTION app.ri_eq(a app.ranked, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank = b;
CREATE OPERATOR app.<<< (FUNCTION = app.r_lt, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.>>>));
CREATE OPERATOR app.>>> (FUNCTION = app.r_gt, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.<<<));
CREATE OPERATOR app.=== (FUNCTION = app.r_eq, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.===));
CREATE OPERATOR app.=== (FUNCTION = app.ri_eq, LEFTARG = app.ranked, RIGHTARG = integer);
CREATE OPERATOR FAMILY app.by_rank USING btree;
CREATE OPERATOR CLASS app.ranked_ops DEFAULT FOR TYPE app.ranked USING btree FAMILY app.by_rank AS
  OPERATOR 1 app.<<<, OPERATOR 3 app.===, OPERATOR 5 app.>>>, FUNCTION 1 app.r_cmp(app.ranked, app.ranked);
ALTER OPERATOR FAMILY app.by_rank USING btree ADD OPERATOR 3 app.=== (app.ranked, integer);
COMMENT ON OPERATOR app.<<< (app.ranked, app.ranked) IS 'less';
CREATE COLLATION app.bytes (lc_collate = 'C', lc_ctype = 'C');
CREATE TABLE app.areas (area_id integer PRIMARY KEY, name text COLLATE app.bytes);
CREATE VIEW app.v_same AS SELECT ROW(area_id, name)::app.ranked OPERATOR(app.===) 1 AS same FROM app.areas;
CREATE INDEX areas_ranked ON app.areas ((ROW(area_id, name)::app.ranked) app.ranked_ops);
CREATE CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TEXT SEARCH TEMPLATE app.plain (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY app.lower (TEMPLATE = app.plain, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION app.search (PARSER = pg_catalog.default);
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR asciiword, word WITH app.lower, pg_catalog.simple;
END

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
sub plan { return $node->safe_psql($_[0], 'SELECT pgschema_plan(' . quoted($_[1]) . ", schemas => '{app}', format => 'sql')"); }
sub apply { return $node->safe_psql($_[0], 'CALL pgschema_apply(' . quoted($_[1]) . ", schemas => '{app}', allow => '{all}')"); }
sub catalog { return $node->safe_psql($_[0], "SELECT * FROM pgschema_catalog('{app}') ORDER BY object_type, identity, attribute, value"); }
sub database { $node->safe_psql('postgres', "CREATE DATABASE $_[0]"); $node->safe_psql($_[0], 'CREATE EXTENSION pgschema;' . ($_[1] // '')); }

database('loaded', $schema);
is(plan('loaded', $schema), '-- nothing to change', 'its own source');
my $dump = $node->safe_psql('loaded', "SELECT pgschema_dump('{app}')");
is(plan('loaded', $dump), '-- nothing to change', 'its own dump');
my ($pg_dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr('loaded') ]);
is(plan('loaded', $pg_dump), '-- nothing to change', 'what pg_dump says of it');

database('made');
apply('made', $dump);
is(catalog('made'), catalog('loaded'), 'made from its dump');
database('restored', $dump);
is(catalog('restored'), catalog('loaded'), 'restored from its dump');

my $other = $schema;
$other =~ s/CREATE CONVERSION[^;]*;\n//;
$other =~ s/stopwords = english/accept = false/;
$other =~ s/asciiword, word WITH app.lower, pg_catalog.simple/asciiword WITH app.lower/;
$other =~ s/ALTER OPERATOR FAMILY[^;]*;\n//;
$other =~ s/IS 'less'/IS 'before'/;
$other =~ s/area_id integer PRIMARY KEY/area_id bigint PRIMARY KEY/;
$other =~ s/ROW\(area_id, name\)/ROW(area_id::integer, name)/g;
$other .= "CREATE COLLATION app.others (lc_collate = 'POSIX', lc_ctype = 'POSIX'); CREATE OPERATOR app.^^ (FUNCTION = pg_catalog.int4abs, RIGHTARG = integer);\n";
database('other', $other);
apply('made', $other);
is(catalog('made'), catalog('other'), 'everything changes');
is(plan('made', $other), '-- nothing to change', 'a second plan is empty');
apply('made', $schema);
is(catalog('made'), catalog('loaded'), 'and back');

# What belongs to the database takes part where the text defines or drops it.
my $database = <<'END';
CREATE FUNCTION app.number_of(r app.ranked) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (r).rank;
CREATE CAST (app.ranked AS integer) WITH FUNCTION app.number_of(app.ranked) AS ASSIGNMENT;
CREATE PUBLICATION news FOR TABLE app.areas (area_id) WHERE (area_id > 0);
CREATE FUNCTION app.told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER tell ON sql_drop EXECUTE FUNCTION app.told();
END
sub changed { my ($from, $to) = @_; my $text = $schema . $database; $text =~ s/\Q$from\E/$to/ or die $from; return $text; }
sub steps { return $node->safe_psql('made', "SELECT split_part(statement, E'\\n', 1) FROM pgschema_steps(" . quoted($_[0]) . ", schemas => '{app}')"); }
apply('made', $schema . $database);
database('with_more', $schema . $database);
is(catalog('made'), catalog('with_more'), 'a cast, a publication and an event trigger are new');
is(plan('made', $schema . $database), '-- nothing to change', 'and nothing more is to be done');
is(plan('made', changed('CREATE EVENT TRIGGER tell ON sql_drop EXECUTE FUNCTION app.told();', '')), '-- nothing to change', 'what the text does not name stays');
is(steps(changed('CREATE EVENT', 'DROP EVENT TRIGGER IF EXISTS tell; CREATE EVENT') =~ s/CREATE EVENT[^;]*;//r), 'DROP EVENT TRIGGER tell', 'dropped by DROP');
is(steps(changed('AS ASSIGNMENT', 'AS IMPLICIT')), "DROP CAST (app.ranked AS integer)\nCREATE CAST (app.ranked AS integer) WITH FUNCTION app.number_of(app.ranked) AS IMPLICIT", 'another cast');
is(steps(changed(' FOR TABLE app.areas (area_id) WHERE (area_id > 0)', '')), 'ALTER PUBLICATION news DROP TABLE ONLY app.areas', 'a publication without its table');
my ($out, $error);
$node->psql('made', 'SELECT pgschema_plan(' . quoted("$schema COMMENT ON PUBLICATION news IS 'x'") . ", schemas => '{app}')", stdout => \$out, stderr => \$error);
like($error, qr/COMMENT of what belongs to no schema needs its definition in the same text/, 'never changed unseen');
$node->stop;
done_testing();
