package ton

import (
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Spend is what a policy wallet's spender signs: one message of the wallet.
//
//	spend#706f6c01 wallet_id:uint32 valid_until:uint32 seqno:uint32 account:bits256 to:bits256 amount:Coins
//	  body:(Maybe ^Cell)
type Spend struct {
	WalletID   uint32
	ValidUntil time.Time // whole seconds; executed before it, not at it
	Seqno      uint32
	Account    [32]byte // the wallet's own address, in workchain 0
	To         [32]byte // in workchain 0
	Amount     Nano
	Body       *cell.Cell // nil for none
}

const opSpend = 0x706f6c01

// Cell returns the payload. Its hash is what is signed.
func (s Spend) Cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(opSpend, 32).MustStoreUInt(uint64(s.WalletID), 32)
	b.MustStoreUInt(uint64(s.ValidUntil.Unix()), 32).MustStoreUInt(uint64(s.Seqno), 32)
	b.MustStoreSlice(s.Account[:], 256).MustStoreSlice(s.To[:], 256)
	return b.MustStoreBigCoins(s.Amount.Big()).MustStoreMaybeRef(s.Body).EndCell()
}

// SigningHash is the message that the Ed25519 signature is over.
func (s Spend) SigningHash() [32]byte { return [32]byte(s.Cell().HashKey()) }

// DecodeSpend reads a payload completely or refuses it: what it returns is everything that a signature would cover. Whose
// wallet it is for, and what its body means, is read by Decode.
func DecodeSpend(boc []byte) (Spend, error) {
	root, err := readCells(boc)
	if err != nil {
		return Spend{}, err
	}
	s, err := readSpend(root)
	if err != nil {
		return Spend{}, err
	}
	if s.Cell().HashKey() != root.HashKey() {
		return Spend{}, refuse(CodeNotCanonical, "spend holds more than it says, or a number written longer than needed")
	}
	return s, nil
}

// readSpend leaves surplus data and long numbers to the comparison of hashes.
func readSpend(root *cell.Cell) (s Spend, err error) {
	r := read(root)
	if op := uint32(r.uint(32)); r.err == nil && op != opSpend {
		return s, refuse(CodeOperationUnknown, "payload is %s, want spend (%08x)", opName(op), opSpend)
	}
	s.WalletID, s.ValidUntil, s.Seqno = uint32(r.uint(32)), time.Unix(int64(r.uint(32)), 0).UTC(), uint32(r.uint(32))
	s.Account, s.To, s.Amount, s.Body = r.bits256(), r.bits256(), r.coins(), r.maybeRef()
	if r.err != nil {
		return s, refuse(CodeUndecodable, "spend is cut: %v", r.err)
	}
	return s, nil
}
