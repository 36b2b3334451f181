#!/usr/bin/env bash
# make hooks: copies the pre-commit hook into this clone. A hook that somebody else put there is left alone.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

hook=$(git rev-parse --git-path hooks)/pre-commit
mkdir -p "$(dirname "$hook")"
if [ -e "$hook" ] && ! cmp -s scripts/pre-commit "$hook"; then
  if ! grep -q 'Runs before each commit (make hooks)' "$hook"; then
    fail "$hook exists and is not ours: move it away, or call scripts/pre-commit from it"
  fi
fi
# A copy, not a link: switching to a commit without the script must not break committing.
cp scripts/pre-commit "$hook"
chmod +x "$hook"
say "pre-commit hook installed: cargo fmt --check and cargo check (skip once with --no-verify)"
