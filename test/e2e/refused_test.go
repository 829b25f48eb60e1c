package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
)

// tightened is a ready network in which one party allows no more than 1 TON at once.
func tightened(t *testing.T, party string) *network {
	w := ready(t)
	first := policyOf(1, "agent-1", "", "100", "100")
	second := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(first))), "100", "1")
	w.must(w.node(party).ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), party, seed("admin "+party), []byte(second))))
	return w
}

// What one party refuses the others may sign. Its node tells it as it is: what it said itself, who has signed, and what the chain did.
func TestRefusedHereAndSignedByTheOthers(t *testing.T) {
	for _, asked := range []string{"user", "platform"} { // the node that refuses, and another one
		bubble(t, func(t *testing.T) {
			w := tightened(t, "user")
			e := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: asked, key: "k"})
			ask := func() (node.Request, error) {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				defer cancel()
				return w.node(asked).Sign(ctx, e, node.DeliverConfirmed)
			}
			r, err := ask()
			if err != nil || r.State != node.StateConfirmed || strings.Join(r.Signers, " ") != "backup platform" && strings.Join(r.Signers, " ") != "platform backup" {
				t.Fatalf("asked at %s: %s %v, %v", asked, r.State, r.Signers, err)
			}
			time.Sleep(time.Minute) // receipts and mirrors
			if again, err := ask(); err != nil || again.State != node.StateConfirmed {
				t.Errorf("asked again at %s: %s, %v", asked, again.State, err)
			}
			shown := w.shown(t, "user", r.ID)
			if shown.State != node.StateConfirmed || shown.Effect.String() != "deny" || shown.Reason.Code != "limit_transaction" || len(shown.Signature) != 64 {
				t.Errorf("asked at %s, the node that refused shows %s %s %q", asked, shown.State, shown.Effect, shown.Reason.Code)
			}
			boc, err := w.node("user").Message(t.Context(), shown)
			if err != nil || (asked == "user") != (boc != nil) {
				t.Errorf("asked at %s: message of %d bytes, %v", asked, len(boc), err)
			}
		})
	}
}

// shown is a request as an operator sees it.
func (w *network) shown(t *testing.T, party, id string) node.Request {
	t.Helper()
	r, err := w.node(party).RequestOf(t.Context(), "agent-1", id, 0)
	w.must(err)
	return r
}

// A coordinator whose own guard refused delivers what the others have signed, also after a restart.
func TestWhatTheOthersSignedIsDeliveredAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := tightened(t, "user")
		w.parties["user"].chain.mute.Store(true)
		e := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: "k"})
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		r, err := w.node("user").Sign(ctx, e, node.DeliverConfirmed)
		if err != nil || len(r.Signature) == 0 {
			t.Fatalf("%s, %v", r.State, err)
		}
		w.down("user")
		w.up("user")
		w.allUp()
		time.Sleep(20 * time.Second)
		if r = w.shown(t, "user", r.ID); r.State != node.StateConfirmed {
			t.Errorf("after the restart: %s %s", r.State, r.Reason.Code)
		}
	})
}

// While others' refusal keeps the wallet, whoever tries a request is told what would become of it, and whoever sends one until when.
func TestBusyWalletIsExplained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		first := policyOf(1, "agent-1", "", "100", "100")
		second := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(first))), "100", "1")
		for _, party := range []string{"backup", "platform"} {
			w.must(w.node(party).ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), party, seed("admin "+party), []byte(second))))
		}
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: "k"}
		w.ends(o, node.StateDenied, "refused_by_peer")
		o.key = "next"
		if _, err := w.send(o); err == nil || !strings.Contains(err.Error(), "can execute until 20") {
			t.Errorf("%v", err)
		}
		tried := w.envelopeTo(o, "/v1/requests:simulate")
		s, err := w.node("user").Simulate(t.Context(), tried, "")
		if err != nil || s.Reason.Code != "wallet_busy" || s.Reason.Layer != "limits" {
			t.Errorf("simulated: %s %+v, %v", s.State, s.Reason, err)
		}
	})
}

