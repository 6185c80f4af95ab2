# How the demonstration looks: headings, margins, ticks; colours only on a terminal.

bold= dim= green= red= yellow= plain=
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
fi
width=107
number=0 started_at=0 failed=0

microseconds() { echo "${EPOCHREALTIME/[.,]/}"; }

start_clock() { started_at=$(microseconds); }

# took [WHAT]: at the right edge, the time since start_clock.
took() {
    local us=$(($(microseconds) - started_at)) text
    printf -v text '%s%d.%02d s' "${1:+$1  }" $((us / 1000000)) $((us % 1000000 / 10000))
    printf '%s%*s%s\n' "$dim" "$width" "$text" "$plain"
}

heading() {
    number=$((number + 1))
    printf '\n\n%s%d  %s%s\n\n' "$bold" "$number" "$1" "$plain"
    start_clock
}

# say LINE...: with the margin; empty lines are empty.
say() { printf '   %s\n' "$@" | sed 's/^ *$//'; }
call() { printf '   %s%s%s\n\n' "$dim" "$1" "$plain"; }
margin() { sed 's/^/   /; s/ *$//'; }

# Long lines go on below, further in.
folded() { fold -s -w $((width - 6)) | sed '1s/^/   /; 2,$s/^/      /; s/ *$//'; }

# check TEXT COMMAND...: a tick if the command succeeds.
check() {
    local text=$1; shift
    if "$@"; then
        printf '   %s✓%s %s\n' "$green" "$plain" "$text"
    else
        printf '   %s✗ %s%s\n' "$red" "$text" "$plain"
        failed=$((failed + 1))
    fi
}

# SQL with the two changed columns in bold.
change_text() { sed -E "s/c\.prio::bigint AS prio,|c\.area_id,/$bold&$plain/" | margin; }

# The summary of a plan.
plan_text() {
    local headings='HAZARDS|CHANGES|REBUILT AS THEY WERE|LOCKS|NOT RUN|LEFT AS IT IS|POSSIBLE RENAME|VERIFIED'
    local hazards='data_loss|access|drift|breaking|body|rewrite|blocking|data_dependent'
    sed -E "s/^-- ($headings)/-- $bold\1$plain/; s/^(--   )($hazards)( |$)/\1$yellow\2$plain\3/" | margin
}

# A diff without context.
diff_text() { sed -E "s/^-.*/$red&$plain/; s/^\+.*/$green&$plain/" | sed 's/^/      /'; }
