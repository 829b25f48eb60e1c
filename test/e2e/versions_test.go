package e2e

import (
	"context"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// TestEveryWalletVersionIsSignedForAndMirrored has the parties sign two payments: the first deploys the wallet. What was
// spent counts after a restart.
func TestEveryWalletVersionIsSignedForAndMirrored(t *testing.T) {
	for _, v := range []ton.Version{ton.V3R2, ton.V4R2} {
		t.Run(string(v), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := ready(t)
				w.enter("other", v)
				w.fund("other", "500")
				o := order{wallet: "other", agent: "agent-1", to: destination, ask: "user", deliver: node.DeliverConfirmed}
				for _, o.amount = range []string{"30", "40"} {
					if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
						t.Fatalf("%s: %s %s, %v", o.amount, r.State, r.Reason.Code, err)
					}
				}
				for _, name := range names {
					w.down(name)
				}
				for _, name := range names {
					w.up(name)
				}
				w.allUp()
				if r, err := w.send(o); err != nil || r.Reason.Code != string(guard.ReasonLimitDay) {
					t.Errorf("30, 40 and 40 of 100 a day: %s %s, %v", r.State, r.Reason.Code, err)
				}
			})
		})
	}
}

// enter puts another wallet of the key of w1 into force at every node, and the agent may use it.
func (w *network) enter(id string, v ton.Version) {
	w.t.Helper()
	ctx := context.Background()
	for _, name := range names {
		record, err := wire.SignSubwallet(w.id(), name, seed("operator "+name), id, "key-w1", 1, v, w.publicKey("key-w1"), globalID, 0)
		w.must(err)
		w.must(w.node(name).AddWallet(ctx, record))
		w.must(w.node(name).AddAgent(ctx, wire.SignAgent(w.id(), name, seed("operator "+name), guard.AgentRecord{ID: "agent-1",
			Revision: 2, PublicKey: public("agent agent-1"), Wallets: []string{"w1", id}})))
	}
}
