# What belongs to the database and to no schema: foreign data wrappers and servers, languages, transforms, access methods
# and event triggers are made, changed, renamed and dropped, and rebuilt because a function beneath them changes.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('foreign', everywhere => 1);

my $functions = <<'END';
CREATE FUNCTION app.valid(text[], oid) RETURNS void LANGUAGE internal IMMUTABLE AS 'postgresql_fdw_validator';
CREATE FUNCTION app.told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app.also_told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app.tree(internal) RETURNS index_am_handler LANGUAGE internal STRICT AS 'bthandler';
CREATE FUNCTION app.pile(internal) RETURNS table_am_handler LANGUAGE internal STRICT AS 'heap_tableam_handler';
CREATE FUNCTION app.speak() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION app.into(internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'dsimple_init';
CREATE FUNCTION app.out_of(internal) RETURNS app.position LANGUAGE internal STRICT IMMUTABLE AS 'dsimple_init'
END

my $foreign = <<'END';
CREATE FOREIGN DATA WRAPPER far VALIDATOR app.valid;
CREATE SERVER distant TYPE 'post' VERSION '1' FOREIGN DATA WRAPPER far OPTIONS (host 'a', port '1')
END
my $foreign_attached = "COMMENT ON FOREIGN DATA WRAPPER far IS 'w'; COMMENT ON SERVER distant IS 's'; GRANT USAGE ON FOREIGN DATA WRAPPER far TO bi WITH GRANT OPTION; GRANT USAGE ON FOREIGN SERVER distant TO app_owner; ALTER SERVER distant OWNER TO app_owner";
my $all = "$functions;$foreign;GRANT USAGE ON FOREIGN DATA WRAPPER far TO app_owner;$foreign_attached";
$tower->change('a new wrapper and a server', first => $functions, also => $foreign, text => join(';', reverse split /;\n/, $foreign) . ';');
$tower->change('comments, grants and owners', first => "$functions;$foreign;GRANT USAGE ON FOREIGN DATA WRAPPER far TO app_owner", also => $foreign_attached);
$tower->change('options and the version of a server', first => $all, instead => $all =~ s/VERSION '1'/VERSION '2'/r =~ s/host 'a', port '1'/host 'b', dbname 'd'/r,
	text => "CREATE SERVER distant TYPE 'post' VERSION '2' FOREIGN DATA WRAPPER far OPTIONS (host 'b', dbname 'd')", steps => [ "ALTER SERVER distant VERSION '2' OPTIONS (DROP port, ADD dbname 'd', SET host 'b')" ]);
$tower->change('options of a server, by ALTER', first => $all, also => "ALTER SERVER distant OPTIONS (SET host 'c')");
$tower->change('the type of a server', first => $all, instead => $all =~ s/'post'/'mail'/r, text => "CREATE SERVER distant TYPE 'mail' VERSION '1' FOREIGN DATA WRAPPER far OPTIONS (host 'a', port '1')");
$tower->change('a wrapper without a validator, with options', first => $all, instead => $all =~ s/far VALIDATOR app.valid/far OPTIONS (debug 'true')/r, text => "CREATE FOREIGN DATA WRAPPER far OPTIONS (debug 'true')",
	steps => [ "ALTER FOREIGN DATA WRAPPER far NO VALIDATOR OPTIONS (ADD debug 'true')" ]);
$tower->change('a function under a wrapper', first => $all, instead => $all =~ s/valid\(text\[\], oid\)/valid(a text[], b oid)/r, text => "DROP FUNCTION IF EXISTS app.valid(text[], oid); CREATE FUNCTION app.valid(a text[], b oid) RETURNS void LANGUAGE internal IMMUTABLE AS 'postgresql_fdw_validator'");
$tower->change('both are renamed', first => $all, also => 'ALTER SERVER distant RENAME TO near; ALTER FOREIGN DATA WRAPPER far RENAME TO nearby');
$tower->change('both go', first => "$functions;$foreign", also => 'DROP SERVER IF EXISTS distant; DROP FOREIGN DATA WRAPPER IF EXISTS far');
$tower->refusal('a wrapper goes that a server uses', first => $all, text => 'DROP FOREIGN DATA WRAPPER far', error => qr/distant|far/);

my $triggers = "CREATE EVENT TRIGGER tell ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.told(); CREATE EVENT TRIGGER tell_all ON sql_drop EXECUTE FUNCTION app.told(); ALTER EVENT TRIGGER tell_all ENABLE ALWAYS; COMMENT ON EVENT TRIGGER tell IS 'x'";
$tower->change('new event triggers', first => $functions, also => $triggers);
$tower->change('an event trigger is disabled', first => "$functions;$triggers", also => 'ALTER EVENT TRIGGER tell DISABLE', steps => [ 'ALTER EVENT TRIGGER tell DISABLE' ]);
$tower->change('tags and function of an event trigger', first => "$functions;$triggers", instead => "$functions;" . $triggers =~ s/('CREATE TABLE', 'ALTER TABLE'\) EXECUTE FUNCTION app.)told/'DROP TABLE') EXECUTE FUNCTION app.also_told/r =~ s/\('CREATE TABLE', /(/r,
	text => "CREATE EVENT TRIGGER tell ON ddl_command_end WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION app.also_told()");
$tower->change('a function under event triggers', first => "$functions;$triggers", also => "ALTER FUNCTION app.told() RENAME TO tell_it");
$tower->change('an event trigger is renamed', first => "$functions;$triggers", also => 'ALTER EVENT TRIGGER tell RENAME TO speak');
$tower->change('an event trigger goes', first => "$functions;$triggers", also => 'DROP EVENT TRIGGER IF EXISTS tell_all');
if ($tower->{node}->pg_version < 17) { $tower->refusal('for logins', first => $functions, text => 'CREATE EVENT TRIGGER l ON login EXECUTE FUNCTION app.told()', error => qr/unrecognized event name "login"/); }
else
{
	my $login = 'CREATE EVENT TRIGGER l ON login EXECUTE FUNCTION app.told()';
	$tower->change('for logins', first => $functions, also => $login);
	$tower->change('for logins, and how it is enabled', first => "$functions; $login; ALTER EVENT TRIGGER l DISABLE; COMMENT ON EVENT TRIGGER l IS 'x'", also => 'ALTER EVENT TRIGGER l ENABLE ALWAYS');
	$tower->change('for logins, and no more', first => "$functions; $login", also => 'DROP EVENT TRIGGER IF EXISTS l');
	$tower->change('for logins, under a function that is rebuilt', first => "$functions; $login; ALTER EVENT TRIGGER l ENABLE REPLICA", also => 'ALTER FUNCTION app.told() RENAME TO was_told');
	$tower->refusal('for logins, with a filter', first => $functions, text => "CREATE EVENT TRIGGER l ON login WHEN TAG IN ('x') EXECUTE FUNCTION app.told()", error => qr/not supported for login/);
}

my $methods = "CREATE ACCESS METHOD tree TYPE INDEX HANDLER app.tree; CREATE ACCESS METHOD pile TYPE TABLE HANDLER app.pile; COMMENT ON ACCESS METHOD tree IS 'x'";
$tower->change('new access methods', first => $functions, also => $methods);
$tower->change('another handler of an access method', first => "$functions;$methods", also => 'DROP ACCESS METHOD pile; CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler', text => 'CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler');
$tower->change('an access method goes', first => "$functions;$methods", also => 'DROP ACCESS METHOD IF EXISTS tree');

my $language = "CREATE TRUSTED LANGUAGE spoken HANDLER app.speak INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; COMMENT ON LANGUAGE spoken IS 'x'; GRANT USAGE ON LANGUAGE spoken TO bi; REVOKE USAGE ON LANGUAGE spoken FROM PUBLIC; ALTER LANGUAGE spoken OWNER TO app_owner";
my $spoken = "CREATE FUNCTION app.said() RETURNS integer LANGUAGE spoken AS 'BEGIN RETURN 1; END'; CREATE VIEW app.v_said AS SELECT app.said() AS said";
$tower->change('a new language', first => $functions, also => $language);
$tower->change('a language without a validator', first => "$functions;$language;$spoken", instead => "$functions;" . ($language =~ s/ VALIDATOR plpgsql_validator//r) . ";$spoken", text => 'CREATE TRUSTED LANGUAGE spoken HANDLER app.speak INLINE plpgsql_inline_handler',
	steps => [ 'CREATE OR REPLACE TRUSTED LANGUAGE spoken HANDLER app.speak INLINE plpgsql_inline_handler' ]);
$tower->change('the comment and the owner of a language', first => "$functions;$language", also => "COMMENT ON LANGUAGE spoken IS 'y'; ALTER LANGUAGE spoken OWNER TO CURRENT_USER");
$tower->change('a language is renamed', first => "$functions;$language;$spoken", also => 'ALTER LANGUAGE spoken RENAME TO talk');
$tower->change('a language goes', first => "$functions;$language", also => 'DROP LANGUAGE IF EXISTS spoken');

my $transform = "CREATE TRANSFORM FOR app.position LANGUAGE sql (FROM SQL WITH FUNCTION app.into(internal), TO SQL WITH FUNCTION app.out_of(internal)); COMMENT ON TRANSFORM FOR app.position LANGUAGE sql IS 'x'";
$tower->change('a new transform', first => $functions, also => $transform);
$tower->change('half of a transform', first => "$functions;$transform", instead => "$functions;" . $transform =~ s/, TO SQL WITH FUNCTION app.out_of\(internal\)//r, text => 'CREATE TRANSFORM FOR app.position LANGUAGE sql (FROM SQL WITH FUNCTION app.into(internal))',
	steps => [ 'CREATE OR REPLACE TRANSFORM FOR app."position" LANGUAGE sql (FROM SQL WITH FUNCTION app."into"(internal))' ]);
$tower->change('a transform goes', first => "$functions;$transform", also => 'DROP TRANSFORM IF EXISTS FOR app.position LANGUAGE sql');
# Foreign tables. Nothing is ever asked of their server.
my $tables = <<'END';
CREATE FUNCTION app.valid(text[], oid) RETURNS void LANGUAGE internal IMMUTABLE AS 'postgresql_fdw_validator';
CREATE FUNCTION app.note_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER distant FOREIGN DATA WRAPPER far;
CREATE SERVER other FOREIGN DATA WRAPPER far;
CREATE FOREIGN TABLE app.remote (id bigint OPTIONS (column_name 'ID', kind 'k') NOT NULL, note varchar(20) COLLATE "C" DEFAULT 'x', size integer, place app.position, twice integer GENERATED ALWAYS AS (size * 2) STORED,
	CONSTRAINT sized CHECK (size > 0)) SERVER distant OPTIONS (schema 's', tab 't');
CREATE VIEW app.v_remote AS SELECT id, note, size FROM app.remote;
CREATE MATERIALIZED VIEW app.m_remote AS SELECT id, size FROM app.v_remote WITH NO DATA;
CREATE TRIGGER noted AFTER INSERT ON app.remote FOR EACH ROW EXECUTE FUNCTION app.note_row();
CREATE STATISTICS app.remote_stat ON id, size FROM app.remote;
ALTER FOREIGN TABLE app.remote ALTER COLUMN size SET STATISTICS 50, ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN id SET (n_distinct = 5);
COMMENT ON FOREIGN TABLE app.remote IS 'r';
COMMENT ON COLUMN app.remote.size IS 'c';
COMMENT ON CONSTRAINT sized ON app.remote IS 'k';
COMMENT ON TRIGGER noted ON app.remote IS 't';
GRANT SELECT, INSERT (note) ON app.remote TO bi WITH GRANT OPTION;
ALTER FOREIGN TABLE app.remote OWNER TO app_owner
END
(my $remote = $tables) =~ s/.*(CREATE FOREIGN TABLE.*?;\n).*/$1/s;
sub remote { my ($from, $to) = @_; my ($all, $one) = ($tables, $remote); die "not in the text: $from" unless $all =~ s/\Q$from\E/$to/; $one =~ s/\Q$from\E/$to/; return (first => $tables, instead => $all, text => $one); }
my @everything = split /;\n/, $tables;
$tower->change('a new foreign table, with everything', also => $tables, rows => 'app.m_remote');
$tower->change('comments, grants, triggers and the owner of a foreign table', first => join(';', @everything[0 .. 7]), also => join(';', @everything[8 .. $#everything]));
$tower->change('options of a foreign table', remote("schema 's', tab 't'", "schema 'z', mode 'm'"), steps => [ "ALTER FOREIGN TABLE app.remote OPTIONS (DROP tab, ADD mode 'm', SET schema 'z')" ]);
$tower->change('options of a column of a foreign table', remote("column_name 'ID', kind 'k'", "column_name 'id', more 'm'"), steps => [ "ALTER FOREIGN TABLE app.remote ALTER COLUMN id OPTIONS (DROP kind, SET column_name 'id', ADD more 'm')" ]);
$tower->change('options of a foreign table and of a column, by ALTER', first => $tables, also => "ALTER FOREIGN TABLE app.remote OPTIONS (SET schema 'q', DROP tab), ALTER COLUMN size OPTIONS (ADD c '1')", once => qr/not found/);
$tower->change('another server of a foreign table', remote('SERVER distant OPTIONS (schema', 'SERVER other OPTIONS (schema'));
$tower->change('the type of a column of a foreign table under views', remote('size integer,', 'size bigint,'));
$tower->change('the type of a column of a foreign table, by ALTER', first => $tables, instead => $tables =~ s/id bigint/id numeric(9)/r, text => 'ALTER FOREIGN TABLE app.remote ALTER COLUMN id TYPE numeric(9)');
$tower->change('a column more and one less of a foreign table', remote(", place app.position", '') , also => '');
$tower->change('a column more of a foreign table', remote('STORED,', "STORED, added text OPTIONS (column_name 'more') NOT NULL DEFAULT 'n',"), steps => [ "ALTER FOREIGN TABLE app.remote ADD COLUMN added text OPTIONS (column_name 'more') NOT NULL DEFAULT 'n'::text" ]);
$tower->change('defaults, NOT NULL and the collation of a foreign table', remote(q{note varchar(20) COLLATE "C" DEFAULT 'x', size integer,}, q{note varchar(20) DEFAULT 'y' NOT NULL, size integer DEFAULT 5,}));
$tower->change('a generated column of a foreign table', remote('size * 2', 'size * 3'));
$tower->change('checks of a foreign table, by ALTER', first => $tables, also => 'ALTER FOREIGN TABLE app.remote DROP CONSTRAINT IF EXISTS sized, ADD CONSTRAINT named CHECK (id > 0) NO INHERIT; ALTER FOREIGN TABLE app.remote DISABLE TRIGGER noted', once => qr/already exists/);
$tower->change('a foreign table is renamed, and a column of it', first => $tables, also => 'ALTER FOREIGN TABLE app.remote RENAME COLUMN size TO bulk; ALTER FOREIGN TABLE app.remote RENAME TO faraway', once => qr/nothing to rename/);
$tower->change('a type beneath a foreign table', first => "$tables;CREATE TYPE app.shade AS ENUM ('a', 'b'); ALTER FOREIGN TABLE app.remote ADD COLUMN shade app.shade; CREATE VIEW app.v_shade AS SELECT shade FROM app.remote",
	instead => "$tables;CREATE TYPE app.shade AS ENUM ('b'); ALTER FOREIGN TABLE app.remote ADD COLUMN shade app.shade; CREATE VIEW app.v_shade AS SELECT shade FROM app.remote", text => "CREATE TYPE app.shade AS ENUM ('b');");
$tower->change('a foreign table goes', first => join(';', @everything[0 .. 5]), also => 'DROP FOREIGN TABLE IF EXISTS app.remote');
$tower->refusal('a foreign table goes that a view uses', first => $tables, text => 'DROP FOREIGN TABLE app.remote', error => qr/app\.v_remote/);

my $parts = <<'END';
CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA public;
CREATE SERVER distant FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE app.parted (id bigint NOT NULL, size integer DEFAULT 1, CONSTRAINT sized CHECK (size > 0)) PARTITION BY RANGE (id);
CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE app.parted_2 PARTITION OF app.parted (size NOT NULL) FOR VALUES FROM (10) TO (20) SERVER distant OPTIONS (filename '/dev/null');
CREATE INDEX parted_size ON app.parted (size);
CREATE TABLE app.base (a integer NOT NULL, b text);
CREATE FOREIGN TABLE app.derived (c date OPTIONS (force_null 'true')) INHERITS (app.base) SERVER distant OPTIONS (filename '/dev/null', format 'csv');
CREATE VIEW app.v_parted AS SELECT id, size FROM app.parted;
CREATE VIEW app.v_derived AS SELECT a, c FROM app.derived
END
(my $wrapper = $parts) =~ s/;.*/;/s;
$tower->change('new trees with foreign tables', first => $wrapper, also => $parts, rows => 'app.(parted|parted_1|base)');
sub parts { my ($from, $to) = @_; my $all = $parts; die "not in the text: $from" unless $all =~ s/\Q$from\E/$to/g; return (first => $parts, instead => $all); }
$tower->change('a column of a tree with foreign tables changes its type', parts('size integer', 'size bigint'), text => 'ALTER TABLE app.parted ALTER COLUMN size TYPE bigint');
$tower->change('a column more above foreign tables', first => $parts, also => 'ALTER TABLE app.base ADD COLUMN d integer DEFAULT 3', once => qr/already exists/);
$tower->change('a column less above foreign tables', parts(', b text)', ')'), text => 'ALTER TABLE app.base DROP COLUMN IF EXISTS b');
$tower->change('another bound of a foreign partition', parts('FROM (10) TO (20)', 'FROM (10) TO (30)'), text => q{CREATE FOREIGN TABLE app.parted_2 PARTITION OF app.parted (size NOT NULL) FOR VALUES FROM (10) TO (30) SERVER distant OPTIONS (filename '/dev/null');});
$tower->change('an index more above a foreign partition', first => $parts, also => 'CREATE INDEX parted_id ON app.parted (id)');
$tower->change('a foreign partition leaves its tree', first => $parts, also => 'ALTER TABLE app.parted DETACH PARTITION app.parted_2', once => qr/not a partition/);
$tower->change('a foreign table inherits no more', first => $parts, also => 'ALTER FOREIGN TABLE app.derived NO INHERIT app.base', once => qr/not a parent/);
$tower->done;
