#!/usr/bin/env bash
# Builds the console into web/dist, from which the binary takes it. Quiet when nothing changed. Exit 77: Node 20.19 or its packages
# cannot be had here; the binary then serves a plain page, and everything else works. CHECK=1 also checks types and runs its tests.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

cd web
if ! have node || ! have npm || ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  say "node 20.19 (with npm) is missing (Debian: apt install nodejs npm): the console is not built"
  exit 77
fi

mkdir -p "$target"
# The lock file says what is installed; npm writes its own copy of it when it is done.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "Installing what the console is built with into web/node_modules"
  if ! PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000 >"$target/web-install.log" 2>&1; then
    tail -n 3 "$target/web-install.log" >&2
    rm -rf node_modules
    say "The console's packages could not be installed (no package server?): it is not built"
    exit 77
  fi
fi

api=../crates/aplomb/tests/golden/openapi.json
if [ ! -e src/lib/api/schema.d.ts ] || [ "$api" -nt src/lib/api/schema.d.ts ]; then
  npm run --silent api >&2
fi

if [ "${CHECK:-}" = 1 ]; then
  npm run --silent check >&2
  npm run --silent test >&2
fi

# The binary is made anew when dist is: it changes only when what it is made of does.
newest=$(find src public build index.html vite.config.ts package-lock.json "$api" -type f -newer dist/index.html 2>/dev/null | head -n1 || true)
if [ ! -e dist/index.html ] || [ -n "$newest" ]; then
  npm run --silent build >"$target/web-build.log" 2>&1 || { tail -n 20 "$target/web-build.log" >&2; fail "the console could not be built"; }
fi
