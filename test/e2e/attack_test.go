package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
)

// TestForgedReceiptChangesNothing: a party shows the published key test's signature as that of a denied request, with
// itself as both signers.
func TestForgedReceiptChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		test := w.node("user").Ceremonies()[0].Tests[0]
		h := w.turn("platform")
		denied, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "500", ask: "user", key: "denied"})
		if err != nil || denied.State != node.StateDenied {
			t.Fatalf("%s, %v", denied.State, err)
		}
		g, err := guard.New(guard.Config{Party: "user", Network: w.id(), Need: 2, GlobalID: globalID,
			Parties: []guard.Party{{Name: "platform", Identity: [32]byte{1}}, {Name: "user", Identity: [32]byte{2}}}})
		w.must(err)
		hash := g.KeyTestMessage("key-w1", 1, test.Signers)
		own := wire.State(w.id(), wire.KindAnswer, "platform", seed("node platform"),
			wire.Answer{Request: denied.Digest, Payload: hash, Effect: uint8(guard.Allow), Reserved: true})
		h.receipt("user", wire.Receipt{RequestID: denied.ID, Request: denied.Digest, Payload: hash, Signature: test.Signature,
			Signers: []string{"platform", "platform"}, Answers: []wire.Statement{own, own}})
		again, err := w.node("user").RequestOf(context.Background(), "agent-1", denied.ID, 0)
		if err != nil || again.State != node.StateDenied || len(again.Signature) > 0 {
			t.Errorf("the denied request is %s, %v", again.State, err)
		}
	})
}

func (h *hostile) receipt(to string, r wire.Receipt) error {
	s := wire.State(h.w.id(), wire.KindReceipt, h.name, seed("node "+h.name), r)
	_, err := h.host.Call(context.Background(), to, p2p.Kind(wire.FrameReceipt), wire.Encode(s))
	return err
}

// TestWithheldSignatureIsExplained: a hostile coordinator takes the other signer's share, keeps its own back and
// broadcasts. The third node learns why from the signer, who never saw the signature, and goes on.
func TestWithheldSignatureIsExplained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "platform", key: "k"}
		payload := w.transfer(0, destination, "1", time.Minute)
		s, a, err := h.propose("user", wire.Proposal{Request: w.envelope(o), Payload: payload})
		w.must(err)
		onTSS(w, "platform", func(nth int, _ string, b []byte) [][]byte {
			if nth == 3 {
				return nil
			}
			return [][]byte{b}
		})
		sig, err := h.sign("user", h.session("user", w.requestID(o), s, a))
		w.must(err)
		w.must(w.broadcast(payload, sig, true))
		time.Sleep(time.Minute)
		r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "backup", key: "next", deliver: node.DeliverConfirmed})
		if err != nil || r.State != node.StateConfirmed {
			t.Errorf("%s %s, %v; backup says %s", r.State, r.Reason.Code, err, w.verdict("backup", r.ID))
		}
	})
}

// TestReplayedProposalsLeaveNoTrace: an expired request is refused before anything is written, and a live one costs its
// agent's tokens at every node.
func TestReplayedProposalsLeaveNoTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.limitTokens()
		h := w.turn("platform")
		size := func() uint64 {
			health, err := w.node("user").Health(context.Background())
			w.must(err)
			return health.Audit
		}
		replay := func(e wire.Proposal) uint64 {
			before := size()
			for range 200 {
				h.host.Call(context.Background(), "user", p2p.Kind(wire.FramePropose), wire.Encode(e))
			}
			return size() - before
		}
		p := wire.Proposal{Request: w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "platform", key: "k"}), Payload: []byte("x")}
		if grown := replay(p); grown > 70 {
			t.Errorf("%d entries for one live request", grown)
		}
		time.Sleep(10 * time.Minute)
		if grown := replay(p); grown > 0 {
			t.Errorf("%d entries for an expired request", grown)
		}
	})
}

// limitTokens gives the agent the default tokens at every node.
func (w *network) limitTokens() {
	w.t.Helper()
	for _, name := range names {
		in, err := w.node(name).Policy(context.Background())
		w.must(err)
		document := strings.Replace(policyOf(2, "agent-1", fmt.Sprintf("%x", in.Hash), "100", "100"), "    callerTokens: {unlimited: true}\n", "", 1)
		w.must(w.node(name).ApplyPolicy(context.Background(), wire.SignPolicy(w.id(), name, seed("admin "+name), []byte(document))))
	}
}

