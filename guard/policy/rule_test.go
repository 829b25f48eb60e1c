package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// ruled is a document with rules for agent-1, which may do all that the aggressive preset allows.
func ruled(rules ...string) string {
	return "version: 1\nagents: {agent-1: {preset: aggressive}, agent-2: {preset: aggressive, rulesOnly: true}}\nrules:\n" + strings.Join(rules, "")
}

func mustParse(t testing.TB, document string) *Bundle {
	t.Helper()
	b, err := Parse([]byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return b
}

// one is a rule of one condition.
func one(id string, action Effect, field string, op operator, value string) string {
	return fmt.Sprintf("  - {id: %s, action: %s, conditions: [{field: %s, operator: %s, value: %s}]}\n", id, action, field, op, value)
}

var eve = ton.Address{Hash: [32]byte{0xe0}}

func asYAML(s any) string { return fmt.Sprintf("%q", fmt.Sprint(s)) }

// Every field of the registry, by a value that it has and one that it hasn't; for a field with an order the second is above
// the first.
var sampled = map[string]struct {
	set        func(*Values) // to the first
	it, other  string        // as YAML writes them
	unordered  bool
	multiple   bool
	beginning  string
	otherStart string
}{
	"type":             {set: func(v *Values) { v.Type = new("nft_buy") }, it: `"nft_buy"`, other: `"transfer"`, unordered: true, beginning: `"nft_"`, otherStart: `"jetton_"`},
	"asset":            {set: func(v *Values) { v.Asset = &dollar }, it: asYAML(dollar), other: `TON`, unordered: true, beginning: `"jetton:0:d"`, otherStart: `"jetton:0:e"`},
	"amount":           {set: func(v *Values) { v.Asset, v.Amount = new(ton.Native), new(ton.NanoOf(1_500_000_000)) }, it: `"1.5"`, other: `"1.500000001"`},
	"destination":      {set: func(v *Values) { v.Destination = &bob }, it: asYAML(bob.Friendly(true, false)), other: asYAML(eve), unordered: true},
	"isNewDestination": {set: func(v *Values) { v.IsNewDestination = new(true) }, it: "true", other: "false", unordered: true},
	"destinationAge":   {set: func(v *Values) { v.DestinationAge = new(time.Hour) }, it: `"60m"`, other: `"60m1s"`},
	"opcode":           {set: func(v *Values) { v.Opcode = new(uint32(0x0f8a7ea5)) }, it: `"0F8A7EA5"`, other: `"00000000"`, unordered: true},
	"sendMode":         {set: func(v *Values) { v.SendMode = new(uint8(3)) }, it: "3", other: "130"},
	"messageCount":     {set: func(v *Values) { v.MessageCount = new(2) }, it: "2", other: "3"},
	"totalOut":         {set: func(v *Values) { v.Asset, v.TotalOut = &dollar, new(ton.NanoOf(500_000_000)) }, it: `"0.5"`, other: `"0.6"`},
	"hour":             {set: func(v *Values) { v.Hour = new(7) }, it: "7", other: "8"},
	"weekday":          {set: func(v *Values) { v.Weekday = new(time.Friday) }, it: "friday", other: "saturday"},
	"agentId":          {set: func(v *Values) { v.AgentID = new("agent-1") }, it: "agent-1", other: "agent-2", unordered: true, beginning: "agent", otherStart: "bot"},
	"walletId":         {set: func(v *Values) { v.WalletID = new("main") }, it: "main", other: "spare", unordered: true, beginning: "ma", otherStart: "sp"},
	"strategy":         {set: func(v *Values) { v.Strategy = new("dca_ton") }, it: "dca_ton", other: "swap", unordered: true, beginning: "dca_", otherStart: "sw"},
	"confidence":       {set: func(v *Values) { v.Confidence = new(Permille(950)) }, it: "0.95", other: "0.951"},
	"slippage":         {set: func(v *Values) { v.Slippage = new(Permille(10)) }, it: "0.01", other: "0.02"},
	"riskScore":        {set: func(v *Values) { v.RiskScore = new(70.5) }, it: "70.5", other: "70.501"},
	"riskLevel":        {set: func(v *Values) { v.RiskLevel = new("medium") }, it: "medium", other: "critical"},
	"patterns":         {set: func(v *Values) { v.Patterns = []string{"round_numbers", "rapid_drain"} }, it: "rapid_drain", other: "timing_attack", unordered: true, multiple: true},
	"spent24h":         {set: func(v *Values) { v.Asset, v.Spent24h = new(ton.Native), new(ton.NanoOf(1e9)) }, it: `"1"`, other: `"2"`},
	"spent7d":          {set: func(v *Values) { v.Asset, v.Spent7d = new(ton.Native), new(ton.NanoOf(1e9)) }, it: `"1"`, other: `"2"`},
	"spent30d":         {set: func(v *Values) { v.Asset, v.Spent30d = new(ton.Native), new(ton.NanoOf(1e9)) }, it: `"1"`, other: `"2"`},
	"txLastHour":       {set: func(v *Values) { v.TxLastHour = new(5) }, it: "5", other: "6"},
	"balanceShare":     {set: func(v *Values) { v.BalanceShare = new(Permille(500)) }, it: "0.5", other: "1"},
	"validFor":         {set: func(v *Values) { v.ValidFor = new(90 * time.Second) }, it: `"1m30s"`, other: `"10m"`},
	"isWalletAdmin":    {set: func(v *Values) { v.IsWalletAdmin = new(false) }, it: "false", other: "true", unordered: true},
}

// want is each operator with the value that the field has and with the other one, or a list of these.
func want(s struct{ it, other string }) map[operator]map[string]bool {
	list := func(all ...string) string { return "[" + strings.Join(all, ", ") + "]" }
	return map[operator]map[string]bool{
		opEq: {s.it: true, s.other: false}, opNe: {s.it: false, s.other: true},
		opGt: {s.it: false, s.other: false}, opGte: {s.it: true, s.other: false},
		opLt: {s.it: false, s.other: true}, opLte: {s.it: true, s.other: true},
		opIn:      {list(s.it): true, list(s.other): false, list(s.other, s.it): true},
		opNotIn:   {list(s.it): false, list(s.other): true, list(s.other, s.it): false},
		opBetween: {list(s.it, s.other): true, list(s.other, s.other): false, list(s.it, s.it): true},
		opExists:  {"true": true},
	}
}

func TestEveryOperatorOfEveryField(t *testing.T) {
	for _, f := range registry {
		s, ok := sampled[f.name]
		if !ok {
			t.Errorf("%s has no sample here", f.name)
			continue
		}
		all := want(struct{ it, other string }{s.it, s.other})
		all[opPrefix] = map[string]bool{s.beginning: true, s.otherStart: false}
		for _, op := range f.of.operators {
			for value, holds := range all[op] {
				t.Run(fmt.Sprintf("%s %s %s", f.name, op, value), func(t *testing.T) {
					var v Values
					b := mustParse(t, ruled(one("r", Allow, f.name, op, value)))
					if r := b.Evaluate(v); r.Effect != "" {
						t.Error("an allow rule matches without a value")
					}
					s.set(&v)
					if r := b.Evaluate(v); (r.Effect == Allow) != holds {
						t.Errorf("%+v, want it to hold: %t", r, holds)
					}
				})
			}
		}
		if s.unordered == slices.Contains(f.of.operators, opBetween) || (s.beginning != "") != slices.Contains(f.of.operators, opPrefix) {
			t.Errorf("%s has %v", f.name, f.of.operators)
		}
	}
}

func TestNoFieldHasAnOperatorThatItsTypeHasNot(t *testing.T) {
	for _, f := range registry {
		for _, o := range operators {
			_, err := Parse([]byte(ruled(one("r", Deny, f.name, o.name, "[[]]"))))
			if err == nil {
				t.Fatalf("%s %s takes anything", f.name, o.name)
			}
			refused := strings.Contains(err.Error(), f.name+" has no operator "+asYAML(o.name))
			if refused == slices.Contains(f.of.operators, o.name) || !strings.HasPrefix(err.Error(), "4:") {
				t.Errorf("%s %s: %v", f.name, o.name, err)
			}
		}
	}
}

// What is not known counts for a deny or escalate rule, and against an allow rule.
func TestMissingValueNeverHelps(t *testing.T) {
	for _, f := range registry {
		s := sampled[f.name]
		for _, action := range []Effect{Deny, Escalate, Allow} {
			counts := action != Allow
			plain := mustParse(t, ruled(one("r", action, f.name, opEq, s.it)))
			if got := plain.Evaluate(Values{}).Effect == action; got != counts {
				t.Errorf("%s: %s matches: %t", f.name, action, got)
			}
			switched := mustParse(t, ruled(fmt.Sprintf("  - {id: r, action: %s, conditions: [{field: walletId, operator: eq, value: w}], unless: [[{field: %s, operator: eq, value: %s}]]}\n",
				action, f.name, s.it)))
			v := Values{WalletID: new("w")}
			if f.name == "walletId" {
				v = Values{}
			}
			if got := switched.Evaluate(v).Effect == action; got != counts {
				t.Errorf("%s in unless: %s matches: %t", f.name, action, got)
			}
			exists := mustParse(t, ruled(one("r", action, f.name, opExists, fmt.Sprint(!counts))))
			if got := exists.Evaluate(Values{}).Effect == action; got != counts {
				t.Errorf("%s exists: %s matches: %t", f.name, action, got)
			}
		}
	}
}

func TestWhatCannotBeAValueIsNone(t *testing.T) {
	b := mustParse(t, ruled(
		one("age", Deny, "destinationAge", opExists, "false"), one("hour", Deny, "hour", opExists, "false"), one("score", Deny, "riskScore", opExists, "false"),
		one("level", Deny, "riskLevel", opExists, "false"), one("strategy", Deny, "strategy", opExists, "false"), one("patterns", Deny, "patterns", opExists, "false")))
	v := Values{DestinationAge: new(time.Duration(0)), Hour: new(0), RiskScore: new(0.0), RiskLevel: new("low"), Strategy: new("a"), Patterns: []string{}}
	if r := b.Evaluate(v); r.Effect != "" {
		t.Errorf("all have values: %+v", r)
	}
	for _, nan := range []float64{math.NaN(), -1, 100.1, math.Inf(1)} {
		v = Values{DestinationAge: new(-time.Second), Hour: new(-1), RiskScore: &nan, RiskLevel: new("dire"), Strategy: new("")}
		if r := b.Evaluate(v); len(r.Matched) != 6 {
			t.Errorf("%v: %+v", nan, r)
		}
	}
}

func TestBetweenWrapsForHourAndWeekday(t *testing.T) {
	night := mustParse(t, ruled(one("r", Deny, "hour", opBetween, "[22, 6]")))
	for hour := range 24 {
		if denied := night.Evaluate(Values{Hour: &hour}).Effect == Deny; denied != (hour >= 22 || hour <= 6) {
			t.Errorf("%d: %t", hour, denied)
		}
	}
	weekend := mustParse(t, ruled(one("r", Deny, "weekday", opBetween, "[saturday, sunday]")))
	for day := time.Sunday; day <= time.Saturday; day++ {
		if denied := weekend.Evaluate(Values{Weekday: &day}).Effect == Deny; denied != (day == time.Saturday || day == time.Sunday) {
			t.Errorf("%s: %t", day, denied)
		}
	}
}

// An amount without an asset beside it counts coins; of a jetton it is unknown, which counts against who asks.
func TestAmountsHaveTheUnitOfTheAssetBesideThem(t *testing.T) {
	jettons := "  - {id: units, action: deny, conditions: [{field: asset, operator: prefix, value: \"jetton:\"}, {field: amount, operator: gt, value: \"50\"}]}\n"
	coins := "  - {id: coins, action: deny, conditions: [{field: amount, operator: gt, value: \"50\"}, {field: asset, operator: in, value: [TON]}]}\n"
	bare := one("bare", Deny, "amount", opGt, `"50"`)
	inherited := fmt.Sprintf("  - {id: inherited, action: deny, conditions: [{field: asset, operator: eq, value: %q}], unless: [[{field: amount, operator: lte, value: \"50\"}]]}\n", dollar)
	b := mustParse(t, ruled(jettons, coins, bare, inherited))
	for _, c := range []struct {
		asset string
		nano  uint64
		rules string
	}{
		{ton.Native, 50_000_000_000, ""}, {ton.Native, 50_000_000_001, "bare coins"}, {ton.Native, 51, ""},
		{dollar, 50, "bare"}, {dollar, 51, "bare inherited units"},
	} {
		r := b.Evaluate(Values{Asset: &c.asset, Amount: new(ton.NanoOf(c.nano))})
		if got := idsOf(r); got != c.rules {
			t.Errorf("%d of %.12s: %s, want %s", c.nano, c.asset, got, c.rules)
		}
	}
	if got := idsOf(b.Evaluate(Values{Amount: new(ton.NanoOf(1))})); got != "bare coins inherited units" {
		t.Errorf("an amount of an unknown asset: %s", got)
	}
}

func idsOf(r Ruling) string {
	ids := make([]string, len(r.Matched))
	for i, m := range r.Matched {
		ids[i] = m.ID
	}
	return strings.Join(ids, " ")
}

func TestFirstByPriorityThenByIDIsReported(t *testing.T) {
	rule := func(id string, action Effect, priority int) string {
		return fmt.Sprintf("  - {id: %s, name: Rule %s, action: %s, priority: %d, conditions: [{field: hour, operator: eq, value: 7}]}\n", id, id, action, priority)
	}
	b := mustParse(t, ruled(rule("c", Deny, 5), rule("b", Deny, 5), rule("z", Deny, 9), rule("a", Escalate, 99), rule("first", Allow, 999)))
	r := b.Evaluate(Values{Hour: new(7)})
	if r.Effect != Deny || idsOf(r) != "z b c" || r.Matched[0].Name != "Rule z" {
		t.Errorf("%+v", r)
	}
	if r := b.Evaluate(Values{Hour: new(8)}); r.Effect != "" || r.Matched != nil {
		t.Errorf("nothing matches: %+v", r)
	}
}

func TestScopeIsWhomARuleIsFor(t *testing.T) {
	b := mustParse(t, ruled(
		"  - {id: both, action: deny, scope: {agents: [agent-2, agent-1], wallets: [w]}, conditions: [{field: hour, operator: gte, value: 0}]}\n",
		"  - {id: any, action: escalate, conditions: [{field: hour, operator: gte, value: 0}]}\n"))
	for _, c := range []struct {
		agent, wallet string
		want          Effect
	}{{"agent-1", "w", Deny}, {"agent-2", "w", Deny}, {"agent-3", "w", Escalate}, {"agent-1", "x", Escalate}, {"", "w", Deny}} {
		if r := b.Evaluate(Values{Hour: new(1), AgentID: &c.agent, WalletID: &c.wallet}); r.Effect != c.want {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}

func TestApprovalOfAnEscalateRule(t *testing.T) {
	b := mustParse(t, ruled("  - {id: r, action: escalate, approval: {quorum: 2, groups: [treasury], ttl: 30m}, conditions: [{field: hour, operator: gte, value: 0}]}\n"))
	a := b.Evaluate(Values{}).Matched[0].Approval
	if a.Quorum != 2 || !slices.Equal(a.Groups, []string{"treasury"}) || a.TTL != 30*time.Minute {
		t.Errorf("%+v", a)
	}
}

func TestHoursAreThoseOfTheTimeZone(t *testing.T) {
	at := time.Date(2026, 7, 31, 22, 30, 0, 0, time.UTC) // a Friday
	for line, want := range map[string]string{"": "22 Friday", "timeZone: Europe/Berlin\n": "0 Saturday", "timeZone: America/New_York\n": "18 Friday"} {
		hour, day := mustParse(t, line+ruled(one("r", Deny, "hour", opEq, "0"))).Clock(at)
		if got := fmt.Sprint(*hour, " ", *day); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

func TestLoosensIsAClosedList(t *testing.T) {
	deny, escalate, allow := one("d", Deny, "hour", opEq, "1"), one("e", Escalate, "hour", opEq, "2"), one("a", Allow, "hour", opEq, "3")
	base := ruled(deny, escalate, allow)
	for name, c := range map[string]struct {
		next    string
		loosens bool
	}{
		"the same":            {base, false},
		"another order":       {ruled(allow, escalate, deny), false},
		"another deny":        {ruled(deny, escalate, allow, one("x", Deny, "hour", opEq, "9")), false},
		"another escalate":    {ruled(deny, escalate, allow, one("x", Escalate, "hour", opEq, "9")), false},
		"an allow less":       {ruled(deny, escalate), false},
		"another id":          {ruled(deny, escalate, one("b", Allow, "hour", opEq, "3")), false},
		"a deny less":         {ruled(escalate, allow), true},
		"an escalate less":    {ruled(deny, allow), true},
		"another allow":       {ruled(deny, escalate, allow, one("x", Allow, "hour", opEq, "9")), true},
		"a changed value":     {ruled(one("d", Deny, "hour", opEq, "4"), escalate, allow), true},
		"a changed operator":  {ruled(one("d", Deny, "hour", opGt, "1"), escalate, allow), true},
		"an exception":        {ruled(strings.Replace(deny, "]}", "], unless: [[{field: hour, operator: eq, value: 1}]]}", 1), escalate, allow), true},
		"a scope":             {ruled(strings.Replace(deny, "]}", "], scope: {agents: [agent-1]}}", 1), escalate, allow), true},
		"a smaller quorum":    {ruled(deny, strings.Replace(escalate, "]}", "], approval: {quorum: 1}}", 1), allow), true},
		"another time zone":   {"timeZone: Asia/Tokyo\n" + base, true},
		"deny for escalate":   {ruled(one("d", Escalate, "hour", opEq, "1"), escalate, allow), true},
		"the same, once more": {ruled(deny, escalate, allow, one("d2", Deny, "hour", opEq, "1")), false},
	} {
		if got := len(Loosens(mustParse(t, base), mustParse(t, c.next))) > 0; got != c.loosens {
			t.Errorf("%s: loosens %t", name, got)
		}
	}
}

func TestFieldsDocumentListsAll(t *testing.T) {
	doc := FieldsDocument()
	for _, f := range registry {
		if strings.Count(doc, "\n| `"+f.name+"` |") != 1 || f.says == "" {
			t.Errorf("%s is not said once", f.name)
		}
	}
	for _, o := range operators {
		if strings.Count(doc, "\n| `"+string(o.name)+"` |") != 1 {
			t.Errorf("%s is not said once", o.name)
		}
	}
}

func BenchmarkEvaluate1000Rules(b *testing.B) {
	var rules []string
	for i := range 1000 {
		rules = append(rules, fmt.Sprintf(`  - {id: r%d, action: deny, scope: {agents: [agent-1]}, conditions: [{field: amount, operator: gt, value: "5"}, {field: isNewDestination, operator: eq, value: true}, {field: hour, operator: between, value: [22, 6]}]}`+"\n", i))
	}
	bundle := mustParse(b, ruled(rules...))
	v := Values{
		AgentID: new("agent-1"), Asset: new(ton.Native), Amount: new(ton.NanoOf(60_000_000_000)), Destination: &bob,
		IsNewDestination: new(true), Hour: new(12), Patterns: []string{},
	}
	for b.Loop() {
		if r := bundle.Evaluate(v); r.Effect != "" {
			b.Fatal(r)
		}
	}
}
