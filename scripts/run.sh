#!/usr/bin/env bash
# make run: builds the console and the binary and starts it with nothing configured. ARGS is handed on to `aplomb serve`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain

# Without Node everything else works, and the start page is a plain one.
scripts/web.sh || [ $? -eq 77 ] || exit 1

# Silent when nothing changed since the last build; cargo still has the last word.
binary=$target/debug/aplomb
quiet=
if [ -x "$binary" ] && [ -z "$(find crates Cargo.toml Cargo.lock web/dist -newer "$binary" -type f 2>/dev/null | head -n1)" ]; then
  quiet=yes
fi
build_aplomb ${quiet:+--quiet}

# With arguments of its own the server says for itself where it listens.
[ -n "${ARGS:-}" ] || say "Aplomb: http://localhost:8080  data: ./aplomb-data  stop: Ctrl-C"
# shellcheck disable=SC2086 # ARGS is a list of words
exec "$binary" serve ${ARGS:-}
