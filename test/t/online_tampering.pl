# strategy => 'online', and others who change something between its phases, or may not do all of it: only what was reviewed is done.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Psql;

my $node = PostgreSQL::Test::Cluster->new('online_tampering');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

my $number = 0;
my $before = <<'END';
CREATE SCHEMA app;
CREATE TABLE app.units (id integer PRIMARY KEY, code text);
CREATE TABLE app.calls (id integer PRIMARY KEY, unit integer, note text);
CREATE INDEX calls_old ON app.calls (note);
CREATE TABLE app.gone (a integer);
END
my $after = <<'END';
CREATE SCHEMA app;
CREATE TABLE app.units (id integer PRIMARY KEY, code text NOT NULL, CONSTRAINT units_code UNIQUE (code));
CREATE TABLE app.calls (id integer PRIMARY KEY, unit integer, note text, added integer, CONSTRAINT calls_unit FOREIGN KEY (unit) REFERENCES app.units);
CREATE INDEX calls_new ON app.calls (unit);
CREATE INDEX calls_added ON app.calls (added);
CREATE VIEW app.v AS SELECT id, added FROM app.calls;
END
my $rows = 'INSERT INTO app.units SELECT i, i::text FROM generate_series(1, 100) i; INSERT INTO app.calls SELECT i, i, i::text FROM generate_series(1, 100) i;';

