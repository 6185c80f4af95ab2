-- A schema of :tables tables, each with ten columns, two indexes besides its key, a foreign key and a check; half as
-- many views and half as many functions. Nobody's schema, and nothing in it is empty of meaning to a planner.
CREATE SCHEMA app;
SET search_path = app;
SELECT format($$CREATE TABLE t%1$s (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id bigint, name text NOT NULL, state varchar(20) DEFAULT 'new',
  amount numeric(12,2) DEFAULT 0, taken_at timestamptz NOT NULL DEFAULT now(), note text, valid boolean NOT NULL DEFAULT true,
  tags text[], data jsonb DEFAULT '{}', CONSTRAINT t%1$s_amount CHECK (amount >= 0))$$, i)
FROM generate_series(1, :tables) i \gexec
SELECT format('CREATE INDEX t%1$s_name ON t%1$s (lower(name))', i) FROM generate_series(1, :tables) i \gexec
SELECT format('CREATE INDEX t%1$s_state ON t%1$s (state, taken_at DESC) WHERE valid', i)
FROM generate_series(1, :tables) i \gexec
SELECT format('ALTER TABLE t%s ADD FOREIGN KEY (parent_id) REFERENCES t%s ON DELETE CASCADE', i, greatest(1, i / 2))
FROM generate_series(1, :tables) i \gexec
SELECT format($$CREATE FUNCTION f%1$s(wanted bigint) RETURNS numeric STABLE LANGUAGE sql
  AS 'SELECT sum(amount) FROM app.t%1$s WHERE id = wanted'$$, i) FROM generate_series(1, :tables, 2) i \gexec
SELECT format($$CREATE VIEW v%1$s AS SELECT a.id, a.name, a.state, coalesce(a.amount, 0) AS amount, p.name AS parent
  FROM t%1$s a LEFT JOIN t%2$s p ON p.id = a.parent_id WHERE a.valid$$, i, greatest(1, i / 2))
FROM generate_series(1, :tables, 2) i \gexec
