# The groups of tests. Each counts its own, and shows what went wrong.

group_unit() {
    if [ ! -x "$out/unit-tests" ]; then echo "   no unit tests"; return; fi
    local log=$work/unit.log filter=* status
    # TESTS names a suite or a case here: "Directive" or "Directive.RenamedFrom".
    [ -z "${TESTS-}" ] || filter=$(printf ':%s:%s.*' $(for t in $TESTS; do echo "$t" "$t"; done))
    "$out/unit-tests" --gtest_filter="${filter#:}" > "$log" 2>&1; status=$?
    local ran ok bad skip
    ran=$(grep -c '^\[ RUN      \]' "$log")
    ok=$(grep -c '^\[       OK \]' "$log")
    skip=$(grep -c '^\[  SKIPPED \] .* ms)$' "$log")
    # A crash leaves a case that began and did not end.
    bad=$((ran - ok - skip))
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    [ "$bad" = 0 ] || grep -vE '^\[( RUN      |       OK |----------|==========)\]' "$log"
    count "$ok" "$bad" "$skip"
}

group_symbols() {
    local log=$work/symbols.log
    PG_CONFIG=$pg_config test/symbols "$out" > "$log"; local status=$?
    [ "$status" = 0 ] || cat "$log"
    count_tap "$log" "$status"
}

