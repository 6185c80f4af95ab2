-- "-- pgschema: using": what the NULL rows of a column get that becomes NOT NULL. (Of a type change: see renames and whole schemas.)
CREATE SCHEMA us;
CREATE TABLE us.t (id int PRIMARY KEY, a int, b text);
CREATE TABLE us.p (id int, c text) PARTITION BY LIST (id);
CREATE TABLE us.p1 PARTITION OF us.p FOR VALUES IN (1);
CREATE TABLE us.p2 PARTITION OF us.p DEFAULT;
INSERT INTO us.t VALUES (1, NULL, 'x'), (2, 20, NULL);
INSERT INTO us.p VALUES (1, NULL), (2, NULL), (3, 'three');
CREATE TABLE us.wanted (text text);
INSERT INTO us.wanted VALUES ($$
CREATE TABLE t (id int PRIMARY KEY,
  -- pgschema: using id * 10
  a int NOT NULL,
  b text,
  -- pgschema: using coalesce(b, 'none') || '!'
  d varchar(9) NOT NULL CHECK (d <> ''));
CREATE TABLE p (id int,
  c text NOT NULL -- pgschema: using 'p' || id
  ) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p DEFAULT;
CREATE TABLE wanted (text text);
$$);
SELECT step, command, lock, statement FROM us.wanted, pgschema_steps(text, '{us}');
SELECT l FROM us.wanted, pgschema_plan(text, '{us}', format => 'json') j, jsonb_array_elements(j::jsonb->'hazards') h, format('%s: %s', h->>'hazard', h->>'text') l;
SET client_min_messages = warning;
DO $$ DECLARE wanted text = (SELECT text FROM us.wanted); version bigint; BEGIN CALL pgschema_apply(wanted, '{us}', allow => '{data_dependent}', applied_version => version); END $$;
RESET client_min_messages;
TABLE us.t ORDER BY id;
TABLE us.p ORDER BY id;
SELECT l FROM us.wanted, pgschema_plan(text, '{us}', format => 'sql') l;

-- An expression that is wrong, and one whose type is.
SELECT pgschema_plan('CREATE TABLE us.t (id int PRIMARY KEY, a int NOT NULL, b text NOT NULL -- pgschema: using nobody
)');
ALTER TABLE us.t ALTER a DROP NOT NULL;
SELECT pgschema_plan('CREATE TABLE us.t (id int PRIMARY KEY,
  -- pgschema: using now()
  a int NOT NULL, b text, d varchar(9) NOT NULL)');
-- A value that does not fit is found by the rows.
UPDATE us.t SET b = 'much too long' WHERE id = 2;
SELECT l FROM pgschema_plan('CREATE TABLE us.t (id int PRIMARY KEY, a int, b text, d varchar(9) NOT NULL,
  -- pgschema: using b
  e varchar(5) NOT NULL)', format => 'json') j, jsonb_array_elements(j::jsonb->'hazards') h, format('%s: %s', h->>'hazard', h->>'text') l;
CALL pgschema_apply('CREATE TABLE us.t (id int PRIMARY KEY, a int, b text, d varchar(9) NOT NULL,
  -- pgschema: using b
  e varchar(5) NOT NULL)', allow => '{all}');
DROP SCHEMA us CASCADE;
-- A new column that every row needs a value of: without one it is told, where there are rows; and what is written again is.
CREATE SCHEMA us;
CREATE TABLE us.t (id int PRIMARY KEY);
CREATE TABLE us.none (id int PRIMARY KEY);
CREATE DOMAIN us.d AS int CHECK (VALUE > 0);
INSERT INTO us.t SELECT generate_series(1, 3);
SET pgschema.hazard_size = 0;
SELECT format('%s: %s', h->>'hazard', h->>'text') FROM pgschema_plan('CREATE TABLE us.t (id int PRIMARY KEY, a int NOT NULL, b uuid NOT NULL DEFAULT gen_random_uuid(), c timestamptz DEFAULT now(), d us.d DEFAULT 1, e int NOT NULL DEFAULT 1, f int, g bigserial);
  CREATE TABLE us.none (id int PRIMARY KEY, a int NOT NULL)', format => 'json') j, jsonb_array_elements(j::jsonb->'hazards') h;
-- The table is renamed by the same plan.
SELECT format('%s: %s', h->>'hazard', h->>'text') FROM pgschema_plan('CREATE SCHEMA us; CREATE DOMAIN us.d AS int CHECK (VALUE > 0); CREATE TABLE us.none (id int PRIMARY KEY);
  -- pgschema: renamed from t
  CREATE TABLE us.u (other int, a int NOT NULL)', '{us}', format => 'json') j, jsonb_array_elements(j::jsonb->'hazards') h;
RESET pgschema.hazard_size;
DROP SCHEMA us CASCADE;
