-- The oracle: pgschema_catalog() sees every definition, and nothing but definitions.
-- A line says what differs: `-` before only, `+` after only.
SET client_min_messages = warning;
CREATE ROLE walk_owner;
CREATE ROLE walk_reader;
CREATE ROLE "walk Other";
CREATE SCHEMA walk_test;
CREATE FOREIGN DATA WRAPPER walk_fdw;
CREATE SERVER walk_server FOREIGN DATA WRAPPER walk_fdw;
CREATE PUBLICATION walk_pub;

-- One of every kind of object.
CREATE TABLE walk_test.script AS SELECT $script$
CREATE SCHEMA w;
COMMENT ON SCHEMA w IS 'everything';
GRANT USAGE ON SCHEMA w TO walk_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE walk_owner IN SCHEMA w GRANT SELECT ON TABLES TO walk_reader;

CREATE TYPE w.mood AS ENUM ('sad', 'happy');
ALTER TYPE w.mood ADD VALUE 'so-so' BEFORE 'happy';
CREATE TYPE w.pair AS (a int, b text COLLATE "C");
CREATE DOMAIN w.score AS int DEFAULT 1 NOT NULL CONSTRAINT positive CHECK (VALUE > 0);
COMMENT ON CONSTRAINT positive ON DOMAIN w.score IS 'not negative';
CREATE TYPE w.floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE COLLATION w.bytes FROM "C";
CREATE SEQUENCE w.numbers INCREMENT 2 CACHE 5;

CREATE TABLE w.root (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE w.bytes NOT NULL DEFAULT 'x',
    mood w.mood,
    score w.score,
    span w.floats,
    twice int GENERATED ALWAYS AS (id * 2) STORED,
    number bigint DEFAULT nextval('w.numbers'),
    CONSTRAINT named CHECK (name <> ''),
    CONSTRAINT apart EXCLUDE USING gist (span WITH &&) DEFERRABLE
) WITH (fillfactor = 80, toast.autovacuum_enabled = false);
ALTER SEQUENCE w.numbers OWNED BY w.root.number;
CREATE INDEX root_mood ON w.root USING btree (mood DESC, lower(name)) INCLUDE (score) WHERE id > 0;
CREATE STATISTICS w.root_stats (ndistinct, dependencies) ON mood, score FROM w.root;
ALTER INDEX w.root_mood ALTER COLUMN 2 SET STATISTICS 5;
ALTER STATISTICS w.root_stats SET STATISTICS 4;
CREATE TABLE w.child (id int PRIMARY KEY, root int REFERENCES w.root ON DELETE CASCADE) INHERITS (w.root);
CREATE TABLE w.part (id int NOT NULL, at date) PARTITION BY RANGE (at, (id + 1));
CREATE TABLE w.part_1 PARTITION OF w.part FOR VALUES FROM ('2020-01-01', 0) TO ('2021-01-01', 0);
CREATE TABLE w.part_rest PARTITION OF w.part DEFAULT;
CREATE TABLE w.typed OF w.pair;
CREATE FOREIGN TABLE w.far (id int OPTIONS (col 'one')) SERVER walk_server OPTIONS (tab 'far');

