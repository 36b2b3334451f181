#!/usr/bin/env bash
# Measures the command on sounds made here: speed on one core, memory for a long file, one spectrogram. ROUNDS and HOURS (of the long
# file) change how long it takes; APLOMB_BINARY and SOUNDS_BINARY measure with two binaries that exist already.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../../scripts
. "$(dirname "$0")/../../scripts/lib.sh"

have python3 || fail "python3 is missing. On Debian or Ubuntu: apt install python3"

# The command would take a name that begins like this for a setting.
aplomb=${APLOMB_BINARY:-} sounds=${SOUNDS_BINARY:-}
unset APLOMB_BINARY SOUNDS_BINARY

if [ -z "$aplomb" ] || [ -z "$sounds" ]; then
  need_toolchain
  cargo build --release --locked --workspace --bin aplomb --example sounds
fi

exec python3 bench/nightscan/measure.py \
  --aplomb "${aplomb:-$target/release/aplomb}" \
  --sounds "${sounds:-$target/release/examples/sounds}" \
  --rounds "${ROUNDS:-5}" --hours "${HOURS:-15}" \
  --json "$target/bench/nightscan.json"
