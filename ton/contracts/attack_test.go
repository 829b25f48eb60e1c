package contracts

import (
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestSameBytesTwice(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	s := w.spend(bob, one, nil)
	w.wantExit(s, 0)
	w.wantExit(s, ExitSeqno)
}

// A second wallet of the same key, id and seqno doesn't take what was signed for the first, and another network's has
// another id.
func TestReplayOnASecondWallet(t *testing.T) {
	first, s := newWallet(t, testState(), 5*one), testState()
	s.Owner.Hash = hashOf("another owner")
	second := newWallet(t, s, 5*one)
	second.wantExit(first.spend(bob, one, nil), ExitAccount)
	mainnet, _ := WalletID(-239, 0)
	testnet, _ := WalletID(-3, 0)
	if mainnet == testnet {
		t.Error("networks share a wallet id")
	}
	onTestnet := testState()
	onTestnet.Config.WalletID = testnet
	newWallet(t, onTestnet, 5*one).wantExit(first.spend(bob, one, nil), ExitWalletID)
}

// A signed spend can't be wrapped in a larger message at the wallet's expense, nor relayed as an internal one.
func TestSpendCantBeRelayedInside(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	s := w.spend(bob, one, nil)
	sig := sign(s)
	body := cell.BeginCell().MustStoreSlice(sig[:], 512).MustStoreRef(s.Cell()).EndCell()
	if r := w.internal(stranger, one, body); len(r.out) != 0 || w.state().Seqno != 0 {
		t.Errorf("%+v", r)
	}
}

// What the spender signs can't choose a mode: the contract's is 3, and the balance beyond amount and fees stays.
func TestSpendKeepsTheBalance(t *testing.T) {
	w := newWallet(t, testState(), 50*one)
	r := w.wantExit(w.spend(bob, one, nil), 0)
	if left := w.balance(); left.Cmp(ton.NanoOf(49*one-10*milli)) < 0 || r.out[0].Amount.Nano().Uint64() != one {
		t.Errorf("%s is left", left)
	}
	if w.account.State().Status != tlb.AccountStatusActive {
		t.Error("the account is gone")
	}
}

// Fees are drained by at most max_count spends a day, and never below the reserve.
func TestFeesOfManySpends(t *testing.T) {
	s := testState()
	s.Config.MaxCount = 1<<16 - 1
	w := newWallet(t, s, s.Config.Reserve.Big().Uint64()+20*milli)
	n := 0
	for ; n < 100; n++ {
		if r := w.execute(w.spend(bob, 0, nil)); r.exit == ExitReserve {
			break
		} else if r.exit != 0 {
			t.Fatalf("exit %d", r.exit)
		}
	}
	if n == 0 || n == 100 || w.balance().Cmp(ton.NanoOf(s.Config.Reserve.Big().Uint64()-10*milli)) < 0 {
		t.Errorf("%d spends, %s is left", n, w.balance())
	}
}

// The largest spend that the reserve lets pass is recorded and paid for: none is accepted and then lost.
func TestAcceptedIsRecorded(t *testing.T) {
	s := withRules(testState(), MaxRules)
	s.Config.Reserve = ton.NanoOf(MinReserve)
	for i := 0; len(s.Rules[jettons].Jetton.Payees) < MaxPayees; i++ {
		s.Rules[jettons].Jetton.Payees[numbered(i)] = true
	}
	w := newWallet(t, s, one+MinReserve+5*milli)
	r := w.wantExit(w.spend(jettons, one, w.transfer(usdt, nil)), 0)
	if w.state().Seqno != 1 || r.action != 0 || len(r.out) != 1 {
		t.Errorf("%+v", r)
	}
}

// A spend whose gas ends while it is sent has used its seqno up all the same: it can't burn gas again. Only a wallet
// without a reserve, which no policy may have, comes that near.
func TestRecordedBeforeSent(t *testing.T) {
	s := testState()
	addr, err := s.Address()
	if err != nil {
		t.Fatal(err)
	}
	s.Config.Reserve, s.Rules = ton.Nano{}, Rules{bob: {Kinds: KindPlain}}
	spend := Spend{WalletID: s.Config.WalletID, ValidUntil: testNow.Add(time.Minute), Account: addr.Hash, To: bob}
	held := 0
	for balance := uint64(2 * milli); balance < 6*milli; balance += milli / 10 {
		w := walletWith(t, addr, s.Data(), balance)
		r := w.execute(spend)
		if seqno := read(w.data()); r.accepted && r.exit != 0 && len(r.out) == 0 {
			seqno.ref()
			seqno.maybeRef()
			seqno.uint(8)
			held += int(seqno.uint(32))
		}
	}
	if held == 0 {
		t.Error("no spend was recorded without being sent")
	}
}

// A jetton transfer isn't a listed operation even where whoever deployed the wallet listed it.
func TestJettonTransferIsNeverAListedOperation(t *testing.T) {
	s := testState()
	addr, err := s.Address()
	if err != nil {
		t.Fatal(err)
	}
	s.Config.Ops = append(s.Config.Ops, opJettonTransfer)
	s.Rules[jettons] = Rule{Kinds: KindOps | KindPlain}
	w := walletWith(t, addr, s.Data(), 5*one)
	spend := Spend{
		WalletID: s.Config.WalletID, ValidUntil: testNow.Add(time.Minute), Account: addr.Hash, To: jettons, Amount: ton.NanoOf(50 * milli),
		Body: w.transfer(1, nil),
	}
	if r := w.execute(spend); r.exit != ExitKind || r.accepted {
		t.Errorf("%+v", r)
	}
}

// Whatever hangs below a body, the seqno is used up: an action phase that failed would take it back, and the same bytes
// could burn gas again and again.
func TestStrangeBodiesUseTheSeqnoUp(t *testing.T) {
	deep, wide := op(0), op(0)
	for range 200 { // twice as deep overflows the C++ emulator's stack in WASM
		deep = cell.BeginCell().MustStoreRef(deep).EndCell()
	}
	for i := range uint64(200) { // 3,200 cells cost 0.15 TON to import, and as much to send
		node := cell.BeginCell().MustStoreRef(wide)
		for j := range uint64(3) {
			leaves := cell.BeginCell()
			for k := range uint64(4) {
				leaves.MustStoreRef(op(i<<8 | j<<4 | k))
			}
			node.MustStoreRef(leaves.EndCell())
		}
		wide = node.EndCell()
	}
	for name, c := range map[string]struct {
		child   *cell.Cell
		balance uint64
		sent    int
	}{"library": {libraryCell(op(0)), 5 * one, 1}, "deep": {deep, 5 * one, 1}, "wide": {wide, 5 * one, 1}, "too wide to pay for": {wide, 300 * milli, 0}} {
		w := newWallet(t, testState(), c.balance)
		r := w.execute(w.spend(bob, 0, cell.BeginCell().MustStoreUInt(0, 32).MustStoreRef(c.child).EndCell()))
		if r.exit != 0 || r.action != 0 || w.state().Seqno != 1 || len(r.out) != c.sent {
			t.Errorf("%s: exit %d, action %d, %d messages, seqno %d, balance %s", name, r.exit, r.action, len(r.out), w.state().Seqno, w.balance())
		}
	}
}
