# Subscriptions are definitions here: made, changed, renamed and dropped without a connection to anybody, and what needs one is
# refused. The connection is a secret.
use strict;
use warnings;
use Tower;
use Test::More;
use PostgreSQL::Test::Utils;

my $tower = Tower->new('subscriptions', everywhere => 1, conf => "log_min_error_statement = panic\nwal_level = logical\n");
my $node = $tower->{node};
my $version = $node->pg_version;

my $made = "CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere.invalid password=hunter2 dbname=x' PUBLICATION pub, \"Pub 2\" WITH (connect = false, slot_name = NONE)";
my $attached = "COMMENT ON SUBSCRIPTION sub IS 'far away'; ALTER SUBSCRIPTION sub OWNER TO chief";
my $all = "$made; $attached";
sub changed { my ($from, $to) = @_; my $to_text = $made; $to_text =~ s/$from/$to/ or die $from; return (first => $all, instead => "$to_text; $attached", text => $to_text); }
$tower->run('postgres', 'CREATE ROLE chief SUPERUSER');

$tower->change('a new subscription', also => $made);
$tower->change('a comment and an owner', first => $made, also => $attached);
$tower->change('another connection', changed('hunter2', 'swordfish'), steps => [ q{ALTER SUBSCRIPTION sub CONNECTION '(masked by pgschema)'} ]);
$tower->change('a connection that is masked stays', first => $all, instead => "$made; $attached" =~ s/pub, /other, /r, text => "$made" =~ s/CONNECTION '.*?'/CONNECTION '(masked by pgschema)'/r =~ s/pub, /other, /r, steps => [ q{ALTER SUBSCRIPTION sub SET PUBLICATION other, "Pub 2" WITH (refresh = false)} ]);
$tower->change('options', changed('slot_name = NONE', "slot_name = NONE, binary = true, streaming = true, synchronous_commit = remote_apply, disable_on_error = true" . ($version >= 16 ? ", run_as_owner = true, origin = none, password_required = false" : '')));
$tower->change('options back to what the server gives', first => $made =~ s/slot_name = NONE/slot_name = NONE, binary = true, streaming = true, synchronous_commit = remote_apply, disable_on_error = true/r, instead => $made, text => $made);
$tower->change('streaming in parallel', changed('slot_name = NONE', 'slot_name = NONE, streaming = ' . ($version >= 18 ? 'off' : 'parallel'))) if $version >= 16;
$tower->change('by ALTER', first => $all, also => q{ALTER SUBSCRIPTION sub CONNECTION 'host=other.invalid'; ALTER SUBSCRIPTION sub SET (binary = true); ALTER SUBSCRIPTION sub ADD PUBLICATION third WITH (refresh = false)}, once => qr/already/);
$tower->change('renamed', first => $all, also => 'ALTER SUBSCRIPTION sub RENAME TO "Sub"');
$tower->change('it goes', first => $all, also => 'DROP SUBSCRIPTION IF EXISTS sub');

my $connects = qr/is not supported in a desired state/;
my %refused = (
	'one that connects' => "CREATE SUBSCRIPTION other CONNECTION 'dbname=x' PUBLICATION p",
	'one that says so' => "CREATE SUBSCRIPTION other CONNECTION 'dbname=x' PUBLICATION p WITH (connect = true)",
	'a refresh' => 'ALTER SUBSCRIPTION sub REFRESH PUBLICATION',
	'another publication, refreshed' => 'ALTER SUBSCRIPTION sub SET PUBLICATION other',
	'a publication more, refreshed' => 'ALTER SUBSCRIPTION sub ADD PUBLICATION other WITH (copy_data = false)',
	'what is to be skipped' => q{ALTER SUBSCRIPTION sub SKIP (lsn = '0/1')},
	'two phases' => 'ALTER SUBSCRIPTION sub SET (two_phase = true)');
$tower->refusal($_, first => $made, text => $refused{$_}, error => $connects, detail => qr/Nothing here connects/) for sort keys %refused;
$tower->refusal('one with a slot goes', first => $made =~ s/slot_name = NONE/slot_name = 'x'/r, text => 'DROP SUBSCRIPTION sub', error => qr/DROP SUBSCRIPTION of sub, which has a slot, is not supported/);
$tower->refusal('two phases, by a definition', first => $made, text => $made =~ s/slot_name = NONE/slot_name = NONE, two_phase = true/r, error => qr/cannot change subscription sub in place/, detail => qr/in connection with the publisher/);
$tower->refusal('a masked connection of none', text => "CREATE SUBSCRIPTION sub CONNECTION '(masked by pgschema)' PUBLICATION p WITH (connect = false)", error => qr/the connection is masked, and there is no subscription sub/);
$tower->refusal('a connection that is none', text => "CREATE SUBSCRIPTION sub CONNECTION 'nonsense hunter2' PUBLICATION p WITH (connect = false)", error => qr/ERROR:  42601: invalid connection string syntax\n/);

