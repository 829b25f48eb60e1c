package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
)

// enrolling is the second version of the permissive policy, which enrols the agent too.
func enrolling(fields string) string {
	return strings.Replace(nextOf(permissive), "    capabilities:", "    enrolment: {"+fields+"}\n    capabilities:", 1)
}

// What the policy says of whose signature counts, for what and when, is all that counts.
func TestPolicyEnrolsAnAgent(t *testing.T) {
	key := fmt.Sprintf("publicKey: \"%x\"", pub("another agent"))
	for name, c := range map[string]struct {
		fields string
		want   guard.Reason
	}{
		"for its wallet":     {key + ", wallets: [wallet-1]", ""},
		"for another wallet": {key + ", wallets: [wallet-2]", guard.ReasonAgentWallet},
		"suspended":          {key + ", wallets: [wallet-1], suspended: true", guard.ReasonAgentSuspended},
		"from later on":      {key + ", wallets: [wallet-1], notBefore: " + start.Add(time.Second).Format(time.RFC3339), guard.ReasonAgentValidity},
		"until now":          {key + ", wallets: [wallet-1], notAfter: " + start.Format(time.RFC3339), guard.ReasonAgentValidity},
		"until later":        {key + ", wallets: [wallet-1], notAfter: " + start.Add(time.Second).Format(time.RFC3339), ""},
	} {
		w := newWorld(t, permissive)
		w.applyPolicy(enrolling(c.fields))
		if got := w.decide(w.request("k1", "1")).First().Reason; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		a, known, err := w.g.Agent(w.tx, "agent-1")
		if err != nil || !known || a.PublicKey != pub("another agent") || a.Revision != 2 {
			t.Errorf("%s: agent %+v, %t, %v", name, a, known, err)
		}
	}
}

func TestOperatorEnrolsNobodyWhomThePolicyEnrols(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(enrolling(fmt.Sprintf("publicKey: \"%x\", wallets: [wallet-1]", pub("another agent"))))
	r := guard.AgentRecord{ID: "agent-1", Revision: 9, PublicKey: pub("mallory"), Wallets: []string{"wallet-1"}}
	s := guard.Signed[guard.AgentRecord]{Body: r, Operator: pub("user operator"), Signature: sign("user operator", guard.RecordDigest(networkID, "user", r))}
	if err := w.g.AddAgent(w.tx, w.now, s); err == nil || !strings.Contains(err.Error(), "the policy in force enrols it") {
		t.Errorf("err = %v", err)
	}
	s.Body.ID = "agent-2"
	s.Signature = sign("user operator", guard.RecordDigest(networkID, "user", s.Body))
	w.must(w.g.AddAgent(w.tx, w.now, s))
}

// A stop by the policy holds for what is under way: the policy is another then.
func TestSuspensionByThePolicyEndsAnAttempt(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	p, err := w.g.Permit(w.tx, w.now, w.terms(c, 1))
	w.must(err)
	w.applyPolicy(enrolling(fmt.Sprintf("publicKey: \"%x\", wallets: [wallet-1], suspended: true", pub("agent-1"))))
	if err := w.g.Release(w.tx, w.now, p); err == nil {
		t.Error("released")
	}
}
