# A guarded schema and its owner, who is no superuser and owns all that is in it: what they try behind pgschema's back is refused and changes
# nothing under enforce, and is written down under record. What is no change of the schema goes through.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('guard');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nmax_prepared_transactions = 5\nallow_in_place_tablespaces = on");
$node->start;

my $fdw = -e (split /\n/, `pg_config --sharedir`)[0] . '/extension/postgres_fdw.control';
my $trusted = -e (split /\n/, `pg_config --sharedir`)[0] . '/extension/citext.control';

sub sql { my ($database, $sql) = @_; return $node->safe_psql($database, $sql); }
sub as
{
	my ($role, $database, $sql, %more) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGOPTIONS} = $more{options} // '';
	my $status = $node->psql($database, $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose', @{ $more{params} // [] } ]);
	return ($status, $out, $err);
}
# All of the text in one message, as a client sends it.
sub as_one
{
	my ($role, $database, $sql) = @_;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-U', $role, '-d', $node->connstr($database), '-c', $sql ], '>', \$out, '2>', \$err);
	return ($done ? 0 : 1, $out, $err);
}
# Parse, bind and execute.
sub as_extended
{
	my ($role, $database, $sql) = @_;
	my $file = $node->basedir . '/extended.sql';
	PostgreSQL::Test::Utils::append_to_file($file, '');
	open my $handle, '>', $file or die; print $handle "$sql;\n"; close $handle;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run([ 'pgbench', '-n', '-M', 'extended', '-t', '1', '-f', $file, '-U', $role, '-h', $node->host, '-p', $node->port, $database ], '>', \$out, '2>', \$err);
	return ($done ? 0 : 2, $out, $err =~ s/ERROR:  /ERROR:  42501: /r);
}
sub catalog_of { return sql($_[0], "SELECT * FROM pgschema_catalog('{app}') ORDER BY 1, 2, 3, 4"); }

