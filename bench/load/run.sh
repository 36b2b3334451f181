#!/usr/bin/env bash
# Pairs our load generator with wrk on a server of known latency, in one run. ROUNDS and SECONDS_A_ROUND change how long it takes;
# KNOWN_BINARY and LOAD_BINARY measure with two binaries that exist already.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../../scripts
. "$(dirname "$0")/../../scripts/lib.sh"

have wrk || fail "wrk, the other load generator, is missing. On Debian or Ubuntu: apt install wrk"
have python3 || fail "python3 is missing. On Debian or Ubuntu: apt install python3"

known=${KNOWN_BINARY:-} load=${LOAD_BINARY:-}
if [ -z "$known" ] || [ -z "$load" ]; then
  need_toolchain
  cargo build --release --locked --workspace --example known --example load
fi

exec python3 bench/load/measure.py \
  --known "${known:-$target/release/examples/known}" \
  --load "${load:-$target/release/examples/load}" \
  --rounds "${ROUNDS:-7}" --seconds "${SECONDS_A_ROUND:-8}" \
  --json "$target/bench/load.json"
