-- What stands on app.v_calls: depth, how much of what, and two names. Columns, row types and the like are
-- part of their objects.

WITH found AS (
    SELECT depth, regexp_replace(identity, '\(.*\)', '()') AS name,
           CASE object_type WHEN 'procedure' THEN 'function' WHEN 'aggregate' THEN 'function'
                            WHEN 'materialized view' THEN 'matview' ELSE object_type END AS kind
    FROM picture.closure
    WHERE object_type IN ('view', 'materialized view', 'function', 'procedure', 'aggregate', 'policy')
), counted AS (
    SELECT depth, kind, count(*) AS n,
           CASE WHEN count(*) = 1 THEN kind WHEN kind = 'policy' THEN 'policies' ELSE kind || 's' END AS kinds
    FROM found
    GROUP BY depth, kind
), named AS (
    SELECT depth, (array_agg(name ORDER BY kind = 'view' DESC, name)) AS names
    FROM found
    GROUP BY depth
)
SELECT depth,
       string_agg(format('%s %s', n, kinds), ', '
                  ORDER BY array_position(ARRAY['view', 'matview', 'function'], kind), kind),
       array_to_string(names[1:2], ', ') || CASE WHEN cardinality(names) > 2 THEN ', …' ELSE '' END
FROM counted
JOIN named USING (depth)
GROUP BY depth, names
ORDER BY depth;
