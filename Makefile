# Thin on purpose: each target is a script that can be read and run by itself.

.DEFAULT_GOAL := help
.PHONY: help run test check bench fmt audit hooks

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and start everything at http://localhost:8080, data in ./aplomb-data (ARGS="--listen …")
	@scripts/run.sh

test: ## everything CI runs: check, all tests on SQLite and PostgreSQL, schemathesis (YES=1: install without asking)
	@scripts/test.sh

check: ## format, lints and documentation, without tests
	@scripts/check.sh

bench: ## criterion benchmarks, then the chassis against bare axum over HTTP (release build)
	@scripts/bench.sh

fmt: ## format the code
	@cargo fmt --all

audit: ## licences, advisories and bans of all dependencies, then each fuzzer (FUZZ_SECONDS=60)
	@scripts/audit.sh

hooks: ## install the pre-commit hook: format and type check before each commit
	@scripts/hooks.sh
