package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawRule makes a rule of any action, with conditions on any fields by any operators.
func drawRule(t *rapid.T, id string, actions ...Effect) string {
	action := rapid.SampledFrom(actions).Draw(t, "action")
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: %s\n    action: %s\n    priority: %d\n    conditions: %s\n", id, action, rapid.IntRange(0, 3).Draw(t, "priority"), drawList(t, action != Allow))
	if n := rapid.IntRange(0, 2).Draw(t, "groups"); n > 0 {
		b.WriteString("    unless:\n")
		for range n {
			fmt.Fprintf(&b, "      - %s\n", drawList(t, action == Allow))
		}
	}
	if rapid.Bool().Draw(t, "scoped") {
		fmt.Fprintf(&b, "    scope: {agents: [%s]}\n", rapid.SampledFrom([]string{"agent-1", "agent-2"}).Draw(t, "agent"))
	}
	return b.String()
}

func drawList(t *rapid.T, missing bool) string {
	var all []string
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		f := rapid.SampledFrom(registry[:]).Draw(t, "field")
		op := rapid.SampledFrom(f.of.operators).Draw(t, "operator")
		s := sampled[f.name]
		if f.isAmount() {
			s.it, s.other = `"1"`, `"2"` // of coins or of jettons
		}
		value := rapid.SampledFrom([]string{s.it, s.other}).Draw(t, "value")
		switch op {
		case opIn, opNotIn:
			value = "[" + value + "]"
		case opBetween:
			value = "[" + s.it + ", " + s.other + "]"
		case opExists:
			value = fmt.Sprint(!missing)
		case opPrefix:
			value = rapid.SampledFrom([]string{s.beginning, s.otherStart}).Draw(t, "prefix")
		}
		all = append(all, fmt.Sprintf("{field: %s, operator: %s, value: %s}", f.name, op, value))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func drawRules(t *rapid.T) []string {
	rules := make([]string, rapid.IntRange(1, 6).Draw(t, "rules"))
	for i := range rules {
		rules[i] = drawRule(t, fmt.Sprintf("r%d", i), Deny, Escalate, Allow)
	}
	return rules
}

// drawValues gives some fields the value of their sample.
func drawValues(t *rapid.T) *facts {
	var v Values
	for _, f := range registry {
		if rapid.Bool().Draw(t, f.name) {
			sampled[f.name].set(&v)
		}
	}
	return v.facts()
}

func parseDrawn(t *rapid.T, rules []string) ruleBook {
	b, err := Parse([]byte(ruled(rules...)))
	if err != nil {
		if strings.Contains(err.Error(), "one rule for each") {
			t.Skip("coins and jettons in one list")
		}
		t.Fatalf("%v\n%s", err, ruled(rules...))
	}
	return b.rules
}

// allows tells whether a set that may do everything else lets a ruling through.
func allows(r Ruling, rulesOnly bool) bool { return r.Effect == Allow || r.Effect == "" && !rulesOnly }

func TestOutcomeDoesNotDependOnTheOrderOfRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, f := drawRules(t), drawValues(t)
		before := parseDrawn(t, rules).evaluate(f)
		after := parseDrawn(t, rapid.Permutation(rules).Draw(t, "order")).evaluate(f)
		if before.Effect != after.Effect || idsOf(before) != idsOf(after) {
			t.Fatalf("%+v, in another order %+v", before, after)
		}
	})
}

func TestAnotherRefusingRuleNeverHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, f, rulesOnly := drawRules(t), drawValues(t), rapid.Bool().Draw(t, "rulesOnly")
		before := parseDrawn(t, rules).evaluate(f)
		another := drawRule(t, "another", Deny, Escalate)
		after := parseDrawn(t, append(slices.Clone(rules), another)).evaluate(f)
		if !allows(before, rulesOnly) && allows(after, rulesOnly) || before.Effect == Deny && after.Effect != Deny {
			t.Fatalf("%+v, with another rule %+v", before, after)
		}
	})
}

func TestLosingAValueNeverHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book, f, rulesOnly := parseDrawn(t, drawRules(t)), drawValues(t), rapid.Bool().Draw(t, "rulesOnly")
		before := book.evaluate(f)
		f.of[rapid.IntRange(0, len(registry)-1).Draw(t, "lost")] = nil
		if f.of[fieldAsset] == nil {
			f.unit = noUnit
		}
		after := book.evaluate(f)
		if !allows(before, rulesOnly) && allows(after, rulesOnly) || before.Effect == Deny && after.Effect != Deny {
			t.Fatalf("%+v, without the value %+v", before, after)
		}
	})
}

// What is no loosening refuses at least what was refused before.
func TestWhatDoesNotLoosenAllowsNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, f := drawRules(t), drawValues(t)
		next := rapid.Permutation(append(slices.Clone(rules), drawRule(t, "another", Deny, Escalate, Allow))).Draw(t, "next")
		next = next[rapid.IntRange(0, len(next)-1).Draw(t, "dropped"):]
		before, after := parseDrawn(t, rules), parseDrawn(t, next)
		rulesOnly := rapid.Bool().Draw(t, "rulesOnly")
		if !before.loosens(after) && !allows(before.evaluate(f), rulesOnly) && allows(after.evaluate(f), rulesOnly) {
			t.Fatalf("%+v, then %+v", before.evaluate(f), after.evaluate(f))
		}
	})
}
