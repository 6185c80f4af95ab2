-- How the catalog after the change differs from the catalog before, and which of it had to: the text of
-- app.v_calls, its new column and the place of the next one; the type of the columns that show prio in what
-- stands on it, and in the index that has one.

CREATE VIEW picture.differences AS
WITH gone AS (
    TABLE picture.before_catalog EXCEPT ALL TABLE picture.after_catalog
), new AS (
    TABLE picture.after_catalog EXCEPT ALL TABLE picture.before_catalog
)
SELECT object_type, identity, attribute, g.value AS before, n.value AS after,
       CASE
           WHEN identity = 'app.v_calls.area_id' THEN 'the new column'
           WHEN identity = 'app.v_calls.area' AND attribute = 'pg_attribute.attnum' THEN 'the column after it'
           WHEN identity ~ '^"?_RETURN"? on app\.v_calls$' AND attribute ~ '^(pg_rewrite\.ev_action|pg_depend)$'
               THEN 'the text of app.v_calls'
           WHEN attribute ~ '^pg_attribute\.att(typid|len|align|byval|storage)$' AND identity ~ 'prio(_sum)?$'
               THEN 'the type of a column'
           WHEN attribute ~ '^pg_attribute\.att(typid|len|align)$' AND object_type = 'index column'
                AND identity = 'reporting.m_station_month_key.3'
               THEN 'the type of an index column'
           WHEN attribute ~ '^pg_index\.indclass' AND identity = 'reporting.m_station_month_key'
               THEN 'the type of an index column'
       END AS because
FROM gone g
FULL JOIN new n USING (object_type, identity, attribute);

CREATE VIEW picture.summary AS
SELECT count(*), coalesce(because, 'not expected'), attribute,
       min(format('%s: %s, was %s', identity, coalesce(after, '-'), coalesce(before, '-')))
           FILTER (WHERE attribute ~ 'att(typid|num)$|indclass') AS example
FROM picture.differences
GROUP BY because, attribute
ORDER BY because, attribute;