CREATE FUNCTION w.plus(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION w.atomic(a int) RETURNS SETOF w.pair LANGUAGE sql SET work_mem = '1MB' SET datestyle = 'ISO'
    BEGIN ATOMIC SELECT r.id, r.name FROM w.root r WHERE r.id = a; END;
CREATE FUNCTION w.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE w.work(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := 1; END';
CREATE AGGREGATE w.total(int) (SFUNC = w.plus, STYPE = int, INITCOND = '0');
CREATE FUNCTION w.mood_int(w.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OPERATOR w.### (LEFTARG = int, RIGHTARG = int, FUNCTION = w.plus);
CREATE OPERATOR FAMILY w.family USING btree;
CREATE OPERATOR CLASS w.class FOR TYPE int USING btree FAMILY w.family AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
CREATE CAST (w.mood AS int) WITH FUNCTION w.mood_int(w.mood) AS ASSIGNMENT;
CREATE TEXT SEARCH CONFIGURATION w.english (COPY = english);
CREATE TEXT SEARCH DICTIONARY w.stems (TEMPLATE = snowball, Language = 'english');

CREATE VIEW w.base WITH (security_barrier) AS SELECT id, name, mood FROM w.root;
ALTER VIEW w.base OWNER TO walk_owner;
GRANT SELECT ON w.base TO walk_reader WITH GRANT OPTION;
GRANT UPDATE (name) ON w.base TO "walk Other";
ALTER VIEW w.base ALTER name SET DEFAULT 'y';
COMMENT ON VIEW w.base IS 'the base';
COMMENT ON COLUMN w.base.name IS 'a name';
CREATE TRIGGER base_insert INSTEAD OF INSERT ON w.base FOR EACH ROW EXECUTE FUNCTION w.touch('a', 'b');
CREATE RULE base_delete AS ON DELETE TO w.base DO INSTEAD DELETE FROM w.root WHERE id = old.id;
COMMENT ON RULE base_delete ON w.base IS 'deletes';
CREATE VIEW w."Top View" AS SELECT b.id, b.name FROM w.base b;
CREATE MATERIALIZED VIEW w.stored AS SELECT mood, count(*) AS n FROM w.base GROUP BY mood WITH NO DATA;
CREATE UNIQUE INDEX stored_mood ON w.stored (mood);
CREATE FUNCTION w.of_base(w.base) RETURNS text LANGUAGE sql AS 'SELECT $1.name';

CREATE TRIGGER root_touch BEFORE UPDATE OF name ON w.root FOR EACH ROW WHEN (old.name <> new.name)
    EXECUTE FUNCTION w.touch();
CREATE CONSTRAINT TRIGGER root_late AFTER INSERT ON w.root DEFERRABLE FOR EACH ROW EXECUTE FUNCTION w.touch();
CREATE TRIGGER part_touch AFTER INSERT ON w.part FOR EACH ROW EXECUTE FUNCTION w.touch();
CREATE POLICY root_read ON w.root FOR SELECT TO walk_reader USING (id > 0);
ALTER TABLE w.root ENABLE ROW LEVEL SECURITY;
ALTER TABLE w.root ALTER name SET STATISTICS 500, ALTER name SET (n_distinct = -0.5), CLUSTER ON root_pkey;
ALTER PUBLICATION walk_pub ADD TABLE w.root (id, name) WHERE (id > 0);
$script$::text AS body;

CREATE FUNCTION walk_test.make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE (SELECT body FROM walk_test.script);
END $$;

-- The two walks to compare.
CREATE TABLE walk_test.walk (moment text, object_type text, identity text, attribute text, value text);

CREATE FUNCTION walk_test.take(moment text) RETURNS void LANGUAGE sql
BEGIN ATOMIC
  DELETE FROM walk_test.walk w WHERE w.moment = take.moment;
  INSERT INTO walk_test.walk SELECT take.moment, c.* FROM pgschema_catalog('{w}') c;
END;

-- Of an object or column that is there only once, one line.
CREATE FUNCTION walk_test.difference() RETURNS TABLE (line text) LANGUAGE sql
BEGIN ATOMIC
  WITH gone AS (SELECT object_type, identity, attribute, value FROM walk_test.walk WHERE moment = 'before' EXCEPT
                SELECT object_type, identity, attribute, value FROM walk_test.walk WHERE moment = 'after'),
       new AS (SELECT object_type, identity, attribute, value FROM walk_test.walk WHERE moment = 'after' EXCEPT
               SELECT object_type, identity, attribute, value FROM walk_test.walk WHERE moment = 'before'),
       both_signs AS (SELECT '-' AS sign, * FROM gone UNION ALL SELECT '+', * FROM new),
       whole AS (SELECT sign, object_type, identity FROM both_signs WHERE value = '' AND attribute NOT LIKE '%.%')
  SELECT DISTINCT concat_ws(' ', sign, object_type, identity, attribute)
  FROM both_signs d
  WHERE (d.value = '' AND d.attribute NOT LIKE '%.%')
     OR NOT EXISTS (SELECT FROM whole w WHERE (w.sign, w.object_type, w.identity) = (d.sign, d.object_type, d.identity))
  ORDER BY 1;
END;

-- What a statement changes; afterwards it is undone. 18 has constraints for NOT NULL, which are left out here
-- so that all versions answer alike.
CREATE FUNCTION walk_test.changes(statement text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    EXECUTE statement;
    PERFORM walk_test.take('after');
    line := string_agg(d.line, E'\n' ORDER BY substr(d.line, 3) COLLATE "C", d.line COLLATE "C" DESC) FROM walk_test.difference() d
            WHERE d.line !~ 'constraint \w+_not_null ';
    RAISE EXCEPTION USING errcode = 'WALK0', message = coalesce(line, 'NOTHING SEEN');
  EXCEPTION WHEN SQLSTATE 'WALK0' THEN
    line := sqlerrm;
  WHEN OTHERS THEN
    line := 'ERROR: ' || sqlerrm;
  END;
  RETURN QUERY SELECT '> ' || statement UNION ALL SELECT '    ' || l FROM regexp_split_to_table(line, E'\n') l;
END $$;

\pset format unaligned
\pset tuples_only on

-- Made twice: the same lines, so no OID is in them; and all kinds of objects are there.
SELECT walk_test.make();
SELECT walk_test.take('before');
DROP SCHEMA w CASCADE;
SELECT walk_test.make();
SELECT walk_test.take('after');
SELECT * FROM walk_test.difference();
SELECT object_type FROM walk_test.walk WHERE moment = 'after' GROUP BY object_type ORDER BY object_type COLLATE "C";
SELECT count(*) AS lines_twice FROM (SELECT FROM walk_test.walk GROUP BY moment, object_type, identity, attribute, value
                                     HAVING count(*) > 1) d;
SELECT count(*) AS missing FROM walk_test.walk WHERE value ~ 'does not exist' OR identity ~ 'does not exist';
-- An OID of the schema's objects stands nowhere.
SELECT identity, attribute, value FROM walk_test.walk,
  LATERAL (SELECT (regexp_matches(identity || ' ' || value, '\d{5,}', 'g'))[1] AS number) n
WHERE moment = 'after' AND attribute NOT LIKE 'pg_sequence.%'
  AND number IN (SELECT oid::text FROM pg_class UNION SELECT oid::text FROM pg_type UNION SELECT oid::text FROM pg_proc
                 UNION SELECT oid::text FROM pg_constraint UNION SELECT oid::text FROM pg_trigger);

-- How the table came to its shape does not matter: dropped columns, GRANT and REVOKE, storage, statistics.
SELECT walk_test.take('before');
ALTER TABLE w.root ADD gone int;
ALTER TABLE w.root DROP gone;
ALTER TABLE w.root ADD filled int DEFAULT 5;
SELECT walk_test.take('before');
INSERT INTO w.root (name, score) VALUES ('a', 2);
VACUUM FULL w.root;
ANALYZE w.root;
GRANT SELECT ON w."Top View" TO walk_reader;
REVOKE SELECT ON w."Top View" FROM walk_reader;
GRANT EXECUTE ON FUNCTION w.plus TO walk_reader;
REVOKE EXECUTE ON FUNCTION w.plus FROM walk_reader;
CREATE INDEX passing ON w.part (id);
DROP INDEX w.passing;
SELECT walk_test.take('after');
SELECT * FROM walk_test.difference();
ALTER TABLE w.root DROP filled;

-- A view dropped and made again with all that belongs to it: no difference.
SELECT walk_test.take('before');
CREATE PROCEDURE walk_test.rebuild(forget text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY ARRAY[
    'DROP VIEW w."Top View"',
    'DROP MATERIALIZED VIEW w.stored',
    'DROP FUNCTION w.of_base(w.base)',
    'DROP VIEW w.base',
    'CREATE VIEW w.base WITH (security_barrier) AS SELECT id, name, mood FROM w.root',
    'ALTER VIEW w.base OWNER TO walk_owner',
    'GRANT SELECT ON w.base TO walk_reader WITH GRANT OPTION',
    'GRANT UPDATE (name) ON w.base TO "walk Other"',
    'ALTER VIEW w.base ALTER name SET DEFAULT ''y''',
    'COMMENT ON VIEW w.base IS ''the base''',
    'COMMENT ON COLUMN w.base.name IS ''a name''',
    'CREATE TRIGGER base_insert INSTEAD OF INSERT ON w.base FOR EACH ROW EXECUTE FUNCTION w.touch(''a'', ''b'')',
    'CREATE RULE base_delete AS ON DELETE TO w.base DO INSTEAD DELETE FROM w.root WHERE id = old.id',
    'COMMENT ON RULE base_delete ON w.base IS ''deletes''',
    'CREATE VIEW w."Top View" AS SELECT b.id, b.name FROM w.base b',
    'CREATE MATERIALIZED VIEW w.stored AS SELECT mood, count(*) AS n FROM w.base GROUP BY mood WITH NO DATA',
    'CREATE UNIQUE INDEX stored_mood ON w.stored (mood)',
    'CREATE FUNCTION w.of_base(w.base) RETURNS text LANGUAGE sql AS ''SELECT $1.name''']
  LOOP
    IF forget IS NULL OR statement NOT LIKE forget THEN
      EXECUTE statement;
    END IF;
  END LOOP;
END $$;
CALL walk_test.rebuild();
SELECT walk_test.take('after');
SELECT * FROM walk_test.difference();

-- Forgetting one thing shows.
SELECT walk_test.changes(format('CALL walk_test.rebuild(%L)', forget)) FROM unnest(ARRAY[
  'GRANT SELECT%', 'GRANT UPDATE (name)%', '%SET DEFAULT%', 'COMMENT ON VIEW%', 'COMMENT ON COLUMN%',
  'CREATE TRIGGER%', 'CREATE RULE%', 'COMMENT ON RULE%', 'CREATE UNIQUE INDEX%', 'CREATE FUNCTION%'])
  WITH ORDINALITY AS f(forget, n) WHERE forget NOT IN ('CREATE RULE%') ORDER BY n;

-- Every alteration shows. (A walk that cannot see one is a hole: it says NOTHING SEEN.)
SELECT walk_test.changes(statement) FROM (VALUES
  (1, $$COMMENT ON SCHEMA w IS 'other'$$),
  (2, $$GRANT CREATE ON SCHEMA w TO walk_reader$$),
  (3, $$ALTER SCHEMA w OWNER TO walk_owner$$),
  (4, $$ALTER DEFAULT PRIVILEGES FOR ROLE walk_owner IN SCHEMA w GRANT INSERT ON TABLES TO walk_reader$$),
  (5, $$ALTER TYPE w.mood ADD VALUE 'great' AFTER 'sad'$$),
  (6, $$ALTER TYPE w.mood RENAME VALUE 'sad' TO 'blue'$$),
  (7, $$ALTER TYPE w.mood OWNER TO walk_owner$$),
  (8, $$GRANT USAGE ON TYPE w.mood TO walk_reader$$),
  (9, $$REVOKE USAGE ON TYPE w.mood FROM PUBLIC$$),
  (10, $$COMMENT ON TYPE w.mood IS 'moods'$$),
  (11, $$ALTER DOMAIN w.score SET DEFAULT 2$$),
  (12, $$ALTER DOMAIN w.score DROP NOT NULL$$),
  (13, $$ALTER DOMAIN w.score ADD CONSTRAINT small CHECK (VALUE < 9) NOT VALID$$),
  (14, $$ALTER DOMAIN w.score RENAME CONSTRAINT positive TO above_zero$$),
  (15, $$COMMENT ON CONSTRAINT positive ON DOMAIN w.score IS NULL$$),
  (16, $$ALTER TYPE w.floats RENAME TO singles$$),
  (17, $$ALTER FUNCTION w.floats(float8, float8) COST 7$$),
  (18, $$ALTER COLLATION w.bytes OWNER TO walk_owner$$),
  (19, $$ALTER SEQUENCE w.numbers CACHE 6$$),
  (20, $$ALTER SEQUENCE w.numbers AS int$$),
  (21, $$ALTER SEQUENCE w.numbers OWNED BY NONE$$),
  (22, $$GRANT USAGE ON SEQUENCE w.numbers TO walk_reader$$),
  (23, $$ALTER TABLE w.root ALTER id SET GENERATED BY DEFAULT$$),
  (24, $$ALTER TABLE w.root ALTER id SET INCREMENT 3$$),
  (25, $$ALTER TABLE w.root ALTER name SET DEFAULT 'z'$$),
  (26, $$ALTER TABLE w.root ALTER twice DROP EXPRESSION$$),
  (27, $$ALTER TABLE w.root ALTER name SET STORAGE EXTERNAL$$),
  (28, $$ALTER TABLE w.root ALTER name SET COMPRESSION pglz$$),
  (29, $$ALTER TABLE w.root ALTER name SET STATISTICS 100$$),
  (30, $$ALTER TABLE w.root ALTER name SET (n_distinct = -0.25)$$),
  (31, $$ALTER TABLE w.root ALTER name RESET (n_distinct)$$),
  (32, $$ALTER TABLE w.root SET (fillfactor = 70)$$),
  (33, $$ALTER TABLE w.root RESET (toast.autovacuum_enabled)$$),
  (34, $$ALTER TABLE w.typed SET UNLOGGED$$),
  (35, $$ALTER TABLE w.root SET WITHOUT CLUSTER$$),
  (36, $$ALTER TABLE w.root REPLICA IDENTITY FULL$$),
  (37, $$ALTER TABLE w.root FORCE ROW LEVEL SECURITY$$),
  (38, $$ALTER TABLE w.root DISABLE TRIGGER root_touch$$),
  (39, $$ALTER TABLE w.root ENABLE ALWAYS TRIGGER root_touch$$),
  (40, $$ALTER TABLE w.child DISABLE TRIGGER ALL$$),
  (41, $$ALTER TRIGGER root_touch ON w.root RENAME TO touch_root$$),
  (42, $$COMMENT ON TRIGGER root_touch ON w.root IS 'touches'$$),
  (43, $$ALTER TABLE w.root RENAME CONSTRAINT named TO has_name$$),
  (44, $$COMMENT ON CONSTRAINT named ON w.root IS 'has a name'$$),
  (45, $$ALTER TABLE w.root DROP CONSTRAINT apart, ADD CONSTRAINT apart EXCLUDE USING gist (span WITH &&) DEFERRABLE INITIALLY DEFERRED$$),
  (46, $$ALTER TABLE w.child ALTER CONSTRAINT child_root_fkey DEFERRABLE$$),
  (47, $$ALTER TABLE w.child NO INHERIT w.root$$),
  (48, $$ALTER INDEX w.root_mood SET (fillfactor = 60)$$),
  (49, $$ALTER INDEX w.root_mood ALTER COLUMN 2 SET STATISTICS 10$$),
  (50, $$COMMENT ON INDEX w.root_mood IS 'by mood'$$),
  (51, $$DROP INDEX w.root_mood; CREATE INDEX root_mood ON w.root USING btree (mood, lower(name)) INCLUDE (score) WHERE id > 0; ALTER INDEX w.root_mood ALTER COLUMN 2 SET STATISTICS 5$$),
  (52, $$ALTER STATISTICS w.root_stats SET STATISTICS 5$$),
  (53, $$COMMENT ON STATISTICS w.root_stats IS 'both'$$),
  (54, $$GRANT INSERT (mood) ON w.root TO walk_reader$$),
  (55, $$GRANT SELECT (ctid) ON w.root TO walk_reader$$),
  (56, $$GRANT SELECT ON w.root TO walk_reader$$),
  (57, $$COMMENT ON COLUMN w.root.mood IS 'a mood'$$),
  (58, $$ALTER TABLE w.part DETACH PARTITION w.part_1$$),
  (59, $$ALTER TABLE w.part DETACH PARTITION w.part_rest$$),
  (60, $$ALTER TABLE w.part_1 DISABLE TRIGGER part_touch$$),
  (61, $$ALTER TABLE w.typed NOT OF$$),
  (62, $$ALTER FOREIGN TABLE w.far OPTIONS (SET tab 'near')$$),
  (63, $$ALTER FOREIGN TABLE w.far ALTER id OPTIONS (SET col 'two')$$),
  (64, $$ALTER FUNCTION w.plus VOLATILE$$),
  (65, $$ALTER FUNCTION w.plus STRICT$$),
  (66, $$ALTER FUNCTION w.plus SECURITY DEFINER$$),
  (67, $$ALTER FUNCTION w.plus PARALLEL SAFE$$),
  (68, $$ALTER FUNCTION w.atomic ROWS 1$$),
  (69, $$CREATE OR REPLACE FUNCTION w.plus(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b'$$),
  (70, $$CREATE OR REPLACE FUNCTION w.plus(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a+b'$$),
  (71, $$CREATE OR REPLACE FUNCTION w.atomic(a int) RETURNS SETOF w.pair LANGUAGE sql SET work_mem = '1MB' SET datestyle = 'ISO' BEGIN ATOMIC SELECT r.id, r.name FROM w.root r WHERE r.id < a; END$$),
  (72, $$ALTER FUNCTION w.atomic SET work_mem = '2MB'$$),
  (73, $$ALTER FUNCTION w.atomic RESET ALL$$),
  (74, $$ALTER PROCEDURE w.work OWNER TO walk_owner$$),
  (75, $$REVOKE EXECUTE ON PROCEDURE w.work FROM PUBLIC$$),
  (76, $$COMMENT ON FUNCTION w.plus IS 'adds'$$),
  (77, $$COMMENT ON AGGREGATE w.total(int) IS 'sums'$$),
  (78, $$CREATE OR REPLACE AGGREGATE w.total(int) (SFUNC = w.plus, STYPE = int, INITCOND = '1')$$),
  (79, $$ALTER OPERATOR w.### (int, int) OWNER TO walk_owner$$),
  (80, $$ALTER OPERATOR FAMILY w.family USING btree ADD OPERATOR 1 < (int, bigint)$$),
  (81, $$DROP CAST (w.mood AS int); CREATE CAST (w.mood AS int) WITH FUNCTION w.mood_int(w.mood)$$),
  (82, $$COMMENT ON CAST (w.mood AS int) IS 'as int'$$),
  (83, $$ALTER TEXT SEARCH CONFIGURATION w.english DROP MAPPING FOR email$$),
  (84, $$ALTER TEXT SEARCH DICTIONARY w.stems (StopWords = english)$$),
  (85, $$CREATE OR REPLACE VIEW w.base WITH (security_barrier) AS SELECT id, name, mood FROM w.root WHERE id > 1$$),
  (86, $$ALTER VIEW w.base RESET (security_barrier)$$),
  (87, $$ALTER VIEW w.base SET (check_option = local)$$),
  (88, $$ALTER VIEW w.base OWNER TO walk_reader$$),
  (89, $$ALTER VIEW w.base ALTER name DROP DEFAULT$$),
  (90, $$REVOKE GRANT OPTION FOR SELECT ON w.base FROM walk_reader$$),
  (91, $$SET ROLE walk_reader; GRANT SELECT ON w.base TO "walk Other"; RESET ROLE$$),
  (92, $$CREATE OR REPLACE RULE base_delete AS ON DELETE TO w.base DO INSTEAD DELETE FROM w.root WHERE id = old.id + 1$$),
  (93, $$CREATE OR REPLACE RULE base_delete AS ON DELETE TO w.base WHERE old.id > 1 DO INSTEAD DELETE FROM w.root WHERE id = old.id$$),
  (94, $$ALTER RULE base_delete ON w.base RENAME TO base_remove$$),
  (95, $$ALTER VIEW w."Top View" RENAME COLUMN name TO label$$),
  (96, $$GRANT SELECT ON w.root TO walk_owner; GRANT USAGE ON SCHEMA w TO walk_owner; REFRESH MATERIALIZED VIEW w.stored$$),
  (97, $$ALTER MATERIALIZED VIEW w.stored SET (autovacuum_enabled = off)$$),
  (98, $$ALTER MATERIALIZED VIEW w.stored CLUSTER ON stored_mood$$),
  (99, $$ALTER POLICY root_read ON w.root USING (id > 1)$$),
  (100, $$ALTER POLICY root_read ON w.root TO PUBLIC$$),
  (101, $$ALTER POLICY root_read ON w.root RENAME TO reading$$),
  (102, $$COMMENT ON POLICY root_read ON w.root IS 'reads'$$),
  (103, $$ALTER PUBLICATION walk_pub SET TABLE w.root (id, name) WHERE (id > 1)$$),
  (104, $$ALTER PUBLICATION walk_pub SET TABLE w.root (id, mood) WHERE (id > 0)$$),
  (105, $$ALTER PUBLICATION walk_pub ADD TABLE w.part$$),
  (106, $$ALTER PUBLICATION walk_pub SET TABLES IN SCHEMA w$$),
  (107, $$ALTER FUNCTION w.touch DEPENDS ON EXTENSION plpgsql$$),
  (108, $$ALTER TRIGGER root_touch ON w.root DEPENDS ON EXTENSION plpgsql$$),
  (109, $$ALTER EXTENSION plpgsql ADD FUNCTION w.touch()$$),
  (110, $$SET allow_system_table_mods = on; INSERT INTO pg_seclabel VALUES ('w.root'::regclass, 'pg_class'::regclass, 2, 'some', 'secret')$$),
  (111, $$SET allow_system_table_mods = on; INSERT INTO pg_init_privs VALUES ('w.root'::regclass, 'pg_class'::regclass, 0, 'e', '{walk_reader=r/walk_owner}')$$)) AS s(n, statement) ORDER BY n;

SELECT walk_test.take('after');
SELECT * FROM walk_test.difference();

-- What the oracle refuses.
SELECT * FROM pgschema_catalog('{w,nowhere}');
SELECT * FROM pgschema_catalog('{w,NULL}');
SELECT count(*) FROM pgschema_catalog('{}');

-- An ordinary user sees the same, whoever owns what.
SELECT walk_test.take('before');
CREATE TABLE walk_test.mine AS SELECT * FROM walk_test.walk LIMIT 0;
GRANT ALL ON SCHEMA walk_test, public TO walk_reader;
GRANT ALL ON walk_test.mine TO walk_reader;
GRANT EXECUTE ON FUNCTION pgschema_catalog TO walk_reader;
SET ROLE walk_reader;
INSERT INTO walk_test.mine SELECT 'after', c.* FROM pgschema_catalog('{w}') c;
RESET ROLE;
DELETE FROM walk_test.walk WHERE moment = 'after';
INSERT INTO walk_test.walk SELECT * FROM walk_test.mine;
SELECT * FROM walk_test.difference();

-- Settings change nothing.
SELECT walk_test.take('before');
SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET quote_all_identifiers = on; SET search_path = w, public;
SELECT walk_test.take('after');
SELECT * FROM walk_test.difference();
RESET datestyle; RESET intervalstyle; RESET quote_all_identifiers; RESET search_path;

DROP SCHEMA w, walk_test CASCADE;
DROP PUBLICATION walk_pub;
DROP FOREIGN DATA WRAPPER walk_fdw CASCADE;
REVOKE ALL ON SCHEMA public FROM walk_reader;
REVOKE ALL ON FUNCTION pgschema_catalog FROM walk_reader;
DROP OWNED BY walk_owner, walk_reader, "walk Other";
DROP ROLE walk_owner, walk_reader, "walk Other";
