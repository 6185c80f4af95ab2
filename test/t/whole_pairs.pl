# Pairs of schemas, from one to the other and back, with all that lib/Pairs.pm looks at: what random pairs have found, one by one.
use strict;
use warnings;
use Pairs;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('whole_pairs');
$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
my ($version) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;
my $pairs = Pairs->new(host => $node->host, port => $node->port, version => $version, bin => $node->config_data('--bindir'), folder => PostgreSQL::Test::Utils::tempdir());
$pairs->prepare;

sub statements { my ($sql) = @_; return [ map { [ 1, $_, 1 ] } 'CREATE SCHEMA s', 'ALTER SCHEMA s OWNER TO pairs_a', 'GRANT USAGE ON SCHEMA s TO pairs_b', grep { /\S/ } split /;\n?/, $sql ]; }

# there_and_back($name, $a, $b, …): renamed: [ kind, old name, new name ]; rows: INSERT statements; refused: what the refusal says
sub there_and_back
{
	my ($name, $a, $b, %how) = @_;
	my (@forth, @back);
	for (@{ $how{renamed} // [] })
	{
		my ($kind, $from, $to) = @$_;
		push @forth, [ "-- pgschema: renamed $kind $from to " . RandomSchema::last_part($to, 0), $kind, $from, $to ];
		push @back, [ "-- pgschema: renamed $kind $to to " . RandomSchema::last_part($from, 0), $kind, $to, $from ];
	}
	my $result = $pairs->run({ a => statements($a), b => statements($b), inserts => $how{rows} // [], schemas => [ 's', @{ $how{schemas} // [] } ], forth => \@forth, back => \@back, wide => { a => [], b => [] }, form => $how{form} // 'as written', order => 1 });
	my $unread = @{ statements($a) } + @{ statements($b) } - @{ $result->{a} // [] } - @{ $result->{b} // [] };
	is($unread, 0, "$name: the statements themselves run");
	if ($how{refused}) { is($result->{status}, 'refused', "$name: refused"); like($result->{message} // '', $how{refused}, "$name: why"); }
	else { is($result->{status}, 'ok', $name) or diag("$result->{at}: $result->{message}"); }
	return;
}

# ---------------------------------------------------------------------------------------------------- sequences
there_and_back('a sequence leaves its column', 'CREATE TABLE s.t (a int); CREATE SEQUENCE s.q OWNED BY s.t.a', 'CREATE TABLE s.t (a int); CREATE SEQUENCE s.q INCREMENT 3');
there_and_back('a sequence stays where its table goes', 'CREATE TABLE s.t (a int); CREATE SEQUENCE s.q OWNED BY s.t.a', 'CREATE SEQUENCE s.q');
there_and_back('the owner of a table with a serial', 'CREATE TABLE s.t (a serial)', 'CREATE TABLE s.t (a serial); ALTER TABLE s.t OWNER TO pairs_b');

# ------------------------------------------------------------------------------------------------------- prints
there_and_back('a check that prints otherwise the second time', 'CREATE TABLE s.t (a int)', "CREATE TABLE s.t (a int, c varchar(9) CHECK ((c::text = ANY (ARRAY[('a'::varchar)::text, ('b'::varchar)::text]))))");
my $in = "CREATE TABLE s.t (a int, c varchar CHECK (c IN ('a', 'b')));\nCREATE MATERIALIZED VIEW s.m AS SELECT c IN ('x', 'y') AS x FROM s.t;\nCREATE VIEW s.v AS SELECT x FROM s.m;\nCREATE FUNCTION s.f(c varchar) RETURNS boolean LANGUAGE sql RETURN c IN ('k', 'l')";
{
	my $database = $pairs->database;
	$pairs->must($database, 'CREATE SCHEMA s');
	my $arguments = Pairs::text("CREATE SCHEMA s;\n$in") . ", '{s}'";
	$pairs->must($database, "CALL pairs.pgschema_apply($arguments)");
	is($pairs->must($database, "SELECT pairs.pgschema_plan($arguments, format => 'sql')"), '-- nothing to change', 'IN over varchar in what is new');
	$pairs->must($database, "CALL pairs.pgschema_apply(" . Pairs::text("CREATE SCHEMA s;\nCREATE DOMAIN s.d AS text;\nCOMMENT ON TABLE s.t IS 'x';\n$in") . ", '{s}')");
	is($pairs->must($database, "SELECT obj_description('s.t'::regclass)"), 'x', 'and around it');
	$pairs->clean;
}
there_and_back('statistics of columns that have other places', 'CREATE TABLE s.t (a int, b int); CREATE STATISTICS s.st (ndistinct) ON a, b FROM s.t; ALTER STATISTICS s.st SET STATISTICS 300; ALTER STATISTICS s.st OWNER TO pairs_b',
	'CREATE TABLE s.t (b numeric, a int); CREATE STATISTICS s.st (ndistinct) ON a, b FROM s.t; ALTER STATISTICS s.st SET STATISTICS 300; ALTER STATISTICS s.st OWNER TO pairs_b');

there_and_back('a new partition, where foreign keys come down', 'CREATE TABLE s.k (a int PRIMARY KEY); CREATE TABLE s.t (a int REFERENCES s.k) PARTITION BY LIST (a)',
	'CREATE TABLE s.k (a int PRIMARY KEY); CREATE TABLE s.t (a int REFERENCES s.k) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1)', rows => ['INSERT INTO s.k VALUES (1)']);
my $alike = 'CREATE TABLE s.t (a int, b int) PARTITION BY LIST (a); CREATE INDEX i9 ON s.t (b); CREATE INDEX i1 ON s.t (b DESC)';
there_and_back('a new partition, under indexes that only their names tell apart', $alike, "$alike; CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1); CREATE INDEX a ON s.p (b NULLS FIRST)");
there_and_back('a foreign key to a key of partitions', 'CREATE TABLE s.t (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1)', 'CREATE TABLE s.u (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.u FOR VALUES IN (1); ALTER TABLE s.u ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.u');
there_and_back('a sequence moves to the table of another owner', 'CREATE TABLE s.t (a int); CREATE SEQUENCE s.q OWNED BY s.t.a', 'CREATE TABLE s.u (a int); CREATE SEQUENCE s.q OWNED BY s.u.a; ALTER TABLE s.u OWNER TO pairs_b');
there_and_back('a materialized view that becomes one over another, which is not filled', 'CREATE TABLE s.t (a int); CREATE MATERIALIZED VIEW s.m AS SELECT a FROM s.t', 'CREATE TABLE s.t (a int); CREATE MATERIALIZED VIEW s.n AS SELECT a FROM s.t WITH NO DATA; CREATE MATERIALIZED VIEW s.m AS SELECT a + 1 AS a FROM s.n WITH NO DATA');
there_and_back('a function over rows, and its table', 'CREATE TABLE s.t (a numeric); CREATE FUNCTION s.f(x s.t) RETURNS int LANGUAGE sql RETURN (x).a::int', "CREATE TABLE s.t (a bigint); CREATE FUNCTION s.f(x s.t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT (x).a::int'");
there_and_back('a table becomes unlogged, and its sequence does not', 'CREATE TABLE s.t (a int); CREATE SEQUENCE s.q OWNED BY s.t.a', 'CREATE UNLOGGED TABLE s.t (a int); CREATE SEQUENCE s.q OWNED BY s.t.a');
there_and_back('options of a TOAST table that there is not yet', 'CREATE TABLE s.t (a int)', 'CREATE TABLE s.t (a int, b text) WITH (toast.autovacuum_enabled = false)');
there_and_back('another parent, whose key has the name that the old one had', 'CREATE TABLE s.t (a int CONSTRAINT k PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1)', 'CREATE TABLE s.u (a int CONSTRAINT k PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.u FOR VALUES IN (1)', rows => ['INSERT INTO s.p VALUES (1)']);
there_and_back('a view that is to stand on another, over what is made anew', 'CREATE TABLE s.t (a int, b int); CREATE MATERIALIZED VIEW s.m AS SELECT a FROM s.t; CREATE VIEW s.v AS SELECT a FROM s.m; CREATE VIEW s.x AS SELECT a FROM s.v', 'CREATE TABLE s.t (a int, b int); CREATE MATERIALIZED VIEW s.m AS SELECT b AS a FROM s.t; CREATE VIEW s.w AS SELECT a FROM s.m; CREATE VIEW s.x AS SELECT a FROM s.w');
there_and_back('a new child', 'CREATE TABLE s.t (a int CHECK (a > 0))', 'CREATE TABLE s.t (a int CHECK (a > 0)); CREATE TABLE s.c (b int) INHERITS (s.t)', rows => ['INSERT INTO s.t VALUES (1)']);

my $triggered = "CREATE FUNCTION s.g() RETURNS trigger LANGUAGE internal AS 'suppress_redundant_updates_trigger'; CREATE TABLE s.t (a int) PARTITION BY LIST (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1); CREATE TRIGGER x AFTER UPDATE ON s.t";
there_and_back('a trigger that partitions have, and one that they have not', "$triggered FOR EACH ROW EXECUTE FUNCTION s.g()", "$triggered EXECUTE FUNCTION s.g()");
there_and_back('a child that another takes the place of', 'CREATE TABLE s.t (a int); CREATE TABLE s.c (b int) INHERITS (s.t); CREATE VIEW s.v AS SELECT a FROM s.c', 'CREATE TABLE s.t (a int); CREATE TABLE s.d (b int) INHERITS (s.t); CREATE VIEW s.v AS SELECT a FROM s.d');
there_and_back('a schema that holds a range only', 'CREATE SCHEMA x; CREATE TYPE x.r AS RANGE (SUBTYPE = int)', 'CREATE TABLE s.t (a int)', schemas => ['x']);
there_and_back('a default of a composite type that has another attribute', "CREATE TYPE s.c AS (a int); CREATE TABLE s.t (c s.c DEFAULT '(1)')", "CREATE TYPE s.c AS (b int); CREATE TABLE s.t (c s.c DEFAULT '(1)')");
there_and_back('a new view over a column whose type changes', 'CREATE DOMAIN s.d AS int CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE s.t (a s.d)', "CREATE DOMAIN s.d AS int CONSTRAINT c CHECK (VALUE > 0); COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'x'; CREATE TABLE s.t (a s.d); CREATE VIEW s.v AS SELECT a FROM s.t",
	rows => ['INSERT INTO s.t VALUES (1)']);

# -------------------------------------------------------------------------------------------------------- marks
there_and_back('how a column is stored, after and before its indexes', 'CREATE TABLE s.t (a jsonb, b text, c tsvector); CREATE INDEX i ON s.t USING gin (a jsonb_path_ops); CREATE INDEX h ON s.t USING hash (b); CREATE INDEX g ON s.t USING gist (c)',
	'CREATE TABLE s.t (a jsonb, b text, c tsvector); ALTER TABLE s.t ALTER a SET COMPRESSION pglz, ALTER b SET COMPRESSION pglz, ALTER b SET STORAGE MAIN, ALTER c SET STORAGE EXTERNAL; CREATE INDEX i ON s.t USING gin (a jsonb_path_ops); CREATE INDEX h ON s.t USING hash (b); CREATE INDEX g ON s.t USING gist (c)');
there_and_back('the index of the replica identity goes', 'CREATE TABLE s.t (a int PRIMARY KEY); CREATE UNIQUE INDEX i ON s.t (a); ALTER TABLE s.t REPLICA IDENTITY USING INDEX i', 'CREATE TABLE s.t (a int PRIMARY KEY)');
there_and_back('it becomes FULL', 'CREATE TABLE s.t (a int PRIMARY KEY); CREATE UNIQUE INDEX i ON s.t (a); ALTER TABLE s.t REPLICA IDENTITY USING INDEX i', 'CREATE TABLE s.t (a int PRIMARY KEY); ALTER TABLE s.t REPLICA IDENTITY FULL');
there_and_back('the roles of a policy, in an order of their own', 'CREATE TABLE s.t (a int); CREATE POLICY p ON s.t TO pairs_b, pairs_a USING (a > 0)', 'CREATE TABLE s.t (a bigint); CREATE POLICY p ON s.t TO pairs_b, pairs_a USING (a > 0)');

# -------------------------------------------------------------------------------------------------------- trees
there_and_back('a partition leaves, and its key goes', 'CREATE TABLE s.t (a int PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES FROM (1) TO (9)', 'CREATE TABLE s.p (a int NOT NULL)', rows => ['INSERT INTO s.p VALUES (2)']);
there_and_back('the name of NOT NULL comes down', 'CREATE TABLE s.t (a int NOT NULL); CREATE TABLE s.c (x int) INHERITS (s.t)', 'CREATE TABLE s.t (z int NOT NULL); CREATE TABLE s.c (x int) INHERITS (s.t)', renamed => [ [ 'column', 's.t.a', 's.t.z' ] ], rows => ['INSERT INTO s.c VALUES (1, 2)']);
my $tree = 'CREATE TABLE s.t (a int) PARTITION BY HASH (a); CREATE TABLE s.p PARTITION OF s.t FOR VALUES WITH (MODULUS 2, REMAINDER 0);';
there_and_back('one of two equal indexes of a tree', "$tree CREATE INDEX i ON s.t (a); CREATE INDEX j ON s.t (a)", "$tree CREATE INDEX j ON s.t (a)");
there_and_back('an enum that loses a value, under a tree by inheritance', "CREATE TYPE s.e AS ENUM ('a', 'b', 'c'); CREATE TABLE s.t (e s.e); CREATE TABLE s.c (x int) INHERITS (s.t)", "CREATE TYPE s.e AS ENUM ('a', 'b'); CREATE TABLE s.t (e s.e); CREATE TABLE s.c (x int) INHERITS (s.t)",
	rows => [ "INSERT INTO s.c VALUES ('b', 1)", "INSERT INTO s.t VALUES ('a')" ]);
there_and_back('another parent with the same columns', 'CREATE TABLE s.t (a int); CREATE TABLE s.u (a int); CREATE TABLE s.c (x int) INHERITS (s.t)', 'CREATE TABLE s.t (a int); CREATE TABLE s.u (a int); CREATE TABLE s.c (x int) INHERITS (s.u)', refused => qr/cannot change inheritance of table s\.c in place/);

# -------------------------------------------------------------------------------------------------------- types
there_and_back('attributes more, in their order', 'CREATE TYPE s.c AS (a int)', 'CREATE TYPE s.c AS (a int, z text, b text)');
there_and_back('a grant option on a composite type that a table has', 'CREATE TYPE s.c AS (a int); CREATE TABLE s.t (c s.c); GRANT USAGE ON TYPE s.c TO pairs_b', 'CREATE TYPE s.c AS (a int); CREATE TABLE s.t (c s.c); GRANT USAGE ON TYPE s.c TO pairs_b WITH GRANT OPTION');
there_and_back('an attribute of a type with typed tables is renamed', 'CREATE TYPE s.c AS (a int); CREATE TABLE s.t OF s.c', 'CREATE TYPE s.c AS (b int); CREATE TABLE s.t OF s.c', renamed => [ [ 'attribute', 's.c.a', 's.c.b' ] ], rows => ['INSERT INTO s.t VALUES (1)']);
there_and_back('an attribute more of a type inside of that of a typed table, which goes', 'CREATE TYPE s.c AS (a int); CREATE TYPE s.d AS (a int, c s.c); CREATE TABLE s.t OF s.d', 'CREATE TYPE s.c AS (a int, b text); CREATE TYPE s.d AS (a int, c s.c)');
there_and_back('an attribute more of a type inside of that of a typed table', 'CREATE TYPE s.c AS (a int); CREATE TYPE s.d AS (a int, c s.c); CREATE TABLE s.t OF s.d', 'CREATE TYPE s.c AS (a int, b text); CREATE TYPE s.d AS (a int, c s.c); CREATE TABLE s.t OF s.d; ALTER TABLE s.t ADD CHECK (a > 0)', rows => ['INSERT INTO s.t (a) VALUES (1)']);
there_and_back('a range type is renamed, and what makes its values', 'CREATE TYPE s.r AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = s.m); CREATE TABLE s.t (r s.r)', 'CREATE TYPE s.q AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = s.m); CREATE TABLE s.t (r s.q); CREATE VIEW s.v AS SELECT s.q(1, 2) AS q', renamed => [ [ 'type', 's.r', 's.q' ] ]);
there_and_back('the owner of a range type', 'CREATE TYPE s.r AS RANGE (SUBTYPE = int)', 'CREATE TYPE s.r AS RANGE (SUBTYPE = int); ALTER TYPE s.r OWNER TO pairs_b');
there_and_back('a constraint of a domain inside of a row', 'CREATE DOMAIN s.d AS int; CREATE TYPE s.c AS (d s.d); CREATE TABLE s.t (c s.c)', 'CREATE DOMAIN s.d AS int CONSTRAINT k CHECK (VALUE > 0); CREATE TYPE s.c AS (d s.d); CREATE TABLE s.t (c s.c)', refused => qr/cannot add a constraint to domain s\.d because column s\.t\.c uses it/);
there_and_back('a value more, and a view over a view goes', "CREATE TYPE s.e AS ENUM ('a'); CREATE VIEW s.v AS SELECT 'a'::s.e AS e; CREATE VIEW s.w AS SELECT e FROM s.v", "CREATE TYPE s.e AS ENUM ('a', 'b'); CREATE VIEW s.v AS SELECT 'a'::s.e AS e");

# -------------------------------------------------------------------------------------------------------- others
there_and_back('a type is renamed beside a table that refers to itself', 'CREATE TABLE s.t (a int PRIMARY KEY REFERENCES s.t); CREATE DOMAIN s.d AS text', 'CREATE TABLE s.t (a int PRIMARY KEY REFERENCES s.t); CREATE DOMAIN s.b AS text', renamed => [ [ 'type', 's.d', 's.b' ] ]);
there_and_back('a column more with a default, and a function takes the rows apart', 'CREATE TABLE s.t (a int); CREATE FUNCTION s.f(x s.t) RETURNS int LANGUAGE sql RETURN (x).a', 'CREATE TABLE s.t (a int, b numeric DEFAULT 7); CREATE FUNCTION s.f(x s.t) RETURNS int LANGUAGE sql RETURN (x).a', rows => ['INSERT INTO s.t VALUES (1)']);
there_and_back('the owner of a type under a new cast', 'CREATE TYPE s.c AS (a int); CREATE FUNCTION s.f(s.c) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT $1::text$$', 'CREATE TYPE s.c AS (a int); CREATE FUNCTION s.f(s.c) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT $1::text$$; ALTER TYPE s.c OWNER TO pairs_b; CREATE VIEW s.v AS SELECT s.f(ROW(1)::s.c) AS f');
there_and_back('tables that refer to each other, with a comment on that', '', "CREATE TABLE s.t (a int PRIMARY KEY); CREATE TABLE s.u (a int PRIMARY KEY REFERENCES s.t); ALTER TABLE s.t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES s.u; COMMENT ON CONSTRAINT k ON s.t IS 'x'");
there_and_back('a foreign table gains a column in its middle', 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER sv FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE s.f (a int, b text) SERVER sv', 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER sv FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE s.f (a int, c int, b text) SERVER sv');
there_and_back('a schema goes, with an identity and with statistics', 'CREATE SCHEMA z; CREATE TABLE z.t (a int GENERATED ALWAYS AS IDENTITY, b int); CREATE STATISTICS z.st ON a, b FROM z.t', '', schemas => ['z']);

$node->stop;
done_testing();
