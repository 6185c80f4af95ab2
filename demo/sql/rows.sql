-- How many rows each table and materialized view has, and a checksum of them.

CREATE TABLE picture.:table (relation text, populated boolean, rows bigint, checksum numeric);

SELECT format('INSERT INTO picture.%I SELECT %L, true, count(*), sum(hashtextextended(t::text, 0)) FROM %s t',
              :'table', oid::regclass, oid::regclass)
FROM pg_class
WHERE relkind IN ('r', 'm') AND relispopulated
  AND relnamespace::regnamespace::text IN ('app', 'reporting') \gexec

INSERT INTO picture.:table
SELECT oid::regclass, false
FROM pg_class
WHERE NOT relispopulated AND relnamespace::regnamespace::text IN ('app', 'reporting');
