#!/usr/bin/env bash
# make run: builds the binary and starts it with nothing configured. ARGS is handed on to `aplomb serve`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain

# Silent when nothing changed since the last build; cargo still has the last word.
quiet=()
binary=$target/debug/aplomb
if [ -x "$binary" ] && [ -z "$(find crates Cargo.toml Cargo.lock -newer "$binary" -type f -print -quit)" ]; then
  quiet=(--quiet)
fi
build_aplomb "${quiet[@]}"

say "Aplomb: http://localhost:8080  data: ./aplomb-data  stop: Ctrl-C"
read -r -a arguments <<<"${ARGS:-}"
exec "$binary" serve "${arguments[@]}"
