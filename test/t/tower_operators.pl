# Operators, operator families and operator classes of the tower are made, changed, renamed and dropped, and rebuilt
# because a type or a function beneath them changes.
use strict;
use warnings;
use Tower;

my $tower = Tower->new('operators');

my $functions = <<'END';
CREATE TYPE app.ranked AS (rank integer, label text);
CREATE FUNCTION app.r_lt(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank < (b).rank;
CREATE FUNCTION app.r_gt(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank > (b).rank;
CREATE FUNCTION app.r_ge(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank >= (b).rank;
CREATE FUNCTION app.r_le(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank <= (b).rank;
CREATE FUNCTION app.r_eq(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank = (b).rank;
CREATE FUNCTION app.r_cmp(a app.ranked, b app.ranked) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (a).rank - (b).rank;
CREATE FUNCTION app.ri_eq(a app.ranked, b integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).rank = b;
CREATE FUNCTION app.ri_cmp(a app.ranked, b integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (a).rank - b;
CREATE FUNCTION app.up(a app.ranked) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (a).rank + 1
END
my $operators = <<'END';
CREATE OPERATOR app.<<< (FUNCTION = app.r_lt, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.>>>), NEGATOR = OPERATOR(app.>>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR app.>>> (FUNCTION = app.r_gt, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.<<<), NEGATOR = OPERATOR(app.<<=));
CREATE OPERATOR app.>>= (FUNCTION = app.r_ge, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.<<=), NEGATOR = OPERATOR(app.<<<));
CREATE OPERATOR app.<<= (FUNCTION = app.r_le, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.>>=), NEGATOR = OPERATOR(app.>>>));
CREATE OPERATOR app.=== (FUNCTION = app.r_eq, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.===), RESTRICT = eqsel, JOIN = eqjoinsel, MERGES);
CREATE OPERATOR app.=== (FUNCTION = app.ri_eq, LEFTARG = app.ranked, RIGHTARG = integer);
CREATE OPERATOR app.^^ (FUNCTION = app.up, RIGHTARG = app.ranked)
END
my $class = <<'END';
CREATE OPERATOR FAMILY app.by_rank USING btree;
CREATE OPERATOR CLASS app.ranked_ops DEFAULT FOR TYPE app.ranked USING btree FAMILY app.by_rank AS
  OPERATOR 1 app.<<<, OPERATOR 2 app.<<=, OPERATOR 3 app.===, OPERATOR 4 app.>>=, OPERATOR 5 app.>>>, FUNCTION 1 app.r_cmp(app.ranked, app.ranked)
END
my $used = <<'END';
CREATE VIEW app.v_ranked AS SELECT ROW(area_id, name)::app.ranked OPERATOR(app.===) ROW(1, name)::app.ranked AS same, OPERATOR(app.^^) ROW(area_id, name)::app.ranked AS next FROM app.areas;
CREATE TABLE app.ranks (id integer PRIMARY KEY, label text);
CREATE INDEX ranks_by ON app.ranks ((ROW(id, label)::app.ranked) app.ranked_ops);
INSERT INTO app.ranks VALUES (1, 'a'), (2, 'b')
END
my $cross = 'ALTER OPERATOR FAMILY app.by_rank USING btree ADD OPERATOR 3 app.=== (app.ranked, integer), FUNCTION 1 (app.ranked, integer) app.ri_cmp(app.ranked, integer)';
my $comments = "COMMENT ON OPERATOR app.<<< (app.ranked, app.ranked) IS 'less'; COMMENT ON OPERATOR app.^^ (NONE, app.ranked) IS 'up'; ALTER OPERATOR app.=== (app.ranked, app.ranked) OWNER TO app_owner; " .
  "COMMENT ON OPERATOR FAMILY app.by_rank USING btree IS 'fam'; COMMENT ON OPERATOR CLASS app.ranked_ops USING btree IS 'cls'; ALTER OPERATOR CLASS app.ranked_ops USING btree OWNER TO app_owner; ALTER OPERATOR FAMILY app.by_rank USING btree OWNER TO app_owner";
my $all = "$functions;\n$operators;\n$class;\n$cross;\n$used;\n$comments";

sub reversed { return join(";\n", reverse split /;\n/, $_[0]) . ';'; }

$tower->change('new operators', first => $functions, also => $operators);
$tower->change('new operators, in another order', first => $functions, also => $operators, text => reversed($operators));
$tower->change('operators, a family and a class that are new, with their functions', also => "$functions;\n$operators;\n$class", text => reversed($class) . $functions . ';' . $operators);
$tower->change('members across types', first => "$functions;\n$operators;\n$class", also => $cross, once => qr/already exists/,
	steps => [ 'ALTER OPERATOR FAMILY app.by_rank USING btree ADD FUNCTION 1 (app.ranked, integer) app.ri_cmp(app.ranked,integer)', 'ALTER OPERATOR FAMILY app.by_rank USING btree ADD OPERATOR 3 app.===(app.ranked,integer)' ]);
$tower->change('members across types go', first => $all, also => 'ALTER OPERATOR FAMILY app.by_rank USING btree DROP OPERATOR 3 (app.ranked, integer), FUNCTION 1 (app.ranked, integer)', once => qr/does not exist/);
$tower->change('comments and owners', first => "$functions;\n$operators;\n$class", also => $comments);
$tower->change('estimators, by a definition', first => $all, instead => $all =~ s/scalarltsel, JOIN = scalarltjoinsel/scalarlesel/r,
	text => $operators =~ s/;.*//sr =~ s/scalarltsel, JOIN = scalarltjoinsel/scalarlesel/r . ';', steps => [ 'ALTER OPERATOR app.<<<(app.ranked,app.ranked) SET (RESTRICT = scalarlesel, JOIN = NONE)' ]);
$tower->change('estimators, by ALTER', first => $all, also => 'ALTER OPERATOR app.>>> (app.ranked, app.ranked) SET (RESTRICT = scalargtsel)');
$tower->change('an operator with another function, under a view, an index and a class', first => $all . ';' . 'CREATE FUNCTION app.other_eq(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).label = (b).label',
	instead => "$functions; CREATE FUNCTION app.other_eq(a app.ranked, b app.ranked) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (a).label = (b).label;\n" . ($operators =~ s/app.r_eq, LEFT/app.other_eq, LEFT/r) . ";$class;$cross;$used;$comments",
	text => 'CREATE OPERATOR app.=== (FUNCTION = app.other_eq, LEFTARG = app.ranked, RIGHTARG = app.ranked, COMMUTATOR = OPERATOR(app.===), RESTRICT = eqsel, JOIN = eqjoinsel, MERGES)');
$tower->change('a negator less', first => $all, instead => $all =~ s/OPERATOR\(app.>>>\), NEGATOR = OPERATOR\(app.>>=\)/OPERATOR(app.>>>)/r =~ s/(COMMUTATOR = OPERATOR\(app.<<=\)), NEGATOR = OPERATOR\(app.<<<\)/$1/r,
	text => ($operators =~ s/OPERATOR\(app.>>>\), NEGATOR = OPERATOR\(app.>>=\)/OPERATOR(app.>>>)/r =~ s/(COMMUTATOR = OPERATOR\(app.<<=\)), NEGATOR = OPERATOR\(app.<<<\)/$1/r) . ';');
$tower->change('an operator goes', first => "$functions;\n$operators", also => 'DROP OPERATOR IF EXISTS app.^^ (NONE, app.ranked)', changed => [ '- operator app.^^(NONE,app.ranked)' ]);
$tower->refusal('an operator goes that a view uses', first => $all, text => 'DROP OPERATOR app.^^ (NONE, app.ranked)', error => qr/app\.v_ranked|app\.\^\^/);
my $unused = $all =~ s/CREATE INDEX ranks_by[^;]*;//r;
$tower->change('a class is no default', first => $unused, instead => $unused =~ s/ranked_ops DEFAULT/ranked_ops/r, text => ($class =~ s/ranked_ops DEFAULT/ranked_ops/r) . ";$cross");
$tower->refusal('a class is no default, and an index has it as such', first => $all, text => $class =~ s/ranked_ops DEFAULT/ranked_ops/r, error => qr/cannot make index app\.ranks_by again as it is/);
$tower->change('a class with a family of its own', first => "$functions;\n$operators", also => $class =~ s/CREATE OPERATOR FAMILY.*?;//r =~ s/FAMILY app.by_rank//r);
$tower->change('a class joins a family', first => "$functions;\n$operators;" . $class =~ s/;.*//sr, also => $class =~ s/^.*?;//sr);
$tower->change('a class goes, and its family', first => "$functions;\n$operators;$class", also => 'DROP OPERATOR CLASS IF EXISTS app.ranked_ops USING btree; DROP OPERATOR FAMILY IF EXISTS app.by_rank USING btree');
$tower->change('a class and a family are renamed', first => $all, also => 'ALTER OPERATOR CLASS app.ranked_ops USING btree RENAME TO rank_ops; ALTER OPERATOR FAMILY app.by_rank USING btree RENAME TO of_ranks');
$tower->change('the type beneath it all', first => $all, instead => $all =~ s/rank integer, label text/rank integer, label varchar(20)/r, text => 'CREATE TYPE app.ranked AS (rank integer, label varchar(20))');
$tower->change('a function beneath it all', first => $all, instead => $all =~ s/app.r_cmp\(a app.ranked, b app/app.r_cmp(x app.ranked, b app/r =~ s/RETURN \(a\).rank - \(b\)/RETURN (x).rank - (b)/r,
	text => 'CREATE FUNCTION app.r_cmp(x app.ranked, b app.ranked) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (x).rank - (b).rank');
my $gist = 'CREATE OPERATOR CLASS app.gist_interval DEFAULT FOR TYPE interval USING gist AS STORAGE interval, OPERATOR 15 <-> (point, point) FOR ORDER BY pg_catalog.float_ops';
$tower->change('a hash class', also => 'CREATE FUNCTION app.h(p app.position) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1; CREATE FUNCTION app.h64(p app.position, seed bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 1;' .
	'CREATE OPERATOR CLASS app.position_hash FOR TYPE app.position USING hash AS OPERATOR 1 =(record, record), FUNCTION 1 app.h(app.position), FUNCTION 2 app.h64(app.position, bigint)');
$tower->change('a gin class with storage', also => "CREATE OPERATOR CLASS app.gin_path FOR TYPE jsonb USING gin AS OPERATOR 7 \@>, FUNCTION 1 gin_compare_jsonb(text, text), FUNCTION 2 gin_extract_jsonb(jsonb, internal, internal), FUNCTION 3 gin_extract_jsonb_query(jsonb, internal, int2, internal, internal, internal, internal), FUNCTION 4 gin_consistent_jsonb(internal, int2, jsonb, int4, internal, internal, internal, internal), STORAGE text");
$tower->done;
