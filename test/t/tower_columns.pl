# What hangs on a column: the sequence of an identity column with its grants, comments and owner; storage and compression.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('columns');

# Sequences of identity columns are parts of their columns. app.shifts.shift_id and app.call_log.log_id have one.
my $shifts = 'CREATE TABLE app.shifts';
my $marked = "GRANT USAGE, SELECT ON SEQUENCE app.shifts_shift_id_seq TO bi; GRANT UPDATE ON SEQUENCE app.shifts_shift_id_seq TO report_owner WITH GRANT OPTION; COMMENT ON SEQUENCE app.shifts_shift_id_seq IS 'the next shift'";
my $passed_on = "$marked; SET ROLE report_owner; GRANT UPDATE ON SEQUENCE app.shifts_shift_id_seq TO bi; RESET ROLE";

$tower->change('grants and a comment on the sequence of an identity column', also => $marked, steps => [
		'GRANT SELECT, USAGE ON SEQUENCE app.shifts_shift_id_seq TO bi',
		'GRANT UPDATE ON SEQUENCE app.shifts_shift_id_seq TO report_owner WITH GRANT OPTION', "COMMENT ON SEQUENCE app.shifts_shift_id_seq IS 'the next shift'" ]);
$tower->change('other grants, another comment', first => $marked, also => "REVOKE USAGE ON SEQUENCE app.shifts_shift_id_seq FROM bi; REVOKE GRANT OPTION FOR UPDATE ON SEQUENCE app.shifts_shift_id_seq FROM report_owner; GRANT SELECT ON SEQUENCE app.shifts_shift_id_seq TO PUBLIC; COMMENT ON SEQUENCE app.shifts_shift_id_seq IS 'x'");
$tower->change('no grants, no comment', first => $marked, also => 'REVOKE ALL ON SEQUENCE app.shifts_shift_id_seq FROM bi, report_owner; COMMENT ON SEQUENCE app.shifts_shift_id_seq IS NULL');
$tower->change('what the owner has is taken away', also => 'REVOKE UPDATE ON SEQUENCE app.shifts_shift_id_seq FROM app_owner');
$tower->change('a grant that is passed on stays while the table changes', first => $passed_on, edit => [ "    day         date NOT NULL,\n" => "    day         date,\n" ], text => $shifts);
$tower->change('the type of the column', first => $marked, edit => [ 'shift_id    integer GENERATED' => 'shift_id    bigint GENERATED' ], text => $shifts);
$tower->change('a comment on one, and nothing else', first => $marked, also => "COMMENT ON SEQUENCE app.call_log_log_id_seq IS 'log'", changed => [ '~ sequence app.call_log_log_id_seq pg_description.description:  -> log' ]);
$tower->change('the table gets another owner, and the sequence with it', first => $passed_on, also => 'ALTER TABLE app.shifts OWNER TO report_owner');
$tower->change('the sequence gets another name', first => $marked, also => 'ALTER SEQUENCE app.shifts_shift_id_seq RENAME TO next_shift');
$tower->change('the sequence gets another name, grants and a comment', first => $marked, also => "ALTER SEQUENCE app.shifts_shift_id_seq RENAME TO next_shift; GRANT SELECT ON SEQUENCE app.next_shift TO PUBLIC; REVOKE ALL ON SEQUENCE app.next_shift FROM bi; COMMENT ON SEQUENCE app.next_shift IS 'x'");
$tower->change('a definition that names the sequence otherwise', first => $marked, instead => $marked =~ s/shifts_shift_id_seq/next_shift/gr,
	edit => [ 'shift_id    integer GENERATED ALWAYS AS IDENTITY' => 'shift_id    integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME app.next_shift)' ], text => $shifts);
$tower->change('a definition that does not name the sequence, which has another name', first => 'ALTER SEQUENCE app.shifts_shift_id_seq RENAME TO next_shift;' . ($marked =~ s/shifts_shift_id_seq/next_shift/gr),
	edit => [ "    day         date NOT NULL,\n" => "    day         date,\n" ], text => $shifts);
