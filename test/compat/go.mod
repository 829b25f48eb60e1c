module github.com/tonaiagent/mpcnode/test/compat

go 1.26

require github.com/xssnick/tonutils-go v1.16.0

require (
	filippo.io/edwards25519 v1.1.0 // indirect
	golang.org/x/crypto v0.45.0 // indirect
)
