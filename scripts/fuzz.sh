#!/usr/bin/env bash
# Runs fuzz targets for a while, one after another: fuzz.sh [TIME [PATTERN]], a minute and every target by default.
#   scripts/fuzz.sh 1m 'Frame|KeygenMessage|SignMessage|Decode|ParseIntent'    what comes from peers and agents
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-1m}
pattern=${2:-.}

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' | grep -E "$pattern" || true); do
		echo "== $package $target"
		# Go would spend most of the time on making interesting inputs smaller, up to a minute for each.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s "$package"
	done
done
