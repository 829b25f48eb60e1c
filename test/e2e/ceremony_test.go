package e2e

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
)

// news gives a party what the hostile one says of a ceremony.
func (h *hostile) news(to string, news wire.CeremonyNews) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := h.host.Call(ctx, to, p2p.Kind(wire.FrameCeremony), wire.Encode(news))
	return err
}

func (h *hostile) proposal(key string) wire.Keygen {
	k := wire.Keygen{Network: h.w.id(), Key: key, Epoch: 1, Need: 2, Parties: names, Proposer: h.name, Expires: h.w.now().Add(time.Hour).Unix()}
	rand.Read(k.Nonce[:])
	return k
}

// TestAbortOfAnotherCeremonyTouchesNoKey: a hostile party proposes a second key of the same name and aborts it. The
// share of the real one stays, and the wallet goes on signing.
func TestAbortOfAnotherCeremonyTouchesNoKey(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		k := h.proposal("key-w1")
		abort := wire.State(w.id(), wire.KindAbort, "platform", seed("node platform"), wire.Abort{Ceremony: k.ID()})
		for _, name := range []string{"user", "backup"} {
			w.must(h.news(name, wire.CeremonyNews{Keygen: k, Aborts: []wire.Statement{abort},
				Approvals: []wire.Approval{wire.Approve(k.ID(), "platform", seed("operator platform"))}}))
		}
		for _, name := range []string{"user", "backup"} {
			w.eventually("abort at "+name, func() bool { return w.ceremonyState(k.ID(), name) == ceremony.Aborted })
		}
		time.Sleep(5 * time.Second)
		r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", deliver: node.DeliverConfirmed})
		if err != nil || r.State != node.StateConfirmed {
			t.Errorf("%s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

// TestProposalsAreBoundedAndTheirProposers: nobody proposes in another's name, and one party can't fill the others.
func TestProposalsAreBoundedAndTheirProposers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		h := w.turn("platform")
		forged := h.proposal("forged")
		forged.Proposer = "backup"
		if h.news("user", wire.CeremonyNews{Keygen: forged,
			Approvals: []wire.Approval{wire.Approve(forged.ID(), "platform", seed("operator platform"))}}) == nil {
			t.Error("a proposal in another party's name was taken")
		}
		taken := 0
		for range 300 { // each is aborted at once
			k := h.proposal("spam")
			if h.news("user", wire.CeremonyNews{Keygen: k,
				Approvals: []wire.Approval{wire.Approve(k.ID(), "platform", seed("operator platform"))},
				Aborts:    []wire.Statement{wire.State(w.id(), wire.KindAbort, "platform", seed("node platform"), wire.Abort{Ceremony: k.ID()})},
			}) == nil {
				taken++
			}
		}
		if taken > 32 {
			t.Errorf("%d proposals of one party were taken", taken)
		}
		w.propose("good", "user")
	})
}
