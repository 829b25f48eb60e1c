package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
)

// withQueries is a network in which the named parties account for the Highload V3 wallet hl, funded with 1,000 TON, of
// which 100 may leave a day.
func withQueries(t *testing.T, accounting ...string) *network {
	t.Helper()
	w := newNetwork(t, 2)
	for _, p := range w.parties {
		p.cfg.Network.Accounting = accounting
	}
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	w.keygen("key-w1")
	w.enrol("key-w1", "w1", "agent-1", policyOf(1, "agent-1", "", "100", "100"))
	w.enter("hl", ton.HighloadV3)
	w.fund("hl", "1000")
	return w
}

// query is an order of the wallet hl with an id that no other has.
func (w *network) query(amount string) order {
	w.queries++
	return order{wallet: "hl", agent: "agent-1", to: destination, amount: amount, ask: "user", deliver: node.DeliverConfirmed,
		query: client.QueryOf(w.queries, w.now().Add(time.Minute))}
}

// sendAll sends orders at once and returns how they ended, in their order.
func (w *network) sendAll(orders []order) []node.Request {
	w.t.Helper()
	var all sync.WaitGroup
	ended := make([]node.Request, len(orders))
	for i, o := range orders {
		e := w.envelope(o)
		all.Go(func() {
			r, err := w.node(o.ask).Sign(context.Background(), e, o.deliver)
			if err != nil {
				w.t.Errorf("request %d: %v", i, err)
			}
			ended[i] = r
		})
	}
	all.Wait()
	return ended
}

func (w *network) restart() {
	w.t.Helper()
	for _, name := range names {
		w.down(name)
	}
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
}

func (w *network) wantLeft(want string) {
	w.t.Helper()
	if got := w.chain.Balance(mustAddress(w, destination)).String(); got != want {
		w.t.Errorf("%s arrived, want %s", got, want)
	}
}

func TestQueriesOfOneWalletAreSignedSideBySide(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "platform")
		var orders []order
		for range 8 {
			orders = append(orders, w.query("5"))
		}
		start := time.Now()
		for i, r := range w.sendAll(orders) {
			if r.State != node.StateConfirmed {
				t.Errorf("request %d: %s %s", i, r.State, r.Reason.Code)
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("eight requests took %s", took)
		}
		w.wantLeft("40")
		batch := w.query("")
		batch.to, batch.payments = "", payees("10", "20", "29")
		if r, err := w.send(batch); err != nil || r.State != node.StateConfirmed {
			t.Errorf("batch: %s %s, %v", r.State, r.Reason.Code, err)
		}
		for n, p := range batch.payments {
			if got := w.chain.Balance(mustAddress(w, p.Destination)).String(); got != p.Amount {
				t.Errorf("payment %d: %s arrived", n, got)
			}
		}
		w.restart()
		if r, err := w.send(w.query("2")); err != nil || r.Reason.Code != string(guard.ReasonLimitDay) {
			t.Errorf("40, 59 and 2 of 100 a day: %s %s, %v", r.State, r.Reason.Code, err)
		}
		if r, err := w.send(w.query("1")); err != nil || r.State != node.StateConfirmed {
			t.Errorf("40, 59 and 1 of 100 a day: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

func TestHighloadWalletNeedsItsAccountingParties(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "platform")
		w.down("user")
		o := w.query("1")
		o.ask = "platform"
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Errorf("a party that only signs is away: %s %s, %v", r.State, r.Reason.Code, err)
		}
		w.up("user")
		w.allUp()
		w.down("backup")
		o = w.query("1")
		o.key = "again"
		e := w.envelope(o)
		r, err := w.node("user").Sign(context.Background(), e, o.deliver)
		if err != nil || r.State != node.StateFailed || r.Reason.Code != "accounting_unavailable" || len(r.Signature) > 0 {
			t.Fatalf("an accounting party is away: %s %s, %v", r.State, r.Reason.Code, err)
		}
		w.up("backup")
		w.allUp()
		if r, err = w.node("user").Sign(context.Background(), e, o.deliver); err != nil || r.State != node.StateConfirmed {
			t.Errorf("it is back: %s %s, %v", r.State, r.Reason.Code, err)
		}
		w.must(w.node("backup").AddAgent(context.Background(), wire.SignAgent(w.id(), "backup", seed("operator backup"), guard.AgentRecord{
			ID: "agent-1", Revision: 3, PublicKey: public("agent agent-1"), Wallets: []string{"w1"}})))
		if r, err := w.send(w.query("1")); err != nil || r.State != node.StateDenied || r.Reason.Code != "refused_by_peer" {
			t.Errorf("an accounting party refuses: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

func TestWalletKindAndQueryGoTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "platform")
		without, with := w.query("1"), w.query("1")
		without.query, with.wallet = nil, "w1"
		for name, o := range map[string]order{"a Highload V3 wallet without a query": without, "another with one": with} {
			if _, err := w.send(o); err == nil || node.ProblemOf(err).Status != 400 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestLiveQueriesOutliveARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "platform", "user")
		for range 2 {
			o := w.query("40")
			o.deliver = node.DeliverSigned // and nobody sends it
			if r, err := w.send(o); err != nil || r.State != node.StateSigned {
				t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
			}
		}
		w.restart()
		if r, err := w.send(w.query("30")); err != nil || r.Reason.Code != string(guard.ReasonLimitDay) {
			t.Errorf("80 of 100 are live: %s %s, %v", r.State, r.Reason.Code, err)
		}
		time.Sleep(2 * time.Minute) // until both are proven dead
		if r, err := w.send(w.query("30")); err != nil || r.State != node.StateConfirmed {
			t.Errorf("nothing is live: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

func TestQueryIDWorksOnceInTwoTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "platform", "user")
		first := w.query("1")
		r, err := w.send(first)
		if err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		boc, err := w.node("user").Message(context.Background(), r)
		w.must(err)
		second := first
		if r, err := w.send(second); err != nil || r.Reason.Code != string(guard.ReasonQueryUsed) {
			t.Errorf("the same id again: %s %s, %v", r.State, r.Reason.Code, err)
		}
		for _, later := range []time.Duration{time.Hour, 2 * time.Hour} {
			w.offset.Add(int64(time.Hour))
			time.Sleep(time.Minute)
			if w.chain.Send(boc) == nil {
				t.Errorf("the same message ran again after %s", later)
			}
		}
		second.query = client.QueryOf(w.queries, w.now().Add(time.Minute))
		if r, err := w.send(second); err != nil || r.State != node.StateConfirmed {
			t.Errorf("the same id after two hours: %s %s, %v", r.State, r.Reason.Code, err)
		}
		if got := w.chain.Balance(mustAddress(w, destination)); got.Cmp(ton.NanoOf(1_990_000_000)) < 0 { // hours of rent are paid
			t.Errorf("%s arrived of two payments of 1", got)
		}
	})
}

func TestQueriesRaceAtTheNetworksLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "user")
		var orders []order
		for i := range 64 {
			o := w.query("7")
			o.ask = names[i%len(names)]
			orders = append(orders, o)
		}
		signed, denied := 0, 0
		for _, r := range w.sendAll(orders) {
			switch {
			case r.State == node.StateConfirmed:
				signed++
			case r.State == node.StateDenied:
				denied++
			}
		}
		if signed == 0 || signed > 14 || signed+denied != len(orders) { // 14 × 7 ≤ 100; the members' orders differ, so it may be fewer
			t.Errorf("%d signed, %d denied", signed, denied)
		}
		w.wantLeft(fmt.Sprint(7 * signed))
	})
}

