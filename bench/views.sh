# What one view costs when so many stand on it (bench/run, bench/README.md).
#
#   measure_views VIEWS RUNS     loads a database of its own, notes times
#   report_views VIEWS           its rows

# A table, a view of it, and views over views: ten on each. Granted and commented, as views are.
views_sql='
CREATE SCHEMA app;
CREATE TABLE app.t (id bigint PRIMARY KEY, a int, note text);
CREATE VIEW app.root AS SELECT id, a, note FROM app.t;
SELECT format($$CREATE VIEW app.v%s AS SELECT id, a, note, a + %s AS b FROM app.%s; COMMENT ON VIEW app.v%s IS %L; GRANT SELECT ON app.v%s TO PUBLIC$$,
  i, i, CASE WHEN i <= 10 THEN $$root$$ ELSE $$v$$ || (i - 1) / 10 END, i, $$view $$ || i, i) FROM generate_series(1, :views) i \gexec
'
views_change='CREATE VIEW app.root AS SELECT id, a::bigint AS a, note FROM app.t'

measure_views() {
    local views=$1 runs=$2 run db=v$1
    sql postgres -c "CREATE DATABASE $db"
    sql $db -v views="$views" >/dev/null 2> "$work/errors" <<<"$views_sql" || { cat "$work/errors" >&2; die "$views views could not be loaded"; }
    sql $db -c 'CREATE EXTENSION pgschema' -c 'VACUUM (ANALYZE)'
    sql postgres -c CHECKPOINT
    for run in $(seq "$runs"); do
        process $db.pg_dump "$bindir/pg_dump" -s $db
        sql postgres -c "CREATE DATABASE copy TEMPLATE $db"
        sql copy -c 'SELECT' > /dev/null
        timed copy $db.plan "$(printf "\\\\timing on\n\\\\o /dev/null\nSELECT pgschema_plan('%s', format => 'summary');" "$views_change")"
        # What does not fit the server's lock table is refused before it starts: then that is what is reported.
        if timed_or_refused copy $db.apply "CALL pgschema_apply('$views_change', allow => '{all}');"; then
            [ "$(sql copy -Atc "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'app.v$views'::regclass AND attname = 'a'")" = bigint ] ||
                die "the change was not applied"
        fi
        sql postgres -c "DROP DATABASE copy"
    done
    sql postgres -c "DROP DATABASE $db"
}

timed_or_refused() {
    if sql "$1" -At > "$work/output" 2> "$work/errors" <<<"$(printf '\\timing on\n\\o /dev/null\n%s' "$3")"; then
        note "$2" "$(awk '/^Time: / { print $2 }' "$work/output")"
    else
        grep -q 'max_locks_per_transaction' "$work/errors" || { cat "$work/errors" >&2; die "failed: $2"; }
        awk '/ERROR|DETAIL|HINT/' "$work/errors" > "$work/refused.$2"
        return 1
    fi
}

report_views() {
    local db=v$1 target=
    [ "$1" != 1000 ] || target=2
    read -r dump _ < <(statistics $db.pg_dump)
    printf '   %s views on one that changes\n' "$1"
    row $db.pg_dump "pg_dump -s"
    row $db.plan "pgschema_plan, all of them rebuilt" $target
    if [ -e "$work/refused.$db.apply" ]; then
        sed 's/^/   pgschema_apply is refused before it starts: /' "$work/refused.$db.apply"
    else
        row $db.apply "pgschema_apply" $target
    fi
    printf '\n'
}