// TestStaleResendsDontUseUpTheAgentsTokens: every party holds the requests it was proposed, and may send them again.
func TestStaleResendsDontUseUpTheAgentsTokens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.limitTokens()
		e := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "old"})
		if _, err := w.node("user").Sign(context.Background(), e, node.DeliverConfirmed); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		for range 70 {
			w.node("user").Sign(context.Background(), e, node.DeliverSigned)
		}
		if r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "fresh"}); err != nil {
			t.Errorf("%s, %v", r.State, err)
		}
	})
}

// TestDenialsAndSimulationsUseUpTheSameTokens: whoever tries amounts to find out a limit has no more tries than calls.
func TestDenialsAndSimulationsUseUpTheSameTokens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.limitTokens()
		begin, answered := w.now(), 0
		probe := func(n int) error {
			o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "101", ask: "user", key: fmt.Sprint("k", n)}
			if n%2 == 0 {
				r, err := w.send(o)
				if err == nil && (r.State != node.StateDenied || r.Reason != wire.Reason{Layer: "limits", Code: "limit_transaction"}) {
					t.Errorf("%s %+v", r.State, r.Reason)
				}
				return err
			}
			_, err := w.node("user").Simulate(t.Context(), w.envelopeTo(o, "/v1/requests:simulate"), "")
			return err
		}
		for n := range 100 {
			if err := probe(n); err == nil {
				answered++
			} else if p := node.ProblemOf(err); p.Code != "too_many_calls" {
				t.Fatal(err)
			}
		}
		if most := 60 + int(w.now().Sub(begin)/time.Second); answered > most || answered < 60 {
			t.Errorf("%d probes were answered, of at most %d", answered, most)
		}
	})
}

// TestSignedRecordStaysAsSigned: a coordinator proposes a signed request again, with garbage.
func TestSignedRecordStaysAsSigned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "platform", key: "k"}
		e := w.envelope(o)
		s, a, err := h.propose("user", wire.Proposal{Request: e, Payload: w.transfer(0, destination, "1", time.Minute)})
		w.must(err)
		_, err = h.sign("user", h.session("user", w.requestID(o), s, a))
		w.must(err)
		time.Sleep(time.Second)
		h.propose("user", wire.Proposal{Request: e, Payload: []byte("x")})
		r, err := w.node("user").RequestOf(context.Background(), "agent-1", w.requestID(o), 0)
		w.must(err)
		if boc, err := w.node("user").Message(context.Background(), r); err != nil || boc == nil || r.Payload != a.Payload {
			t.Errorf("payload %x, %v", r.Payload[:4], err)
		}
	})
}

// TestSignerThatFailsWithoutReasonIsLeftOut: a party allows everything, then refuses every session, or signs its answers
// with a bad signature. The two honest ones get the request signed all the same.
func TestSignerThatFailsWithoutReasonIsLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		wallet, err := ton.NewWallet(ton.V5R1, w.publicKey("key-w1"), globalID, 0)
		w.must(err)
		g, err := guard.New(guard.Config{Party: "user", Network: w.id(), Need: 2, GlobalID: globalID,
			Parties: []guard.Party{{Name: "platform", Identity: [32]byte{1}}, {Name: "user", Identity: [32]byte{2}}}})
		w.must(err)
		var badProof atomic.Bool
		w.turnWith("platform", func(_ context.Context, _ string, k p2p.Kind, b []byte) ([]byte, error) {
			switch wire.Kind(k) {
			case wire.FramePropose:
				p, err := wire.Decode[wire.Proposal](b)
				if err != nil {
					return nil, err
				}
				in, err := g.ParseIntent(p.Request.Body)
				if err != nil {
					return nil, err
				}
				tx, err := ton.Decode(wallet, p.Payload)
				if err != nil {
					return nil, err
				}
				s := wire.State(w.id(), wire.KindAnswer, "platform", seed("node platform"), wire.Answer{
					Request: in.For("agent-1", p.Request.IdempotencyKey, p.Request.Body).Request, Payload: tx.SigningHash,
					Effect: uint8(guard.Allow), Reserved: true, Nonce: [32]byte{7}, Attempt: 1})
				if badProof.Load() {
					s.Proof = make([]byte, 64)
				}
				return wire.Encode(s), nil
			case wire.FrameNonce:
				return wire.Encode([32]byte{8}), nil
			case wire.FrameOpen:
				return wire.Encode(wire.Opened{Error: "sorry"}), nil
			}
			return nil, errors.New("no")
		})
		for _, bad := range []bool{false, true} {
			badProof.Store(bad)
			for i := range 6 {
				r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user",
					key: fmt.Sprint(bad, i), deliver: node.DeliverConfirmed})
				if err != nil || r.State != node.StateConfirmed {
					t.Errorf("bad proof %v, request %d: %s %s, %v", bad, i, r.State, r.Reason.Code, err)
				}
				time.Sleep(2 * time.Minute)
			}
		}
	})
}
