package Pairs;

# Pairs of schemas: from one to the other and back, by pgschema, and each time the outcome is what a database has that was loaded
# with it.
#
#   my $pairs = Pairs->new(host => …, port => …, version => 15, bin => '/usr/lib/postgresql/15/bin', folder => …);
#   my $result = $pairs->pair($seed);      # { status, at, message, … }
#   $pairs->shrink($pairs->made($seed))    # with as few statements as fail in the same way
#
# status: `ok`; `refused`: planning is refused by name; `failed`: anything else. What is checked is in run() below.
use strict;
use warnings;
use IO::Handle;
use IPC::Open3 qw(open3);
use RandomSchema;

sub new
{
	my ($class, %o) = @_;
	my $self = bless {%o}, $class;
	$self->{serial} = 0;
	$self->{name} //= "w$$";
	return $self;
}

my $helpers = <<'END';
CREATE SCHEMA pairs;
CREATE EXTENSION pgschema SCHEMA pairs;
-- Types and operators, where the server has them; what needs them is left out where it has not.
DO $$ DECLARE e name; BEGIN
	FOR e IN SELECT name FROM pg_available_extensions WHERE name IN ('citext', 'hstore', 'btree_gist') LOOP
		EXECUTE format('CREATE EXTENSION %I SCHEMA public', e);
	END LOOP;
END $$;
-- A database that has subscriptions cannot be dropped.
CREATE FUNCTION pairs.unsubscribe() RETURNS void LANGUAGE plpgsql AS $$
DECLARE s name; BEGIN
	FOR s IN SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) LOOP
		EXECUTE format('ALTER SUBSCRIPTION %1$I DISABLE; ALTER SUBSCRIPTION %1$I SET (slot_name = NONE); DROP SUBSCRIPTION %1$I', s);
	END LOOP;
