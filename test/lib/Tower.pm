package Tower;

# The tower test: a change is applied to the database of the demonstration, in which some sixty views stand on
# app.v_calls, and the result is compared with a database that was loaded from a schema that says so already.
#
#   my $tower = Tower->new('views');
#   $tower->change('a column of the root changes its type',
#       edit => [ 'c.prio,' => 'c.prio::bigint AS prio,' ], text => 'CREATE VIEW app.v_calls');
#   $tower->refusal('…', text => 'DROP VIEW app.v_calls', error => qr/…/);
#   $tower->done;
#
# What a change must show, each an assertion of its own: it can be planned and applied; applied and rolled back, the
# catalog is as before; applied, neither pgschema_catalog() nor pg_dump can tell the database from the one that was
# loaded; a second plan is empty; tables and materialized views have the rows they had.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A few rows everywhere, so that what is lost shows.
my $rows = <<'END';
INSERT INTO app.priorities VALUES (1, 'life in danger', 540), (2, 'urgent', 720), (3, 'soon', 1200), (5, 'can wait', 7200);
INSERT INTO app.areas VALUES (1001, 'Dunmere 1', 'Dunmere', 900, (61, 5)), (1002, 'Fernley 1', 'Fernley', 1200, NULL);
INSERT INTO app.stations VALUES (1, 'Dunmere Central', 'Dunmere', (61, 5), '1950-05-01'), (2, 'Fernley Quay', 'Fernley', NULL, '1961-01-01');
INSERT INTO app.hospitals VALUES (1, 'St. Dunmere', 80, (61, 5.5));
INSERT INTO app.units VALUES (1, 'E-01-1', 'engine', 1, true), (2, 'A-02-3', 'ambulance', 2, false);
INSERT INTO app.crew VALUES (1, 'Ada Aker', '+000 600000', 1), (2, 'Bo Berg', NULL, 2);
INSERT INTO app.shifts (unit_id, crew_id, day, hours) VALUES (1, 1, '2031-12-01', '[06:00,14:00)'), (2, 2, '2031-12-01', '[14:00,22:00)');
INSERT INTO app.incidents VALUES (1, 'fire', 1001, '2031-01-01 00:00Z', '2031-01-01 03:00Z'), (2, 'fall', 1002, '2031-02-01 00:00Z', NULL);
INSERT INTO app.calls (incident_id, area_id, unit_id, prio, status, received_at, dispatched_at, arrived_at, closed_at, caller, note)
SELECT 1, 1001, 1, 1 + n % 3, 'closed', t, t + n * interval '9 s', t + n * interval '90 s', t + interval '1 h', '+000 100000', 'called back'
FROM generate_series(1, 30) n, LATERAL (SELECT timestamptz '2031-01-01 00:00Z' + n * interval '1 day') x (t);
INSERT INTO app.calls (incident_id, area_id, status, received_at)
SELECT NULL, 1002, (enum_range(NULL::app.call_status))[n], '2031-03-01 00:00Z' FROM unnest(ARRAY[1, 2, 6]) n;
INSERT INTO app.transports VALUES (1, 1, 1, '2031-01-01 01:00Z');
INSERT INTO app.call_log (call_id, logged_at, logged_by, what) VALUES (1, '2031-01-01 00:10Z', 'app_owner', 'how long');
REFRESH MATERIALIZED VIEW app.m_unit_load;
REFRESH MATERIALIZED VIEW reporting.m_station_month;
REFRESH MATERIALIZED VIEW reporting.m_area_month;
END

my $catalog = <<'END';
SELECT concat_ws('|', object_type, identity, attribute, regexp_replace(regexp_replace(value, '\\', '\\\\', 'g'), E'\n', '\\n', 'g'))
FROM pgschema_catalog('{app,reporting}')
END

