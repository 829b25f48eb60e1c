package contracts

import (
	_ "embed"
	"encoding/hex"
	"fmt"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHash is the representation hash of the contract's code, as scripts/build-contracts.sh prints it. An account with
// any other code is not a policy wallet.
const codeHash = "82d7784bb13fff44a73855508fe923a4d500bc351174543372e712c343740b38"

//go:embed policy-wallet.boc
var codeBoC []byte

// code is checked against the pinned hash: another code would be another contract at another address.
var code = func() *cell.Cell {
	c, err := cell.FromBOC(codeBoC)
	if err != nil {
		panic(fmt.Sprintf("contracts: read policy-wallet.boc: %v", err))
	}
	if got := hex.EncodeToString(c.Hash()); got != codeHash {
		panic(fmt.Sprintf("contracts: policy-wallet.boc has hash %s, pinned is %s", got, codeHash))
	}
	return c
}()

// Code returns the contract's code.
func Code() *cell.Cell { return code }

// CodeHash returns the hash by which an account is known to be a policy wallet.
func CodeHash() [32]byte { return [32]byte(code.HashKey()) }
