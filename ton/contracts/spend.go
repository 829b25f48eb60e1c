package contracts

import (
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Spend is what the spender signs: one message of the wallet.
//
//	spend#706f6c01 wallet_id:uint32 valid_until:uint32 seqno:uint32 account:bits256 to:bits256 amount:Coins
//	  body:(Maybe ^Cell)
type Spend struct {
	WalletID   uint32
	ValidUntil time.Time // whole seconds; executed before it, not at it
	Seqno      uint32
	Account    [32]byte // the wallet's own address, in workchain 0
	To         [32]byte // in workchain 0
	Amount     ton.Nano
	Body       *cell.Cell // nil for none
}

const opSpend = 0x706f6c01

// Cell returns the payload. Its hash is what is signed.
func (s Spend) Cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(opSpend, 32).MustStoreUInt(uint64(s.WalletID), 32)
	b.MustStoreUInt(uint64(s.ValidUntil.Unix()), 32).MustStoreUInt(uint64(s.Seqno), 32)
	b.MustStoreSlice(s.Account[:], 256).MustStoreSlice(s.To[:], 256)
	return storeCoins(b, s.Amount).MustStoreMaybeRef(s.Body).EndCell()
}

// SigningHash is the message that the Ed25519 signature is over.
func (s Spend) SigningHash() [32]byte { return [32]byte(s.Cell().HashKey()) }

// DecodeSpend reads a payload completely or refuses it: what it returns is everything that a signature would cover.
func DecodeSpend(boc []byte) (s Spend, err error) {
	defer contain(&err)
	if len(boc) > maxPayloadBytes {
		return Spend{}, fmt.Errorf("decode spend: %d bytes, at most %d are read", len(boc), maxPayloadBytes)
	}
	root, err := cell.FromBOCWithOptions(boc, cell.BOCParseOptions{MaxCells: maxPayloadCells})
	if err != nil {
		return Spend{}, fmt.Errorf("decode spend: %w", err)
	}
	if err := checkTree(root, maxPayloadCells); err != nil {
		return Spend{}, fmt.Errorf("decode spend: %w", err)
	}
	return readSpend(root)
}

func readSpend(root *cell.Cell) (s Spend, err error) {
	r := read(root)
	if op := r.uint(32); r.err == nil && op != opSpend {
		return Spend{}, refuse(ExitOp, "operation is %08x, want spend (%08x)", op, opSpend)
	}
	s.WalletID, s.ValidUntil, s.Seqno = uint32(r.uint(32)), time.Unix(int64(r.uint(32)), 0).UTC(), uint32(r.uint(32))
	s.Account, s.To, s.Amount, s.Body = r.bits256(), r.bits256(), r.coins(), r.maybeRef()
	if err := r.end(); err != nil {
		return Spend{}, refuse(ExitCut, "decode spend: %v", err)
	}
	if s.Cell().HashKey() != root.HashKey() {
		return Spend{}, errors.New("decode spend: a number is written longer than needed")
	}
	return s, nil
}

// Assemble returns the external message that carries s and its signature to the chain, as a bag of cells. A wallet's
// first message needs its StateInit, others get nil.
func Assemble(s Spend, sig [64]byte, init *cell.Cell) []byte {
	body := cell.BeginCell().MustStoreSlice(sig[:], 512).MustStoreRef(s.Cell()).EndCell()
	b := cell.BeginCell().MustStoreUInt(0b10, 2).MustStoreUInt(0, 2) // ext_in_msg_info, no source
	storeAddress(b, ton.Address{Hash: s.Account})
	b.MustStoreUInt(0, 4) // import_fee
	if init == nil {
		b.MustStoreBoolBit(false)
	} else {
		b.MustStoreUInt(0b11, 2).MustStoreRef(init)
	}
	return b.MustStoreBoolBit(true).MustStoreRef(body).EndCell().ToBOC()
}
