package RandomSchema;

# Whole schemas made at random, and changed at random, from a seed.
#
#   srand(7);
#   my $schema = RandomSchema->new(version => 15, size => 30);
#   my $other = $schema->mutated(5);
#   $schema->statements      [ [ key, SQL, about ], … ] in an order that mostly runs; statements of one object have one key,
#                            those that are about one have one `about`: they keep their order
#   $other->directives       the comments that say what was renamed since $schema
#   $schema->inserts         rows for its tables
#   $schema->database_wide   what a text about schemas does not drop by leaving it out
#
# An object is an id, a name, and templates in which {7} stands for the object with that id, by its whole name, {7!} for
# its name alone. So a rename reaches whoever uses the object, and what uses something that was dropped has no statement
# any more. What is left that does not run in an empty database (the type of a column under a function …) is not the
# generator's to know: the server says so when the schema is loaded, and that statement is left out.
use strict;
use warnings;
use Storable qw(dclone);

our @roles = ('pairs_a', 'pairs_b', 'pairs "c"');

# The types of a family can be cast to each other without being asked, so that a column can change among them.
my %families = (
	n => [ qw(integer bigint numeric smallint real), 'numeric(12,2)', 'double precision' ],
	s => [ qw(text varchar name), 'varchar(40)', 'char(20)' ],
	d => [ qw(date timestamp timestamptz), 'timestamp(3)' ],
	b => ['boolean'],
	j => [qw(jsonb json)],
	u => ['uuid'],
	a => [ 'integer[]', 'bigint[]', 'numeric[]' ],
	t => ['text[]'],
	r => ['int4range'],
	m => ['int4multirange'],
	i => [qw(inet)],
	p => ['point'],
	x => ['tsvector'],
	h => ['interval'],
	c => ['public.citext'],
	k => ['public.hstore'],
);
my %default_of = (n => '7', s => "'x'", d => "'2001-02-03'", b => 'true', j => q|'{"a": [1, null]}'|, u => q|'0b0e7b0e-0000-4000-8000-000000000001'|, a => q|'{1,2}'|, t => q|'{a,"b c"}'|,
	r => q|'[1,5)'|, m => q|'{[1,5)}'|, i => q|'10.0.0.1'|, p => q|'(1,2)'|, x => q|'a b'|, h => q|'1 day'|, c => q|'Ab'|, k => q|'a=>1'|);

my %word = (schema => 'SCHEMA', table => 'TABLE', part => 'TABLE', foreign => 'FOREIGN TABLE', base => 'TYPE', shell => 'TYPE', transform => 'TRANSFORM', user_mapping => 'USER MAPPING', subscription => 'SUBSCRIPTION', view => 'VIEW', matview => 'MATERIALIZED VIEW', sequence => 'SEQUENCE', enum => 'TYPE', composite => 'TYPE', range => 'TYPE',
	domain => 'DOMAIN', function => 'FUNCTION', procedure => 'PROCEDURE', aggregate => 'AGGREGATE', collation => 'COLLATION', conversion => 'CONVERSION', dictionary => 'TEXT SEARCH DICTIONARY',
	parser => 'TEXT SEARCH PARSER', template => 'TEXT SEARCH TEMPLATE', configuration => 'TEXT SEARCH CONFIGURATION', index => 'INDEX', statistics => 'STATISTICS', publication => 'PUBLICATION', event_trigger => 'EVENT TRIGGER',
	language => 'LANGUAGE', access_method => 'ACCESS METHOD', wrapper => 'FOREIGN DATA WRAPPER', server => 'SERVER', opclass => 'OPERATOR CLASS', family => 'OPERATOR FAMILY', operator => 'OPERATOR', cast => 'CAST', trigger => 'TRIGGER', rule => 'RULE', policy => 'POLICY', constraint => 'CONSTRAINT');
my %owned = map { $_ => 1 } qw(table part foreign base shell subscription view matview sequence enum composite range domain function procedure aggregate collation conversion dictionary configuration statistics publication event_trigger language wrapper server opclass family operator schema);
my %global = map { $_ => 1 } qw(schema publication event_trigger language access_method wrapper server cast transform user_mapping subscription);

# ---------------------------------------------------------------------------------------------------- chance

