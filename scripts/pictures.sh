#!/usr/bin/env bash
# Draws the pictures of README.md and README.fr.md into docs/pictures, with the built binary and nothing else. The same binary
# gives the same bytes: git shows a difference only where a drawing changed. APLOMB_BINARY names another binary.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
[ -x "$binary" ] || fail "$binary is not there: run 'make run' once, or name a binary with APLOMB_BINARY"
pictures=docs/pictures

# $1 file without extension, the rest goes to `aplomb luna mark`: one SVG for light pages and one for dark ones.
pair() {
  local file=$pictures/$1
  shift
  "$binary" luna mark "$@" --theme light -o "$file.svg"
  "$binary" luna mark "$@" --theme dark -o "$file-dark.svg"
}

rm -rf "$pictures"
mkdir -p "$pictures"

"$binary" luna sheet -o "$pictures/sheet.png"

pair northwind --name "Northwind" --generator crescent --variant serenity --lockup horizontal --size 96
pair cafe-zoe --name "Café Zoé" --generator petal --variant power --lockup horizontal --size 96
pair umbra --name "Umbra" --generator aperture --variant mystery --lockup horizontal --size 96
pair daybreak --name "Daybreak" --generator horizon --variant awakening --lockup horizontal --size 96

for family in crescent orbit lambda network halo tessera petal aperture horizon monogram; do
  pair "family-$family" --seed 7 --generator "$family" --variant serenity --size 96
done
for emotion in serenity power mystery awakening creative; do
  pair "emotion-$emotion" --seed 7 --generator halo --variant "$emotion" --size 96
done

say "$(find "$pictures" -type f | wc -l) files, $(du -bs "$pictures" | cut -f1) bytes in $pictures"
