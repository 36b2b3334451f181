# Sourced by test.sh: a private Redis for the time of one run, on a port and in a folder of its own, keeping nothing.
# shellcheck shell=bash disable=SC2154 # target comes from lib.sh

# Sets redis_url. Fails (returns 1) with a reason when there is no server to be had.
start_redis() {
  local port folder
  have redis-server || { say "Redis is not installed"; return 1; }
  sweep_redis
  mkdir -p "$target/servers"
  folder=$(mktemp -d "$target/servers/redis.XXXXXX")
  redis_folder=$folder
  echo $$ >"$folder/owner"
  for _ in 1 2 3; do # another process may take the port first
    port=$(free_port)
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder" --logfile "$folder/log" \
      --maxmemory 256mb --pidfile "$folder/pid" >/dev/null 2>&1 &
    redis_pid=$!
    for _ in $(seq 100); do
      kill -0 "$redis_pid" 2>/dev/null || break
      if redis_answers "$port"; then
        # shellcheck disable=SC2034 # read by test.sh
        redis_url="redis://127.0.0.1:$port"
        say "Redis $(redis-server --version | sed -n 's/.* v=\([^ ]*\).*/\1/p') on 127.0.0.1:$port, for this run only"
        return 0
      fi
      sleep 0.1
    done
    stop_process "$redis_pid"
  done
  say "Redis did not start:"
  tail -n 5 "$folder/log" >&2 || true
  stop_redis
  return 1
}

# Whether it is a Redis that answers there, without needing redis-cli.
redis_answers() {
  local line
  line=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 0
    printf 'PING\r\n' >&3
    read -r -t 5 line <&3 && echo "$line"
  ) || true
  [[ $line == +PONG* ]]
}

stop_redis() {
  [ -z "${redis_pid:-}" ] || stop_process "$redis_pid"
  [ -z "${redis_folder:-}" ] || rm -rf "$redis_folder"
  redis_pid=
  redis_folder=
}

# Servers whose run was killed before it could stop them.
sweep_redis() {
  local folder pid
  for folder in "$target"/servers/redis.*; do
    # A folder of somebody else's run stays, also one in the moment before its owner is written.
    [ -O "$folder/owner" ] || continue
    kill -0 "$(cat "$folder/owner")" 2>/dev/null && continue
    pid=$(cat "$folder/pid" 2>/dev/null || true)
    if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$folder" ]; then
      kill -KILL "$pid" 2>/dev/null || true # it keeps nothing
      sleep 0.2
    fi
    rm -rf "$folder"
  done
}
