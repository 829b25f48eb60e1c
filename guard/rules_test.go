package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
)

// ruledBy is the second version of the permissive policy, with one rule of one condition.
func ruledBy(action, condition string) string {
	return nextOf(permissive) + fmt.Sprintf("rules: [{id: r, action: %s, conditions: [%s]}]\n", action, condition)
}

// Each field of the registry is given its value here, so that a rule about it matches and one about another value doesn't.
// The request pays 2 TON to bob at three in the afternoon of a Tuesday, UTC, 25 hours after 10 TON.
func TestRulesSeeEveryField(t *testing.T) {
	for field, c := range map[string]struct{ holds, fails string }{
		"type":             {"operator: eq, value: transfer", "operator: eq, value: stake"},
		"asset":            {"operator: eq, value: native", "operator: prefix, value: 'jetton:'"},
		"amount":           {"operator: eq, value: '2'", "operator: gt, value: '2'"},
		"destination":      {"operator: eq, value: '" + bob.String() + "'", "operator: ne, value: '" + bob.String() + "'"},
		"isNewDestination": {"operator: eq, value: false", "operator: eq, value: true"},
		"destinationAge":   {"operator: gte, value: 25h", "operator: gt, value: 26h"},
		"opcode":           {"operator: eq, value: '00000000'", "operator: ne, value: '00000000'"},
		"sendMode":         {"operator: eq, value: 3", "operator: eq, value: 128"},
		"messageCount":     {"operator: eq, value: 1", "operator: gt, value: 1"},
		"totalOut":         {"operator: eq, value: '2'", "operator: lt, value: '2'"},
		"hour":             {"operator: eq, value: 15", "operator: between, value: [16, 14]"},
		"weekday":          {"operator: eq, value: tuesday", "operator: in, value: [monday, wednesday]"},
		"agentId":          {"operator: eq, value: agent-1", "operator: eq, value: agent-2"},
		"walletId":         {"operator: eq, value: wallet-1", "operator: prefix, value: wallet-2"},
		"strategy":         {"operator: eq, value: dca", "operator: eq, value: swap"},
		"confidence":       {"operator: eq, value: 0.95", "operator: lt, value: 0.95"},
		"riskScore":        {"operator: lt, value: 30", "operator: gte, value: 30"},
		"riskLevel":        {"operator: eq, value: low", "operator: gte, value: medium"},
		"patterns":         {"operator: ne, value: rapid_drain", "operator: eq, value: rapid_drain"},
		"spent24h":         {"operator: eq, value: '2'", "operator: gt, value: '2'"},
		"spent7d":          {"operator: eq, value: '12'", "operator: lt, value: '12'"},
		"spent30d":         {"operator: eq, value: '12'", "operator: gt, value: '12'"},
		"txLastHour":       {"operator: eq, value: 1", "operator: gt, value: 1"},
		"balanceShare":     {"operator: eq, value: 0.001", "operator: gt, value: 0.001"},
		"validFor":         {"operator: eq, value: 60s", "operator: gt, value: 60s"},
		"isWalletAdmin":    {"operator: eq, value: false", "operator: eq, value: true"},
	} {
		t.Run(field, func(t *testing.T) {
			for condition, want := range map[string]guard.Reason{c.holds: guard.ReasonRule, c.fails: ""} {
				w := newWorld(t, permissive)
				w.deposit()
				w.pay(1, "10")
				w.advance(25 * time.Hour)
				w.applyPolicy(ruledBy("deny", "{field: "+field+", "+condition+"}"))
				if got := w.decide(w.strategic("dca", "2")).First().Reason; got != want {
					t.Errorf("%s: %q, want %q", condition, got, want)
				}
			}
		})
	}
}

// strategic is request with a strategy.
func (w *world) strategic(strategy, amount string) guard.Case {
	w.Helper()
	body := []byte(strings.Replace(string(w.body(amount, "hi")), `"intent":`, `"strategy":"`+strategy+`","intent":`, 1))
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return w.payload(i.For("agent-1", "strategic", body), time.Minute)
}

