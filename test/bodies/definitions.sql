-- What the body makes or changes itself, besides temporary tables.
SET search_path = app;

CREATE FUNCTION adds_a_column() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  ALTER TABLE units ADD COLUMN fresh int;            --> units
  UPDATE units SET fresh = 1 WHERE id = 2;           --> units
  UPDATE units SET name = 'x' WHERE id = 2;          --> units, units.name, units.id
  SELECT * INTO r FROM units;                        --> units
  PERFORM r.fresh;
  RETURN (SELECT gone FROM calls);                   --> calls --# column "gone" does not exist
END $$;

CREATE FUNCTION makes_things() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE TYPE made_type AS ENUM ('a');               --> unread
  CREATE DOMAIN made_domain AS int;                  --> unread
  CREATE SEQUENCE made_numbers;                      --> unread
  CREATE VIEW seen AS SELECT id FROM calls;          --> calls, calls.id
  CREATE SCHEMA made_schema;                         --> unread
  CREATE TABLE made_schema.made_table (a int);
  CREATE TABLE made_too (a int);
  CREATE FUNCTION made_function(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; --> unread
  ALTER TYPE mood ADD VALUE 'fine';                  --> unread
  PERFORM 'a'::made_type, 1::made_domain, nextval('made_numbers'), nextval('app.made_numbers');
  PERFORM made_function(1) FROM made_schema.made_table, seen, made_too;
  PERFORM 'fine'::mood;                              --> mood
  RETURN nothing(1);                                 --# function nothing(integer) does not exist
END $$;
