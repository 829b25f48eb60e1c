package guard_test

import (
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// decided is the audit entry of a decision.
func (w *world) decided(c guard.Case) audit.Details {
	w.Helper()
	return w.tx.Entries[w.decide(c).Seq].Details
}

// What the rules saw is in the audit entry, so that another bundle can be asked about it.
func TestDecisionKeepsWhatTheRulesSaw(t *testing.T) {
	w := newWorld(t, permissive)
	w.deposit()
	kept := w.decided(w.strategic("dca", "2")).Get("values")
	for _, want := range []string{
		"type=transfer,asset=native,amount=2,destination=" + bob.String() + ",isNewDestination=true", "hour=", "agentId=agent-1,walletId=wallet-1,strategy=dca,confidence=0.95",
		"riskLevel=", "patterns=", "spent24h=2,", "txLastHour=1,", "validFor=1m0s",
	} {
		if !strings.Contains(kept, want) {
			t.Errorf("%s is not in %q", want, kept)
		}
	}
	g, err := policy.ParseGiven(policy.Texts(kept))
	w.must(err)
	for document, want := range map[string]policy.Effect{
		permissive: policy.Allow,
		ruledBy("deny", "{field: strategy, operator: eq, value: dca}"):      policy.Deny,
		ruledBy("escalate", "{field: spent24h, operator: gte, value: '2'}"): policy.Escalate,
		ruledBy("deny", "{field: spent24h, operator: gt, value: '2'}"):      policy.Allow,
	} {
		b, err := policy.Parse([]byte(document))
		w.must(err)
		if got := b.Judge(g); got.Effect != want {
			t.Errorf("%+v, want %s by %s", got, want, document)
		}
	}
}

func TestOfABatchTheFirstPaymentIsKept(t *testing.T) {
	w := newWorld(t, permissive)
	d := w.decided(w.batch("k1", "1", "1"))
	if d.Get("payments") != "2" || !strings.Contains(d.Get("values"), "amount=2,destination="+to(0).String()) {
		t.Errorf("of %s payments: %q", d.Get("payments"), d.Get("values"))
	}
}

// What layer 1 refuses the rules haven't seen.
func TestNothingIsKeptThatTheRulesDidNotSee(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	c.Intent.Memo = "other"
	if d := w.decided(c); d.Get("values") != "" {
		t.Errorf("values %q", d.Get("values"))
	}
}
