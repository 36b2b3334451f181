#!/usr/bin/env bash
# The console in a real browser (Chromium, driven by Playwright) against the real binary, in English and in French. Arguments go to
# Playwright: `scripts/console.sh stories/luna --project fr`. ADDRESS and STATE name a server that runs already (one of `npm run dev`, say)
# and a file with a sign-in. Pictures of faults: target/console, or REPORT. Exit 0: all is well, 1: not, 77: cannot be tried here.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server would take it for a setting
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
  say "chromium is missing (Debian: apt install chromium): the console was not tried"
  exit 77
fi
scripts/web.sh || exit $?
report=${REPORT:-$target/console}
begin_work console
link=
if [ -z "${ADDRESS:-}" ]; then
  grep -qs "id=\"console\"" web/dist/index.html || fail "web/dist is not built: scripts/web.sh"
  begin_server "$binary" "$work/data"
  ADDRESS=$url
  STATE=$work/state.json
  link=$(grep -o 'setup_[a-z0-9]*' "$work/server.log") || fail "the server printed no set-up link"
fi
cd web
if ! ADDRESS=$ADDRESS STATE=$STATE SET_UP=$link REPORT=$report CHROMIUM=$chromium BINARY=$binary DATA=$work/data \
  timeout 900 npx playwright test --config e2e "$@" >&2; then
  [ ! -e "$work/server.log" ] || grep -n '"ERROR"' "$work/server.log" | tail -n 5 >&2 || true
  fail "the console has faults (pictures: $report)"
fi
