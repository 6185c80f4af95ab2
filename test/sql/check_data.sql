-- Whether what depends on rows would fail on those that there are: pgschema.check_data.
CREATE SCHEMA cd;
SET pgschema.check_data = '1h';
-- What a plan says of the rows.
CREATE FUNCTION said(desired text, strategy text DEFAULT 'atomic') RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', h->>'text', 'fails ' || coalesce(h->>'fails', 'null'), h->>'rows', h->>'row')
  FROM jsonb_path_query((SELECT string_agg(l, E'\n') FROM pgschema_plan(desired, '{cd}', strategy, format => 'json') l)::jsonb,
    '$.hazards[*] ? (@.hazard == "data_dependent")') h
$$;

CREATE TABLE cd.k (id int PRIMARY KEY);
CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date);
CREATE TABLE cd.bare (a int, b int);
INSERT INTO cd.k VALUES (1);
INSERT INTO cd.t SELECT n, nullif(n, 7), CASE n WHEN 1999 THEN 'x' ELSE n::text END, CASE WHEN n < 3 THEN n END, now() FROM generate_series(1, 2000) n;
INSERT INTO cd.bare VALUES (1, 1), (1, NULL), (1, 1);

-- NOT NULL; a key; a check; a foreign key; a unique index over an expression; a type.
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.t (id int PRIMARY KEY, a int NOT NULL, b text UNIQUE, k int CONSTRAINT f REFERENCES cd.k, d date CHECK (d > ''2001-01-01''), CHECK (id < 1990));
  CREATE UNIQUE INDEX i ON cd.t ((length(b))) WHERE id < 20');
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.t (id int PRIMARY KEY, a int NOT NULL, b text UNIQUE, k int CONSTRAINT f REFERENCES cd.k, d date CHECK (d > ''2001-01-01''), CHECK (id < 1990));
  CREATE UNIQUE INDEX i ON cd.t ((length(b))) WHERE id < 20', 'online');
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.t (id int PRIMARY KEY, a varchar(3), b int, k smallint, d text)');
-- What a directive gives is what is looked at.
SELECT said($$CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.t (id int PRIMARY KEY, a int, k int, d date,
  -- pgschema: using CASE WHEN b ~ '^[0-9]+$' THEN b::int END
  b int)$$);
-- Renamed meanwhile.
SELECT said($$CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  -- pgschema: renamed from t
  CREATE TABLE cd.u (id int PRIMARY KEY, k int, d date, b text,
  -- pgschema: renamed from a
  z int NOT NULL CHECK (z <> 5))$$);
-- Keys of rows that have no key; nulls that are not distinct; a primary key over NULL.
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date);
  CREATE TABLE cd.bare (a int, b int, UNIQUE NULLS NOT DISTINCT (a, b), CONSTRAINT p PRIMARY KEY (a, b), CHECK (a = b))');
-- Nobody's functions are called, and what is not there yet is not looked at.
CREATE FUNCTION cd.odd(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''called''; RETURN $1 % 2 = 1; END';
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date);
  CREATE FUNCTION cd.odd(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS ''BEGIN RAISE NOTICE ''''called''''; RETURN $1 % 2 = 1; END'';
  CREATE FUNCTION cd.fresh(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS ''SELECT true'';
  CREATE TABLE cd.bare (a int, b int, n int DEFAULT 1, CONSTRAINT c1 CHECK (cd.odd(a)), CONSTRAINT c2 CHECK (cd.fresh(a)), CONSTRAINT c3 CHECK (n > a), CONSTRAINT c4 CHECK (pg_sleep(0) IS NOT NULL))');
DROP FUNCTION cd.odd;
-- A check that cannot be computed for a row is against it, and its message is not told: it may have values in it.
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text CONSTRAINT c CHECK (b::int > 0), k int, d date)');
-- Trees.
CREATE TABLE cd.p (id int, a text) PARTITION BY RANGE (id);
CREATE TABLE cd.p1 PARTITION OF cd.p FOR VALUES FROM (0) TO (100);
CREATE TABLE cd.p2 PARTITION OF cd.p FOR VALUES FROM (100) TO (200);
INSERT INTO cd.p SELECT n, CASE n WHEN 150 THEN 'y' ELSE n::text END FROM generate_series(0, 199) n;
INSERT INTO cd.p VALUES (3, NULL);
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.p (id int, a int, CHECK (id <> 150)) PARTITION BY RANGE (id);
  CREATE TABLE cd.p1 PARTITION OF cd.p FOR VALUES FROM (0) TO (100); CREATE TABLE cd.p2 PARTITION OF cd.p FOR VALUES FROM (100) TO (200)');
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date); CREATE TABLE cd.bare (a int, b int);
  CREATE TABLE cd.p (id int, a text NOT NULL, UNIQUE (id)) PARTITION BY RANGE (id);
  CREATE TABLE cd.p1 PARTITION OF cd.p FOR VALUES FROM (0) TO (100); CREATE TABLE cd.p2 PARTITION OF cd.p FOR VALUES FROM (100) TO (200)');
