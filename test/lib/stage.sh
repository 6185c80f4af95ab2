# The build, a staged copy of the extension, and a configuration with which a server finds it.

pg_config=${PG_CONFIG:-pg_config}
major=$("$pg_config" --version 2>/dev/null | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
jobs=$(nproc)

# Servers do not run as root.
as_user=()
if [ "$(id -u)" = 0 ]; then
    server_user=nobody
    if id postgres >/dev/null 2>&1; then server_user=postgres; fi
    as_user=(runuser -u "$server_user" --)
fi

build_and_stage() {
    # build/deps may just have installed the server.
    major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    bindir=$("$pg_config" --bindir)
    pgxs_test=$(dirname "$("$pg_config" --pgxs)")/../test
    out=out/$major${SAN:+-${SAN//,/-}}

    # In memory when there is room: most of the time of these tests is creating and dropping files.
    local base=${TMPDIR:-/tmp}
    if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 2000000 ]; then base=/dev/shm; fi
    work=$(mktemp -d "$base/pgschema_test_XXXXXX")
    trap clean_up EXIT
    chmod 755 "$work"

    # Unit tests alone need no module: they run while it does not link.
    local groups=" ${ONLY:-unit symbols regress isolation tap door faults matrix} " programs=()
    [[ $groups == " unit " ]] || programs+=(install)
    [[ $groups != *" unit "* ]] || ! compgen -G 'test/unit/*.cpp' >/dev/null || programs+=("$out/unit-tests")
    [[ $groups != *" door "* ]] || programs+=("$out/door.so")
    [[ $groups != *" matrix "* ]] || programs+=("$out/matrix")
    [[ $groups != *" faults "* ]] || programs+=("$out/faults/pgschema.so")
    # One build at a time: two runs would write the same objects.
    mkdir -p "$out"
    (
        flock 9
        make -s -j"$jobs" PG_CONFIG="$pg_config" SAN="${SAN-}" WERROR="${WERROR-}" DESTDIR="$work/stage" \
            "${programs[@]}" >"$work/build.log"
    ) 9>"$out/lock" || die "the build failed"
    [ ! -e "$out/door.so" ] || cp "$out/door.so" "$work"/

    # Whatever a server or a test program reads is copied: the servers' user may not be able to enter the tree.
    configuration "$work/stage" > "$work/server.conf"
    if [ -e "$out/faults/pgschema.so" ] && [ -d "$work/stage" ]; then
        cp -r "$work/stage" "$work/faults-stage"
        cp "$out/faults/pgschema.so" "$work/faults-stage$("$pg_config" --pkglibdir)/"
        configuration "$work/faults-stage" > "$work/faults.conf"
    fi
    [ ${#as_user[@]} = 0 ] || chown -R "$server_user" "$work"

    # The sanitizer's library has to be there before everything else, in programs that know nothing of it. It
    # looks for __cxa_throw at once, so the C++ library goes along. Leaks are the server's way of life.
    preload=
    if [[ ${SAN-} == *address* ]]; then
        preload="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)"
    fi
    export SAN=${SAN-}
    export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:abort_on_error=1

    # No setting of the caller's may decide what a test sees.
    unset "${!PG@}"
    export LC_ALL=C.UTF-8 TZ=UTC
}

# run_in FOLDER COMMAND...: as the servers' user, in a folder of its own, with the sanitizer preloaded into
# whatever is started.
run_in() {
    local folder=$1; shift
    (cd "$folder" && "${as_user[@]}" env HOME="$folder" PATH="$bindir:$PATH" ${preload:+LD_PRELOAD="$preload"} "$@" </dev/null)
}

# own FOLDER: make it the servers' user's.
own() { [ ${#as_user[@]} = 0 ] || chown -R "$server_user" "$1"; }

# configuration STAGE: of a server that finds the extension there.
configuration() {
    cat test/lib/server.conf
    if [ "$major" -ge 18 ]; then
        printf "extension_control_path = '%s:\$system'\ndynamic_library_path = '%s:\$libdir'\n" \
            "$1$("$pg_config" --sharedir)" "$1$("$pg_config" --pkglibdir)"
    else
        printf "extension_destdir = '%s'\n" "$1"
    fi
}

clean_up() {
    # A server that outlived its test would live on when its folder is gone.
    local pidfile
    for pidfile in $(find "$work" -name postmaster.pid 2>/dev/null); do
        kill -QUIT "$(head -1 "$pidfile")" 2>/dev/null
    done
    if [ -n "${KEEP-}" ]; then echo "test/run: kept $work" >&2; else rm -rf "$work"; fi
}