$tower->change('the column is renamed', first => $marked, also => 'ALTER TABLE app.shifts RENAME shift_id TO shift_no');
$tower->change('the table is renamed', first => $marked, also => 'ALTER TABLE app.shifts RENAME TO duties' , rows => 'app\.(shifts|duties)');
$tower->change('identity and no more', first => $marked, instead => 'SELECT', edit => [ 'shift_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY' => 'shift_id    integer PRIMARY KEY' ], text => $shifts);
$tower->change('an identity column more, with grants and a comment', edit => [ 'crew_id     integer PRIMARY KEY,' => 'crew_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,' ],
	also => "GRANT USAGE ON SEQUENCE app.crew_crew_id_seq TO bi; COMMENT ON SEQUENCE app.crew_crew_id_seq IS 'x'", text => [ 'CREATE TABLE app.crew', "GRANT USAGE ON SEQUENCE app.crew_crew_id_seq TO bi; COMMENT ON SEQUENCE app.crew_crew_id_seq IS 'x';" ]);
$tower->change('a table more, with an identity column, grants and a comment', also => "CREATE TABLE app.extra (id integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME app.extra_seq)); GRANT USAGE ON SEQUENCE app.extra_seq TO bi; COMMENT ON SEQUENCE app.extra_seq IS 'x'", rows => 'app.extra');
$tower->change('the table goes', first => "$marked; DROP TABLE app.call_log CASCADE; CREATE TABLE app.extra (id integer GENERATED ALWAYS AS IDENTITY); GRANT USAGE ON SEQUENCE app.extra_id_seq TO bi; COMMENT ON SEQUENCE app.extra_id_seq IS 'x'", also => 'DROP TABLE IF EXISTS app.extra', rows => 'app.extra');
$tower->change('default privileges, and a table that changes', first => "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO bi", edit => [ "    day         date NOT NULL,\n" => "    day         date,\n" ], text => $shifts);
$tower->change('default privileges, and a new identity column', first => "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO bi", also => 'ALTER TABLE app.crew ADD COLUMN n integer GENERATED ALWAYS AS IDENTITY', once => qr/already exists/, rows => 'app.crew');
$tower->refusal('another owner than the table', text => 'ALTER SEQUENCE app.shifts_shift_id_seq OWNER TO bi', error => qr/cannot change owner of (identity )?sequence/);

# Storage and compression: CREATE TABLE is the truth, and says those of the type where it says nothing.
my $stored = 'ALTER TABLE app.crew ALTER COLUMN name SET STORAGE EXTERNAL, ALTER COLUMN phone SET STORAGE MAIN, ALTER COLUMN name SET COMPRESSION pglz';
my $crew = 'CREATE TABLE app.crew';
$tower->change('storage and compression, by ALTER', also => $stored);
$tower->change('a definition that says nothing of them', first => $stored, instead => 'SELECT', text => $crew, unchanged => 1, steps => [
		'ALTER TABLE app.crew ALTER COLUMN name SET STORAGE EXTENDED', 'ALTER TABLE app.crew ALTER COLUMN name SET COMPRESSION DEFAULT', 'ALTER TABLE app.crew ALTER COLUMN phone SET STORAGE EXTENDED' ]);
