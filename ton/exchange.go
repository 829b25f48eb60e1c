package ton

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

const (
	opNotification = 0x7362d09c // TEP-74: a jetton wallet to its owner, who has received jettons
	opPayTo1       = 0xf93bb43f // STON.fi: a pool to its router, what it gives
	opPayTo2       = 0x657b54f5
)

// Order returns what a STON.fi router is told when jettons come in for one exchange, of which any outcome is taken and
// goes to own; nil for another venue.
func (h Hop) Order(v Venue, amount Nano, own Address, deadline uint64) *cell.Cell {
	var order *cell.Builder
	switch v {
	case STON1:
		order = h.orderSTON1(own)
	case STON2:
		order = h.orderSTON2(own, deadline)
	default:
		return nil
	}
	return cell.BeginCell().MustStoreUInt(opNotification, 32).MustStoreUInt(0, 64).MustStoreBigCoins(amount.Big()).
		MustStoreAddr(toTonutils(own)).MustStoreBoolBit(true).MustStoreRef(order.EndCell()).EndCell()
}

// orderSTON1 is what readSTON1 reads.
func (h Hop) orderSTON1(own Address) *cell.Builder {
	b := cell.BeginCell().MustStoreUInt(opSTON1, 32).MustStoreAddr(toTonutils(h.Pool)).MustStoreCoins(0).
		MustStoreAddr(toTonutils(own)).MustStoreBoolBit(!h.Referral.IsZero())
	if !h.Referral.IsZero() {
		b.MustStoreAddr(toTonutils(h.Referral))
	}
	return b
}

// orderSTON2 is what readSTON2 reads, without a hop that follows.
func (h Hop) orderSTON2(own Address, deadline uint64) *cell.Builder {
	me := toTonutils(own)
	inner := cell.BeginCell().MustStoreCoins(0).MustStoreAddr(me).MustStoreCoins(0).MustStoreBoolBit(false).
		MustStoreCoins(0).MustStoreBoolBit(false).MustStoreUInt(uint64(h.Fee), 16)
	storeAddress(inner, h.Referral)
	return cell.BeginCell().MustStoreUInt(opSTON2, 32).MustStoreAddr(toTonutils(h.Pool)).MustStoreAddr(me).MustStoreAddr(me).
		MustStoreUInt(deadline, 64).MustStoreRef(inner.EndCell())
}

// storeAddress writes the zero value as addr_none.
func storeAddress(b *cell.Builder, a Address) {
	if a.IsZero() {
		b.MustStoreAddr(nil)
		return
	}
	b.MustStoreAddr(toTonutils(a))
}

// Paid is what a STON.fi pool gives, by the router's jetton wallets.
type Paid struct {
	To      Address
	Amounts [2]Nano
	Wallets [2]Address
}

// ReadPaid reads a pool's message to its router.
//
//	v1  query_id:uint64 owner:MsgAddress exit_code:uint32 in_ref:(## 1)=1 ^amounts
//	v2  query_id:uint64 owner excesses caller:MsgAddress exit_code:uint32 custom_payload:(Maybe ^Cell) ^[fwd:Coins amounts]
//	amounts  amount0:Coins wallet0:MsgAddress amount1:Coins wallet1:MsgAddress
func ReadPaid(v Venue, body *cell.Cell) (p Paid, err error) {
	r := read(body)
	op := uint32(r.uint(32))
	if r.err == nil && (v != STON1 || op != opPayTo1) && (v != STON2 || op != opPayTo2) {
		return p, fmt.Errorf("a pool of %s answers with operation %08x", v, op)
	}
	r.uint(64)
	p.To = r.address()
	if v == STON2 {
		r.address()
		r.address()
	}
	r.uint(32)
	if more := r.bit(); more && v == STON2 {
		r.ref()
	}
	r.inner("amounts", func(in *reader) {
		if v == STON2 {
			in.coins()
		}
		for i := range p.Amounts {
			p.Amounts[i], p.Wallets[i] = in.coins(), in.address()
		}
	})
	if err := r.end("what a pool gives"); err != nil {
		return Paid{}, err
	}
	return p, nil
}

// AssetSlice writes an asset id as DeDust names assets: native$0000, jetton$0001 workchain:int8 master:bits256.
func AssetSlice(id string) (*cell.Slice, error) {
	if id == Native {
		return cell.BeginCell().MustStoreUInt(0, 4).ToSlice(), nil
	}
	master, ok := JettonMaster(id)
	if !ok {
		return nil, fmt.Errorf("asset %q is neither native nor a jetton", id)
	}
	return cell.BeginCell().MustStoreUInt(1, 4).MustStoreInt(int64(master.Workchain), 8).MustStoreSlice(master.Hash[:], 256).ToSlice(), nil
}

// Asset reads an asset as DeDust names it, and returns its id.
func (r *Results) Asset() string {
	in := r.slice()
	kind := in.uint(4)
	id := Native
	if kind == 1 {
		id = JettonID(Address{Workchain: int8(in.uint(8)), Hash: in.bits256()})
	}
	if kind > 1 || !in.done() {
		r.fail("a getter leaves no asset that is known, or more than one")
		return ""
	}
	return id
}
