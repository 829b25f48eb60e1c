package ton

import (
	"bytes"
	_ "embed"
)

// devConfig is the slim configuration of npm @ton/sandbox (parameters 0 to 31, MIT): real layouts, old fees.
//
//go:embed devconfig.boc
var devConfig []byte

// DevConfig returns a blockchain configuration, as a bag of cells, for local chains and tests. Its fees are older and
// higher than mainnet's.
func DevConfig() []byte { return bytes.Clone(devConfig) }