sub pick { return $_[ int(rand(@_)) ]; }
sub chance { return rand() < $_[0]; }
sub some { my ($n, @from) = @_; my @out; while (@from && @out < $n) { push @out, splice(@from, int(rand(@from)), 1); } return @out; }
sub quote { my ($name) = @_; return $name =~ /^[a-z_][a-z0-9_]*$/ ? $name : '"' . ($name =~ s/"/""/gr) . '"'; }
sub literal { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

# ---------------------------------------------------------------------------------------------------- objects

sub new
{
	my ($class, %o) = @_;
	my $self = bless { version => $o{version}, next => $o{from} // 1, objects => [], renamed => [] }, $class;
	if ($o{like}) { push @{ $self->{objects} }, @{ dclone([ grep { $_->{kind} eq 'schema' } @{ $o{like}{objects} } ]) }; }
	else { $self->add('schema') for 1 .. pick(1, 2, 2, 3); }
	$self->add($self->any_kind) while @{ $self->{objects} } < $o{size};
	return $self;
}

sub id { my ($self) = @_; return $self->{next}++; }

sub fresh_name
{
	my ($self, $prefix) = @_;
	my $name = $prefix . $self->id;
	return chance(0.06) ? pick("$name Of", "$name\"q", "\x{e4}$name", "${name}_" . 'long' x 12, "Sel$name", "$name.x", "$name'") : $name;
}

my %weights = (table => 20, part => 9, inherits => 3, typed => 2, view => 16, matview => 5, sequence => 4, enum => 4, composite => 4, range => 2, domain => 5, function => 12, trigger_function => 3, procedure => 2,
	aggregate => 2, collation => 2, conversion => 1, dictionary => 1, configuration => 1, parser => 1, template => 1, operator => 3, opclass => 2, family => 1, cast => 2, index => 14, statistics => 3, trigger => 7,
	rule => 3, policy => 4, publication => 2, event_trigger => 1, language => 1, access_method => 1, wrapper => 1, server => 1, foreign => 3, base => 2, shell => 1, transform => 1, user_mapping => 1, subscription => 1, foreign_key => 8, late_default => 3, default_privileges => 2);
sub any_kind
{
	my ($total, $kind) = (0, undef);
	for (sort keys %weights) { $total += $weights{$_}; $kind = $_ if rand($total) < $weights{$_}; }
	return $kind;
}

sub by_id { my ($self, $id) = @_; $self->{index} //= { map { $_->{id} => $_ } map { ($_, @{ $_->{columns} // [] }, @{ $_->{constraints} // [] }) } @{ $self->{objects} } }; return $self->{index}{$id}; }

# Those that an object may use: what is before it.
sub among
{
	my ($self, @kinds) = @_;
	my %wanted = map { $_ => 1 } @kinds;
	my @out;
	for (@{ $self->{objects} }) { last if $self->{upto} && $_->{id} == $self->{upto}; push @out, $_ if $wanted{ $_->{kind} }; }
	return @out;
}
sub one { my ($self, @kinds) = @_; my @all = $self->among(@kinds); return @all ? pick(@all) : undef; }

sub columns_of
{
	my ($self, $object) = @_;
	my @own = @{ $object->{columns} // [] };
	for my $id (@{ $object->{parents} // [] }) { my $parent = $self->by_id($id) or next; @own = ($self->columns_of($parent), @own); }
	return @own;
}
sub need { my ($self, $kind) = @_; return $self->one($kind) // $self->add($kind); }
sub column { my ($self, $object, @families) = @_; my %wanted = map { $_ => 1 } @families; my @all = grep { !@families || $wanted{ $_->{family} } } $self->columns_of($object); return @all ? pick(@all) : undef; }

sub add
{
	my ($self, $kind) = @_;
	my $object = { id => $self->id };
	my $made = $self->make($kind, $object) or return;
	push @{ $self->{objects} }, $made;
	delete $self->{index};
	return $made;
}

# The object anew: same id, same name, something else.
sub again
{
	my ($self, $object) = @_;
	local $self->{upto} = $object->{id};
	my $copy = { id => $object->{id}, name => $object->{name}, schema => $object->{schema}, old => $object };
	my $made = $self->make($object->{make}, $copy) or return;
	delete $made->{old};
	%$object = %$made;
	delete $self->{index};
	return 1;
}

sub make
{
	my ($self, $kind, $object) = @_;
	my $method = "make_$kind";
	$object->{make} = $kind;
	$object->{kind} = $kind;
	delete $object->{sql};
	# Without a schema left it would be made where each session makes what has no schema's name.
	if ($kind ne 'schema') { my $schema = $self->one('schema'); $object->{schema} //= $schema->{id}; return if !$object->{schema} && !$global{$kind}; }
	return unless $self->$method($object);
	delete $object->{schema} if $global{ $object->{kind} } || $kind eq 'default_privileges';
	if (!$object->{old} || chance(0.3))
	{
		$object->{owner} = $owned{ $object->{kind} } && chance(0.3) ? pick(@roles) : undef;
		$object->{comment} = chance(0.25) ? pick('what it is', "it's", "two\nlines", '$$ \\ "', "\x{263a}") : undef;
		$object->{grants} = [ $self->grants($object) ];
	}
	else { $object->{$_} = $object->{old}{$_} for qw(owner comment grants); }
	return $object;
}

# ---------------------------------------------------------------------------------------------------- grants

my %rights = (table => [qw(SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER)], sequence => [qw(USAGE SELECT UPDATE)], function => ['EXECUTE'], procedure => ['EXECUTE'], aggregate => ['EXECUTE'],
	type => ['USAGE'], schema => [qw(USAGE CREATE)], language => ['USAGE'], wrapper => ['USAGE'], server => ['USAGE']);
my %grantable = (table => 'table', part => 'table', foreign => 'table', view => 'table', matview => 'table', sequence => 'sequence', enum => 'type', composite => 'type', range => 'type', domain => 'type', function => 'function', procedure => 'procedure',
	aggregate => 'aggregate', schema => 'schema', wrapper => 'wrapper', server => 'server');
sub grants
{
	my ($self, $object) = @_;
	my $kind = $grantable{ $object->{kind} } or return;
	return if chance(0.65);
	my %on = (table => 'TABLE', sequence => 'SEQUENCE', function => 'FUNCTION', procedure => 'PROCEDURE', aggregate => 'FUNCTION', type => 'TYPE', schema => 'SCHEMA', wrapper => 'FOREIGN DATA WRAPPER', server => 'FOREIGN SERVER');
	my $what = "$on{$kind} " . ($object->{granted} ? "{$object->{id}}($object->{granted})" : $self->named($object));
	my @out;
	for my $role (some(pick(1, 1, 2, 3), 'PUBLIC', map { quote($_) } @roles))
	{
		my @rights = some(pick(1, 1, 2, 3), @{ $rights{$kind} });
		my $list = chance(0.1) ? 'ALL' : join(', ', @rights);
		my $option = $role ne 'PUBLIC' && chance(0.2) ? ' WITH GRANT OPTION' : '';
		if ($kind eq 'table' && chance(0.3)) { my $c = $self->column($object) or next; push @out, 'GRANT ' . pick('SELECT', 'UPDATE', 'INSERT', 'REFERENCES') . " ({$c->{id}}) ON $what TO $role$option"; next; }
		push @out, "GRANT $list ON $what TO $role$option";
	}
	push @out, "REVOKE " . ($kind eq 'procedure' ? 'EXECUTE' : 'USAGE') . " ON $what FROM PUBLIC" if ($kind eq 'procedure' || $kind eq 'type') && chance(0.3);
	return @out;
}

# How a statement calls an object.
sub named
{
	my ($self, $object) = @_;
	return "{$object->{id}}($object->{arguments})" if defined $object->{arguments};
	return "{$object->{id}!} ON {$object->{on}}" if $object->{kind} =~ /^(trigger|rule|policy)$/;
	return "{$object->{id}} USING btree" if $object->{kind} =~ /^(opclass|family)$/;
	return $object->{called} if $object->{called};
	return "{$object->{id}}";
}

# ---------------------------------------------------------------------------------------------------- each kind

sub make_schema { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('s'); $o->{sql} = ["CREATE SCHEMA {$o->{id}}"]; return 1; }

# A type for a column: template and family.
sub type_of_family { my ($self, $family) = @_; return pick(@{ $families{$family} }); }
sub any_type
{
	my ($self) = @_;
	if (chance(0.25)) { my $type = $self->one(qw(enum composite domain range base enum domain)); return ("{$type->{id}}", "u$type->{id}") if $type; }
	my $family = pick(qw(n n n n s s s d d b j u a t r m i p x h c k));    # c and k: where these extensions are
	return ($self->type_of_family($family), $family);
}

sub value
{
	my ($self, $family, $k) = @_;
	return $k if $family eq 'n';
	return "'$k'" if $family eq 's';
	return sprintf("'2020-01-%02d'", 1 + $k % 28) if $family eq 'd';
	return $k % 2 ? 'true' : 'false' if $family eq 'b';
	return "'{\"k\":$k}'" if $family eq 'j';
	return sprintf("'0b0e7b0e-0000-4000-8000-%012d'", $k) if $family eq 'u';
	return "'{$k}'" if $family =~ /^[at]$/;
	return "'[$k," . ($k + 1) . ")'" if $family eq 'r';
	return "'{[$k," . ($k + 1) . ")}'" if $family eq 'm';
	return "'10.0.0.$k'" if $family eq 'i';
	return "'($k,$k)'" if $family eq 'p';
	return "'word$k'" if $family eq 'x';
	return "'$k days'" if $family eq 'h';
	return "'Word$k'" if $family eq 'c';
	return "'a=>$k'" if $family eq 'k';
	if ($family =~ /^u(\d+)$/)
	{
		my $type = $self->by_id($1) or return 'NULL';
		return literal($type->{labels}[0]) if $type->{kind} eq 'enum';
		return "'$k'" if $type->{kind} eq 'base';
		return $self->value($type->{base}, $k) if $type->{kind} eq 'domain';
		return "'[$k," . ($k + 1) . ")'" if $type->{kind} eq 'range' && $type->{base} eq 'n';
		return sprintf("'[2020-01-%02d,2020-02-01)'", 1 + $k % 28) if $type->{kind} eq 'range' && $type->{base} eq 'd';
		return "'[$k,${k}z)'" if $type->{kind} eq 'range';
		return "'(" . join(',', map { my $v = $self->value($_->{family}, $k); $v = '' if $v eq 'NULL'; $v =~ s/^'(.*)'$/$1/s; $v =~ s/''/'/g; $v =~ /[,"()\\ ]/ ? '"' . ($v =~ s/(["\\])/$1$1/gr) . '"' : $v } @{ $type->{columns} }) =~ s/'/''/gr . ")'";
	}
	return 'NULL';
}
sub constant { my ($self, $c) = @_; return $default_of{ $c->{family} } // $self->value($c->{family}, 1); }

sub new_column
{
	my ($self, $old) = @_;
	my ($type, $family) = $old ? (chance(0.6) ? $old->{type} : $families{ $old->{family} } ? $self->type_of_family($old->{family}) : $old->{type}, $old->{family}) : $self->any_type;
	my $c = { id => $old ? $old->{id} : $self->id, family => $family, type => $type };
	$c->{name} = $old ? $old->{name} : $self->fresh_name($family =~ /^u/ ? 'e' : $family);
	return $c;
}

sub dress_column
{
	my ($self, $c, $o, $before) = @_;
	$c->{not_null} = chance(0.25);
	$c->{collation} = $c->{family} eq 's' && $c->{type} ne 'name' && chance(0.2) ? do { my $own = $self->one('collation'); $own && chance(0.6) ? "{$own->{id}}" : '"C"' } : undef;
	my $what = rand();
	if ($what < 0.2) { $c->{default} = $self->constant($c); }
	elsif ($what < 0.26 && $c->{family} eq 'n') { my $s = $self->one('sequence'); $c->{default} = "nextval('" . "{$s->{id}/}" . "'::regclass)" if $s; }
	elsif ($what < 0.32 && $c->{family} eq 'd') { $c->{default} = pick('now()', 'CURRENT_DATE', "'2020-01-01'::date + 3"); }
	elsif ($what < 0.38 && $c->{family} eq 'n') { my $f = $self->function_on('n'); $c->{default} = "$f->{call}" =~ s/\@/1/r if $f; }
	elsif ($what < 0.44 && $c->{type} =~ /^(integer|bigint|smallint)$/)
	{
		$c->{identity} = pick('ALWAYS', 'BY DEFAULT', 'BY DEFAULT') . ' AS IDENTITY' . pick('', '', ' (START 100 INCREMENT 5)', ' (MINVALUE -10 START 40 CACHE 3 CYCLE)');
		$c->{not_null} = 1;
	}
	elsif ($what < 0.54 && @$before)
	{
		my $from = pick(@$before);
		if (!$from->{generated})
		{
			my $in = $from->{family};
			my $text = $in eq 'n' && $c->{family} eq 'n' ? "{$from->{id}} * 2 + 1" : $in eq 's' && $c->{family} eq 's' && $c->{type} =~ /^(text|varchar)$/ ? "upper({$from->{id}}::text)" : $in eq 'b' && $c->{family} eq 'b' ? "NOT {$from->{id}}" : undef;
			if ($text && $in eq 'n' && chance(0.3)) { my $f = $self->function_on('n', 'immutable'); $text = $f->{call} =~ s/\@/{$from->{id}}/r if $f; }
			$c->{generated} = $text;
			$c->{virtual} = $self->{version} >= 18 && chance(0.4) && $text && $text !~ /\{\d+\}\(/;
			$c->{type} = 'numeric' if $text && $in eq 'n';
		}
	}
	$c->{storage} = $c->{type} =~ /^(text|jsonb|json|numeric|varchar|integer\[\]|text\[\]|tsvector)$/ && chance(0.08) ? pick($c->{type} eq 'numeric' ? qw(MAIN PLAIN) : qw(EXTERNAL MAIN EXTENDED PLAIN)) : undef;
	$c->{compression} = $c->{type} =~ /^(text|jsonb|varchar)$/ && !$c->{virtual} && chance(0.08) ? pick('pglz', 'lz4') : undef;
	$c->{target} = chance(0.06) ? pick(0, 10, 500) : undef;
	$c->{options} = chance(0.05) ? pick('n_distinct = -0.5', 'n_distinct = 20, n_distinct_inherited = 40') : undef;
	$c->{comment} = chance(0.1) ? 'column of ' . $c->{family} : undef;
	$c->{not_null_name} = $c->{not_null} && $self->{version} >= 18 && chance(0.3) ? "nn_$c->{id}" : undef;
	return $c;
}

sub make_table
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('t');
	my $old = $o->{old};
	my @columns;
	if ($old)
	{
		for my $c (@{ $old->{columns} })
		{
			next if chance(0.06);
			if (chance(0.65)) { push @columns, $c; next; }
			if ($c->{generated}) { push @columns, $c; next; }    # PostgreSQL has no statement that makes a column generated
			push @columns, $self->dress_column($self->new_column($c), $o, []);
		}
		push @columns, $self->dress_column($self->new_column, $o, \@columns) if chance(0.4);
		@columns = some(scalar(@columns), @columns) if chance(0.2);
	}
	else
	{
		my $key = { id => $self->id, name => $self->fresh_name('n'), family => 'n', type => pick('integer', 'bigint', 'integer'), not_null => 1, key => 1 };
		push @columns, $key if chance(0.85);
		push @columns, $self->dress_column($self->new_column, $o, \@columns) for 1 .. pick(1 .. 5);
		if (chance(0.12)) { push @columns, { id => $self->id, name => $self->fresh_name('n'), family => 'n', type => pick(qw(serial bigserial)), not_null => 1 }; }
	}
	@columns = ({ id => $self->id, name => $self->fresh_name('n'), family => 'n', type => 'integer' }) if !@columns;
	$o->{columns} = \@columns;
	my %there = map { $_->{id} => $_ } @columns;
	if (!$old) { $o->{partition_by} = $self->partition_key($o) if chance(0.22); }
	else { $o->{partition_by} = $old->{partition_by}; $o->{key_column} = $old->{key_column};
		if ($o->{key_column} && !$there{ $o->{key_column} }) { my ($c) = grep { $_->{id} == $o->{key_column} } @{ $old->{columns} }; push @columns, $c; }
		elsif ($o->{key_column}) { my ($was) = grep { $_->{id} == $o->{key_column} } @{ $old->{columns} }; $_ = $was for grep { $_->{id} == $o->{key_column} } @columns; } }
	$o->{constraints} = $self->table_constraints($o, $old);
	$o->{unlogged} = !$o->{partition_by} && chance(0.06);
	$o->{unlogged} = $old->{unlogged} if $old && chance(0.7);
	$o->{options} = $o->{partition_by} ? undef : $old && chance(0.7) ? $old->{options} : chance(0.12) ? pick('fillfactor = 70', 'autovacuum_enabled = false, toast.autovacuum_enabled = false', 'parallel_workers = 2, fillfactor = 50', 'toast_tuple_target = 1000') : undef;
	if (!$old) { my $am = $o->{partition_by} ? undef : $self->one('access_method'); $o->{using} = $am && $am->{table} && chance(0.3) ? $am->{id} : undef; }
	else { $o->{using} = $old->{using}; }
	$o->{rls} = $old && chance(0.6) ? $old->{rls} : chance(0.15) ? pick('ENABLE', 'FORCE', 'BOTH') : undef;
	$o->{identity} = $old && chance(0.8) ? $old->{identity} : chance(0.08) ? pick('FULL', 'NOTHING') : undef;
	$o->{comments} = undef;
	return 1;
}

sub partition_key
{
	my ($self, $o) = @_;
	my @keys = grep { $_->{family} eq 'n' && $_->{type} =~ /^(integer|bigint)$/ && !$_->{generated} && !$_->{identity} } @{ $o->{columns} };
	return if !@keys;
	my $key = $keys[0];
	$o->{key_column} = $key->{id};
	my $how = pick(qw(RANGE RANGE LIST HASH));
	return $how;
}

sub table_constraints
{
	my ($self, $o, $old) = @_;
	my @columns = @{ $o->{columns} };
	my @out;
	if ($old) { for (@{ $old->{constraints} }) { push @out, $_ if chance(0.85); } }
	my $name = sub { my $id = shift; return chance(0.5) ? undef : $self->fresh_name('c'); };
	my $new = sub { my ($type, $text, $more) = @_; my $id = $self->id; push @out, { id => $id, name => chance(0.5) ? $self->fresh_name($type) : "$type$id", type => $type, text => $text, inline => chance(0.5), comment => chance(0.1) ? 'why' : undef, %{ $more // {} } }; };
	my @key = grep { $_->{key} } @columns;
	my $partitioned = $o->{key_column};
	my ($pk) = grep { $_->{type} eq 'pk' } @out;
	if (!$pk && @key && chance($old ? 0.3 : 0.85))
	{
		my $c = $key[0];
		if ((!$partitioned || $partitioned == $c->{id}) && !grep { $_->{type} eq 'uq' && ($_->{on} // 0) == $c->{id} } @out)
		{
			my $include = !$partitioned && @columns > 2 && chance(0.08) ? do { my $i = pick(grep { !$_->{key} && !$_->{virtual} } @columns); $i ? " INCLUDE ({$i->{id}})" : '' } : '';
			$new->('pk', "PRIMARY KEY ({$c->{id}})$include" . (chance(0.1) && !$partitioned ? pick(' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED') : ''), { on => $c->{id} });
		}
	}
	return \@out if $old && chance(0.5);
	for (1 .. pick(0, 0, 1, 1, 2))
	{
		my $c = pick(@columns);
		my $kind = pick(qw(check check check unique exclude));
		if ($kind eq 'check')
		{
			my $text = $c->{family} eq 'n' ? pick("{$c->{id}} >= 0", "{$c->{id}} < 100000 OR {$c->{id}} IS NULL", "{$c->{id}} IN (1, 2) OR {$c->{id}} <> 77777") : $c->{family} eq 's' ? pick("length({$c->{id}}::text) < 50", "{$c->{id}} <> 'zzz'", "{$c->{id}} IS NULL OR {$c->{id}}::text NOT IN ('q', 'r')") : $c->{family} eq 'd' ? "{$c->{id}} > '1990-01-01'" : "{$c->{id}} IS NOT NULL OR true";
			if ($c->{family} eq 'n' && chance(0.25)) { my $f = $self->function_on('n'); $text = '(' . ($f->{call} =~ s/\@/{$c->{id}}/r) . ') IS NOT NULL OR true' if $f; }
			my $tail = ($c->{virtual} ? '' : '') . (!$partitioned && chance(0.1) ? ' NO INHERIT' : '') . (!$partitioned && chance(0.1) ? ' NOT VALID' : '');
			$tail = ' NOT ENFORCED' if $self->{version} >= 18 && chance(0.1);
			$new->('ck', "CHECK ($text)$tail", { inline => $tail =~ /VALID/ ? 0 : chance(0.5) });
		}
		elsif ($kind eq 'unique' && $c->{family} =~ /^[nsdui]$/ && !$c->{virtual})
		{
			# Two keys over one column: docs/limits.md.
			next if $partitioned && $partitioned != $c->{id} || $c->{key} || grep { $_->{type} =~ /^(pk|uq)$/ && ($_->{on} // 0) == $c->{id} } @out;
			$new->('uq', 'UNIQUE ' . (chance(0.15) ? 'NULLS NOT DISTINCT ' : '') . "({$c->{id}})" . (chance(0.1) && !$partitioned ? ' DEFERRABLE' : '') . (chance(0.1) ? '' : ''), { on => $c->{id} });
		}
		elsif ($kind eq 'unique' && $c->{family} eq 'r' && @key && !$partitioned && !$c->{virtual} && $self->{version} >= 18) { $new->('uw', "UNIQUE ({$key[0]{id}}, {$c->{id}} WITHOUT OVERLAPS)", { period => [ $key[0]{id}, $c->{id} ] }); }
		elsif ($kind eq 'exclude' && $c->{family} =~ /^[rm]$/ && @key && !$partitioned && chance(0.4)) { $new->('ex', "EXCLUDE USING gist ({$key[0]{id}} WITH =, {$c->{id}} WITH &&)"); }
		elsif ($kind eq 'exclude' && $c->{family} =~ /^[rm]$/ && !$partitioned) { $new->('ex', "EXCLUDE USING gist ({$c->{id}} WITH &&)" . (chance(0.3) ? " WHERE ({$c->{id}} IS NOT NULL)" : '')); }
		elsif ($kind eq 'exclude' && $c->{family} eq 'n' && !$partitioned && !$c->{virtual}) { $new->('ex', "EXCLUDE USING btree ({$c->{id}} WITH =)"); }
	}
	return \@out;
}

sub bound
{
	my ($self, $parent, $o) = @_;
	my @others = grep { $_->{kind} eq 'part' && $_->{parents}[0] == $parent->{id} && $_->{id} != $o->{id} } @{ $self->{objects} };
	my %taken = map { ($_->{slot} => 1) } @others;
	my $how = $parent->{partition_by};
	if ($how eq 'HASH') { my ($slot) = grep { !$taken{$_} } 0 .. 2; return if !defined $slot; $o->{slot} = $slot; return "FOR VALUES WITH (MODULUS 3, REMAINDER $slot)"; }
	my @free = grep { !$taken{$_} } 0 .. 4, 'default';
	return if !@free;
	my $slot = $o->{slot} = pick(@free);
	return 'DEFAULT' if $slot eq 'default';
	return $how eq 'RANGE' ? sprintf('FOR VALUES FROM (%s) TO (%s)', $slot * 10, $slot == 4 ? 'MAXVALUE' : $slot * 10 + 10) : sprintf('FOR VALUES IN (%s)', join(', ', map { $slot * 10 + $_ } 0 .. 9) . ($slot == 0 && chance(0.3) ? ', NULL' : ''));
}

sub make_part
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $parent = $old ? $self->by_id($old->{parents}[0]) : pick((grep { $_->{partition_by} } $self->among('table', 'part')), undef);
	return if !$parent || !$parent->{partition_by};
	$o->{name} //= $self->fresh_name('p');
	$o->{parents} = [ $parent->{id} ];
	if ($old && chance(0.7)) { $o->{slot} = $old->{slot}; $o->{bound} = $old->{bound}; }
	else { $o->{bound} = $self->bound($parent, $o) // return; }
	my ($root) = $parent;
	$root = $self->by_id($root->{parents}[0]) while $root->{kind} eq 'part';
	if ($old) { $o->{partition_by} = $old->{partition_by}; $o->{key_column} = $old->{key_column}; }
	elsif ($parent->{kind} eq 'table' && chance(0.2)) { $o->{partition_by} = pick(qw(RANGE LIST HASH)); $o->{key_column} = $parent->{key_column}; }
	$o->{attach} = chance(0.3);
	$o->{options} = !$o->{partition_by} && chance(0.1) ? 'fillfactor = 60' : undef;
	$o->{constraints} = [];
	if (chance(0.15) && !$old) { my $c = $self->column($root, 'n'); push @{ $o->{constraints} }, { id => $self->id, name => $self->fresh_name('ck'), type => 'ck', text => "CHECK ({$c->{id}} > -5)" } if $c; }
	elsif ($old) { $o->{constraints} = $old->{constraints}; }
	$o->{kind} = 'part';
	return 1;
}

sub make_inherits
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $parent = $old ? $self->by_id($old->{parents}[0]) : pick((grep { !$_->{partition_by} && !$_->{typed} && !$_->{using} } $self->among('table')), undef);
	return if !$parent;
	my $done = $self->make_table($o);
	if (!$old) { $o->{columns} = [ grep { !$_->{key} } @{ $o->{columns} } ]; $o->{constraints} = []; delete @$o{qw(partition_by key_column)}; }
	$o->{columns} = [ grep { $_->{type} !~ /serial/ } @{ $o->{columns} } ];
	$o->{parents} = [ $parent->{id} ];
	$o->{kind} = 'table';
	$o->{inherits} = 1;
	$o->{unlogged} = 0;
	return $done;
}

sub make_typed
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $type = $old ? $self->by_id($old->{typed}) : $self->one('composite');
	return if !$type;
	$o->{name} //= $self->fresh_name('y');
	$o->{typed} = $type->{id};
	$o->{parents} = [ $type->{id} ];
	$o->{kind} = 'table';
	$o->{columns} = [];
	$o->{constraints} = [];
	my $c = $self->column($type, 'n');
	push @{ $o->{constraints} }, { id => $self->id, name => $self->fresh_name('ck'), type => 'ck', text => "CHECK ({$c->{id}} >= 0)" } if $c && chance(0.5);
	$o->{options} = chance(0.2) ? 'fillfactor = 60' : undef;
	return 1;
}

sub column_sql
{
	my ($self, $c, $o) = @_;
	my $sql = "{$c->{id}} $c->{type}";
	$sql .= " COLLATE $c->{collation}" if $c->{collation};
	$sql .= ($c->{not_null_name} ? " CONSTRAINT $c->{not_null_name}" : '') . ' NOT NULL' if $c->{not_null} && $c->{type} !~ /serial/;
	$sql .= " DEFAULT $c->{default}" if defined $c->{default};
	$sql .= " GENERATED $c->{identity}" if $c->{identity};
	$sql .= " GENERATED ALWAYS AS ($c->{generated}) " . ($c->{virtual} ? 'VIRTUAL' : 'STORED') if $c->{generated};
	return $sql;
}

sub table_sql
{
	my ($self, $o) = @_;
	my $me = "{$o->{id}}";
	# Children that are made later inherit storage, compression and a constraint that is valid; those that are there do not.
	my $parent = grep { ($_->{parents} // [0])->[0] == $o->{id} } @{ $self->{objects} };
	my @late = grep { !$_->{inline} } @{ $o->{constraints} };
	my @inline = map { "CONSTRAINT {$_->{id}} $_->{text}" } grep { $_->{inline} } @{ $o->{constraints} };
	my @columns = map { $self->column_sql($_, $o) } @{ $o->{columns} // [] };
	my $with = ($o->{using} ? " USING {$o->{using}}" : '') . ($o->{options} ? " WITH ($o->{options})" : '');
	my $by = $o->{partition_by} ? " PARTITION BY $o->{partition_by} ({$o->{key_column}})" : '';
	my @out;
	if ($o->{kind} eq 'part') { push @out, "CREATE TABLE $me PARTITION OF {$o->{parents}[0]}" . (@inline ? ' (' . join(', ', @inline) . ')' : '') . " $o->{bound}$by$with"; }
	elsif ($o->{typed}) { push @out, "CREATE TABLE $me OF {$o->{typed}}$with"; }
	else { push @out, 'CREATE ' . ($o->{unlogged} ? 'UNLOGGED ' : '') . "TABLE $me (\n  " . join(",\n  ", @columns, @inline) . "\n)" . ($o->{inherits} ? " INHERITS ({$o->{parents}[0]})" : '') . $by . $with; }
	push @out, map { "ALTER TABLE $me ADD CONSTRAINT {$_->{id}} " . ($parent ? $_->{text} =~ s/ NOT VALID//r : $_->{text}) } @late;
	for my $c (@{ $o->{columns} // [] })
	{
		push @out, "ALTER TABLE ONLY $me ALTER COLUMN {$c->{id}} SET STORAGE $c->{storage}" if $c->{storage} && !$parent;
		push @out, "ALTER TABLE ONLY $me ALTER COLUMN {$c->{id}} SET COMPRESSION $c->{compression}" if $c->{compression} && !$parent;
		push @out, "ALTER TABLE ONLY $me ALTER COLUMN {$c->{id}} SET STATISTICS $c->{target}" if defined $c->{target};
		push @out, "ALTER TABLE ONLY $me ALTER COLUMN {$c->{id}} SET ($c->{options})" if $c->{options};
		push @out, "COMMENT ON COLUMN $me.{$c->{id}} IS " . literal($c->{comment}) if $c->{comment};
	}
	push @out, map { "COMMENT ON CONSTRAINT {$_->{id}} ON $me IS " . literal($_->{comment}) } grep { $_->{comment} } @{ $o->{constraints} };
	push @out, "ALTER TABLE $me ENABLE ROW LEVEL SECURITY" if ($o->{rls} // '') =~ /ENABLE|BOTH/;
	push @out, "ALTER TABLE $me FORCE ROW LEVEL SECURITY" if ($o->{rls} // '') =~ /FORCE|BOTH/;
	push @out, "ALTER TABLE $me REPLICA IDENTITY $o->{identity}" if $o->{identity};
	return @out;
}

# Late objects: what needs two that may be in any order.
sub make_foreign_key
{
	my ($self, $o) = @_;
	my @tables = grep { !$_->{typed} } $self->among('table');
	my $from = $o->{old} ? $self->by_id($o->{old}{on}) : @tables ? pick(@tables) : undef;
	my @keys = map { my $t = $_; map { [ $t, $_ ] } grep { $_->{on} && $_->{type} =~ /pk|uq/ && $_->{text} !~ /DEFERRABLE/ } @{ $t->{constraints} } } @tables;
	return if !$from || !@keys;
	my ($to, $key) = @{ pick(@keys) };
	my $target = $self->by_id($key->{on}) or return;
	my @columns = grep { $_->{family} eq $target->{family} && !$_->{virtual} && !$_->{generated} } $self->columns_of($from);
	return if !@columns;
	my $c = pick(@columns);
	my ($of, $columns) = ("{$target->{id}}", "{$c->{id}}");
	if (my $period = $self->{version} >= 18 && pick((map { my $t = $_; map { $_->{period} && [ $t, $_->{period} ] } @{ $t->{constraints} } } @tables), undef))
	{
		my ($r) = grep { $_->{family} eq 'r' && !$_->{virtual} } $self->columns_of($from);
		my ($n) = grep { $_->{family} eq 'n' && !$_->{virtual} } $self->columns_of($from);
		if ($r && $n) { $to = $period->[0]; $of = "{$period->[1][0]}, PERIOD {$period->[1][1]}"; $columns = "{$n->{id}}, PERIOD {$r->{id}}"; }
	}
	$o->{name} //= $self->fresh_name('fk');
	$o->{on} = $from->{id};
	$o->{kind} = 'constraint';
	$o->{late} = 1;
	my $actions = $of =~ /PERIOD/ ? '' : pick('', '', ' ON DELETE CASCADE', ' ON DELETE SET NULL', ' ON UPDATE CASCADE ON DELETE RESTRICT', ' ON DELETE SET DEFAULT', ' MATCH FULL', " ON DELETE SET NULL ({$c->{id}})");
	$o->{sql} = [ "ALTER TABLE {$from->{id}} ADD CONSTRAINT {$o->{id}!} FOREIGN KEY ($columns) REFERENCES {$to->{id}} ($of)$actions" . pick('', '', ' DEFERRABLE INITIALLY DEFERRED', ' DEFERRABLE') . (!$from->{partition_by} && chance(0.15) ? ' NOT VALID' : '') ];
	$o->{called} = "{$o->{id}!} ON {$from->{id}}";
	return 1;
}

sub make_late_default
{
	my ($self, $o) = @_;
	my $t = $o->{old} ? $self->by_id($o->{old}{on}) : $self->one('table');
	return if !$t || $t->{typed};
	my ($c) = grep { !$_->{identity} && !$_->{generated} && $_->{type} !~ /serial/ && $_->{family} eq 'n' } @{ $t->{columns} // [] };
	my ($f) = $self->function_on('row') // $self->function_on('n');
	return if !$c || !$f;
	$o->{name} = 'default';
	$o->{on} = $t->{id};
	$o->{kind} = 'late_default';
	$o->{late} = 1;
	my $argument = $f->{on} eq 'row' ? "NULL::{$f->{row}}" : '1';
	$o->{sql} = [ "ALTER TABLE {$t->{id}} ALTER COLUMN {$c->{id}} SET DEFAULT " . ($f->{call} =~ s/\@/$argument/r) ];
	return 1;
}

sub make_index
{
	my ($self, $o) = @_;
	my $t = $o->{old} ? $self->by_id($o->{old}{on}) : $self->one('table', 'table', 'matview', 'part');
	return if !$t;
	my @columns = grep { !$_->{virtual} } $self->columns_of($t);
	return if !@columns;
	my $c = pick(@columns);
	$o->{name} //= $self->fresh_name('i');
	$o->{on} = $t->{id};
	my %method = (j => 'gin', a => 'gin', t => 'gin', r => 'gist', m => 'gist', p => 'gist', x => 'gin');
	my $method = $c->{family} eq 'n' || $c->{family} eq 's' || $c->{family} eq 'd' ? pick(qw(btree btree btree hash brin)) : $method{ $c->{family} } // 'btree';
	my $element = "{$c->{id}}";
	my $plain = 1;
	if ($c->{family} eq 'n' && $method eq 'btree' && chance(0.3)) { $element = "({$c->{id}} + 1)"; $plain = 0; my $f = $self->function_on('n', 'immutable'); $element = '(' . ($f->{call} =~ s/\@/{$c->{id}}/r) . ')' if $f && chance(0.6); }
	elsif ($c->{family} eq 's' && $c->{type} =~ /^(text|varchar)/ && chance(0.4)) { $element = pick("lower({$c->{id}}::text)", "{$c->{id}} text_pattern_ops", "{$c->{id}} COLLATE \"C\"", "left({$c->{id}}::text, 5)"); $plain = 0; $method = 'btree'; }
	elsif ($c->{type} eq 'integer' && $method eq 'btree' && chance(0.2)) { my $class = $self->one('opclass'); $element .= " {$class->{id}}" if $class; }
	elsif ($c->{type} eq 'jsonb' && chance(0.3)) { $element .= ' jsonb_path_ops'; }
	elsif ($c->{family} eq 'x' && chance(0.4)) { $method = 'gist'; $element .= ' tsvector_ops (siglen = 100)'; }
	$method = 'btree' if $c->{type} =~ /json$/ && 0;
	return if $c->{type} eq 'json';
	$element .= pick('', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST') if $method eq 'btree';
	my $second = '';
	if ($method eq 'btree' && @columns > 1 && chance(0.25)) { my ($d) = grep { $_->{id} != $c->{id} && $_->{family} =~ /^[nsdu]$/ } @columns; $second = ", {$d->{id}}" if $d; }
	my $unique = $method eq 'btree' && $plain && $c->{key} && $second && !$t->{partition_by} && chance(0.5);    # two keys over one column: docs/limits.md
	my $include = $method eq 'btree' && chance(0.1) ? do { my $d = pick(@columns); $d->{id} != $c->{id} ? " INCLUDE ({$d->{id}})" : '' } : '';
	my $where = chance(0.15) ? " WHERE {$c->{id}} IS NOT NULL" : '';
	my $with = $method eq 'btree' && chance(0.15) ? ' WITH (fillfactor = 70, deduplicate_items = off)' : $method eq 'gin' && chance(0.2) ? ' WITH (fastupdate = off)' : '';
	$o->{sql} = [ 'CREATE ' . ($unique ? 'UNIQUE ' : '') . "INDEX {$o->{id}!} ON {$t->{id}} USING $method ($element$second)$include" . ($unique && chance(0.3) ? ' NULLS NOT DISTINCT' : '') . "$with$where" ];
	push @{ $o->{sql} }, "ALTER INDEX {$o->{id}} ALTER COLUMN 1 SET STATISTICS 200" if !$plain && !$t->{partition_by} && $element =~ /^\(|\(\{/ && chance(0.3);    # of parts, those that are there
	my $mark = !$t->{identity} && !grep { $_->{mark} && $_->{on} == $t->{id} && $_->{id} != $o->{id} } @{ $self->{objects} };
	my $marked = @{ $o->{sql} };
	push @{ $o->{sql} }, "ALTER TABLE {$t->{id}} CLUSTER ON {$o->{id}!}" if $mark && $method eq 'btree' && !$where && !$t->{partition_by} && $t->{kind} ne 'matview' && chance(0.06);
	push @{ $o->{sql} }, "ALTER TABLE {$t->{id}} REPLICA IDENTITY USING INDEX {$o->{id}!}" if $mark && $unique && !$where && chance(0.2);
	$o->{mark} = @{ $o->{sql} } > $marked;
	$o->{schema} = $t->{schema};
	return 1;
}

sub make_statistics
{
	my ($self, $o) = @_;
	my $t = $o->{old} ? $self->by_id($o->{old}{on}) : $self->one('table', 'matview');
	return if !$t;
	my @columns = grep { $_->{family} =~ /^[nsdbu]$/ && !$_->{virtual} } $self->columns_of($t);
	my @two = some(2, @columns);
	$o->{on} = $t->{id};
	$o->{name} //= $self->fresh_name('st');
	my ($n) = grep { $_->{family} eq 'n' } @columns;
	return if @two < 2 && !$n;
	$o->{sql} = [ @two == 2 && chance(0.6) ? "CREATE STATISTICS {$o->{id}}" . pick('', ' (ndistinct)', ' (mcv, dependencies)') . " ON {$two[0]{id}}, {$two[1]{id}} FROM {$t->{id}}" : $n ? "CREATE STATISTICS {$o->{id}} ON ({$n->{id}} % 10)" . (@two ? ", {$two[0]{id}}" : '') . " FROM {$t->{id}}" : return ];
	push @{ $o->{sql} }, "ALTER STATISTICS {$o->{id}} SET STATISTICS 300" if chance(0.3);
	return 1;
}

# ------------------------------------------------------------------------------------------ views

sub make_view { my ($self, $o) = @_; return $self->view_like($o, 'view'); }
sub make_matview { my ($self, $o) = @_; return $self->view_like($o, 'matview'); }

sub view_like
{
	my ($self, $o, $kind) = @_;
	my $from = $self->one('table', 'view', 'view', 'matview', 'part', 'foreign');
	return if !$from;
	$o->{far} = $from->{far} || $from->{kind} eq 'foreign';
	return if $kind eq 'matview' && $o->{far};    # nobody could fill it
	$o->{name} //= $self->fresh_name($kind eq 'view' ? 'v' : 'm');
	my $old = $o->{old};
	my @old = $old ? @{ $old->{columns} } : ();
	my @from = $self->columns_of($from) or return;
	my (@columns, @targets);
	my $output = sub {
		my ($expression, $family, $type, $name) = @_;
		my $was = @old ? shift @old : undef;
		my $c = { id => $was ? $was->{id} : $self->id, family => $family, type => $type };
		$c->{name} = $was && chance(0.9) ? $was->{name} : $name // $self->fresh_name('o');
		push @columns, $c;
		push @targets, [ $expression, $c ];
	};
	my $shape = pick(qw(plain plain plain join group union star window cte lateral row));
	my $query;
	my ($a) = ("{$from->{id}}");
	if ($old && chance(0.3) && $old->{shape_from}) { my $same = $self->by_id($old->{shape_from}); if ($same && !$same->{far} && $same->{kind} ne 'foreign') { $from = $same; @from = $self->columns_of($from); } }
	$o->{shape_from} = $from->{id};
	$a = "{$from->{id}}";
	return if !@from;
	if ($shape eq 'group')
	{
		my $c = pick(@from);
		return if $c->{type} =~ /^(json|point)$/ || $c->{family} =~ /^(p|x|u.*)$/;
		$output->("a.{$c->{id}}", $c->{family}, $c->{type}, $c->{name});
		$output->('count(*)', 'n', 'bigint', 'n');
		my $aggregate = $self->one('aggregate');
		my ($n) = grep { $_->{family} eq 'n' } @from;
		if ($n && $aggregate && $aggregate->{plain}) { $output->("{$aggregate->{id}}(a.{$n->{id}}::integer)", 'n', 'integer'); }
		elsif ($n) { $output->("sum(a.{$n->{id}}) FILTER (WHERE a.{$n->{id}} > 1)", 'n', 'numeric'); }
		$query = ['FROM ', " GROUP BY a.{$c->{id}}"];
	}
	else
	{
		for my $c (some(pick(1 .. 4), @from)) { next if grep { $_->{name} eq $c->{name} } @columns; $output->("a.{$c->{id}}", $c->{family}, $c->{type}, $c->{name}); }
		if (chance(0.4)) { my ($n) = grep { $_->{family} eq 'n' } @from; my $f = $n ? $self->function_on('n') : undef; $output->($f->{call} =~ s/\@/a.{$n->{id}}/r, 'n', 'integer') if $f; }
		if (chance(0.15)) { my ($n) = grep { $_->{family} eq 'n' } @from; my $op = $self->one('operator'); $output->("a.{$n->{id}}::integer OPERATOR({$op->{schema}}.$op->{name}) 1", 'n', 'integer') if $n && $op; }
		if (chance(0.2)) { my ($s) = grep { $_->{family} eq 's' } @from; $output->("a.{$s->{id}}::text || 'x'::text", 's', 'text') if $s; }
		if (chance(0.12)) { my $e = $self->one('enum', 'domain'); if ($e) { my $v = $self->value("u$e->{id}", 1); $output->("$v" . "::{$e->{id}}", "u$e->{id}", "{$e->{id}}"); } }
		if (chance(0.12) && $from->{kind} ne 'view') { my $f = $self->function_on('row', undef, $from->{id}); $output->($f->{call} =~ s/\@/a/r, 'n', 'integer') if $f; }
		if ($shape eq 'window') { my ($n) = grep { $_->{family} eq 'n' } @from; $output->('row_number() OVER (' . ($n ? "ORDER BY a.{$n->{id}}" : '') . ')', 'n', 'bigint'); }
		if ($shape eq 'row') { $output->('a', "x$from->{id}", "{$from->{id}}") if $kind eq 'view' && chance(0.4); }
		$query = ['FROM ', ''];
		my ($n) = grep { $_->{family} eq 'n' } @from;
		if ($shape eq 'join')
		{
			my $other = $self->one('table', 'view');
			undef $other if $other && $other->{far};
			my ($m) = $other ? grep { $_->{family} eq 'n' } $self->columns_of($other) : ();
			if ($m && $n) { $query = [ 'FROM ', pick(' JOIN', ' LEFT JOIN') . " {$other->{id}} b ON b.{$m->{id}} = a.{$n->{id}}" ]; $output->("b.{$m->{id}}", 'n', $m->{type}); }
		}
		elsif ($shape eq 'lateral' && $n) { $query = [ 'FROM ', " CROSS JOIN LATERAL generate_series(1, a.{$n->{id}}::integer) g (i)" ]; $output->('g.i', 'n', 'integer'); }
		elsif ($shape eq 'plain' && $n && chance(0.4)) { $query = [ 'FROM ', " WHERE a.{$n->{id}} " . pick('> 0', 'IN (1, 2, 3)', 'BETWEEN 0 AND 100', 'IS NOT NULL') ]; }
	}
	return if !@columns;
	my %seen;
	for (@columns) { $_->{name} = $self->fresh_name('o') . 'x' if $seen{ $_->{name} }++; }
	my $list = join(', ', map { "$_->[0] AS {$_->[1]{id}}" } @targets);
	my $select = "SELECT $list $query->[0]$a a$query->[1]";
	$select = "SELECT * FROM ($select) z" if $shape eq 'star';
	$select = "$select UNION ALL $select" if $shape eq 'union' && !grep { $_->{type} =~ /^(json|point)$/ } @columns;
	$select = "WITH w AS ($select) SELECT * FROM w" if $shape eq 'cte';
	$o->{columns} = \@columns;
	my $with = '';
	if ($kind eq 'view') { $with = chance(0.15) ? ' WITH (' . pick('security_barrier', 'security_invoker', 'security_barrier = true, security_invoker = true') . ')' : ''; }
	else { $with = chance(0.1) ? ' WITH (fillfactor = 50)' : ''; }
	my $simple = $kind eq 'view' && $shape eq 'plain' && $from->{kind} eq 'table' && chance(0.15);
	my $words = $kind eq 'view' ? 'VIEW' : 'MATERIALIZED VIEW';
	$o->{sql} = [ "CREATE $words {$o->{id}}$with AS $select" . ($simple ? ' WITH ' . pick('', 'LOCAL ', 'CASCADED ') . 'CHECK OPTION' : $kind eq 'matview' && chance(0.2) ? ' WITH NO DATA' : '') ];
	push @{ $o->{sql} }, "COMMENT ON COLUMN {$o->{id}}.{$columns[0]{id}} IS 'first'" if chance(0.15);
	if ($kind eq 'view' && chance(0.1)) { my ($n) = grep { $_->{family} eq 'n' } @columns; push @{ $o->{sql} }, "ALTER VIEW {$o->{id}} ALTER COLUMN {$n->{id}} SET DEFAULT 9" if $n; }
	push @{ $o->{sql} }, "ALTER MATERIALIZED VIEW {$o->{id}} ALTER COLUMN {$columns[0]{id}} SET STATISTICS 77" if $kind eq 'matview' && chance(0.15);
	return 1;
}

# ------------------------------------------------------------------------------------------ routines

# A function that can be called on an integer, or on a row: its call, with @ for the argument.
sub function_on
{
	my ($self, $on, $volatility, $row) = @_;
	my @all = grep { ($_->{on} // '') eq $on && (!$volatility || $_->{immutable}) && (!$row || $_->{row} == $row) } $self->among('function');
	return @all ? pick(@all) : undef;
}

sub make_function
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $me = "{$o->{id}}";
	my $shape = $old ? $old->{shape} : pick(qw(n n n n row set table domain enum variadic polymorphic defaults out select records));
	$o->{shape} = $shape;
	# Overloads, but none that makes a call ambiguous.
	my @plain = grep { ($_->{shape} // '') =~ /^(n|row|domain|enum|records)$/ } $self->among('function');
	$o->{name} //= $shape =~ /^(row|domain|enum|records)$/ && @plain && chance(0.4) ? pick(@plain)->{name} : $self->fresh_name('f');
	my $volatility = pick(qw(IMMUTABLE IMMUTABLE STABLE VOLATILE));
	my $options = $volatility . pick('', '', ' STRICT', ' PARALLEL SAFE', ' LEAKPROOF', ' SECURITY DEFINER', ' COST 5', ' SET search_path = pg_catalog', " SET work_mem = '8MB'");
	my $result = pick(qw(integer integer integer bigint));
	my ($arguments, $identity, $returns, $expression, $more) = ('x integer', 'integer', $result, 'x + ' . int(rand(9)), '');
	my $call = "$me(\@::integer)";
	my $body_kind = pick(qw(return string plpgsql atomic string));
	if ($shape eq 'n') { $o->{on} = 'n'; if (my $f = chance(0.3) ? $self->function_on('n', 'immutable') : undef) { $expression = $f->{call} =~ s/\@/x/r; } }
	elsif ($shape eq 'row')
	{
		my $t = $old ? $self->by_id($old->{row}) : $self->one('table', 'view', 'composite');
		return if !$t;
		my ($n) = grep { $_->{family} eq 'n' } $self->columns_of($t);
		return if !$n;
		@$o{qw(on row)} = ('row', $t->{id});
		($arguments, $identity, $expression, $call) = ("x {$t->{id}}", "{$t->{id}}", "(x).{$n->{id}}::integer", "$me(\@)");
	}
	elsif ($shape eq 'set')
	{
		my $t = $old ? $self->by_id($old->{row}) : $self->one('table', 'view');
		return if !$t;
		$o->{row} = $t->{id};
		($returns, $expression, $body_kind, $call) = ("SETOF {$t->{id}}", undef, pick(qw(string plpgsql_set), $t->{kind} eq 'view' ? 'atomic_set' : ()), undef);
		$options =~ s/IMMUTABLE|LEAKPROOF|STRICT//g;
		$more = " ROWS 50" if chance(0.3);
		my $query = "SELECT * FROM {$t->{id}}";
		$o->{arguments} = $identity;
		$o->{sql} = [ "CREATE FUNCTION $me(x integer) RETURNS $returns LANGUAGE " . ($body_kind eq 'plpgsql_set' ? "plpgsql $options$more AS \$f\$BEGIN RETURN QUERY $query; END\$f\$" : $body_kind eq 'string' ? "sql $options$more AS \$f\$$query\$f\$" : "sql $options$more BEGIN ATOMIC $query; END") ];
		return 1;
	}
	elsif ($shape eq 'table') { ($returns, $call) = ('TABLE (a integer, b text)', undef); $expression = 'x, x::text'; }
	elsif ($shape eq 'domain') { my $d = $old ? $self->by_id($old->{used}) : $self->one('domain'); return if !$d; $o->{used} = $d->{id}; ($arguments, $identity, $expression, $call) = ("x {$d->{id}}", "{$d->{id}}", 'length(x::text)', undef); }
	elsif ($shape eq 'enum') { my $d = $old ? $self->by_id($old->{used}) : $self->one('enum'); return if !$d; $o->{used} = $d->{id}; ($arguments, $identity, $returns, $expression, $call) = ("x {$d->{id}} DEFAULT " . literal($d->{labels}[0]), "{$d->{id}}", "{$d->{id}}", 'x', undef); }
	elsif ($shape eq 'variadic') { ($arguments, $identity, $expression, $call) = ('VARIADIC x integer[]', 'VARIADIC integer[]', 'x[1]', undef); }
	elsif ($shape eq 'polymorphic') { ($arguments, $identity, $returns, $expression, $call) = ('x anyelement', 'anyelement', 'anyelement', 'x', undef); $body_kind = 'string'; }
	elsif ($shape eq 'defaults') { ($arguments, $identity) = ('x integer, y integer DEFAULT ' . int(rand(5)) . ', z text DEFAULT \'a\'', 'integer, integer, text'); $o->{on} = 'n'; }
	elsif ($shape eq 'out') { ($arguments, $identity, $returns, $expression, $call) = ('x integer, OUT p integer, OUT q text', 'integer', 'record', 'x, x::text', undef); $body_kind = pick('string', 'atomic'); }
	elsif ($shape eq 'select')
	{
		my $t = $self->one('table', 'view') or return;
		my ($n) = grep { $_->{family} eq 'n' } $self->columns_of($t) or return;
		return if !$n;
		$expression = "(SELECT max(q.{$n->{id}})::integer + x FROM {$t->{id}} q)";
		$options =~ s/IMMUTABLE/STABLE/;
		$options =~ s/LEAKPROOF//;
	}
	elsif ($shape eq 'records') { $arguments = 'x integer, y text'; $identity = 'integer, text'; $call = undef; $returns = 'text'; $expression = 'x || y'; }
	$o->{immutable} = $options =~ /IMMUTABLE/ && $body_kind ne 'plpgsql' && $shape ne 'select';
	$o->{arguments} = $identity;
	$o->{call} = $call;
	delete $o->{on} if !defined $call;
	my $set = $returns =~ /^TABLE/;
	my $body = $set && $body_kind eq 'plpgsql' ? "LANGUAGE plpgsql $options AS \$f\$BEGIN RETURN QUERY SELECT $expression; END\$f\$" : $set || $returns eq 'record'
	  ? ($body_kind eq 'string' || $body_kind eq 'plpgsql' ? "LANGUAGE sql $options AS \$f\$SELECT $expression\$f\$" : "LANGUAGE sql $options BEGIN ATOMIC SELECT $expression; END")
	  : $body_kind eq 'return' ? "LANGUAGE sql $options RETURN $expression" : $body_kind eq 'atomic' ? "LANGUAGE sql $options BEGIN ATOMIC SELECT $expression; END" : $body_kind eq 'plpgsql' ? "LANGUAGE plpgsql $options AS \$f\$BEGIN RETURN $expression; END\$f\$" : "LANGUAGE sql $options AS \$f\$SELECT $expression\$f\$";
	$o->{sql} = ["CREATE FUNCTION $me($arguments) RETURNS $returns $body"];
	return 1;
}

# A function that something else needs. None where there is no schema for it.
sub helper
{
	my ($self, $shape, $arguments, $rest) = @_;
	my $schema = $self->one('schema') or return;
	my $id = $self->id;
	push @{ $self->{objects} }, { id => $id, kind => 'function', make => 'operand', shape => $shape, name => $self->fresh_name('h'), schema => $schema->{id}, arguments => $arguments, sql => ["CREATE FUNCTION {$id}($arguments) $rest"], grants => [] };
	delete $self->{index};
	return $id;
}

sub make_trigger_function
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('g');
	$o->{kind} = 'function';
	$o->{returns_trigger} = 1;
	$o->{arguments} = '';
	my $result = pick('RETURN NEW', 'RETURN NEW', 'RETURN coalesce(NEW, OLD)');
	$o->{sql} = [ "CREATE FUNCTION {$o->{id}}() RETURNS trigger LANGUAGE plpgsql" . pick('', ' SECURITY DEFINER', ' SET search_path = pg_catalog') . " AS \$f\$BEGIN $result; END\$f\$" ];
	return 1;
}

sub make_procedure
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('q');
	$o->{arguments} = 'integer';
	my $t = $self->one('table');
	my ($n) = $t ? grep { $_->{family} eq 'n' && !$_->{generated} && !$_->{identity} } $self->columns_of($t) : ();
	$o->{sql} = [ $n && chance(0.5) ? "CREATE PROCEDURE {$o->{id}}(x integer) LANGUAGE sql BEGIN ATOMIC INSERT INTO {$t->{id}} ({$n->{id}}) VALUES (x); END" : "CREATE PROCEDURE {$o->{id}}(x integer DEFAULT " . int(rand(4)) . ") LANGUAGE plpgsql" . pick('', ' SECURITY DEFINER') . " AS \$f\$BEGIN NULL; END\$f\$" ];
	return 1;
}

sub make_aggregate
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('agg');
	my $shape = $o->{old} ? $o->{old}{shape} : pick(qw(plain plain moving ordered hypothetical polymorphic final));
	$o->{shape} = $shape;
	my $function = 'int4pl';
	if ($shape eq 'ordered') { @$o{qw(arguments granted)} = ('double precision ORDER BY anyelement', 'double precision, anyelement'); $o->{sql} = ["CREATE AGGREGATE {$o->{id}}(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = " . pick('READ_WRITE', 'SHAREABLE') . ')']; }
	elsif ($shape eq 'hypothetical') { @$o{qw(arguments granted)} = ('VARIADIC "any" ORDER BY VARIADIC "any"', 'VARIADIC "any"'); $o->{sql} = ["CREATE AGGREGATE {$o->{id}}(VARIADIC \"any\" ORDER BY VARIADIC \"any\") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL" . pick('', ', SSPACE = 64') . ')']; }
	elsif ($shape eq 'polymorphic') { $o->{arguments} = 'anycompatible'; $o->{sql} = ["CREATE AGGREGATE {$o->{id}}(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}')"]; }
	elsif ($shape eq 'final') { $o->{arguments} = 'double precision'; $o->{sql} = ["CREATE AGGREGATE {$o->{id}}(double precision) (SFUNC = float8_accum, STYPE = double precision[], FINALFUNC = " . pick('float8_avg', 'float8_var_pop', 'float8_stddev_samp') . ", COMBINEFUNC = float8_combine, INITCOND = '{0,0,0}', PARALLEL = " . pick('safe', 'restricted') . pick('', ', SORTOP = OPERATOR(pg_catalog.<)') . ')']; }
	elsif ($shape eq 'moving') { $o->{arguments} = 'integer'; $o->{plain} = 1; $o->{sql} = [ "CREATE AGGREGATE {$o->{id}}(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '" . int(rand(3)) . "', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0')" ]; }
	else { $o->{arguments} = 'integer'; $o->{plain} = 1; $o->{sql} = [ "CREATE AGGREGATE {$o->{id}}(integer) (SFUNC = " . pick('int4pl', 'int4larger', 'int4smaller') . ', STYPE = integer' . pick('', ", INITCOND = '0'", ', PARALLEL = safe', ', COMBINEFUNC = int4pl') . ')' ]; }
	return 1;
}

# ------------------------------------------------------------------------------------------ types and the like

sub make_enum
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('en');
	my @labels = $o->{old} ? @{ $o->{old}{labels} } : map { "label $_" } 1 .. pick(1 .. 4);
	if ($o->{old})
	{
		for (1 .. pick(1, 1, 2)) { splice(@labels, int(rand(@labels + 1)), 0, 'more ' . $self->id) if chance(0.7); }
		my $first = $o->{old}{keep} // $labels[0];
		# Rows of rows keep their values.
		my $inside = grep { $_->{kind} eq 'composite' && grep { $_->{family} eq "u$o->{id}" } @{ $_->{columns} } } @{ $self->{objects} };
		if (@labels > 2 && !$inside && chance(0.25)) { my ($out) = pick(grep { $_ ne $o->{old}{keep} } @labels); @labels = grep { $_ ne $out } @labels; }
	}
	$o->{keep} = $o->{old} ? $o->{old}{keep} : $labels[0];
	@labels = ($o->{keep}, grep { $_ ne $o->{keep} } @labels) if !grep { $_ eq $o->{keep} } @labels;
	$o->{labels} = \@labels;
	$o->{labels} = \@labels;
	$o->{sql} = [ "CREATE TYPE {$o->{id}} AS ENUM (" . join(', ', map { literal($_) } @labels) . ')' ];
	@labels = @labels;
	return 1;
}

sub make_composite
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('co');
	my $old = $o->{old};
	my @columns = $old ? @{ $old->{columns} } : ();
	if (!$old) { push @columns, { id => $self->id, name => $self->fresh_name('n'), family => 'n', type => 'integer' }; push @columns, $self->new_column for 1 .. pick(0, 1, 2); }
	else { push @columns, $self->new_column if chance(0.7); pop @columns if @columns > 2 && chance(0.3); }
	@columns = grep { $_->{family} ne 'u' . $o->{id} } @columns;
	$o->{columns} = \@columns;
	$o->{sql} = [ "CREATE TYPE {$o->{id}} AS (" . join(', ', map { "{$_->{id}} $_->{type}" . ($_->{type} eq 'text' && chance(0.1) ? ' COLLATE "C"' : '') } @columns) . ')' ];
	push @{ $o->{sql} }, "COMMENT ON COLUMN {$o->{id}}.{$columns[0]{id}} IS 'attribute'" if chance(0.2);
	return 1;
}

sub make_domain
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('do');
	my $old = $o->{old};
	my $base = $o->{base} = $old ? $old->{base} : pick('n', 's');
	my $type = $old ? $old->{type} : $base eq 'n' ? pick('integer', 'bigint', 'numeric(10,2)') : pick('text', 'varchar(40)');
	$o->{type} = $type;
	my @checks = $old ? @{ $old->{checks} } : ();
	@checks = grep { chance(0.6) } @checks;
	if (@checks < 3 && chance(0.6))
	{
		my $f = $base eq 'n' && chance(0.3) ? $self->function_on('n', 'immutable') : undef;
		push @checks, [ $self->fresh_name('dc'), $f ? ($f->{call} =~ s/\@/VALUE/r) . ' IS NOT NULL OR true' : $base eq 'n' ? pick('VALUE >= 0', 'VALUE < 1000000', 'VALUE <> 5555') : pick("VALUE <> 'zzz'", 'length(VALUE) < 60', "VALUE !~ '^ '") ];
	}
	$o->{checks} = \@checks;
	$o->{sql} = [ "CREATE DOMAIN {$o->{id}} AS $type" . ($base eq 's' && $old && 0 ? '' : '') . (chance(0.25) ? ' DEFAULT ' . ($base eq 'n' ? 3 : "'d'") : '') . (chance(0.05) ? ' NOT NULL' : '') . join('', map { ' CONSTRAINT ' . quote($_->[0]) . " CHECK ($_->[1])" } @checks) ];
	push @{ $o->{sql} }, 'COMMENT ON CONSTRAINT ' . quote($checks[0][0]) . " ON DOMAIN {$o->{id}} IS 'dc'" if @checks && chance(0.2);
	return 1;
}

sub make_range
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('ra');
	$o->{base} = pick('n', 'd', 's');
	my %sub = (n => pick('double precision', 'numeric', 'bigint'), d => pick('date', 'timestamp'), s => 'text');
	return if $o->{old};
	$o->{sql} = [ "CREATE TYPE {$o->{id}} AS RANGE (SUBTYPE = $sub{$o->{base}}" . ($o->{base} eq 's' && chance(0.4) ? ', COLLATION = "C"' : '') . ($sub{ $o->{base} } eq 'double precision' && chance(0.5) ? ', SUBTYPE_DIFF = float8mi' : '') . (chance(0.4) ? ", MULTIRANGE_TYPE_NAME = {$o->{schema}}." . quote("mr_$o->{id}") : '') . ')' ];
	return 1;
}

sub make_sequence
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('sq');
	$o->{sql} = [ "CREATE SEQUENCE {$o->{id}}" . pick('', ' AS integer', ' AS smallint') . pick('', ' INCREMENT 3', ' MINVALUE 5 MAXVALUE 1000', ' START 50 CACHE 10 CYCLE') ];
	my $t = $self->one('table');
	if ($t && !$t->{typed} && @{ $t->{columns} // [] } && chance(0.2)) { my $c = pick(@{ $t->{columns} }); $o->{owned_by} = 1; $o->{on} = $t->{id}; push @{ $o->{sql} }, "ALTER SEQUENCE {$o->{id}} OWNED BY {$t->{id}}.{$c->{id}}"; $o->{schema} = $t->{schema}; }
	return 1;
}

sub make_collation { my ($self, $o) = @_; return if $o->{old}; $o->{name} //= $self->fresh_name('cl'); $o->{sql} = [ "CREATE COLLATION {$o->{id}} " . pick("(provider = icu, locale = 'de')", "(provider = icu, locale = 'und', deterministic = true)", "(locale = 'C')", '(lc_collate = \'C\', lc_ctype = \'POSIX\')') ]; return 1; }
sub make_conversion { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('cv'); $o->{sql} = [ "CREATE CONVERSION {$o->{id}} " . pick("FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1", "FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8") ]; return 1; }
sub make_parser { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('tp'); $o->{sql} = [ "CREATE TEXT SEARCH PARSER {$o->{id}} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype" . pick('', ', HEADLINE = prsd_headline') . ')' ]; return 1; }
sub make_template { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('tt'); $o->{sql} = ["CREATE TEXT SEARCH TEMPLATE {$o->{id}} (INIT = dsimple_init, LEXIZE = dsimple_lexize)"]; return 1; }
sub make_dictionary
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('td');
	my $t = $self->one('template');
	$o->{sql} = [ "CREATE TEXT SEARCH DICTIONARY {$o->{id}} (TEMPLATE = " . ($t && chance(0.5) ? "{$t->{id}}" : 'pg_catalog.simple') . pick('', ', stopwords = english', ', accept = true', ', accept = false, stopwords = german') . ')' ];
	return 1;
}
sub make_configuration
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('tc');
	my $p = $self->one('parser');
	my $d = $self->one('dictionary');
	$o->{sql} = [ "CREATE TEXT SEARCH CONFIGURATION {$o->{id}} (" . ($p && chance(0.5) ? "PARSER = {$p->{id}}" : chance(0.5) ? 'COPY = pg_catalog.english' : 'PARSER = pg_catalog."default"') . ')' ];
	push @{ $o->{sql} }, "ALTER TEXT SEARCH CONFIGURATION {$o->{id}} ADD MAPPING FOR " . pick('asciiword, word', 'email', 'url, host') . ' WITH ' . ($d ? "{$d->{id}}, " : '') . 'pg_catalog.simple' if $o->{sql}[0] !~ /COPY/ && chance(0.8);
	return 1;
}

sub make_operator
{
	my ($self, $o) = @_;
	my $f = $self->function_on('n', 'immutable') or return;
	my @two = grep { ($_->{shape} // '') eq 'operand' } $self->among('function');
	if (!@two || chance(0.3)) { @two = ($self->by_id($self->helper('operand', 'integer, integer', 'RETURNS integer LANGUAGE sql IMMUTABLE RETURN $1 + $2 * ' . int(rand(4))))); }
	my $two = pick(@two);
	$o->{name} = $o->{old} ? $o->{old}{name} : pick('+', '-', '*', '<', '=', '%', '&') x 2 . pick('%', '&', '|', '#', '@') . ($self->{next} % 7 ? '' : '|');
	$o->{operator} = 1;
	$o->{called} = "{$o->{schema}}.$o->{name} (integer, integer)";
	$o->{sql} = [ "CREATE OPERATOR {$o->{schema}}.$o->{name} (FUNCTION = {$two->{id}}, LEFTARG = integer, RIGHTARG = integer" . pick('', ", COMMUTATOR = OPERATOR({$o->{schema}}.$o->{name})") . ')' ];
	return 1;
}
sub make_operand { return; }

sub make_family { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('of'); $o->{sql} = ["CREATE OPERATOR FAMILY {$o->{id}} USING btree"]; push @{ $o->{sql} }, "ALTER OPERATOR FAMILY {$o->{id}} USING btree ADD OPERATOR 1 < (integer, bigint), OPERATOR 3 = (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint)" if chance(0.5); return 1; }
sub make_opclass
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('oc');
	my $family = $self->one('family');
	$o->{sql} = [ "CREATE OPERATOR CLASS {$o->{id}} FOR TYPE integer USING btree " . ($family && chance(0.5) ? "FAMILY {$family->{id}} " : '') . 'AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer)' . pick('', ', FUNCTION 4 btequalimage(oid)') ];
	return 1;
}

sub make_cast
{
	my ($self, $o) = @_;
	my $type = $o->{old} ? $self->by_id($o->{old}{type}) : $self->one('enum', 'composite', 'range');
	return if !$type || (!$o->{old} && grep { $_->{kind} eq 'cast' && $_->{type} == $type->{id} } @{ $self->{objects} });
	$o->{type} = $type->{id};
	$o->{name} = 'cast';
	$o->{called} = "({$type->{id}} AS text)";
	my $f;
	if (chance(0.5))
	{
		$f = $o->{old} ? $o->{old}{function} : $self->helper('cast', "{$type->{id}}", "RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''::text'");
		$o->{function} = $f;
	}
	$o->{sql} = [ "CREATE CAST ({$type->{id}} AS text) " . ($f ? "WITH FUNCTION {$f}({$type->{id}})" : 'WITH INOUT') . pick('', ' AS ASSIGNMENT') ];
	return 1;
}

# ------------------------------------------------------------------------------------------ what hangs on a relation

sub make_trigger
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $t = $old ? $self->by_id($old->{on}) : $self->one('table', 'table', 'table', 'view', 'part');
	my @functions = grep { $_->{returns_trigger} } $self->among('function');
	return if !$t || !@functions;
	my $f = pick(@functions);
	$o->{name} //= $self->fresh_name('tr');
	$o->{on} = $t->{id};
	my $when = '';
	my ($c) = $self->columns_of($t);
	my $sql;
	if ($t->{kind} eq 'view') { $sql = "CREATE TRIGGER {$o->{id}!} INSTEAD OF " . pick('INSERT', 'UPDATE', 'DELETE OR INSERT') . " ON {$t->{id}} FOR EACH ROW EXECUTE FUNCTION {$f->{id}}(" . pick('', "'a', '2'") . ')'; }
	else
	{
		my $shape = pick(qw(row row statement constraint transition update));
		if ($shape eq 'constraint') { $sql = "CREATE CONSTRAINT TRIGGER {$o->{id}!} AFTER INSERT OR UPDATE ON {$t->{id}} " . pick('', 'DEFERRABLE ', 'DEFERRABLE INITIALLY DEFERRED ') . "FOR EACH ROW EXECUTE FUNCTION {$f->{id}}()"; }
		elsif ($shape eq 'transition') { $sql = "CREATE TRIGGER {$o->{id}!} AFTER INSERT ON {$t->{id}} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION {$f->{id}}()"; }
		elsif ($shape eq 'statement') { $sql = "CREATE TRIGGER {$o->{id}!} " . pick('BEFORE', 'AFTER') . ' ' . pick('TRUNCATE', 'DELETE', 'INSERT OR UPDATE OR DELETE') . " ON {$t->{id}} EXECUTE FUNCTION {$f->{id}}()"; }
		elsif ($shape eq 'update' && $c) { $sql = "CREATE TRIGGER {$o->{id}!} BEFORE UPDATE OF {$c->{id}} ON {$t->{id}} FOR EACH ROW WHEN (OLD.{$c->{id}}::text IS DISTINCT FROM NEW.{$c->{id}}::text) EXECUTE FUNCTION {$f->{id}}()"; }
		else { $sql = "CREATE TRIGGER {$o->{id}!} BEFORE INSERT OR UPDATE ON {$t->{id}} FOR EACH ROW EXECUTE FUNCTION {$f->{id}}('x')"; }
	}
	$o->{sql} = [$sql];
	push @{ $o->{sql} }, "ALTER TABLE {$t->{id}} " . pick('DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA') . " TRIGGER {$o->{id}!}" if $t->{kind} ne 'view' && chance(0.2);
	return 1;
}

sub make_rule
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $t = $old ? $self->by_id($old->{on}) : $self->one('view', 'view', 'table');
	return if !$t;
	$o->{name} //= $self->fresh_name('ru');
	$o->{on} = $t->{id};
	my $other = $self->one('table');
	my ($n) = $other && !$other->{typed} ? grep { $_->{family} eq 'n' && !$_->{generated} && !$_->{identity} } @{ $other->{columns} } : ();
	my ($c) = $self->columns_of($t);
	$o->{sql} = [ $t->{kind} eq 'table' ? "CREATE RULE {$o->{id}!} AS ON DELETE TO {$t->{id}} WHERE false DO ALSO NOTHING" : $n && chance(0.5) ? "CREATE RULE {$o->{id}!} AS ON INSERT TO {$t->{id}} DO INSTEAD INSERT INTO {$other->{id}} ({$n->{id}}) VALUES (1)" : 'CREATE RULE ' . "{$o->{id}!} AS ON " . pick('UPDATE', 'DELETE', 'INSERT') . " TO {$t->{id}} DO INSTEAD NOTHING" ];
	push @{ $o->{sql} }, "ALTER TABLE {$t->{id}} " . pick('DISABLE', 'ENABLE ALWAYS') . " RULE {$o->{id}!}" if $t->{kind} eq 'table' && chance(0.2);
	return 1;
}

sub make_policy
{
	my ($self, $o) = @_;
	my $t = $o->{old} ? $self->by_id($o->{old}{on}) : $self->one('table');
	return if !$t;
	$o->{name} //= $self->fresh_name('po');
	$o->{on} = $t->{id};
	my $n = $self->column($t, 'n');
	my $f = $self->function_on('n');
	my $condition = $n ? ($f && chance(0.4) ? ($f->{call} =~ s/\@/{$n->{id}}/r) . ' > 0' : "{$n->{id}} > 0") : 'true';
	my $for = pick('', ' FOR SELECT', ' FOR INSERT', ' FOR UPDATE', ' FOR DELETE');
	$o->{sql} = [ "CREATE POLICY {$o->{id}!} ON {$t->{id}}" . pick('', ' AS RESTRICTIVE') . $for . pick('', ' TO ' . join(', ', map { quote($_) } some(2, @roles))) . ($for =~ /INSERT/ ? '' : " USING ($condition)") . ($for =~ /SELECT|DELETE/ ? '' : $for =~ /INSERT/ || chance(0.3) ? " WITH CHECK ($condition)" : '') ];
	return 1;
}

sub make_publication
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('pub');
	my @tables = some(pick(0, 1, 2, 3), grep { !$_->{unlogged} } $self->among('table'));
	my @out;
	for my $t (@tables)
	{
		my $where = '';
		my ($n) = grep { $_->{family} eq 'n' && !$_->{generated} && $_->{type} !~ /\{/ } $self->columns_of($t);
		my $columns = !$t->{partition_by} && $n && chance(0.2) ? " ({$n->{id}})" : '';
		$where = " WHERE ({$n->{id}} > 1)" if $n && chance(0.3) && !$t->{inherits};
		push @out, "TABLE ONLY {$t->{id}}$columns$where";
	}
	push @out, 'TABLES IN SCHEMA ' . "{$self->one('schema')->{id}}" if 0;
	my $schema = $self->one('schema');
	push @out, "TABLES IN SCHEMA {$schema->{id}}" if chance(0.25) && !grep { /\) *$|WHERE|\(/ } @out;
	$o->{sql} = [ "CREATE PUBLICATION {$o->{id}}" . (@out ? ' FOR ' . join(', ', @out) : chance(0.15) ? ' FOR ALL TABLES' : '') . pick('', " WITH (publish = 'insert')", ' WITH (publish_via_partition_root = true)') ];
	return 1;
}

sub make_event_trigger
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('et');
	my $id = $o->{old} ? $o->{old}{function} : $self->helper('event', '', "RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'") or return;
	$o->{function} = $id;
	my $on = $self->{version} >= 17 && chance(0.3) ? 'login' : pick('ddl_command_end', 'sql_drop') . pick('', " WHEN TAG IN ('DROP TABLE')");
	$o->{sql} = [ "CREATE EVENT TRIGGER {$o->{id}} ON $on EXECUTE FUNCTION {$id}()" ];
	push @{ $o->{sql} }, "ALTER EVENT TRIGGER {$o->{id}} " . pick('DISABLE', 'ENABLE ALWAYS') if chance(0.4);
	$o->{owner} = undef;
	return 1;
}
sub make_language { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('la'); $o->{sql} = [ 'CREATE ' . pick('', 'TRUSTED ') . "LANGUAGE {$o->{id}} HANDLER plpgsql_call_handler" . pick('', ' INLINE plpgsql_inline_handler') . pick('', ' VALIDATOR plpgsql_validator') ]; return 1; }
sub make_access_method { my ($self, $o) = @_; return if $o->{old}; $o->{name} //= $self->fresh_name('am'); $o->{table} = 1; $o->{sql} = ["CREATE ACCESS METHOD {$o->{id}} TYPE TABLE HANDLER heap_tableam_handler"]; return 1; }
sub make_wrapper { my ($self, $o) = @_; $o->{name} //= $self->fresh_name('fw'); $o->{sql} = [ "CREATE FOREIGN DATA WRAPPER {$o->{id}}" . pick('', " OPTIONS (debug 'true')", " OPTIONS (a '1', b 'it''s')") ]; return 1; }
sub make_server { my ($self, $o) = @_; my $w = $o->{old} ? $self->by_id($o->{old}{of}) : $self->need('wrapper'); return if !$w; $o->{of} = $w->{id}; $o->{name} //= $self->fresh_name('sv'); $o->{sql} = [ "CREATE SERVER {$o->{id}}" . pick('', " TYPE 'a'") . pick('', " VERSION '1'", " VERSION '2'") . " FOREIGN DATA WRAPPER {$w->{id}}" . pick('', " OPTIONS (host 'h')", " OPTIONS (host 'i', port '1')") ]; return 1; }

# A type of the server's own functions, under other names.
sub make_base
{
	my ($self, $o) = @_;
	return if $o->{old};
	$o->{name} = "ba$o->{id}";
	my ($in, $out, $receive, $send) = map { "{$o->{schema}}.ba$o->{id}_$_" } qw(in out recv send);
	my $function = sub { my ($name, $arguments, $result, $is) = @_; return "CREATE FUNCTION $name($arguments) RETURNS $result LANGUAGE internal IMMUTABLE STRICT AS '$is'"; };
	my $binary = chance(0.4);
	$o->{sql} = [
		"CREATE TYPE {$o->{id}}", $function->($in, 'cstring', "{$o->{id}}", 'int4in'), $function->($out, "{$o->{id}}", 'cstring', 'int4out'),
		$binary ? ($function->($receive, 'internal', "{$o->{id}}", 'int4recv'), $function->($send, "{$o->{id}}", 'bytea', 'int4send')) : (),
		"CREATE TYPE {$o->{id}} (INPUT = $in, OUTPUT = $out" . ($binary ? ", RECEIVE = $receive, SEND = $send" : '') . pick(', LIKE = integer', ', INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, STORAGE = plain', ", LIKE = integer, DEFAULT = '4', DELIMITER = ';'") . ')' ];
	return 1;
}
sub make_shell { my ($self, $o) = @_; return if $o->{old}; $o->{name} //= $self->fresh_name('sh'); $o->{sql} = ["CREATE TYPE {$o->{id}}"]; return 1; }

# The server asks only for what the functions take and give.
sub make_transform
{
	my ($self, $o) = @_;
	my $language = $o->{old} ? $self->by_id($o->{old}{of}) : $self->need('language');
	return if !$language || (!$o->{old} && grep { $_->{kind} eq 'transform' && $_->{of} == $language->{id} } @{ $self->{objects} });
	@$o{qw(of name called)} = ($language->{id}, 'transform', "FOR integer LANGUAGE {$language->{id}}");
	$o->{sql} = [ "CREATE TRANSFORM $o->{called} (" . pick('FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal)', 'TO SQL WITH FUNCTION pg_catalog.int4recv(internal)', 'FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal), TO SQL WITH FUNCTION pg_catalog.int4recv(internal)') . ')' ];
	return 1;
}

sub make_user_mapping
{
	my ($self, $o) = @_;
	my $server = $o->{old} ? $self->by_id($o->{old}{of}) : $self->need('server');
	my $role = $o->{old} ? $o->{old}{role} : pick('PUBLIC', map { quote($_) } @roles);
	return if !$server || (!$o->{old} && grep { $_->{kind} eq 'user_mapping' && $_->{of} == $server->{id} && $_->{role} eq $role } @{ $self->{objects} });
	@$o{qw(of role name called)} = ($server->{id}, $role, 'user mapping', "FOR $role SERVER {$server->{id}}");
	$o->{sql} = [ "CREATE USER MAPPING $o->{called}" . pick('', " OPTIONS (\"user\" 'u', password 'se''cret')", " OPTIONS (password '" . int(rand(99)) . "')") ];
	return 1;
}

# Never connected.
sub make_subscription
{
	my ($self, $o) = @_;
	$o->{name} //= $self->fresh_name('sub');
	$o->{sql} = [ "CREATE SUBSCRIPTION {$o->{id}} CONNECTION " . pick("'host=h password=a'", "'host=h port=5 password=''b c'''") . ' PUBLICATION ' . pick('p', 'p, q', '"P"') . ' WITH (connect = false, enabled = false, slot_name = NONE' . pick('', ', binary = true') . pick('', ", synchronous_commit = 'local'") . pick('', ', streaming = true') . ')' ];
	return 1;
}

sub make_default_privileges
{
	my ($self, $o) = @_;
	my $schema = $o->{old} ? $self->by_id($o->{old}{of}) : $self->one('schema');
	return if !$schema;
	$o->{of} = $schema->{id};
	$o->{name} = 'default privileges';
	$o->{last} = 1;
	$o->{sql} = [ 'ALTER DEFAULT PRIVILEGES FOR ROLE ' . quote($roles[0]) . " IN SCHEMA {$schema->{id}} GRANT " . pick('SELECT ON TABLES', 'INSERT, UPDATE ON TABLES', 'USAGE ON SEQUENCES', 'EXECUTE ON FUNCTIONS') . ' TO ' . quote($roles[1]) . pick('', ' WITH GRANT OPTION') ];
	return 1;
}

# Its columns, whose options are nobody's to read; nothing connects.
sub make_foreign
{
	my ($self, $o) = @_;
	my $old = $o->{old};
	my $server = $old ? $self->by_id($old->{of}) : $self->need('server');
	return if !$server;
	$o->{of} = $server->{id};
	$o->{name} //= $self->fresh_name('ft');
	my @columns = $old ? grep { chance(0.9) } @{ $old->{columns} } : ();
	for (1 .. ($old ? pick(0, 1) : pick(1 .. 4)))
	{
		my $c = $self->new_column;
		$c->{foreign_options} = pick('', '', " OPTIONS (column_name 'a')", " OPTIONS (n '1', m 'it''s')");
		$c->{not_null} = chance(0.2);
		$c->{default} = chance(0.2) ? $self->constant($c) : undef;
		push @columns, $c;
	}
	return if !@columns;
	$o->{columns} = \@columns;
	my ($n) = grep { $_->{family} eq 'n' } @columns;
	my $check = $n && chance(0.3) ? ",\n  CONSTRAINT " . quote("fck$o->{id}") . " CHECK ({$n->{id}} > 0)" : '';
	$o->{sql} = [ "CREATE FOREIGN TABLE {$o->{id}} (\n  " . join(",\n  ", map { "{$_->{id}} $_->{type}$_->{foreign_options}" . ($_->{not_null} ? ' NOT NULL' : '') . (defined $_->{default} ? " DEFAULT $_->{default}" : '') } @columns) . "$check\n) SERVER {$server->{id}}" . pick('', " OPTIONS (table_name 't')", " OPTIONS (schema_name 's', table_name 'u')") ];
	push @{ $o->{sql} }, "COMMENT ON COLUMN {$o->{id}}.{$columns[0]{id}} IS 'far'" if chance(0.2);
	push @{ $o->{sql} }, "ALTER FOREIGN TABLE {$o->{id}} ALTER COLUMN {$columns[0]{id}} SET STATISTICS 55" if chance(0.1);
	return 1;
}

# ---------------------------------------------------------------------------------------------------- mutation

my %renamable = (table => 'table', part => 'table', view => 'view', matview => 'materialized view', sequence => 'sequence', enum => 'type', composite => 'type', domain => 'type', range => 'type', index => 'index');

sub mutated
{
	my ($self, $how_many) = @_;
	my $copy = { version => $self->{version}, next => $self->{next}, objects => dclone($self->{objects}), renamed => [] };
	bless $copy, ref $self;
	$copy->mutate for 1 .. $how_many;
	return $copy;
}

sub mutate
{
	my ($self) = @_;
	my $objects = $self->{objects};
	my $how = pick(qw(drop drop add add add again again again again again again again rename column_rename constraint_rename move reorder owner comment grants regroup));
	my $index = int(rand(@$objects));
	my $o = $objects->[$index];
	if ($how eq 'drop') { return if $o->{kind} eq 'schema' && chance(0.9); splice(@$objects, $index, 1); delete $self->{index}; }
	elsif ($how eq 'add') { my $made = $self->add($self->any_kind); }
	elsif ($how eq 'again') { return if $o->{kind} eq 'schema'; $self->again($o); }
	elsif ($how eq 'rename')
	{
		return if $o->{operator} || $o->{kind} =~ /^(schema|cast|transform|user_mapping|late_default|default_privileges|base)$/ || $o->{renamed};
		my $old = $self->expand($self->named($o)) // return;
		my $kind = $renamable{ $o->{kind} };
		$o->{name} = $self->fresh_name(substr($o->{kind}, 0, 2)) . 'r';
		$o->{renamed} = 1;
		push @{ $self->{renamed} }, { kind => $kind, id => $o->{id}, old => $old } if $kind && ($o->{kind} =~ /^(composite|range|enum|domain)$/ || chance(0.75));
		delete $self->{index};
	}
	elsif ($how eq 'column_rename')
	{
		return if $o->{kind} !~ /^(table|view|composite|matview)$/ || $o->{renamed} || !@{ $o->{columns} // [] };
		my $c = pick(@{ $o->{columns} });
		return if $c->{renamed} || $o->{make} eq 'typed';
		my $old = $self->expand("{$o->{id}}.{$c->{id}}");
		$c->{name} = $self->fresh_name('z') . 'r';
		$c->{renamed} = 1;
		$o->{renamed} = 1;
		push @{ $self->{renamed} }, { kind => $o->{kind} eq 'composite' ? 'attribute' : 'column', of => $o->{id}, id => $c->{id}, old => $old } if chance(0.75);
	}
	elsif ($how eq 'constraint_rename')
	{
		return if !@{ $o->{constraints} // [] } || $o->{renamed} || $o->{typed};
		my $c = pick(@{ $o->{constraints} });
		my $old = quote($c->{name}) . ' on ' . ($self->expand("{$o->{id}}") // return);
		return if $c->{renamed}++;
		$o->{renamed} = 1;
		$c->{name} = $self->fresh_name('k') . 'r';
		push @{ $self->{renamed} }, { kind => 'constraint', of => $o->{id}, id => $c->{id}, old => $old, on => 1 } if chance(0.75);
	}
	elsif ($how eq 'move') { return if grep { ($_->{parents} // [0])->[0] == $o->{id} && $_->{kind} eq 'table' } @$objects;    # docs/limits.md, on parents
		return if !$o->{schema} || $o->{kind} =~ /^(composite|range|base|index|constraint|trigger|rule|policy)$/; my $s = $self->one('schema'); $o->{schema} = $s->{id} if $s; }
	elsif ($how eq 'reorder') { return if @{ $o->{columns} // [] } < 2 || $o->{kind} ne 'table'; @{ $o->{columns} } = some(scalar(@{ $o->{columns} }), @{ $o->{columns} }); }
	elsif ($how eq 'owner') { $o->{owner} = $owned{ $o->{kind} } && $o->{kind} ne 'event_trigger' && chance(0.7) ? pick(@roles) : undef; }
	elsif ($how eq 'comment') { $o->{comment} = chance(0.7) ? 'another ' . $self->id : undef; }
	elsif ($how eq 'grants') { $o->{grants} = [ map { $self->grants($o) } 1 .. 3 ]; }
	elsif ($how eq 'regroup' && $o->{kind} eq 'part' && !$o->{partition_by})
	{
		# Out of its tree: a table of its own, with the columns that it had.
		my $root = $self->by_id($o->{parents}[0]);
		$root = $root && $root->{kind} eq 'part' ? $self->by_id($root->{parents}[0]) : $root;
		return if !$root || !@{ $root->{columns} // [] } || grep { $_->{identity} || $_->{type} =~ /serial/ } @{ $root->{columns} };
		# The ids of the columns are the root's still: two tables share them, as they share the names.
		@$o{qw(kind make columns parents bound)} = ('table', 'table', dclone($root->{columns}), undef, undef);
		delete $o->{slot};
		$o->{renamed} = 1;    # a column of it is the root's before
		delete $self->{index};
	}
	return;
}

# ---------------------------------------------------------------------------------------------------- as text

sub name_of
{
	my ($self, $id, $how) = @_;
	my $o = $self->by_id($id) or return;
	my $name = quote($o->{name});
	if ($o->{schema} && $how ne '!' && $o->{kind} && !$o->{operator}) { my $schema = $self->by_id($o->{schema}) or return; $name = quote($schema->{name}) . ".$name"; }
	return $how eq '/' ? $name =~ s/'/''/gr : $name;
}

sub expand
{
	my ($self, $template) = @_;
	my $missing = 0;
	$template =~ s{\{(\d+)([!/]?)\}}{ my $name = $self->name_of($1, $2); $missing = 1 if !defined $name; $name // '' }ge;
	return $missing ? undef : $template;
}

my %comment_word = (constraint => 'CONSTRAINT', opclass => 'OPERATOR CLASS', family => 'OPERATOR FAMILY', inherits => 'TABLE', typed => 'TABLE');
sub statements
{
	my ($self) = @_;
	my (@first, @late, @last);
	for my $o (@{ $self->{objects} })
	{
		my $to = $o->{last} ? \@last : $o->{late} ? \@late : \@first;
		my @sql = $o->{kind} eq 'table' || $o->{kind} eq 'part' ? $self->table_sql($o) : @{ $o->{sql} // [] };
		# Statements about one table keep their order in any text.
		my $tree = $self->tree_of($o);
		my $key = $tree ? $tree : $o->{on} && $o->{kind} =~ /constraint|late_default/ || $o->{owned_by} ? $o->{on} : $o->{id};
		push @$to, [ $o->{id}, $_, $key ] for @sql;
		my $word = $word{ $o->{kind} };
		next if !$word;
		my $what = "$word " . $self->named($o);
		push @last, [ $o->{id}, "COMMENT ON $what IS " . literal($o->{comment}), $key ] if defined $o->{comment} && $o->{kind} ne 'user_mapping';
		unshift @last, [ $o->{id}, "ALTER $what OWNER TO " . quote($o->{owner}) ] if $o->{owner} && $owned{ $o->{kind} } && !$o->{owned_by};
		push @last, map { [ $o->{id}, $_, $key ] } @{ $o->{grants} // [] };
	}
	# A text that never mentions owners or privileges leaves them as they are.
	my @anchor = map { [ 0, $_, 0 ] } 'CREATE SCHEMA anchor', "ALTER SCHEMA anchor OWNER TO $roles[0]", "GRANT USAGE ON SCHEMA anchor TO $roles[1]";
	my @out;
	for (@anchor, @first, @late, @last) { my ($key, $template, $about) = @$_; my $sql = $self->expand($template); push @out, [ $key, $sql, $about // $key ] if defined $sql; }
	return @out;
}

# Which index of a partition is a part of its parent's goes by the order of the text.
sub tree_of
{
	my ($self, $o) = @_;
	my $at = $o->{kind} eq 'index' ? $self->by_id($o->{on}) : $o;
	$at = $self->by_id($at->{parents}[0]) while $at && $at->{kind} eq 'part';
	return $at && $at->{kind} eq 'table' && $at->{partition_by} ? $at->{id} : undef;
}

# Without the objects of a kind.
sub without { my ($self, $kind) = @_; @{ $self->{objects} } = grep { $_->{kind} ne $kind } @{ $self->{objects} }; delete $self->{index}; return; }

sub schemas { my ($self) = @_; return 'anchor', map { $_->{name} } grep { $_->{kind} eq 'schema' } @{ $self->{objects} }; }

# Names as they are in $self, of what is called otherwise in the one that it was made from; and back.
sub directives
{
	my ($self, $back) = @_;
	my @out;
	for my $r (@{ $self->{renamed} })
	{
		my $new = $r->{on} ? quote(($self->by_id($r->{id}) // next)->{name}) . ' on ' . ($self->expand("{$r->{of}}") // next) : $self->expand($r->{of} ? "{$r->{of}}.{$r->{id}}" : "{$r->{id}}") // next;
		next if !$self->by_id($r->{id});
		my ($from, $to) = $back ? ($new, $r->{old}) : ($r->{old}, $new);
		if (!$r->{of}) { next if last_part($from, 1) ne last_part($to, 1) || $from eq $to; }
		else { next if !defined $r->{old}; next if !$r->{on} && last_part($from, 1) ne last_part($to, 1); next if $r->{on} && ($from =~ s/.* on //sr) ne ($to =~ s/.* on //sr); }
		my $name = $r->{on} ? ($to =~ s/ on .*//sr) : last_part($to, 0);
		push @out, [ "-- pgschema: renamed $r->{kind} $from to $name", $r->{kind}, $from, $to ];
	}
	return @out;
}
sub last_part { my ($name, $front) = @_; my ($a, $b) = $name =~ /^(.*)\.("(?:[^"]|"")*"|[^".]+)$/s or return $front ? '' : $name; return $front ? $a : $b; }

# What belongs to the database, as DROP calls it, by the key of its statements.
sub database_wide
{
	my ($self) = @_;
	return map { my $name = $self->expand($self->named($_)); defined $name ? [ $_->{id}, "$word{$_->{kind}} IF EXISTS $name" ] : () } grep { $global{ $_->{kind} } && $_->{kind} ne 'schema' } @{ $self->{objects} };
}

sub inserts
{
	my ($self) = @_;
	my @out;
	for my $t (grep { $_->{kind} eq 'table' } @{ $self->{objects} })
	{
		my @columns = grep { !$_->{generated} && !($_->{identity} // '' =~ /ALWAYS/) && $_->{type} !~ /serial/ } $self->columns_of($t);
		next if !@columns;
		for my $k (1, 2, 3, 12)
		{
			my @values = map { $k == 3 && !$_->{key} ? 'NULL' : $self->value($_->{family}, $k) } @columns;
			my $sql = $self->expand("INSERT INTO {$t->{id}} (" . join(', ', map { "{$_->{id}}" } @columns) . ') VALUES (' . join(', ', map { s/\{(\d+)\}/{ $1}/r } @values) . ')') // next;
			push @out, $sql;
		}
	}
	return @out;
}

1;
