package policy

import (
	"fmt"
	"time"
)

// Ruling is what the rules say of one payment: deny if any deny rule matches, else escalate if any escalate rule does, else
// allow if any allow rule does, else nothing. The order of the document doesn't matter.
type Ruling struct {
	Effect  Effect    // "" when no rule matches
	Matched []Matched // the rules that match with this effect, in the order in which they are reported
}

// Matched is a rule that matches.
type Matched struct {
	ID, Name string
	Approval Approval // of an escalate rule
}

// Evaluate judges one payment by the rules. Of the permissions it knows nothing: in layer 4 a deny rule counts before
// [Permissions.CheckCapability], an escalate rule after it, and without an allow rule [Permissions.RulesOnly] denies.
func (b *Bundle) Evaluate(v Values) Ruling { return b.rules.evaluate(v.facts()) }

// ExplainRules tells of every rule, in the order in which they are reported, whether it matches one payment and why not.
func (b *Bundle) ExplainRules(v Values) []Explanation { return b.rules.explain(v.facts()) }

// HasRules reports whether there is anything to evaluate.
func (b *Bundle) HasRules() bool { return len(b.rules.rules) > 0 }

// Clock returns what the fields hour and weekday are at a time, in the policy's time zone.
func (b *Bundle) Clock(now time.Time) (hour *int, day *time.Weekday) {
	now = now.In(b.rules.zone)
	return new(now.Hour()), new(now.Weekday())
}

// Explanation is how one rule comes to its result.
type Explanation struct {
	ID, Name string
	Action   Effect
	Matched  bool
	Unmet    string // the first condition that does not hold, or the list of unless that does; "" when the rule matches
	Assumed  string // the first condition of one that matches which holds only because its value is missing
}

func (b ruleBook) evaluate(f *facts) (out Ruling) {
	for i := range b.rules {
		r := &b.rules[i]
		if r.action.rank() < out.Effect.rank() || r.unmet(f) != "" {
			continue
		}
		if r.action != out.Effect {
			out = Ruling{Effect: r.action}
		}
		out.Matched = append(out.Matched, Matched{r.id, r.name, r.approval})
	}
	return out
}

// rank orders effects: the highest decides.
func (e Effect) rank() int {
	switch e {
	case Deny:
		return 3
	case Escalate:
		return 2
	case Allow:
		return 1
	}
	return 0
}

func (b ruleBook) explain(f *facts) []Explanation {
	all := make([]Explanation, len(b.rules))
	for i := range b.rules {
		r := &b.rules[i]
		unmet := r.unmet(f)
		if len(unmet) > maxUnmet {
			unmet = unmet[:maxUnmet] + "…" // a list; what it holds is ASCII
		}
		all[i] = Explanation{r.id, r.name, r.action, unmet == "", unmet, ""}
		if unmet == "" {
			all[i].Assumed = r.assumed(f)
		}
	}
	return all
}

// unmet returns what keeps the rule from matching, "" if nothing does.
func (r *rule) unmet(f *facts) string {
	against := r.action != Allow
	for i := range r.conditions {
		if c := &r.conditions[i]; !c.holds(f, against) {
			return c.text
		}
	}
	for i, list := range r.unless {
		if allHold(list, f, !against) {
			return switchedOff[i]
		}
	}
	return ""
}

// assumed returns the first condition that holds because its value is missing, "" if none does.
func (r *rule) assumed(f *facts) string {
	for i := range r.conditions {
		if c := &r.conditions[i]; c.holds(f, true) && !c.holds(f, false) {
			return c.text
		}
	}
	return ""
}

func allHold(list []condition, f *facts, missing bool) bool {
	for i := range list {
		if !list[i].holds(f, missing) {
			return false
		}
	}
	return true
}

// switchedOff names the lists of unless.
var switchedOff = func() (names [maxUnless]string) {
	for i := range names {
		names[i] = fmt.Sprintf("unless[%d] holds", i)
	}
	return names
}()
