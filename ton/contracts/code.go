package contracts

import (
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// code is the contract's, which package ton embeds and pins by its hash.
var code = ton.PolicyCode()

// Code returns the contract's code.
func Code() *cell.Cell { return code }

// CodeHash returns the hash by which an account is known to be a policy wallet.
func CodeHash() [32]byte { return [32]byte(code.HashKey()) }
