# What whole schemas cost, by their size (bench/run, bench/README.md): tables.sql with so many tables.
#
#   measure_tables TABLES RUNS   loads a database of its own, notes times
#   report_tables TABLES         its rows

# One statement about the text in a file, with what came before and comes after it: about_text FILE SQL [BEFORE [AFTER]].
about_text() {
    printf '\\set text `cat %s`\n%s\n\\timing on\n\\o /dev/null\n%s\n\\o\n\\timing off\n%s\n' \
        "$1" "${3-}" "$2" "${4-}"
}

# timed DATABASE NAME SCRIPT: the time that psql printed; what else it printed goes to output.
timed() {
    sql "$1" -At > "$work/output" 2> "$work/errors" <<<"$3" || { cat "$work/errors" >&2; die "failed: $2"; }
    note "$2" "$(awk '/^Time: / { print $2 }' "$work/output")"
}

# Of the backend at hand: its peak, and what of that are shared buffers, in kB.
memory_sql="SELECT 'memory ' || (regexp_match(s, 'VmHWM:\s*(\d+)'))[1] || ' ' || (regexp_match(s, 'RssShmem:\s*(\d+)'))[1]
FROM pg_read_file('/proc/self/status') s;"
# Rows of catalogs that were written, by whoever. A plan takes back all that it writes.
written_sql="SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_sys_tables"

measure_tables() {
    local tables=$1 runs=$2 run db=t$1 plan="SELECT pgschema_plan(:'text', schemas => '{app}', format => 'summary');"
    local text=$work/$db.sql changed=$work/$db.changed.sql written
    sql postgres -c "CREATE DATABASE $db"
    sql $db -v tables="$tables" -f bench/tables.sql >/dev/null || die "$tables tables could not be loaded"
    sql $db -c 'CREATE EXTENSION pgschema' -c 'VACUUM (ANALYZE)'
    sql postgres -c CHECKPOINT
    sql $db -At -o "$text" -c "SELECT pgschema_dump('{app}')"
    # One column of one table.
    awk '!done && sub(/note text/, "note character varying(500)") { done = 1 } { print }' "$text" > "$changed"
    cmp -s "$text" "$changed" && die "no column to change"
    for run in $(seq "$runs"); do
        process $db.pg_dump "$bindir/pg_dump" -s $db
        timed $db $db.dump "$(printf "\\\\timing on\n\\\\o /dev/null\nSELECT pgschema_dump('{app}');")"
        timed $db $db.first "$(about_text "$text" "$plan" "" "$memory_sql")"
        awk '/^memory / { print $2 / 1024 }' "$work/output" >> "$work/times/$db.memory"
        awk '/^memory / { print ($2 - $3) / 1024 }' "$work/output" >> "$work/times/$db.private"
    done
    about_text "$text" "CALL pgschema_apply(:'text', schemas => '{app}');" | sql $db -At > /dev/null 2> "$work/errors" ||
        { cat "$work/errors" >&2; die "failed: apply"; }
    for run in $(seq "$runs"); do
        process $db.pg_dump "$bindir/pg_dump" -s $db
        written=$(sql $db -At -c "$written_sql")
        timed $db $db.settled "$(about_text "$text" "$plan" "SELECT pg_current_wal_insert_lsn() AS before \\gset" \
            "SELECT 'wal ' || pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :'before'); SELECT pg_stat_force_next_flush();")"
        awk '/^wal / { print $2 / 1024 }' "$work/output" >> "$work/times/$db.wal"
        echo $(($(sql $db -At -c "$written_sql") - written)) >> "$work/times/$db.rows"
        timed $db $db.changed "$(about_text "$changed" "$plan")"
    done
    sql postgres -c "DROP DATABASE $db"
}

# amount NAME TEXT [TARGET]: what is no time, and has no ratio.
amount() {
    local median least most verdict=
    read -r median least most < <(statistics "$1")
    if [ -n "${3-}" ]; then
        if awk -v m="$median" -v t="$3" 'BEGIN { exit !(m < t) }'; then
            verdict="< $3 ${green}met$plain"
        else
            verdict="< $3 ${red}not met$plain"
            missed=$((missed + 1))
        fi
    fi
    printf '   %-46s %9.2f %9.2f %9.2f %9s   %s\n' "$2" "$median" "$least" "$most" "" "$verdict" | sed 's/ *$//'
}

report_tables() {
    local db=t$1 first= memory=
    [ "$1" != 1000 ] || first=4
    [ "$1" != 5000 ] || memory=500
    read -r dump _ < <(statistics $db.pg_dump)
    printf '   %s tables\n' "$1"
    row $db.pg_dump "pg_dump -s"
    row $db.dump    "pgschema_dump" 0.3
    row $db.first   "pgschema_plan, first, of the schema's own text" $first
    row $db.settled "pgschema_plan, settled, without a change" 0.15
    row $db.changed "pgschema_plan, settled, one column changed" 0.2
    amount $db.memory  "first plan: peak memory of its backend, MB"
    amount $db.private "            without shared buffers, MB" $memory
    amount $db.wal     "settled plan: WAL, kB"
    amount $db.rows    "              dead rows in catalogs"
    printf '\n'
}
