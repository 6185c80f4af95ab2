# The story of docs/deploy.md, told by its own shell blocks.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('deploy');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE app_owner; CREATE DATABASE prod');
$node->safe_psql('prod', q{CREATE SCHEMA app AUTHORIZATION app_owner; SET ROLE app_owner;
	CREATE TABLE app.calls (id int PRIMARY KEY, prio integer, note text NOT NULL);
	INSERT INTO app.calls SELECT g, g % 5, 'x' FROM generate_series(1, 100) g;
	CREATE VIEW app.urgent AS SELECT id, prio FROM app.calls WHERE prio > 3;
	COMMENT ON VIEW app.urgent IS 'looked at first'; GRANT SELECT ON app.urgent TO PUBLIC;
	GRANT USAGE ON SCHEMA app TO PUBLIC});

my @blocks = slurp_file("$ENV{TEST_DOCS}/deploy.md") =~ /^```sh\n(.*?)^```$/msg;
is(scalar @blocks, 9, 'all blocks are found');
my $folder = $node->basedir . '/story';
mkdir $folder;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;

my $done = '';    # variables go on from block to block
sub chapter
{
	my ($name) = @_;
	my $block = shift @blocks;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'bash', '-e', '-o', 'pipefail', '-c', "cd '$folder'; [ ! -e variables ] || . ./variables\n$block\n[ -z \"\${fingerprint-}\" ] || declare -p fingerprint > variables" ], '>', \$out, '2>', \$err);
	ok($ok, $name) or diag("$out$err");
	return $err;
}
sub prod { return $node->safe_psql('prod', $_[0]); }
my $structure = q{SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'app.calls'::regclass AND attnum > 0 AND NOT attisdropped};

chapter('the dump');
like(chapter('adopted'), qr/nothing to change; recorded as version 1/, 'nothing changes');
chapter('the edit');
chapter('the plan, on a copy');
like(slurp_file("$folder/comment.md"), qr/app\.calls.*prio/s, 'the comment says what changes');
is(prod($structure), 'id integer, note text, prio integer', 'nothing has changed yet');
like(chapter('the deploy, as reviewed on the copy'), qr/recorded as version 2/, 'recorded');
is(prod($structure), 'channel text, id integer, note text, prio bigint', 'and changed');
is(prod(q{SELECT sum(prio), count(*) FROM app.calls}), '200|100', 'with all rows');
is(prod(q{SELECT obj_description('app.urgent'::regclass), has_table_privilege('public', 'app.urgent', 'SELECT')}), 'looked at first|t', 'the view beside it is as it was');
like(chapter('going back'), qr/recorded as version 3/, 'recorded too');
is(prod($structure), 'id integer, note text, prio integer', 'as it was after version 1');
chapter('a hotfix');
like(prod("SELECT string_agg(p, E'\n') FROM pgschema_plan(\$t\$" . slurp_file("$folder/app.sql") . "\$t\$, '{app}', format => 'summary') p"), qr/- column app\.calls\.hotfix/, 'would be taken back');
chapter('brought back');
like(slurp_file("$folder/difference"), qr/^>\s+hotfix text/m, 'the difference is the hotfix');
is(prod("SELECT string_agg(p, E'\n') FROM pgschema_plan(\$t\$" . slurp_file("$folder/app.sql") . "\$t\$, '{app}', format => 'sql') p"), '-- nothing to change', 'and then there is nothing to change');

chapter('roles');
my $change = q{ALTER TABLE app.calls ADD one_more int};
is($node->psql('prod', "SELECT pgschema_plan('$change')", extra_params => [ '-U', 'reviewer' ]), 0, 'one may plan');
my ($out, $err) = ('', '');
$node->psql('prod', "CALL pgschema_apply('$change')", stdout => \$out, stderr => \$err, extra_params => [ '-U', 'reviewer' ]);
like($err, qr/permission denied for procedure pgschema_apply/, 'and not apply');
is($node->psql('prod', "CALL pgschema_apply('$change')", extra_params => [ '-U', 'deployer' ]), 0, 'the other one may');

