-- An expression over a plan in JSON, read from a file.
\set read 'cat ' :file
\set document `:read`
SELECT :expression FROM (SELECT :'document'::json AS plan) p;
