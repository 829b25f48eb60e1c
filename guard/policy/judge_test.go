package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/strictyaml"
)

const judged = `version: 1
timeZone: Europe/Berlin
agents:
  agent-1:
    capabilities: {transfers: {enabled: true}, trading: {enabled: true}}
    limits: {perTransaction: "500", daily: "500"}
    allowedTokens: [native]
    allowedDestinations: ["0:b000000000000000000000000000000000000000000000000000000000000000"]
    requireApprovalAbove: "100"
  agent-2: {preset: aggressive, rulesOnly: true}
rules:
  - {id: night, name: At night, action: escalate, conditions: [{field: hour, operator: between, value: [22, 6]}]}
  - {id: drain, action: deny, conditions: [{field: patterns, operator: in, value: [rapid_drain]}]}
  - {id: small, action: allow, conditions: [{field: amount, operator: lte, value: "5"}]}
`

// The order of layer 4: deny rules, the permissions, escalate rules, allow rules or the permissions alone.
func TestJudgeHasTheOrderOfLayer4(t *testing.T) {
	b := mustParse(t, judged)
	for name, c := range map[string]struct {
		given string
		want  Outcome
	}{
		"the permissions allow":    {"", Outcome{Effect: Allow}},
		"an allow rule too":        {"amount=5", Outcome{Effect: Allow, Rule: "small"}},
		"a deny rule":              {"patterns=round_numbers rapid_drain", Outcome{Effect: Deny, Rule: "drain"}},
		"a pattern without a rule": {"patterns=round_numbers", Outcome{Effect: Allow}},
		"an escalate rule":         {"hour=23", Outcome{Effect: Escalate, Rule: "night"}},
		"a missing value":          {"hour=", Outcome{Effect: Escalate, Rule: "night"}},
		"deny before permissions":  {"patterns=rapid_drain,amount=501", Outcome{Effect: Deny, Rule: "drain"}},
		"permissions, not escalate": {"hour=23,destination=0:e000000000000000000000000000000000000000000000000000000000000000",
			Outcome{Effect: Deny, Violates: RuleDestination}},
		"an approval":                     {"amount=101", Outcome{Effect: Escalate, Violates: RuleApproval}},
		"a rule before the approval":      {"amount=101,hour=23", Outcome{Effect: Escalate, Rule: "night"}},
		"a limit":                         {"amount=501", Outcome{Effect: Deny, Violates: RulePerTransaction}},
		"an amount that isn't given":      {"amount=", Outcome{Effect: Deny, Violates: RulePerTransaction}},
		"a type that is off":              {"type=vote", Outcome{Effect: Deny, Violates: RuleCapability}},
		"a type that isn't given":         {"type=", Outcome{Effect: Deny, Violates: RuleCapability}},
		"an allow rule frees no type":     {"type=vote,amount=1", Outcome{Effect: Deny, Violates: RuleCapability}},
		"an agent that isn't named":       {"agentId=agent-3,amount=1", Outcome{Effect: Deny}},
		"no agent":                        {"agentId=,amount=1", Outcome{Effect: Deny}},
		"only by rules, by one":           {"agentId=agent-2,amount=5", Outcome{Effect: Allow, Rule: "small"}},
		"only by rules, by none":          {"agentId=agent-2,amount=6", Outcome{Effect: Deny, Violates: RuleRulesOnly}},
		"only by rules, people are asked": {"agentId=agent-2,amount=6,hour=0", Outcome{Effect: Escalate, Rule: "night"}},
		"only by rules, of a jetton":      {"agentId=agent-2,amount=5,asset=" + dollar, Outcome{Effect: Deny, Violates: RuleToken}},
	} {
		got := b.Judge(mustGive(t, c.given))
		reason := got.Reason
		got.Reason = ""
		if got != c.want || reason == "" {
			t.Errorf("%s: %+v (%s), want %+v", name, got, reason, c.want)
		}
	}
}

