# What tests/servers and tests/live share: reference servers as programs, asked with curl, stopped by process id.

examples=${CARGO_TARGET_DIR:-target}/debug/examples
dir=$(mktemp -d)
checks=0
# Everything that was started and has not been stopped.
declare -A running=()

clean_up() {
    for pid in "${!running[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect WHAT EXPECTED ACTUAL
expect() {
    [ "$2" = "$3" ] || fail "$server: $1"$'\n'"expected:"$'\n'"$2"$'\n'"got:"$'\n'"$3"
    checks=$((checks + 1))
}

# start NAME [ARGUMENT...]: starts an example on a free port and waits for its address. Sets `server_pid`, `log`, `url`
# and, with --admin, `admin`.
start() {
    log=$(mktemp "$dir/log.XXXXXX")
    local listen=(--listen 127.0.0.1:0)
    [[ " ${*:2} " != *" --listen "* ]] || listen=()
    "$examples/$1" "${listen[@]}" "${@:2}" >"$log" 2>&1 &
    server_pid=$!
    running[$server_pid]=$1
    for _ in $(seq 400); do
        url=$(sed -n 's/^listening on //p' "$log")
        admin=$(sed -n 's/^admin on //p' "$log")
        [ -z "$url" ] || return 0
        kill -0 "$server_pid" 2>/dev/null || fail "$1 ended: $(cat "$log")"
        sleep 0.05
    done
    fail "$1 does not listen: $(cat "$log")"
}

# stop [PID]: asks a server to end, which it has to do well, and within 20 s.
stop() {
    local pid=${1:-$server_pid}
    kill -TERM "$pid"
    for _ in $(seq 400); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    ! kill -0 "$pid" 2>/dev/null || fail "${running[$pid]} does not end after SIGTERM"
    wait "$pid" || fail "${running[$pid]} did not end well after SIGTERM"
    unset "running[$pid]"
}

# ask CURL_ARGUMENT...: the status, then every CORS and Vary header and Content-Length of a bodiless answer, sorted. Names
# are in lower case.
ask() {
    curl -sS --max-time 10 -H 'Expect:' -o "$dir/body" -D "$dir/head" "$@"
    head -1 "$dir/head" | cut -d' ' -f2
    tr -d '\r' <"$dir/head" | sed -E 's/^[^:]+:/\L&/' |
        grep -E '^(access-control-[a-z-]+:|vary:|content-length: 0$)' | sort || true
}
