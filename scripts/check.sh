#!/usr/bin/env bash
# Style, static analysis, and the race detector on the packages that run goroutines.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l $(git ls-files --cached --others --exclude-standard '*.go'))
if [ -n "$unformatted" ]; then
	echo "check: gofmt would change:" >&2
	echo "$unformatted" >&2
	exit 1
fi
go mod verify >/dev/null
go vet ./...
go tool staticcheck ./...

concurrent=$(go list ./... | grep -E '/(p2p|store|tss|node|node/api|ton/chain|ton/devchain|test/e2e)$' || true)
if [ -n "$concurrent" ]; then
	go test -race -timeout 20m $concurrent
fi
