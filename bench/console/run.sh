#!/usr/bin/env bash
# How quick the console is, in the system's Chromium against a real server on this machine: first content of each page, what an
# interaction costs on a list of 100,000 rows (ROWS), and how much a page jumps while live news come in. Prints a table.
#   APLOMB_BINARY=target/release/aplomb bench/console/run.sh
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

binary=$(realpath "${APLOMB_BINARY:-$target/release/aplomb}")
unset APLOMB_BINARY # the server would take it for a setting
[ -x "$binary" ] || fail "$binary is not there: cargo build --release --workspace --bin aplomb --example bare"
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} || fail "chromium is missing"
scripts/web.sh

begin_work bench-console
begin_server "$binary" "$work/data"
link=$(grep -o 'setup_[a-z0-9]*' "$work/server.log") || fail "the server printed no set-up link"
ADDRESS=$url SET_UP=$link CHROMIUM=$chromium ROWS=${ROWS:-100000} node bench/console/measure.mjs