# regress_like NAME PROGRAM FILES...: pg_regress or its sister for specs, with a temporary server of its own.
# Answers and differences are left in out/<version>/NAME, where the next run finds nothing of an older one.
regress_like() {
    local name=$1 program=$2 folder=$work/$1 log=$work/$1.log results=$PWD/$out/$1; shift 2
    local tests=() file status
    for file; do file=$(basename "$file"); tests+=("${file%.*}"); done
    if [ ${#tests[@]} = 0 ]; then echo "   no tests"; return; fi
    mkdir -p "$folder/results"
    # A test that has no answer yet differs from an empty one; without a file pg_regress would stop there.
    for file in "${tests[@]}"; do
        compgen -G "$folder/expected/${file}*.out" >/dev/null || : > "$folder/expected/$file.out"
    done
    own "$folder"
    run_in "$folder" "$program" --temp-instance="$folder/instance" --temp-config="$work/server.conf" \
        --bindir="$bindir" --inputdir="$folder" --outputdir="$folder" --no-locale --encoding=UTF8 \
        --load-extension=pgschema --dbname=regression "${tests[@]}" > "$log" 2>&1; status=$?
    # Of its own report only the lines about tests, unless it could not run them.
    if [ "$status" -gt 1 ]; then cat "$log"; else grep -E '^(ok|not ok|test|parallel|     ) .*[0-9] ms' "$log"; fi
    rm -rf "$results"; mkdir -p "$results"
    cp "$folder"/results/*.out "$results"/ 2>/dev/null
    # 15 prints `test name ... ok`, 16 and later TAP.
    local ok skip
    ok=$(grep -cE '^(ok +[0-9]+|(test|    ) .* \.\.\. ok( |$))' "$log")
    skip=$(grep -cE '^ok +[0-9]+ .*# SKIP' "$log")
    local bad=$((${#tests[@]} - ok))
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    if [ "$bad" != 0 ]; then
        if [ -s "$folder/regression.diffs" ]; then
            cp "$folder/regression.diffs" "$results"/
            cat "$folder/regression.diffs"
        else
            # The server did not start, or went away.
            tail -v -n 40 "$folder"/log/*.log
        fi
        grep -hE 'was terminated by signal|runtime error:|ERROR: AddressSanitizer' -A 20 "$folder"/log/postmaster.log 2>/dev/null | head -60
    fi
    count $((ok - skip)) "$bad" "$skip"
}

group_regress() {
    local folder=$work/regress
    mkdir -p "$folder/expected"
    cp -r test/sql test/data "$folder"/ 2>/dev/null
    cp expected/*.out "$folder/expected"/ 2>/dev/null
    regress_like regress "$pgxs_test/regress/pg_regress" $(in_order $(chosen test/sql/*.sql))
    accept regress expected
}

group_isolation() {
    local folder=$work/isolation
    mkdir -p "$folder/expected"
    cp -r test/specs test/data "$folder"/ 2>/dev/null
    cp test/expected/*.out "$folder/expected"/ 2>/dev/null
    regress_like isolation "$pgxs_test/isolation/pg_isolation_regress" $(chosen test/specs/*.spec)
    accept isolation test/expected
}

# in_order FILES...: those that test/schedule names first, in its order.
in_order() {
    local name
    { for name in $(sed 's/#.*//' test/schedule 2>/dev/null); do printf '%s\n' "$@" | grep -x "test/sql/$name.sql"; done
      printf '%s\n' "$@"; } | awk 'NF && !seen[$0]++'
}

# accept NAME FOLDER: ACCEPT=1 makes each answer that fits none of the expected ones FOLDER/test.out;
# ACCEPT=_1 makes it the alternative FOLDER/test_1.out.
accept() {
    [ -n "${ACCEPT-}" ] || return 0
    local result name expected
    for result in "$work/$1"/results/*.out; do
        [ -e "$result" ] || continue
        name=$(basename "$result" .out)
        for expected in "$2/$name".out "$2/$name"_[0-9].out; do
            cmp -s "$result" "$expected" && continue 2
        done
        cp "$result" "$2/$name${ACCEPT#1}.out" && echo "   accepted $2/$name${ACCEPT#1}.out"
    done
}

# docs/matrix.md is what the TAP tests have recorded, where all of them ran, on the version that it is made on.
group_matrix() {
    if [ ! -d "$work/matrix" ] || [ -n "${TESTS-}" ] || [ "$major" != 15 ] || [ -n "${SAN-}" ]; then
        echo "   not looked at: that takes all TAP tests, on PostgreSQL 15"
        return
    fi
    cat "$work"/matrix/* | sort -u | "$out/matrix" > "$work/matrix.md"
    if [ -n "${ACCEPT-}" ]; then cp "$work/matrix.md" docs/matrix.md; fi
    if diff -u docs/matrix.md "$work/matrix.md"; then count 1 0 0; else count 0 1 0; fi
}

group_tap() { tap_like tap test/t; }
group_door() { tap_like door test/door; }
group_faults() { tap_like faults test/faults faults.conf; }

# tap_like NAME FOLDER [CONFIGURATION]: the TAP programs of a folder, a few at a time, each in a folder of its own.
tap_like() {
    local files file name folder status running=0
    files=$(chosen "$2"/*.pl)
    if [ -z "$files" ]; then echo "   no tests"; return; fi
    cp -r test/lib "$work/$1-lib"
    cp -r test/data test/fuzz/seeds test/bodies demo docs "$work"/ 2>/dev/null
    mkdir -p "$work/$1" "$work/matrix"; own "$work/$1"; own "$work/matrix"
    for file in $files; do
        name=$(basename "$file" .pl) folder=$work/$1/$(basename "$file" .pl)
        mkdir -p "$folder"; cp "$file" "$folder"/
        own "$folder"
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        {
            run_in "$folder" env TESTDIR="$folder" TESTDATADIR="$folder/tmp_check" TESTLOGDIR="$folder/tmp_check/log" \
                TEMP_CONFIG="$work/${3:-server.conf}" PG_REGRESS="$pgxs_test/regress/pg_regress" \
                PERL5LIB="$pgxs_test/perl:$work/$1-lib" TEST_DATA="$work/data" TEST_SEEDS="$work/seeds" TEST_DEMO="$work/demo" TEST_BODIES="$work/bodies" TEST_DOCS="$work/docs" TEST_MATRIX="$work/matrix" PG_TEST_TIMEOUT_DEFAULT="${PG_TEST_TIMEOUT_DEFAULT:-1400}" DOOR_MODULE="$work/door.so" \
                prove --verbose "$name.pl" > "$folder/log" 2>&1
            echo $? > "$folder/status"
        } &
    done
    wait
    for file in $files; do
        name=$(basename "$file" .pl) folder=$work/$1/$(basename "$file" .pl)
        status=$(cat "$folder/status" 2>/dev/null || echo 1)
        printf ' - %s\n' "$name"
        if [ "$status" != 0 ]; then
            grep -v '^ok ' "$folder/log" | cut -c 1-500
            { grep -h "ERROR: " "$folder/tmp_check/log/regress_log_$name"; tail -n 30 "$folder/tmp_check/log/regress_log_$name"; } 2>/dev/null | cut -c 1-500
            grep -hE 'was terminated by signal|runtime error:|ERROR: AddressSanitizer' -A 20 "$folder"/tmp_check/log/*.log 2>/dev/null | head -60
        fi
        count_tap "$folder/log" "$status"
    done
}
