#!/usr/bin/env bash
# Writes crates/readiness/supply/licences.json, which `aplomb prove` and its bill of materials are made of, from `cargo metadata`.
# To be run whenever Cargo.lock changes; a test says so.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_toolchain
# The binary holds the list, so that it must be there for the build of the test that writes it.
list=crates/readiness/supply/licences.json
[ -s "$list" ] || echo '[]' >"$list"
UPDATE=1 cargo test --quiet --workspace --test it -- the_list_of_licences_is_what_cargo_says
say "$list is that of Cargo.lock now."