END $$;
-- The statements one by one; the numbers of those that cannot be run.
CREATE FUNCTION pairs.load(statements text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	SET CONSTRAINTS ALL IMMEDIATE;
	FOR i IN 1 .. coalesce(cardinality(statements), 0) LOOP
		BEGIN
			EXECUTE statements[i];
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT (i - 1) || ' ' || replace(SQLERRM, E'\n', ' ');
		END;
	END LOOP;
END $$;
-- Whether there is what a directive calls so.
CREATE FUNCTION pairs.there(object text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pairs.pgschema_dependencies(object);
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
CREATE TABLE pairs.columns (relation text, name text, type text);
CREATE TABLE pairs.rows (relation text, value jsonb);
CREATE FUNCTION pairs.relations(schemas name[]) RETURNS SETOF regclass LANGUAGE sql AS $$
	SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text = ANY (SELECT quote_ident(s) FROM unnest(schemas) s)
$$;
CREATE FUNCTION pairs.lock(schemas name[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r text; BEGIN
	FOR r IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p', 'v') AND nspname = ANY (schemas) ORDER BY 1 LOOP
		BEGIN
			EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', r);
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;  -- a view, whose owner may not read
		END;
	END LOOP;
END $$;
-- Values of composite types are not compared: they gain attributes.
CREATE FUNCTION pairs.described(relation regclass) RETURNS TABLE (name text, type text) LANGUAGE sql AS $$
	SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
	WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND typtype <> 'c' AND typcategory <> 'A'
$$;
CREATE FUNCTION pairs.remember(schemas name[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE r regclass; BEGIN
	TRUNCATE pairs.columns, pairs.rows;
	FOR r IN SELECT * FROM pairs.relations(schemas) LOOP
		INSERT INTO pairs.columns SELECT r::text, d.* FROM pairs.described(r) d;
		EXECUTE format('INSERT INTO pairs.rows SELECT %L, to_jsonb(t) FROM ONLY %s t', r::text, r::text);
	END LOOP;
	RETURN (SELECT count(*) FROM pairs.rows);
END $$;
-- What became of the rows that were remembered. tables: new names by old ones; columns: new names by table and column, as they were.
CREATE FUNCTION pairs.changed(tables jsonb, columns jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE old text; fresh regclass; kept text[]; named text[]; differing bigint; BEGIN
	FOR old IN SELECT DISTINCT relation FROM pairs.rows ORDER BY 1 LOOP
		fresh := to_regclass(coalesce(tables ->> old, old));
		CONTINUE WHEN fresh IS NULL OR (SELECT relkind <> 'r' FROM pg_class WHERE oid = fresh);
		SELECT array_agg(c.name ORDER BY c.name), array_agg(d.name ORDER BY c.name) INTO kept, named
			FROM pairs.columns c JOIN pairs.described(fresh) d ON d.name = coalesce(columns ->> (old || '.' || quote_ident(c.name)), c.name) AND d.type = c.type WHERE c.relation = old;
		EXECUTE format('SELECT count(*) FROM ((SELECT ARRAY(SELECT r.value -> k FROM unnest($1) k) FROM pairs.rows r WHERE relation = $3 EXCEPT ALL SELECT ARRAY(SELECT to_jsonb(t) -> k FROM unnest($2) k) FROM ONLY %1$s t)
			UNION ALL (SELECT ARRAY(SELECT to_jsonb(t) -> k FROM unnest($2) k) FROM ONLY %1$s t EXCEPT ALL SELECT ARRAY(SELECT r.value -> k FROM unnest($1) k) FROM pairs.rows r WHERE relation = $3)) d', fresh::text) INTO differing USING kept, named, old;
		IF differing > 0 THEN RETURN NEXT format('%s: %s rows are other ones', fresh, differing); END IF;
	END LOOP;
END $$;
END

# Roles of the cluster, and the database that all others are copied from.
sub prepare
{
	my ($self) = @_;
	$self->must('postgres', join('', map { "DO \$d\$ BEGIN CREATE ROLE $_; EXCEPTION WHEN duplicate_object THEN NULL; END \$d\$; GRANT pg_read_all_data TO $_;\n" } map { RandomSchema::quote($_) } @RandomSchema::roles));
	$self->must('postgres', 'DROP DATABASE IF EXISTS pairs; CREATE DATABASE pairs');
	$self->must('pairs', $helpers);
	$self->end('pairs');
	return;
}

# ------------------------------------------------------------------------------------------------- the server

# A session with each database, kept: most of a pair's time would be spent on starting them. A statement of several lines is
# read from a file, so that nobody waits for the other to read. What was said after it is in a file, too.
sub session
{
	my ($self, $database) = @_;
	return $self->{sessions}{$database} //= do
	{
		my $errors = "$self->{folder}/$self->{name}.$database.err";
		local %ENV = (%ENV, PGHOST => $self->{host}, PGPORT => $self->{port}, PGCLIENTENCODING => 'UTF8', PGOPTIONS => '-c client_min_messages=warning');
		open(my $said, '>', $errors) or die "$errors: $!";
		my $process = open3(my $in, my $out, '>&' . fileno($said), "$self->{bin}/psql", '-X', '-q', '-At', '-v', 'VERBOSITY=verbose', '-d', $database, '-f', '-');
		binmode($out, ':encoding(UTF-8)');
		$in->autoflush(1);
		open(my $heard, '<:encoding(UTF-8)', $errors) or die "$errors: $!";
		{ process => $process, in => $in, out => $out, heard => $heard };
	};
}

sub end
{
	my ($self, $database) = @_;
	my $session = delete $self->{sessions}{$database} or return;
	close $session->{in};
	waitpid($session->{process}, 0);
	return;
}

# Answer and error of a few statements; a statement that fails does not keep those after it from being run.
sub psql
{
	my ($self, $database, $sql) = @_;
	my $session = $self->session($database);
	my $name = "$self->{folder}/$self->{name}.sql";
	open(my $file, '>:encoding(UTF-8)', $name) or die "$name: $!";
	print $file "$sql\n;\n";
	close $file;
	my $end = 'end of ' . ++$self->{asked};
	local $SIG{PIPE} = 'IGNORE';
	print { $session->{in} } "\\i '$name'\n\\echo '$end'\n";
	my ($out, $line) = ('', undef);
	while (defined($line = readline($session->{out}))) { last if $line eq "$end\n"; $out .= $line; }
	seek($session->{heard}, 0, 1);    # where it was, but no end of file any more
	my $said = do { local $/; readline($session->{heard}) } // '';
	if (!defined $line) { $self->end($database); $said .= "FATAL:  XX000: the session has ended\n"; }
	chomp($out, $said);
	return ($out, $said =~ /^psql:.*?(?:ERROR|FATAL|PANIC): |^FATAL: /m ? $said : '');
}
sub must { my ($self, @how) = @_; my ($out, $error) = $self->psql(@how); die "$error\n" if $error; return $out; }

sub text { my ($text) = @_; return "\$pairs_text\$$text\$pairs_text\$"; }
sub array { return 'ARRAY[' . join(",\n", map { "\$pairs_item\$$_\$pairs_item\$" } @_) . ']::text[]'; }
sub scope { my ($self, @schemas) = @_; my %seen; return 'ARRAY[' . join(', ', map { RandomSchema::literal($_) } grep { !$seen{$_}++ } sort @schemas) . ']::name[]'; }

sub dump
{
	my ($self, $database) = @_;
	local %ENV = (%ENV, PGHOST => $self->{host}, PGPORT => $self->{port}, PGCLIENTENCODING => 'UTF8');
	open(my $pipe, '-|:encoding(UTF-8)', "'$self->{bin}/pg_dump' -s --no-sync -N pairs -N pgschema -d '$database' 2>'$self->{folder}/$self->{name}.dump'") or die $!;
	local $/;
	my $dump = <$pipe>;
	close $pipe or return 'pg_dump failed: ' . do { open(my $f, '<', "$self->{folder}/$self->{name}.dump"); <$f> };
	return $dump;
}

# pg_dump's text as entries, in no order, and free of that of columns, privileges and options.
sub entries
{
	my ($dump) = @_;
	my (%out, $head, @body);
	my $close = sub {
		return if !defined $head;
		my @lines = grep { /\S/ && !/^(--|SET |\\|SELECT pg_catalog\.set_config)/ } @body;
		@lines = sort map { s/^\s+|,?\s*$//gr } @lines if $head =~ /; Type: (TABLE|FOREIGN TABLE|ACL|DEFAULT ACL|TYPE);/ && (!@lines || $lines[0] !~ /AS ENUM/);
		if ($head =~ /; Type: STATISTICS;/) { s/ ON (.*) FROM /' ON ' . join(', ', sort split m{, }, $1) . ' FROM '/e for @lines; }
		s/ WITH \(([^()]*)\)/' WITH (' . join(', ', sort split m{, }, $1) . ')'/ge, s/^WITH \(([^()]*)\)/'WITH (' . join(', ', sort split m{, }, $1) . ')'/ge for @lines;
		$out{ $head . "\n" . join("\n", @lines) }++;
	};
	for (split /\n/, $dump)
	{
		if (/^-- (?:Data for )?(Name: .*; Type: .*; Schema: .*; Owner:.*)$/) { $close->(); ($head, @body) = ($1); }
		elsif (/^-- PostgreSQL database dump complete/) { last; }
		elsif (defined $head) { push @body, $_; }
	}
	$close->();
	return \%out;
}

# The generic oracle's lines. The order of a table's columns is storage; that a materialized view is filled is about rows.
sub catalog
{
	my ($self, $database, $scope) = @_;
	my ($out, $error) = $self->psql($database, "SELECT concat_ws('|', object_type, identity, attribute, replace(replace(CASE WHEN attribute = 'pg_statistic_ext.stxkeys' THEN (SELECT string_agg(k, ', ' ORDER BY k) FROM regexp_split_to_table(value, ', ') k) ELSE value END, '\\', '\\\\'), E'\\n', '\\n')) FROM pairs.pgschema_catalog((SELECT array_agg(nspname) FROM pg_namespace WHERE nspname = ANY ($scope))) WHERE NOT (object_type IN ('table column', 'foreign table column') AND attribute = 'pg_attribute.attnum') AND attribute <> 'pg_class.relispopulated'");
	die "oracle: $error\n" if $error;
	my %lines;
	$lines{$_}++ for split /\n/, $out;
	return \%lines;
}

sub differing
{
	my ($is, $wanted) = @_;
	my @out = map { my $n = ($is->{$_} // 0) - ($wanted->{$_} // 0); $n ? ($n > 0 ? "+ $_" : "- $_") : () } sort(keys %{ { %$is, %$wanted } });
	return join("\n", @out > 12 ? (@out[ 0 .. 11 ], '… and ' . (@out - 12) . ' more') : @out);
}

# ------------------------------------------------------------------------------------------------- one pair

# What a pair is made of, as plain statements, so that some of them can be left out.
sub made
{
	my ($self, $seed) = @_;
	my %pair = (seed => $seed);
	srand($seed);    # before the first choice
	my $a = RandomSchema->new(version => $self->{version}, size => RandomSchema::pick(12, 20, 30, 40));
	my $b = RandomSchema::chance(0.08) ? RandomSchema->new(version => $self->{version}, size => RandomSchema::pick(12, 25), from => 1000, like => $a) : $a->mutated(RandomSchema::pick(1, 2, 3, 5, 8, 13, 25));
	$pair{form} = RandomSchema::pick('as written', 'as written', 'shuffled', 'pg_dump');
	$pair{order} = int(rand(1 << 30));
	# Of a language whose handler is in pg_catalog, pg_dump does not write the handler.
	if ($pair{form} eq 'pg_dump') { $_->without('language') for $a, $b; }
	$pair{a} = [ $a->statements ];
	$pair{b} = [ $b->statements ];
	$pair{inserts} = [ $a->inserts ];
	$pair{schemas} = [ $a->schemas, $b->schemas ];
	$pair{forth} = [ $b->directives(0) ];
	$pair{back} = [ $b->directives(1) ];
	$pair{wide} = { a => [ $a->database_wide ], b => [ $b->database_wide ] };
	return \%pair;
}

sub joined { return join('', map { "$_;\n" } @_); }

sub form
{
	my ($pair, $statements, $dump) = @_;
	return $dump if $pair->{form} eq 'pg_dump';
	return joined(map { $_->[1] } @$statements) if $pair->{form} ne 'shuffled';
	srand($pair->{order});
	my (%of, @keys);
	for (@$statements) { push @keys, $_->[2] if !$of{ $_->[2] }; push @{ $of{ $_->[2] } }, $_->[1]; }
	# Which of two indexes of a partition becomes a part of its parent's is a matter of their order where the server takes them for
	# the same (docs/limits.md): a partition with an index of its own leaves everything where it is.
	for my $about (values %of)
	{
		return joined(map { $_->[1] } @$statements) if grep({ /^CREATE (UNLOGGED )?TABLE .* PARTITION OF /s } @$about) && grep({ /^CREATE (UNIQUE )?INDEX/ } @$about);
	}
	# Two objects came by the same name and signature: the second was not made, but what is said of it is said of the first.
	my %about;
	for (@$statements) { $about{"$1 $2"}{ $_->[2] } = 1 if $_->[1] =~ /^(COMMENT ON|ALTER) (.*?) (?:IS|OWNER TO) /s; }
	return joined(map { $_->[1] } @$statements) if grep { keys %$_ > 1 } values %about;
	# Which of two functions with one name is called is a matter of which of them there was.
	my %named;
	return joined(map { $_->[1] } @$statements) if grep { $_->[1] =~ /^CREATE (?:FUNCTION|PROCEDURE|AGGREGATE) (.*?)\(/s && $named{$1}++ } @$statements;
	return joined(map { @{ $of{$_} } } RandomSchema::some(scalar(@keys), @keys));
}

# DROP of what belongs to the database and is not made by the statements.
sub gone
{
	my ($before, $after, $statements) = @_;
	my %made = map { $_->[1] =~ /^CREATE / ? ($_->[0] => 1) : () } @$statements;
	my %stays = map { $made{ $_->[0] } ? ($_->[1] => 1) : () } @$after;
	return map { $stays{ $_->[1] } ? () : "DROP $_->[1]" } reverse @$before;
}

sub database { my ($self) = @_; my $name = "$self->{name}_" . ++$self->{serial}; $self->must('postgres', "CREATE DATABASE $name TEMPLATE pairs"); push @{ $self->{databases} }, $name; return $name; }
sub forget
{
	my ($self, @names) = @_;
	for (@names) { $self->psql($_, 'SELECT pairs.unsubscribe()'); $self->end($_); }
	$self->psql('postgres', join('', map { "DROP DATABASE IF EXISTS $_ WITH (FORCE);\n" } @names));
	my %gone = map { $_ => 1 } @names;
	@{ $self->{databases} } = grep { !$gone{$_} } @{ $self->{databases} };
	return;
}
sub clean { my ($self) = @_; $self->forget(@{ $self->{databases} // [] }); return; }

# Loads what can be loaded: the statements that ran.
sub load
{
	my ($self, $database, @statements) = @_;
	my $out = $self->must($database, 'SELECT pairs.load(' . array(map { $_->[1] } @statements) . ')');
	my %failed = map { /^(\d+) (.*)/ ? ($1 => $2) : () } split /\n/, $out;
	if ($ENV{PAIRS_SHOW}) { print "# left out: $failed{$_}: $statements[$_][1]\n" for sort { $a <=> $b } keys %failed; }
	$self->{left_out} += keys %failed;
	$self->{loaded} += @statements - keys %failed;
	return map { $failed{$_} ? () : $statements[$_] } 0 .. $#statements;
}

sub state_of { my ($error) = @_; return $error =~ /(?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}):/ ? $1 : ''; }

# Materialized views that are filled, filled again.
my $refresh = "DO \$d\$ DECLARE m regclass; BEGIN FOR m IN SELECT oid::regclass FROM pg_class WHERE relkind = 'm' AND relispopulated LOOP BEGIN EXECUTE 'REFRESH MATERIALIZED VIEW ' || m; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$d\$";

# docs/limits.md names these; it is the server that refuses them.
my $by_the_server = qr/planning does not run the function|cannot recursively add identity column/;

# One way: plan and apply $text in $live; what it is then must be what $wanted says.
sub way
{
	my ($self, %w) = @_;
	my $where = $w{where};
	my $fail = sub { my ($at, $message, $status) = @_; die { status => $status // 'failed', at => "$where: $at", message => $message }; };
	# Another session holds locks on all of it, that go with reading: a plan waits for no lock.
	my $held = "$self->{name}_held";
	$self->must($w{live}, "BEGIN;\nSELECT pairs.lock($w{scope});\nPREPARE TRANSACTION '$held'");
	my ($planned, $error) = $self->psql($w{live}, 'SELECT pairs.pgschema_plan(' . text($w{text}) . ", $w{scope})");
	$self->must($w{live}, "ROLLBACK PREPARED '$held'");
	if ($error)
	{
		my $code = state_of($error);
		$fail->('plan', $error, $code && $code !~ /^(XX|55|57|58|53|40)/ && $error !~ /Please report|in a circle/ && ($error =~ /^LOCATION:  raise, entry\.cpp/m || $code =~ /^(42804|42846)/ || $error =~ $by_the_server) ? 'refused' : 'failed');
	}
	$self->must($w{live}, "SELECT pairs.remember($w{scope})");
	my $applying = "CALL pairs.pgschema_apply(" . text($w{text}) . ", $w{scope}, allow => '{all}')";
	my ($applied, $failed) = $self->psql($w{live}, $applying);
	if ($failed && (state_of($failed) =~ /^(22|23)/ || $failed =~ /could not identify (?:an equality operator|a comparison function)/))
	{
		# The rows are against it: without them.
		$self->{data}++;
		$self->psql($w{live}, "SET session_replication_role = replica;\nDO \$d\$ DECLARE r regclass; BEGIN FOR r IN SELECT * FROM pairs.relations($w{scope}) LOOP EXECUTE format('TRUNCATE %s CASCADE', r::text); END LOOP; END \$d\$;\nRESET session_replication_role");
		$self->must($w{live}, $refresh);
		$self->must($w{live}, "SELECT pairs.remember($w{scope})");
		($applied, $failed) = $self->psql($w{live}, $applying);
	}
	$fail->('apply', $failed) if $failed;
	my $found = differing($self->catalog($w{live}, $w{scope}), $w{catalog});
	$fail->('catalog', $found) if $found;
	my $dump = entries($self->dump($w{live}));
	$found = differing($dump, $w{dump});
	$fail->('pg_dump', $found) if $found;
	my (%tables, %columns);
	for (@{ $w{renames} }) { my (undef, $kind, $from, $to) = @$_; $tables{$from} = $to if $kind eq 'table'; $columns{$from} = unquoted(RandomSchema::last_part($to, 0)) if $kind eq 'column'; }
	my $json = sub { my ($of) = @_; return RandomSchema::literal('{' . join(', ', map { string($_) . ': ' . string($of->{$_}) } sort keys %$of) . '}') . '::jsonb'; };
	my $changed = $self->must($w{live}, 'SELECT pairs.changed(' . $json->(\%tables) . ', ' . $json->(\%columns) . ')');
	$fail->('rows', $changed) if $changed;
	($planned, $error) = $self->psql($w{live}, 'SELECT pairs.pgschema_plan(' . text($w{text}) . ", $w{scope}, format => 'sql')");
	$fail->('second plan', "$planned$error") if "$planned$error" ne '-- nothing to change';
	($planned, $error) = $self->psql($w{live}, "SELECT string_agg(d, E'\\n') AS dump FROM pairs.pgschema_dump($w{there}) d \\gset\nSELECT pairs.pgschema_plan(:'dump', $w{there}, format => 'sql')");
	$fail->('plan of its dump', "$planned$error") if "$planned$error" ne '-- nothing to change';
	return;
}
sub unquoted { my ($name) = @_; return $name =~ /^"(.*)"$/s ? $1 =~ s/""/"/gr : $name; }
sub string { my ($text) = @_; return '"' . ($text =~ s/(["\\])/\\$1/gr) . '"'; }

sub run
{
	my ($self, $pair) = @_;
	my $result = { seed => $pair->{seed}, status => 'ok', form => $pair->{form} };
	my $went = eval {
		my ($live, $fresh) = ($self->database, $self->database);
		my @a = $self->load($live, @{ $pair->{a} });
		my @b = $self->load($fresh, @{ $pair->{b} });
		$result->{a} = \@a;
		$result->{b} = \@b;
		my $scope = $self->scope(@{ $pair->{schemas} });
		my $there = sub { return "(SELECT array_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname = ANY ($scope))"; };
		my $loaded = $self->must($live, 'SELECT pairs.load(' . array(@{ $pair->{inserts} }) . ')');
		$self->{rows} += @{ $pair->{inserts} } - (() = $loaded =~ /^/mg) if @{ $pair->{inserts} };
		$self->must($live, $refresh);
		my ($dump_a, $dump_b) = ($self->dump($live), $self->dump($fresh));
		my %a = (catalog => $self->catalog($live, $scope), dump => entries($dump_a));
		my %b = (catalog => $self->catalog($fresh, $scope), dump => entries($dump_b));
		# What could not be loaded was not renamed either.
		for my $d (@{ $pair->{forth} }) { $d->[4] = $self->must($live, 'SELECT pairs.there(' . RandomSchema::literal("$d->[1] $d->[2]") . ')') eq 't' && $self->must($fresh, 'SELECT pairs.there(' . RandomSchema::literal("$d->[1] $d->[3]") . ')') eq 't'; }
		my %renamed = map { $_->[4] ? ($_->[2] => 1) : () } @{ $pair->{forth} };
		my @forth = grep { $renamed{ $_->[2] } } @{ $pair->{forth} };
		my @back = grep { $renamed{ $_->[3] } } @{ $pair->{back} };
		my $old = form($pair, \@a, $dump_a);
		my $new = form($pair, \@b, $dump_b);
		# The schemas are made by the texts always, or they would go.
		$result->{text} = joined(gone($pair->{wide}{a}, $pair->{wide}{b}, \@b)) . join('', map { "$_->[0]\n" } @forth) . $new;
		$self->way(%b, where => 'there', live => $live, scope => $scope, there => $there->(), text => $result->{text}, renames => \@forth);
		$result->{text} = joined(gone($pair->{wide}{b}, $pair->{wide}{a}, \@a)) . join('', map { "$_->[0]\n" } @back) . $old;
		$self->way(%a, where => 'back', live => $live, scope => $scope, there => $there->(), text => $result->{text}, renames => \@back);
		1;
	};
	if (!$went) { my $e = $@; $result = { %$result, ref $e ? %$e : (status => 'failed', at => 'the test itself', message => $e) }; }
	$self->clean;
	return $result;
}

sub pair { my ($self, $seed) = @_; return $self->run($self->made($seed)); }

# A failure, as small as it gets, for people.
sub shown
{
	my ($self, $pair) = @_;
	my ($small, $same) = $self->shrink($pair);
	my $result = $self->run($small);
	return ("the smallest that fails so: $same", '-- A', (map { "$_->[1];" } @{ $result->{a} // [] }), '-- rows', (map { "$_;" } @{ $small->{inserts} }), "-- B, $small->{form}", (map { $_->[0] } @{ $small->{forth} }), (map { "$_->[1];" } @{ $result->{b} // [] }),
		'-- ' . ($result->{at} // '') . ': ' . ($result->{message} // ''), '');
}

# What makes two failures the same one: names and numbers aside.
sub signature
{
	my ($result) = @_;
	my ($line) = ($result->{message} // '') =~ /(?:ERROR|FATAL):  (.*)/;
	$line //= (split /\n/, $result->{message} // '')[0] // '';
	$line =~ s/"(?:[^"]|"")*"/N/g;
	$line =~ s/\b[\w\x{e4}]+\d\w*\b/N/g;
	$line =~ s/\bN(?:\.N)+/N/g;
	$line =~ s/\d+/9/g;
	return ($result->{status} eq 'ok' ? 'ok' : "$result->{status} $result->{at} " . substr($line, 0, 110));
}

# Fewer and fewer statements, as long as it fails in the same way.
sub shrink
{
	my ($self, $pair, $progress) = @_;
	my $same = signature($self->run($pair));
	return ($pair, $same) if $same eq 'ok';
	my $parts = sub {
		my ($p) = @_;
		my %keys = map { $_->[0] => 1 } @{ $p->{a} }, @{ $p->{b} };
		return ((map { [ 'key', $_ ] } sort { $b <=> $a } keys %keys));
	};
	my $without = sub {
		my ($p, %drop) = @_;
		return { %$p, a => [ grep { !$drop{"key $_->[0]"} } @{ $p->{a} } ], b => [ grep { !$drop{"key $_->[0]"} } @{ $p->{b} } ] };
	};
	my $try = sub { my ($p) = @_; return signature($self->run($p)) eq $same ? $p : undef; };
	for my $list (qw(inserts forth back)) { my $less = $try->({ %$pair, $list => [] }); $pair = $less if $less; }
	if ($pair->{form} ne 'as written') { my $less = $try->({ %$pair, form => 'as written' }); $pair = $less if $less; }
	# Whole objects, then single statements.
	my @keys = $parts->($pair);
	my $size = int(@keys / 2) || 1;
	while (1)
	{
		my $at = 0;
		while ($at < @keys)
		{
			my @out = @keys[ $at .. ($at + $size > @keys ? $#keys : $at + $size - 1) ];
			my $less = $try->($without->($pair, map { ("key $_->[1]" => 1) } @out));
			if ($less) { $pair = $less; splice(@keys, $at, scalar(@out)); $progress->(scalar @keys) if $progress; }
			else { $at += $size; }
		}
		last if $size == 1;
		$size = int($size / 2) || 1;
	}
	for my $list (qw(a b inserts))
	{
		for (my $i = $#{ $pair->{$list} }; $i >= 0; $i--)
		{
			my @less = @{ $pair->{$list} };
			splice(@less, $i, 1);
			my $less = $try->({ %$pair, $list => \@less });
			$pair = $less if $less;
		}
	}
	return ($pair, $same);
}

1;
