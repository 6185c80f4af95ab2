# A private server with pgschema, in a temporary folder. For demo/run and bench/run, from the top folder.
#
#   start_server [SETTING...]   build and stage pgschema, make a cluster, start it; sets work, bindir, major
#                               and what libpq needs. The server runs as an ordinary user, knows no network,
#                               and goes away with the script, unless KEEP is set.
#   load_database NAME          the database of schema.sql and data.sql, with the extension in it
#   sql DB [ARG...]             psql without any habits: stops at the first error
#   die MESSAGE
#
#   STAGE      a `make install DESTDIR=…` tree to use, instead of building one
#   PG_CONFIG  the server's pg_config

pg_config=${PG_CONFIG:-pg_config}
work= started=

die() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

clean_up() {
    local status=$?
    set +e
    trap '' INT TERM HUP
    [ -n "$work" ] || exit $status
    if [ -n "${KEEP-}" ] && [ -n "$started" ]; then
        printf '\n   The server is still there:\n\n      %s/psql -h %s -U postgres demo\n\n' "$bindir" "$work"
        printf '   and goes away with:\n\n      kill -INT %s; sleep 1; rm -r %s\n\n' \
            "$(head -1 "$work/data/postmaster.pid")" "$work"
        exit $status
    fi
    [ -z "$started" ] || as_server "$bindir/pg_ctl" -D "$work/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$work"
    exit $status
}

# Servers do not run as root.
as_server() {
    if [ "$(id -u)" != 0 ]; then (cd "$work" && "$@"); return; fi
    local user=nobody
    if id postgres >/dev/null 2>&1; then user=postgres; fi
    (cd "$work" && runuser -u "$user" -- "$@")
}

# quietly COMMAND...: its output only if it fails.
quietly() { "$@" >"$work/output" 2>&1 </dev/null || { cat "$work/output" >&2; die "failed: $*"; }; }

build_stage() {
    local jobs folder
    jobs=$(nproc) folder=out/$major
    mkdir -p "$folder"
    echo "Building pgschema …"
    # One build at a time: two would write the same objects.
    (
        flock 9
        make -s -j"$jobs" PG_CONFIG="$pg_config" &&
        make -s PG_CONFIG="$pg_config" install DESTDIR="$1" >/dev/null
    ) 9>"$folder/lock" || die "the build failed"
    chmod -R a+rX "$1"
}

start_server() {
    bindir=$("$pg_config" --bindir) && major=$("$pg_config" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/') ||
        die "no pg_config (set PG_CONFIG)"
    work=$(mktemp -d "${TMPDIR:-/tmp}/pgschema_XXXXXX")
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # The folder is the server's user's, and others may connect.
    [ "$(id -u)" != 0 ] || chown "$(as_server id -un)" "$work"
    chmod 755 "$work"

    local stage=${STAGE-}
    if [ -z "$stage" ]; then
        stage=$work/stage
        mkdir "$stage"
        build_stage "$stage"
    fi
    stage=$(cd "$stage" && pwd)

    # No setting of the caller's may decide what is seen.
    unset PGDATABASE PGOPTIONS PGPORT PGSERVICE PGPASSWORD PGTZ PGDATESTYLE PGAPPNAME PGSSLMODE
    export PGHOST=$work PGUSER=postgres PGTZ=UTC PGCLIENTENCODING=UTF8 LC_ALL=C.UTF-8

    quietly as_server "$bindir/initdb" -D "$work/data" -U postgres -A trust --no-locale -E UTF8 --no-sync
    {
        printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$work'" "$@"
        if [ "$major" -ge 18 ]; then
            echo "extension_control_path = '$stage$("$pg_config" --sharedir):\$system'"
            echo "dynamic_library_path = '$stage$("$pg_config" --pkglibdir):\$libdir'"
        else
            echo "extension_destdir = '$stage'"
        fi
    } | as_server tee -a "$work/data/postgresql.conf" >/dev/null
    quietly as_server "$bindir/pg_ctl" -D "$work/data" -l "$work/log" -w start
    started=1
}

sql() { local db=$1; shift; "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -d "$db" "$@"; }

load_database() {
    sql postgres -c "CREATE DATABASE $1" &&
    sql "$1" -1 -f demo/schema.sql -f demo/data.sql >/dev/null &&
    sql "$1" -c 'CREATE EXTENSION pgschema' &&
    sql "$1" -c 'VACUUM (ANALYZE)' || die "the demo database could not be loaded"
}
