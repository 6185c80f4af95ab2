# A module that is loaded while a plan is made puts its utility hook on top of what is there: it stays, and so does what
# was there before.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hooks');
$node->init;
$node->start;
my $module = $ENV{DOOR_MODULE};
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pgschema;
	CREATE FUNCTION door_hook(n int) RETURNS bool AS '$module', 'door_hook' LANGUAGE C IMMUTABLE;
	CREATE FUNCTION door_passed(n int) RETURNS bigint AS '$module', 'door_passed' LANGUAGE C;
	CREATE FUNCTION hook_then(n int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.door_hook(n); END';
	CREATE DOMAIN hooking AS int CHECK (hook_then(VALUE));
});

my $answers = $node->safe_psql('postgres', q{
	SET pgschema.run_code = on;
	CREATE TEMP TABLE seen (n int GENERATED ALWAYS AS IDENTITY, place text, first bigint, second bigint);
	SELECT door_hook(0) \g /dev/null
	INSERT INTO seen (place, first, second) SELECT 'loaded', door_passed(0), door_passed(1);
	CREATE TEMP TABLE one ();
	INSERT INTO seen (place, first, second) SELECT 'first', door_passed(0), door_passed(1);
	SELECT pgschema_plan('CREATE TABLE public.made (a hooking[] DEFAULT ''{1}'')') \g /dev/null
	INSERT INTO seen (place, first, second) SELECT 'planned', door_passed(0), door_passed(1);
	CREATE TEMP TABLE two ();
	INSERT INTO seen (place, first, second) SELECT 'second', door_passed(0), door_passed(1);
	SELECT pgschema_plan('CREATE TABLE public.made (a int, b int)') \g /dev/null
	INSERT INTO seen (place, first, second) SELECT 'planned again', door_passed(0), door_passed(1);
	CREATE TEMP TABLE three ();
	INSERT INTO seen (place, first, second) SELECT 'third', door_passed(0), door_passed(1);
	SELECT place, first - lag(first) OVER w, second - lag(second) OVER w FROM seen WINDOW w AS (ORDER BY n) ORDER BY n;
});
like($answers, qr/^first\|1\|0$/m, 'a hook sees a statement');
like($answers, qr/^second\|1\|1$/m, 'a hook that came during a plan sees one too, and passes it on');
like($answers, qr/^planned again\|0\|0$/m, 'neither is told of what a plan does');
like($answers, qr/^third\|1\|1$/m, 'both are there after the next plan');
$node->stop;
done_testing();
