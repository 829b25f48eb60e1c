package contracts

import (
	"errors"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// asSeen is the account as the contract will see it, but for the fees of one message: tests keep away from that edge.
func (w *wallet) asSeen() Account {
	return Account{State: w.state(), Address: w.addr, Balance: w.balance()}
}

// wantExit executes s and checks that contract and Check say the same, and that a refused spend left no trace.
func (w *wallet) wantExit(s Spend, want Exit) result {
	w.t.Helper()
	err := Check(w.asSeen(), s, w.now)
	before, after := w.account.ShardAccountCell().HashKey(), w.state().After(s, w.now).Data().HashKey()
	r := w.execute(s)
	if r.exit != want || r.accepted != (want == 0) {
		w.t.Errorf("exit %d, accepted %t, want exit %d", r.exit, r.accepted, want)
	}
	var refusal *Refusal
	if want == 0 && err != nil || want != 0 && (!errors.As(err, &refusal) || refusal.Exit != want) {
		w.t.Errorf("Check says %v, want exit %d", err, want)
	}
	if want != 0 && w.account.ShardAccountCell().HashKey() != before {
		w.t.Error("a refused spend changed the account")
	}
	if want == 0 && w.data().HashKey() != after {
		w.t.Errorf("the spend left %+v, After says otherwise", w.state())
	}
	return r
}

func TestSpendSendsOneMessage(t *testing.T) {
	for name, body := range map[string]*cell.Cell{"none": nil, "empty": cell.BeginCell().EndCell(), "comment": comment("rent")} {
		w := newWallet(t, testState(), 5*one)
		r := w.wantExit(w.spend(bob, one, body), 0)
		if r.action != 0 || len(r.out) != 1 {
			t.Fatalf("%s: action %d, %d messages", name, r.action, len(r.out))
		}
		m := r.out[0]
		if !m.Bounce || m.StateInit != nil || m.Amount.Nano().Uint64() != one || [32]byte(m.DstAddr.Data()) != bob || m.DstAddr.Workchain() != 0 {
			t.Errorf("%s: sent %+v", name, m)
		}
		if body != nil && m.Body.HashKey() != body.HashKey() {
			t.Errorf("%s: body is %s", name, m.Body.Dump())
		}
		want := testState()
		want.Seqno, want.Window = 1, Window{Number: uint32(slotOf(testNow)), Slots: [5]Slot{{Amount: one, Count: 1}}}
		if w.data().HashKey() != want.Data().HashKey() {
			t.Errorf("%s: state is %+v", name, w.state())
		}
	}
}

func TestSpendsOfEveryKind(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	w.wantExit(w.spend(bob, 0, nil), 0)
	w.wantExit(w.spend(pool, one, op(opStake)), 0)
	w.wantExit(w.spend(jettons, 50*milli, w.transfer(5*usdt, nil)), 0)
	if got := w.state().Rules[jettons].Jetton.Window.Slots[0]; got != (Slot{Amount: 5 * usdt, Count: 1}) {
		t.Errorf("jetton window is %+v", got)
	}
	if got := w.state().Window.Slots[0]; got != (Slot{Amount: one + 50*milli, Count: 3}) {
		t.Errorf("window is %+v", got)
	}
}

// The first message deploys the wallet.
func TestSpendDeploys(t *testing.T) {
	s := testState()
	init, err := s.StateInit()
	if err != nil {
		t.Fatal(err)
	}
	w := newWallet(t, s, 5*one)
	spend := w.spend(bob, one, nil)
	w.uninit(5 * one)
	if r := w.deliver(mustCell(t, assemble(spend, sign(spend), init))); !r.accepted || r.exit != 0 || len(r.out) != 1 || w.state().Seqno != 1 {
		t.Errorf("%+v", r)
	}
}

func TestSpendLeavesTheReserve(t *testing.T) {
	w := newWallet(t, testState(), one+100*milli+5*milli)
	w.wantExit(w.spend(bob, one, nil), 0)
	w = newWallet(t, testState(), one+100*milli-1)
	w.wantExit(w.spend(bob, one, nil), ExitReserve)
}

func TestDayIsLimitedInAmountAndCount(t *testing.T) {
	w := newWallet(t, testState(), 50*one)
	for range 10 {
		w.wantExit(w.spend(bob, one, nil), 0)
	}
	w.wantExit(w.spend(bob, 1, nil), ExitPerDay)
	for range 10 {
		w.wantExit(w.spend(bob, 0, nil), 0)
	}
	w.wantExit(w.spend(bob, 0, nil), ExitCount)
	w.now = testNow.Add(29 * time.Hour)
	w.wantExit(w.spend(bob, 0, nil), ExitCount)
	w.now = testNow.Truncate(slotTime).Add(30 * time.Hour)
	w.wantExit(w.spend(bob, one, nil), 0)
}

func TestJettonDayIsLimited(t *testing.T) {
	w := newWallet(t, testState(), 50*one)
	for range 4 {
		w.wantExit(w.spend(jettons, 0, w.transfer(5*usdt, func(j *jettonBody) { j.forward = 0 })), 0)
	}
	over := func() Spend { return w.spend(jettons, 0, w.transfer(1, func(j *jettonBody) { j.forward = 0 })) }
	w.wantExit(over(), ExitJettonLimit)
	w.wantExit(w.spend(bob, one, nil), 0) // moves the wallet's window, not the jetton's
	w.now = testNow.Add(29 * time.Hour)
	w.wantExit(over(), ExitJettonLimit)
	w.now = testNow.Truncate(slotTime).Add(30 * time.Hour)
	w.wantExit(over(), 0)
}