// mustGive reads changes to a payment that the permissions allow; an empty one takes the field away.
func mustGive(t *testing.T, changes string) Given {
	t.Helper()
	all := map[string]string{"agentId": "agent-1", "type": "transfer", "amount": "10", "hour": "12", "patterns": "", "destination": bob.String()}
	for _, change := range strings.Split(changes, ",") {
		if name, value, _ := strings.Cut(change, "="); value == "" {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	if !strings.Contains(changes, "patterns") {
		all["patterns"] = ""
	}
	g, err := ParseGiven(all)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestExplainNamesTheFirstUnmetCondition(t *testing.T) {
	b := mustParse(t, ruled(`  - {id: two, action: deny, priority: 2, conditions: [{field: amount, operator: gt, value: "50"}, {field: hour, operator: in, value: [1, 2]}]}
  - {id: exempt, name: But not her, action: deny, conditions: [{field: amount, operator: gt, value: "5"}], unless: [[{field: hour, operator: eq, value: 3}], [{field: walletId, operator: eq, value: w}]]}
  - {id: other, action: deny, scope: {agents: [agent-2]}, conditions: [{field: amount, operator: gt, value: "5"}]}
`))
	for given, want := range map[string]string{
		"amount=6,walletId=x":      `two: amount gt "50"; exempt: matches; other: scope.agents ["agent-2"]`,
		"amount=51,walletId=w":     `two: hour in [1, 2]; exempt: unless[1] holds; other: scope.agents ["agent-2"]`,
		"amount=51,hour=,agentId=": `two: matches by hour in [1, 2]; exempt: matches; other: matches by scope.agents ["agent-2"]`,
	} {
		var got []string
		for _, e := range b.Explain(mustGive(t, given)) {
			if e.Matched != (e.Unmet == "") {
				t.Errorf("%+v", e)
			}
			if e.Matched {
				e.Unmet = strings.TrimSuffix("matches by "+e.Assumed, " by ")
			}
			got = append(got, e.ID+": "+e.Unmet)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %s, want %s", given, s, want)
		}
	}
}

func TestExplanationOfALongListIsCut(t *testing.T) {
	long := "[" + strings.Repeat("agent-1, ", 100) + "agent-2]"
	b := mustParse(t, ruled(one("r", Allow, "agentId", opNotIn, long)))
	if e := b.Explain(mustGive(t, ""))[0]; e.Matched || len(e.Unmet) != maxUnmet+len("…") {
		t.Errorf("%+v", e)
	}
}

func TestBadGivenIsRefused(t *testing.T) {
	for given, says := range map[string]string{
		"mood=good": "mood: there is no such field", "amount=1.5.": "amount: ", "hour=24": "hour: ", "isNewDestination=yes": "isNewDestination: want true or false",
		"patterns=rapid_drain,drain": `patterns: "drain" is none of`, "asset=USDT": "asset: ", "amount=1.5,asset=" + dollar: "amount: ",
	} {
		texts := map[string]string{}
		for _, pair := range strings.Split(strings.Replace(given, ",drain", " drain", 1), ",") {
			name, value, _ := strings.Cut(pair, "=")
			texts[name] = value
		}
		if _, err := ParseGiven(texts); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%s: %v, want %q", given, err, says)
		}
	}
}

const goodTests = `tests:
  - name: small
    given: {agentId: agent-1, type: transfer, amount: "5", destination: "0:b000000000000000000000000000000000000000000000000000000000000000", hour: 12, patterns: []}
    expect: {effect: allow, rule: small}
  - name: a rule of another name
    given: {agentId: agent-1, type: transfer, amount: "5", hour: 12, patterns: [rapid_drain]}
    expect: {effect: deny, rule: night}
  - name: limit
    given: {agentId: agent-1, type: transfer, amount: "501", hour: 12, patterns: [], destination: "0:b000000000000000000000000000000000000000000000000000000000000000"}
    expect: {effect: deny, violates: limits.perTransaction}
  - name: another limit
    given: {agentId: agent-1, type: transfer, amount: "501", hour: 12, patterns: [], destination: "0:b000000000000000000000000000000000000000000000000000000000000000"}
    expect: {effect: deny, violates: allowedTokens}
  - name: another effect
    given: {agentId: agent-1, type: transfer, amount: "501", hour: 12, patterns: [], destination: "0:b000000000000000000000000000000000000000000000000000000000000000"}
    expect: {effect: escalate}
`

func TestRunComparesEffectRuleAndViolation(t *testing.T) {
	tests, err := ParseTests([]byte(goodTests))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range mustParse(t, judged).Run(tests) {
		got = append(got, fmt.Sprintf("%s %t", r.Name, r.Passed))
	}
	if s := strings.Join(got, ", "); s != "small true, a rule of another name false, limit true, another limit false, another effect false" {
		t.Error(s)
	}
}

func TestBadTestFileIsRefusedWithItsPlace(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goodTests, old, new, 1) }
	for name, bad := range map[string]struct {
		document string
		line     int
		says     string
	}{
		"no tests":             {"tests: []\n", 1, "want 1 to 1024"},
		"endless tests":        {"tests:\n" + manyTests(1025), 2, "1025 tests"},
		"oversized":            {strings.Repeat("#", 256<<10+1), 0, "larger"},
		"not YAML":             {"tests: [", 1, ""},
		"unknown key":          {change("name: small", "title: small"), 2, "title: unknown"},
		"no name":              {change("name: small", "name: \"\""), 2, "want a name"},
		"same name":            {change("name: limit", "name: small"), 8, "no other test has"},
		"name with a control":  {change("name: small", `name: "a\tb"`), 2, "printable"},
		"unknown field":        {change("hour: 12", "mood: 12"), 3, "given.mood: there is no such field"},
		"number for an amount": {change(`amount: "5"`, `amount: 5`), 3, `in quotes: "5", not 5`},
		"bad value":            {change("hour: 12", "hour: 25"), 3, "given.hour: "},
		"list for one":         {change("hour: 12", "hour: [12]"), 3, "given.hour: want a list for patterns"},
		"one for a list":       {change("patterns: []", "patterns: rapid_drain"), 3, "given.patterns: want a list for patterns"},
		"empty value":          {change("hour: 12", "hour: "), 3, "given.hour: "},
		"no agent":             {change("agentId: agent-1, ", ""), 3, "given.agentId: missing"},
		"no type":              {change("type: transfer, ", ""), 3, "given.type: missing"},
		"effect that is none":  {change("effect: allow", "effect: approve"), 4, "expect.effect: "},
		"no effect":            {change("effect: allow, ", ""), 4, "expect.effect: "},
		"unknown expectation":  {change("rule: small", "reason: small"), 4, "reason: unknown"},
	} {
		_, err := ParseTests([]byte(bad.document))
		var m strictyaml.Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.ContainsFunc(m, func(one strictyaml.Mistake) bool {
			return one.Line == bad.line && strings.Contains(one.Error(), bad.says)
		}) {
			t.Errorf("%s: %v, want line %d and %q", name, err, bad.line, bad.says)
		}
	}
}

func manyTests(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {name: t%d, given: {agentId: agent-1, type: vote}, expect: {effect: deny}}\n", i)
	}
	return b.String()
}

func FuzzParseTests(f *testing.F) {
	f.Add([]byte(goodTests))
	bundle, err := Parse([]byte(judged))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tests, err := ParseTests(b)
		var m strictyaml.Mistakes
		if err != nil && !errors.As(err, &m) {
			t.Fatalf("%T: %v", err, err)
		}
		if err == nil && len(bundle.Run(tests)) != len(tests) {
			t.Fatal("a test has no result")
		}
	})
}