sub database { my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, "CREATE EXTENSION pgschema; $before $rows"); return $name; }
sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
sub call_of { my ($more) = @_; return 'CALL pgschema_apply(' . quoted($after) . ", '{app}', strategy => 'online'" . ($more // '') . ')'; }
sub call { my ($database, $more, @how) = @_; my ($out, $err) = ('', ''); $node->psql($database, call_of($more), stdout => \$out, stderr => \$err, @how); return $err; }
sub fingerprint { my ($database) = @_; return (split / /, (split /\n/, $node->safe_psql($database, 'SELECT pgschema_plan(' . quoted($after) . ", '{app}', 'online', 'summary')"))[0])[3]; }
sub walk { my ($database) = @_; return $node->safe_psql($database, "SELECT c::text FROM pgschema_catalog('{app}') c ORDER BY 1"); }
sub history { my ($database) = @_; return $node->safe_psql($database, "SELECT concat_ws(' ', status, phases_done) FROM pgschema.applied ORDER BY version DESC LIMIT 1"); }

my $whole = database();
my $expect = fingerprint($whole);
my $phases = $node->safe_psql($whole, 'SELECT max(phase) FROM pgschema_steps(' . quoted($after) . ", '{app}', 'online')");
unlike(call($whole, ", expect => '$expect', allow => '{all}'"), qr/ERROR/, "applied, in $phases phases");
my $wanted = walk($whole);

# ------------------------------------------------------------------------------------------- between two calls, at each phase
my %tampering = (
	'a table' => [ 'CREATE TABLE app.precious AS SELECT 1 AS a', 'DROP TABLE app.precious', 'SELECT count(*) FROM app.precious' ],
	'a column' => [ 'ALTER TABLE app.units ADD extra int DEFAULT 1', 'ALTER TABLE app.units DROP extra', 'SELECT min(extra) FROM app.units' ],
	'an index' => [ 'CREATE INDEX mine ON app.units (code, id)', 'DROP INDEX app.mine', q{SELECT count(*) FROM pg_class WHERE relname = 'mine'} ],
	'a check' => [ 'ALTER TABLE app.calls ADD CONSTRAINT mine CHECK (id > 0)', 'ALTER TABLE app.calls DROP CONSTRAINT mine', q{SELECT count(*) FROM pg_constraint WHERE conname = 'mine'} ]);
for my $until (1 .. $phases - 1)
{
	my $database = database();
	like(call($database, ", expect => '$expect', allow => '{all}', until_phase => $until"), qr/stopped after phase $until of $phases/, "stopped after phase $until");
	my $stopped = walk($database);
	for my $what (sort keys %tampering)
	{
		my ($do, $undo, $there) = @{ $tampering{$what} };
		$node->safe_psql($database, $do);
		my $tampered = walk($database);
		like(call($database, ", expect => '$expect', allow => '{all}'"), qr/ERROR:  the plan is not the expected one/, "$what more: another plan");
		is($node->safe_psql($database, $there), 1, 'it is still there');
		is(walk($database), $tampered, 'and nothing has happened');
		$node->safe_psql($database, $undo);
	}
	$node->safe_psql($database, 'CREATE SCHEMA other; CREATE TABLE other.t (a int)');
	unlike(call($database, ", expect => '$expect', allow => '{all}'"), qr/ERROR/, 'what is elsewhere does not matter');
	is(walk($database), $wanted, 'and it ends');
}

# ------------------------------------------------------------------------------------------------- in the midst of one call
sub session { return Psql::session($node->connstr($_[0])); }
# Rows where there were none when the plan was reviewed.
$tampering{rows} = [ 'INSERT INTO app.gone VALUES (1)', undef, 'SELECT count(*) FROM app.gone' ];
for my $how ('with expect', 'with allow')
{
	for my $what (sort keys %tampering)
	{
		my ($do, undef, $there) = @{ $tampering{$what} };
		my $database = database();
		my $writer = session($database);
		say_to($writer, 'BEGIN; INSERT INTO app.calls VALUES (-1, 1);');
		my $apply = session($database);
		$apply->{in} .= call_of($how eq 'with expect' ? ", expect => '$expect'" : ", allow => '{data_dependent,breaking}'") . ";\n\\echo done\n";
		$apply->{psql}->pump_nb;
		until ($node->safe_psql($database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'pgschema' AND wait_event_type = 'Lock')") eq 't')
		{
			$apply->{psql}->pump_nb;
			BAIL_OUT("it does not wait: $apply->{err}") if $apply->{err} =~ /ERROR/;
		}
		$node->safe_psql($database, $do =~ s/ALTER TABLE app.calls/ALTER TABLE app.units/r);
		say_to($writer, 'ROLLBACK;');
		$apply->{psql}->pump until $apply->{out} =~ /done/;
		if ($how eq 'with expect' || $what =~ /table|column|rows/)
		{
			like($apply->{err}, $how eq 'with expect' && $what ne 'rows' ? qr/ERROR:  the plan is not the expected one/ : qr/ERROR:  the plan has hazards that are not allowed\nDETAIL:  data_loss: /, "$how, $what more meanwhile: refused");
			is($node->safe_psql($database, $there), 1, 'it is still there');
			like(history($database), qr/^failed [1-9]/, 'history says so');
			is($node->safe_psql($database, q{SELECT count(*) FROM pg_attribute WHERE attname = 'added' AND NOT attisdropped}), 0, 'before the phase that has it');
		}
		else
		{
			unlike($apply->{err}, qr/ERROR/, "$how, $what more meanwhile: goes, as the text has none");
			is(walk($database), $wanted, 'and it ends');
		}
		$_->{psql}->kill_kill for $writer, $apply;
	}
}

# ------------------------------------------------------------------------------------------- who does not own all of it
$node->safe_psql('postgres', 'CREATE ROLE owner_role; CREATE ROLE deployer LOGIN; CREATE ROLE other_role; GRANT owner_role TO deployer');
for my $strategy (qw(atomic online))
{
	for my $case ([ 'table app.calls', 'ALTER TABLE app.calls OWNER TO other_role' ], [ 'table app.units', 'ALTER TABLE app.units OWNER TO other_role' ],
		[ 'view other.v', 'CREATE SCHEMA other; CREATE VIEW other.v AS SELECT note FROM app.calls; GRANT USAGE ON SCHEMA other TO owner_role; ALTER VIEW other.v OWNER TO other_role' ], [ 'schema app', 'ALTER SCHEMA app OWNER TO other_role; GRANT USAGE ON SCHEMA app TO owner_role' ])
	{
		my ($foreign, $setup) = @$case;
		my $database = database();
		$node->safe_psql($database, "ALTER SCHEMA app OWNER TO owner_role; ALTER TABLE app.units OWNER TO owner_role; ALTER TABLE app.calls OWNER TO owner_role; GRANT CREATE ON DATABASE $database TO owner_role; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO deployer; $setup");
		my $is = walk($database);
		my $text = $after =~ s/note text/note varchar(100)/r;
		my ($out, $err);
		$node->psql($database, 'CALL pgschema_apply(' . quoted($text) . ", '{app}', strategy => '$strategy', allow => '{all}')", stdout => \$out, stderr => \$err, connstr => $node->connstr($database) . ' user=deployer');
		my $name = $foreign =~ s/^\w+ //r =~ s/^app\.//r;
		like($err, qr/ERROR:  (must be owner of|permission denied for) \w+ (app\.)?\Q$name\E/, "$strategy: $foreign belongs to another role");
		is(walk($database), $is, 'nothing has happened');
		is($node->safe_psql($database, 'SELECT count(*) FROM pgschema.applied'), 0, 'not even a row of history');
	}
}

done_testing();
