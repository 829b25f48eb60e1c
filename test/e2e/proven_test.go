package e2e

import (
	"slices"
	"strings"
	"testing"

	lite "github.com/xssnick/tonutils-go/ton"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
)

// onProven is ready on a network where nothing that a liteserver says is believed.
func onProven(t *testing.T) *network {
	t.Helper()
	w := networkOn(t, "local", 2)
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	w.keygen("key-w1")
	w.enrol("key-w1", "w1", "agent-1", policyOf(1, "agent-1", "", "100", "100"))
	w.fund("w1", "1000")
	return w
}

func TestTransferOnAProvenNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := onProven(t)
		o, _ := orderOf(w, "k-proven")
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		w.down("user") // and from the persisted state on
		w.up("user")
		w.allUp()
		o, _ = orderOf(w, "k-proven-2")
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("after a restart: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

// A liteserver that answers with another account's state, or none, gets its node to refuse; the others go on.
func TestLiarsNodeRefuses(t *testing.T) {
	for what, lie := range map[string]func(*lite.AccountState){
		"no proof":         func(a *lite.AccountState) { a.Proof, a.ShardProof = nil, nil },
		"the account gone": func(a *lite.AccountState) { a.State = nil },
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := onProven(t)
				w.parties["user"].chain.lie.Store(&lie)
				o, _ := orderOf(w, "k-lie")
				o.ask = "platform"
				r, err := w.send(o)
				if err != nil {
					t.Fatal(err)
				}
				said := w.verdict("user", r.ID)
				if said != "deny "+string(guard.ReasonChainUnavailable) && said != "deny "+string(guard.ReasonDestinationUnknown) {
					t.Errorf("user says %s", said)
				}
				if r.State != node.StateConfirmed {
					t.Errorf("the others' request is %s %s", r.State, r.Reason.Code)
				}
			})
		})
	}
}

// A node that starts while no liteserver answers refuses until one has told it the blockchain's configuration.
func TestNodeStartsWithoutItsLiteserver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := onProven(t)
		w.down("user")
		w.parties["user"].remote = true
		w.up("user")
		w.allUp()
		lacks := func() bool {
			h, err := w.node("user").Health(t.Context())
			w.must(err)
			return slices.ContainsFunc(h.Missing, func(s string) bool { return strings.Contains(s, "configuration") })
		}
		if !lacks() {
			t.Error("the missing configuration is not named")
		}
		o, _ := orderOf(w, "k-remote")
		o.ask = "platform"
		r, err := w.send(o)
		w.must(err)
		if said := w.verdict("user", r.ID); !strings.HasPrefix(said, "deny") {
			t.Errorf("without a chain user says %s", said)
		}
		w.parties["user"].chain.cut(false)
		w.eventually("the configuration is read", func() bool { return !lacks() })
		o, _ = orderOf(w, "k-back")
		if r, err = w.send(o); err != nil || r.State != node.StateConfirmed || w.verdict("user", r.ID) != "allow" {
			t.Errorf("with it: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}
