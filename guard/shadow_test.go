package guard_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

func signShadow(admin, document string, revision uint64) guard.SignedShadow {
	return guard.SignedShadow{Document: []byte(document), Revision: revision, Admin: pub(admin),
		Signature: sign(admin, policy.ShadowDigest(networkID, "user", revision, []byte(document)))}
}

func (w *world) shadow(document string) {
	w.Helper()
	next, err := w.g.NextShadow(w.tx)
	w.must(err)
	w.must(w.g.SetShadow(w.tx, w.now, signShadow("user admin", document, next)))
}

// shadowed is a world in which a document is judged beside the permissive policy.
func shadowed(t *testing.T, document string) *world {
	t.Helper()
	w := newWorld(t, permissive)
	w.shadow(document)
	return w
}

func (w *world) shadowHash() (hash [32]byte) {
	w.Helper()
	s, err := w.g.Shadow(w.tx)
	w.must(err)
	if s != nil {
		hash = s.Hash
	}
	return hash
}

// less is the permissive policy with one line changed; it follows nothing.
func less(old, new string) string { return strings.Replace(permissive, old, new, 1) }

func TestShadowSaysWhatItWouldDecideAndDecidesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		document, amount string
		want             guard.ShadowOpinion
	}{
		"the same":       {less("daily: \"500\"", "daily: \"400\""), "1", guard.ShadowOpinion{Effect: guard.Allow}},
		"a limit":        {less("\"100\"", "\"5\""), "6", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonLimitTransaction, Differs: true}},
		"a rule":         {ruledBy("escalate", "{field: amount, operator: gt, value: '5'}"), "6", guard.ShadowOpinion{Effect: guard.Escalate, Reason: guard.ReasonRuleEscalates, Differs: true}},
		"a strategy":     {less("    rate:", "    strategies: {pay: {actions: [stake]}}\n    rate:"), "6", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonStrategyUnknown, Differs: true}},
		"another agent":  {less("agent-1:", "agent-2:"), "6", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonPolicyMissing, Differs: true}},
		"a window":       {less("\"500\"", "\"100\""), "91", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonLimitDay, Differs: true}},
		"a cooldown":     {less("cooldownSeconds: 0", "cooldownSeconds: 600"), "1", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonRateCooldown, Differs: true}},
		"risk":           {less("risk: {enabled: false}", "risk: {maxRiskScore: 1}"), "1", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonRiskScore, Differs: true}},
		"more than is":   {less("\"100\"", "\"400\""), "101", guard.ShadowOpinion{Effect: guard.Allow, Differs: true}},
		"no more either": {less("\"100\"", "\"95\""), "101", guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonLimitTransaction}},
	} {
		w := shadowed(t, c.document)
		w.deposit()
		w.pay(1, "10")
		d := w.decide(w.request("k2", c.amount))
		c.want.Policy = policy.Hash([]byte(c.document))
		if d.Shadow == nil || *d.Shadow != c.want || (d.Effect == guard.Allow) != (c.amount != "101") {
			t.Errorf("%s: %s, shadow %+v, want %+v", name, d.Effect, d.Shadow, c.want)
			continue
		}
		kept := w.tx.Entries[d.Seq].Details
		if kept.Get("shadow_policy") != fmt.Sprintf("%x", c.want.Policy) || kept.Get("shadow_effect") != c.want.Effect.String() || kept.Get("shadow_reason") != string(c.want.Reason) {
			t.Errorf("%s: the audit log has %v", name, kept)
		}
	}
}

