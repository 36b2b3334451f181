#!/usr/bin/env bash
# Generated requests against every documented route: no 5xx, no undocumented answer. Exit 0: nothing found, 1: findings or the
# server failed, 77: the tool cannot be had here. SEED and SECONDS_MAX change the run; the defaults are what CI uses.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

version=4.32.5
seed=${SEED:-20260101}
seconds=${SECONDS_MAX:-90}
binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server refuses names that it does not know
tool=$target/tools/schemathesis-$version

if [ ! -x "$tool/bin/schemathesis" ]; then
  have python3 || { say "python3 is missing: schemathesis was not run"; exit 77; }
  say "Installing schemathesis $version from PyPI into ${tool#"$root"/}"
  rm -rf "$tool"
  if ! { python3 -m venv "$tool" && "$tool/bin/python" -m pip install --quiet --retries 1 --timeout 30 "schemathesis==$version"; } >"$target/schemathesis-install.log" 2>&1; then
    tail -n 3 "$target/schemathesis-install.log" >&2
    rm -rf "$tool"
    say "schemathesis $version could not be installed (no PyPI?): not run"
    exit 77
  fi
fi

begin_work schemathesis

begin_server "$binary" "$work/data"

# A key that may do everything, so that the requests come past the door. Uploads and forms of recordings are what the tool cannot write,
# and a new file may hold any bytes or none (their own tests and scripts/tus.sh cover them); live streams do not end. A run of the
# proof would load the machine for minutes, and a report to be judged is Markdown: both have their own tests.
key=$("$binary" key create --data "$work/data" --name schemathesis --scopes '*' 2>>"$work/server.log")

# The run's own folder: the tool writes .hypothesis and its report beside itself. No stored failures: the seed decides alone.
status=0
(
  cd "$work"
  timeout "$((seconds + 60))" "$tool/bin/schemathesis" --no-color run "$url/api/openapi.json" \
    --header "Authorization: Bearer $key" --exclude-path-regex '^/api/v1/(uploads|events|objects$|proof/(run|import)|nightscan/(live|intake|recordings)$|jobs/[^/]+/events)' \
    --checks all --seed "$seed" --max-time "$seconds" --workers 2 --continue-on-failure \
    --generation-database none --request-timeout 10
) || status=$?

# A panic behind a caught 500 would show above; one in a background task shows only here.
if grep -n "panicked at" "$work/server.log" >&2; then
  fail "the server panicked during the run (lines above)"
fi
kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/server.log" >&2; fail "the server ended during the run"; }
[ "$status" -eq 0 ] || fail "schemathesis found faults (exit $status). Again: SEED=$seed scripts/schemathesis.sh"