# the same with the file, which says to whom the schema belongs and who may use it
my $file = prod("SELECT pgschema_dump('{app}')");
like($file, qr/^ALTER SCHEMA app OWNER TO app_owner;.*^GRANT USAGE ON SCHEMA app TO PUBLIC;/ms, 'the file says the owner of the schema');
sub as
{
	my ($role, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('prod', $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', $role ]);
	return "$out$err";
}
sub plan_of { return "SELECT pgschema_plan(\$text\$$_[0]\$text\$, '{app}', format => 'sql')"; }
is(as('reviewer', plan_of($file)), '-- nothing to change', 'a file that changes nothing needs no right to change the schema');
is(as('reviewer', plan_of($file =~ s/^ALTER SCHEMA app OWNER TO app_owner;\n//mr =~ s/^CREATE SCHEMA app\b/$& AUTHORIZATION app_owner/mr)), '-- nothing to change', 'nor by AUTHORIZATION');
my $edited = $file =~ s/one_more integer/one_more integer,\n    and_more text/r;
like(as('reviewer', plan_of($edited)), qr/^ALTER TABLE app\.calls ADD COLUMN and_more text;$/m, 'one may plan the edited file');
like(as('deployer', "CALL pgschema_apply(\$text\$$edited\$text\$, '{app}')"), qr/recorded as version/, 'the other one may apply it');
is(prod('SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = $$app$$'), 'app_owner|{app_owner=UC/app_owner,=U/app_owner}', 'and the schema is whose it was');
prod('CREATE SCHEMA two AUTHORIZATION app_owner');
sub given_to { return "SELECT pgschema_plan('CREATE SCHEMA two; ALTER SCHEMA two OWNER TO $_[0]', '{two}', format => 'sql')"; }
is(as('deployer', given_to('app_owner')), '-- nothing to change', 'another schema');
like(as('deployer', given_to('deployer')), qr/permission denied for database prod/, 'to give it to somebody else needs the right');
like(as('deployer', given_to('postgres')), qr/must be member of role "postgres"|must be able to SET ROLE "postgres"/, 'and to be a member of that role');

# a materialized view is filled in production, and not in a copy of the structure
$node->safe_psql('postgres', "CREATE DATABASE $_") for 'prod2', 'copy2';
$node->safe_psql('prod2', q{CREATE EXTENSION pgschema; CREATE SCHEMA app; CREATE TABLE app.t (a int, b int); INSERT INTO app.t SELECT g, g FROM generate_series(1, 10) g;
	CREATE MATERIALIZED VIEW app.m AS SELECT a, b FROM app.t; CREATE INDEX i ON app.m (a); CREATE VIEW app.v AS SELECT a FROM app.m;
	CREATE MATERIALIZED VIEW app.n AS SELECT a FROM app.v; CREATE VIEW app.a AS SELECT a FROM app.t});
my $ours = $node->safe_psql('prod2', "SELECT pgschema_dump('{app}')");
my ($all) = run_command([ 'pg_dump', '-s', '--no-sync', '-d', $node->connstr('prod2') ]);
my ($theirs) = run_command([ 'pg_dump', '-s', '--no-sync', '-n', 'app', '-d', $node->connstr('prod2') ]);
$node->safe_psql('copy2', $all);
is($node->safe_psql('copy2', q{SELECT relispopulated FROM pg_class WHERE relname = 'm'}), 'f', 'it has no rows in the copy');
sub fingerprint_of
{
	my ($database, $text, $strategy) = @_;
	return $node->safe_psql($database, "SELECT p::json ->> 'fingerprint' FROM pgschema_plan(\$text\$$text\$text\$, '{app}', '$strategy', 'json') AS p");
}
sub retyped { return $_[0] =~ s/(?<=CREATE TABLE app\.t \(\n    a )integer/bigint/r; }
my %texts = ('pgschema_dump()' => $ours, 'pg_dump' => $theirs);
for my $form (sort keys %texts)
{
	my $text = $texts{$form};
	my %edited = ('with another type beneath' => retyped($text), 'with an index more' => "$text\nCREATE INDEX j ON app.m (b);", 'with another query' => $text =~ s/(?:t\.)?\bb(?=\n\s+FROM app\.t\b)/b + 1 AS b/r, 'with a view more' => "$text\nCREATE VIEW app.w AS SELECT a FROM app.n;");
	for my $strategy ('atomic', 'online')
	{
		is(fingerprint_of('copy2', $text, $strategy), fingerprint_of('prod2', $text, $strategy), "$form, $strategy: nothing to do in either");
		for my $what (sort keys %edited)
		{
			isnt($edited{$what}, $text, 'the text is edited');
			isnt(fingerprint_of('copy2', $edited{$what}, $strategy), fingerprint_of('copy2', $text, $strategy), "$form $what, $strategy: another plan");
			is(fingerprint_of('copy2', $edited{$what}, $strategy), fingerprint_of('prod2', $edited{$what}, $strategy), "$form $what, $strategy: the plan of the copy holds in production");
		}
	}
}
my $expect = fingerprint_of('copy2', retyped($ours), 'atomic');
my $apply = "CALL pgschema_apply(\$text\$" . retyped($ours) . "\$text\$, '{app}', expect => '$expect')";
$node->safe_psql('prod2', 'COMMENT ON MATERIALIZED VIEW app.m IS $$changed$$');
$node->psql('prod2', $apply, stdout => \$out, stderr => \$err);
like($err, qr/not the one that was expected|expect/, 'what has changed meanwhile is refused');
$node->safe_psql('prod2', 'COMMENT ON MATERIALIZED VIEW app.m IS NULL');
is($node->psql('prod2', $apply, stdout => \$out, stderr => \$err), 0, 'what was reviewed is applied') or diag($err);
is($node->safe_psql('prod2', 'SELECT count(*), pg_typeof(min(a)) FROM app.n'), '10|bigint', 'with the rows');

done_testing();
