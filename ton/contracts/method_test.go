package contracts

import (
	"math/big"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func (w *wallet) wantNumbers(name string, want ...*big.Int) {
	w.t.Helper()
	stack := w.get(name)
	for i := len(want) - 1; i >= 0; i-- {
		if got, err := stack.PopInt(); err != nil || got.Cmp(want[i]) != 0 {
			w.t.Errorf("%s: value %d is %v, want %s (%v)", name, i, got, want[i], err)
		}
	}
	if stack.Len() != 0 {
		w.t.Errorf("%s: %d values more", name, stack.Len())
	}
}

func TestGetMethods(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	w.wantExit(w.spend(bob, one, nil), 0)
	s := w.state()
	w.wantNumbers("seqno", big.NewInt(1))
	w.wantNumbers("get_wallet_id", big.NewInt(int64(s.Config.WalletID)))
	w.wantNumbers("get_public_key", new(big.Int).SetBytes(s.Config.Spender[:]))
	w.wantNumbers("get_version", big.NewInt(1))
	w.wantNumbers("is_frozen", big.NewInt(0))
	w.wantNumbers("get_spent", big.NewInt(one), big.NewInt(1))
	w.now = w.now.Add(6 * slotTime)
	w.wantNumbers("get_spent", new(big.Int), new(big.Int))
	w.wantOrder(owner, Freeze{}, 0)
	w.wantNumbers("is_frozen", big.NewInt(-1))
}

func TestGetSpentAges(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	w.wantExit(w.spend(bob, one, nil), 0)
	w.now = testNow.Truncate(slotTime).Add(5*slotTime - time.Second)
	w.wantNumbers("get_spent", big.NewInt(one), big.NewInt(1))
	w.now = w.now.Add(time.Second)
	w.wantNumbers("get_spent", new(big.Int), new(big.Int))
}

func TestGetPolicy(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	stack, c := w.get("get_policy"), testState().Config
	ops, err := stack.PopCell()
	if err != nil || ops.HashKey() != c.ops().HashKey() {
		t.Errorf("operations: %v", err)
	}
	want := []*big.Int{c.PerTx.Big(), c.PerDay.Big(), c.Reserve.Big(), big.NewInt(int64(c.MaxCount)), big.NewInt(int64(c.MaxValidity))}
	for i := len(want) - 1; i >= 0; i-- {
		if got, err := stack.PopInt(); err != nil || got.Cmp(want[i]) != 0 {
			t.Errorf("value %d is %v, want %s (%v)", i, got, want[i], err)
		}
	}
}

func TestGetOwner(t *testing.T) {
	for _, g := range []ton.Address{guardian, {}} {
		s := testState()
		s.Guardian = g
		stack := newWallet(t, s, 5*one).get("get_owner")
		got, err := stack.PopAny()
		if slice, ok := got.(*cell.Slice); err != nil || ok == g.IsZero() || ok && mustAddress(t, slice) != g {
			t.Errorf("guardian is %v, %v", got, err)
		}
		slice, err := stack.PopSlice()
		if err != nil || mustAddress(t, slice) != owner {
			t.Errorf("owner is %v, %v", slice, err)
		}
	}
}

func mustAddress(t *testing.T, s *cell.Slice) ton.Address {
	t.Helper()
	r := &reader{s: s}
	a := r.address()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestGetRule(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	for to, rule := range map[[32]byte]Rule{bob: {Kinds: KindPlain}, jettons: testState().Rules[jettons], stranger.Hash: {}} {
		stack := w.get("get_rule", new(big.Int).SetBytes(to[:]))
		got, err := stack.PopAny()
		if c, ok := got.(*cell.Cell); err != nil || ok != (rule.Jetton != nil) || ok && c.HashKey() != rule.Jetton.cell().HashKey() {
			t.Errorf("%x: jetton %v, %v", to[:4], got, err)
		}
		if kinds, err := stack.PopInt(); err != nil || kinds.Int64() != int64(rule.Kinds) {
			t.Errorf("%x: kinds %v, %v", to[:4], kinds, err)
		}
	}
}
