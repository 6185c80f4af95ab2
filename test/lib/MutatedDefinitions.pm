# Texts that meet real objects: the statements of a schema, changed token by token, and DDL made of its names. Many
# are valid, most almost. Always the same ones for the same srand().
package MutatedDefinitions;
use strict;
use warnings;
no warnings 'qw';

sub any { return $_[ int(rand(@_)) ]; }

# tokens($text): comments are white space.
sub tokens
{
	my ($text) = @_;
	my @tokens;
	while ($text =~ /\G(?:(\s+|--[^\n]*|\/\*.*?\*\/)|('(?:[^']|'')*'|(\$\w*\$).*?\3|"(?:[^"]|"")*"|\w+|::|<=|>=|<>|\|\||.))/gs)
	{
		push @tokens, $2 if defined $2;
	}
	return @tokens;
}

# statements(@tokens): a list of lists. Semicolons inside BEGIN ATOMIC … END end nothing.
sub statements
{
	my (@out, @now, $atomic);
	for my $token (@_)
	{
		$atomic = 1 if uc $token eq 'ATOMIC';
		if ($token eq ';' && (!$atomic || uc $now[-1] eq 'END'))
		{
			push @out, [@now] if @now;
			@now = ();
			$atomic = 0;
			next;
		}
		push @now, $token;
	}
	return @out;
}

# text(@tokens): what stands on either side of a dot or a cast belongs together.
sub text
{
	my $out = join(' ', @_);
	$out =~ s/ (\.|::|\(|\)|,)/$1/g;
	$out =~ s/(\.|::|\() /$1/g;
	return $out;
}

my @types = qw(integer bigint smallint text numeric numeric(10,2) date timestamptz boolean double interval name jsonb
  text[] varchar(20) app.call_status app.unit_kind app.position app.phone app.day_hours app.v_calls app.areas);
my @words = qw(NOT NULL DEFAULT CASCADE CONSTRAINT CHECK UNIQUE PRIMARY KEY REFERENCES IF EXISTS OR REPLACE SELECT FROM WHERE
  GROUP BY ORDER WITH AS ON TO USING IMMUTABLE STRICT SETOF MATERIALIZED RECURSIVE LATERAL DISTINCT UNION ALL CASE WHEN
  THEN END ; ( ) , . * 1 NULL '' true = < || ::text DATA NO CONCURRENTLY ONLY TEMP UNLOGGED DEFERRABLE);

# new(class, text of the schema)
sub new
{
	my ($class, $schema) = @_;
	my @statements = grep { uc $_->[0] !~ /^(SET|RESET|DO)$/ } statements(tokens($schema));
	my (%qualified, %columns, %self);
	for my $statement (@statements)
	{
		for my $i (1 .. $#$statement - 1)
		{
			$qualified{"$statement->[$i-1].$statement->[$i+1]"} = 1
			  if $statement->[$i] eq '.' && $statement->[ $i - 1 ] =~ /^(app|reporting)$/;
			$columns{ $statement->[$i] } = 1 if $statement->[$i] =~ /^[a-z]\w*$/ && $statement->[ $i + 1 ] =~ /^[,)]$/;
		}
	}
	$self{statements} = \@statements;
	$self{objects} = [ sort keys %qualified ];
	$self{columns} = [ sort keys %columns ];
	my %kinds = (
		table => qr/^CREATE TABLE (\S+)/, view => qr/^CREATE VIEW (\S+)/, matview => qr/^CREATE MATERIALIZED VIEW (\S+)/,
		function => qr/^CREATE FUNCTION ([\w.]+)/, type => qr/^CREATE TYPE (\S+)/, domain => qr/^CREATE DOMAIN (\S+)/,
		index => qr/^CREATE (?:UNIQUE )?INDEX (\S+)/);
	for my $statement (@statements)
	{
		my $text = text(@$statement);
		for my $kind (keys %kinds) { push @{ $self{$kind} }, $1 =~ s/\(.*//r if $text =~ $kinds{$kind}; }
	}
	return bless \%self, $class;
}

sub column { return any(@{ $_[0]{columns} }); }
sub relation { my $self = shift; return any(map { @{ $self->{$_} } } qw(table table view view view matview)); }

# DDL made of the names of the schema.
sub composed
{
	my $self = shift;
	my ($table, $view, $matview, $function, $type, $domain, $relation) =
	  map { any(@{ $self->{$_} }) } qw(table view matview function type domain), any(qw(table view matview));
	my ($column, $other, $to) = ($self->column, $self->column, any(@types));
	my $cascade = any('', '', ' CASCADE', ' RESTRICT');
	my $table_of = any($table, $table, $view);
	return any(
		"ALTER TABLE $table DROP COLUMN $column$cascade",
		"ALTER TABLE $table_of ALTER COLUMN $column TYPE $to" . any('', " USING NULL", " USING $column\::text::$to"),
		"ALTER TABLE $table ADD COLUMN " . any("x_new", $column) . " $to" . any('', ' NOT NULL', ' DEFAULT NULL', ' UNIQUE'),
		"ALTER TABLE $table ALTER COLUMN $column " . any('SET NOT NULL', 'DROP NOT NULL', 'DROP DEFAULT', "SET DEFAULT NULL", 'SET STATISTICS 10', 'SET STORAGE PLAIN', 'DROP EXPRESSION', 'DROP IDENTITY', 'ADD GENERATED ALWAYS AS IDENTITY'),
		"ALTER TABLE $table ADD CONSTRAINT c_new " . any("CHECK ($column IS NOT NULL)", "UNIQUE ($column)", "UNIQUE ($column, $other)", "FOREIGN KEY ($column) REFERENCES " . any(@{ $self->{table} }), "EXCLUDE USING btree ($column WITH =)"),
		"ALTER TABLE $table_of RENAME " . any('', 'COLUMN ') . "$column TO " . any('x_new', $other),
		"ALTER " . any("TABLE $table", "VIEW $view", "MATERIALIZED VIEW $matview", "TYPE $type", "DOMAIN $domain", "FUNCTION $function") . " RENAME TO " . any('x_new', $other),
		"ALTER " . any("TABLE $table", "VIEW $view", "MATERIALIZED VIEW $matview", "TYPE $type", "DOMAIN $domain", "FUNCTION $function") . " SET SCHEMA " . any('app', 'reporting', 'public'),
		"ALTER " . any("TABLE $table", "VIEW $view", "MATERIALIZED VIEW $matview", "TYPE $type", "DOMAIN $domain", "FUNCTION $function") . " OWNER TO " . any('app_owner', 'report_owner', 'bi'),
		"DROP " . any("TABLE $table", "VIEW $view", "MATERIALIZED VIEW $matview", "TYPE $type", "DOMAIN $domain", "FUNCTION $function", "VIEW $view, " . any(@{ $self->{view} }), "INDEX " . any(map { "app.$_" } @{ $self->{index} })) . $cascade,
		"ALTER TABLE $table " . any('ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY', 'SET UNLOGGED', 'REPLICA IDENTITY FULL', 'SET (fillfactor = 50)', 'DISABLE TRIGGER ALL', 'CLUSTER ON calls_by_time'),
		"ALTER VIEW $view ALTER COLUMN $column " . any('SET DEFAULT 1', 'DROP DEFAULT'),
		"ALTER VIEW $view " . any('SET (security_barrier)', 'RESET (security_barrier)', "SET (check_option = local)"),
		"ALTER TYPE $type " . any("ADD VALUE 'x_new'", "ADD ATTRIBUTE x_new $to", "DROP ATTRIBUTE lat$cascade", "ALTER ATTRIBUTE lat TYPE $to$cascade", "RENAME ATTRIBUTE lat TO x_new$cascade", "RENAME VALUE 'closed' TO 'x_new'"),
		"ALTER DOMAIN $domain " . any('SET NOT NULL', "SET DEFAULT 'x'", "ADD CHECK (length(VALUE) > 2)", 'DROP CONSTRAINT phone_form', 'ADD CHECK (VALUE IS NOT NULL) NOT VALID'),
		"ALTER FUNCTION $function " . any('IMMUTABLE', 'STRICT', 'SECURITY DEFINER', 'SET search_path = app', 'COST 7', 'PARALLEL SAFE'),
		"CREATE OR REPLACE VIEW $view AS SELECT * FROM " . $self->relation,
		"CREATE OR REPLACE VIEW $view AS SELECT $column, $other FROM " . $self->relation,
		"CREATE OR REPLACE VIEW $view AS TABLE " . $self->relation . " WITH CHECK OPTION",
		"CREATE MATERIALIZED VIEW $matview AS SELECT * FROM " . $self->relation,
		"CREATE TYPE $type AS " . any("ENUM ('closed', 'open')", "(lat real, lon text)", "ENUM ()", "(a $to)", "RANGE (subtype = $to)"),
		"CREATE DOMAIN $domain AS $to" . any('', ' NOT NULL', " CHECK (VALUE IS NOT NULL)", " DEFAULT NULL"),
		"CREATE TABLE $table ($column $to, $other $to" . any(')', " PRIMARY KEY)", " UNIQUE, CHECK ($column IS NOT NULL))", " GENERATED ALWAYS AS ($column) STORED)", ' GENERATED ALWAYS AS IDENTITY)'),
		"CREATE OR REPLACE FUNCTION $function(" . any('', $to, "a $relation", "integer") . ") RETURNS " . any($to, "SETOF $view", 'trigger', 'TABLE (a int)', "$table") . " LANGUAGE " . any("sql AS \$\$ SELECT NULL \$\$", "plpgsql AS \$\$ BEGIN RETURN NULL; END \$\$", "sql RETURN NULL", "sql BEGIN ATOMIC SELECT * FROM $view; END"),
		"CREATE OR REPLACE RULE x_new AS ON " . any(qw(SELECT INSERT UPDATE DELETE)) . " TO " . $self->relation . " DO " . any('', 'INSTEAD ') . any('NOTHING', "SELECT * FROM $view", "DELETE FROM $table"),
		"CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO $relation DO INSTEAD SELECT * FROM $view",
		"CREATE POLICY x_new ON $table USING ($column IS NOT NULL)",
		"CREATE TRIGGER x_new " . any('BEFORE', 'AFTER', 'INSTEAD OF') . " UPDATE OF $column ON $table_of FOR EACH " . any('ROW', 'STATEMENT') . any('', " WHEN (OLD.$column IS NULL)") . " EXECUTE FUNCTION $function()",
		"CREATE INDEX x_new ON " . $self->relation . " ($column)" . any('', " WHERE $column IS NOT NULL", " INCLUDE ($other)"),
		"CREATE STATISTICS app.x_new ON $column, $other FROM " . $self->relation,
		"CREATE AGGREGATE $function($to) (sfunc = app.later, stype = $to)",
		"COMMENT ON COLUMN " . $self->relation . ".$column IS " . any('NULL', "'x'"),
		"GRANT " . any('SELECT', 'ALL', "SELECT ($column)", "UPDATE ($other)", 'DELETE') . " ON " . $self->relation . " TO " . any('bi', 'PUBLIC', 'report_owner WITH GRANT OPTION'),
		"REVOKE " . any('SELECT', 'ALL', "SELECT ($column)", 'GRANT OPTION FOR SELECT') . " ON " . $self->relation . " FROM " . any('bi', 'PUBLIC', 'report_owner', 'report_owner CASCADE'),
		"-- pgschema: renamed from $other\n" . text(@{ any(@{ $self->{statements} }) }),
		"-- pgschema: renamed column $table.$column to " . any('x_new', $other) . "\n");
}

sub mutated
{
	my $self = shift;
	my @tokens = @{ any(@{ $self->{statements} }) };
	@tokens = ('CREATE', 'OR', 'REPLACE', @tokens[ 1 .. $#tokens ]) if uc "@tokens[0,1]" =~ /^CREATE (VIEW|FUNCTION|PROCEDURE|AGGREGATE)/ && rand() < 0.8;
	for (1 .. int(rand(4)))
	{
		my ($i, $j) = (int(rand(@tokens)), int(rand(@tokens)));
		my $how = int(rand(9));
		if ($how == 0) { splice(@tokens, $i, 1); }
		elsif ($how == 1) { splice(@tokens, $i, 0, $tokens[$j]); }
		elsif ($how == 2) { @tokens[ $i, $j ] = @tokens[ $j, $i ]; }
		elsif ($how == 3) { splice(@tokens, $i, 0, any(@words)); }
		elsif ($how == 4) { splice(@tokens, $i, int(rand(6))); }
		elsif ($how == 5)
		{
			# Another object in the place of one.
			my @dots = grep { $tokens[$_] eq '.' && $_ > 0 && $tokens[ $_ - 1 ] =~ /^(app|reporting)$/ } 1 .. $#tokens - 1;
			if (@dots) { my $at = any(@dots); @tokens[ $at - 1 .. $at + 1 ] = any(@{ $self->{objects} }) =~ /^(\w+)(\.)(.*)$/; }
		}
		elsif ($how == 6)
		{
			my @names = grep { $tokens[$_] =~ /^[a-z]\w*$/ } 0 .. $#tokens;
			$tokens[ any(@names) ] = $self->column if @names;
		}
		elsif ($how == 7)
		{
			my @names = grep { $tokens[$_] =~ /^(integer|text|bigint|numeric|date|timestamptz|boolean|interval|name)$/ } 0 .. $#tokens;
			$tokens[ any(@names) ] = any(@types) if @names;
		}
		else
		{
			my @from = @{ any(@{ $self->{statements} }) };
			my $at = int(rand(@from));
			my $last = $at + int(rand(8));
			splice(@tokens, $i, int(rand(8)), @from[ $at .. ($last > $#from ? $#from : $last) ]);
		}
		return '' unless @tokens;
	}
	return text(@tokens);
}

# next(): one to four statements.
sub next
{
	my $self = shift;
	my @out = map { rand() < 0.5 ? $self->composed : $self->mutated } 1 .. (rand() < 0.6 ? 1 : 1 + int(rand(4)));
	return join(";\n", @out) . ';';
}

1;
