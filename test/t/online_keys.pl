# strategy => 'online': a key that becomes another under its own name. The old one holds until the new one takes its place, whichever phase is the last.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('online_keys');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8\nwal_level = logical");
$node->start;

my $number = 0;
sub database { my ($text) = @_; my $name = 'd' . ++$number; $node->safe_psql('postgres', "CREATE DATABASE $name"); $node->safe_psql($name, "CREATE EXTENSION pgschema; CREATE SCHEMA app; $text"); return $name; }
sub call { my ($database, $text, $more) = @_; my ($out, $err) = ('', ''); $node->psql($database, "CALL pgschema_apply(\$desired\$CREATE SCHEMA app; $text\$desired\$, '{app}', strategy => 'online', allow => '{all}'" . ($more // '') . ')', stdout => \$out, stderr => \$err); return $err; }
sub steps { my ($database, $text) = @_; return $node->safe_psql($database, "SELECT phase || ' ' || statement FROM pgschema_steps(\$desired\$CREATE SCHEMA app; $text\$desired\$, '{app}', strategy => 'online')"); }
sub dump_of { my ($database) = @_; my ($dump) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr($database) ]); return $dump =~ s/^\\(un)?restrict .*\n//mgr; }

my $rows = 'INSERT INTO app.c (id, email) SELECT i, i::text FROM generate_series(1, 20) i;';
my $columns = 'id int NOT NULL, tenant int NOT NULL DEFAULT 1, email text, n int';
# Before, after, a row that is refused after each phase, and the steps.
my @cases = (
	[ 'a primary key', "CREATE TABLE app.c ($columns, PRIMARY KEY (id));", "CREATE TABLE app.c ($columns, PRIMARY KEY (id, tenant));", "INSERT INTO app.c VALUES (1, 1, 'x')", <<'END' ],
1 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_c_pkey ON app.c USING btree (id, tenant)
2 ALTER TABLE app.c DROP CONSTRAINT c_pkey
2 ALTER TABLE app.c ADD CONSTRAINT c_pkey PRIMARY KEY USING INDEX pgschema_new_c_pkey
END
	[ 'a unique one', "CREATE TABLE app.c ($columns, UNIQUE (email));", "CREATE TABLE app.c ($columns, CONSTRAINT c_email_key UNIQUE (email, tenant) DEFERRABLE);", "INSERT INTO app.c VALUES (77, 1, '1')", <<'END' ],
1 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_c_email_key ON app.c USING btree (email, tenant)
2 ALTER TABLE app.c DROP CONSTRAINT c_email_key
2 ALTER TABLE app.c ADD CONSTRAINT c_email_key UNIQUE USING INDEX pgschema_new_c_email_key DEFERRABLE
END
	[ 'of a column that is new', "CREATE TABLE app.c ($columns, PRIMARY KEY (id));", "CREATE TABLE app.c ($columns, k int NOT NULL DEFAULT 3, PRIMARY KEY (id, k));", "INSERT INTO app.c VALUES (1, 1, 'x')", <<'END' ],
1 ALTER TABLE app.c ADD COLUMN k integer NOT NULL DEFAULT 3
2 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_c_pkey ON app.c USING btree (id, k)
3 ALTER TABLE app.c DROP CONSTRAINT c_pkey
3 ALTER TABLE app.c ADD CONSTRAINT c_pkey PRIMARY KEY USING INDEX pgschema_new_c_pkey
END
	[ 'the primary key, of a new name and a new column', "CREATE TABLE app.c ($columns, PRIMARY KEY (id));", "CREATE TABLE app.c ($columns, k int NOT NULL DEFAULT 3, CONSTRAINT other PRIMARY KEY (id, k));", "INSERT INTO app.c VALUES (1, 1, 'x')", <<'END' ],
1 ALTER TABLE app.c ADD COLUMN k integer NOT NULL DEFAULT 3
2 CREATE UNIQUE INDEX CONCURRENTLY other ON app.c USING btree (id, k)
3 ALTER TABLE app.c DROP CONSTRAINT c_pkey
3 ALTER TABLE app.c ADD CONSTRAINT other PRIMARY KEY USING INDEX other
END
	[ 'to which a foreign key refers', "CREATE TABLE app.c ($columns, CONSTRAINT k UNIQUE (id)); CREATE TABLE app.r (c int CONSTRAINT fk REFERENCES app.c (id));",
		"CREATE TABLE app.c ($columns, CONSTRAINT k UNIQUE (id) INCLUDE (n)); CREATE TABLE app.r (c int CONSTRAINT fk REFERENCES app.c (id));", "INSERT INTO app.c VALUES (1, 1, 'x')", <<'END' ],
1 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_k ON app.c USING btree (id) INCLUDE (n)
2 ALTER TABLE app.r DROP CONSTRAINT fk
2 ALTER TABLE app.c DROP CONSTRAINT k
2 ALTER TABLE app.c ADD CONSTRAINT k UNIQUE USING INDEX pgschema_new_k
2 ALTER TABLE app.r ADD CONSTRAINT fk FOREIGN KEY (c) REFERENCES app.c(id) NOT VALID
3 ALTER TABLE app.r VALIDATE CONSTRAINT fk
END
	[ 'that was an index', "CREATE TABLE app.c ($columns); CREATE UNIQUE INDEX k ON app.c (email);", "CREATE TABLE app.c ($columns, CONSTRAINT k UNIQUE (email, tenant));", "INSERT INTO app.c VALUES (77, 1, '1')", <<'END' ],
1 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_k ON app.c USING btree (email, tenant)
2 DROP INDEX app.k
2 ALTER TABLE app.c ADD CONSTRAINT k UNIQUE USING INDEX pgschema_new_k
END
	[ 'that becomes an index', "CREATE TABLE app.c ($columns, CONSTRAINT k UNIQUE (email));", "CREATE TABLE app.c ($columns); CREATE UNIQUE INDEX k ON app.c (email, tenant); COMMENT ON INDEX app.k IS 'said';", "INSERT INTO app.c VALUES (77, 1, '1')", <<'END' ],
1 CREATE UNIQUE INDEX CONCURRENTLY pgschema_new_k ON app.c USING btree (email, tenant)
2 ALTER TABLE app.c DROP CONSTRAINT k
2 ALTER INDEX app.pgschema_new_k RENAME TO k
2 COMMENT ON INDEX app.k IS 'said'
END
	# Where it cannot be built beside the old one: in one transaction.
	[ 'of columns that come and go', "CREATE TABLE app.c ($columns, g int, CONSTRAINT k UNIQUE (email, g));", "CREATE TABLE app.c ($columns, h int, CONSTRAINT k UNIQUE (email, h));", undef, <<'END' ]);
1 ALTER TABLE app.c DROP COLUMN g
1 ALTER TABLE app.c ADD COLUMN h integer
1 ALTER TABLE app.c ADD CONSTRAINT k UNIQUE (email, h)
END

for (@cases)
{
	my ($name, $before, $after, $duplicate, $steps) = @$_;
	my $wanted = dump_of(database($after));
	my $first = database("$before $rows");
	is(steps($first, $after), $steps =~ s/\n\z//r, "$name: the phases");
	unlike(call($first, $after), qr/ERROR|WARNING/, 'applied');
	is(dump_of($first), $wanted, 'what is there is what was wanted');
	like(call($first, $after), qr/nothing to change/, 'nothing more to do');
	my ($phases) = $steps =~ /.*^(\d+) /ms;
	for my $until (1 .. $phases - 1)
	{
		my $database = database("$before $rows CREATE PUBLICATION p$number FOR ALL TABLES;");
		like(call($database, $after, ", until_phase => $until"), qr/stopped after phase $until of $phases/, "stopped after $until");
		(undef, undef, my $err) = $node->psql($database, $duplicate);
		like($err, qr/duplicate key value/, 'the rows are unique');
		is($node->psql($database, 'UPDATE app.c SET n = 1'), 0, 'and have an identity') if $before =~ /PRIMARY/;
		# Another text: what is half done is known by name and definition.
		if ($until == 1 && $steps =~ /^1 CREATE/)
		{
			like(call($database, $before), qr/recorded as version 2/, 'going back');
			is($node->safe_psql($database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'pgschema\\_%'"), 0, 'takes the index away');
			like(call($database, $after, ", until_phase => 1"), qr/stopped after phase 1 /, 'and forth');
		}
		unlike(call($database, $after), qr/ERROR/, 'the same call goes on');
		is(dump_of($database), $wanted, 'and ends');
	}
}

# Two rows are in the way: an index that is not valid is built again.
my $wrong = database("$cases[1][1] $rows ALTER TABLE app.c DROP CONSTRAINT c_email_key; INSERT INTO app.c VALUES (7, 1, '1'); ALTER TABLE app.c ADD CONSTRAINT c_email_key UNIQUE (email, id);");
like(call($wrong, $cases[1][2]), qr/could not create unique index "pgschema_new_c_email_key"/, 'two rows are in the way');
$node->safe_psql($wrong, "DELETE FROM app.c WHERE id = 7 AND email = '1'");
like(steps($wrong, $cases[1][2]), qr/^1 DROP INDEX CONCURRENTLY app\.pgschema_new_c_email_key$/m, 'what is not valid goes first');
unlike(call($wrong, $cases[1][2]), qr/ERROR/, 'once mended, it goes on');
is(dump_of($wrong), dump_of(database($cases[1][2])), 'and ends');

$node->stop;
done_testing();