// proposedQuery is what a hostile coordinator has got so far for one payload.
type proposedQuery struct {
	order
	payload []byte
	said    map[string]wire.Statement
	answers map[string]wire.Answer
}

// proposeQuery has the given parties decide about an order.
func (h *hostile) proposeQuery(o order, to ...string) proposedQuery {
	p := proposedQuery{order: o, said: map[string]wire.Statement{}, answers: map[string]wire.Answer{}}
	p.payload = h.w.queryPayload(o)
	for _, victim := range to {
		s, a, err := h.propose(victim, wire.Proposal{Request: h.w.envelope(o), Payload: p.payload})
		h.w.must(err)
		p.said[victim], p.answers[victim] = s, a
	}
	return p
}

// queryPayload builds what an order of hl asks for.
func (w *network) queryPayload(o order) []byte {
	w.t.Helper()
	wallet, err := ton.NewWallet(ton.HighloadV3, w.publicKey("key-w1"), globalID, 0)
	w.must(err)
	v, err := ton.ParseNano(o.amount, ton.NativeDecimals)
	w.must(err)
	payload, err := ton.Build(wallet, o.query.ID, o.query.CreatedAt.Add(ton.HighloadTimeout), []ton.Transfer{{To: mustAddress(w, o.to), Value: v}})
	w.must(err)
	return payload
}

// signQuery signs with a victim, showing it reservations, and sends what comes of it to the chain.
func (h *hostile) signQuery(p proposedQuery, victim string, reservations ...wire.Statement) error {
	a := p.answers[victim]
	if !a.Reserved {
		return errors.New("not reserved")
	}
	open := h.session(victim, h.w.requestID(p.order), p.said[victim], a)
	open.Terms.Wallet, open.Reservations = "hl", reservations
	sig, err := h.sign(victim, open)
	if err != nil {
		return err
	}
	wallet, err := ton.NewWallet(ton.HighloadV3, h.w.publicKey("key-w1"), globalID, 0)
	h.w.must(err)
	boc, err := ton.Assemble(wallet, p.payload, sig, true)
	h.w.must(err)
	return h.w.chain.Send(boc)
}