# --- a live one, with a slot's name and enabled ----------------------------------------------------------------
$node->safe_psql('postgres', 'CREATE DATABASE live');
my $live = $made =~ s/slot_name = NONE/slot_name = 'far'/r;
$tower->run('live', "CREATE EXTENSION pgschema; CREATE SCHEMA app; $live; ALTER SUBSCRIPTION sub ENABLE");
sub steps { my ($text, $arguments) = @_; my $failed = $node->psql('live', 'SELECT statement FROM pgschema_steps(' . Tower::quoted($text) . ($arguments // '') . ')', stdout => \my $out, stderr => \my $error); return $failed ? $error : $out; }
my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-d', $node->connstr('live') ]);
like($dump, qr/CREATE SUBSCRIPTION sub /, 'pg_dump says it');
for my $arguments ('', ", schemas => '{app}'")
{
	is(steps("CREATE SCHEMA IF NOT EXISTS app; $live", $arguments), '', 'a definition says nothing of whether it is enabled');
	is(steps("CREATE SCHEMA IF NOT EXISTS app; $live" =~ s/NONE|connect = false/connect = false, enabled = false/r, $arguments), 'ALTER SUBSCRIPTION sub DISABLE', 'unless it does');
	is(steps("CREATE SCHEMA IF NOT EXISTS app; $live; ALTER SUBSCRIPTION sub DISABLE", $arguments), 'ALTER SUBSCRIPTION sub DISABLE', 'or the text does elsewhere');
	is(steps("CREATE SCHEMA IF NOT EXISTS app; $live; ALTER SUBSCRIPTION sub ENABLE", $arguments), '', 'which may be as it is');
}
is(steps($dump =~ s/^(?!.*SUBSCRIPTION).*EXTENSION.*$//mgr, ", schemas => '{app,public}'"), '', 'planned with what pg_dump says there is nothing to do');
is(steps('ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE)'), "ALTER SUBSCRIPTION sub DISABLE\nALTER SUBSCRIPTION sub SET (slot_name = NONE)", 'so that it can go');
$node->safe_psql('live', "CALL pgschema_apply('ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE)')");
my $definition = $node->safe_psql('live', "SELECT pgschema_definition('subscription sub')");
like($definition, qr/^CREATE SUBSCRIPTION sub CONNECTION '\(masked by pgschema\)' PUBLICATION pub, "Pub 2" WITH \(connect = false, slot_name = NONE, streaming = @{[ $version >= 18 ? "parallel" : "off" ]}\);$/m, 'its definition');
is(steps($definition), '', 'planned with that there is nothing to do');

# what the text said of the connection is nowhere
my $kept = $node->safe_psql('live', 'SELECT * FROM pgschema.history; SELECT * FROM pgschema.text') . $node->safe_psql('live', 'CALL pgschema_apply(' . Tower::quoted($made =~ s/hunter2/swordfish/r) . '); SELECT * FROM pgschema.history; SELECT * FROM pgschema.text; SELECT * FROM pgschema.settled');
unlike($kept, qr/hunter2|swordfish/, 'nothing is kept of it');
is($node->safe_psql('live', 'SELECT subconninfo FROM pg_subscription'), 'host=nowhere.invalid password=swordfish dbname=x', 'but it is there');
unlike(slurp_file($node->logfile), qr/hunter2|swordfish/, 'nor in the log');

# who is no superuser learns nothing
$tower->run('live', 'CREATE ROLE stranger; GRANT CREATE ON DATABASE live TO stranger; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC');
for my $text ($made =~ s/hunter2/swordfish/r, $made, 'ALTER SUBSCRIPTION sub SET (binary = true)', "ALTER SUBSCRIPTION sub CONNECTION '(masked by pgschema)'")
{
	$node->psql('live', 'SET ROLE stranger; SELECT pgschema_plan(' . Tower::quoted($text) . ')', stderr => \my $error);
	like($error, qr/ERROR:  permission denied for/, 'a stranger is refused');
}
$node->safe_psql('live', 'ALTER SUBSCRIPTION sub OWNER TO postgres; DROP SUBSCRIPTION sub');
is($node->safe_psql('live', "SELECT count(*) FROM pg_replication_origin"), 0, 'no origin is left behind');
$tower->run('postgres', 'DROP DATABASE live; DROP ROLE chief');
$tower->done;
