#!/usr/bin/env bash
# make check: format, lints, documentation. Any warning is a failure.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain
if ! have cargo-fmt || ! have cargo-clippy; then
  fail "rustfmt or clippy is missing. With rustup: rustup component add rustfmt clippy"
fi

step "cargo fmt --check"
cargo fmt --all --check

step "cargo clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "cargo doc"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

if have shellcheck; then
  step "shellcheck"
  shellcheck scripts/*.sh scripts/pre-commit bench/http/*.sh .ci/run
else
  say "shellcheck is not installed (Debian package shellcheck): the scripts were not checked"
fi
