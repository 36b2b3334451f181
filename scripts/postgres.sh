# Sourced by test.sh: a private PostgreSQL for the time of one run, on a port and in a folder of its own.
# shellcheck shell=bash disable=SC2154 # target comes from lib.sh

# The server refuses root. As root we hand it to the account that its package made; a developer runs it as himself.
as_server_user() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  else
    runuser -u "$server_user" -- "$@"
  fi
}

# Sets postgres_url (server address with password). Fails (returns 1) with a reason when there is no server to be had.
start_postgres() {
  local bin port password initdb_log=$target/servers/initdb.log
  bin=$(postgres_bin)
  [ -n "$bin" ] || { say "PostgreSQL is not installed"; return 1; }
  server_user=postgres
  getent passwd postgres >/dev/null || server_user=nobody

  sweep_servers
  mkdir -p "$target/servers"
  postgres_folder=$(mktemp -d "$target/servers/postgres.XXXXXX")
  if [ "$(id -u)" -eq 0 ]; then
    chown "$server_user" "$postgres_folder"
    # A clone under a closed home folder cannot be reached by another account.
    if ! as_server_user test -w "$postgres_folder" 2>/dev/null; then
      rmdir "$postgres_folder"
      postgres_folder=$(mktemp -d "${TMPDIR:-/tmp}/aplomb-postgres.XXXXXX")
      chown "$server_user" "$postgres_folder"
    fi
  fi
  echo $$ >"$postgres_folder/owner"

  # From the account's own shell: it may not be allowed to read the folder that we stand in.
  password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  (
    cd /
    # shellcheck disable=SC2016 # the inner shell expands them
    as_server_user sh -c 'umask 077; printf %s "$2" >"$1/password"' sh "$postgres_folder" "$password"
    as_server_user "$bin/initdb" --pgdata="$postgres_folder/data" --username=aplomb --pwfile="$postgres_folder/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$initdb_log" 2>&1
  ) || { say "initdb failed: see $initdb_log"; return 1; }

  # Durability is switched off: the data lives for minutes, and the durability that we promise for SQLite has tests of its own.
  for _ in 1 2 3; do # another process may take the port first
    port=$(free_port)
    if (cd / && as_server_user "$bin/pg_ctl" start --wait --silent --pgdata="$postgres_folder/data" --log="$postgres_folder/log" \
      --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off" >/dev/null); then
      # shellcheck disable=SC2034 # read by test.sh
      postgres_url="postgres://aplomb:$password@127.0.0.1:$port/postgres"
      say "PostgreSQL $("$bin/postgres" --version | awk '{print $3}') on 127.0.0.1:$port, for this run only"
      return 0
    fi
  done
  say "PostgreSQL did not start:"
  tail -n 5 "$postgres_folder/log" >&2 || true
  return 1
}

stop_postgres() {
  [ -n "${postgres_folder:-}" ] && remove_server "$postgres_folder"
  postgres_folder=
}

# Stops the server of that folder, if it still runs, and removes the folder.
remove_server() {
  local pid
  pid=$(head -n1 "$1/data/postmaster.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && grep -qsF "$1/data" "/proc/$pid/cmdline"; then
    kill -INT "$pid" 2>/dev/null || true # PostgreSQL's "fast" shutdown: ends open sessions
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -QUIT "$pid" 2>/dev/null || true
  fi
  rm -rf "$1"
}

# Servers whose run was killed before it could stop them.
sweep_servers() {
  local folder
  for folder in "$target"/servers/postgres.* "${TMPDIR:-/tmp}"/aplomb-postgres.*; do
    [ -d "$folder" ] || continue
    # A folder of somebody else's run stays, also one in the moment before its owner is written.
    [ -O "$folder/owner" ] || continue
    kill -0 "$(cat "$folder/owner")" 2>/dev/null || remove_server "$folder"
  done
}
