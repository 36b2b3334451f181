#!/usr/bin/env bash
# The account pages in a real browser (Chromium, driven by Playwright), in English and in French: set-up, sign-in, invitation,
# acceptance, a forgotten password. Pictures of each step go to target/pages/<language>, or below PICTURES.
# ONLY=fr tries one language. Exit 0: all is well, 1: not, 77: Node 20, Chromium or Playwright cannot be had here.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server would take it for a setting
pictures=${PICTURES:-$target/pages}
here=$root/e2e/pages

if ! have node || ! have npm || [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
  say "node 20 or npm is missing: the pages were not tried"
  exit 77
fi
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
  say "chromium is missing (Debian: apt install chromium): the pages were not tried"
  exit 77
fi
if [ ! -d "$here/node_modules/@playwright/test" ] || [ ! -d "$here/node_modules/axe-core" ]; then
  say "Installing Playwright into ${here#"$root"/}/node_modules"
  if ! (cd "$here" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000) >"$target/pages-install.log" 2>&1; then
    tail -n 3 "$target/pages-install.log" >&2
    rm -rf "$here/node_modules"
    say "Playwright could not be installed (no package server?): the pages were not tried"
    exit 77
  fi
fi

begin_work pages

# $1 language: a server of its own, since a first account is made once.
try() {
  local data=$work/$1 link report=$pictures/$1
  rm -rf "$report"
  mkdir -p "$report"
  begin_server "$binary" "$data"
  link=$(grep -o 'setup_[a-z0-9]*' "$work/server.log") || fail "the server printed no set-up link"
  step "pages in $1"
  (
    cd "$here"
    BINARY=$binary DATA=$data SPOKEN=$1 ADDRESS=$url SET_UP=$link REPORT=$report CHROMIUM=$chromium \
      MESSAGES=$root/crates/chassis/messages/pages timeout 300 npx playwright test >&2
  ) || { grep -n "ERROR" "$work/server.log" | tail -n 5 >&2; fail "the pages in $1 have faults (pictures: $report)"; }
  stop_process "$server"
  server=
}

[ -z "${ONLY:-}" ] || { try "$ONLY"; exit; }
try en
try fr
say "The pages work in English and in French; pictures: $pictures"
