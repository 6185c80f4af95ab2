-- What there is in the two schemas: a line of text each. For demo/run.

WITH scope AS (
    SELECT oid AS schema FROM pg_namespace WHERE nspname IN ('app', 'reporting')
), relations AS (
    SELECT * FROM pg_class WHERE relnamespace IN (TABLE scope)
), granted AS (
    SELECT x.* FROM relations, aclexplode(relacl) x WHERE x.grantee <> relowner
    UNION ALL
    SELECT x.* FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid, aclexplode(a.attacl) x
    WHERE x.grantee <> relowner
    UNION ALL
    SELECT x.* FROM pg_proc, aclexplode(proacl) x
    WHERE pronamespace IN (TABLE scope) AND x.grantee <> proowner
), described AS (
    SELECT oid FROM relations
    UNION ALL SELECT oid FROM pg_proc WHERE pronamespace IN (TABLE scope)
    UNION ALL SELECT oid FROM pg_type WHERE typnamespace IN (TABLE scope)
    UNION ALL SELECT oid FROM pg_statistic_ext WHERE stxnamespace IN (TABLE scope)
    UNION ALL SELECT oid FROM pg_constraint WHERE connamespace IN (TABLE scope)
    UNION ALL SELECT t.oid FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid
    UNION ALL SELECT t.oid FROM pg_rewrite t JOIN relations r ON r.oid = t.ev_class
    UNION ALL SELECT t.oid FROM pg_policy t JOIN relations r ON r.oid = t.polrelid
), counts (kind, n) AS (
    SELECT CASE relkind WHEN 'r' THEN 'tables' WHEN 'v' THEN 'views' WHEN 'm' THEN 'materialized views'
                        WHEN 'i' THEN 'indexes' END, count(*)
    FROM relations WHERE relkind IN ('r', 'v', 'm', 'i') GROUP BY 1
    UNION ALL SELECT 'functions', count(*) FROM pg_proc WHERE pronamespace IN (TABLE scope)
    UNION ALL SELECT 'grants', count(*) FROM granted
    UNION ALL SELECT 'comments', count(*) FROM pg_description WHERE objoid IN (SELECT oid FROM described)
    UNION ALL SELECT 'triggers', count(*) FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid
              WHERE NOT tgisinternal
    UNION ALL SELECT 'rules', count(*) FROM pg_rewrite t JOIN relations r ON r.oid = t.ev_class
              WHERE rulename <> '_RETURN'
    UNION ALL SELECT 'policies', count(*) FROM pg_policy t JOIN relations r ON r.oid = t.polrelid
)
SELECT format('%s %s', n, kind) FROM counts
ORDER BY array_position(ARRAY['tables', 'views', 'materialized views', 'functions', 'indexes', 'triggers',
                              'rules', 'policies', 'grants', 'comments'], kind);
