package e2e

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
)

// slowness is how long a frame of the slow party takes, less than a coordinator's patience.
const slowness = 50 * time.Millisecond

// orderWith returns a transfer that user coordinates, and user signs, with the named party at that place of its order.
func orderWith(w *network, party string, place int) order {
	for i := 0; ; i++ {
		o, _ := orderOf(w, fmt.Sprintf("k-%s-%d-%d", party, place, i))
		in := node.InOrder(w.requestID(o), names)
		if o.deliver = node.DeliverSigned; in[place] == party && in[2] != "user" {
			return o
		}
	}
}

// TestOnlySignersAreWaitedFor has one party answer late. The request's order says who signs, not who is quick.
func TestOnlySignersAreWaitedFor(t *testing.T) {
	for place, waits := range map[int]bool{0: true, 1: true, 2: false} {
		t.Run(fmt.Sprintf("slow party at place %d", place), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := ready(t)
				o, start := orderWith(w, "backup", place), time.Now()
				w.memory.Delay("user", "backup", slowness)
				r, err := w.send(o)
				if err != nil || len(r.Signature) == 0 {
					t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
				}
				if took := time.Since(start); slices.Contains(r.Signers, "backup") != waits || (took >= 2*slowness) != waits {
					t.Errorf("signed by %v after %s", r.Signers, took)
				}
			})
		})
	}
}

// TestLateVoiceSignsInAFailedSignersStead has the first attempt fail before the third party has answered.
func TestLateVoiceSignsInAFailedSignersStead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		o := orderWith(w, "backup", 2)
		onTSS(w, "platform", func(nth int, _ string, b []byte) [][]byte { return one(b, nth == 1) })
		w.memory.Delay("user", "backup", slowness)
		r, err := w.send(o)
		if err != nil || len(r.Signature) == 0 || slices.Contains(r.Signers, "platform") {
			t.Errorf("%s %s, signed by %v, %v", r.State, r.Reason.Code, r.Signers, err)
		}
	})
}

// TestSilentPartyHoldsNoEvidenceUp has one party never answer what it is asked about a payload that another can explain.
func TestSilentPartyHoldsNoEvidenceUp(t *testing.T) {
	for _, silent := range []string{"backup", "platform"} {
		t.Run(silent, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := ready(t)
				explainer := names[slices.IndexFunc(names, func(n string) bool { return n != "user" && n != silent })]
				w.down("user")
				o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: explainer, deliver: node.DeliverConfirmed}
				if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
					t.Fatalf("%s, %v", r.State, err)
				}
				w.memory.Intercept(func(from, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
					if kind := wire.Kind(k); from == silent && (kind == wire.FrameEvidence || kind == wire.FrameReceipt) ||
						from == explainer && kind == wire.FrameReceipt {
						return nil
					}
					return [][]byte{b}
				})
				w.up("user")
				w.allUp()
				o.ask, o.deliver = "user", node.DeliverSigned
				start := time.Now()
				r, err := w.send(o)
				if took := time.Since(start); err != nil || len(r.Signature) == 0 || took > time.Second {
					t.Errorf("%s %s after %s, %v", r.State, r.Reason.Code, took, err)
				}
			})
		})
	}
}

// TestRequestWaitsForTheExplanationUnderWay asks a node that is just asking what explains an executed payload.
func TestRequestWaitsForTheExplanationUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.down("user")
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "platform", deliver: node.DeliverConfirmed}
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s, %v", r.State, err)
		}
		asked, lost := make(chan struct{}, 16), atomic.Bool{}
		lost.Store(true)
		w.memory.Intercept(func(from, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
			if kind := wire.Kind(k); kind == wire.FrameReceipt || kind == wire.FrameEvidence && from != "user" && lost.Load() {
				if kind == wire.FrameEvidence {
					asked <- struct{}{}
				}
				return nil
			}
			return [][]byte{b}
		})
		w.up("user")
		w.allUp()
		<-asked // the answers are lost, so user waits for them
		lost.Store(false)
		o.ask, o.deliver = "user", node.DeliverSigned
		if r, err := w.send(o); err != nil || len(r.Signature) == 0 || w.verdict("user", r.ID) != "allow" {
			t.Errorf("%s %s, user says %s, %v", r.State, r.Reason.Code, w.verdict("user", r.ID), err)
		}
	})
}