# What belongs to the database and to no schema, as far as the walk over schemas does not meet it.
my $database_wide = <<'END';
UNION ALL SELECT concat_ws('|', 'database language', quote_ident(lanname), 'is', concat_ws(' ', pg_get_userbyid(lanowner), lanpltrusted, lanplcallfoid::regproc, laninline::regproc, lanvalidator::regproc, coalesce(lanacl, acldefault('l', lanowner)))) FROM pg_language
UNION ALL SELECT concat_ws('|', 'database access method', quote_ident(amname), 'is', concat_ws(' ', amtype, amhandler)) FROM pg_am
UNION ALL SELECT concat_ws('|', 'database event trigger', quote_ident(evtname), 'is', concat_ws(' ', pg_get_userbyid(evtowner), evtevent, evtfoid::regproc, evtenabled, evttags)) FROM pg_event_trigger
UNION ALL SELECT concat_ws('|', 'database wrapper', quote_ident(fdwname), 'is', concat_ws(' ', pg_get_userbyid(fdwowner), fdwhandler::regproc, fdwvalidator::regproc, coalesce(fdwacl, acldefault('F', fdwowner)), fdwoptions)) FROM pg_foreign_data_wrapper
UNION ALL SELECT concat_ws('|', 'database server', quote_ident(srvname), 'is', concat_ws(' ', pg_get_userbyid(srvowner), (SELECT fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = srvfdw), srvtype, srvversion, coalesce(srvacl, acldefault('S', srvowner)), srvoptions)) FROM pg_foreign_server
UNION ALL SELECT concat_ws('|', 'database user mapping', quote_ident(usename) || ' on ' || quote_ident(srvname), 'is', array(SELECT unnest(umoptions) ORDER BY 1)) FROM pg_user_mappings
UNION ALL SELECT concat_ws('|', 'database subscription', quote_ident(subname), 'is', (to_jsonb(s) - '{oid,subdbid,subowner,subtwophasestate,subskiplsn}'::text[])::text, pg_get_userbyid(subowner), subtwophasestate <> 'd') FROM pg_subscription s WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT concat_ws('|', 'database publication', quote_ident(pubname), 'is', concat_ws(' ', pg_get_userbyid(pubowner), puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
	array(SELECT pnnspid::regnamespace::text FROM pg_publication_namespace WHERE pnpubid = p.oid ORDER BY 1))) FROM pg_publication p
UNION ALL SELECT concat_ws('|', 'database label', (pg_identify_object(classoid, objoid, objsubid)).identity, provider, label) FROM pg_seclabel
	WHERE objoid >= 16384 AND classoid IN ('pg_language'::regclass, 'pg_event_trigger'::regclass, 'pg_publication'::regclass)
UNION ALL SELECT concat_ws('|', 'database label', quote_ident(subname), provider, label) FROM pg_shseclabel l
	JOIN pg_subscription s ON l.classoid = 'pg_subscription'::regclass AND l.objoid = s.oid WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT concat_ws('|', 'database comment', (pg_identify_object(classoid, objoid, objsubid)).identity, 'is', description) FROM pg_description
	WHERE objoid >= 16384 AND classoid IN ('pg_language'::regclass, 'pg_am'::regclass, 'pg_event_trigger'::regclass, 'pg_foreign_data_wrapper'::regclass, 'pg_foreign_server'::regclass, 'pg_publication'::regclass, 'pg_subscription'::regclass)
END

# new($name, …)
#   everywhere  looks at what belongs to the database too
#   init        more arguments of initdb
#   conf        more settings of the server
sub new
{
	my ($class, $name, %how) = @_;
	my $self = bless { number => 0, everywhere => $how{everywhere}, schema => slurp_file("$ENV{TEST_DEMO}/schema.sql") }, $class;
	$self->{node} = PostgreSQL::Test::Cluster->new($name);
	$self->{node}->init(extra => $how{init} // []);
	$self->{node}->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'\n" . ($how{conf} // ''));
	$self->{node}->start;
	$self->database('tower', $self->{schema});
	$self->run('tower', $rows);
	$self->{catalog} = [ $self->catalog('tower') ];
	return $self;
}

sub done
{
	my ($self) = @_;
	is_deeply([ $self->catalog('tower') ], $self->{catalog}, 'the tower itself has not changed');
	$self->{node}->stop;
	done_testing();
	return;
}

# A database that has one cannot be dropped.
sub without_subscriptions
{
	my ($self, $database) = @_;
	for (split /\n/, $self->{node}->safe_psql($database, "SELECT quote_ident(subname) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"))
	{
		$self->run($database, "ALTER SUBSCRIPTION $_ DISABLE; ALTER SUBSCRIPTION $_ SET (slot_name = NONE); DROP SUBSCRIPTION $_");
	}
	return;
}

# run($database, $sql): stops at the first error.
sub run
{
	my ($self, $database, $sql) = @_;
	return $self->{node}->safe_psql($database, "SET client_min_messages = warning;\n$sql");
}

sub database
{
	my ($self, $name, $schema) = @_;
	$self->{node}->safe_psql('postgres', "CREATE DATABASE $name");
	$self->run($name, "BEGIN;\n$schema\nCOMMIT;\nCREATE EXTENSION pgschema;");
	return;
}

sub catalog
{
	my ($self, $database) = @_;
	return sort(split /\n/, $self->{node}->safe_psql($database, $self->{everywhere} ? "$catalog$database_wide" : $catalog));
}

# In no order: that of an object's privileges is the one in which they were given.
sub dump
{
	my ($self, $database) = @_;
	my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', $self->{everywhere} ? () : ('-n', 'app', '-n', 'reporting'), '-d', $self->{node}->connstr($database) ]);
	return sort(grep { $_ !~ /^(--.*|\\(un)?restrict .*|)$/ } split /\n/, $dump);
}

sub rows
{
	my ($self, $database) = @_;
	return split /\n/, $self->{node}->safe_psql($database, <<'END');
SELECT r.oid::regclass, CASE WHEN relispopulated THEN (xpath('//x/text()', query_to_xml(format(
	'SELECT count(*) || '' rows '' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS x FROM %s t', r.oid::regclass), false, true, '')))[1]::text ELSE 'not populated' END
FROM pg_class r
WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text IN ('app', 'reporting') ORDER BY r.oid::regclass::text;
END
}

sub quoted
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	$text =~ s/\\/\\\\/g;
	return " E'$text'";
}