// drawShadow makes a policy that may differ from the permissive one in anything that a layer looks at.
func drawShadow(t *rapid.T) string {
	number := func(name string, least int) int { return rapid.IntRange(least, 120).Draw(t, name) }
	most := number("most", 1)
	s := less("\"100\"", fmt.Sprintf("\"%d\"", most))
	for _, change := range []struct{ old, new string }{
		{"\"500\"", fmt.Sprintf("\"%d\"", number("daily", most))},
		{"risk: {enabled: false}", "risk: {maxRiskScore: " + fmt.Sprint(number("score", 20)/20) + "}"},
		{"agent-1:", "agent-9:"},
		{"cooldownSeconds: 0", "cooldownSeconds: 60"},
		{"enabled: true", "enabled: true, whitelistOnly: true"},
		{"    rate:", "    minConfidence: 0.96\n    rate:"},
		{"    rate:", "    rulesOnly: true\n    rate:"},
		{"transfers: {", "staking: {"},
		{"\nagents:", "\nrules: [{id: r, action: " + rapid.SampledFrom([]string{"deny", "escalate", "allow"}).Draw(t, "action") +
			", conditions: [{field: amount, operator: gt, value: '" + fmt.Sprint(number("above", 1)) + "'}]}]\nagents:"},
	} {
		if rapid.Bool().Draw(t, "changed") {
			s = strings.Replace(s, change.old, change.new, 1)
		}
	}
	return s
}

// Whatever the shadow is: decisions, records and audit log are those of a node without one.
func TestShadowNeverChangesAnOutcome(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, permissive)
		w.deposit()
		w.shadow(drawShadow(r))
		without := *w
		without.tx = w.tx.Copy()
		for key := range without.tx.M {
			if strings.HasPrefix(string(key), "p/shadow") {
				delete(without.tx.M, key)
			}
		}
		for n := range rapid.IntRange(1, 3).Draw(r, "requests") {
			c := w.request(fmt.Sprint("k", n), fmt.Sprint(rapid.IntRange(1, 120).Draw(r, "amount")))
			got, want := w.decide(c), without.decide(c)
			if got.Shadow == nil || got.Shadow.Err != "" || want.Shadow != nil {
				r.Fatalf("shadow %+v and %+v", got.Shadow, want.Shadow)
			}
			if got.Shadow = nil; !reflect.DeepEqual(got, want) {
				r.Fatalf("with a shadow %+v, without %+v", got, want)
			}
			if rapid.Bool().Draw(r, "later") {
				w.advance(time.Second)
				without.now, without.mc = w.now, w.mc
				without.must(without.g.Observe(without.tx, without.now, "wallet-1", nil, without.account()))
			}
		}
		sameButShadow(r, w, &without)
	})
}

func sameButShadow(r *rapid.T, w, without *world) {
	records := maps.Clone(w.tx.M)
	for key := range records {
		if strings.HasPrefix(string(key), "p/shadow") {
			delete(records, key)
		}
	}
	if !reflect.DeepEqual(records, without.tx.M) {
		r.Fatal("other records")
	}
	for i, e := range w.tx.Entries {
		var kept audit.Details
		for _, d := range e.Details {
			if !strings.HasPrefix(d.K, "shadow_") {
				kept = append(kept, d)
			}
		}
		if e.Details = kept; !reflect.DeepEqual(e, without.tx.Entries[i]) {
			r.Fatalf("entry %+v, without the shadow %+v", e, without.tx.Entries[i])
		}
	}
}

// A shadow that can't be read is noted, and nothing else.
func TestBrokenShadowHindersNothing(t *testing.T) {
	document := less("\"100\"", "\"5\"")
	for name, spoil := range map[string]func(*world){
		"no document":      func(w *world) { delete(w.tx.M, "p/shadow/document") },
		"another document": func(w *world) { w.tx.M["p/shadow/document"] = w.tx.M[guard.Key("p/"+parentOf(permissive))] },
		"no bundle":        func(w *world) { w.tx.M["p/shadow/document"] = []byte{1, 0x41, '{'} },
		"a later record":   func(w *world) { w.tx.M["p/shadow"] = []byte{99} },
	} {
		w := shadowed(t, document)
		spoil(w)
		w = w.restarted()
		d := w.allow(w.request("k1", "6"))
		if kept := w.tx.Entries[d.Seq].Details; d.Shadow == nil || d.Shadow.Err == "" || kept.Get("shadow_error") == "" || kept.Get("shadow_effect") != "" {
			t.Errorf("%s: %+v, in the audit log %v", name, d.Shadow, kept)
		}
		w.shadow("")
		if d := w.allow(w.request("k1", "6")); d.Shadow != nil {
			t.Errorf("%s: it goes on: %+v", name, d.Shadow)
		}
	}
}

