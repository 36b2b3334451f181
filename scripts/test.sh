#!/usr/bin/env bash
# make test: what CI runs. Names and installs what is missing, starts a private PostgreSQL and Redis, runs `check`, all tests and
# schemathesis, stops what it started, and ends 0 only if all that could be run passed. STRICT=1: what could not be run fails too.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packages.sh"
. "$(dirname "$0")/postgres.sh"
. "$(dirname "$0")/redis.sh"
. "$(dirname "$0")/smtp.sh"

need_toolchain
skipped=()
trap 'stop_smtp; stop_postgres; stop_redis' EXIT
trap 'exit 130' INT TERM

step "packages"
ensure_packages postgresql redis-server libxml2-utils python3-venv shellcheck nodejs npm chromium
have xmllint || skipped+=("xmllint over every drawing (package libxml2-utils)")

step "PostgreSQL"
if start_postgres; then
  export APLOMB_TEST_POSTGRES=$postgres_url
else
  unset APLOMB_TEST_POSTGRES
  skipped+=("the tests of the data layer on PostgreSQL (package postgresql); on SQLite they ran")
fi

step "Redis"
if start_redis; then
  export APLOMB_TEST_REDIS=$redis_url
else
  unset APLOMB_TEST_REDIS
  skipped+=("the tests of limits and events shared by several instances (package redis-server)")
fi

step "mail server"
if start_smtp; then
  export APLOMB_TEST_SMTP=$smtp_folder
else
  unset APLOMB_TEST_SMTP
  skipped+=("mails by a real server, and webhook signatures by the reference library (needs python3-venv and PyPI)")
fi

step "console: types, tests, build, weight"
console=
status=0
CHECK=1 scripts/web.sh || status=$?
case $status in
  0)
    console=yes
    (cd web && node build/weight.mjs >&2)
    ;;
  77) skipped+=("the console (packages nodejs 20.19 and npm, and npm's package server)") ;;
  *) exit 1 ;;
esac

scripts/check.sh

step "cargo test"
cargo test --workspace --locked --no-fail-fast

step "schemathesis"
build_aplomb --locked --quiet
status=0
scripts/schemathesis.sh || status=$?
case $status in
  0) ;;
  77) skipped+=("schemathesis over the OpenAPI document (needs python3-venv and PyPI)") ;;
  *) exit 1 ;;
esac

step "tus-js-client"
status=0
scripts/tus.sh || status=$?
case $status in
  0) ;;
  77) skipped+=("the tus client of the browsers against the binary (packages nodejs npm, and npm's package server)") ;;
  *) exit 1 ;;
esac

step "account pages in Chromium"
status=0
scripts/pages.sh || status=$?
case $status in
  0) ;;
  77) skipped+=("the account pages in a real browser (packages nodejs 20, npm and chromium, and npm's package server)") ;;
  *) exit 1 ;;
esac

if [ -n "$console" ]; then
  step "console in Chromium"
  status=0
  scripts/console.sh || status=$?
  case $status in
    0) ;;
    77) skipped+=("the console in a real browser (package chromium)") ;;
    *) exit 1 ;;
  esac
fi

step "result"
say "All tests that could run here passed, in $((SECONDS / 60)) min $((SECONDS % 60)) s."
if [ ${#skipped[@]} -gt 0 ]; then
  say "NOT RUN:"
  printf '  - %s\n' "${skipped[@]}" >&2
  [ "${STRICT:-}" != 1 ] || fail "STRICT=1 and something was not run"
fi