// own is the hostile party's word on what a victim answered.
func (h *hostile) own(a wire.Answer) wire.Statement {
	return wire.State(h.w.id(), wire.KindAnswer, h.name, seed("node "+h.name),
		wire.Answer{Request: a.Request, Payload: a.Payload, Effect: uint8(guard.Allow), Reserved: true})
}

// TestHostilePartyBetweenTwoAndAHighloadWallet: user and backup can't reach each other, platform is hostile, accounts for
// the wallet or not, and plays each against the other. What executes stays within the daily limit of 100.
func TestHostilePartyBetweenTwoAndAHighloadWallet(t *testing.T) {
	for _, set := range [][]string{{"backup", "user"}, {"platform", "user"}} {
		t.Run(fmt.Sprint(set), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := withQueries(t, set...)
				h := w.turn("platform")
				w.memory.Cut("backup", "user")
				time.Sleep(5 * time.Second)
				ask := func() order {
					o := w.query("60")
					o.ask, o.key = "platform", fmt.Sprint("k", w.queries)
					return o
				}
				first := h.proposeQuery(ask(), "user", "backup")
				apart := map[string]proposedQuery{"user": h.proposeQuery(ask(), "user"), "backup": h.proposeQuery(ask(), "backup")}
				all := func(p proposedQuery) (said []wire.Statement) {
					for _, party := range set {
						if party == h.name {
							said = append(said, h.own(first.answers["user"]))
							continue
						}
						said = append(said, p.said[party])
					}
					return said
				}
				for i, victim := range []string{"user", "backup"} {
					for name, shown := range map[string][]wire.Statement{
						"nothing":                 nil,
						"its own word":            {h.own(first.answers["user"])},
						"its own word twice":      {h.own(first.answers["user"]), h.own(first.answers["user"])},
						"more than there are":     slices.Concat(all(first), all(first)),
						"words on another":        {apart["user"].said["user"], apart["backup"].said["backup"]},
						"a refusal of the second": {first.said["user"], apart["user"].said["user"]},
					} {
						again := h.proposeQuery(first.order, victim)
						if err := h.signQuery(again, victim, shown...); err == nil {
							t.Errorf("%s signed for %s", victim, name)
						}
					}
					again := h.proposeQuery(first.order, victim)
					if err := h.signQuery(again, victim, all(first)...); err != nil && i == 0 {
						t.Errorf("%s, with all reservations: %v", victim, err)
					}
				}
				for victim, p := range apart {
					h.signQuery(p, victim, all(p)...)
					h.signQuery(p, victim, all(first)...)
				}
				for range 4 {
					for _, victim := range []string{"user", "backup"} {
						p := h.proposeQuery(ask(), victim)
						h.signQuery(p, victim, all(p)...)
					}
				}
				time.Sleep(10 * time.Second)
				w.wantLeft("60")
			})
		})
	}
}

// TestForgedReservationIsRefused: the coordinator writes an accounting party's word itself.
func TestForgedReservationIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "user")
		h := w.turn("platform")
		o := w.query("10")
		o.ask, o.key = "platform", "k"
		p := h.proposeQuery(o, "user")
		forged := h.own(p.answers["user"])
		forged.Party = "backup"
		if err := h.signQuery(p, "user", forged, p.said["user"]); err == nil {
			t.Error("signed")
		}
		p = h.proposeQuery(o, "user", "backup")
		if err := h.signQuery(p, "user", p.said["backup"], p.said["user"]); err != nil {
			t.Errorf("with the word of both: %v", err)
		}
	})
}

// TestAccountingPartyIsWaitedFor has an accounting party answer late, whom the request's order doesn't name.
func TestAccountingPartyIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := withQueries(t, "backup", "user")
		for n := 0; ; n++ {
			o := w.query("1")
			o.deliver, o.key = node.DeliverSigned, fmt.Sprint("late-", n)
			if in := node.InOrder(w.requestID(o), names); in[2] != "backup" {
				continue
			}
			e := w.envelope(o)
			w.memory.Intercept(func(from, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
				if from == "backup" && wire.Kind(k) == wire.FramePropose {
					time.Sleep(time.Second)
				}
				return [][]byte{b}
			})
			start := time.Now()
			r, err := w.node("user").Sign(context.Background(), e, o.deliver)
			if took := time.Since(start); err != nil || len(r.Signature) == 0 || slices.Contains(r.Signers, "backup") || took < time.Second {
				t.Errorf("%s %s, signed by %v after %s, %v", r.State, r.Reason.Code, r.Signers, took, err)
			}
			return
		}
	})
}