// Nobody asks a shadow's validators, so their silence is no refusal.
func TestValidatorsOfTheShadowAreNotMissed(t *testing.T) {
	w := shadowed(t, less("\nagents:", "\nvalidators: [{id: v, layer: intent, url: 'https://v.example'}]\nagents:"))
	if d := w.allow(w.request("k1", "1")); d.Shadow.Effect != guard.Allow || d.Shadow.Differs {
		t.Errorf("shadow %+v", d.Shadow)
	}
}

func TestSimulationAsksNoShadow(t *testing.T) {
	w := shadowed(t, less("\"100\"", "\"5\""))
	entries := len(w.tx.Entries)
	s, err := w.g.Simulate(w.tx, w.now, w.request("k1", "6"))
	w.must(err)
	if s.Effect != guard.Allow || len(w.tx.Entries) != entries {
		t.Errorf("%s, %d entries more", s.Effect, len(w.tx.Entries)-entries)
	}
}

func TestShadowIsAPolicyAdminsAlone(t *testing.T) {
	document := less("\"100\"", "\"5\"")
	forged, elsewhere := signShadow("user admin", document, 1), signShadow("user admin", document, 1)
	forged.Signature[0]++
	elsewhere.Signature = sign("user admin", policy.ShadowDigest(networkID, "platform", 1, []byte(document)))
	asPolicy := signPolicy(document).Signatures[0]
	for name, s := range map[string]guard.SignedShadow{
		"forged":             forged,
		"of another party":   elsewhere,
		"an operator's":      signShadow("user operator", document, 1),
		"another's admin's":  signShadow("platform admin", document, 1),
		"signed as a policy": {Document: []byte(document), Admin: asPolicy.Admin, Signature: asPolicy.Signature},
		"an end of none":     signShadow("user admin", "", 1),
		"no policy":          signShadow("user admin", "version: one", 1),
		"the one in force":   signShadow("user admin", permissive, 1),
		"unsigned":           {Document: []byte(document), Admin: pub("user admin")},
	} {
		w := newWorld(t, permissive)
		entries := len(w.tx.Entries)
		if err := w.g.SetShadow(w.tx, w.now, s); err == nil {
			t.Errorf("%s: taken", name)
		}
		if w.shadowHash() != [32]byte{} || len(w.tx.Entries) != entries {
			t.Errorf("%s: something runs", name)
		}
	}
	w := newWorld(t, permissive)
	next := replaced("daily: \"500\"", "daily: \"400\"")
	s := signShadow("user admin", next, 1)
	err := w.g.ApplyPolicy(w.tx, w.now, guard.SignedBundle{Document: []byte(next), Signatures: []guard.BundleSignature{{Admin: s.Admin, Signature: s.Signature}}})
	if err == nil || w.version() != 1 {
		t.Error("a shadow's signature puts a policy into force")
	}
}

// What was signed once has its say once: neither a shadow of yesterday comes back, nor its end.
func TestShadowIsTakenOnce(t *testing.T) {
	w := newWorld(t, permissive)
	first := signShadow("user admin", less("\"100\"", "\"5\""), 1)
	end := signShadow("user admin", "", 2)
	w.must(w.g.SetShadow(w.tx, w.now, first))
	w.must(w.g.SetShadow(w.tx, w.now, end))
	w.shadow(less("\"100\"", "\"6\""))
	for name, s := range map[string]guard.SignedShadow{
		"the first": first, "its end": end, "one of later": signShadow("user admin", "", 5), "of none": signShadow("user admin", "", 0),
	} {
		before := w.shadowHash()
		if err := w.g.SetShadow(w.tx, w.now, s); err == nil || !strings.Contains(err.Error(), "is not 4, the next") {
			t.Errorf("%s: %v", name, err)
		}
		if w.shadowHash() != before {
			t.Errorf("%s: has its say", name)
		}
	}
}

