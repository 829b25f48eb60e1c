#!/usr/bin/env bash
# Checks what the demo signed, every wallet version that package ton knows, and the dev chain, with an independent
# implementation of TON: npm's @ton/core, @ton/ton and @ton/sandbox.
#   scripts/crosscheck.sh [DEMO.json]    the output of `mpcctl demo --json`; made here if not given
# Needs Node.js 20 or newer and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "crosscheck: $tool is not installed" >&2
		exit 1
	fi
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
demo=${1:-$scratch/demo.json}
if [ $# -eq 0 ]; then
	go run ./cmd/mpcctl demo --json >"$demo"
fi

npm ci --prefix scripts/crosscheck --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
node scripts/crosscheck/crosscheck.mjs "$demo" ton/devconfig.boc

go test -count=1 ./ton -run '^TestCrosscheckFixture$' -fixture "$scratch/fixture.json" >/dev/null
node scripts/crosscheck/emulation.mjs "$scratch/fixture.json" ton/devconfig.boc
go test -count=1 ./ton/devchain/assets -run '^TestCrosscheckFixture$' -fixture "$scratch/tokens.json" >/dev/null
node scripts/crosscheck/emulation.mjs "$scratch/tokens.json" ton/devconfig.boc

go build -o "$scratch/devchain" ./test/devchain
node scripts/crosscheck/client.mjs "$scratch/devchain"
