# Counting, and what is shown while counting. A count is one test case: a GoogleTest case, a file of
# test/sql, a spec, an assertion of a TAP program.

passed=0 failed=0 skipped=0

die() { echo "test/run: $*" >&2; exit 1; }

heading() { printf '\n== %s (PostgreSQL %s%s)\n' "$1" "$major" "${SAN:+, $SAN}"; }

# count PASSED FAILED SKIPPED
count() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    printf '   %s passed, %s failed, %s skipped\n' "$1" "$2" "$3"
}

# The last line of the run, which CI and people read; the exit status says the same. A run of no test at all
# is a failure: it is more likely a misspelt name than a wish.
closing_line() {
    printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
    exit
}

# chosen FILE...: those of the files that TESTS names, or all of them.
chosen() {
    local file name
    for file; do
        [ -e "$file" ] || continue
        name=$(basename "$file"); name=${name%.*}
        [ -z "${TESTS-}" ] || [[ " $TESTS " == *" $name "* ]] || continue
        echo "$file"
    done
}

# count_tap FILE STATUS: count the assertions in TAP output. A program that failed without a failed assertion
# (it died, or its plan was not kept) is one failure.
count_tap() {
    local ok not_ok skip
    read -r ok not_ok skip < <(awk '
        /^ok .*# [Ss][Kk][Ii][Pp]/ { skip++; next }
        /^ok /                    { ok++ }
        /^not ok .*# TODO/        { skip++; next }
        /^not ok /                { bad++ }
        /^1\.\.0 .*[Ss][Kk][Ii][Pp]/  { skip++ }
        END { print ok + 0, bad + 0, skip + 0 }' "$1")
    [ "$2" = 0 ] || [ "$not_ok" != 0 ] || not_ok=1
    count "$ok" "$not_ok" "$skip"
}
