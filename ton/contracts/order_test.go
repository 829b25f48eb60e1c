package contracts

import (
	"errors"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// wantOrder sends o and checks that contract and Check say the same.
func (w *wallet) wantOrder(from ton.Address, o Order, want Exit) result {
	w.t.Helper()
	err := o.Check(w.state())
	before := w.data().HashKey()
	r := w.order(from, o)
	if r.exit != want || r.aborted != (want != 0) {
		w.t.Errorf("%T: exit %d, aborted %t, want exit %d", o, r.exit, r.aborted, want)
	}
	var refusal *Refusal
	if want != ExitSender && (want == 0 && err != nil || want != 0 && (!errors.As(err, &refusal) || refusal.Exit != want)) {
		w.t.Errorf("%T: Check says %v, want exit %d", o, err, want)
	}
	if want != 0 && w.data().HashKey() != before {
		w.t.Errorf("%T: a refused order changed the wallet", o)
	}
	return r
}

func TestOrdersAreTheOwners(t *testing.T) {
	s := testState()
	msg := outMessage(bob, one)
	for _, o := range []Order{SetPolicy{Config: s.Config, Rules: s.Rules}, SetSpender{Spender: hashOf("new")}, Freeze{}, Unfreeze{}, OwnerSend{Mode: 3, Msg: msg}} {
		for _, from := range []ton.Address{stranger, guardian, {Workchain: -1, Hash: owner.Hash}, {Hash: bob}} {
			want := ExitSender
			if _, freeze := o.(Freeze); freeze && from == guardian {
				want = 0
			}
			w := newWallet(t, s, 5*one)
			if r := w.wantOrder(from, o, want); want != 0 && (len(r.out) != 1 || !r.out[0].Bounced) {
				t.Errorf("%T from %s: its money did not come back", o, from)
			}
		}
		newWallet(t, s, 5*one).wantOrder(owner, o, 0)
	}
}

func TestNobodyIsNotTheGuardian(t *testing.T) {
	s := testState()
	s.Guardian = ton.Address{}
	w := newWallet(t, s, 5*one)
	w.wantOrder(ton.Address{}, Freeze{}, ExitSender)
	w.wantOrder(owner, Freeze{}, 0)
}

func TestFreezeStopsSpends(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	spend := w.spend(bob, one, nil)
	w.wantOrder(guardian, Freeze{QueryID: 5}, 0)
	if !w.state().Frozen {
		t.Error("not frozen")
	}
	w.wantExit(spend, ExitFrozen)
	w.wantOrder(owner, OwnerSend{Mode: 3, Msg: outMessage(bob, one)}, 0)
	w.wantOrder(guardian, Unfreeze{}, ExitSender)
	w.wantOrder(owner, Unfreeze{}, 0)
	w.wantExit(spend, 0)
}

func TestSetSpenderEndsWhatWasSigned(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	spend := w.spend(bob, one, nil)
	w.wantOrder(owner, SetSpender{Spender: w.state().Config.Spender}, 0)
	w.wantExit(spend, ExitSeqno)
	w.wantOrder(owner, SetSpender{Spender: hashOf("new")}, 0)
	if r := w.execute(w.spend(bob, one, nil)); r.exit != ExitSignature {
		t.Errorf("the old key signed: exit %d", r.exit)
	}
	w.wantOrder(owner, SetSpender{}, ExitBadPolicy)
	want := testState()
	want.Config.Spender, want.Seqno = hashOf("new"), 2
	if w.data().HashKey() != want.Data().HashKey() {
		t.Errorf("state is %+v", w.state())
	}
}

func TestSetPolicyReplacesLimitsAndKeepsWhatWasSpent(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	w.wantExit(w.spend(bob, one, nil), 0)
	w.wantExit(w.spend(jettons, 50*milli, w.transfer(5*usdt, nil)), 0)
	next := w.state()
	next.Config.PerDay, next.Config.Ops, next.Config.MaxCount = ton.NanoOf(1100*milli), []uint32{1, 2, 3}, 9
	next.Config.PerTx = ton.NanoOf(2)
	sent := Rules{payee: {Kinds: KindPlain | KindOps}, jettons: {Kinds: allKinds, Jetton: &JettonRule{
		PerTx: ton.NanoOf(usdt), PerDay: ton.NanoOf(5 * usdt), Payees: map[[32]byte]bool{bob: true},
		Window: Window{Number: 7, Slots: [5]Slot{{Amount: 1}}},
	}}, pool: {Kinds: KindJetton, Jetton: &JettonRule{Window: Window{Number: 7, Slots: [5]Slot{{Amount: 1}}}}}}
	w.wantOrder(owner, SetPolicy{Config: next.Config, Rules: sent}, 0)
	carried := *sent[jettons].Jetton
	carried.Window = next.Rules[jettons].Jetton.Window
	next.Rules = Rules{payee: sent[payee], jettons: {Kinds: allKinds, Jetton: &carried}, pool: {Kinds: KindJetton, Jetton: &JettonRule{}}}
	if w.data().HashKey() != next.Data().HashKey() {
		t.Errorf("state is %+v", w.state())
	}
	w.wantExit(w.spend(bob, 1, nil), ExitDestination)
	w.wantExit(w.spend(jettons, 0, w.transfer(1, func(j *jettonBody) { j.to.Hash, j.forward = bob, 0 })), ExitJettonLimit)
}

func TestSetPolicyIsRefused(t *testing.T) {
	for name, change := range map[string]func(*SetPolicy){
		"wallet id":              func(o *SetPolicy) { o.Config.WalletID++ },
		"spender":                func(o *SetPolicy) { o.Config.Spender[0]++ },
		"per_tx over per_day":    func(o *SetPolicy) { o.Config.PerTx = ton.NanoOf(10*one + 1) },
		"per_day of 65 bits":     func(o *SetPolicy) { o.Config.PerDay, _ = ton.NanoOf(1<<64 - 1).Add(ton.NanoOf(1)) },
		"small reserve":          func(o *SetPolicy) { o.Config.Reserve = ton.NanoOf(MinReserve - 1) },
		"no validity":            func(o *SetPolicy) { o.Config.MaxValidity = 0 },
		"long validity":          func(o *SetPolicy) { o.Config.MaxValidity = MaxValidity + 1 },
		"jetton transfer listed": func(o *SetPolicy) { o.Config.Ops = []uint32{opJettonTransfer} },
		"operations too deep":    func(o *SetPolicy) { o.Config.Ops = deepOps(maxOpsDepth + 2) },
		"no kind":                func(o *SetPolicy) { o.Rules[bob] = Rule{} },
		"unknown kind":           func(o *SetPolicy) { o.Rules[bob] = Rule{Kinds: 8} },
		"jetton without limits":  func(o *SetPolicy) { o.Rules[bob] = Rule{Kinds: KindJetton} },
		"limits without jetton":  func(o *SetPolicy) { o.Rules[bob] = Rule{Kinds: KindPlain, Jetton: &JettonRule{}} },
		"jetton per_tx over per_day": func(o *SetPolicy) {
			o.Rules[bob] = Rule{Kinds: KindJetton, Jetton: &JettonRule{PerTx: ton.NanoOf(1)}}
		},
		"jetton per_day of 65 bits": func(o *SetPolicy) {
			o.Rules[bob] = Rule{Kinds: KindJetton, Jetton: &JettonRule{PerDay: ton.MaxNano}}
		},
		"payees too deep": func(o *SetPolicy) {
			o.Rules[bob] = Rule{Kinds: KindJetton, Jetton: &JettonRule{Payees: deepHashes(maxPayeesDepth + 2)}}
		},
		"too many destinations":   func(o *SetPolicy) { o.Rules = withRules(State{Rules: o.Rules}, MaxRules+1).Rules },
		"too many jettons":        func(o *SetPolicy) { o.Rules = withJettons(MaxJettonRules + 1) },
		"destinations too deep":   func(o *SetPolicy) { o.Rules = plain(deepHashes(maxRulesDepth + 1)) },
		"deep through a jetton's": func(o *SetPolicy) { o.Rules = deepWithPayees(maxRulesDepth-maxPayeesDepth-2, maxPayeesDepth) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWallet(t, testState(), 50*one)
			s := testState()
			o := SetPolicy{Config: s.Config, Rules: s.Rules}
			change(&o)
			w.wantOrder(owner, o, ExitBadPolicy)
		})
	}
}

