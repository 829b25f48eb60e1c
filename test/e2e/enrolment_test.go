package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// An agent whom no operator has enrolled, but every party's policy, is heard, until one policy suspends it at its own party.
func TestPolicyEnrolsAnAgentAtItsOwnParty(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		first := policyOf(1, "agent-1", "", "100", "100")
		enrolling := func(version int, parent, more string) string {
			p := policyOf(version, "agent-2", fmt.Sprintf("%x", policy.Hash([]byte(parent))), "500", "100")
			return strings.Replace(p, "  agent-2:\n", fmt.Sprintf("  agent-2:\n    enrolment: {publicKey: \"%s\", wallets: [w1]%s}\n", public("agent agent-2"), more), 1)
		}
		o, _ := orderOf(w, "k-1")
		o.agent = "agent-2"
		if _, err := w.send(o); node.ProblemOf(err).Code != "unknown_key" {
			t.Fatalf("before it is enrolled: %v", err)
		}
		second := enrolling(2, first, "")
		apply := func(name, document string) {
			w.must(w.node(name).ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), name, seed("admin "+name), []byte(document))))
		}
		for _, name := range names {
			apply(name, second)
		}
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("enrolled by all: %s %s, %v", r.State, r.Reason.Code, err)
		}
		third := enrolling(3, second, ", suspended: true")
		apply("user", third)
		apply("backup", third)
		o.key, o.ask = "k-2", "platform"
		if r, err := w.send(o); err != nil || r.State != node.StateDenied || r.Reason.Code != "refused_by_peer" {
			t.Errorf("suspended at two: %s %s, %v", r.State, r.Reason.Code, err)
		}
		all, err := w.node("user").Agents(t.Context())
		w.must(err)
		if len(all) != 2 || all[1].ID != "agent-2" || !all[1].Suspended || all[1].Revision != 3 {
			t.Errorf("agents %+v", all)
		}
	})
}
