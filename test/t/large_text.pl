# A text of more than 10,000 statements: what it is made of goes once it was run (Text::let_go()) and is read again where something
# differs, and the server forgets what it has looked at in between.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('large_text');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgschema');

sub run_sql { my ($sql) = @_; my ($out, $err) = ('', ''); $node->psql('postgres', "SET client_min_messages = warning; $sql", stdout => \$out, stderr => \$err); return $err || $out; }
sub plan { my ($text) = @_; return run_sql("SELECT pgschema_plan(\$text\$$text\$text\$, '{s}', format => 'sql')"); }
sub apply { my ($text) = @_; return run_sql("CALL pgschema_apply(\$text\$$text\$text\$, '{s}', allow => '{all}')"); }
sub forget { $node->safe_psql('postgres', 'DELETE FROM pgschema.settled'); }

my ($tables, $columns) = (25, 420);
my $comments = '';
my $text = "CREATE SCHEMA s;\n";
for my $t (1 .. $tables)
{
	$text .= "CREATE TABLE s.t$t (id int PRIMARY KEY, " . join(', ', map { "c$_ int" } 1 .. $columns) . ");\n";
	$text .= "CREATE VIEW s.v$t AS SELECT id, c1 + c2 AS sum FROM s.t$t WHERE c3 > 0;\n";
	$comments .= "COMMENT ON COLUMN s.t$t.c$_ IS 'column $_';\n" for 1 .. $columns;
}
$text .= $comments;

# Nothing is there yet: everything differs, and all of it is read again.
is(apply($text), "1", 'made by the text');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid WHERE c.relnamespace = 's'::regnamespace"),
	$tables * $columns, 'with all comments');
forget();
is(plan($text), '-- nothing to change', 'then there is nothing to change');

# What a directive says is looked up in the text that is read again.
$node->safe_psql('postgres', "INSERT INTO s.t7 (id, c2, c4) VALUES (1, 42, 3)");
(my $other = $text) =~ s/(CREATE TABLE s\.t7 \(id int PRIMARY KEY, c1 int, )c2 int, c3 int, c4 int,/$1second int, c3 int, c4 text,/;
$other =~ s/(VIEW s\.v7 AS SELECT id, c1 \+ )c2/$1second/;
$other =~ s/s\.t7\.c2 IS/s.t7.second IS/;
$other .= "-- pgschema: renamed column s.t7.c2 to second\nCREATE TABLE s.added (a int REFERENCES s.t7);\n";
forget();
is(apply($other), "2", 'changed');
is($node->safe_psql('postgres', 'SELECT second, c4 FROM s.t7'), '42|3', 'the row is there');
forget();
is(plan($other), '-- nothing to change', 'then there is nothing to change');

like(plan("$text\nCREATE VIEW s.wrong AS SELECT nothing FROM s.t1;"), qr/column "nothing" does not exist.*line \d+: CREATE VIEW s\.wrong/s, 'a mistake is told with its place');

done_testing();
