# pgschema_drift, and the hazard drift: what was changed behind pgschema's back is seen by what there is, guard or not.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('drift');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema; CREATE ROLE bob; CREATE ROLE reader; GRANT CREATE ON DATABASE postgres TO bob');
sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
sub err { my ($sql) = @_; my $err; $node->psql('postgres', $sql, stderr => \$err, on_error_stop => 1); return $err; }
sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
my $text = <<'END';
CREATE SCHEMA app;
CREATE TABLE app.t (id int PRIMARY KEY, note text);
CREATE VIEW app.v AS SELECT id FROM app.t;
CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
END
my $drift = "SELECT object_type, identity, change, changed_by, command FROM pgschema_drift('{app}')";
sub apply { my ($of, $more) = @_; return sql("CALL pgschema_apply(${\ quoted($of)}, '{app}', allow => '{all}'" . ($more // '') . ')'); }
sub hazards { my ($of, $more) = @_; return sql("SELECT regexp_replace(l, '^--   drift *', '') FROM pgschema_plan(${\ quoted($of)}, " . ($more // "'{app}'") . ", format => 'summary') l WHERE l LIKE '--   drift %'"); }

sql('CREATE SCHEMA app');
like(err($drift), qr/schema app was never applied/, 'a schema that was never applied');
is(sql('SELECT count(*) FROM pgschema_drift()'), '0', 'no schema was');
apply($text);
is(sql($drift), '', 'nothing, right after an apply');

# ------------------------------------------------------------------------------------------- without the guard
sql(q{ALTER TABLE app.t ADD COLUMN more int; CREATE INDEX late ON app.t (note); DROP FUNCTION app.f(); CREATE SEQUENCE app.s; COMMENT ON VIEW app.v IS 'x'; ALTER SCHEMA app OWNER TO bob});
is(sql($drift), join("\n", 'schema|app|changed||', 'sequence|app.s|created||', 'table|app.t|changed||', 'function|app.f()|dropped||', 'view|app.v|changed||'), 'what was changed, dropped and made is seen');
is(sql("SELECT applied_definition IS NULL, live_definition LIKE 'CREATE SEQUENCE%' FROM pgschema_drift('{app}') WHERE identity = 'app.s'"), 't|t', 'what was made has no definition that was applied');
is(sql("SELECT applied_definition LIKE 'CREATE FUNCTION%', live_definition IS NULL FROM pgschema_drift('{app}') WHERE identity = 'app.f()'"), 't|t', 'what was dropped has none that is live');
is(sql("SELECT applied_definition LIKE '%more%', live_definition LIKE '%more%' FROM pgschema_drift('{app}') WHERE identity = 'app.t'"), 'f|t', 'the two definitions');
like(hazards($text), qr/table app\.t was changed outside pgschema, and this undoes it/, 'a plan that undoes it says so');
like(hazards($text), qr/sequence app\.s was created outside pgschema/, 'of what goes too');
is(hazards('ALTER TABLE app.t DROP COLUMN more', 'NULL'), 'table app.t was changed outside pgschema, and this undoes it', 'so does a text about one object');
is(hazards('ALTER TABLE app.t ADD COLUMN other int; ALTER TABLE app.t ALTER COLUMN note SET NOT NULL', 'NULL'), '', 'not one that leaves it as it is');
is(hazards('CREATE FUNCTION app.g() RETURNS int LANGUAGE sql RETURN 1', 'NULL'), '', 'what is new undoes nothing');
my $print = sql("SELECT l::json->>'fingerprint' FROM pgschema_plan(${\ quoted($text)}, '{app}', format => 'json') l");
like(err("CALL pgschema_apply(${\ quoted($text)}, '{app}', expect => '$print')"), qr/drift/, 'who expects the plan has to allow it all the same');
apply($text);
is(sql($drift), '', 'nothing afterwards');
is(sql("SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 't'"), 'id,note', 'and it is undone');

# ---------------------------------------------------------------------------------------------- with the guard
sql("SELECT pgschema_guard('{app}', 'record'); ALTER SCHEMA app OWNER TO bob; ALTER TABLE app.t OWNER TO bob; ALTER VIEW app.v OWNER TO bob");
apply($text, ", expect => NULL");
sql("SET ROLE bob; ALTER TABLE app.t ADD COLUMN more int; COMMENT ON COLUMN app.t.more IS 'bob was here'");
is(sql($drift), 'table|app.t|changed|bob|COMMENT', 'who did it last, and how');
like(hazards($text), qr/table app\.t was changed by bob on .*, COMMENT, and this undoes it/, 'the plan says so too');
is(sql("SELECT role, command, identity FROM pgschema.changes WHERE version IS NULL AND at > (SELECT max(finished_at) FROM pgschema.history) ORDER BY at"),
	"bob|ALTER TABLE|app.t\nbob|COMMENT|app.t.more", 'who changed it last week');
apply($text);
is(sql("SELECT command, identity, before LIKE '%more%', after LIKE '%more%' FROM pgschema.changes WHERE version = (SELECT max(version) FROM pgschema.history)"), 'ALTER TABLE|app.t|t|f', 'the apply is there as well, with what was before and after');
# So it is of parts that were dropped.
my %parts = (
	index       => [ 'CREATE INDEX part ON app.t (note)', 'DROP INDEX app.part' ],
	trigger     => [ 'CREATE TRIGGER part BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', 'DROP TRIGGER part ON app.t' ],
	rule        => [ 'CREATE RULE part AS ON INSERT TO app.t DO ALSO NOTHING', 'DROP RULE part ON app.t' ],
	policy      => [ 'CREATE POLICY part ON app.t USING (true)', 'DROP POLICY part ON app.t' ],
	statistics  => [ 'CREATE STATISTICS app.part ON id, note FROM app.t', 'DROP STATISTICS app.part' ],
	constraint  => [ 'ALTER TABLE app.t ADD CONSTRAINT part CHECK (aside.fine(note))', 'DROP FUNCTION aside.fine CASCADE' ],
	default     => [ 'ALTER TABLE app.t ALTER note SET DEFAULT aside.fine(NULL)::text', 'DROP FUNCTION aside.fine CASCADE' ],
	'an expression of an index' => [ 'CREATE INDEX part ON app.t (aside.fine(note))', 'DROP FUNCTION aside.fine CASCADE' ],
	'a type of a column'        => [ 'ALTER TABLE app.t ADD COLUMN part aside.kind', 'DROP TYPE aside.kind CASCADE' ],
);
my $aside = "DROP SCHEMA IF EXISTS aside CASCADE; CREATE SCHEMA aside AUTHORIZATION bob; CREATE FUNCTION aside.fine(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; ALTER FUNCTION aside.fine OWNER TO bob;"
  . "CREATE TYPE aside.kind AS ENUM ('a'); ALTER TYPE aside.kind OWNER TO bob";
for my $part (sort keys %parts)
{
	my ($make, $drop) = @{ $parts{$part} };
	sql($aside);
	apply("$text; $make");
	sql("SET ROLE bob; $drop");
	my $command = $drop =~ s/^(DROP \w+).*/$1/r;
	is(sql($drift), "table|app.t|changed|bob|$command", "who dropped a part: $part");
	like(hazards("$text; " . ($make =~ s/aside\.fine\(NULL\)|aside\.fine\(note\)/note IS NULL/r =~ s/aside\.kind/int/r)), qr/table app\.t was changed by bob on .*, $command, and this undoes it/, "$part: the plan says so too")
	  if $part !~ /^(default|an expression)/;
	is(sql("SELECT before LIKE '%part%' OR before LIKE '%DEFAULT%', after LIKE '%part%' OR after LIKE '%DEFAULT%' FROM pgschema.ddl_log WHERE version IS NULL ORDER BY id DESC LIMIT 1"), 't|f', "$part: with the definitions of its table");
	sql($aside);
	apply($text);
}
sql('DROP SCHEMA aside CASCADE');
# The retention of the history is not that of the log.
sql("UPDATE pgschema.applied SET started_at = started_at - interval '1 day'");
sql("SET pgschema.history_retention = '1min'; CALL pgschema_apply(${\ quoted($text)}, '{app}', allow => '{all}')");
is(sql('SELECT count(*) FROM pgschema.logged l WHERE l.before IS NOT NULL AND NOT EXISTS (SELECT FROM pgschema.text t WHERE t.hash = l.before) OR l.after IS NOT NULL AND NOT EXISTS (SELECT FROM pgschema.text t WHERE t.hash = l.after)'), '0', 'what the log shows stays when old history goes');
# The log is not trusted.
sql("SET session_replication_role = replica; SELECT pgschema_guard('{app}', 'off'); ALTER TABLE app.t ADD COLUMN silent int");
is(sql($drift), 'table|app.t|changed||', 'what the log does not know is seen by what there is');
sql('ALTER TABLE app.t DROP COLUMN silent');
is(sql($drift), '', 'and is gone when it is undone');

# --------------------------------------------------------------------------------------------------- who sees it
is($node->safe_psql('postgres', 'SET ROLE reader; SELECT count(*) FROM pgschema_drift()'), '0', 'only schemas that one may use');
like(err("SET ROLE reader; $drift"), qr/permission denied for schema app/, 'or nothing by name');
sql('DROP SCHEMA app CASCADE');
is(sql("SELECT count(*) FROM pgschema_drift('{app}') WHERE change = 'dropped'") > 2 ? 'all' : 'some', 'all', 'a schema that is gone');

# ---------------------------------------------------------------------------------------- an apply that is under way
sql('CREATE SCHEMA app; CREATE TABLE app.t (id int, note text)');
apply('CREATE SCHEMA app; CREATE TABLE app.t (id int, note text)');
my $next = 'CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, note text NOT NULL); CREATE INDEX i ON app.t (note)';
apply($next, ", strategy => 'online', until_phase => 1");
is(hazards($next), '', 'phases that are done are no drift');
apply($next, ", strategy => 'online'");
is(sql($drift), '', 'nor are they when all of them are');
done_testing();
