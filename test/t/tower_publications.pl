# Publications are made, changed, renamed and dropped: their tables, row filters, column lists, schemas and options.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('publications', everywhere => 1);

my $publication = "CREATE PUBLICATION news FOR TABLE app.areas (area_id, name) WHERE (area_id > 0), app.stations WITH (publish = 'insert, update'); COMMENT ON PUBLICATION news IS 'x'; ALTER PUBLICATION news OWNER TO CURRENT_USER";
my $defined = "CREATE PUBLICATION news FOR TABLE app.areas (area_id, name) WHERE (area_id > 0), app.stations WITH (publish = 'insert, update')";
$tower->change('a new publication', also => $publication);
$tower->change('a new publication of a new table', also => 'CREATE TABLE app.fresh (a integer PRIMARY KEY); CREATE PUBLICATION fresh_news FOR TABLE app.fresh', text => 'CREATE PUBLICATION fresh_news FOR TABLE app.fresh; CREATE TABLE app.fresh (a integer PRIMARY KEY);', rows => 'app.fresh');
$tower->change('a publication for all tables', also => 'CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root = true)');
$tower->change('a publication of schemas', also => 'CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA app, reporting, TABLE app.areas');
$tower->change('options', first => $publication, instead => $publication =~ s/'insert, update'/'delete', publish_via_partition_root = true/r, text => $defined =~ s/'insert, update'/'delete', publish_via_partition_root = true/r,
	steps => [ "ALTER PUBLICATION news SET (publish = 'delete', publish_via_partition_root = true)" ]);
$tower->change('options, by ALTER', first => $publication, also => "ALTER PUBLICATION news SET (publish = 'truncate')");
$tower->change('a table less and one more', first => $publication, instead => $publication =~ s/, app.stations/, app.hospitals/r, text => $defined =~ s/, app.stations/, app.hospitals/r,
	steps => [ 'ALTER PUBLICATION news DROP TABLE ONLY app.stations', 'ALTER PUBLICATION news ADD TABLE ONLY app.hospitals' ]);
$tower->change('another filter and column list', first => $publication, instead => $publication =~ s/area_id, name\) WHERE \(area_id > 0\)/area_id) WHERE (area_id < 0)/r, text => $defined =~ s/area_id, name\) WHERE \(area_id > 0\)/area_id) WHERE (area_id < 0)/r);
$tower->change('a table more, by ALTER', first => $publication, also => 'ALTER PUBLICATION news ADD TABLE app.hospitals', once => qr/already member/);
$tower->change('other tables, by ALTER', first => $publication, also => 'ALTER PUBLICATION news SET TABLE app.hospitals, TABLES IN SCHEMA reporting');
$tower->change('a schema less and one more', first => 'CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA app', also => 'DROP PUBLICATION of_schemas; CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA reporting', text => 'CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA reporting',
	steps => [ 'ALTER PUBLICATION of_schemas DROP TABLES IN SCHEMA app', 'ALTER PUBLICATION of_schemas ADD TABLES IN SCHEMA reporting' ]);
$tower->change('from some tables to all', first => $publication, also => "DROP PUBLICATION news; CREATE PUBLICATION news FOR ALL TABLES; COMMENT ON PUBLICATION news IS 'x'", text => 'CREATE PUBLICATION news FOR ALL TABLES');
$tower->change('the comment', first => $publication, also => "COMMENT ON PUBLICATION news IS 'y'");
my $filtered = 'CREATE TABLE app.fresh (a integer PRIMARY KEY, b text); CREATE PUBLICATION fresh_news FOR TABLE app.fresh (a) WHERE (a > 0)';
$tower->change('a published column changes its type', first => $filtered, instead => $filtered =~ s/a integer/a bigint/r, text => 'ALTER TABLE app.fresh ALTER COLUMN a TYPE bigint', rows => 'app.fresh');
$tower->change('a publication is renamed', first => $publication, also => 'ALTER PUBLICATION news RENAME TO olds');
$tower->change('a publication goes', first => $publication, also => 'DROP PUBLICATION IF EXISTS news');
$tower->change('a table of a publication goes', first => 'CREATE TABLE app.fresh (a integer PRIMARY KEY); CREATE PUBLICATION fresh_news FOR TABLE app.fresh, app.areas', also => 'DROP TABLE IF EXISTS app.fresh', rows => 'app.fresh');
$tower->done;