// The largest policy that is allowed can be set within the gas of one transaction, and all of it used.
func TestLargestPolicyIsTaken(t *testing.T) {
	s := withRules(State{Rules: withJettons(MaxJettonRules)}, MaxRules)
	o := SetPolicy{Config: testState().Config, Rules: s.Rules}
	o.Config.Ops = deepOps(maxOpsDepth + 1)
	w := newWallet(t, testState(), 50*one)
	w.wantOrder(owner, o, 0)
	r := w.wantOrder(owner, o, 0)
	t.Logf("gas of the largest policy: %d", r.gas)
	w = newWallet(t, testState(), 50*one)
	w.wantOrder(owner, SetPolicy{Config: o.Config, Rules: plain(deepHashes(maxRulesDepth))}, 0)
	for to := range w.state().Rules {
		if r := w.wantExit(w.spend(to, 1, nil), 0); r.beforeAccept > maxGasBeforeAccept {
			t.Errorf("%d gas before accept", r.beforeAccept)
		}
		w.now = w.now.Add(2 * time.Hour)
	}
}

func TestOwnerSends(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	for _, mode := range []uint8{32, 33, 128 + 32, 160 + 3, 255} {
		w.wantOrder(owner, OwnerSend{Mode: mode, Msg: outMessage(bob, one)}, ExitMode)
	}
	r := w.wantOrder(owner, OwnerSend{Mode: 3, Msg: outMessage(bob, 2*one)}, 0)
	if len(r.out) != 1 || r.out[0].Amount.Nano().Uint64() != 2*one || r.action != 0 {
		t.Errorf("%+v", r)
	}
	r = w.wantOrder(owner, OwnerSend{Mode: 128, Msg: outMessage(bob, 0)}, 0)
	if len(r.out) != 1 || !w.balance().IsZero() {
		t.Errorf("%s is left", w.balance())
	}
	if got := w.state(); got.Seqno != 0 || got.Window != (Window{}) {
		t.Errorf("the owner's message counts as a spend: %+v", got)
	}
}