func TestShadowEndsByHandOrInForce(t *testing.T) {
	next := replaced("daily: \"500\"", "daily: \"400\"")
	w := shadowed(t, less("\"100\"", "\"5\""))
	w.shadow(next) // in its place
	if w.shadowHash() != policy.Hash([]byte(next)) {
		t.Error("the first one still runs")
	}
	w.applyPolicy(next)
	if w.shadowHash() != [32]byte{} {
		t.Error("it runs beside itself")
	}
	w.shadow(less("\"100\"", "\"5\""))
	w.shadow("")
	if d := w.allow(w.request("k1", "6")); w.shadowHash() != [32]byte{} || d.Shadow != nil {
		t.Error("it goes on")
	}
	if got, want := w.policyEvents(), "applied 1, shadow_started 1, shadow_started 2, applied 2, shadow_ended 2, shadow_started 1, shadow_ended 1"; got != want {
		t.Errorf("audit log: %s", got)
	}
}

func TestShadowStaysWhenAnotherPolicyComesIntoForce(t *testing.T) {
	document := less("\"100\"", "\"5\"")
	w := shadowed(t, document)
	w.applyPolicy(replaced("daily: \"500\"", "daily: \"400\""))
	if w.shadowHash() != policy.Hash([]byte(document)) {
		t.Error("it ended")
	}
}

// What the bundle in force makes of a request says nothing of the shadow: its risk, its validators' opinions, that its
// escalation can't be approved.
func TestShadowIsJudgedByItselfAlone(t *testing.T) {
	escalates := ruledBy("escalate", "{field: amount, operator: gt, value: '0'}")
	for name, c := range map[string]struct {
		inForce, shadow string
		want            guard.ShadowOpinion
	}{
		"risk": {less("risk: {enabled: false}", "risk: {maxRiskScore: 1}"), less("agent-1:", "agent-2:"),
			guard.ShadowOpinion{Effect: guard.Deny, Reason: guard.ReasonPolicyMissing}},
		"validators": {less("agents:", "validators: [{id: critic, layer: intent}]\nagents:"), permissive, guard.ShadowOpinion{Effect: guard.Allow}},
		"escalation": {strings.Replace(escalates, "parent: "+parentOf(permissive)+"\n", "", 1), escalates,
			guard.ShadowOpinion{Effect: guard.Escalate, Reason: guard.ReasonRuleEscalates}},
	} {
		w := newWorld(t, c.inForce)
		w.deposit()
		w.shadow(c.shadow)
		r := w.request("k1", "1")
		r.Opinions = []guard.Opinion{w.agrees("critic")}
		d := w.decide(r)
		c.want.Policy = policy.Hash([]byte(c.shadow))
		if d.Shadow == nil || *d.Shadow != c.want {
			t.Errorf("%s: shadow %+v, want %+v", name, d.Shadow, c.want)
		}
	}
}

// What was proven by the contracts of the bundle in force holds for the shadow, but not what another bundle proved.
func TestShadowRestsOnWhatWasProven(t *testing.T) {
	w := newWorld(t, everything)
	w.deposit()
	w.shadow(nextOf(everything))
	c := w.do("k1", w.payDollars())
	if d := w.allow(c); d.Shadow.Effect != guard.Allow {
		t.Errorf("shadow %+v", d.Shadow)
	}
	c.Policy[0]++
	if d := w.decide(c); d.Shadow.Reason != guard.ReasonPolicyChanged || d.Shadow.Differs {
		t.Errorf("shadow %+v", d.Shadow)
	}
}