DROP TABLE cd.p;
-- Domains, and values of an enum that go.
CREATE DOMAIN cd.dom AS int;
CREATE TYPE cd.e AS ENUM ('a', 'b', 'c');
CREATE TABLE cd.typed (id int PRIMARY KEY, v cd.dom, w cd.dom, e cd.e);
INSERT INTO cd.typed VALUES (1, 1, -1, 'a'), (2, NULL, -2, 'b'), (3, 3, 3, 'c');
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date); CREATE TABLE cd.bare (a int, b int);
  CREATE DOMAIN cd.dom AS int NOT NULL CONSTRAINT positive CHECK (VALUE > 0); CREATE TYPE cd.e AS ENUM (''b'', ''c'');
  CREATE TABLE cd.typed (id int PRIMARY KEY, v cd.dom, w cd.dom, e cd.e)');
DROP TABLE cd.typed; DROP DOMAIN cd.dom; DROP TYPE cd.e;
-- Foreign keys to what the plan makes, of more columns, and in full; exclusion is not looked at.
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text, k int, d date);
  CREATE TABLE cd.n (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE cd.bare (a int, b int, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES cd.n, CONSTRAINT g FOREIGN KEY (b, a) REFERENCES cd.n MATCH FULL,
  CONSTRAINT x EXCLUDE (a WITH =))');
-- A refusal says it as well; with leave to do so, the server finds what the plan has told.
CALL pgschema_apply('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int NOT NULL, b text, k int, d date); CREATE TABLE cd.bare (a int, b int)', '{cd}');
CALL pgschema_apply('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int NOT NULL, b text, k int, d date); CREATE TABLE cd.bare (a int, b int)', '{cd}', allow => '{data_dependent}');
-- Rows that row security may hide are not looked at, nor those that one may not read.
CREATE ROLE check_data_user;
GRANT USAGE, CREATE ON SCHEMA cd TO check_data_user;
GRANT EXECUTE ON FUNCTION pgschema_plan(text, name[], text, text), pgschema_steps(text, name[], text) TO check_data_user;
ALTER TABLE cd.bare OWNER TO check_data_user;
ALTER TABLE cd.bare ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE check_data_user;
SELECT step, details->'hazards' FROM pgschema_steps('CREATE TABLE cd.bare (a int NOT NULL, b int); ALTER TABLE cd.bare ADD UNIQUE (a)') WHERE hazards <> '{}';
RESET ROLE;
ALTER TABLE cd.bare DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
-- There is no time, or nobody asks.
SET pgschema.check_data = 0;
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int NOT NULL, b text, k int, d date); CREATE TABLE cd.bare (a int, b int)');
SET pgschema.check_data = 1;
INSERT INTO cd.t SELECT n, n, n, NULL, NULL FROM generate_series(2001, 200000) n;
SELECT said('CREATE SCHEMA cd; CREATE TABLE cd.k (id int PRIMARY KEY); CREATE TABLE cd.t (id int PRIMARY KEY, a int, b text UNIQUE, k int, d date CHECK (extract(epoch FROM d) > 0)); CREATE TABLE cd.bare (a int, b int)');
RESET pgschema.check_data;
SELECT count(*) FROM cd.t;  -- the session goes on
DROP SCHEMA cd CASCADE;
REVOKE ALL ON FUNCTION pgschema_plan(text, name[], text, text), pgschema_steps(text, name[], text) FROM check_data_user;
DROP ROLE check_data_user;
DROP FUNCTION said;
