#!/usr/bin/env bash
# The pictures of docs/report.md: `just pictures`. Simulates 401 networks the first time; the report's picture needs Chromium.
set -euo pipefail
folder="${1:-target/pictures}"
program="${HNN_SWEEP:-target/release/hnn-sweep}"

"$program" run scripts/pictures.toml --folder "$folder/sweep" --quiet
"$program" run scripts/pictures_csd.toml --folder "$folder/shank" --quiet
# In the place of a measured waveform: two waves of a reader's choice.
awk 'BEGIN { for (t = 0; t <= 170; t += 0.5) printf "%.1f\t%.6f\n", t, 0.011 * exp(-((t - 76) / 16) ^ 2) - 0.004 * exp(-((t - 46) / 9) ^ 2) }' >"$folder/measured.txt"

mkdir -p docs/figures
draw() {
    "$program" plot "$1" "$2" "${@:3}" --style screen -o "docs/figures/$2.svg"
}
for kind in dipoles map cells against simulation psd coordinates; do draw "$folder/sweep" "$kind"; done
draw "$folder/sweep" target --target "$folder/measured.txt"
draw "$folder/shank" csd

"$program" report "$folder/sweep" -o "$folder/report.html"
"${CHROMIUM:-chromium}" --headless --no-sandbox --hide-scrollbars --window-size=1500,1260 --virtual-time-budget=8000 --screenshot=docs/report.png "$folder/report.html" 2>/dev/null