$tower->change('a definition, and ALTER beside it', first => $stored, instead => 'ALTER TABLE app.crew ALTER COLUMN name SET STORAGE MAIN', text => [ $crew, 'ALTER TABLE app.crew ALTER COLUMN name SET STORAGE MAIN;' ]);
$tower->change('compression in a definition', first => $stored, instead => 'SELECT', edit => [ "crew_id     integer PRIMARY KEY,\n    name        text NOT NULL," => "crew_id     integer PRIMARY KEY,\n    name        text COMPRESSION pglz NOT NULL," ], text => $crew);
$tower->change('what a definition cannot say stays', first => "$stored; ALTER TABLE app.crew ALTER COLUMN name SET STATISTICS 5, ALTER COLUMN name SET (n_distinct = 7)", instead => 'ALTER TABLE app.crew ALTER COLUMN name SET STATISTICS 5, ALTER COLUMN name SET (n_distinct = 7)', text => $crew);
$tower->change('a table of which the text only says another column', first => $stored, also => 'ALTER TABLE app.crew ALTER COLUMN phone DROP NOT NULL, ADD COLUMN more text', once => qr/already exists/, rows => 'app.crew');
my $parts = 'CREATE TABLE app.events (at date NOT NULL, what text, note text) PARTITION BY RANGE (at); CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM (MINVALUE) TO (MAXVALUE)';
my $external = 'ALTER TABLE app.events ALTER COLUMN what SET STORAGE EXTERNAL';
$tower->change('the storage of partitions follows their parent', first => "$parts; $external", instead => $parts, text => 'CREATE TABLE app.events (at date NOT NULL, what text, note text) PARTITION BY RANGE (at);');
$tower->change('that of a partition that has its own does not', first => "$parts; ALTER TABLE app.events_1 ALTER COLUMN what SET STORAGE MAIN; ALTER TABLE ONLY app.events ALTER COLUMN what SET STORAGE EXTERNAL", instead => "$parts; ALTER TABLE app.events_1 ALTER COLUMN what SET STORAGE MAIN", text => 'CREATE TABLE app.events (at date NOT NULL, what text, note text) PARTITION BY RANGE (at);');
my $children = 'CREATE TABLE app.parent (a text, b text); CREATE TABLE app.child (c text) INHERITS (app.parent)';
$tower->change('children have a storage of their own', first => "$children; ALTER TABLE app.parent ALTER COLUMN a SET STORAGE EXTERNAL", instead => "$children; ALTER TABLE app.child ALTER COLUMN a SET STORAGE EXTERNAL", text => 'CREATE TABLE app.parent (a text, b text);');
if ($tower->{node}->pg_version >= 16)
{
	$tower->change('storage in a definition', first => $stored, instead => 'SELECT', edit => [ "crew_id     integer PRIMARY KEY,\n    name        text NOT NULL," => "crew_id     integer PRIMARY KEY,\n    name        text STORAGE EXTERNAL NOT NULL," ], text => $crew);
	$tower->change('a table more with storage in its definition', also => 'CREATE TABLE app.extra (a text STORAGE EXTERNAL, b text STORAGE DEFAULT)', rows => 'app.extra');
}

# Trees: what a partition's clone of a trigger has of its own, and a column that comes down from the parent.
my $clones = "$parts; CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER touched AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.touch(); COMMENT ON TRIGGER touched ON app.events_1 IS 'of this one'";
$tower->change('a clone of a trigger keeps its comment when its partition gets another bound', first => $clones, instead => $clones =~ s/FROM \(MINVALUE\)/FROM ('2000-01-01')/r, text => "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM ('2000-01-01') TO (MAXVALUE);");
$tower->change('another comment, and another bound', first => $clones, instead => $clones =~ s/FROM \(MINVALUE\)/FROM ('2000-01-01')/r =~ s/of this one/of that one/r, text => "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM ('2000-01-01') TO (MAXVALUE); COMMENT ON TRIGGER touched ON app.events_1 IS 'of that one';");
my $tree = 'CREATE TABLE app.above (a int); CREATE TABLE app.middle () INHERITS (app.above); CREATE TABLE app.below () INHERITS (app.middle)';
$tower->change('a column more with a default that a child has not', first => $tree, also => 'ALTER TABLE app.above ADD COLUMN b int DEFAULT 7; ALTER TABLE ONLY app.middle ALTER COLUMN b DROP DEFAULT', once => qr/already exists/);
$tower->change('nor the child of that', first => $tree, also => 'ALTER TABLE app.above ADD COLUMN b int DEFAULT 7; ALTER TABLE app.middle ALTER COLUMN b DROP DEFAULT', once => qr/already exists/);
$tower->change('a column more that is NOT NULL in a child', first => $tree, also => 'ALTER TABLE app.above ADD COLUMN b int DEFAULT 7; ALTER TABLE app.below ALTER COLUMN b SET NOT NULL', once => qr/already exists/);
$tower->change('in a partition', first => $parts, also => 'ALTER TABLE app.events ADD COLUMN b int DEFAULT 7; ALTER TABLE app.events_1 ALTER COLUMN b DROP DEFAULT, ALTER COLUMN b SET NOT NULL', once => qr/already exists/);

$tower->done;
