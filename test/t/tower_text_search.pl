# Text search: parsers, templates, dictionaries and configurations are made, changed, renamed and dropped, and rebuilt
# because something beneath them changes.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('text_search');

my $functions = <<'END';
CREATE FUNCTION app.p_start(internal, integer) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'prsd_start';
CREATE FUNCTION app.p_token(internal, internal, internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'prsd_nexttoken';
CREATE FUNCTION app.p_end(internal) RETURNS void LANGUAGE internal STRICT IMMUTABLE AS 'prsd_end';
CREATE FUNCTION app.p_types(internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'prsd_lextype';
CREATE FUNCTION app.t_init(internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'dsimple_init';
CREATE FUNCTION app.t_lexize(internal, internal, internal, internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'dsimple_lexize'
END
my $objects = <<'END';
CREATE TEXT SEARCH PARSER app.words (START = app.p_start, GETTOKEN = app.p_token, END = app.p_end, LEXTYPES = app.p_types);
CREATE TEXT SEARCH TEMPLATE app.plain (INIT = app.t_init, LEXIZE = app.t_lexize);
CREATE TEXT SEARCH DICTIONARY app.lower (TEMPLATE = app.plain, stopwords = english, accept = true);
CREATE TEXT SEARCH DICTIONARY app.stems (TEMPLATE = pg_catalog.snowball, language = german);
CREATE TEXT SEARCH CONFIGURATION app.search (PARSER = app.words);
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR asciiword, word WITH app.lower, app.stems, pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR "int" WITH pg_catalog.simple
END
$objects =~ s/"int"/int/;
my $attached = <<'END';
COMMENT ON TEXT SEARCH PARSER app.words IS 'parser';
COMMENT ON TEXT SEARCH TEMPLATE app.plain IS 'template';
COMMENT ON TEXT SEARCH DICTIONARY app.lower IS 'dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION app.search IS 'configuration';
ALTER TEXT SEARCH DICTIONARY app.lower OWNER TO app_owner;
ALTER TEXT SEARCH CONFIGURATION app.search OWNER TO app_owner
END
my $used = "CREATE VIEW app.v_found AS SELECT name, to_tsvector('app.search', name) AS words FROM app.areas; CREATE INDEX areas_words ON app.areas USING gin (to_tsvector('app.search', name))";
my $all = "$functions;$objects;$attached;$used";

$tower->change('everything is new, in another order', also => "$functions;$objects", text => (join ";\n", (split /;\n/, $objects)[ 3, 2, 1, 0 ]) . ';' . (join ";\n", (split /;\n/, $objects)[ 4 .. 6 ]) . ";$functions;");
$tower->change('comments and owners', first => "$functions;$objects", also => $attached);
$tower->change('a configuration as a copy', also => 'CREATE TEXT SEARCH CONFIGURATION app.mine (COPY = pg_catalog.english)');
$tower->change('a dictionary more for a token, by ALTER', first => $all, also => 'ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR int WITH app.lower, pg_catalog.simple',
	steps => [ 'ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR "int" WITH app.lower, pg_catalog.simple' ]);
$tower->change('a token more, by ALTER', first => $all, also => 'ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR email WITH pg_catalog.simple', once => qr/duplicate key|already exists/);
$tower->change('a token less, by ALTER', first => $all, also => 'ALTER TEXT SEARCH CONFIGURATION app.search DROP MAPPING IF EXISTS FOR int');
$tower->change('another dictionary everywhere', first => $all, also => 'ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING REPLACE pg_catalog.simple WITH app.stems');
my $defined = join(";\n", (split /;\n/, $objects)[ 4 .. 6 ]) . ';';
$tower->change('mappings by a definition', first => $all, instead => $all =~ s/app.lower, app.stems, pg_catalog.simple/app.stems/r, text => $defined =~ s/app.lower, app.stems, pg_catalog.simple/app.stems/r);
$tower->change('another parser', first => $all, instead => $all =~ s/PARSER = app.words/PARSER = pg_catalog.default/r, text => $defined =~ s/PARSER = app.words/PARSER = pg_catalog.default/r);
$tower->change('options of a dictionary', first => $all, instead => $all =~ s/stopwords = english, accept = true/accept = false/r, text => 'CREATE TEXT SEARCH DICTIONARY app.lower (TEMPLATE = app.plain, accept = false)',
	steps => [ "ALTER TEXT SEARCH DICTIONARY app.lower (accept = 'false', stopwords)" ]);
$tower->change('options of a dictionary, by ALTER', first => $all, also => 'ALTER TEXT SEARCH DICTIONARY app.stems (language = french, stopwords = french)');
$tower->change('the template of a dictionary', first => $all, instead => $all =~ s/TEMPLATE = app.plain/TEMPLATE = pg_catalog.simple/r, text => 'CREATE TEXT SEARCH DICTIONARY app.lower (TEMPLATE = pg_catalog.simple, stopwords = english, accept = true)');
$tower->change('a template under a dictionary and a configuration', first => $all, instead => $all =~ s/INIT = app.t_init/INIT = pg_catalog.dsimple_init/r, text => 'CREATE TEXT SEARCH TEMPLATE app.plain (INIT = dsimple_init, LEXIZE = app.t_lexize)');
$tower->change('a parser under a configuration', first => $all, instead => $all =~ s/END = app.p_end,/END = app.p_end, HEADLINE = prsd_headline,/r,
	text => 'CREATE TEXT SEARCH PARSER app.words (START = app.p_start, GETTOKEN = app.p_token, END = app.p_end, HEADLINE = prsd_headline, LEXTYPES = app.p_types)');
$tower->change('all are renamed', first => $all, also => 'ALTER TEXT SEARCH PARSER app.words RENAME TO words2; ALTER TEXT SEARCH TEMPLATE app.plain RENAME TO plain2; ALTER TEXT SEARCH DICTIONARY app.lower RENAME TO lower2; ALTER TEXT SEARCH CONFIGURATION app.search RENAME TO search2');
$tower->change('a configuration and a dictionary go', first => "$functions;$objects", also => 'DROP TEXT SEARCH CONFIGURATION IF EXISTS app.search; DROP TEXT SEARCH DICTIONARY IF EXISTS app.stems',
	changed => [ '- text search configuration app.search', '- text search dictionary app.stems' ]);
$tower->change('a parser and a template go with what uses them', first => "$functions;$objects", also => 'DROP TEXT SEARCH PARSER IF EXISTS app.words CASCADE; DROP TEXT SEARCH TEMPLATE IF EXISTS app.plain CASCADE');
$tower->refusal('a dictionary goes that a configuration uses', first => $all, text => 'DROP TEXT SEARCH DICTIONARY app.stems', error => qr/app\.(search|stems)/);
$tower->done;
