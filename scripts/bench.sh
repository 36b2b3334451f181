#!/usr/bin/env bash
# make bench: criterion over the drawing library and the chassis, then the chassis against bare axum over HTTP.
# A busy machine gives wide spreads: read the spread before the median.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packages.sh"

need_toolchain
ensure_packages wrk

step "criterion"
cargo bench --locked --package luna-drawing --package chassis

step "HTTP"
bench/http/run.sh
