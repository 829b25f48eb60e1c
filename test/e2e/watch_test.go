package e2e

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
	"github.com/tonaiagent/mpcnode/tss"
)

// collude signs with the shares of two hostile parties alone.
func collude(w *network, a, b *hostile, payload []byte) [64]byte {
	w.t.Helper()
	own, err := ton.NewWallet(ton.V5R1, w.publicKey("key-w1"), globalID, 0)
	w.must(err)
	t, err := ton.Decode(own, payload)
	w.must(err)
	session := sha256.Sum256(payload)
	signers := []string{a.name, b.name}
	var signature [64]byte
	var both errgroup.Group
	for _, h := range []*hostile{a, b} {
		link, err := h.host.Join(session, signers, p2p.Kind(wire.FrameTSS))
		w.must(err)
		defer link.Close()
		both.Go(func() error {
			half, err := tss.Begin(w.t.Context(), h.share, session, signers, t.SigningHash, link)
			if err == nil {
				err = half.Release(w.t.Context())
			}
			if err != nil {
				return err
			}
			s, err := half.Signature(w.t.Context())
			if h == a {
				signature = s
			}
			return err
		})
	}
	w.must(both.Wait())
	return signature
}

// gauge is a metric of a party's node for one wallet; −1 when there is none.
func (w *network) gauge(name, metric, wallet string) float64 {
	w.t.Helper()
	families, err := w.node(name).Gatherer().Gather()
	w.must(err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == metric && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == wallet {
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}

// Against two colluding parties nothing is promised, but that the third sees it: at a node that nobody asks anything.
func TestIdleNodeSeesWhatTwoOthersSignedWithoutIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.eventually("user knows of no such payload", func() bool { return w.gauge("user", "mpcnode_unexplained", "w1") == 0 })
		payload := w.transfer(0, destination, "10", time.Hour)
		signature := collude(w, w.turn("platform"), w.turn("backup"), payload)
		w.must(w.broadcast(payload, signature, true))
		time.Sleep(21 * time.Second) // idleEvery, and the watch's own pace
		if got := w.gauge("user", "mpcnode_unexplained", "w1"); got != 1 {
			t.Errorf("mpcnode_unexplained is %v", got)
		}
		if !w.warned("user", "wallet w1: 1 executed payloads") {
			t.Error("nobody is warned")
		}
		entries, err := w.node("user").Audit(t.Context(), node.AuditQuery{Type: string(audit.TransactionUnexplained)})
		if w.must(err); len(entries) != 1 || entries[0].Severity != audit.Critical {
			t.Errorf("audit: %+v", entries)
		}
		r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "after"})
		w.must(err)
		if said := w.verdict("user", r.ID); said != "deny "+string(guard.ReasonUnexplained) {
			t.Errorf("of a request of the wallet user says %s", said)
		}
	})
}

// All of a node's liteservers may withhold the same; a toncenter that shows more is noticed, and changes nothing.
func TestToncenterThatDiffersRaisesAnAlarmAndDecidesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.down("user")
		p := w.parties["user"]
		p.shown.Store(&chain.Sighting{Source: "toncenter.example v3", Err: errors.New("away")})
		w.up("user")
		w.allUp()
		truth := func() chain.Sighting {
			h, err := w.node("user").Health(t.Context())
			w.must(err)
			own := w.node("user").LastSeen("w1")
			return chain.Sighting{Source: "toncenter.example v3", Head: h.Head.Seqno, LT: own.LastLT, Hash: own.LastHash}
		}
		alarm := func() bool {
			raised := w.gauge("user", "mpcnode_chain_alarm", "toncenter.example v3") == 1
			if raised != w.warned("user", "toncenter toncenter.example v3 shows another chain for wallet w1") {
				t.Error("metric and warning don't agree")
			}
			return raised
		}
		w.eventually("w1 is seen", func() bool { return w.node("user").LastSeen("w1").Proven })
		for _, c := range []struct {
			what   string
			differ func(*chain.Sighting)
			alarm  bool
		}{
			{"the same", func(*chain.Sighting) {}, false},
			{"a transaction that isn't proven here", func(s *chain.Sighting) { s.LT++ }, true},
			{"the same again", func(*chain.Sighting) {}, false},
			{"a block that isn't proven here", func(s *chain.Sighting) { s.Head += 1000 }, true},
			{"another transaction", func(s *chain.Sighting) { s.Hash[0]++ }, true},
			{"nothing", func(s *chain.Sighting) { s.Err = errors.New("away") }, true},
			{"an older state", func(s *chain.Sighting) { s.LT-- }, true},
			{"an older block", func(s *chain.Sighting) { s.Head -= 1000 }, true},
			{"the same in the end", func(*chain.Sighting) {}, false},
		} {
			for range 13 { // two looks and a bit, with a truth that moves on
				s := truth()
				c.differ(&s)
				p.shown.Store(&s)
				time.Sleep(5 * time.Second)
			}
			if alarm() != c.alarm {
				t.Errorf("it shows %s: alarm %v", c.what, !c.alarm)
			}
			o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", deliver: node.DeliverConfirmed}
			if r, err := w.send(o); err != nil || r.State != node.StateConfirmed || w.verdict("user", r.ID) != "allow" {
				t.Errorf("it shows %s: %s %s, %v", c.what, r.State, r.Reason.Code, err)
			}
		}
	})
}

// A wallet is paid, and pays at once: what the nodes read of its account a moment before can't say that it holds nothing.
func TestCoinsThatHaveJustComeAreSeen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := unfunded(t)
		for _, name := range names {
			if _, acc, err := w.node(name).Wallet(t.Context(), "w1"); err != nil || !acc.Balance.IsZero() {
				t.Fatalf("%s: %s, %v", name, acc.Balance, err)
			}
		}
		w.fund("w1", "1000")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", deliver: node.DeliverConfirmed}
		r, err := w.send(o)
		if err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		for _, name := range names {
			w.eventually(name+" has allowed it", func() bool { return w.verdict(name, r.ID) == "allow" })
		}
	})
}
