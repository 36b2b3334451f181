#!/usr/bin/env bash
# Pairs the chassis with bare axum on the same routes, in one run. ROUNDS and SECONDS_A_ROUND change how long it takes;
# APLOMB_BINARY and BARE_BINARY measure two binaries that exist already.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../../scripts
. "$(dirname "$0")/../../scripts/lib.sh"

have wrk || fail "wrk, the load generator, is missing. On Debian or Ubuntu: apt install wrk"
have python3 || fail "python3 is missing. On Debian or Ubuntu: apt install python3"

# The servers would take a name that begins like this for a setting.
aplomb=${APLOMB_BINARY:-} bare=${BARE_BINARY:-}
unset APLOMB_BINARY BARE_BINARY

if [ -z "$aplomb" ] || [ -z "$bare" ]; then
  need_toolchain
  cargo build --release --locked --workspace --bin aplomb --example bare
fi

exec python3 bench/http/measure.py \
  --aplomb "${aplomb:-$target/release/aplomb}" \
  --bare "${bare:-$target/release/examples/bare}" \
  --rounds "${ROUNDS:-7}" --seconds "${SECONDS_A_ROUND:-4}" \
  --json "$target/bench/http.json"
