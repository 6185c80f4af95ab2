-- How the catalog after the change differs from the catalog before, and which of it had to: whatever belongs
-- to app.v_calls itself, and the type of the columns that show prio above it, with their indexes.

CREATE VIEW picture.differences AS
WITH gone AS (
    TABLE picture.before_catalog EXCEPT ALL TABLE picture.after_catalog
), new AS (
    TABLE picture.after_catalog EXCEPT ALL TABLE picture.before_catalog
), pairs AS (
    SELECT object_type, identity, attribute, g.value AS before, n.value AS after,
           identity ~ '(^| on |\()app\.v_calls(\.|\)|$)' AS root
    FROM gone g
    FULL JOIN new n USING (object_type, identity, attribute)
)
SELECT *,
       root
       OR attribute ~ '^pg_attribute\.att(typid|len|align|byval|storage)$' AND identity ~ 'prio(_sum)?$'
       OR attribute ~ '^pg_index\.indclass' AS expected
FROM pairs;

CREATE VIEW picture.summary AS
SELECT count(*),
       CASE WHEN root THEN 'of app.v_calls' ELSE attribute END AS what,
       min(format('%s: %s, was %s', identity, coalesce(after, '-'), coalesce(before, '-')))
           FILTER (WHERE NOT root) AS example
FROM picture.differences
GROUP BY root, what
ORDER BY NOT root, what;
