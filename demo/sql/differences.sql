-- Tables and materialized views that have not the rows they had, or are filled where they were not.

CREATE VIEW picture.lost AS
SELECT count(*)
FROM picture.before_rows b
FULL JOIN picture.after_rows a USING (relation)
WHERE (a.populated, a.rows, a.checksum) IS DISTINCT FROM (b.populated, b.rows, b.checksum);
