#!/usr/bin/env bash
# A million requests of 64 callers over a thousand wallets: no limit may be exceeded. A few minutes; race.sh [REQUESTS [WALLETS]].
set -euo pipefail
cd "$(dirname "$0")/.."
exec go test -count 1 -timeout 1h -v -run '^TestNoRaceExceedsALimit$' ./guard -requests "${1:-1000000}" -wallets "${2:-1000}"