// What the others signed and the chain never took is over once its time has passed, and its wallet is free.
func TestWhatTheOthersSignedDiesWithItsTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := tightened(t, "user")
		w.parties["user"].chain.mute.Store(true)
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: "k", deliver: node.DeliverConfirmed}
		r, err := w.send(o)
		if err != nil || r.State == node.StateConfirmed || len(r.Signature) == 0 {
			t.Fatalf("%s, %v", r.State, err)
		}
		time.Sleep(10 * time.Minute)
		w.parties["user"].chain.mute.Store(false)
		if r = w.shown(t, "user", r.ID); r.State != node.StateExpired || r.Reason.Code != "payload_dead" {
			t.Errorf("shown as %s %s", r.State, r.Reason.Code)
		}
		o.amount, o.key = "0.5", "next"
		w.ends(o, node.StateConfirmed, "")
	})
}

// A request that failed and is tried again stands with the payload that was signed, not with that of the try before.
func TestSignedPayloadIsTheOneThatStands(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		var lose atomic.Bool
		lose.Store(true)
		w.memory.Intercept(func(_, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
			if lose.Load() && wire.Kind(k) == wire.FrameTSS {
				return nil
			}
			return [][]byte{b}
		})
		e := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: "k"})
		ask := func() node.Request {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			r, err := w.node("user").Sign(ctx, e, node.DeliverConfirmed)
			w.must(err)
			return r
		}
		first := ask()
		if first.State != node.StateFailed {
			t.Fatalf("%s", first.State)
		}
		lose.Store(false)
		second := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(policyOf(1, "agent-1", "", "100", "100")))), "100", "1")
		w.must(w.node("user").ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), "user", seed("admin user"), []byte(second))))
		time.Sleep(200 * time.Second) // the first payload is dead
		r := ask()
		if r.State != node.StateConfirmed || r.Payload == first.Payload || r.Reason.Code != "limit_transaction" {
			t.Errorf("%s %s, the payload of before: %v", r.State, r.Reason.Code, r.Payload == first.Payload)
		}
		time.Sleep(time.Minute)
		if shown := w.shown(t, "user", r.ID); shown.State != node.StateConfirmed || shown.Payload != r.Payload {
			t.Errorf("shown as %s, with another payload: %v", shown.State, shown.Payload != r.Payload)
		}
	})
}

// A coordinator that tells nobody hides nothing: the node that refused sees on the chain what the others have signed.
func TestWithheldReceiptHidesNoExecution(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := tightened(t, "user")
		w.memory.Intercept(func(_, to string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
			if wire.Kind(k) == wire.FrameReceipt && to == "user" {
				return nil
			}
			return [][]byte{b}
		})
		r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "platform", key: "k", deliver: node.DeliverConfirmed})
		w.must(err)
		time.Sleep(2 * time.Minute)
		if shown := w.shown(t, "user", r.ID); shown.State != node.StateConfirmed || shown.Effect.String() != "deny" {
			t.Errorf("shown as %s %s", shown.State, shown.Effect)
		}
	})
}

// While the others wait for what they have signed and this node has refused, the wallet is busy and nothing is refused for good.
func TestNextRequestAfterOwnRefusalIsBusyAndNotDenied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := tightened(t, "user")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: "k", deliver: node.DeliverSigned}
		_, err := w.send(o)
		w.must(err)
		o.amount, o.key = "0.5", "k2"
		e := w.envelope(o)
		ask := func() (node.Request, error) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			again := reqsig.New("POST", "http://user.example/v1/requests", o.key, e.Body, "agent:agent-1", seed("agent agent-1"), w.now())
			return w.node("user").Sign(ctx, again, node.DeliverConfirmed) // the same request, signed now
		}
		if r, err := ask(); err == nil || !strings.Contains(err.Error(), "wallet_busy") {
			t.Errorf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		time.Sleep(3 * time.Minute)
		if r, err := ask(); err != nil || r.State != node.StateConfirmed {
			t.Errorf("later: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}
