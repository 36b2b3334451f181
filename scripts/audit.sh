#!/usr/bin/env bash
# make audit: licences, bans, sources and advisories of every dependency, then each fuzz target for a while.
# FUZZ_SECONDS (default 60) is the time of one target. TARGETS="mark …" fuzzes only those.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain
export PATH=$target/tools/bin:$PATH

# $1 crate, $2 version: built once, into the target folder, unless the machine has one of its own.
need_tool() {
  have "$1" && return
  say "Installing $1 $2 into ${target#"$root"/}/tools (a few minutes, once)"
  # Without optimisation: it builds three times faster and its own speed does not matter here.
  cargo install --quiet --locked --debug --version "$2" --root "$target/tools" --target-dir "$target/tools/build" "$1"
}

step "cargo deny"
need_tool cargo-deny 0.20.2
if cargo deny --log-level off fetch db >/dev/null 2>&1; then
  cargo deny --log-level warn check
else
  say "The advisory database cannot be reached: NOT CHECKED for known vulnerabilities. Licences, bans and sources are."
  cargo deny --log-level warn check licenses bans sources
fi

step "fuzz"
need_tool cargo-fuzz 0.13.2
# The sanitizer flags are unstable; this lets the stable compiler take them, for this build alone.
export RUSTC_BOOTSTRAP=1
# A folder of its own: fuzz/target would be a second world outside the one that is ignored and cached.
export CARGO_TARGET_DIR=$target/fuzz
mkdir -p "$target/fuzz/corpus" "$target/fuzz/crashes"

read -r -a targets <<<"${TARGETS:-$(cargo fuzz list | tr '\n' ' ')}"
[ ${#targets[@]} -gt 0 ] || fail "no fuzz targets found"
seconds=${FUZZ_SECONDS:-60}
crashed=()
for name in "${targets[@]}"; do
  step "fuzz $name, $seconds s"
  corpus=$target/fuzz/corpus/$name
  mkdir -p "$corpus"
  # Seeds that are worth keeping stand in fuzz/seeds/<target>; what a run finds stays in the target folder.
  seeds=()
  [ ! -d "fuzz/seeds/$name" ] || seeds=("fuzz/seeds/$name")
  cargo fuzz build "$name" 2>"$target/fuzz/build.log" || { tail -n 30 "$target/fuzz/build.log" >&2; fail "$name does not build"; }
  cargo fuzz run "$name" "$corpus" "${seeds[@]}" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$target/fuzz/crashes/$name-" >"$target/fuzz/$name.log" 2>&1 || crashed+=("$name")
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$target/fuzz/$name.log" >&2 || true
  if [[ " ${crashed[*]} " == *" $name "* ]]; then
    grep -E -A2 'panicked at|ERROR:|SUMMARY:|^Test unit written' "$target/fuzz/$name.log" >&2 || tail -n 20 "$target/fuzz/$name.log" >&2
  fi
done

[ ${#crashed[@]} -eq 0 ] || fail "crashed: ${crashed[*]}. The inputs are in ${target#"$root"/}/fuzz/crashes; again: TARGETS=${crashed[0]} make audit"
say "All fuzz targets ran without a crash: ${targets[*]}"