// What isn't known counts against the request.
func TestRuleAboutWhatIsUnknownMatches(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(ruledBy("deny", "{field: slippage, operator: gt, value: 0.5}")) // of no swap
	w.deny(w.request("k1", "1"), guard.ReasonRule)
	w = newWorld(t, permissive)
	w.applyPolicy(strings.Replace(ruledBy("allow", "{field: slippage, operator: lt, value: 0.5}"), "    rate:", "    rulesOnly: true\n    rate:", 1))
	w.deny(w.request("k1", "1"), guard.ReasonRulesOnly)
}

func TestSimulationExplainsEveryRule(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(nextOf(permissive) + `rules:
- {id: second, action: deny, conditions: [{field: asset, operator: eq, value: native}, {field: destination, operator: eq, value: '` + to(1).String() + `'}]}
- {id: other, action: deny, priority: 9, conditions: [{field: amount, operator: gte, value: "3"}]}
`)
	s, err := w.g.Simulate(w.tx, w.now, w.batch("k1", "1", "1"))
	w.must(err)
	if len(s.Rules) != 2 || s.Rules[0].ID != "other" || s.Rules[0].Matched || !strings.Contains(s.Rules[0].Unmet, "amount") || !s.Rules[1].Matched {
		t.Errorf("rules %+v", s.Rules)
	}
}

func TestAmountThatNeedsAnApprovalHidesNoDenial(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(next("requireApprovalAbove: '1'\n    allowedDestinations: ['" + to(0).String() + "']"))
	d := w.decide(w.batch("k1", "5", "5"))
	if d.First().Reason != guard.ReasonDestinationDenied {
		t.Errorf("first %+v, want a denial of the second destination", d.First())
	}
}

func TestAllowRuleLiftsNoRefusal(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(ruledBy("allow", "{field: amount, operator: gte, value: '0'}"))
	w.deny(w.request("k1", "101"), guard.ReasonLimitTransaction)
	w.allow(w.request("k1", "1"))
}

func TestRulesAreReportedByPriorityWhateverTheirOrder(t *testing.T) {
	rule := func(id, action string, priority int) string {
		return fmt.Sprintf("{id: %s, action: %s, priority: %d, conditions: [{field: amount, operator: gte, value: '0'}]}", id, action, priority)
	}
	for _, order := range [][]string{
		{rule("a", "deny", 1), rule("b", "deny", 2), rule("c", "escalate", 3), rule("d", "allow", 4)},
		{rule("d", "allow", 4), rule("c", "escalate", 3), rule("b", "deny", 2), rule("a", "deny", 1)},
	} {
		w := newWorld(t, permissive)
		w.applyPolicy(nextOf(permissive) + "rules: [" + strings.Join(order, ", ") + "]\n")
		if v := w.decide(w.request("k1", "1")).First(); v.Reason != guard.ReasonRule || v.Observed != "b a" {
			t.Errorf("first %+v, want rules b and a", v)
		}
	}
}

// One payment of a batch that a rule denies is enough, and all of them must be allowed.
func TestRulesJudgeEveryPaymentOfABatch(t *testing.T) {
	for action, want := range map[string]guard.Reason{"deny": guard.ReasonRule, "escalate": guard.ReasonRuleEscalates, "allow": guard.ReasonRulesOnly} {
		w := newWorld(t, permissive)
		document := ruledBy(action, "{field: destination, operator: eq, value: '"+to(1).String()+"'}")
		if action == "allow" {
			document = strings.Replace(document, "    rate:", "    rulesOnly: true\n    rate:", 1)
		}
		w.applyPolicy(document)
		c := w.batch("k1", "1", "1")
		if got := cause(w.decide(c)).Reason; got != want {
			t.Errorf("%s: %q, want %q", action, got, want)
		}
	}
}
