# Other sessions create and drop without pause: what reads the catalog meanwhile answers, or says 40001; nothing else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('meanwhile');
$node->init;
$node->append_conf('postgresql.conf', "log_min_messages = fatal");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pgschema;
	CREATE SCHEMA app;
	CREATE TABLE app.base (id int, prio int);
	CREATE VIEW app.root AS SELECT id, prio FROM app.base;
	CREATE TABLE public.answers (what text, answer text);
	CREATE TABLE public.stop ();
	-- Each with a commit of its own.
	CREATE PROCEDURE public.storm(n int) LANGUAGE plpgsql AS $f$
	BEGIN
		WHILE to_regclass('public.stop') IS NOT NULL LOOP
			EXECUTE format('CREATE FUNCTION app.f%s(a int, r app.root) RETURNS int LANGUAGE sql AS %L', n, 'SELECT a');
			EXECUTE format('CREATE VIEW app.v%s AS SELECT id, prio, app.f%1$s(1, NULL) FROM app.base', n);
			EXECUTE format('CREATE STATISTICS app.s%s ON id, prio FROM app.base', n);
			EXECUTE format('CREATE DOMAIN app.d%s AS int CONSTRAINT positive CHECK (VALUE > 0)', n);
			EXECUTE format('CREATE TABLE app.t%s (a int DEFAULT 1 + 1, d app.d%1$s CHECK (a > 1), PRIMARY KEY (a))', n);
			COMMIT;
			EXECUTE format('DROP TABLE app.t%s; DROP DOMAIN app.d%1$s; DROP VIEW app.v%1$s; DROP STATISTICS app.s%1$s; DROP FUNCTION app.f%1$s', n);
			COMMIT;
		END LOOP;
	END$f$;
	CREATE PROCEDURE public.ask(times int, what text) LANGUAGE plpgsql AS $f$
	BEGIN
		FOR i IN 1 .. times LOOP
			BEGIN
				EXECUTE what;
				INSERT INTO public.answers VALUES (what, 'ok');
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO public.answers VALUES (what, CASE WHEN SQLSTATE IN ('40001', '55P03') THEN SQLSTATE ELSE SQLSTATE || ' ' || SQLERRM END);
			END;
			COMMIT;
		END LOOP;
	END$f$;
});

my @storms = map {
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->{stdin} .= "CALL public.storm($_);\n";
	$session->{run}->pump_nb;
	$session;
} 1 .. 2;
$node->safe_psql('postgres', q{
	CALL public.ask(150, $$SELECT count(*) FROM pgschema_catalog('{app}')$$);
	CALL public.ask(100, $$SELECT count(*) FROM pgschema_plan('CREATE OR REPLACE VIEW app.root AS SELECT id, prio::bigint AS prio FROM app.base')$$);
	CALL public.ask(100, $$SELECT count(*) FROM pgschema_plan('ALTER TABLE app.base ADD COLUMN more int')$$);
});
$node->safe_psql('postgres', 'DROP TABLE public.stop');
$_->quit for @storms;

is($node->safe_psql('postgres', q{SELECT what, answer, count(*) FROM public.answers WHERE answer NOT IN ('ok', '40001', '55P03') GROUP BY 1, 2 ORDER BY 1, 2}),
	'', 'no other error');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT what) FROM public.answers WHERE answer = 'ok'}), '3', 'and there are answers');
note $node->safe_psql('postgres', q{SELECT what, answer, count(*) FROM public.answers GROUP BY 1, 2 ORDER BY 1, 2});
$node->stop;
done_testing();
