# What the guard costs: DDL as a deployment has it, each statement by itself, with and without `record`. Sourced by bench/run.

# ddl_script: tables with their keys and indexes, columns that are added, views, functions, grants, comments.
ddl_script() {
    local i
    for i in $(seq 60); do
        cat <<SQL
CREATE TABLE guarded.t$i (id bigint PRIMARY KEY, a int, b text NOT NULL DEFAULT 'x', c numeric(10,2), at timestamptz DEFAULT now());
CREATE INDEX ON guarded.t$i (a);
ALTER TABLE guarded.t$i ADD COLUMN d int;
CREATE VIEW guarded.v$i AS SELECT id, a, b FROM guarded.t$i WHERE a > 0;
CREATE FUNCTION guarded.f$i(n int) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(id) FROM guarded.v$i WHERE a = n); END';
GRANT SELECT ON guarded.v$i TO PUBLIC;
COMMENT ON TABLE guarded.t$i IS 'number $i';
SQL
    done
}

# measure_ddl RUNS: databases of their own, so that both begin with nothing.
measure_ddl() {
    local run mode
    ddl_script > "$work/ddl.sql"
    for run in $(seq "$1"); do
        for mode in off record; do
            sql postgres -c "DROP DATABASE IF EXISTS ddl" -c "CREATE DATABASE ddl"
            sql ddl -q -c "CREATE EXTENSION pgschema" -c "CREATE SCHEMA guarded"
            [ $mode = off ] || sql ddl -q -c "SELECT pgschema_guard('{guarded}', 'record')" > /dev/null
            sql ddl -q -c CHECKPOINT
            process "ddl_$mode" sql ddl -q -f "$work/ddl.sql"
        done
    done
    sql postgres -c "DROP DATABASE ddl"
}

report_ddl() {
    printf '\n   %sDDL behind the guard: 420 statements, a transaction each%s\n\n' "$bold" "$plain"
    read -r dump _ < <(statistics ddl_off)
    row ddl_off    "without"
    row ddl_record "record, × that" 1.1
}