# ------------------------------------------------------------------------------------------------------- what there is
sql('postgres', q{
CREATE ROLE app_owner LOGIN; CREATE ROLE mate LOGIN; CREATE ROLE team; CREATE ROLE reader LOGIN; CREATE ROLE partitioner LOGIN; CREATE ROLE firefighter LOGIN;
GRANT team TO app_owner; GRANT app_owner TO mate, partitioner, firefighter;
CREATE TABLESPACE elsewhere LOCATION ''; GRANT CREATE ON TABLESPACE elsewhere TO app_owner;
CREATE DATABASE base;
GRANT CREATE, TEMPORARY ON DATABASE base TO app_owner, team;
});
sql('base', 'CREATE EXTENSION pgschema; GRANT EXECUTE ON FUNCTION pgschema_plan TO app_owner; GRANT EXECUTE ON PROCEDURE pgschema_apply TO app_owner');
sql('base', q{CREATE EXTENSION postgres_fdw; CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw; GRANT USAGE ON FOREIGN SERVER away TO app_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO app_owner}) if $fdw;
my ($status, $out, $err) = as('app_owner', 'base', q{
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE TYPE app.mood AS ENUM ('sad', 'ok'); CREATE TYPE app.pair AS (a int, b int);
CREATE DOMAIN app.posint AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE SEQUENCE app.s; CREATE SEQUENCE app.owned_by_a;
CREATE TABLE app.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int CONSTRAINT a_small CHECK (a < 1000), note text, how app.mood);
INSERT INTO app.t (a, note) VALUES (1, 'one'), (2, 'two');
CREATE INDEX t_a ON app.t (a); CREATE STATISTICS app.st ON a, note FROM app.t;
CREATE TABLE app.u (id int REFERENCES app.t, p app.posint, c app.pair, way int DEFAULT 5);
CREATE VIEW app.v AS SELECT id, a FROM app.t; CREATE VIEW app.w AS SELECT a FROM app.v;
CREATE MATERIALIZED VIEW app.m AS SELECT id, a FROM app.t; CREATE UNIQUE INDEX m_id ON app.m (id);
CREATE FUNCTION app.f(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x + 1'; CREATE FUNCTION app.g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN app.f(1); END';
CREATE VIEW app.on_f AS SELECT app.f(a) AS b FROM app.t;
CREATE PROCEDURE app.p() LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE FUNCTION app.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE UPDATE ON app.t FOR EACH ROW EXECUTE FUNCTION app.trg();
CREATE RULE ignore AS ON DELETE TO app.v DO INSTEAD NOTHING; CREATE POLICY mine ON app.t USING (a > 0);
CREATE FUNCTION app.eq(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'; CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = app.eq);
CREATE COLLATION app.coll FROM "C"; CREATE TEXT SEARCH CONFIGURATION app.words (COPY = pg_catalog.simple); CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = pg_catalog.simple);
CREATE FUNCTION app.of_mood(app.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE app.parent (k int NOT NULL, x text) PARTITION BY RANGE (k); CREATE TABLE app.part1 PARTITION OF app.parent FOR VALUES FROM (0) TO (10);
CREATE VIEW app.on_part1 AS SELECT k FROM app.part1;
CREATE TABLE app.loose (k int NOT NULL, x text); CREATE TABLE app.heir () INHERITS (app.loose); CREATE TABLE app.simple (k int NOT NULL, x text); INSERT INTO app.simple VALUES (1, 'x');
CREATE TABLE other.t (id int PRIMARY KEY, a int, b int); CREATE TABLE other.loose (k int NOT NULL, x text); CREATE TABLE other.plain (k int NOT NULL, x text);
CREATE TABLE other.parent (k int NOT NULL, x text) PARTITION BY RANGE (k); CREATE INDEX parent_x ON other.parent (x);
CREATE FUNCTION other.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER all_of BEFORE INSERT ON other.parent FOR EACH ROW EXECUTE FUNCTION other.trg();
CREATE TABLE app.outer_part PARTITION OF other.parent FOR VALUES FROM (0) TO (10); CREATE TABLE other.part2 PARTITION OF app.parent FOR VALUES FROM (10) TO (20);
CREATE TABLE other.ancestor (k int, x text); CREATE TABLE app.inh () INHERITS (other.ancestor);
CREATE TYPE other.comp AS (a int, b text); CREATE TABLE app.typed OF other.comp; CREATE DOMAIN other.d AS int;
CREATE TABLE app.on_other (id int REFERENCES other.t, d other.d); CREATE VIEW app.on_other_v AS SELECT id, a FROM other.t; CREATE STATISTICS app.of_other ON a, b FROM other.t;
CREATE FUNCTION other.h(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x'; CREATE INDEX by_h ON app.simple (other.h(k));
CREATE PUBLICATION pub FOR TABLE app.t; CREATE PUBLICATION empty_pub;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader;
CREATE STATISTICS other.st ON a, note FROM app.t;
CREATE SCHEMA beside; CREATE STATISTICS beside.st ON a, id FROM app.t; CREATE TYPE beside.old AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = app.of_old);
CREATE OPERATOR app.&&& (LEFTARG = int, RIGHTARG = int, FUNCTION = int4lt, COMMUTATOR = OPERATOR(beside.|||)); CREATE OPERATOR beside.||| (LEFTARG = int, RIGHTARG = int, FUNCTION = int4gt, COMMUTATOR = OPERATOR(app.&&&));
CREATE FUNCTION beside.cmp(int, text) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1; CREATE FUNCTION beside.lt(int, text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN true; CREATE OPERATOR beside.<<< (LEFTARG = int, RIGHTARG = text, FUNCTION = beside.lt);
CREATE FUNCTION beside.small(int) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 < 9; CREATE DOMAIN app.checked AS int CHECK (beside.small(VALUE));
CREATE FUNCTION beside.counts() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM app.simple); END'; CREATE FUNCTION beside.counts_those() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN beside.counts(); END';
CREATE FUNCTION beside.unsound() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM other.simple) + (SELECT count(*) FROM simple); END'; GRANT CREATE ON SCHEMA beside TO team;
CREATE OPERATOR beside.!!! (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne); CREATE TYPE beside.plain AS RANGE (SUBTYPE = int);
CREATE FUNCTION other.run(what text) RETURNS text LANGUAGE plpgsql AS 'BEGIN EXECUTE what; RETURN ''done''; END';
CREATE FUNCTION other.run_as_owner(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE what; RETURN ''done''; END';
GRANT USAGE ON SCHEMA other, app TO reader;
GRANT CREATE, USAGE ON SCHEMA app TO team; GRANT CREATE ON SCHEMA other TO team;
CREATE FUNCTION other.hostile(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM other.run('CREATE TABLE IF NOT EXISTS app.hole ()'); RETURN x; END $$;
CREATE FUNCTION other.harmless(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM other.run('CREATE TEMP TABLE IF NOT EXISTS noise ()'); RETURN x; END $$;
CREATE FUNCTION other.hostile_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE IF NOT EXISTS app.hole (); RETURN new; END $$;
});
is($err, '', 'the owner has made the schema');
sql('base', q{
CREATE OPERATOR FAMILY app.fam USING btree; ALTER OPERATOR FAMILY app.fam USING btree OWNER TO app_owner;
CREATE OPERATOR FAMILY app.loose_fam USING gist; CREATE OPERATOR CLASS beside.cls FOR TYPE int USING btree FAMILY app.fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR FAMILY app.fam USING btree ADD FUNCTION 1 (int, text) beside.cmp(int, text), OPERATOR 1 beside.<<< (int, text); ALTER OPERATOR CLASS beside.cls USING btree OWNER TO app_owner; ALTER OPERATOR FAMILY app.loose_fam USING gist OWNER TO app_owner;
CREATE SCHEMA dba; GRANT USAGE ON SCHEMA dba TO PUBLIC; CREATE FUNCTION dba.run_as_dba(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE what; RETURN ''done''; END';
});
# A trusted extension belongs to who created it.
as('app_owner', 'base', 'CREATE SCHEMA lent; GRANT CREATE ON SCHEMA lent TO team; CREATE EXTENSION citext SCHEMA lent; CREATE FUNCTION app.with_it() RETURNS int LANGUAGE sql RETURN 1; ALTER FUNCTION app.with_it() DEPENDS ON EXTENSION citext; CREATE FUNCTION lent.extra() RETURNS int LANGUAGE sql RETURN 1') if $trusted;

sql('postgres', "CREATE DATABASE guarded TEMPLATE base; CREATE DATABASE recorded TEMPLATE base; GRANT CREATE, TEMPORARY ON DATABASE guarded, recorded TO app_owner, team");
sql('guarded', "SELECT pgschema_guard('{app}', 'enforce')");
sql('recorded', "SELECT pgschema_guard('{app}', 'record')");
my $before = catalog_of('guarded');
isnt($before, '', 'the catalog of the schema is not empty');
is($before, catalog_of('base'), 'guarding a schema changes nothing in it');

# ---------------------------------------------------------------------------------------------------------------- tries
# what => the statement(s); then what the log has: 'COMMAND|identity' for each that must be there. Options: by (who sends it), server (the
# server's own refusal is as good), unsaid (record: its statement is not what was sent), record (0: not tried), setup (record and enforce: as superuser, unguarded).
my $tries = 0;
my %by = (plain => \&as, one => \&as_one, extended => \&as_extended);
sub unchanged
{
	my ($what) = @_;
	my $now = catalog_of('guarded');
	return ok(1, "$what: the schema is as before") if $now eq $before;
	my %was = map { $_ => 1 } split /\n/, $before;
	my %is = map { $_ => 1 } split /\n/, $now;
	ok(0, "$what: the schema is as before");
	diag(join("\n", (map { "+ $_" } grep { !$was{$_} } sort keys %is), (map { "- $_" } grep { !$is{$_} } sort keys %was)));
	# As it was, for the tries that follow.
	sql('postgres', 'DROP DATABASE guarded; CREATE DATABASE guarded TEMPLATE base; GRANT CREATE, TEMPORARY ON DATABASE guarded TO app_owner, team');
	sql('guarded', "SELECT pgschema_guard('{app}', 'enforce')");
	return;
}
sub try
{
	my ($what, $sql, $log, %how) = @_;
	++$tries;
	my $send = $by{ $how{by} // 'plain' };
	my $role = $how{role} // 'app_owner';
	my ($status, $out, $err) = $send->($role, 'guarded', $sql);
	isnt($status, 0, "$what: refused");
	my $said = $how{server} ? qr/ERROR:  42501: |$how{server}/ : qr/ERROR:  42501: [^\n]* is refused: schema app is managed by pgschema/;
	like($err, $said, "$what: it says why");
	like($err, $how{says}, "$what: and what it would come to") if $how{says};
	unchanged($what);
	return if exists $how{record} && !$how{record};
	sql('postgres', 'CREATE DATABASE tried TEMPLATE recorded; GRANT CREATE, TEMPORARY ON DATABASE tried TO app_owner, team');
	($status, $out, $err) = $send->($role, 'tried', $sql);
	is($status, 0, "$what: goes through under record") or diag($err);
	unlike($err, qr/WARNING: (?!.*no privileges could be revoked)/, "$what: nothing went wrong");
	my $rows = sql('tried', "SELECT command || '|' || identity || '|' || role || '|' || coalesce(statement, '') FROM pgschema.ddl_log ORDER BY id");
	my $logged_role = $how{logged_role} // $role;
	for my $expected (ref $log ? @$log : ($log))
	{
		my ($found) = grep { index($_, "$expected|$logged_role|") == 0 } split /\n(?=[A-Z ]+\|)/, $rows;
		ok($found, "$what: recorded as $expected by $logged_role") or diag($rows);
		next unless $found;
		my $statement = $how{statement} // ($how{unsaid} ? undef : $sql);
		is(substr($found, length("$expected|$logged_role|")), $statement, "$what: with the statement") if defined $statement;
	}
	sql('postgres', 'DROP DATABASE tried');
}

# Tables, and what belongs to them.
try('CREATE TABLE', 'CREATE TABLE app.n (a int)', 'CREATE TABLE|app.n');
try('CREATE TABLE AS', 'CREATE TABLE app.n AS SELECT 1 AS a', 'CREATE TABLE AS|app.n');
try('SELECT INTO', 'SELECT 1 AS a INTO app.n', 'SELECT INTO|app.n');
try('CREATE TABLE LIKE', 'CREATE TABLE app.n (LIKE app.t INCLUDING ALL)', 'CREATE TABLE|app.n');
try('ALTER TABLE', 'ALTER TABLE app.t ADD COLUMN more int', 'ALTER TABLE|app.t');
try('a column that goes', 'ALTER TABLE app.t DROP COLUMN a CASCADE', 'ALTER TABLE|app.t');
try('a renamed column', 'ALTER TABLE app.t RENAME COLUMN note TO notes', 'ALTER TABLE|app.t.notes');
try('a renamed table', 'ALTER TABLE app.t RENAME TO t2', 'ALTER TABLE|app.t2');
try('another owner of a table', 'ALTER TABLE app.t OWNER TO team', 'ALTER TABLE|app.t');
try('DROP TABLE with everything on it', 'DROP TABLE app.t CASCADE', ['DROP TABLE|app.t', 'DROP TABLE|app.v'], says => qr/It would drop .*view app\.v.*view app\.w/);
try('DROP TABLE, and bodies that need it', 'DROP TABLE app.simple', 'DROP TABLE|app.simple', says => qr/DETAIL:  In their bodies use it function beside\.counts\(\) line 1 \(table app\.simple\)\.\n/);
try('DROP FUNCTION, and bodies that need it', 'DROP FUNCTION app.f CASCADE', ['DROP FUNCTION|app.f(integer)', 'DROP FUNCTION|app.on_f'], says => qr/It would drop view app\.on_f\.\nIn their bodies use it function app\.g\(\) line 1 \(function app\.f\(integer\)\)\.\n/);
try('all tables to another tablespace', 'ALTER TABLE ALL IN TABLESPACE pg_default OWNED BY app_owner SET TABLESPACE elsewhere', 'ALTER TABLE|app.t');
try('CREATE INDEX', 'CREATE INDEX more ON app.t (note)', 'CREATE INDEX|app.more');
try('CREATE INDEX CONCURRENTLY', 'CREATE INDEX CONCURRENTLY more ON app.t (note)', 'CREATE INDEX|app.more');
try('DROP INDEX CONCURRENTLY', 'DROP INDEX CONCURRENTLY app.t_a', 'DROP INDEX|app.t_a');
try('ALTER INDEX', 'ALTER INDEX app.t_a SET (fillfactor = 50)', 'ALTER INDEX|app.t_a');
try('a renamed index', 'ALTER INDEX app.t_a RENAME TO t_b', 'ALTER INDEX|app.t_b');
try('CLUSTER ON', 'ALTER TABLE app.t CLUSTER ON t_a', 'ALTER TABLE|app.t');
try('ALTER SEQUENCE', 'ALTER SEQUENCE app.s INCREMENT 5', 'ALTER SEQUENCE|app.s');
try('OWNED BY', 'ALTER SEQUENCE app.owned_by_a OWNED BY app.t.a', 'ALTER SEQUENCE|app.owned_by_a');
try('a statistics object', 'CREATE STATISTICS app.more ON a, id FROM app.t', 'CREATE STATISTICS|app.more');
try('a statistics object elsewhere on a table of it', 'CREATE STATISTICS other.more ON a, id FROM app.t', 'CREATE STATISTICS|other.more');
try('a statistics object goes', 'DROP STATISTICS app.st', 'DROP STATISTICS|app.st');
try('CREATE TRIGGER', 'CREATE TRIGGER more BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.trg()', 'CREATE TRIGGER|more on app.t');
try('DISABLE TRIGGER', 'ALTER TABLE app.t DISABLE TRIGGER touch', 'ALTER TABLE|app.t');
try('DROP TRIGGER', 'DROP TRIGGER touch ON app.t', 'DROP TRIGGER|touch on app.t');
try('CREATE RULE', 'CREATE RULE more AS ON INSERT TO app.v DO INSTEAD NOTHING', 'CREATE RULE|more on app.v');
try('DROP RULE', 'DROP RULE ignore ON app.v', 'DROP RULE|ignore on app.v');
try('CREATE POLICY', 'CREATE POLICY more ON app.t USING (true)', 'CREATE POLICY|more on app.t');
try('DROP POLICY', 'DROP POLICY mine ON app.t', 'DROP POLICY|mine on app.t');
try('ROW LEVEL SECURITY', 'ALTER TABLE app.t ENABLE ROW LEVEL SECURITY', 'ALTER TABLE|app.t');
try('COMMENT', q{COMMENT ON TABLE app.t IS 'mine'}, 'COMMENT|app.t');
try('COMMENT on a column', q{COMMENT ON COLUMN app.t.a IS 'mine'}, 'COMMENT|app.t.a');
try('COMMENT on a constraint', q{COMMENT ON CONSTRAINT a_small ON app.t IS 'mine'}, 'COMMENT|a_small on app.t');
try('COMMENT on a constraint of a domain', q{COMMENT ON CONSTRAINT positive ON DOMAIN app.posint IS 'mine'}, 'COMMENT|positive on app.posint');
try('COMMENT on a trigger', q{COMMENT ON TRIGGER touch ON app.t IS 'mine'}, 'COMMENT|touch on app.t');
try('COMMENT on the schema', q{COMMENT ON SCHEMA app IS 'mine'}, 'COMMENT|app');
try('SECURITY LABEL', q{SECURITY LABEL ON TABLE app.t IS 'secret'}, undef, server => qr/ERROR:  22023: no security label providers/, record => 0);

# Privileges.
try('GRANT on a table', 'GRANT SELECT ON app.t TO reader', 'GRANT|app.t');
try('GRANT on a column', 'GRANT SELECT (a) ON app.t TO reader', 'GRANT|app.t');
try('GRANT on all tables', 'GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader', 'GRANT|app.u');
try('GRANT on the schema', 'GRANT CREATE ON SCHEMA app TO reader', 'GRANT|app');
try('REVOKE on a function', 'REVOKE EXECUTE ON FUNCTION app.f FROM PUBLIC', 'REVOKE|app.f(integer)');
try('REVOKE on a type', 'REVOKE USAGE ON TYPE app.mood FROM PUBLIC', 'REVOKE|app.mood');
try('REVOKE on a domain', 'REVOKE USAGE ON DOMAIN app.posint FROM PUBLIC', 'REVOKE|app.posint');
try('GRANT on a sequence', 'GRANT USAGE ON SEQUENCE app.s TO reader', 'GRANT|app.s');
try('ALTER DEFAULT PRIVILEGES IN SCHEMA', 'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO reader', 'ALTER DEFAULT PRIVILEGES|app');
try('the last of the default privileges', 'ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM reader', 'ALTER DEFAULT PRIVILEGES|app');
try('DROP OWNED', 'DROP OWNED BY app_owner', 'DROP OWNED|app.t');
try('DROP OWNED of who has privileges only', 'DROP OWNED BY team', 'DROP OWNED|app', );

# Types, functions, and the rest.
try('ADD VALUE', q{ALTER TYPE app.mood ADD VALUE 'happy'}, 'ALTER TYPE|app.mood');
try('RENAME VALUE', q{ALTER TYPE app.mood RENAME VALUE 'ok' TO 'fine'}, 'ALTER TYPE|app.mood');
try('an attribute', 'ALTER TYPE app.pair ADD ATTRIBUTE c int', 'ALTER TYPE|app.pair');
try('a constraint of a domain', 'ALTER DOMAIN app.posint ADD CONSTRAINT small CHECK (VALUE < 100)', 'ALTER DOMAIN|app.posint');
try('a constraint of a domain goes', 'ALTER DOMAIN app.posint DROP CONSTRAINT positive', 'ALTER DOMAIN|app.posint');
try('a shell type', 'CREATE TYPE app.shell', 'CREATE TYPE|app.shell', server => qr/must be superuser/, record => 0);
try('CREATE OR REPLACE FUNCTION of one that is used', q{CREATE OR REPLACE FUNCTION app.f(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x + 2'}, 'CREATE FUNCTION|app.f(integer)', says => qr/On it stand .*app\.g\(\) \(in its body\)/);
try('ALTER FUNCTION … OWNER', 'ALTER FUNCTION app.f OWNER TO team', 'ALTER FUNCTION|app.f(integer)');
try('ALTER FUNCTION … SET', 'ALTER FUNCTION app.f SET work_mem = 100', 'ALTER FUNCTION|app.f(integer)');
try('ALTER FUNCTION … RENAME', 'ALTER FUNCTION app.f RENAME TO ff', 'ALTER FUNCTION|app.ff(integer)');
try('DROP FUNCTION', 'DROP FUNCTION app.of_mood', 'DROP FUNCTION|app.of_mood(app.mood)');
try('CREATE OR REPLACE PROCEDURE', q{CREATE OR REPLACE PROCEDURE app.p() LANGUAGE sql AS ''}, 'CREATE PROCEDURE|app.p()');
try('CREATE AGGREGATE', 'CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int)', 'CREATE AGGREGATE|app.total(integer)');
try('CREATE OR REPLACE VIEW', 'CREATE OR REPLACE VIEW app.v AS SELECT id, a + 1 AS a FROM app.t', 'CREATE VIEW|app.v');
try('ALTER VIEW', 'ALTER VIEW app.v SET (security_barrier)', 'ALTER VIEW|app.v');
try('CREATE MATERIALIZED VIEW', 'CREATE MATERIALIZED VIEW app.more AS SELECT 1 AS a', 'CREATE MATERIALIZED VIEW|app.more');
try('CREATE OPERATOR', 'CREATE OPERATOR app.==== (LEFTARG = int, RIGHTARG = int, FUNCTION = app.eq)', 'CREATE OPERATOR|app.====(integer,integer)');
try('ALTER OPERATOR', 'ALTER OPERATOR app.=== (int, int) SET (RESTRICT = eqsel)', 'ALTER OPERATOR|app.===(integer,integer)');
try('DROP OPERATOR', 'DROP OPERATOR app.=== (int, int)', 'DROP OPERATOR|app.===(integer,integer)');
try('members of an operator family', 'ALTER OPERATOR FAMILY app.fam USING btree ADD FUNCTION 1 (int, int) btint4cmp(int, int)', undef, server => qr/must be superuser/, record => 0);
try('CREATE COLLATION', 'CREATE COLLATION app.more FROM "C"', 'CREATE COLLATION|app.more');
try('DROP COLLATION', 'DROP COLLATION app.coll', 'DROP COLLATION|app.coll');
try('CREATE CONVERSION', q{CREATE CONVERSION app.conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1}, 'CREATE CONVERSION|app.conv');
try('a mapping of a text search configuration', 'ALTER TEXT SEARCH CONFIGURATION app.words ALTER MAPPING FOR word WITH simple', 'ALTER TEXT SEARCH CONFIGURATION|app.words');
try('a text search dictionary', 'ALTER TEXT SEARCH DICTIONARY app.dict (accept = false)', 'ALTER TEXT SEARCH DICTIONARY|app.dict');
try('a cast goes with a function of the schema', 'BEGIN; CREATE CAST (app.mood AS int) WITH FUNCTION app.of_mood(app.mood); DROP FUNCTION app.of_mood CASCADE; COMMIT', 'DROP FUNCTION|app.of_mood(app.mood)', unsaid => 1);

# The schema itself, and what comes in or goes out.
try('a renamed schema', 'ALTER SCHEMA app RENAME TO elsewhere', 'ALTER SCHEMA|elsewhere');
try('another owner of the schema', 'ALTER SCHEMA app OWNER TO team', 'ALTER SCHEMA|app', server => qr/permission denied/);
try('DROP SCHEMA', 'DROP SCHEMA app CASCADE', ['DROP SCHEMA|app', 'DROP SCHEMA|app.t'], says => qr/It would drop /);
try('CREATE SCHEMA of the same name', 'CREATE SCHEMA app AUTHORIZATION app_owner', undef, server => qr/42P06/, record => 0);
try('CREATE SCHEMA with a table in the guarded one', 'CREATE SCHEMA fresh CREATE TABLE app.n (a int)', undef, server => qr/ERROR:  42P15/, record => 0);
try('CREATE SCHEMA with a grant on the guarded one', 'CREATE SCHEMA fresh GRANT SELECT ON app.t TO reader', 'GRANT|app.t');
try('SET SCHEMA out of it', 'ALTER TABLE app.simple SET SCHEMA other', 'ALTER TABLE|app.simple');
try('SET SCHEMA into it', 'ALTER TABLE other.plain SET SCHEMA app', 'ALTER TABLE|app.plain');
try('SET SCHEMA of a function into it', 'ALTER FUNCTION other.harmless SET SCHEMA app', 'ALTER FUNCTION|app.harmless(integer)');
try('SET SCHEMA of a type that is not there', 'ALTER TYPE app.nothing SET SCHEMA other', undef, server => qr/does not exist/, record => 0);
try('SET SCHEMA of a domain that is not there', 'ALTER DOMAIN app.nothing SET SCHEMA other', undef, server => qr/does not exist/, record => 0);
try('SET SCHEMA pg_temp', 'CREATE TEMP TABLE x (); ALTER TABLE app.simple SET SCHEMA pg_temp', undef, server => qr/cannot move objects into or out of temporary schemas/, record => 0);
try('what is temporary does not come in', 'CREATE TEMP TABLE x (); ALTER TABLE x SET SCHEMA app', undef, server => qr/cannot move objects into or out of temporary schemas/, record => 0);
SKIP:
{
	skip 'postgres_fdw is not installed: nothing is known of foreign tables', 1 if !$fdw;
	sql($_, q{CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'base', host '} . $node->host . q{', port '} . $node->port . q{'); GRANT USAGE ON FOREIGN SERVER back TO app_owner;
		CREATE USER MAPPING FOR app_owner SERVER back OPTIONS (user 'app_owner', password_required 'false')}) for qw(base guarded recorded);
	try('IMPORT FOREIGN SCHEMA', 'IMPORT FOREIGN SCHEMA other LIMIT TO (plain) FROM SERVER back INTO app', 'CREATE FOREIGN TABLE|app.plain');
	try('CREATE FOREIGN TABLE', 'CREATE FOREIGN TABLE app.n (a int) SERVER back', 'CREATE FOREIGN TABLE|app.n');
	try('a foreign table elsewhere that inherits', 'CREATE FOREIGN TABLE other.n () INHERITS (app.simple) SERVER back', ['CREATE FOREIGN TABLE|app.simple']);
	try('a foreign partition elsewhere', 'CREATE FOREIGN TABLE other.n PARTITION OF app.parent FOR VALUES FROM (90) TO (91) SERVER back', ['CREATE FOREIGN TABLE|app.parent']);
}

# What lies outside and reaches in.
try('a view outside goes with CASCADE', 'DROP TABLE other.t CASCADE', ['DROP TABLE|app.on_other_v', 'DROP TABLE|app.of_other'], says => qr/view app\.on_other_v/);
try('a column outside goes with CASCADE', 'ALTER TABLE other.t DROP COLUMN a CASCADE', 'DROP|app.on_other_v', says => qr/view app\.on_other_v/);
try('a statistics object goes with a column of a table outside', 'ALTER TABLE other.t DROP COLUMN b', 'DROP|app.of_other');
try('a type outside goes with CASCADE', 'DROP DOMAIN other.d CASCADE', 'DROP DOMAIN|app.on_other.d', says => qr/column d of table app\.on_other|app\.on_other\.d/);
try('a function outside on which an index stands', 'DROP FUNCTION other.h CASCADE', 'DROP FUNCTION|app.by_h', says => qr/index app\.by_h/);
try('a schema outside goes with CASCADE', 'DROP SCHEMA other CASCADE', 'DROP SCHEMA|app.on_other_v', says => qr/view app\.on_other_v/);
try('a parent outside goes, and its partition with it', 'DROP TABLE other.parent', 'DROP TABLE|app.outer_part');
try('a parent outside gets a column', 'ALTER TABLE other.parent ADD COLUMN more int', 'ALTER TABLE|app.outer_part');
try('a parent outside has a column renamed', 'ALTER TABLE other.parent RENAME COLUMN x TO y', 'ALTER TABLE|app.outer_part');
try('an ancestor outside gets a column', 'ALTER TABLE other.ancestor ADD COLUMN more int', 'ALTER TABLE|app.inh');
try('a parent outside gets an index', 'CREATE INDEX ON other.parent (k)', 'CREATE INDEX|app.outer_part_k_idx');
try('an index of a parent outside goes', 'DROP INDEX other.parent_x', 'DROP INDEX|app.outer_part_x_idx');
try('a parent outside gets a trigger', 'CREATE TRIGGER more BEFORE INSERT ON other.parent FOR EACH ROW EXECUTE FUNCTION other.trg()', 'CREATE TRIGGER|more on app.outer_part');
try('a trigger of a parent outside goes', 'DROP TRIGGER all_of ON other.parent', 'DROP TRIGGER|all_of on app.outer_part');
try('a trigger of a parent outside is renamed', 'ALTER TRIGGER all_of ON other.parent RENAME TO of_all', 'ALTER TRIGGER|of_all on app.outer_part');
try('a type outside that a table has', 'ALTER TYPE other.comp ADD ATTRIBUTE c int CASCADE', 'ALTER TYPE|app.typed');
try('an attribute of such a type is renamed', 'ALTER TYPE other.comp RENAME ATTRIBUTE b TO bb CASCADE', 'ALTER TYPE|app.typed');
try('an attribute of such a type goes', 'ALTER TYPE other.comp DROP ATTRIBUTE b CASCADE', 'ALTER TYPE|app.typed');
try('ATTACH of a table of it outside', 'ALTER TABLE other.parent ATTACH PARTITION app.simple FOR VALUES FROM (50) TO (60)', undef, record => 0, server => qr/42P17|23514/);
try('ATTACH of its table to a parent outside', 'ALTER TABLE other.parent ATTACH PARTITION app.loose FOR VALUES FROM (50) TO (60)', undef, record => 0, server => qr/42809/);
try('DETACH of its partition from a parent outside', 'ALTER TABLE other.parent DETACH PARTITION app.outer_part', 'ALTER TABLE|app.outer_part');
try('ATTACH of a table outside', 'ALTER TABLE app.parent ATTACH PARTITION other.loose FOR VALUES FROM (50) TO (60)', 'ALTER TABLE|app.parent');
try('DETACH of a partition outside', 'ALTER TABLE app.parent DETACH PARTITION other.part2', 'ALTER TABLE|app.parent');
try('a partition outside', 'CREATE TABLE other.n PARTITION OF app.parent FOR VALUES FROM (90) TO (91)', 'CREATE TABLE|app.parent');
try('a table outside that inherits', 'CREATE TABLE other.n () INHERITS (app.simple)', 'CREATE TABLE|app.simple');
try('a temporary table that inherits', 'CREATE TEMP TABLE n () INHERITS (app.simple)', 'CREATE TABLE|app.simple');
try('INHERIT from it', 'ALTER TABLE other.loose INHERIT app.simple', 'ALTER TABLE|app.simple');
try('INHERIT, hidden behind another change that runs code', 'INSERT INTO other.loose VALUES (1); ALTER TABLE other.loose INHERIT app.simple, ADD CHECK (other.harmless(k) > 0)', 'ALTER TABLE|app.simple', unsaid => 1);
try('INHERIT from outside', 'ALTER TABLE app.simple INHERIT other.loose', 'ALTER TABLE|app.simple');
try('CREATE PUBLICATION', 'CREATE PUBLICATION more FOR TABLE app.t', 'CREATE PUBLICATION|app.t in publication more');
try('ALTER PUBLICATION', 'ALTER PUBLICATION empty_pub ADD TABLE app.u', 'ALTER PUBLICATION|app.u in publication empty_pub');
try('a table leaves a publication', 'ALTER PUBLICATION pub DROP TABLE app.t', 'DROP|app.t in publication pub');
try('a publication goes', 'DROP PUBLICATION pub', 'DROP PUBLICATION|app.t in publication pub');
# What is elsewhere, and changes something of it that the command does not name.
try('a statistics object elsewhere on a table of it goes', 'DROP STATISTICS beside.st', 'DROP STATISTICS|beside.st');
try('it goes with its schema', 'DROP SCHEMA beside CASCADE', 'DROP SCHEMA|beside.st');
try('a commutator elsewhere', 'CREATE OPERATOR other.~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = OPERATOR(app.===))', 'CREATE OPERATOR|app.===(integer,integer)');
try('a negator elsewhere', 'CREATE OPERATOR other.~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne, NEGATOR = OPERATOR(app.===))', 'CREATE OPERATOR|app.===(integer,integer)');
try('a commutator that is not there yet', 'CREATE OPERATOR other.~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = OPERATOR(app.=#=#=))', 'CREATE OPERATOR|app.=#=#=(integer,integer)');
try('a commutator elsewhere goes', 'DROP OPERATOR beside.||| (int, int)', 'DROP OPERATOR|app.&&&(integer,integer)');
try('a multirange of a range elsewhere', 'CREATE TYPE other.span AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = app.spans)', 'CREATE TYPE|app.spans');
try('a range elsewhere goes, and its multirange', 'DROP TYPE beside.old', 'DROP TYPE|app.of_old');
try('a function outside on which a domain stands', 'DROP FUNCTION beside.small CASCADE', 'DROP FUNCTION|checked_check on app.checked');
try('a function outside that is in an operator family', 'DROP FUNCTION beside.cmp CASCADE', 'DROP FUNCTION|function 1 (integer, pg_catalog.text) of app.fam USING btree');
try('an operator outside that is in an operator family', 'DROP OPERATOR beside.<<< (int, text) CASCADE', 'DROP OPERATOR|operator 1 (integer, pg_catalog.text) of app.fam USING btree');
try('an operator class outside that is in an operator family', 'DROP OPERATOR CLASS beside.cls USING btree', 'DROP OPERATOR CLASS|operator 1 (integer, integer) of app.fam USING btree');
my $superuser = scalar getpwuid($<);
try('an operator class outside joins an operator family', 'CREATE OPERATOR CLASS other.more FOR TYPE int USING gist FAMILY app.loose_fam AS STORAGE int', 'CREATE OPERATOR CLASS|app.loose_fam USING gist', role => $superuser);
try('a shell of a type that a function returns', q{CREATE FUNCTION other.in(cstring) RETURNS app.newtype LANGUAGE internal IMMUTABLE STRICT AS 'int4in'}, 'CREATE FUNCTION|app.newtype', role => $superuser);
SKIP:
{
	skip 'citext is not installed: nothing is known of extensions', 1 if !$trusted;
	try('ALTER EXTENSION … ADD', 'ALTER EXTENSION citext ADD FUNCTION app.f(int)', 'ALTER EXTENSION|app.f(integer)');
	try('DEPENDS ON EXTENSION', 'ALTER FUNCTION app.f DEPENDS ON EXTENSION citext', 'ALTER FUNCTION|app.f(integer)');
	try('an extension goes, and what depends on it', 'DROP EXTENSION citext', 'DROP EXTENSION|app.with_it()');
	try('a schema goes, an extension with it, and what depends on that', 'DROP SCHEMA lent CASCADE', 'DROP SCHEMA|app.with_it()');
	try('something comes in with an extension', 'ALTER EXTENSION citext ADD FUNCTION lent.extra(); ALTER EXTENSION citext SET SCHEMA app', undef, record => 0);
}

# Names that become those of something else while a command waits.
sql('guarded', 'CREATE SCHEMA third AUTHORIZATION app_owner');
as('app_owner', 'guarded', 'CREATE TABLE other.simple ()');
my ($swapping, $waiting) = map { $node->background_psql('guarded', on_error_stop => 0, extra_params => [ '-U', 'app_owner' ]) } 1 .. 2;
$swapping->query_safe('BEGIN; LOCK TABLE other.simple');
$waiting->query_until(qr/begins/, "SET search_path = other, app;\n\\echo begins\nALTER TABLE simple SET SCHEMA third;\n");
$node->poll_query_until('guarded', q{SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)});
$swapping->query_safe('DROP TABLE other.simple; COMMIT');
$waiting->query('SELECT 1');
like($waiting->{stderr}, qr/another session has given this name to something else meanwhile/, 'SET SCHEMA of a name that has become that of a table of it: refused');
$waiting->quit; $swapping->quit;
++$tries;
unchanged('SET SCHEMA of a name that has become that of a table of it');

# Ways to send it.
try('a DO block', q{DO 'BEGIN CREATE TABLE app.n (a int); END'}, 'CREATE TABLE|app.n');
try('a function', q{SELECT other.run('CREATE TABLE app.n (a int)')}, 'CREATE TABLE|app.n');
try('a function that catches what is refused', q{DO 'BEGIN BEGIN CREATE TABLE app.n (a int); EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM 1 / (SELECT count(*) FROM pg_class WHERE relname = ''n''); END'}, 'CREATE TABLE|app.n', server => qr/22012/);
try('a SECURITY DEFINER function of the owner, by another', q{SELECT other.run_as_owner('CREATE TABLE app.n (a int)')}, 'CREATE TABLE|app.n', role => 'reader', logged_role => 'app_owner');
try('a SECURITY DEFINER function of a superuser', q{SELECT dba.run_as_dba('CREATE TABLE app.n (a int)')}, 'CREATE TABLE|app.n', logged_role => scalar getpwuid($<));
try('a member of the owner', 'CREATE TABLE app.n (a int)', 'CREATE TABLE|app.n', role => 'mate');
try('SET ROLE', 'SET ROLE app_owner; CREATE TABLE app.n (a int)', 'CREATE TABLE|app.n', role => 'mate', logged_role => 'app_owner', statement => 'CREATE TABLE app.n (a int)');
try('a role that the owner belongs to', 'SET ROLE team; CREATE TABLE app.n (a int)', 'CREATE TABLE|app.n', logged_role => 'team', statement => 'CREATE TABLE app.n (a int)');
try('a procedure that commits', q{DO 'BEGIN CREATE TEMP TABLE x (); COMMIT; CREATE TABLE app.n (a int); COMMIT; END'}, 'CREATE TABLE|app.n');
try('a prepared transaction', q{BEGIN; CREATE TABLE app.n (a int); PREPARE TRANSACTION 'mine'; COMMIT PREPARED 'mine'}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('the extended protocol', 'CREATE TABLE app.n (a int)', 'CREATE TABLE|app.n', by => 'extended');
try('several statements in one message', 'SELECT 1; CREATE TABLE app.n (a int); SELECT 2', 'CREATE TABLE|app.n', by => 'one', statement => 'CREATE TABLE app.n (a int)');
try('several statements in one message, one of them with a query', 'SELECT 1; CREATE TABLE app.n AS SELECT 1 AS a; CREATE MATERIALIZED VIEW app.n2 AS SELECT 1 AS a; SELECT 3 AS b INTO app.n3', [ 'CREATE TABLE AS|app.n', 'CREATE MATERIALIZED VIEW|app.n2', 'SELECT INTO|app.n3' ], by => 'one', unsaid => 1);
try('CREATE TABLE AS EXECUTE', 'PREPARE q AS SELECT 1 AS a; CREATE TABLE app.n AS EXECUTE q', 'CREATE TABLE AS|app.n', statement => 'CREATE TABLE app.n AS EXECUTE q');
try('a deferred trigger, at COMMIT', q{CREATE CONSTRAINT TRIGGER late AFTER INSERT ON other.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION other.hostile_trigger(); BEGIN; INSERT INTO other.t VALUES (7); COMMIT}, 'CREATE TABLE|app.hole', unsaid => 1);
try('an index expression of a table outside', q{INSERT INTO other.loose VALUES (1); CREATE INDEX ON other.loose (other.hostile(k))}, 'CREATE TABLE|app.hole', unsaid => 1);
try('CREATE MATERIALIZED VIEW that runs code', q{CREATE MATERIALIZED VIEW other.m AS SELECT other.hostile(1)}, 'CREATE TABLE|app.hole');
try('REFRESH that runs code', q{CREATE MATERIALIZED VIEW other.m AS SELECT other.hostile(1) WITH NO DATA; REFRESH MATERIALIZED VIEW other.m}, 'CREATE TABLE|app.hole', unsaid => 1);
try('a REFRESH in a REFRESH that runs code', q{CREATE MATERIALIZED VIEW other.n1 AS SELECT other.hostile(1) WITH NO DATA; CREATE MATERIALIZED VIEW other.n2 AS SELECT other.run('REFRESH MATERIALIZED VIEW other.n1') WITH NO DATA; REFRESH MATERIALIZED VIEW other.n2}, 'CREATE TABLE|app.hole', unsaid => 1);
try('EXPLAIN ANALYZE of a query that runs code', 'EXPLAIN ANALYZE SELECT other.hostile(id) FROM app.t', 'CREATE TABLE|app.hole');

# Ways out of being recorded.
try('a transaction that is read-only at its end', 'BEGIN; CREATE TABLE app.n (a int); SET TRANSACTION READ ONLY; COMMIT', 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('dates that are read otherwise at the end', q{SET TimeZone = '<MIDNIGHT>+3'; SET DateStyle = 'SQL, DMY'; BEGIN; CREATE TABLE app.n (a int); SET DateStyle = 'Postgres, MDY'; SET TimeZone = 'UTC'; COMMIT}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('arrays that are read otherwise', q{SET array_nulls = off; SET transform_null_equals = on; CREATE TABLE app.n (a int)}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('a search_path with better fitting functions', q{CREATE FUNCTION other.unnest(text[], text[]) RETURNS int LANGUAGE sql AS 'SELECT 1/0'; SET search_path = other, pg_temp, pg_catalog; CREATE TABLE app.n (a int)}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('temporary tables that shadow', q{CREATE TEMP TABLE guarded (schema name, mode text); CREATE TEMP VIEW logged AS SELECT 1 AS id; CREATE TEMP TABLE pg_namespace (oid oid, nspname name); SET search_path = pg_temp, pg_catalog; CREATE TABLE app.n (a int)}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');
try('an unqualified name', 'SET search_path = app; CREATE TABLE n (a int)', 'CREATE TABLE|app.n', statement => 'CREATE TABLE n (a int)');
try('no time', q{SET statement_timeout = '1h'; SET lock_timeout = '1ms'; SET default_transaction_isolation = 'serializable'; CREATE TABLE app.n (a int)}, 'CREATE TABLE|app.n', statement => 'CREATE TABLE app.n (a int)');

# Settings. Each is tried by itself before the DDL, in a session in which the module is not loaded yet, and in one in which it is.
for my $setting (split /\n/, sql('guarded', q{SELECT pgschema_version() \g /dev/null
	SELECT name FROM pg_settings WHERE name ~ '^pgschema\.' ORDER BY 1}))
{
	my $value = $setting =~ /roles$/ ? 'app_owner' : $setting =~ /strategy/ ? 'online' : $setting =~ /missing/ ? 'skip' : $setting =~ /glass/ ? 'because' : $setting =~ /code|keep_schemas|verify/ ? 'on' : '1';
	for my $loaded ('', 'SELECT pgschema_version();')
	{
		my ($status, $out, $err) = as_one('app_owner', 'guarded', qq{$loaded SET $setting = '$value'});
		($status, $out, $err) = as('app_owner', 'guarded', qq{\\set ON_ERROR_STOP off\n$loaded SET $setting = '$value';\n\\set ON_ERROR_STOP on\nCREATE TABLE app.n (a int)});
		++$tries;
		like($err, qr/ERROR:  42501: CREATE TABLE of table app\.n is refused/, "SET $setting" . ($loaded ? '' : ' before the module is loaded') . ': refused');
	}
	++$tries;
	my ($status, $out, $err) = as('app_owner', 'guarded', 'CREATE TABLE app.n (a int)', options => "-c $setting=$value");
	like($err, qr/ERROR:  42501: CREATE TABLE of table app\.n is refused|FATAL/, "$setting of the connection: refused");
	unchanged("SET $setting");
}
for my $attempt (
	[ 'ALTER ROLE … SET', q{ALTER ROLE app_owner SET pgschema.break_glass = 'x'} ],
	[ 'ALTER DATABASE … SET', q{ALTER DATABASE guarded SET pgschema.break_glass = 'x'} ],
	[ 'a function with SET', q{CREATE FUNCTION other.free() RETURNS void LANGUAGE plpgsql SET pgschema.break_glass = 'x' AS 'BEGIN CREATE TABLE app.n (a int); END'; SELECT other.free()} ],
	[ 'SET LOCAL before the module is loaded', q{BEGIN; SET LOCAL pgschema.break_glass = 'x'; SAVEPOINT a; SELECT pgschema_version(); ROLLBACK TO a; CREATE TABLE app.n (a int)} ],
	[ 'a rolled back SET before the module is loaded', q{SET pgschema.break_glass = 'x'; BEGIN; SET pgschema.break_glass = 'y'; SELECT pgschema_version(); ROLLBACK; CREATE TABLE app.n (a int)} ],
	[ 'set_config', q{SELECT pgschema_version(); SELECT set_config('pgschema.break_glass', 'x', false)} ],
	[ 'set_config before the module is loaded', q{SELECT set_config('pgschema.break_glass', 'x', false); CREATE TABLE app.n (a int)} ],
	[ 'event_triggers', 'SET event_triggers = off', qr/42704/ ],
	[ 'session_replication_role', 'SET session_replication_role = replica' ],
	[ 'ALTER EVENT TRIGGER', 'ALTER EVENT TRIGGER pgschema_guard_end DISABLE' ],
	[ 'DROP EVENT TRIGGER', 'DROP EVENT TRIGGER pgschema_guard_start' ],
	[ 'an event trigger of their own', 'CREATE FUNCTION other.e() RETURNS event_trigger LANGUAGE plpgsql AS \'BEGIN END\'; CREATE EVENT TRIGGER a ON ddl_command_start EXECUTE FUNCTION other.e()' ],
	[ 'DROP EXTENSION pgschema', 'DROP EXTENSION pgschema CASCADE' ],
	[ 'ALTER EXTENSION pgschema', 'ALTER EXTENSION pgschema DROP FUNCTION pgschema.guard_end()' ],
	[ 'another guard_end', q{CREATE OR REPLACE FUNCTION pgschema.guard_end() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'} ],
	[ 'DROP FUNCTION guard_end', 'DROP FUNCTION pgschema.guard_end() CASCADE' ],
	[ 'pgschema_guard', q{SELECT pgschema_guard('{app}', 'off')} ],
	[ 'DELETE FROM pgschema.guarded', 'DELETE FROM pgschema.guarded' ],
	[ 'UPDATE of pgschema.guard', q{UPDATE pgschema.guard SET mode = 'record'} ],
	[ 'DELETE FROM pgschema.guarded_oid', 'DELETE FROM pgschema.guarded_oid' ],
	[ 'DELETE FROM pgschema.known', 'DELETE FROM pgschema.known' ],
	[ 'DELETE FROM pgschema.logged', 'DELETE FROM pgschema.logged' ],
	[ 'DELETE FROM pgschema.ddl_log', 'DELETE FROM pgschema.ddl_log', qr/55000/ ],
	[ 'TRUNCATE pgschema.logged', 'TRUNCATE pgschema.logged' ],
	[ 'a trigger on pgschema.logged', 'CREATE TRIGGER x BEFORE INSERT ON pgschema.logged FOR EACH ROW EXECUTE FUNCTION other.trg()' ],
	[ 'a rule on pgschema.guarded', 'CREATE RULE x AS ON SELECT TO pgschema.guarded DO INSTEAD SELECT 1' ],
	[ 'a table that inherits from pgschema.guarded', 'CREATE TABLE other.n () INHERITS (pgschema.guarded)' ],
	[ 'a row of pg_event_trigger', q{UPDATE pg_event_trigger SET evtenabled = 'D'} ],
	[ 'the guard called as a function', 'SELECT pgschema.guard_end()', qr/0A000|39P03/ ],
  )
{
	my ($what, $sql, $other) = @$attempt;
	++$tries;
	my ($status, $out, $err) = as('app_owner', 'guarded', $sql);
	isnt($status, 0, "$what: refused");
	like($err, $other ? qr/ERROR:  (42501|$other)/ : qr/ERROR:  42501/, "$what: for want of rights");
	unchanged($what);
	is(sql('guarded', 'SELECT schema, mode FROM pgschema.guard'), 'app|enforce', "$what: the schema is guarded");
}
# --------------------------------------------------------------------------------------------------- what goes through
sub goes
{
	my ($what, $sql, %how) = @_;
	my ($status, $out, $err) = ($by{ $how{by} // 'plain' })->($how{role} // 'app_owner', 'guarded', $sql);
	is($status, 0, "$what: goes through") or diag($err);
	unlike($err, qr/WARNING/, "$what: without a word");
	is(sql('guarded', 'SELECT count(*) FROM pgschema.ddl_log'), $how{rows} // 0, "$what: nothing was changed");
	return $out;
}
goes('a temporary table', 'CREATE TEMP TABLE t (a int); CREATE INDEX ON t (a); ALTER TABLE t ADD b int; COMMENT ON TABLE t IS $$x$$; GRANT SELECT ON t TO reader; CREATE TEMP VIEW v AS SELECT * FROM app.t; DROP TABLE t CASCADE');
goes('a temporary table that goes at COMMIT', 'BEGIN; CREATE TEMP TABLE t ON COMMIT DROP AS SELECT * FROM app.t; CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1; COMMIT');
goes('rows', 'INSERT INTO app.t (a) VALUES (3); UPDATE app.t SET a = 4 WHERE a = 3; DELETE FROM app.t WHERE a = 4; TRUNCATE app.u');
goes('maintenance', $_) for 'REINDEX TABLE app.t', 'REINDEX SCHEMA app', 'REINDEX INDEX CONCURRENTLY app.t_a', 'VACUUM app.t', 'VACUUM FULL app.t', 'ANALYZE app.t', 'REFRESH MATERIALIZED VIEW app.m', 'REFRESH MATERIALIZED VIEW CONCURRENTLY app.m';
goes('another schema', 'CREATE SCHEMA side; CREATE TABLE side.t (a int REFERENCES app.t); CREATE VIEW side.v AS SELECT * FROM app.t; CREATE FUNCTION side.f(app.t) RETURNS int LANGUAGE sql RETURN 1; DROP SCHEMA side CASCADE');
goes('default privileges of the database', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader; ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM reader');
goes('a parent outside without anything of it', 'CREATE TABLE other.p (k int) PARTITION BY LIST (k); CREATE TABLE other.p1 PARTITION OF other.p FOR VALUES IN (1); CREATE INDEX ON other.p (k); DROP TABLE other.p');
goes('a name that means nothing', 'DROP TABLE IF EXISTS app.nothing; ALTER TABLE IF EXISTS app.nothing ADD a int; CREATE TABLE IF NOT EXISTS app.t ()');
goes('planning', q{SELECT pgschema_plan('CREATE TABLE app.n (a int)')});
goes('operators, ranges and operator classes elsewhere', 'CREATE OPERATOR other.~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = OPERATOR(beside.!!!)); DROP OPERATOR other.~~~~ (int, int); ALTER OPERATOR beside.||| (int, int) SET (RESTRICT = scalargtsel);' .
	'CREATE TYPE other.span AS RANGE (SUBTYPE = int); DROP TYPE other.span; ALTER TYPE beside.old RENAME TO older; ALTER TYPE beside.older RENAME TO old; ALTER OPERATOR CLASS beside.cls USING btree RENAME TO cls2; ALTER OPERATOR CLASS beside.cls2 USING btree RENAME TO cls');
unchanged('what goes through');
goes('CLUSTER', 'CLUSTER app.t USING t_a');    # the server tells nobody
sql('guarded', q{SET pgschema.break_glass = 'as it was'; ALTER TABLE app.t SET WITHOUT CLUSTER});
is(sql('guarded', 'SELECT command, identity, reason, statement FROM pgschema.ddl_log'), 'ALTER TABLE|app.t|as it was|ALTER TABLE app.t SET WITHOUT CLUSTER', 'a superuser with a reason: goes through, and the reason is recorded');
goes('EXPLAIN ANALYZE of CREATE TABLE AS', 'EXPLAIN ANALYZE CREATE TABLE app.n AS SELECT 1', rows => 1);    # nor this
sql('guarded', q{SET pgschema.break_glass = 'as it was'; DROP TABLE app.n});
unchanged('what the server tells nobody, taken back');
SKIP:
{
	skip 'intarray is not installed: nothing is known of extensions', 1 if !$trusted || !-e (split /\n/, `pg_config --sharedir`)[0] . '/extension/intarray.control';
	goes('CREATE EXTENSION', 'CREATE EXTENSION intarray SCHEMA app', rows => 2);
	sql('guarded', q{SET pgschema.break_glass = 'as it was'; DROP EXTENSION intarray});
	unchanged('an extension that went');
}
# Of this the server tells nobody either. Where it does one day, it is to be refused.
sql('postgres', 'CREATE DATABASE tried TEMPLATE recorded; GRANT CREATE, TEMPORARY ON DATABASE tried TO app_owner, team');
as('app_owner', 'tried', 'REASSIGN OWNED BY app_owner TO team');
is(sql('tried', q{SELECT relowner::regrole FROM pg_class WHERE oid = 'app.t'::regclass}) . sql('tried', 'SELECT count(*) FROM pgschema.ddl_log'), 'team0', 'REASSIGN OWNED is not seen');
sql('postgres', 'DROP DATABASE tried');
sub log_from { my ($id, $what) = @_; return sql('guarded', "SELECT " . ($what // "command || '|' || identity || '|' || role || '|' || coalesce(reason, '') || '|' || coalesce(version::text, '')") . " FROM pgschema.ddl_log WHERE id > $id ORDER BY id"); }
sub last_id { return sql('guarded', 'SELECT coalesce(max(id), 0) FROM pgschema.logged'); }

# Reasons.
my $id = last_id();
($status, $out, $err) = as(scalar getpwuid($<), 'guarded', 'CREATE TABLE app.n (a int)');
like($err, qr/42501: CREATE TABLE of table app\.n is refused/, 'a superuser without a reason: refused');
($status, $out, $err) = as('firefighter', 'guarded', q{SET pgschema.break_glass = 'fire'; CREATE TABLE app.n (a int)});
like($err, qr/42501/, 'who was not given the setting: refused');
sql('guarded', 'GRANT SET ON PARAMETER pgschema.break_glass TO firefighter');
($status, $out, $err) = as('firefighter', 'guarded', q{SELECT pgschema_version() \g /dev/null
SET pgschema.break_glass = 'fire'; ALTER TABLE app.t ADD COLUMN fire int});
is($err, '', 'who was given it: goes through');
($status, $out, $err) = as('firefighter', 'guarded', q{SET pgschema.break_glass = 'fire'; ALTER TABLE app.t DROP COLUMN fire});
is($err, '', 'also where the module is not loaded yet');
is(log_from($id), "ALTER TABLE|app.t|firefighter|fire|\nALTER TABLE|app.t|firefighter|fire|", 'and the reason is recorded');
unchanged('what was taken back');
sql('postgres', 'GRANT SET ON PARAMETER session_replication_role TO firefighter');
($status, $out, $err) = as('firefighter', 'guarded', 'SET session_replication_role = replica; CREATE TABLE app.n (a int)');
like($err, qr/42501: CREATE TABLE of table app\.n is refused/, 'a session that replays replication: refused as well');

# Partitions.
sql('guarded', q{ALTER DATABASE guarded SET pgschema.partition_roles = 'someone, partitioner'});
for my $role ('mate', 'partitioner')
{
	$id = last_id();
	for my $sql ('CREATE TABLE app.part9 PARTITION OF app.parent FOR VALUES FROM (90) TO (99)', 'ALTER TABLE app.parent DETACH PARTITION app.part9', 'ALTER TABLE app.parent ATTACH PARTITION app.part9 FOR VALUES FROM (90) TO (99)',
		'ALTER TABLE app.parent DETACH PARTITION app.part9 CONCURRENTLY', 'ALTER TABLE app.parent ATTACH PARTITION app.part9 FOR VALUES FROM (90) TO (99)', 'DROP TABLE app.part9')
	{
		($status, $out, $err) = as($role, 'guarded', $sql);
		if ($role eq 'partitioner') { is($err, '', "$role: $sql"); }
		else { like($err, qr/ERROR:  42501: .* is refused|42P01/, "$role, who is not in pgschema.partition_roles: $sql is refused"); }
	}
	unchanged("partitions of $role");
}
is(log_from($id, "command || '|' || identity"), "CREATE TABLE|app.part9\nCREATE TABLE|app.parent\nALTER TABLE|app.parent\nALTER TABLE|app.part9\nALTER TABLE|app.parent\nALTER TABLE|app.part9\nALTER TABLE|app.parent\nALTER TABLE|app.parent\nALTER TABLE|app.part9\nDROP TABLE|app.part9\nDROP TABLE|part9_k_check on app.part9", 'what is done to partitions is recorded');
for my $sql ('DROP TABLE app.part1 CASCADE', 'DROP TABLE app.simple', 'DROP TABLE app.part1, app.simple', 'CREATE TABLE app.n (a int)', 'ALTER TABLE app.parent DETACH PARTITION app.part1, ADD COLUMN y int', 'ALTER TABLE app.part1 ADD CHECK (k < 10)')
{
	($status, $out, $err) = as('partitioner', 'guarded', $sql);
	like($err, qr/ERROR:  (42501: .* is refused|42601|0A000|2BP01)/, "$sql is no maintenance of partitions, and refused");
}
unchanged('what is no maintenance of partitions');
sql('guarded', 'ALTER DATABASE guarded RESET pgschema.partition_roles');

# ------------------------------------------------------------------------------------------------------- pgschema_apply
sub apply { my ($text, $more) = @_; return "CALL pgschema_apply(\$apply\$$text\$apply\$, allow => '{all}'" . ($more // '') . ')'; }
$id = last_id();
($status, $out, $err) = as('app_owner', 'guarded', apply('ALTER TABLE app.t ADD COLUMN extra int; CREATE INDEX t_extra ON app.t (extra)'));
is($status, 0, 'pgschema_apply goes through') or diag($err);
($status, $out, $err) = as('app_owner', 'guarded', apply('CREATE INDEX t_extra2 ON app.t (extra, a); ALTER TABLE app.t ADD CHECK (extra > 0)', ", strategy => 'online'"));
is($status, 0, 'so it does online, CONCURRENTLY') or diag($err);
is(sql('guarded', "SELECT count(*) FROM pgschema.ddl_log WHERE id > $id AND version IS NULL"), 0, 'all of it is known as an apply');
is(sql('guarded', "SELECT count(DISTINCT version) FROM pgschema.ddl_log WHERE id > $id"), 2, 'each with its version');
($status, $out, $err) = as('app_owner', 'guarded', apply('DROP INDEX app.t_extra; DROP INDEX app.t_extra2; ALTER TABLE app.t DROP COLUMN extra', ", strategy => 'online'"));
is($status, 0, 'dropping goes through') or diag($err);
unchanged('applies, and back');
($status, $out, $err) = as('app_owner', 'guarded', apply('CREATE TABLE app.n (a int)') . '; CREATE TABLE app.n2 (a int)');
like($err, qr/42501: CREATE TABLE of table app\.n2 is refused/, 'DDL after an apply: refused');
($status, $out, $err) = as('app_owner', 'guarded', 'BEGIN; ' . apply('DROP TABLE app.n') . '; CREATE TABLE app.n2 (a int); COMMIT');
like($err, qr/42501: CREATE TABLE of table app\.n2 is refused/, 'and in the same transaction');
($status, $out, $err) = as('app_owner', 'guarded', apply('DROP TABLE app.n'));
is($status, 0, 'the apply by itself goes through');
unchanged('after applies');

# What functions do while it runs is not its own. (That they do it is known when the apply runs: none runs while it is planned.)
for my $case (
	[ 'the default of an added column', 'ALTER TABLE app.t ADD COLUMN extra int DEFAULT app.hostile()', 'VOLATILE' ],
	[ 'the expression of an index', 'CREATE INDEX t_hostile ON app.t (app.hostile(a))', 'IMMUTABLE' ],
	[ 'a CHECK', 'ALTER TABLE app.t ADD CHECK (app.hostile(a) > 0)', 'IMMUTABLE' ],
	[ 'the expression of another type', "ALTER TABLE app.t ALTER COLUMN note TYPE varchar USING app.hostile(1)::text", 'VOLATILE' ],
	[ 'a generated column', 'ALTER TABLE app.t ADD COLUMN extra int GENERATED ALWAYS AS (app.hostile(a)) STORED', 'IMMUTABLE' ],
	[ 'a materialized view', 'CREATE MATERIALIZED VIEW app.more AS SELECT app.hostile(1) AS a', 'VOLATILE' ],
	[ 'a trigger on an UPDATE that fills rows', "ALTER TABLE app.filled ALTER COLUMN a SET NOT NULL; -- pgschema: using 7\nCREATE TABLE app.filled (a int NOT NULL, -- pgschema: using 7\n b int);", 'VOLATILE' ],
	[ 'a row value that fills rows', "CREATE TABLE app.filled (a int NOT NULL, -- pgschema: using app.hostile(1)\n b int);", 'VOLATILE' ],
  )
{
	my ($what, $text, $volatility) = @$case;
	$text =~ s/^ALTER TABLE app.filled ALTER COLUMN a SET NOT NULL; [^\n]*\n//;
	for my $strategy ('atomic', 'online')
	{
		sql('postgres', 'CREATE DATABASE tried TEMPLATE base; GRANT CREATE, TEMPORARY ON DATABASE tried TO app_owner, team');
		as('app_owner', 'tried', "CREATE FUNCTION app.hostile(x int DEFAULT 1) RETURNS int LANGUAGE plpgsql $volatility AS \$\$ BEGIN PERFORM other.run('CREATE TABLE IF NOT EXISTS app.hole ()'); RETURN x; END \$\$;
			CREATE FUNCTION app.hostile_trigger() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN CREATE TABLE IF NOT EXISTS app.hole (); RETURN new; END \$\$;
			CREATE TABLE app.filled (a int, b int); INSERT INTO app.filled (b) SELECT 1 FROM generate_series(1, 50);" . ($what =~ /trigger/ ? 'CREATE TRIGGER hostile BEFORE UPDATE ON app.filled FOR EACH ROW EXECUTE FUNCTION app.hostile_trigger()' : ''));
		sql('tried', "SELECT pgschema_guard('{app}', 'enforce')");
		++$tries;
		($status, $out, $err) = as('app_owner', 'tried', "SET pgschema.check_data = 0; " . apply($text, ", strategy => '$strategy'"));
		like($err, qr/CREATE TABLE of table app\.hole is refused/, "$what runs DDL in an apply, $strategy: refused");
		is(sql('tried', "SELECT count(*) FROM pg_class WHERE relname = 'hole'"), 0, "$what, $strategy: there is nothing of it");
		sql('tried', "SELECT pgschema_guard('{app}', 'record')");
		($status, $out, $err) = as('app_owner', 'tried', "SET pgschema.check_data = 0; " . apply($text, ", strategy => '$strategy'"));
		like(sql('tried', "SELECT string_agg(role || '|' || coalesce(version::text, ''), ',') FROM pgschema.ddl_log WHERE identity = 'app.hole'"), qr/^(app_owner\|)?$/, "$what, $strategy: recorded as what nobody has applied");
		is(sql('tried', "SELECT count(*) FROM pg_class WHERE relname = 'hole'"), sql('tried', "SELECT count(*) FROM pgschema.ddl_log WHERE identity = 'app.hole'"), "$what, $strategy: where it has happened");
		sql('postgres', 'DROP DATABASE tried');
	}
}

# ----------------------------------------------------------------------------------------------------- the log itself
sub recorded_only { my ($sql, $role) = @_; my @got = as($role // 'app_owner', 'recorded', $sql); diag($got[2]) if $got[2] ne ''; return sql('recorded', "SELECT string_agg(command || '|' || identity, ',' ORDER BY id) FROM pgschema.ddl_log"); }
is(recorded_only('BEGIN; SAVEPOINT a; CREATE TABLE app.n (a int); ROLLBACK TO a; COMMIT'), '', 'what is rolled back to a savepoint is not in the log');
is(recorded_only('BEGIN; CREATE TABLE app.n (a int); ROLLBACK'), '', 'nor what is rolled back');
is(recorded_only(q{DO 'BEGIN BEGIN CREATE TABLE app.n (a int); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; END'}), '', 'nor what an exception has undone');
is(recorded_only('BEGIN; SAVEPOINT a; CREATE TABLE app.n (a int); RELEASE a; SAVEPOINT b; CREATE TABLE app.n2 (a int); ROLLBACK TO b; COMMIT'), 'CREATE TABLE|app.n', 'what was released is');
is(sql('recorded', q{SELECT before IS NULL, after LIKE 'CREATE TABLE app.n %' FROM pgschema.ddl_log}), 't|t', 'with what there was before and after');
# Two at once, the later of which sees no row of the earlier: its definitions are the earlier's to write.
my $late = $node->background_psql('recorded', extra_params => [ '-U', 'app_owner' ]);
$late->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
recorded_only('ALTER TABLE app.n ADD COLUMN b int');
$late->query_safe('ALTER TABLE app.n ADD COLUMN c int');
$late->query_safe('COMMIT');
$late->quit;
is(sql('recorded', q{SELECT count(*) FROM pgschema.ddl_log WHERE identity = 'app.n' AND command = 'ALTER TABLE'}), 2, 'a transaction that sees an older state is recorded');
# A schema that comes back under its name is watched as it was.
as('app_owner', 'recorded', 'CREATE SCHEMA fleeting; CREATE TABLE fleeting.t (); CREATE SCHEMA next');
sql('recorded', "SELECT pgschema_guard('{fleeting}', 'record')");
as('app_owner', 'recorded', 'DROP SCHEMA fleeting CASCADE; CREATE SCHEMA fleeting; CREATE TABLE fleeting.t2 (); BEGIN; DROP SCHEMA fleeting CASCADE; ALTER SCHEMA next RENAME TO fleeting; CREATE TABLE fleeting.t3 (); COMMIT');
is(sql('recorded', q{SELECT string_agg(command || '|' || identity, ',' ORDER BY id) FROM pgschema.ddl_log WHERE schema = 'fleeting'}),
	'DROP SCHEMA|fleeting,DROP SCHEMA|fleeting.t,CREATE SCHEMA|fleeting,CREATE TABLE|fleeting.t2,DROP SCHEMA|fleeting,DROP SCHEMA|fleeting.t2,ALTER SCHEMA|fleeting,CREATE TABLE|fleeting.t3', 'a schema that was dropped and made again is watched');
sql('recorded', "SELECT pgschema_guard('{fleeting}', 'off'); DROP SCHEMA fleeting CASCADE; DELETE FROM pgschema.logged WHERE schema = 'fleeting'");
is((as('reader', 'recorded', q{SELECT count(*) FROM pgschema.ddl_log}))[1], 3, 'who may use the schema may read its log');
is((as('app_owner', 'recorded', q{SELECT string_agg(DISTINCT role, ',') FROM pgschema.ddl_log}))[1], 'app_owner', 'by whom');

# ----------------------------------------------------------------------------------------------------- dump and restore
my $dump = $node->basedir . '/guarded.dump';
$id = last_id();
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('guarded') ], 'a guarded database is dumped');
sql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('again'), $dump ], 'and restored');
is(sql('again', 'SELECT schema, mode FROM pgschema.guard'), 'app|enforce', 'the schema is guarded there');
is(sql('again', 'SELECT count(*) FROM pgschema.logged'), sql('guarded', 'SELECT count(*) FROM pgschema.logged'), 'and has its log');
is(sql('again', q{SELECT string_agg(evtname || ' ' || evtenabled::text, ', ' ORDER BY evtname) FROM pg_event_trigger}), 'pgschema_guard_drop A, pgschema_guard_end A, pgschema_guard_start A', 'the event triggers are there');
my $objects = q{SELECT DISTINCT object_type, identity FROM pgschema_catalog('{app}') ORDER BY 1, 2};
is(sql('again', $objects), sql('guarded', $objects), 'and all of the schema');
for my $sql ('ALTER SCHEMA app RENAME TO away', 'CREATE TABLE app.n (a int)', 'DROP SCHEMA app CASCADE', 'ALTER TABLE app.simple SET SCHEMA other')
{
	++$tries;
	($status, $out, $err) = as('app_owner', 'again', $sql);
	like($err, qr/42501: .* is refused: schema app is managed by pgschema/, "$sql, where it was restored: refused");
}
($status, $out, $err) = as('app_owner', 'again', apply('CREATE TABLE app.n (a int)'));
is($status, 0, 'pgschema_apply works there');
sql('again', q{SET pgschema.break_glass = 'moved'; ALTER SCHEMA app RENAME TO away});
is(sql('again', 'SELECT schema, mode FROM pgschema.guard'), 'away|enforce', 'a renamed schema is guarded under its new name');
sql('again', q{SET pgschema.break_glass = 'gone'; DROP SCHEMA away CASCADE});
is(sql('again', 'SELECT schema, mode FROM pgschema.guard'), 'away|enforce', 'one that was dropped is so under its name');
for my $sql ('CREATE SCHEMA away', 'ALTER SCHEMA other RENAME TO away')
{
	++$tries;
	($status, $out, $err) = as(scalar getpwuid($<), 'again', $sql);
	like($err, qr/42501: .* is refused: schema away is managed by pgschema/, "$sql: refused");
}
($status, $out, $err) = as(scalar getpwuid($<), 'again', 'CALL pgschema_apply($$CREATE SCHEMA away; CREATE TABLE away.t (a int)$$)');
is($status, 0, 'pgschema_apply makes it again');
($status, $out, $err) = as(scalar getpwuid($<), 'again', 'DROP TABLE away.t');
like($err, qr/42501: .* is refused: schema away is managed by pgschema/, 'and it is guarded');
sql('again', q{SET pgschema.break_glass = 'gone'; DROP SCHEMA away CASCADE; SELECT pgschema_guard('{away}', 'off')});
is(sql('again', 'SELECT count(*) FROM pgschema.guard'), 0, 'it is no longer where somebody says so, there or not');
like(sql('again', q{SELECT string_agg(DISTINCT reason, ',') FROM pgschema.ddl_log WHERE id > } . $id), qr/gone,moved/, 'which the log has');
($status, $out, $err) = as(scalar getpwuid($<), 'again', 'DROP EXTENSION pgschema');
like($err, qr/2BP01/, 'restored event triggers stand in the way of DROP EXTENSION');
sql('again', "SELECT pgschema_guard('{other}', 'record'); DROP EXTENSION pgschema");
is(sql('again', 'SELECT count(*) FROM pg_event_trigger'), 0, 'after another use of pgschema_guard they go with it');

sql('guarded', 'DROP EXTENSION pgschema');
is(sql('guarded', 'SELECT count(*) FROM pg_event_trigger'), 0, 'a superuser drops the extension, and the event triggers with it');
($status, $out, $err) = as('app_owner', 'guarded', 'CREATE TABLE app.n (a int); DROP TABLE app.n');
is($status, 0, 'nothing is guarded any more');

cmp_ok($tries, '>=', 45, "$tries tries");

done_testing();
