package e2e

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

const day = 24 * time.Hour

// purse is a V5R1 wallet whose key no node has.
type purse struct {
	w     *network
	owner string
	ton.Wallet
	seqno uint32
}

func (w *network) purse(owner string) *purse {
	w.t.Helper()
	own, err := ton.NewWallet(ton.V5R1, public(owner), globalID, 0)
	w.must(err)
	return &purse{w, owner, own, 0}
}

// pay sends n payments in one message.
func (p *purse) pay(to ton.Address, amount string, n int) {
	p.w.t.Helper()
	value, err := ton.ParseNano(amount, ton.NativeDecimals)
	p.w.must(err)
	payload, err := ton.Build(p.Wallet, p.seqno, p.w.now().Add(time.Hour), slices.Repeat([]ton.Transfer{{To: to, Value: value}}, n))
	p.w.must(err)
	t, err := ton.Decode(p.Wallet, payload)
	p.w.must(err)
	boc, err := ton.Assemble(p.Wallet, payload, [64]byte(ed25519.Sign(seed(p.owner), t.SigningHash[:])), p.seqno == 0)
	p.w.must(err)
	p.w.must(p.w.chain.Send(boc))
	p.seqno++
}

// history gives the owner's wallet forty days of transactions: month in the last thirty, of which one spends 2,950, and 512
// before, of which one spends 2,000.
func (w *network) history(month int) *purse {
	w.t.Helper()
	bank, own := w.purse("bank"), w.purse("owner")
	w.must(w.chain.Fund(bank.Address, ton.NanoOf(1_000_000_000_000_000)))
	w.must(w.chain.Fund(own.Address, ton.NanoOf(6_000_000_000_000)))
	deposit := func(n int) {
		for ; n > 0; n -= 255 {
			bank.pay(own.Address, "0.01", min(n, 255))
		}
	}
	deposit(510)
	w.offset.Add(int64(5 * day))
	own.pay(ton.Address{Hash: [32]byte{1}}, "2000", 1)
	w.offset.Add(int64(6 * day))
	own.pay(ton.Address{Hash: [32]byte{1}}, "2950", 1)
	deposit(month - 1)
	w.offset.Add(int64(29 * day))
	return own
}

// enrolOwned enters a wallet whose owner holds the key, and an agent that may ask for it.
func (w *network) enrolOwned(name, wallet string, revision uint64, others ...string) {
	w.t.Helper()
	record, err := wire.SignOwnedWallet(w.id(), name, seed("operator "+name), wallet, ton.V5R1, public("owner"), globalID, 0)
	w.must(err)
	w.must(w.node(name).AddWallet(w.t.Context(), record))
	w.must(w.node(name).AddAgent(w.t.Context(), wire.SignAgent(w.id(), name, seed("operator "+name), guard.AgentRecord{ID: "agent-1",
		Revision: revision, PublicKey: public("agent agent-1"), Wallets: append(others, wallet)})))
}

// pages is what a party's liteserver sends of transactions.
type pages struct {
	sent, before atomic.Int64 // in all, and from before the month
	most         atomic.Int64 // refuses to send more; 0: no bound
	lie          atomic.Bool  // about the time of the last on a page
}

// pass counts a page, and says whether it is sent.
func (p *pages) pass(w *network, l *lite.TransactionList) error {
	if most := p.most.Load(); most > 0 && p.sent.Load() >= most {
		return errors.New("connection refused")
	}
	month := uint32(w.now().Add(-guard.Backfill).Unix())
	roots, err := cell.FromBOCMultiRoot(l.Transactions)
	w.must(err)
	for i, root := range roots {
		var tx tlb.Transaction
		w.must(tlb.Parse(&tx, root))
		p.sent.Add(1)
		if tx.Now < month {
			p.before.Add(1)
		}
		if i == len(roots)-1 && p.lie.Load() {
			tx.Now = month
			roots[i], err = tlb.ToCell(&tx)
			w.must(err)
		}
	}
	l.Transactions = cell.ToBOCWithOptions(roots, cell.BOCSerializeOptions{})
	return nil
}

// through has a party's liteserver send its pages through p.
func (w *network) through(p *pages, name string) {
	see := func(l *lite.TransactionList) error { return p.pass(w, l) }
	w.parties[name].chain.list.Store(&see)
}

// oldWallet is a network that has just learnt of a wallet with as many transactions in the last month.
func oldWallet(t testing.TB, month int, change func(*pages)) (*network, *pages) {
	t.Helper()
	w, p := networkOn(t, "local", 2), &pages{}
	change(p)
	w.history(month)
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	w.through(p, "user")
	for _, name := range names {
		w.enrolOwned(name, "own", 1)
		w.must(w.node(name).ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), name, seed("admin "+name),
			[]byte(policyOf(1, "agent-1", "", "100", "100")))))
	}
	return w, p
}

func (w *network) caughtUp(name string) bool { return w.node(name).LastSeen("own").Proven }

