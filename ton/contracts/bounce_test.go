package contracts

import (
	"math/big"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// bounce lets a spend's message come back from an account that isn't there.
func (w *wallet) bounce(out *cell.Cell, from [32]byte) *cell.Cell {
	w.t.Helper()
	none := &tlb.ShardAccount{Account: cell.BeginCell().MustStoreBoolBit(false).EndCell(), LastTransHash: make([]byte, 32)}
	acc, err := tvm.PrepareAccount(none, library(ton.Address{Hash: from}))
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := tvm.PrepareMessage(out)
	if err != nil {
		w.t.Fatal(err)
	}
	block, err := config.NewBlockContext(tvm.BlockOptions{Now: uint32(w.now.Unix()), BlockLT: w.lt, GlobalID: -239})
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := machine.EmulateTransaction(block, acc, in, tvm.TransactionOptions{LogicalTime: w.lt})
	if err != nil || len(res.OutMessages) != 1 || !res.OutMessages[0].Msg.AsInternal().Bounced {
		w.t.Fatalf("no bounce: %+v, %v", res, err)
	}
	return res.OutMessages[0].Cell
}

func TestBounceGivesBackToItsSlot(t *testing.T) {
	for _, later := range []time.Duration{0, slotTime, 4 * slotTime} {
		w := newWallet(t, testState(), 5*one)
		r := w.wantExit(w.spend(bob, one, comment("rent")), 0)
		back := w.bounce(r.outCells[0], bob)
		if later > 0 {
			w.now = w.now.Add(later)
			w.wantExit(w.spend(bob, one, nil), 0)
		}
		if r := w.deliver(back); r.exit != 0 || r.aborted {
			t.Fatalf("%+v", r)
		}
		slot := w.state().Window.Slots[later/slotTime]
		if slot.Count != 1 || slot.Amount == 0 || slot.Amount > 10*milli {
			t.Errorf("after %s: %+v, want the fees of a way and back", later, slot)
		}
	}
}

func TestLateBounceGivesNothingBack(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	r := w.wantExit(w.spend(bob, one, nil), 0)
	back := w.bounce(r.outCells[0], bob)
	w.now = w.now.Add(5 * slotTime)
	w.wantExit(w.spend(bob, one, nil), 0)
	before := w.data().HashKey()
	if r := w.deliver(back); r.exit != 0 || w.data().HashKey() != before {
		t.Errorf("%+v: %+v", r, w.state().Window)
	}
}

// richBounce is the body of a returned message that was sent with extra_flags 1 (TVM 12).
func richBounce(value uint64, at time.Time) *cell.Cell {
	info := storeCoins(cell.BeginCell(), ton.NanoOf(value)).MustStoreMaybeRef(nil).MustStoreUInt(1, 64).MustStoreUInt(uint64(at.Unix()), 32)
	return cell.BeginCell().MustStoreUInt(0xfffffffe, 32).MustStoreRef(cell.BeginCell().EndCell()).MustStoreRef(info.EndCell()).
		MustStoreUInt(0, 8+32+1).EndCell()
}

func (w *wallet) returned(bounced bool, value uint64, body *cell.Cell) result {
	w.t.Helper()
	return w.deliver(w.message(&tlb.InternalMessage{
		IHRDisabled: true, Bounced: bounced, SrcAddr: library(stranger), DstAddr: library(w.addr), Amount: tlb.FromNanoTON(new(big.Int).SetUint64(value)),
		CreatedLT: uint64(w.lt), CreatedAt: uint32(w.now.Unix()), Body: body,
	}))
}

// What pretends to be a bounce, came back from the owner's message, or returns more than was sent or counted, gives
// back nothing or no more than that.
func TestBounceCredit(t *testing.T) {
	for name, c := range map[string]struct {
		bounced bool
		value   uint64
		body    *cell.Cell
		left    uint64
	}{
		"good":                      {true, 400 * milli, richBounce(500*milli, testNow), 600 * milli},
		"flag cleared by the chain": {false, 400 * milli, richBounce(500*milli, testNow), one},
		"owner's message":           {true, 400 * milli, cell.BeginCell().MustStoreUInt(0xffffffff, 32).EndCell(), one},
		"empty":                     {true, 400 * milli, cell.BeginCell().EndCell(), one},
		"more than was sent":        {true, 900 * milli, richBounce(500*milli, testNow), 500 * milli},
		"more than was counted":     {true, 3 * one, richBounce(3*one, testNow), 0},
		"from another slot":         {true, 400 * milli, richBounce(500*milli, testNow.Add(-slotTime)), one},
		"from the future":           {true, 400 * milli, richBounce(500*milli, testNow.Add(slotTime)), one},
	} {
		w := newWallet(t, testState(), 5*one)
		w.wantExit(w.spend(bob, one, nil), 0)
		r := w.returned(c.bounced, c.value, c.body)
		if got := w.state().Window.Slots[0]; r.exit != 0 || got != (Slot{Amount: c.left, Count: 1}) {
			t.Errorf("%s: exit %d, %+v is counted, want %d", name, r.exit, got, c.left)
		}
	}
}

func TestCutBounceKeepsTheMoney(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	data, before := w.data().HashKey(), w.balance()
	r := w.returned(true, one, op(0xfffffffe))
	if r.exit == 0 || len(r.out) != 0 || w.data().HashKey() != data || w.balance().Cmp(before) <= 0 {
		t.Errorf("%+v, balance %s", r, w.balance())
	}
}
