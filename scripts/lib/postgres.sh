# A PostgreSQL server of our own, for tests that compare with it; sourced, not run. It listens on a socket in a folder of
# its own only, and keeps nothing.

# start_postgres: sets and exports SWIFT_OMERO_POSTGRES, which is how to connect. Where there is no PostgreSQL and none
# can be installed, it says so, and the variable stays unset.
start_postgres() {
    local programs=() as=() second
    # In run level 1 Debian's package doesn't start a server of its own.
    if [ "$(id -u)" = 0 ] && command -v dpkg-query > /dev/null; then RUNLEVEL=1 need_apt postgresql; fi
    programs=(/usr/lib/postgresql/*/bin)
    if [ ! -x "${programs[-1]}/initdb" ]; then
        command -v initdb > /dev/null || { say "There is no PostgreSQL here: what compares with it is left out"; return 0; }
        programs=("$(dirname "$(command -v initdb)")")
    fi
    postgres_folder=$(mktemp -d)
    # PostgreSQL refuses to run as root.
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$postgres_folder"
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    (
        cd "$postgres_folder"
        "${as[@]}" "${programs[-1]}/initdb" -D data -U omero -A trust -E UTF8 --locale C.UTF-8 --no-sync > log 2>&1
    ) || { tail -n 5 "$postgres_folder/log" >&2; die "initdb failed"; }
    (
        cd "$postgres_folder"
        exec "${as[@]}" "${programs[-1]}/postgres" -D data -k "$postgres_folder" -c listen_addresses= -c fsync=off \
            -c synchronous_commit=off -c full_page_writes=off >> log 2>&1
    ) &
    postgres_pid=$!
    for ((second = 0; second < 30; second++)); do
        "${programs[-1]}/pg_isready" -q -h "$postgres_folder" && break
        kill -0 "$postgres_pid" 2> /dev/null || break
        sleep 1
    done
    "${programs[-1]}/pg_isready" -q -h "$postgres_folder" || {
        tail -n 5 "$postgres_folder/log" >&2
        stop_postgres
        die "PostgreSQL did not start"
    }
    export SWIFT_OMERO_POSTGRES="host=$postgres_folder user=omero"
    PATH=$PATH:${programs[-1]}
    say "PostgreSQL runs in $postgres_folder"
}

# stop_postgres: ends what start_postgres started, if it did.
stop_postgres() {
    [ -n "${postgres_pid:-}" ] || return 0
    kill -INT "$postgres_pid" 2> /dev/null || true
    wait "$postgres_pid" 2> /dev/null || true
    postgres_pid=
    rm -rf "$postgres_folder"
}
