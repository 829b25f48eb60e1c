package e2e

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/ton"
)

// owned is a network with the wallet "own", whose key the owner alone holds.
func owned(t *testing.T) *network {
	t.Helper()
	w := ready(t)
	for _, name := range names {
		w.enrolOwned(name, "own", 2, "w1")
	}
	w.fund("own", "50")
	return w
}

func orderOwn(amount string) order {
	return order{wallet: "own", agent: "agent-1", to: destination, amount: amount, ask: "user", deliver: node.DeliverConfirmed}
}

// pending asks for a payment and returns the request with what the owner has to sign.
func (w *network) pending(amount string) (node.Request, []byte) {
	w.t.Helper()
	r, err := w.send(orderOwn(amount))
	w.must(err)
	if r.State != node.StatePending || len(r.Signature) > 0 {
		w.t.Fatalf("%s %s, want %s", r.State, r.Reason.Code, node.StatePending)
	}
	payload, err := w.node("user").Unsigned(context.Background(), r)
	w.must(err)
	return r, payload
}

// ownerSigns signs away from every node, after reading what the bytes do.
func (w *network) ownerSigns(payload []byte, by string) []byte {
	w.t.Helper()
	own, err := ton.NewWallet(ton.V5R1, public("owner"), globalID, 0)
	w.must(err)
	t, err := ton.Decode(own, payload)
	w.must(err)
	if len(t.Messages) != 1 || t.Messages[0].To.String() != destination {
		w.t.Fatalf("handed out: %+v", t)
	}
	return ed25519.Sign(seed(by), t.SigningHash[:])
}

func TestOwnerSignsWhatTheGuardsHaveRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := owned(t)
		r, payload := w.pending("2")
		if asked, err := w.node("user").RequestApproval(t.Context(), "agent-1", r.ID); err != nil || asked.State != node.StatePending {
			t.Errorf("asked for approval: %s, %v", asked.State, err)
		}
		r, err := w.node("user").TakeSignature(t.Context(), "agent-1", r.ID, w.ownerSigns(payload, "owner"))
		if err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		var p *node.Problem
		if _, err := w.node("user").RequestApproval(t.Context(), "agent-1", r.ID); !errors.As(err, &p) || p.Code != "not_pending" {
			t.Errorf("asked again: %v", err)
		}
		for _, name := range names {
			w.eventually(name+" sees it executed", func() bool {
				all, err := w.node(name).Requests(t.Context(), 1)
				w.must(err)
				return len(all) == 1 && all[0].ID == r.ID && all[0].State == node.StateConfirmed
			})
		}
		if got := w.chain.Balance(mustAddress(w, destination)); got != ton.NanoOf(2_000_000_000) {
			t.Errorf("the destination has %s", got)
		}
	})
}

func TestOwnersSignatureChangesNothingUnlessItFits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := owned(t)
		if r, err := w.send(orderOwn("1000")); err != nil || r.State != node.StateDenied {
			t.Fatalf("over the limit: %s, %v", r.State, err)
		}
		r, payload := w.pending("2")
		good := w.ownerSigns(payload, "owner")
		for _, c := range []struct {
			at, agent string
			signature []byte
			code      string
		}{
			{"user", "agent-1", w.ownerSigns(payload, "mallory"), "signature_invalid"},
			{"user", "agent-1", good[:63], "bad_request"},
			{"user", "agent-2", good, "unknown_request"},
			{"backup", "agent-1", good, "wrong_coordinator"},
		} {
			_, err := w.node(c.at).TakeSignature(t.Context(), c.agent, r.ID, c.signature)
			var p *node.Problem
			if !errors.As(err, &p) || p.Code != c.code {
				t.Errorf("at %s: %v, want %s", c.at, err, c.code)
			}
		}
		_, err := w.trip("backup", "network", 0)
		w.must(err)
		w.eventually("user has stopped", func() bool { trips, err := w.node("user").Trips(t.Context()); return err == nil && len(trips) == 1 })
		var p *node.Problem
		if _, err := w.node("user").TakeSignature(t.Context(), "agent-1", r.ID, good); !errors.As(err, &p) || p.Code != "signature_refused" {
			t.Errorf("while stopped: %v", err)
		}
		w.must(w.lift("user", "user", "backup"))
		if r, err = w.node("user").TakeSignature(t.Context(), "agent-1", r.ID, good); err != nil || r.State != node.StateConfirmed {
			t.Errorf("after the lift: %s, %v", r.State, err)
		}
	})
}

// The owner may broadcast without telling anyone, and may sign what nobody asked for: both are seen, and count.
func TestOwnersOwnBroadcastIsSeen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := owned(t)
		w.fund("own", "100")
		asked := orderOwn("60")
		e := w.envelope(asked)
		r, err := w.node("user").Sign(t.Context(), e, asked.deliver)
		w.must(err)
		payload, err := w.node("user").Unsigned(t.Context(), r)
		w.must(err)
		own, err := ton.NewWallet(ton.V5R1, public("owner"), globalID, 0)
		w.must(err)
		boc, err := ton.Assemble(own, payload, [64]byte(w.ownerSigns(payload, "owner")), true)
		w.must(err)
		w.must(w.chain.Send(boc))
		w.eventually("the request is seen executed", func() bool {
			got, err := w.node("user").RequestOf(t.Context(), "agent-1", r.ID, 0)
			return err == nil && got.State == node.StateConfirmed
		})
		if again, err := w.node("user").Sign(t.Context(), e, asked.deliver); err != nil || again.State != node.StateConfirmed {
			t.Errorf("asked again: %s %s, %v", again.State, again.Reason.Code, err)
		}
		w.down("user") // what the owner did counts at a node that was away, too
		w.up("user")
		w.allUp()
		if r, err := w.send(orderOwn("60")); err != nil || r.Reason.Code != string(guard.ReasonLimitDay) {
			t.Errorf("60 and 60 of 100 a day: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

func mustAddress(w *network, s string) ton.Address {
	w.t.Helper()
	a, _, err := ton.ParseAddress(s, false)
	w.must(err)
	return a
}
