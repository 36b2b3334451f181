#!/usr/bin/env bash
# Draws the marks of Aplomb and of its parts into web/, with the built binary: they are Luna's own work. The same binary gives the
# same bytes. APLOMB_BINARY names another binary.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server refuses variables that no setting has
[ -x "$binary" ] || fail "$binary is not there: run 'make run' once, or name a binary with APLOMB_BINARY"

# $1 file without extension, the rest goes to `aplomb luna mark`: one for light pages and one for dark ones.
pair() {
  local file=web/src/marks/$1
  shift
  "$binary" luna mark "$@" --size 32 --theme light -o "$file.svg"
  "$binary" luna mark "$@" --size 32 --theme dark -o "$file-dark.svg"
}

mkdir -p web/src/marks web/public/icons
aplomb=(--generator lambda --variant creative --name Aplomb --seed line)
pair aplomb "${aplomb[@]}"
pair nightscan --generator crescent --variant mystery --name NightScan
pair support --generator halo --variant serenity --name Support
pair crealia --generator aperture --variant creative --name Crealia
pair lightning --generator network --variant power --name Lightning
pair luna --generator crescent --variant serenity --name Luna
pair proof --generator horizon --variant awakening --name Proof

begin_work marks
"$binary" luna kit "${aplomb[@]}" -o "$work/kit.zip"
python3 -m zipfile -e "$work/kit.zip" "$work/kit"
cp "$work"/kit/favicon/{apple-touch-icon,icon-192,icon-512,icon-maskable-512}.png web/public/icons/
cp "$work/kit/favicon/favicon.svg" web/public/icons/icon.svg
say "$(find web/src/marks web/public/icons -type f | wc -l) marks and icons"
