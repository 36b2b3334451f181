#!/usr/bin/env bash
# The tus client of the browsers (tus-js-client, run by Node) against the built binary: a file is broken off and resumed, and
# what the server keeps is compared. Exit 0: equal, 1: not, 77: Node or the client cannot be had here.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server would take it for a setting
megabytes=${MEGABYTES:-20}
here=$root/e2e/tus

if ! have node || ! have npm; then
  say "node or npm is missing: tus-js-client was not run"
  exit 77
fi
if [ ! -d "$here/node_modules/tus-js-client" ]; then
  say "Installing tus-js-client into ${here#"$root"/}/node_modules"
  if ! (cd "$here" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000) >"$target/tus-install.log" 2>&1; then
    tail -n 3 "$target/tus-install.log" >&2
    rm -rf "$here/node_modules"
    say "tus-js-client could not be installed (no package server?): not run"
    exit 77
  fi
fi

begin_work tus

head -c "$((megabytes * 1000 * 1000))" /dev/urandom >"$work/file"
"$binary" migrate --data "$work/data" 2>"$work/key.log" || { cat "$work/key.log" >&2; fail "no database could be made"; }
key=$("$binary" key create --data "$work/data" --name tus --scopes 'objects:*' 2>"$work/key.log") || { cat "$work/key.log" >&2; fail "no key could be made"; }
APLOMB_OBJECTS__MINIMUM_FREE_BYTES=0 begin_server "$binary" "$work/data"

said=$(timeout 120 node "$here/upload.mjs" "$url/api/v1/uploads" "$key" "$work/file") || {
  tail -n 20 "$work/server.log" >&2
  fail "tus-js-client could not upload the file"
}
object=$(node -p 'JSON.parse(process.argv[1]).object' "$said")
node "$here/fetch.mjs" "$url/api/v1/objects/$object" "$key" "$work/kept"
cmp "$work/file" "$work/kept" || fail "the server keeps other bytes than were sent"
say "tus-js-client: $megabytes MB broken off, resumed, and kept as they were sent: $said"