# TOWER chooses cases by a regular expression, while working.
sub wanted { return !$ENV{TOWER} || $_[0] =~ /$ENV{TOWER}/; }

# What two catalogs differ in, one line for each attribute: values are shown where they are short.
sub differences
{
	my ($before, $after) = @_;
	my (%count, %known, %lines);
	$count{$_}-- for @$before;
	$count{$_}++ for @$after;
	for my $side ([ '-', $before ], [ '+', $after ])
	{
		for (@{ $side->[1] }) { my ($type, $identity) = split /\|/; $known{ $side->[0] }{"$type $identity"} = 1; }
	}
	for my $line (grep { $count{$_} } keys %count)
	{
		my ($type, $identity, $attribute, $value) = split /\|/, $line, 4;
		my $object = "$type $identity";
		my $side = $count{$line} < 0 ? '-' : '+';
		if (!$known{ $side eq '-' ? '+' : '-' }{$object}) { $lines{"$side $object"} = 1; next; }
		push @{ $lines{"~ $object $attribute"}{$side} }, $value;
	}
	my @out;
	for my $line (sort keys %lines)
	{
		my $values = $lines{$line};
		my $short = ref $values && !grep { @$_ > 1 || length($_->[0]) > 60 } values %$values;
		push @out, $short && $line !~ /pg_depend$/ ? "$line: " . ($values->{'-'}[0] // '') . ' -> ' . ($values->{'+'}[0] // '') : $line;
	}
	return @out;
}

sub nothing_differs
{
	my ($before, $after, $name) = @_;
	my @differences = differences($before, $after);
	ok(!@differences, $name) or diag(join("\n", @differences > 30 ? (@differences[ 0 .. 29 ], '… and ' . (@differences - 30) . ' more') : @differences));
	return;
}

sub edited
{
	my ($self, @edits) = @_;
	my $schema = $self->{schema};
	while (my ($from, $to) = splice(@edits, 0, 2))
	{
		die "not in the schema: $from" unless ref $from ? $schema =~ s/$from/$to/g : $schema =~ s/\Q$from\E/$to/g;
	}
	return $schema;
}

# The statement of the schema that begins so, up to the blank line behind it.
sub statement
{
	my ($schema, $beginning) = @_;
	$schema =~ /^(\Q$beginning\E(?!\w).*?;)[ \t]*(--[^\n]*)?\n(?=\n|\z)/ms or die "not in the schema: $beginning";
	return $1;
}

# The beginning of a statement stands for the statement, in the edited schema; any other text for itself.
sub text_of
{
	my ($schema, @texts) = @_;
	return join("\n", map { /;/ ? $_ : /^(CREATE (?!OR).*)$/ && $schema =~ /^\Q$_\E(?!\w)/m ? statement($schema, $_) : "$_;" } @texts);
}

# A case that cannot even be prepared is a failure of its own.
sub guarded
{
	my ($name, $case) = @_;
	subtest $name => sub { eval { $case->(); 1 } or do { fail('no statement of the test itself fails'); diag($@ =~ s/\n.*//sr) } };
	return;
}

# For docs/matrix.md: the steps of a plan, and which attributes it changes. TEST_MATRIX is a folder.
sub recorded
{
	my ($self, $database, $set, $text) = @_;
	return if !$ENV{TEST_MATRIX};
	$self->{steps} = $self->{node}->safe_psql($database, "${set}SELECT concat_ws(E'\t', action, object_type, $Tower::subkind, coalesce(details ->> 'object', ''), '') FROM pgschema_steps(" . quoted($text) . ')');
	return;
}
sub record
{
	my ($self, @differences) = @_;
	return if !$ENV{TEST_MATRIX};
	my ($test) = $0 =~ m{([^/]+)\.pl$};
	open(my $file, '>>', "$ENV{TEST_MATRIX}/$test") or die "$ENV{TEST_MATRIX}/$test: $!";
	print $file map { "$test\t$_\n" } grep { $_ } split(/\n/, $self->{steps} // '');
	# "~ table column app.t.c pg_attribute.atttypid: …" of types that the oracle names as pg_identify_object() does
	my %type = ('pg_enum' => 'e', 'pg_range' => 'r', 'pg_type.typdefault' => 'd', 'pg_type.typnotnull' => 'd');
	for (@differences) { print $file "$test\tattributes\ttype\t$type{$2}\t\t$1\n" if /^~ type .* ((pg_enum|pg_range|pg_type\.typ(?:default|notnull))[.\w]*)(?::|$)/ && $type{$2}; }
	for (@differences) { print $file "$test\tattributes\t$1\t\t\t$2\n" if /^~ ($Tower::types) .* (pg_\w+(?:\.\w+)?)(?::|$)/; }
	close $file;
	return;
}
# What kind of type, table … a step is about.
our $subkind = q{coalesce(details ->> 'typtype', CASE WHEN object_type = 'table' THEN 'r' ELSE '' END)};
our $types = join('|', map { quotemeta } 'view column', 'materialized view column', 'table column', 'composite type column', 'materialized view', 'view', 'table constraint', 'domain constraint', 'table', 'index', 'sequence', 'function', 'procedure', 'aggregate', 'operator family', 'operator class', 'operator', 'trigger', 'rule', 'policy', 'statistics object', 'schema', 'event trigger',
	'foreign-data wrapper', 'server', 'user mapping', 'language', 'publication relation', 'publication namespace', 'publication', 'subscription', 'collation', 'conversion', 'cast', 'transform', 'access method', 'text search parser', 'text search template', 'text search dictionary', 'text search configuration', 'default value');

# change($name, …)
#   edit       pairs of texts: what the schema says, what it is to say
#   first      statements that are run before the change, in both databases
#   also       statements that are run in the loaded database only: what cannot be written as an edit
#   instead    statements that the loaded database has in place of `first`
#   text       the desired state: statements, or their beginnings in the edited schema; `also` by default
#   steps      the steps of the plan: the first line of each
#   unchanged  the loaded database is that of the schema as it is
#   changed    the differences between before and after
#   once       the error of a second plan: ALTER TABLE … ADD COLUMN is not to be run twice
#   rows       regular expression of the relations whose rows change
#   as         the role that applies
#   set        a setting to plan and apply under
sub change
{
	my ($self, $name, %case) = @_;
	return if !wanted($name);
	my $database = 'case' . ++$self->{number};
	my $text = text_of($self->edited(@{ $case{edit} // [] }), ref $case{text} ? @{ $case{text} } : $case{text} // $case{also});
	my $set = $case{set} ? "SELECT FROM pgschema_version();\n$case{set};\n" : '';
	my $call = "SET client_min_messages = warning;\n$set" . ($case{as} ? "SET ROLE $case{as};\n" : '') .
	  'CALL pgschema_apply(' . quoted($text) . ", allow => '{all}');";
	guarded($name, sub {
		$self->{node}->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE tower");
		$self->run($database, $case{first}) if $case{first};
		my @before = $case{first} ? $self->catalog($database) : @{ $self->{catalog} };
		my @rows = $self->rows($database);
		my ($plan, $error) = ('', '');
		my $failed = $self->{node}->psql($database, $set . ($case{as} ? "SET ROLE $case{as};\n" : '') .
			  'SELECT split_part(statement, E\'\\n\', 1) FROM pgschema_steps(' . quoted($text) . ')', stdout => \$plan, stderr => \$error);
		if ($failed) { fail('it can be planned'); diag($error); return; }
		pass('it can be planned');
		is_deeply([ split /\n/, $plan ], $case{steps}, 'the plan has these steps') or diag($plan) if $case{steps};
		$self->recorded($database, $set . ($case{as} ? "SET ROLE $case{as};\n" : ''), $text);
		$failed = $self->{node}->psql($database, "BEGIN;\n$call\nROLLBACK;", stderr => \$error);
		if ($failed) { fail('it can be applied'); diag($error); return; }
		nothing_differs(\@before, [ $self->catalog($database) ], 'rolled back, the catalog is as before');
		$failed = $self->{node}->psql($database, $call, stderr => \$error);
		if ($failed) { fail('it can be applied'); diag($error); return; }
		pass('it can be applied');
		my @after = $self->catalog($database);
		$self->record(differences(\@before, \@after));
		my $loaded = "${database}_loaded";
		$self->database($loaded, $self->edited($case{unchanged} ? () : @{ $case{edit} // [] }) . "\nRESET ROLE;\n" . join("\n", map { "$_;" } grep { $_ } $case{instead} // $case{first}, $case{also}));
		nothing_differs([ $self->catalog($loaded) ], \@after, 'the catalog is that of a database loaded so');
		my %dumped;
		$dumped{$_}++ for $self->dump($database);
		$dumped{$_}-- for $self->dump($loaded);
		my @unlike = grep { $dumped{$_} } sort keys %dumped;
		ok(!@unlike, 'pg_dump says the same') or diag(join("\n", map { ($dumped{$_} > 0 ? '+ ' : '- ') . $_ } @unlike));
		if ($case{changed})
		{
			my @differences = differences(\@before, \@after);
			is_deeply(\@differences, [ sort @{ $case{changed} } ], 'before and after differ in this') or diag(join("\n", @differences));
		}
		elsif (!$case{unchanged}) { ok(differences(\@before, \@after) > 0, 'something has changed'); }
		$self->{node}->psql($database, $set . 'SELECT pgschema_plan(' . quoted($text) . ", format => 'sql')", stdout => \my $second, stderr => \$error);
		if ($case{once}) { like($error, $case{once}, 'a second plan says that it is done'); }
		else { is("$second$error", '-- nothing to change', 'a second plan is empty'); }
		my $left = $case{rows} ? qr/^(?:$case{rows})\|/ : qr/^$/;
		is_deeply([ grep { !/$left/ } $self->rows($database) ], [ grep { !/$left/ } @rows ], 'the rows are the same');
		for ($database, $loaded) { $self->without_subscriptions($_); $self->{node}->safe_psql('postgres', "DROP DATABASE $_"); }
	});
	return;
}

# refusal($name, text, error, detail, hint, first): each a regular expression; an error that names no internal one.
#   cell       'extension drop': what it is in docs/matrix.md
sub refusal
{
	my ($self, $name, %case) = @_;
	return if !wanted($name);
	guarded($name, sub {
		my $text = text_of($self->edited(@{ $case{edit} // [] }), ref $case{text} ? @{ $case{text} } : $case{text});
		my $sql = "\\set VERBOSITY verbose\n" . ($case{first} ? "BEGIN;\n$case{first};\n" : '') . ($case{as} ? "SET ROLE $case{as};\n" : '') . 'SELECT pgschema_plan(' . quoted($text) . ')';
		my ($out, $error) = ('', '');
		my $failed = $self->{node}->psql('tower', $sql, stdout => \$out, stderr => \$error, on_error_stop => 1);
		ok($failed, 'refused') or diag($out);
		unlike($error, qr/XX000/, 'not an internal error');
		like($error, $case{$_}, $_) for grep { $case{$_} } qw(error detail hint);
		if ($case{cell} && $ENV{TEST_MATRIX} && $error =~ /ERROR:  (\w{5}):/)
		{
			my ($code, $kind, $operation, $test) = ("$1", $case{cell} =~ /^(.*) (\w+)$/, $0 =~ m{([^/]+)\.pl$});
			open(my $file, '>>', "$ENV{TEST_MATRIX}/$test") or die "$ENV{TEST_MATRIX}/$test: $!";
			print $file "$test\t$operation\t\t\t$kind\t$code\n";
			close $file;
		}
	});
	return;
}

1;
