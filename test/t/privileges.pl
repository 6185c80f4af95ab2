# Through pgschema nobody learns, changes or owns what they could not without it: roles without rights try, by what
# they write in a desired state and by what they have planted in objects of theirs that others plan with.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\n");
$node->start;

my @said;    # everything that anybody was ever told

# As a role: what was printed, and what went wrong.
sub as
{
	my ($role, $sql) = @_;
	my ($out, $err);
	$node->psql('app', $sql, stdout => \$out, stderr => \$err, on_error_stop => 0, extra_params => [ '-U', $role ]);
	push @said, "$out\n$err";
	return wantarray ? ($out, $err) : "$out\n$err";
}
# A superuser who looks where nobody can plant anything.
sub dba { return $node->safe_psql('app', "SET search_path = pg_catalog;\n$_[0]"); }

my $tag = 0;
sub quoted { my $t = 'd' . ++$tag; return "\$$t\$$_[0]\$$t\$"; }
sub planning { return 'SELECT * FROM public.pgschema_plan(' . quoted($_[0]) . ", format => '" . ($_[1] // 'sql') . "');"; }
sub apply { return 'CALL public.pgschema_apply(' . quoted($_[0]) . ", allow => '{all}');"; }

$node->safe_psql('postgres', 'CREATE DATABASE app');
dba(q{
CREATE ROLE app_owner LOGIN; CREATE ROLE member LOGIN; CREATE ROLE other_owner LOGIN; CREATE ROLE mallory LOGIN; CREATE ROLE nobody LOGIN;
CREATE ROLE grantor LOGIN; CREATE ROLE reader LOGIN;
GRANT app_owner TO member;
GRANT CREATE ON DATABASE app TO mallory;
GRANT CREATE ON SCHEMA public TO mallory;
});

# --- the installation -------------------------------------------------------------------------------------

like(as('mallory', 'CREATE EXTENSION pgschema'), qr/permission denied to create extension "pgschema"/, 'only a superuser can create the extension');

as('mallory', 'CREATE SCHEMA pgschema');
my $err;
$node->psql('app', 'CREATE EXTENSION pgschema', stderr => \$err);
like($err, qr/schema "pgschema" already exists/, 'a schema pgschema that somebody else made keeps the extension out');
as('mallory', 'DROP SCHEMA pgschema');

as('mallory', q{CREATE FUNCTION public.pgschema_version() RETURNS text LANGUAGE sql AS 'SELECT ''mine'''});
$node->psql('app', 'CREATE EXTENSION pgschema', stderr => \$err);
like($err, qr/function "pgschema_version" already exists|function public\.pgschema_version\(\) is not a member/, 'so does a function of one of its names');
as('mallory', 'DROP FUNCTION public.pgschema_version()');

# Better fitting functions and operators than those of pg_catalog, where everybody looks. Whatever mallory plants counts
# its calls in a sequence, which no rollback undoes.
as('mallory', q{
CREATE SCHEMA m; GRANT USAGE ON SCHEMA m TO PUBLIC;
CREATE SEQUENCE m.calls; GRANT ALL ON m.calls TO PUBLIC;
CREATE FUNCTION m.strike() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  PERFORM nextval('m.calls');
  BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; EXCEPTION WHEN OTHERS THEN END;
  BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch stolen''';  EXCEPTION WHEN OTHERS THEN END;
END $$;
CREATE FUNCTION public.cardinality(text[]) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN 2; END $$;
CREATE FUNCTION public.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN; END $$;
CREATE FUNCTION public.concat_ws(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN ''; END $$;
CREATE FUNCTION public.plant(oid, regclass) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN true; END $$;
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.plant);
CREATE FUNCTION public.plant(name[], name[]) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN true; END $$;
CREATE OPERATOR public.<> (LEFTARG = name[], RIGHTARG = name[], FUNCTION = public.plant);
CREATE OPERATOR public.= (LEFTARG = name[], RIGHTARG = name[], FUNCTION = public.plant);
});
dba('CREATE EXTENSION pgschema SCHEMA public');
sub struck { return dba(q{SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM m.calls}); }

is(dba(q{SELECT count(*) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
	JOIN pg_class v ON v.oid = r.ev_class WHERE v.relnamespace = 'pgschema'::regnamespace
	AND (d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384 OR d.refclassid = 'pg_operator'::regclass AND d.refobjid >= 16384)}),
	'0', 'the views of the extension use nothing that was planted in the schema of its functions');
is(dba(q{SELECT count(*) FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
	WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgschema')
	AND (p.prosecdef OR p.proowner <> 10)}), '0', 'no function of the extension runs with the rights of its owner');
is(dba(q{SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.proname ~ '^pgschema_(plan|steps|apply|guard)'
	AND has_function_privilege('nobody', p.oid, 'EXECUTE')}), '', 'what plans, applies or guards is not granted to PUBLIC');

for my $call ("SELECT * FROM pgschema_plan('')", "SELECT * FROM pgschema_steps('')", "CALL pgschema_apply('')")
{
	like(as('nobody', $call), qr/permission denied for (function|procedure) pgschema_/, "nobody: $call");
}
dba(q{
GRANT EXECUTE ON FUNCTION public.pgschema_plan, public.pgschema_steps TO PUBLIC; GRANT EXECUTE ON PROCEDURE public.pgschema_apply TO PUBLIC;
CREATE SCHEMA app AUTHORIZATION app_owner; GRANT USAGE ON SCHEMA app TO PUBLIC; GRANT CREATE ON SCHEMA app TO other_owner, mallory;
CREATE SCHEMA vault; GRANT USAGE ON SCHEMA vault TO app_owner;
CREATE TABLE vault.secret (id int PRIMARY KEY, word text); INSERT INTO vault.secret VALUES (1, 'hunter2'), (2, 'hunter2');
CREATE TABLE app.secret (id int PRIMARY KEY, word text); INSERT INTO app.secret VALUES (1, 'hunter2');
CREATE FUNCTION app.power() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT ''postgres''';
CREATE TYPE app.kind AS ENUM ('a', 'b');
});
as('app_owner', q{
CREATE TABLE app.t (id int PRIMARY KEY, a int, note text); INSERT INTO app.t VALUES (1, 1, 'x'), (2, 2, NULL);
CREATE VIEW app.v AS SELECT id, a FROM app.t;
CREATE VIEW app.w AS SELECT id, a FROM app.v;
GRANT SELECT ON app.t, app.v TO other_owner, mallory;
});
my $before = dba(q{SELECT md5(string_agg(c::text, E'\n')) FROM (SELECT * FROM public.pgschema_catalog('{app,vault}') ORDER BY 1, 2, 3, 4) c});
sub unchanged { return $before eq dba(q{SELECT md5(string_agg(c::text, E'\n')) FROM (SELECT * FROM public.pgschema_catalog('{app,vault}') ORDER BY 1, 2, 3, 4) c}); }

# --- what belongs to others -------------------------------------------------------------------------------

my @refused = (
	[ 'replacing a SECURITY DEFINER function', q{CREATE OR REPLACE FUNCTION app.power() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ''mallory'''}, qr/must be owner of function/ ],
	[ 'replacing a view', 'CREATE OR REPLACE VIEW app.v AS SELECT id, 0 AS a FROM app.t', qr/must be owner of view/ ],
	[ 'changing a view by what is beneath it', 'ALTER TABLE app.t ALTER COLUMN a TYPE bigint', qr/must be owner of table/ ],
	[ 'dropping a table', 'DROP TABLE app.secret', qr/must be owner of table/ ],
	[ 'dropping a column', 'CREATE TABLE app.secret (id int)', qr/must be owner of table/ ],
	[ 'taking a table', 'ALTER TABLE app.secret OWNER TO mallory', qr/must be owner of table/ ],
	[ 'granting', 'GRANT SELECT ON app.secret TO mallory', qr/permission denied for table/ ],
	[ 'granting as another role', 'GRANT SELECT ON app.secret TO mallory GRANTED BY postgres', qr/grantor must be current user/ ],
	[ 'a trigger', 'CREATE TRIGGER x BEFORE INSERT ON app.secret FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', qr/permission denied for table/ ],
	[ 'a rule', 'CREATE RULE r AS ON INSERT TO app.secret DO NOTHING', qr/must be owner of table/ ],
	[ 'a policy', 'CREATE POLICY p ON app.secret', qr/must be owner of table/ ],
	[ 'an index', 'CREATE INDEX i ON app.secret (word)', qr/must be owner of table/ ],
	[ 'a comment', q{COMMENT ON TABLE app.secret IS 'mine'}, qr/must be owner of table/ ],
	[ 'renaming', 'ALTER TABLE app.secret RENAME COLUMN word TO w', qr/must be owner of table/ ],
	[ 'renaming by a directive', "-- pgschema: renamed table app.secret to mine\nCREATE VIEW app.x AS SELECT 1 AS a", qr/must be owner of table/ ],
	[ 'reading rows by USING', q{ALTER TABLE app.secret ALTER COLUMN word TYPE int USING word::int}, qr/must be owner of table/ ],
	[ 'a foreign key to it', 'CREATE TABLE app.mine (id int REFERENCES app.secret)', qr/permission denied for table/ ],
	[ 'a schema without rights', 'CREATE VIEW vault.v AS SELECT 1 AS a', qr/permission denied for schema/ ],
	[ 'a table there', 'CREATE VIEW m.v AS SELECT word FROM vault.secret', qr/permission denied for schema/ ],
	[ 'a value of an enum', q{ALTER TYPE app.kind ADD VALUE 'c'}, qr/must be owner of type/ ],
	[ 'a domain over nothing of theirs', q{DROP TYPE app.kind}, qr/must be owner of type/ ],
	[ 'an object of the system', 'CREATE OR REPLACE VIEW pg_catalog.pg_roles AS SELECT 1 AS a', qr/permission denied|belongs to the system/ ],
	[ 'a table of the extension', q{ALTER TABLE pgschema.applied OWNER TO mallory}, qr/belongs to an extension/ ],
	[ 'a view of the extension', q{CREATE OR REPLACE VIEW pgschema.history AS SELECT 1 AS a}, qr/belongs to an extension|permission denied/ ],
	[ 'a trigger on its tables', q{CREATE TRIGGER x BEFORE INSERT ON pgschema.applied FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()}, qr/belongs to an extension|permission denied/ ],
	[ 'a new object in its schema', 'CREATE TABLE pgschema.mine (a int)', qr/permission denied for schema/ ],
	[ 'a function in C', q{CREATE FUNCTION m.c() RETURNS int LANGUAGE c AS '/tmp/c.so', 'c'}, qr/does not load the library/ ],
	[ 'a function in C, insisting', q{CREATE FUNCTION m.c() RETURNS int LANGUAGE c AS '/tmp/c.so', 'c'}, qr/permission denied for language c/, 'SET pgschema.run_code = on;' ],
	[ 'an internal function', q{CREATE FUNCTION m.i(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'}, qr/permission denied for language internal/ ],
	[ 'a function that sets the role', q{CREATE FUNCTION m.r() RETURNS int LANGUAGE sql SET role = 'postgres' AS 'SELECT 1'}, qr/permission denied to set role|cannot set parameter "role"/ ],
	[ 'a function that sets what superusers set', q{CREATE FUNCTION m.r() RETURNS int LANGUAGE sql SET session_replication_role = 'replica' AS 'SELECT 1'}, qr/permission denied to set parameter/ ],
	[ 'an extension', 'DROP EXTENSION pgschema', qr/not supported in a desired state/ ],
	[ 'rights on the database', 'GRANT CREATE ON DATABASE app TO nobody', qr/not supported in a desired state/ ],
);
for my $case (@refused)
{
	my ($what, $text, $error, $settings) = (@$case, '');
	like(as('mallory', $settings . planning($text)), $error, "refused in a plan: $what");
	like(as('mallory', $settings . apply($text)), $error, "and in an apply: $what");
}
ok(unchanged(), 'none of it has changed anything');

like(as('nobody', planning('CREATE VIEW app.x AS SELECT 1 AS a')), qr/permission denied for schema app/, 'nobody can plan what nobody can create');
unlike(as('mallory', planning('ALTER TABLE app.t DROP COLUMN note')), qr/of 2 rows|not null/, 'and is not told how many rows there are');

# --- statements that a desired state may not contain ------------------------------------------------------

my $forbidden = q{
BEGIN; COMMIT; ROLLBACK; SAVEPOINT x; PREPARE TRANSACTION 'x'; SET ROLE postgres; SET LOCAL ROLE postgres; SET SESSION AUTHORIZATION postgres;
SELECT pg_catalog.set_config('role', 'postgres', false); SELECT set_config('session_authorization', 'postgres', false);
SET pgschema.run_code = on; SET session_replication_role = replica; RESET ROLE; ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();
COPY app.t TO PROGRAM 'touch stolen'; COPY app.t FROM '/etc/passwd'; DO $x$ BEGIN PERFORM m.strike(); END $x$; CALL m.p(); SELECT m.strike(); LOAD 'plpgsql';
CREATE ROLE evil SUPERUSER; ALTER ROLE mallory SUPERUSER; GRANT pg_read_server_files TO mallory; DROP OWNED BY app_owner; REASSIGN OWNED BY postgres TO mallory;
SELECT * INTO m.copy FROM app.t; INSERT INTO app.t VALUES (3); UPDATE app.t SET a = 0; DELETE FROM app.t; TRUNCATE app.t;
LOCK TABLE app.t; VACUUM; LISTEN x; NOTIFY x; EXECUTE a; DECLARE c CURSOR WITH HOLD FOR SELECT 1; EXPLAIN ANALYZE SELECT m.strike();
CREATE TEMP TABLE t (a int); CREATE TEMP VIEW v AS SELECT 1 AS a; CREATE DATABASE evil; MERGE INTO app.t USING app.t u ON false WHEN MATCHED THEN DO NOTHING;
};
my $answer = as('mallory', planning($forbidden, 'json'));
like($answer, qr/"empty": true/, 'statements with effects: a plan with nothing to do');
like($answer, qr/line \d+ $_\b/, "$_ is reported") for ('ROLLBACK', 'DO', 'COPY', 'ALTER SYSTEM', 'CREATE ROLE', 'DROP OWNED', 'TRUNCATE TABLE', 'LOAD', 'PREPARE TRANSACTION', 'CREATE TABLE', 'SELECT', 'INSERT');
as('mallory', apply($forbidden));
like(as('mallory', 'BEGIN; ' . planning($forbidden) . 'SELECT 41 + 1; COMMIT;'), qr/\b42\b/, 'the transaction goes on');
is(dba(q{SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper}), 'postgres', 'nobody has become a superuser');
is(dba('SELECT count(*) FROM app.t'), '2', 'no row came or went');
like(as('mallory', planning('CREATE TABLE pg_temp.x (a int)')), qr/temporary/, 'no temporary table is made');
is(struck(), '0', 'none of it has been run');

# Names that need quoting do not break out of their quotes.
as('mallory', q{CREATE TABLE m."x; DROP TABLE app.t; --" ("a""; SELECT m.strike(); --" int DEFAULT 1);
COMMENT ON TABLE m."x; DROP TABLE app.t; --" IS E'*/ ''; SELECT m.strike(); \n\\! touch stolen'; CREATE VIEW m."v'" AS TABLE m."x; DROP TABLE app.t; --";});
as('mallory', apply(q{CREATE TABLE m."x; DROP TABLE app.t; --" ("a""; SELECT m.strike(); --" bigint DEFAULT 1)}));
is(dba(q{SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = (SELECT oid FROM pg_class WHERE relname ~ 'DROP TABLE') AND attnum = 1}), 'bigint', 'names that need quoting');

# --- what mallory has planted, while others plan ----------------------------------------------------------

as('mallory', q{
CREATE FUNCTION m.f(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.strike(); RETURN true; END $$;
CREATE FUNCTION m.n(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.strike(); RETURN 1; END $$;
CREATE FUNCTION m.tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM m.strike(); RETURN NEW; END $$;
CREATE DOMAIN m.dom AS int; CREATE TYPE m.pair AS (a m.dom, b int);
CREATE TABLE m.checked (id int, a m.dom[] DEFAULT '{1}', b m.pair DEFAULT '(1,2)');
CREATE VIEW m.literal AS SELECT id, '{1,2}'::m.dom[] AS d FROM m.checked;
CREATE TABLE m.t (id int PRIMARY KEY, a int DEFAULT m.n(1), b int CHECK (m.f(b)), g int GENERATED ALWAYS AS (m.n(id)) STORED, c m.dom);
CREATE INDEX ON m.t (m.n(a)); CREATE INDEX ON m.t (a) WHERE m.f(a); CREATE STATISTICS m.s ON (m.n(a)), b FROM m.t;
CREATE TRIGGER g BEFORE INSERT OR UPDATE ON m.t FOR EACH ROW WHEN (m.f(NEW.a)) EXECUTE FUNCTION m.tf();
ALTER TABLE m.t ENABLE ROW LEVEL SECURITY; ALTER TABLE m.t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON m.t USING (m.f(a)) WITH CHECK (m.f(b));
CREATE VIEW m.v AS SELECT id, a, m.n(a) AS n, m.n(3) AS k FROM m.t WHERE m.f(a); CREATE RULE r AS ON INSERT TO m.v DO INSTEAD SELECT m.strike();
CREATE FUNCTION m.atomic() RETURNS SETOF m.v BEGIN ATOMIC SELECT * FROM m.v WHERE m.f(3); END;
CREATE FUNCTION m.trap() RETURNS int LANGUAGE sql SET search_path = m, pg_catalog AS 'SELECT m.n(1)';
CREATE VIEW app.planted AS SELECT id, m.n(a) AS n, m.n(5) AS k FROM app.v;
GRANT USAGE ON TYPE m.dom TO PUBLIC;
SELECT setval('m.calls', 1, false);
});
# Added afterwards, when mallory's own defaults have been read already.
my %checks = (
	'a function of mallory' => 'm.f(VALUE)',
	'reading a file' => q{pg_read_file('PG_VERSION')::int < 0 AND pg_read_file('PG_VERSION') ~ m.strike()::text},
	'reading a table as XML' => q{table_to_xml('app.secret'::regclass, true, false, '')::text::int = VALUE},
	'running a query as XML' => q{query_to_xml('SELECT word FROM vault.secret', true, false, '')::text::int = VALUE},
	'a setting' => q{current_setting('data_directory')::int = VALUE},
	'writing a file' => q{lo_export(lo_from_bytea(0, 'x'), 'stolen') = VALUE},
	'terminating a backend' => q{pg_terminate_backend(VALUE)},
);
for my $what (sort keys %checks)
{
	as('mallory', "ALTER DOMAIN m.dom ADD CONSTRAINT trap CHECK ($checks{$what}) NOT VALID");
	for my $role ('mallory', 'postgres')
	{
		for my $setting ('off', 'on')
		{
			next if $setting eq 'on' && $role eq 'postgres';
			my $told = as($role, "SET pgschema.run_code = $setting; " . planning('ALTER TABLE m.checked ADD COLUMN c int'));
			like($told, qr/planning does not run the function/, "$what, in a CHECK that a literal calls: $role plans, run_code $setting");
		}
	}
	as('mallory', 'ALTER DOMAIN m.dom DROP CONSTRAINT trap');
}
is(struck(), '0', 'nothing of it has run');

my @over = (
	'CREATE OR REPLACE VIEW app.v AS SELECT id, a::bigint AS a FROM app.t',
	'ALTER TABLE m.t ADD COLUMN d int', 'ALTER TABLE m.t ALTER COLUMN id TYPE bigint', 'ALTER TABLE m.t ALTER COLUMN a TYPE bigint', 'ALTER TABLE m.t DROP COLUMN c',
	'CREATE OR REPLACE VIEW m.v AS SELECT id, a::bigint AS a, m.n(1) AS n, 2 AS k FROM m.t', 'DROP TABLE m.t CASCADE', 'ALTER VIEW m.v RENAME COLUMN k TO kk',
	'ALTER DOMAIN m.dom SET NOT NULL', q{COMMENT ON VIEW m.v IS 'x'}, 'CREATE INDEX ON m.t (m.n(id)) WHERE m.f(id)', 'CREATE TABLE m.z (a int CHECK (m.f(a)))',
	'CREATE TABLE m.z (a int DEFAULT m.n(1), b int GENERATED ALWAYS AS (m.n(a)) STORED)', 'CREATE MATERIALIZED VIEW m.mv AS SELECT m.n(1) AS a, m.strike()::text AS b');
for my $text (@over)
{
	as('postgres', planning($text, 'text'));
	is(struck(), '0', "a superuser plans, and runs nothing of mallory's: $text");
}
for my $text (@over)
{
	as('mallory', 'SET pgschema.run_code = on; ' . planning($text));
}
is(dba(q{SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper}), 'postgres', 'whatever runs with run_code, runs as the caller');
dba(q{SELECT setval('m.calls', 1, false)});
as('postgres', "SELECT * FROM pgschema_dependents('app.t'); SELECT * FROM pgschema_dependents('t'); SELECT * FROM pgschema_dependencies('app.v'); SELECT pgschema_definition('app.v');
	SELECT pgschema_definition('trigger g on m.t'); SELECT pgschema_definition('m.f(int)'); SELECT * FROM pgschema.history; SELECT count(*) FROM pgschema_catalog('{m}');");
as('postgres', 'SET search_path = public, pg_catalog; ' . $_ . ' SET search_path = m, public; ' . $_) for (planning('CREATE VIEW app.nothing AS SELECT 1 AS a'));
is(struck(), '0', 'functions and operators planted on the search_path of a superuser are not called');

# A default written under one setting of standard_conforming_strings is another statement under the other.
as('mallory', q{CREATE DOMAIN m.text AS text DEFAULT E'\\\\''; SELECT m.strike(); COPY (SELECT 1) TO PROGRAM ''touch stolen'' --'; CREATE TABLE m.uses (id int, a m.text);});
as($_, 'SET standard_conforming_strings = off; SET backslash_quote = on; SET escape_string_warning = off; ' . planning('ALTER DOMAIN m.text SET NOT NULL') . planning('ALTER TABLE m.uses ADD COLUMN b int'))
  for ('mallory', 'postgres');
is(struck(), '0', 'a literal stays one, whatever standard_conforming_strings says');

# An extension's functions are trusted, but not those that its owner adds.
SKIP:
{
	skip 'no trusted extension here', 1 unless dba(q{SELECT count(*) FROM pg_available_extension_versions WHERE name = 'citext' AND trusted});
	as('mallory', q{CREATE EXTENSION citext SCHEMA m; ALTER EXTENSION citext ADD FUNCTION m.f(int); ALTER DOMAIN m.dom ADD CONSTRAINT trap CHECK (m.f(VALUE)) NOT VALID;});
	as('postgres', planning('ALTER TABLE m.checked ADD COLUMN c int'));
	as('mallory', q{ALTER DOMAIN m.dom DROP CONSTRAINT trap; ALTER EXTENSION citext DROP FUNCTION m.f(int); DROP EXTENSION citext});
	is(struck(), '0', 'a function that the owner of an extension has added to it is not run');
}

# A plan within a plan would leave the outer one without its guards.
as('mallory', q{
CREATE SEQUENCE m.nested;
CREATE FUNCTION m.nest() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM public.pgschema_plan('CREATE VIEW m.inner AS SELECT 1 AS a'); PERFORM setval('m.nested', 3);
  RETURN 1; EXCEPTION WHEN OTHERS THEN PERFORM setval('m.nested', CASE SQLERRM WHEN 'cannot plan while planning' THEN 2 ELSE 4 END); RETURN 1; END $$;
CREATE FUNCTION m.nesting() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN m.nest() > 0; END $$;
SET pgschema.run_code = on; } . planning('CREATE VIEW m.x AS SELECT 1 AS a; CREATE DOMAIN m.nd AS int CHECK (m.nesting()); CREATE TABLE m.nt (a m.nd[] DEFAULT \'{1}\')'));
is(dba('SELECT last_value FROM m.nested'), '2', 'no plan within a plan');

# Event triggers of others see nothing of a shadow.
dba(q{CREATE TABLE public.seen (what text); GRANT ALL ON public.seen TO PUBLIC;
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF tg_event = 'sql_drop' THEN INSERT INTO public.seen SELECT object_identity FROM pg_event_trigger_dropped_objects();
  ELSE INSERT INTO public.seen SELECT command_tag FROM pg_event_trigger_ddl_commands(); END IF; END $$;
CREATE EVENT TRIGGER watch_end ON ddl_command_end EXECUTE FUNCTION public.watch();
CREATE EVENT TRIGGER watch_drop ON sql_drop EXECUTE FUNCTION public.watch(); TRUNCATE public.seen});
dba(q{CREATE TABLE public.planned AS } . substr(planning('CREATE OR REPLACE VIEW app.w AS SELECT id, a::text AS a FROM app.v', 'summary'), 0, -1));
is(dba('SELECT string_agg(what, \', \') FROM public.seen'), 'CREATE TABLE AS', 'event triggers around a plan see nothing of it');
dba('DROP EVENT TRIGGER watch_end; DROP EVENT TRIGGER watch_drop; DROP TABLE public.seen, public.planned');

# --- settings ---------------------------------------------------------------------------------------------

like(as('mallory', "SELECT pgschema_version(); SET pgschema.verify = off"), qr/permission denied to set parameter "pgschema.verify"/, 'pgschema.verify is not for everybody');
like(as('mallory', "SET pgschema.verify = off; SELECT pgschema_version(); SHOW pgschema.verify"), qr/^on$/m, 'nor by setting it before the module is there');
like(as('mallory', "SELECT pgschema_version(); SET pgschema.max_desired_size = '1GB'"), qr/permission denied to set parameter/, 'nor is pgschema.max_desired_size');

# --- history ----------------------------------------------------------------------------------------------

for my $sql (
	q{INSERT INTO pgschema.text VALUES ('\x00', 'x')}, q{INSERT INTO pgschema.history (version, fingerprint) VALUES (1000, 'forged')}, q{UPDATE pgschema.applied SET role = 'postgres'},
	q{DELETE FROM pgschema.applied}, q{SELECT setval('pgschema.applied_version_seq', 1000)}, q{SELECT content FROM pgschema.text}, q{SELECT desired FROM pgschema.applied},
	q{TRUNCATE pgschema.applied}, q{CREATE TABLE pgschema.x (a int)}, q{DROP VIEW pgschema.history})
{
	like(as('mallory', $sql), qr/permission denied|must be owner|cannot insert into view/, "history cannot be written or read past its view: $sql");
}
dba(q{CREATE SCHEMA quiet; REVOKE ALL ON SCHEMA quiet FROM PUBLIC;} . apply(q{CREATE VIEW quiet.v AS SELECT 1 AS a; COMMENT ON VIEW quiet.v IS 'launch code 0000'; CREATE OR REPLACE VIEW app.noticed AS SELECT 1 AS a}));
dba(apply(q{CREATE VIEW quiet.v AS SELECT 1 AS a; CREATE OR REPLACE VIEW app.noticed AS SELECT 1 AS a, 2 AS b -- launch code 1111}));
dba('SET application_name = nothing; ' . apply('SELECT 2222'));
is(as('mallory', q{SELECT count(*) FROM pgschema.history WHERE desired ~ 'launch code|2222'}), "0\n", 'nobody reads the text of others about a schema that is closed to them, or about none');
is(dba(q{SELECT count(*) FROM pgschema.history WHERE desired ~ 'launch code|2222'}), '3', 'who may does');
as('mallory', q{CREATE FUNCTION m.leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'leaked %', $1; RETURN true; END $$; SELECT count(*) FROM pgschema.history WHERE m.leak(desired)});
unlike($said[-1], qr/launch code/, 'nor by a cheap function in the WHERE clause');
dba('DROP VIEW app.noticed; DROP SCHEMA quiet CASCADE');

# --- who has the rights can -------------------------------------------------------------------------------

as('mallory', 'DROP VIEW app.planted');
$answer = as('app_owner', apply('CREATE OR REPLACE VIEW app.v AS SELECT id, a::bigint AS a FROM app.t'));
like($answer, qr/recorded as version/, 'an owner who is no superuser applies');
is(dba(q{SELECT string_agg(viewowner, ' ') FROM pg_views WHERE schemaname = 'app'}), 'app_owner app_owner', 'and owns what was rebuilt, as before');
is(dba(q{SELECT role || ' ' || session_role FROM pgschema.history ORDER BY version DESC LIMIT 1}), 'app_owner app_owner', 'which history says');
dba('ALTER VIEW app.w OWNER TO other_owner; GRANT SELECT ON app.v TO other_owner');
$answer = as('app_owner', planning('CREATE OR REPLACE VIEW app.v AS SELECT id, a::text AS a FROM app.t'));
like($answer, qr/must be owner of view app\.w.*other_owner/s, "a dependent of another role's: refused with its name and the role's");
dba('GRANT other_owner TO member');
like(as('member', apply('CREATE OR REPLACE VIEW app.v AS SELECT id, a::text AS a FROM app.t')), qr/recorded as version/, 'a member of both roles applies');
is(dba(q{SELECT string_agg(viewname || ' ' || viewowner, ', ' ORDER BY viewname) FROM pg_views WHERE schemaname = 'app'}), 'v app_owner, w other_owner', 'and every owner is as before');
dba(q{GRANT SELECT ON app.w TO grantor WITH GRANT OPTION; SET ROLE grantor; GRANT SELECT ON app.w TO reader; RESET ROLE; GRANT USAGE ON SCHEMA app TO grantor});
$answer = as('member', planning('CREATE OR REPLACE VIEW app.v AS SELECT id, a::int AS a FROM app.t'));
like($answer, qr/must be able to SET ROLE grantor/, 'a grant that another role has made: refused with its name');
dba('GRANT grantor TO member');
like(as('member', apply('CREATE OR REPLACE VIEW app.v AS SELECT id, a::int AS a FROM app.t')), qr/recorded as version/, 'a member of the grantor too applies');
is(dba(q{SELECT grantor FROM information_schema.role_table_grants WHERE table_name = 'w' AND grantee = 'reader'}), 'grantor', 'and the grant has its grantor');
is(as('member', 'SELECT current_user, session_user'), "member|member\n", 'a session stays who it is');
like(as('app_owner', planning('ALTER TABLE app.t DROP COLUMN note', 'summary')), qr/1 of 2 rows not null/, 'an owner is told how many rows there are');

# --- nothing learned --------------------------------------------------------------------------------------

as('nobody', "SELECT * FROM pgschema_catalog('{app,vault}'); SELECT pgschema_definition('app.secret'); SELECT * FROM pgschema_dependents('app.secret');");
as('nobody', "SELECT pgschema_definition('vault.secret')");
unlike(join("\n", @said), qr/hunter2/, 'in all of this, no row that its role may not read was shown');
unlike(join("\n", @said), qr/SCRAM-SHA|md5[0-9a-f]{32}/, 'and no password');
ok(!-e $node->data_dir . '/stolen', 'no program was run, and no file written');
is(dba(q{SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper}), 'postgres', 'there is one superuser');

# --- where nothing can be written -------------------------------------------------------------------------

my $backup = 'b';
$node->backup($backup);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, $backup, has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush')) if $node->can('lsn');
for my $call ("SELECT * FROM pgschema_plan('CREATE VIEW app.x AS SELECT 1 AS a')", "SELECT * FROM pgschema_steps('CREATE VIEW app.x AS SELECT 1 AS a')", "CALL pgschema_apply('CREATE VIEW app.x AS SELECT 1 AS a')")
{
	my ($o, $e);
	$standby->psql('app', "\\set VERBOSITY verbose\n$call", stdout => \$o, stderr => \$e);
	like($e, qr/25006.*recovery.*HINT:.*primary/s, "on a standby: $call");
	$node->psql('app', "\\set VERBOSITY verbose\nBEGIN READ ONLY;\n$call;", stdout => \$o, stderr => \$e);
	like($e, qr/25006.*read-only transaction.*HINT:/s, "in a read-only transaction: $call");
}
for my $call ("SELECT pgschema_version()", "SELECT count(*) FROM pgschema_dependents('app.t')", "SELECT count(*) FROM pgschema_dependencies('app.w')", "SELECT length(pgschema_definition('app.v')) > 0",
	"SELECT count(*) > 0 FROM pgschema_catalog('{app}')", "SELECT count(*) > 0 FROM pgschema.history")
{
	my ($o, $e);
	is($standby->psql('app', $call, stdout => \$o, stderr => \$e), 0, "a standby answers: $call") or diag($e);
	is($node->psql('app', "BEGIN READ ONLY; $call; COMMIT", stdout => \$o, stderr => \$e), 0, "so does a read-only transaction: $call") or diag($e);
}
$standby->stop;
$node->stop;
done_testing();