// Anybody may pay in, with any body that isn't an order.
func TestDeposits(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	data := w.data().HashKey()
	for name, body := range map[string]*cell.Cell{
		"none": cell.BeginCell().EndCell(), "comment": comment("hi"), "excesses": op(0xd53276db), "31 bits": cell.BeginCell().MustStoreUInt(0, 31).EndCell(),
		"next operation": op(ton.OrderOwnerSend + 1), "the spend itself": w.spend(bob, one, nil).Cell(),
	} {
		for _, from := range []ton.Address{stranger, owner} {
			if r := w.internal(from, one, body); r.exit != 0 || r.aborted || len(r.out) != 0 || w.data().HashKey() != data {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// An order that is cut, or has a surplus where it would be lost, is refused whole and its money returned.
func TestOrdersThatAreCut(t *testing.T) {
	s := testState()
	library := cell.BeginCell().MustStoreUInt(ton.OrderSetPolicy, 32).MustStoreUInt(0, 64).MustStoreRef(libraryCell(s.Config.cell())).MustStoreMaybeRef(nil).EndCell()
	rule := cell.NewDict(256)
	mustSet(rule, bob[:], cell.BeginCell().MustStoreRef(libraryCell(s.Rules[bob].cell())).EndCell())
	inline := cell.NewDict(256)
	mustSet(inline, bob[:], cell.BeginCell().MustStoreUInt(1, 8).EndCell())
	policy := func(rules *cell.Cell) *cell.Cell {
		return cell.BeginCell().MustStoreUInt(ton.OrderSetPolicy, 32).MustStoreUInt(0, 64).MustStoreRef(s.Config.cell()).MustStoreMaybeRef(rules).EndCell()
	}
	for name, body := range map[string]*cell.Cell{
		"only an op": op(ton.OrderSetPolicy), "no spender": order(ton.OrderSetSpender, 1).EndCell(), "no message": order(ton.OrderOwnerSend, 1).MustStoreUInt(3, 8).EndCell(),
		"library config": library, "library rule": policy(rule.AsCell()), "rule that is none": policy(inline.AsCell()),
		"dictionary that is none": policy(op(0xffffffff)), "dictionary of references": policy(cell.BeginCell().MustStoreRef(op(1)).EndCell()),
		"library dictionary": policy(libraryCell(op(1))),
	} {
		w := newWallet(t, s, 5*one)
		before, want := w.data().HashKey(), ExitCut
		if name == "library rule" {
			want = ExitBadPolicy
		}
		if r := w.internal(owner, one, body); r.exit != want || !r.aborted || w.data().HashKey() != before || len(r.out) != 1 || !r.out[0].Bounced {
			t.Errorf("%s: %+v", name, r)
		}
		if o, err := DecodeOrder(body); err == nil {
			t.Errorf("%s: decoded as %+v", name, o)
		}
	}
}
