#!/usr/bin/env bash
# The figures of README, measured: three real processes, syncs on. Run it on an idle machine. --json prints one object.
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./test/bench "$@"