// agree waits until every party's mirror is where user's is.
func (w *network) agree() {
	w.t.Helper()
	w.eventually("every mirror has caught up", func() bool {
		want := w.node("user").LastSeen("own").LastLT
		return want > 0 && !slices.ContainsFunc(names, func(name string) bool { return w.node(name).LastSeen("own").LastLT != want })
	})
}

func (w *network) warned(name, of string) bool {
	w.t.Helper()
	h, err := w.node(name).Health(w.t.Context())
	w.must(err)
	return slices.ContainsFunc(h.Warnings, func(s string) bool { return strings.Contains(s, of) })
}

// countsTheMonth checks that what was spent in the month counts, once, and what was before doesn't.
func (w *network) countsTheMonth() {
	w.t.Helper()
	w.agree()
	if r, err := w.send(orderOwn("60")); err != nil || r.Reason.Code != string(guard.ReasonLimitMonth) {
		w.t.Errorf("2,950 and 60 of 3,000 a month: %s %s, %v", r.State, r.Reason.Code, err)
	}
	if r, err := w.send(orderOwn("40")); err != nil || r.State != node.StatePending {
		w.t.Errorf("2,950 and 40 of 3,000 a month: %s %s, %v", r.State, r.Reason.Code, err)
	}
}

func TestMirrorOfAnOldWalletBeginsAMonthBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, p := oldWallet(t, 2000, func(*pages) {})
		w.eventually("user has caught up", func() bool { return w.caughtUp("user") })
		w.countsTheMonth()
		if sent, before := p.sent.Load(), p.before.Load(); sent > 2*2000+100 || before > 2*16 {
			t.Errorf("2,001 transactions are read twice: %d were, %d of them from before the month", sent, before)
		}
	})
}

// On the way back, between two marks on the way back, and on the way forward.
func TestWalkGoesOnWhereItStopped(t *testing.T) {
	for _, at := range []int64{1024, 1500, 3000} {
		bubble(t, func(t *testing.T) {
			w, p := oldWallet(t, 2000, func(p *pages) { p.most.Store(at) })
			time.Sleep(10 * time.Second)
			if w.caughtUp("user") || !w.warned("user", "wallet own: its mirror is") {
				t.Fatal("the mirror is not behind")
			}
			o := orderOwn("40")
			o.ask = "platform"
			r, err := w.send(o)
			w.must(err)
			w.eventually("user has decided", func() bool { return w.verdict("user", r.ID) != "silent" }) // the others need not wait for it
			if said := w.verdict("user", r.ID); said != "deny "+string(guard.ReasonMirrorBehind) {
				t.Errorf("in mid-walk user says %s", said)
			}
			w.down("user")
			w.up("user")
			w.through(p, "user")
			p.most.Store(0)
			w.allUp()
			w.eventually("user has caught up", func() bool { return w.caughtUp("user") })
			if w.warned("user", "own") {
				t.Error("the warning stays")
			}
			if sent := p.sent.Load(); sent > 2*2000+512+100 {
				t.Errorf("stopped after %d: %d transactions were read, 2,001 twice and one leg again are needed", at, sent)
			}
		})
	}
}

// A time is under the transaction's hash, so a liteserver can't have the walk end too early.
func TestWalkBelievesNoLiteserver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, p := oldWallet(t, 2000, func(p *pages) { p.lie.Store(true) })
		time.Sleep(10 * time.Second)
		if w.caughtUp("user") {
			t.Fatal("a transaction with another time was taken in")
		}
		p.lie.Store(false)
		w.eventually("user has caught up", func() bool { return w.caughtUp("user") })
		w.countsTheMonth()
	})
}

// What came in while a node was away is walked too, from where its mirror was.
func TestNodeThatWasAwayCatchesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, p := oldWallet(t, 600, func(*pages) {})
		w.eventually("user has caught up", func() bool { return w.caughtUp("user") })
		w.down("user")
		bank := w.purse("bank")
		bank.seqno = 5
		for range 6 {
			bank.pay(w.purse("owner").Address, "0.01", 255)
		}
		before := p.sent.Load()
		w.up("user")
		w.through(p, "user")
		w.allUp()
		w.eventually("user has caught up", func() bool { return w.caughtUp("user") })
		if sent := p.sent.Load() - before; sent > 2*6*255+100 {
			t.Errorf("%d transactions were read, 1,530 twice are needed", sent)
		}
		w.countsTheMonth()
	})
}

// BenchmarkWalk is a new mirror of a wallet with a hundred thousand transactions in the month.
func BenchmarkWalk(b *testing.B) {
	for b.Loop() {
		w, p := oldWallet(b, 100_000, func(*pages) {})
		start := time.Now()
		for !w.caughtUp("user") {
			time.Sleep(10 * time.Millisecond)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/walk")
		b.ReportMetric(float64(p.sent.Load()), "transactions-read")
		w.close()
	}
}
