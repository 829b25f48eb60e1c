package guard_test

import (
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
)

// advised is the second version of the permissive policy, with those validators.
func advised(validators string) string {
	return strings.Replace(nextOf(permissive), "agents:", "validators: ["+validators+"]\nagents:", 1)
}

// unheard is a case under a policy whose validator of that layer said nothing.
func unheard(layer string) func(*world, *guard.Case) {
	return func(w *world, _ *guard.Case) { w.applyPolicy(advised("{id: critic, layer: " + layer + "}")) }
}

// agrees is the opinion of a validator that has no objection, under the policy in force.
func (w *world) agrees(validator string) guard.Opinion {
	w.Helper()
	b, err := w.g.Policy(w.tx)
	w.must(err)
	return guard.Opinion{Validator: validator, Policy: b.Hash, Valid: true, Confidence: 950, Reasoning: "it pays bob, as intended"}
}

func TestValidatorsMustAllAgree(t *testing.T) {
	const both = "{id: critic, layer: intent}, {id: planner, layer: strategy}"
	for name, c := range map[string]struct {
		say  func(w *world) []guard.Opinion
		want guard.Reason // "": allowed
	}{
		"both agree":        {func(w *world) []guard.Opinion { return []guard.Opinion{w.agrees("planner"), w.agrees("critic")} }, ""},
		"a stranger agrees": {func(w *world) []guard.Opinion { return []guard.Opinion{w.agrees("stranger"), w.agrees("planner")} }, guard.ReasonIntentValidator},
		"a stranger objects": {func(w *world) []guard.Opinion {
			return []guard.Opinion{{Validator: "stranger", Policy: w.agrees("").Policy}, w.agrees("critic"), w.agrees("planner")}
		}, ""},
		"one agrees twice": {func(w *world) []guard.Opinion {
			return []guard.Opinion{w.agrees("critic"), w.agrees("critic"), w.agrees("planner")}
		}, guard.ReasonIntentValidator},
		"one is silent": {func(w *world) []guard.Opinion { return []guard.Opinion{w.agrees("critic")} }, guard.ReasonStrategyValidator},
		"nobody speaks": {func(w *world) []guard.Opinion { return nil }, guard.ReasonIntentValidator},
		"by another policy": {func(w *world) []guard.Opinion {
			old := w.agrees("critic")
			old.Policy[0]++
			return []guard.Opinion{old, w.agrees("planner")}
		}, guard.ReasonPolicyChanged},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, permissive)
			w.applyPolicy(advised(both))
			r := w.request("k1", "1")
			r.Opinions = c.say(w)
			if c.want == "" {
				w.allow(r)
				return
			}
			w.deny(r, c.want)
			if s, err := w.g.Simulate(w.tx, w.now, r); err != nil || s.First().Reason != c.want {
				t.Errorf("simulation: %+v, %v", s.First(), err)
			}
		})
	}
}

func TestObjectionRefusesWithItsWords(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*guard.Opinion)
		effect guard.Effect
		says   string
	}{
		"not valid":      {func(o *guard.Opinion) { o.Valid = false }, guard.Deny, "not valid, confidence 0.950: it pays bob"},
		"failed":         {func(o *guard.Opinion) { o.Err = "answered 500" }, guard.Deny, "no opinion: answered 500"},
		"not sure":       {func(o *guard.Opinion) { o.Confidence = 899 }, guard.Deny, "below 0.900: valid, confidence 0.899"},
		"calls people":   {func(o *guard.Opinion) { o.Escalate = true }, guard.Escalate, "for people to decide, confidence 0.950"},
		"invalid, calls": {func(o *guard.Opinion) { o.Valid, o.Escalate = false, true }, guard.Escalate, "for people to decide"},
		"failed, calls":  {func(o *guard.Opinion) { o.Err, o.Escalate = "half an answer", true }, guard.Deny, "half an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, onFailure := range []string{"deny", "escalate"} {
				w := newWorld(t, permissive)
				w.applyPolicy(strings.Replace(advised("{id: critic, layer: intent, onFailure: "+onFailure+"}"), "    rate:", "    minConfidence: 0.9\n    rate:", 1))
				r := w.request("k1", "1")
				o := w.agrees("critic")
				c.change(&o)
				r.Opinions = []guard.Opinion{o}
				d := w.decide(r)
				want := c.effect
				if onFailure == "escalate" {
					want = guard.Escalate
				}
				v := cause(d)
				if d.Effect == guard.Allow || d.Reserved || v.Effect != want || v.Reason != guard.ReasonIntentValidator || v.Limit != "critic" || !strings.Contains(v.Observed, c.says) {
					t.Errorf("%s: %s, %+v; want %s with %q", onFailure, d.Effect, v, want, c.says)
				}
			}
		})
	}
}

// What people may still allow, the layers behind must judge, so that their denial is not hidden.
func TestEscalatingValidatorKeepsNoLayerFromDenying(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(advised("{id: critic, layer: intent, onFailure: escalate}"))
	c := w.request("k1", "101")
	d := w.decide(c)
	if v := d.First(); v.Effect != guard.Deny || v.Reason != guard.ReasonLimitTransaction {
		t.Errorf("first %+v", v)
	}
	if !d.Has(guard.ReasonIntentValidator) {
		t.Errorf("verdicts %+v", d.Verdicts)
	}
}

// A yes allows nothing that a layer refuses.
func TestAgreementAllowsNothing(t *testing.T) {
	for _, reason := range []guard.Reason{"killed", "intent_amount", "capability", "limit_transaction", "simulation_failed"} {
		w := newWorld(t, permissive)
		c := w.request("k1", "1")
		refusals[reason](w, &c)
		c.Opinions = []guard.Opinion{w.agrees("critic")}
		w.deny(c, reason)
	}
}

func TestValidatorIsAskedAboutItsAgentsOnly(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(advised("{id: critic, layer: intent, agents: [agent-2]}") + "  agent-2: {preset: balanced}\n")
	w.allow(w.request("k1", "1"))
}

// Operators see what validators said of what was allowed, too.
func TestOpinionsAreAudited(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(advised("{id: critic, layer: intent}"))
	c := w.request("k1", "1")
	o := w.agrees("critic")
	o.Warnings = []string{"bob is new", strings.Repeat("x", 300)}
	c.Opinions = []guard.Opinion{o}
	w.allow(c)
	var notes []string
	for _, d := range w.tx.Entries[len(w.tx.Entries)-1].Details {
		if strings.HasPrefix(d.K, "validator ") {
			notes = append(notes, d.K+": "+d.V)
		}
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "validator 01 critic: valid, confidence 0.950: it pays bob, as intended; bob is new; xxx") || len(notes[0]) > 250 {
		t.Errorf("notes %q", notes)
	}
}
