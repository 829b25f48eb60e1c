#!/usr/bin/env bash
# Compiles the Tolk contracts (scripts/contracts/build.mjs lists them) with the pinned compiler, and takes the dev chain's
# tokens from the pinned package.
#   scripts/build-contracts.sh            writes the .boc files and prints the hashes to pin (ton/wallet_policy.go, and code.go beside the tokens)
#   scripts/build-contracts.sh --check    fails unless the committed ones are reproduced bit for bit
#   scripts/build-contracts.sh --test     replays the Go tests' messages in the C++ emulator (npm's @ton/sandbox)
# Needs Node.js 20 or newer and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "build-contracts: $tool is not installed" >&2
		exit 1
	fi
done
npm ci --prefix scripts/contracts --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

case "${1:-}" in
"" | --check)
	node scripts/contracts/build.mjs "$@"
	node scripts/contracts/assets.mjs "$@"
	;;
--test)
	cases=$(mktemp)
	trap 'rm -f "$cases"' EXIT
	go test -count=1 ./ton/contracts -cases "$cases" >/dev/null
	node scripts/contracts/test.mjs "$cases" ton/devconfig.boc
	;;
*)
	echo "build-contracts: unknown argument $1" >&2
	exit 2
	;;
esac
