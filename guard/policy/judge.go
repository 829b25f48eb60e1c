package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tonaiagent/mpcnode/ton"
)

// Given are fields that people gave values to, to see what a bundle makes of them. The asset is the native coin unless it
// is given; every other field that isn't given has no value.
type Given struct{ facts facts }

// ParseGiven reads values as documents write them, without quotes; several of patterns have spaces between them.
func ParseGiven(texts map[string]string) (Given, error) {
	lists := make(map[string][]string, len(texts))
	for name, text := range texts {
		lists[name] = []string{text}
		if at, known := fieldNamed[name]; known && registry[at].of == typePatterns {
			lists[name] = strings.Fields(text)
		}
	}
	g, problems := given(lists)
	if len(problems) > 0 {
		p := slices.MinFunc(problems, func(x, y problem) int { return strings.Compare(x.path, y.path) })
		return g, fmt.Errorf("%s: %s", p.path, p.text)
	}
	return g, nil
}

// given reads the values of each field, and what is wrong with them by the field's name.
func given(lists map[string][]string) (g Given, problems []problem) {
	f := &g.facts
	f.of[fieldAsset] = []value{{text: ton.Native}}
	if list, ok := lists[registry[fieldAsset].name]; ok && len(list) == 1 && strings.HasPrefix(list[0], jettonPrefix) {
		f.unit = inUnits
	} else {
		f.unit = inCoins
	}
	for name, list := range lists {
		at, known := fieldNamed[name]
		if !known {
			problems = append(problems, problem{clip(name), "there is no such field; docs/policy.md lists them"})
			continue
		}
		of := registry[at].of
		if of == typeAmount && f.unit == inUnits {
			of = typeUnits
		}
		f.of[at] = make([]value, 0, len(list))
		for _, text := range list {
			v, err := of.read(text)
			if err != nil {
				problems = append(problems, problem{name, err.Error()})
			}
			f.of[at] = append(f.of[at], v)
		}
	}
	return g, problems
}

// text returns the value of a field that has text, "" when it has none.
func (g Given) text(name string) string {
	if v := g.facts.of[fieldNamed[name]]; len(v) > 0 {
		return v[0].text
	}
	return ""
}

// Outcome is what a bundle says of what is given, by its permissions and rules together. The zero value denies.
type Outcome struct {
	Effect   Effect
	Rule     string // id of the rule that decides; "" when none does
	Violates Rule   // what of the permissions is violated; "" when a rule decides
	Reason   string // for people
}

// Judge is layer 4 and the limit of a transaction, in their order: any deny rule; the permissions; any escalate rule, or an
// amount that needs an approval; any allow rule, or the permissions alone unless they are RulesOnly. What depends on
// history or chain counts by the fields that are given alone.
func (b *Bundle) Judge(g Given) Outcome {
	p, named := b.Permissions(g.text("agentId"))
	if !named {
		return Outcome{Effect: Deny, Reason: "the policy names no such agent"}
	}
	ruling, may := b.rules.evaluate(&g.facts), p.CheckCapability(g.action())
	switch violated := may.ViolatedRule; {
	case ruling.Effect == Deny, ruling.Effect == Escalate && (may.Allowed || violated == RuleApproval):
		return ruling.outcome()
	case !may.Allowed && violated == RuleApproval:
		return Outcome{Escalate, "", violated, may.Reason}
	case !may.Allowed:
		return Outcome{Deny, "", violated, may.Reason}
	case ruling.Effect == Allow:
		return ruling.outcome()
	case p.RulesOnly:
		return Outcome{Deny, "", RuleRulesOnly, "no allow rule matches"}
	}
	return Outcome{Effect: Allow, Reason: "the permissions allow it"}
}

func (r Ruling) outcome() Outcome {
	first := r.Matched[0]
	reason := "rule " + first.ID
	if first.Name != "" {
		reason += ": " + first.Name
	}
	return Outcome{Effect: r.Effect, Rule: first.ID, Reason: reason}
}

// action is what the permissions are asked about. An amount that isn't given is the largest.
func (g Given) action() Action {
	a := Action{Name: ActionOf(g.text("type")), Token: g.text("asset"), Amount: ton.MaxNano}
	if v := g.facts.of[fieldNamed["amount"]]; len(v) > 0 {
		a.Amount = v[0].n
	}
	if to := g.text("destination"); to != "" {
		a.Destination.UnmarshalText([]byte(to)) // it was written by address's own String
	}
	return a
}

// Explain tells of every rule, in the order in which they are reported, whether it matches and why not.
func (b *Bundle) Explain(g Given) []Explanation { return b.rules.explain(&g.facts) }
