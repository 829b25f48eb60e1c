package e2e

import (
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
)

// rewrite changes an account's state as it is answered, its proofs left as they are.
func rewrite(t *testing.T, change func(*tlb.AccountState)) func(any) any {
	return func(answer any) any {
		a, ok := answer.(lite.AccountState)
		if !ok || a.State == nil {
			return answer
		}
		var state tlb.AccountState
		if err := tlb.Parse(&state, a.State); err != nil {
			t.Error(err)
			return answer
		}
		change(&state)
		c, err := state.ToCell()
		if err != nil {
			t.Error(err)
		}
		a.State = c
		return a
	}
}

// richer has a thousand TON more than there is.
func richer(s *tlb.AccountState) { s.Balance = tlb.MustFromTON("2000") }

// ahead has a seqno to come: is_signature_allowed:Bool seqno:uint32, then the rest (W5).
func ahead(s *tlb.AccountState) {
	if s.StateInit == nil || s.StateInit.Data == nil {
		return
	}
	d := s.StateInit.Data.MustBeginParse()
	b := cell.BeginCell().MustStoreUInt(d.MustLoadUInt(1), 1).MustStoreUInt(d.MustLoadUInt(32)+1, 32)
	s.StateInit.Data = b.MustStoreBuilder(d.MustToCell().ToBuilder()).EndCell()
}

// shorter leaves the newest transaction out of every list.
func shorter(t *testing.T) func(any) any {
	return func(answer any) any {
		l, ok := answer.(lite.TransactionList)
		if !ok {
			return answer
		}
		cells, err := cell.FromBOCMultiRoot(l.Transactions)
		if err != nil {
			t.Error(err)
		}
		l.Transactions = cell.ToBOCWithOptions(slices.Delete(cells, 0, 1), cell.BOCSerializeOptions{})
		return l
	}
}

// stuck always names the block that was the newest when it was first asked.
func stuck() func(any) any {
	var first atomic.Pointer[lite.MasterchainInfoExt]
	return func(answer any) any {
		if info, ok := answer.(lite.MasterchainInfoExt); ok {
			first.CompareAndSwap(nil, &info)
			return *first.Load()
		}
		return answer
	}
}

// Liteservers that lie in one way get nothing signed: not of a network of which all are lied to, and not of one of which
// only one node knows the truth. Once they tell it, the network goes on.
func TestLyingLiteserversGetNothingSigned(t *testing.T) {
	for what, lie := range map[string]func(any) any{
		"state": rewrite(t, richer), "seqno": rewrite(t, ahead), "transaction list": shorter(t), "old blocks": stuck(),
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := onProven(t)
				o, _ := orderOf(w, "k-before")
				if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
					t.Fatalf("before: %s %s, %v", r.State, r.Reason.Code, err)
				}
				w.believe(&lie, names...)
				w.fund("w1", "1") // so that there is something to read
				time.Sleep(65 * time.Second)
				o, _ = orderOf(w, "k-lie")
				if r, err := w.send(o); err == nil || !strings.Contains(err.Error(), string(guard.ReasonChainUnavailable)) {
					t.Errorf("with all lied to: %s, %v", r.State, err)
				}
				w.believe(nil, names...)
				time.Sleep(30 * time.Second)
				if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
					t.Errorf("with the truth: %s %s, %v", r.State, r.Reason.Code, err)
				}
				w.onlyUserKnows(&lie)
			})
		})
	}
}

// What a liteserver says that a getter returns is not even asked for.
func TestNobodyAsksLiteserversToRunGetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := onProven(t)
		var asked atomic.Bool
		lie := func(answer any) any {
			if _, ok := answer.(lite.RunMethodResult); ok {
				asked.Store(true)
			}
			return answer
		}
		w.believe(&lie, names...)
		o, _ := orderOf(w, "k-getter")
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed || asked.Load() {
			t.Errorf("%s %s, %v, asked %t", r.State, r.Reason.Code, err, asked.Load())
		}
	})
}

// onlyUserKnows has the two others refuse what user allows.
func (w *network) onlyUserKnows(lie *func(any) any) {
	w.t.Helper()
	liars := []string{"backup", "platform"}
	w.believe(lie, liars...)
	w.fund("w1", "1")
	time.Sleep(30 * time.Second)
	executed := w.chain.Executed(w.address("w1"))
	o, _ := orderOf(w, "k-lie-to-others")
	r, err := w.send(o)
	w.must(err)
	for _, name := range liars {
		said := w.verdict(name, r.ID)
		if said != "deny "+string(guard.ReasonChainUnavailable) && said != "deny "+string(guard.ReasonDestinationUnknown) {
			w.t.Errorf("%s says %s", name, said)
		}
	}
	if len(r.Signature) > 0 || w.verdict("user", r.ID) != "allow" || w.chain.Executed(w.address("w1")) != executed {
		w.t.Errorf("%s %s, signature %x", r.State, r.Reason.Code, r.Signature)
	}
}

// believe has the liteservers of parties lie, or tell the truth.
func (w *network) believe(lie *func(any) any, of ...string) {
	for _, name := range of {
		w.parties[name].chain.lie.Store(lie)
	}
}
