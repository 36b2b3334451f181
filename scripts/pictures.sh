#!/usr/bin/env bash
# Draws the pictures of README.md and README.fr.md into docs/pictures, with the built binary. The same binary gives the same
# bytes: git shows a difference only where a drawing changed. The pictures of pages also need python3, chromium and Node, and
# differ a little with their versions and the moment; without them they stay as they are. APLOMB_BINARY names another binary.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

binary=${APLOMB_BINARY:-$target/debug/aplomb}
unset APLOMB_BINARY # the server refuses variables that no setting has
[ -x "$binary" ] || fail "$binary is not there: run 'make run' once, or name a binary with APLOMB_BINARY"
pictures=docs/pictures

# $1 file without extension, the rest goes to `aplomb luna mark`: one SVG for light pages and one for dark ones.
pair() {
  local file=$pictures/$1
  shift
  "$binary" luna mark "$@" --theme light -o "$file.svg"
  "$binary" luna mark "$@" --theme dark -o "$file-dark.svg"
}

# $1 file, $2 width and height, $3 address: a page as a browser shows it. The sandbox of chromium refuses root.
page() {
  local root_only=()
  [ "$(id -u)" -ne 0 ] || root_only=(--no-sandbox)
  chromium --headless "${root_only[@]}" --disable-gpu --hide-scrollbars --user-data-dir="$work/chromium" --window-size="$2" \
    --virtual-time-budget=3000 --screenshot="$work/page.png" "$3" >"$work/chromium.log" 2>&1 || true
  [ -s "$work/page.png" ] || { tail -n 5 "$work/chromium.log" >&2; fail "chromium made no picture of $3"; }
  mv "$work/page.png" "$pictures/$1.png"
}

begin_work pictures

mkdir -p "$pictures"
rm -f "$pictures"/*.svg "$pictures/sheet.png"

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

if have chromium && have python3; then
  "$binary" luna kit --name "Northwind" --generator crescent --variant serenity --lang en -o "$work/kit.zip"
  python3 -m zipfile -e "$work/kit.zip" "$work/kit"
  page style-guide 1000,1111 "file://$work/kit/style-guide.html"

  # Quick, whole: what cannot be verified here is part of the picture.
  say "Proving, for the picture of the report (two minutes)"
  "$binary" prove --data "$work/proof" --report "$work/proof.html" 2>"$work/proof.log" || true
  [ -s "$work/proof.html" ] || { tail -n 5 "$work/proof.log" >&2; fail "no report was written"; }
  page proof 1000,1200 "file://$work/proof.html"

  # The form shows itself only to who has the link, which a server without accounts prints.
  anonymous_per_minute=100 # a proof of a server without limits would say so
  begin_server "$binary" "$work/data"
  link=$(grep -o 'setup_[a-z0-9]*' "$work/server.log") || fail "the server printed no set-up link"
  page set-up 720,800 "$url/set-up?lang=en#$link"

  if scripts/web.sh; then
    say "Using the console, for its pictures (two minutes: a run of the proof is seen in them)"
    ADDRESS=$url SET_UP=$link CHROMIUM=$(command -v chromium) PICTURES=$pictures node scripts/pictures.mjs
  else
    say "the console was not built: its pictures stay as they are"
  fi
else
  say "chromium or python3 is missing: the pictures of pages stay as they are"
fi

say "$(find "$pictures" -type f | wc -l) files, $(du -bs "$pictures" | cut -f1) bytes in $pictures"
