#!/usr/bin/env bash
# make run: builds the binary and starts it with nothing configured. ARGS is handed on to `aplomb serve`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain

# Silent when nothing changed since the last build; cargo still has the last word.
binary=$target/debug/aplomb
quiet=
if [ -x "$binary" ] && [ -z "$(find crates Cargo.toml Cargo.lock -newer "$binary" -type f | head -n1)" ]; then
  quiet=yes
fi
build_aplomb ${quiet:+--quiet}

# With arguments of its own the server says for itself where it listens.
[ -n "${ARGS:-}" ] || say "Aplomb: http://localhost:8080  data: ./aplomb-data  stop: Ctrl-C"
# shellcheck disable=SC2086 # ARGS is a list of words
exec "$binary" serve ${ARGS:-}
