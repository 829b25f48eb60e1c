package contracts

import (
	"errors"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
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
	before := w.account.ShardAccountCell().HashKey()
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
	if r := w.deliver(mustCell(t, Assemble(spend, sign(spend), init))); !r.accepted || r.exit != 0 || len(r.out) != 1 || w.state().Seqno != 1 {
		t.Errorf("%+v", r)
	}
}

// Every exit code of a spend, each with the nearest spend that passes.
func TestSpendIsRefused(t *testing.T) {
	other := func(change func(*Spend)) func(*wallet) Spend {
		return func(w *wallet) Spend { s := w.spend(bob, one, nil); change(&s); return s }
	}
	with := func(to [32]byte, amount uint64, body *cell.Cell) func(*wallet) Spend {
		return func(w *wallet) Spend { return w.spend(to, amount, body) }
	}
	for name, c := range map[string]struct {
		spend func(*wallet) Spend
		want  Exit
	}{
		"good":                    {with(bob, one, nil), 0},
		"wallet id":               {other(func(s *Spend) { s.WalletID ^= 1 }), ExitWalletID},
		"seqno ahead":             {other(func(s *Spend) { s.Seqno++ }), ExitSeqno},
		"another account":         {other(func(s *Spend) { s.Account[31] ^= 1 }), ExitAccount},
		"last second":             {other(func(s *Spend) { s.ValidUntil = testNow.Add(time.Second) }), 0},
		"expired":                 {other(func(s *Spend) { s.ValidUntil = testNow }), ExitExpired},
		"longest validity":        {other(func(s *Spend) { s.ValidUntil = testNow.Add(300 * time.Second) }), 0},
		"too long a validity":     {other(func(s *Spend) { s.ValidUntil = testNow.Add(301 * time.Second) }), ExitValidity},
		"over per_tx":             {with(bob, one+1, nil), ExitPerTx},
		"not listed":              {with(payee, one, nil), ExitDestination},
		"itself":                  {other(func(s *Spend) { s.To = s.Account }), ExitDestination},
		"operation to plain":      {with(bob, one, op(opStake)), ExitKind},
		"jetton to plain":         {with(bob, one, op(opJettonTransfer)), ExitKind},
		"jetton to operations":    {with(pool, one, op(opJettonTransfer)), ExitKind},
		"plain to operations":     {with(pool, one, nil), ExitKind},
		"empty to operations":     {with(pool, one, cell.BeginCell().EndCell()), ExitKind},
		"comment to operations":   {with(pool, one, comment("d")), ExitKind},
		"plain to jetton":         {with(jettons, one, nil), ExitKind},
		"operation to jetton":     {with(jettons, one, op(opStake)), ExitKind},
		"operation not listed":    {with(pool, one, op(opStake+1)), ExitOpNotListed},
		"31 bits":                 {with(bob, one, cell.BeginCell().MustStoreUInt(0, 31).EndCell()), ExitShortBody},
		"only a reference":        {with(bob, one, cell.BeginCell().MustStoreRef(op(0)).EndCell()), ExitShortBody},
		"library body":            {with(bob, one, libraryCell(op(0))), ExitShortBody},
		"library body to pool":    {with(pool, one, libraryCell(op(opStake))), ExitShortBody},
		"transfer that is cut":    {with(jettons, one, op(opJettonTransfer)), ExitCut},
		"amount beyond all types": {other(func(s *Spend) { s.Amount = ton.MaxNano }), ExitPerTx},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWallet(t, testState(), 5*one)
			w.wantExit(c.spend(w), c.want)
		})
	}
}

func TestJettonTransferIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		units  uint64
		change func(*jettonBody)
		want   Exit
	}{
		"good":                    {5 * usdt, nil, 0},
		"nothing":                 {0, nil, 0},
		"over per_tx":             {5*usdt + 1, nil, ExitJettonLimit},
		"unlisted payee":          {1, func(j *jettonBody) { j.to.Hash = bob }, ExitJettonBody},
		"masterchain payee":       {1, func(j *jettonBody) { j.to.Workchain = -1 }, ExitJettonBody},
		"excesses to payee":       {1, func(j *jettonBody) { j.response.Hash = payee }, ExitJettonBody},
		"excesses to masterchain": {1, func(j *jettonBody) { j.response.Workchain = -1 }, ExitJettonBody},
		"excesses to nobody":      {1, func(j *jettonBody) { j.response = ton.Address{} }, ExitCut},
		"custom payload":          {1, func(j *jettonBody) { j.custom = op(0) }, ExitJettonBody},
		"forwards all":            {1, func(j *jettonBody) { j.forward = 50 * milli }, 0},
		"forwards more":           {1, func(j *jettonBody) { j.forward = 50*milli + 1 }, ExitJettonBody},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWallet(t, testState(), 5*one)
			w.wantExit(w.spend(jettons, 50*milli, w.transfer(c.units, c.change)), c.want)
		})
	}
}

func TestSpendIsRefusedBySignature(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	s := w.spend(bob, one, nil)
	sig := sign(s)
	sig[0] ^= 1
	if r := w.deliver(mustCell(t, Assemble(s, sig, nil))); r.exit != ExitSignature || r.accepted {
		t.Errorf("%+v", r)
	}
	changed := s
	changed.Amount = ton.NanoOf(one - 1)
	if r := w.deliver(mustCell(t, Assemble(changed, sign(s), nil))); r.exit != ExitSignature || r.accepted {
		t.Errorf("%+v", r)
	}
}

// What isn't a spend in its layout is not accepted, whatever the signature.
func TestBodiesThatAreNoSpend(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	good := w.spend(bob, one, nil)
	sig := sign(good)
	signed := func(payload *cell.Cell) *cell.Builder {
		return cell.BeginCell().MustStoreSlice(sig[:], 512).MustStoreRef(payload)
	}
	for name, c := range map[string]struct {
		body *cell.Cell
		want Exit
	}{
		"nothing":         {cell.BeginCell().EndCell(), ExitCut},
		"half signature":  {cell.BeginCell().MustStoreSlice(sig[:], 256).EndCell(), ExitCut},
		"no payload":      {cell.BeginCell().MustStoreSlice(sig[:], 512).EndCell(), ExitCut},
		"a bit more":      {signed(good.Cell()).MustStoreBoolBit(false).EndCell(), ExitCut},
		"a reference":     {signed(good.Cell()).MustStoreRef(op(0)).EndCell(), ExitCut},
		"another op":      {signed(cell.BeginCell().MustStoreUInt(0x7369676e, 32).EndCell()).EndCell(), ExitOp},
		"no op":           {signed(cell.BeginCell().EndCell()).EndCell(), ExitOp},
		"only an op":      {signed(op(opSpend)).EndCell(), ExitCut},
		"library payload": {signed(libraryCell(good.Cell())).EndCell(), ExitCut},
	} {
		if r := w.external(c.body); r.accepted || r.exit != c.want {
			t.Errorf("%s: exit %d, accepted %t, want %d", name, r.exit, r.accepted, c.want)
		}
	}
	if r := w.external(signed(good.Cell()).EndCell()); !r.accepted || r.exit != 0 {
		t.Errorf("the good one: %+v", r)
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

// libraryCell stands for content that a library of the masterchain would have to hold.
func libraryCell(content *cell.Cell) *cell.Cell {
	c, err := cell.BeginCell().MustStoreUInt(2, 8).MustStoreSlice(content.Hash(), 256).EndCellSpecial(true)
	if err != nil {
		panic(err)
	}
	return c
}
