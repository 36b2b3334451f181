# Sourced by the other scripts: where we are, how we speak, and the few questions that several of them ask.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
# CARGO_TARGET_DIR is honoured everywhere, so that a shared build folder keeps working.
export target=${CARGO_TARGET_DIR:-$root/target}

# Everything people read goes to standard error; standard output is for values.
say() { printf '%s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*" >&2; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# The Rust tools, new enough for this workspace, and the C compiler that SQLite is built with.
need_toolchain() {
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  have cargo || fail "cargo is not installed. Install Rust $wanted or newer (https://rustup.rs), then run this again."
  found=$(rustc --version | cut -d' ' -f2)
  if [ "$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n1)" != "$wanted" ]; then
    fail "Rust $found is too old, this workspace needs $wanted or newer. With rustup: rustup update stable"
  fi
  have "${CC:-cc}" || fail "a C compiler is missing (SQLite is compiled from source). On Debian or Ubuntu: apt install build-essential"
}

# Builds target/debug/aplomb; arguments go to cargo. Cargo unites the features of what is built together, and development
# dependencies widen them: the binary alone would be a second build of most of the tree beside that of the tests. Asking for one
# example of the workspace as well makes it the same build, so `make test` after `make run` compiles only what tests add.
build_aplomb() {
  cargo build --workspace --bin aplomb --example bare "$@"
}

# A TCP port on 127.0.0.1 that nobody listens on. Another process may take it before we do: callers check that theirs came up.
free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000)) # below the range from which the kernel picks client ports
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  fail "found no free port on 127.0.0.1"
}

# $1 HTTP address, $2 process that serves it, $3 seconds: waits until the address answers 200, or fails when the process ends.
wait_for_http() {
  local url=$1 pid=$2 deadline=$((SECONDS + $3))
  while ! http_ok "$url"; do
    kill -0 "$pid" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# 200 or not, without needing curl.
http_ok() {
  local rest=${1#http://} host port line
  host=${rest%%/*}
  port=${host##*:}
  line=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/${host%%:*}/$port" || exit 0
    printf 'GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "${rest#*/}" "$host" >&3
    read -r -t 5 line <&3 && echo "$line"
  ) || true
  [[ $line == "HTTP/1.1 200"* ]]
}

# Asks the process to end, waits ten seconds for it, then insists.
stop_process() {
  local pid=$1
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# $1 name: a scratch folder $work. At the script's end it goes, and with it the process in $server where one is named there.
begin_work() {
  mkdir -p "$target"
  work=$(mktemp -d "$target/$1.XXXXXX")
  server=
  trap end_work EXIT
  trap 'exit 130' INT TERM
}
end_work() {
  [ -z "$server" ] || stop_process "$server"
  rm -rf "$work"
}

# $1 binary, $2 data folder: starts it on a free port as $server, with the log in $work/server.log, and gives its address as $url.
# Limits are off, unless anonymous_per_minute says otherwise: a tool is one address that asks much more than a person.
begin_server() {
  local port
  port=$(free_port)
  url=http://127.0.0.1:$port
  APLOMB_LIMITS__ANONYMOUS_PER_MINUTE=${anonymous_per_minute:-0} "$1" serve --listen "127.0.0.1:$port" --data "$2" >"$work/server.log" 2>&1 &
  server=$!
  wait_for_http "$url/readyz" "$server" 30 || { tail -n 20 "$work/server.log" >&2; fail "the server did not become ready"; }
}
