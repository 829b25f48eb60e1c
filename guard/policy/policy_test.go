package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

var bob = ton.Address{Hash: [32]byte{0xb0}}

func parseOne(t *testing.T, set string) (Permissions, error) {
	t.Helper()
	b, err := Parse([]byte("version: 1\nagents:\n  agent-1:\n" + indent(set)))
	if err != nil {
		return Permissions{}, err
	}
	p, ok := b.Permissions("agent-1")
	if !ok {
		t.Fatal("agent-1 is missing")
	}
	return p, nil
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") + "\n"
}

// custom is a set that says everything itself.
const custom = `
capabilities: {trading: {enabled: true, maxSlippage: 0.01}, transfers: {enabled: true, whitelistOnly: true}, staking: {enabled: true}}
limits: {perTransaction: "500", daily: "2000", weekly: "10000", monthly: "30000"}
allowedTokens: [TON, native]
allowedDestinations: ["0:b000000000000000000000000000000000000000000000000000000000000000"]
requireApprovalAbove: "100"
rate: {maxPerHour: 20, cooldownSeconds: 0}
minConfidence: 0.5
maxValidity: 90s
callerTokens: {perSecond: 2, burst: 10}
`

func TestCustomSet(t *testing.T) {
	p, err := parseOne(t, custom)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Capabilities
	if !c.Trading.Enabled || c.Trading.MaxSlippage != 10 || !c.Transfers.WhitelistOnly || !c.Staking.Enabled || c.NFT.Enabled || c.Governance.Enabled {
		t.Errorf("capabilities = %+v", c)
	}
	if p.Limits.PerTransaction.String() != "500" || p.Limits.Monthly.String() != "30000" || p.RequireApprovalAbove.String() != "100" {
		t.Errorf("limits = %+v", p.Limits)
	}
	if len(p.AllowedDestinations) != 1 || p.AllowedDestinations[0] != bob || p.AllowedTokens[0] != ton.Native {
		t.Errorf("lists = %v, %v", p.AllowedDestinations, p.AllowedTokens)
	}
	if p.Rate != (Rate{MaxPerHour: 20}) || p.MinConfidence != 500 || p.MaxValidity != 90*time.Second || p.CallerTokens != (CallerTokens{PerSecond: 2, Burst: 10}) {
		t.Errorf("rest = %+v", p)
	}
}

func TestDefaultsOfACustomSet(t *testing.T) {
	p, err := parseOne(t, `
capabilities: {transfers: {enabled: true}}
limits: {perTransaction: "1", daily: "2"}
allowedTokens: [TON]`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Limits.Weekly.String() != "8" || p.Limits.Monthly.String() != "20" {
		t.Errorf("limits = %+v", p.Limits)
	}
	if p.Rate != (Rate{MaxPerHour: 10, Cooldown: time.Minute}) || p.MaxValidity != 2*time.Minute || p.RequireApprovalAbove != nil {
		t.Errorf("rest = %+v", p)
	}
}

// The product's table of presets.
func TestPresetsAreTheTable(t *testing.T) {
	var got strings.Builder
	for _, name := range []string{"conservative", "balanced", "aggressive"} {
		p, ok := Preset(name)
		if !ok {
			t.Fatal(name)
		}
		c := p.Capabilities
		approval := "none"
		if p.RequireApprovalAbove != nil {
			approval = p.RequireApprovalAbove.String()
		}
		fmt.Fprintf(&got, "%s trading=%s transfers=%s staking=%s nft=%s governance=%s max=%s daily=%s weekly=%s monthly=%s approval=%s rate=%d/%s\n",
			name, level(c.Trading), level(c.Transfers), level(c.Staking), level(c.NFT), level(c.Governance),
			p.Limits.PerTransaction, p.Limits.Daily, p.Limits.Weekly, p.Limits.Monthly, approval, p.Rate.MaxPerHour, p.Rate.Cooldown)
	}
	const want = `conservative trading=off transfers=off staking=off nft=off governance=off max=10 daily=50 weekly=200 monthly=500 approval=0 rate=10/1m0s
balanced trading=slippage<=10 transfers=whitelist staking=[stake] nft=[buy_nft sell_nft] governance=[vote] max=100 daily=500 weekly=2000 monthly=5000 approval=none rate=10/1m0s
aggressive trading=full transfers=full staking=full nft=full governance=full max=1000 daily=5000 weekly=20000 monthly=50000 approval=none rate=10/1m0s
`
	if got.String() != want {
		t.Errorf("presets:\n%s\nwant:\n%s", got.String(), want)
	}
	if p, ok := Preset("reckless"); ok || p.Capabilities.Transfers.Enabled {
		t.Error("an unknown preset")
	}
}

func level(c Capability) string {
	switch {
	case !c.Enabled:
		return "off"
	case c.WhitelistOnly:
		return "whitelist"
	case c.MaxSlippage > 0:
		return fmt.Sprint("slippage<=", c.MaxSlippage)
	case len(c.Actions) > 0:
		return fmt.Sprint(c.Actions)
	}
	return "full"
}

func TestPresetTakesItsAdditionsOnly(t *testing.T) {
	p, err := parseOne(t, `
preset: balanced
allowedDestinations: ["0:b000000000000000000000000000000000000000000000000000000000000000"]
rate: {unlimited: true, cooldownSeconds: 0}
callerTokens: {unlimited: true}`)
	if err != nil || p.Preset != "balanced" || len(p.AllowedDestinations) != 1 || !p.Rate.Unlimited || !p.CallerTokens.Unlimited {
		t.Errorf("%+v, %v", p, err)
	}
	for _, line := range []string{
		`capabilities: {transfers: {enabled: true}}`, `limits: {perTransaction: "1", daily: "1"}`,
		`allowedTokens: [TON]`, `requireApprovalAbove: "1"`,
	} {
		if _, err := parseOne(t, "preset: balanced\n"+line); err == nil {
			t.Errorf("%s was put on a preset", line)
		}
	}
}

func TestBadDocumentIsRefusedWithItsPlace(t *testing.T) {
	agent := func(set string) string { return "version: 1\nagents:\n  agent-1:\n" + indent(set) }
	without := func(key string) string {
		var lines []string
		for _, l := range strings.Split(strings.TrimSpace(custom), "\n") {
			if !strings.HasPrefix(l, key) {
				lines = append(lines, l)
			}
		}
		return agent(strings.Join(lines, "\n"))
	}
	for name, bad := range map[string]struct {
		document string
		line     int
		says     string
	}{
		"unknown key":             {agent("preset: balanced\nextra: 1"), 5, "extra: unknown"},
		"unknown key at the top":  {"version: 1\nagent: {}\n", 2, "agent: unknown"},
		"unknown key deep inside": {agent(strings.Replace(custom, "maxPerHour", "perHour", 1)), 9, "rate.perHour: unknown"},
		"key in another case":     {agent("Preset: balanced"), 4, "Preset: unknown"},
		"duplicate key":           {agent("preset: balanced\npreset: aggressive"), 5, "already defined"},
		"duplicate agent":         {agent("preset: balanced") + "  agent-1:\n    preset: aggressive\n", 5, "already defined"},
		"number for an amount":    {agent(strings.Replace(custom, `"500"`, `500`, 1)), 5, "quoted string"},
		"float for an amount":     {agent(strings.Replace(custom, `"100"`, `100.0`, 1)), 8, "quoted string"},
		"amount with a sign":      {agent(strings.Replace(custom, `"500"`, `"-500"`, 1)), 5, "decimal number"},
		"amount with an exponent": {agent(strings.Replace(custom, `"500"`, `"5e2"`, 1)), 5, "decimal number"},
		"too many decimals":       {agent(strings.Replace(custom, `"500"`, `"0.0000000001"`, 1)), 5, "decimals"},
		"ticker of a jetton":      {agent(strings.Replace(custom, `[TON, native]`, `[USDT]`, 1)), 6, "jetton:"},
		"token that is no string": {agent(strings.Replace(custom, `[TON, native]`, `[7]`, 1)), 6, "string"},
		"address with a typo":     {agent(strings.Replace(custom, `"0:b0`, `"0:x0`, 1)), 7, "hex"},
		"address that is none":    {agent(strings.Replace(custom, `["0:b000000000000000000000000000000000000000000000000000000000000000"]`, `[1]`, 1)), 7, "string"},
		"unknown preset":          {agent("preset: reckless"), 4, "conservative, balanced, aggressive"},
		"neither preset nor set":  {agent("minConfidence: 0.5"), 4, "wants a preset"},
		"no capabilities":         {without("capabilities"), 4, "wants a preset"},
		"no limits":               {without("limits"), 4, "wants a preset"},
		"no tokens":               {without("allowedTokens"), 4, "wants a preset"},
		"no daily limit":          {agent(strings.Replace(custom, `daily: "2000", `, "", 1)), 5, "daily"},
		"limits that contradict":  {agent(strings.Replace(custom, `"2000"`, `"400"`, 1)), 5, "does not hold"},
		"limits that overflow":    {agent(`{capabilities: {}, limits: {perTransaction: "1", daily: "1329227995784915872903807060"}, allowedTokens: [TON]}`), 4, "2^120"},
		"unknown action":          {agent(strings.Replace(custom, "staking: {enabled: true}", "staking: {enabled: true, actions: [vote]}", 1)), 4, `"vote"`},
		"endless actions":         {agent(strings.Replace(custom, "staking: {enabled: true}", "staking: {enabled: true, actions: ["+strings.Repeat("stake, ", 17)+"]}", 1)), 4, "more than 16"},
		"rate of both":            {agent(strings.Replace(custom, "maxPerHour: 20", "maxPerHour: 20, unlimited: true", 1)), 9, "rate"},
		"rate of neither":         {agent(strings.Replace(custom, "maxPerHour: 20, ", "", 1)), 9, "rate"},
		"negative rate":           {agent(strings.Replace(custom, "maxPerHour: 20", "maxPerHour: -1", 1)), 9, ""},
		"tokens of both":          {agent(strings.Replace(custom, "perSecond: 2", "unlimited: true", 1)), 12, "callerTokens"},
		"tokens of neither":       {agent(strings.Replace(custom, "perSecond: 2, ", "", 1)), 12, "callerTokens"},
		"confidence above 1":      {agent(strings.Replace(custom, "0.5", "1.5", 1)), 10, "between 0 and 1"},
		"confidence too fine":     {agent(strings.Replace(custom, "0.5", "0.5001", 1)), 10, "3 decimals"},
		"slippage as an exponent": {agent(strings.Replace(custom, "0.01", "1e-2", 1)), 4, "between 0 and 1"},
		"validity without unit":   {agent(strings.Replace(custom, "90s", "90", 1)), 11, "duration"},
		"validity above 10 min":   {agent(strings.Replace(custom, "90s", "601s", 1)), 11, "duration"},
		"validity of part":        {agent(strings.Replace(custom, "90s", "1500ms", 1)), 11, "duration"},
		"text for a switch":       {agent(strings.Replace(custom, "whitelistOnly: true", "whitelistOnly: maybe", 1)), 4, ""},
		"anchor":                  {"version: 1\nagents:\n  agent-1: &a\n    preset: balanced\n  agent-2: *a\n", 3, "anchors"},
		"merge key":               {"version: 1\nagents:\n  agent-1:\n    <<: {preset: balanced}\n", 4, "merge"},
		"tag":                     {"version: !!int 1\n", 1, "tags"},
		"second document":         {agent("preset: balanced") + "---\nversion: 2\n", 0, "one YAML document"},
		"nothing":                 {"", 0, "one YAML document"},
		"a list":                  {"- 1\n", 1, "want fields"},
		"not YAML":                {"version: [1\n", 1, ""},
		"no version":              {"agents:\n  a:\n    preset: balanced\n", 1, "version: missing"},
		"version that is none":    {"version: one\n", 1, ""},
		"negative version":        {"version: -1\n", 1, ""},
		"no agents":               {"version: 1\n", 1, "agents"},
		"agent without a set":     {"version: 1\nagents:\n  agent-1:\n", 3, "agent-1"},
		"agent that is no id":     {"version: 1\nagents:\n  Agent:\n    preset: balanced\n", 4, "Agent"},
		"parent that is short":    {"version: 1\nparent: abcd\nagents:\n  a:\n    preset: balanced\n", 2, "parent"},
		"parent that is not hex":  {"version: 1\nparent: " + strings.Repeat("zz", 32) + "\n", 2, "parent"},
		"oversized":               {strings.Repeat("#", 256<<10+1), 0, "larger"},
		"endless list":            {agent(strings.Replace(custom, "[TON, native]", "["+strings.Repeat("TON, ", 1025)+"]", 1)), 6, "at most 1024"},
	} {
		_, err := Parse([]byte(bad.document))
		var m strictyaml.Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.ContainsFunc(m, func(one strictyaml.Mistake) bool {
			return (one.Line > 0) == (one.Column > 0) && one.Line == bad.line && strings.Contains(one.Error(), bad.says)
		}) {
			t.Errorf("%s: %v, want line %d and %q", name, err, bad.line, bad.says)
		}
	}
}

func TestEveryMistakeIsReported(t *testing.T) {
	_, err := Parse([]byte(`version: one
parent: abcd
agents:
  agent-1:
    preset: reckless
    extra: 1
    rate: {maxPerHour: many}
  agent-2:
    limits: {perTransaction: 5, daily: "1"}
    maxValidity: 1h
`))
	want := `1:10: version: want a whole number of at most 64 bits, not negative
2:9: parent: want the 64 hex digits of a bundle's hash
5:13: agents.agent-1.preset: "reckless" is none of conservative, balanced, aggressive
6:5: agents.agent-1.extra: unknown field
7:24: agents.agent-1.rate.maxPerHour: want a whole number of at most 32 bits, not negative
9:5: agents.agent-2.allowedTokens: missing: wants a preset, or capabilities, limits and allowedTokens
9:5: agents.agent-2.capabilities: missing: wants a preset, or capabilities, limits and allowedTokens
9:30: agents.agent-2.limits.perTransaction: an amount is a quoted string such as "1.5", not a number
10:18: agents.agent-2.maxValidity: maxValidity is a duration from 1s to 10m in whole seconds, such as "120s"`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestBundleIsKnownByItsBytes(t *testing.T) {
	document := []byte("version: 7\nparent: " + strings.Repeat("ab", 32) + "\nagents:\n  b:\n    preset: balanced\n  a:\n    preset: aggressive\n")
	b, err := Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	if b.Version != 7 || b.Parent[31] != 0xab || b.Hash != Hash(document) || strings.Join(b.Agents(), " ") != "a b" {
		t.Errorf("bundle = %+v", b)
	}
	if _, ok := b.Permissions("c"); ok {
		t.Error("an agent that is not named has permissions")
	}
	if Hash(append(document, ' ')) == b.Hash {
		t.Error("other bytes have the same hash")
	}
	d := SigningDigest([32]byte{1}, "user", document)
	if d == SigningDigest([32]byte{2}, "user", document) || d == SigningDigest([32]byte{1}, "backup", document) {
		t.Error("a signature fits another network or party")
	}
	if got, want := hex.EncodeToString(d[:]), "a4eefbabae084280f1fb9cb09472244d87570bd04ec3c361d218b319526f262b"; got != want {
		t.Errorf("signing digest = %s", got)
	}
}

func TestCheckCapability(t *testing.T) {
	p, err := parseOne(t, custom)
	if err != nil {
		t.Fatal(err)
	}
	nanos := func(n uint64) ton.Nano { return ton.NanoOf(n * 1_000_000_000) }
	transfer := Action{Name: "transfer", Token: ton.Native, Amount: nanos(100), Destination: bob}
	with := func(change func(*Action)) Action { a := transfer; change(&a); return a }
	for name, c := range map[string]struct {
		action   Action
		violates Rule
	}{
		"allowed":             {transfer, ""},
		"above approval":      {with(func(a *Action) { a.Amount, _ = a.Amount.Add(ton.NanoOf(1)) }), RuleApproval},
		"above a transaction": {with(func(a *Action) { a.Amount = nanos(501) }), RulePerTransaction},
		"other token":         {with(func(a *Action) { a.Token = "jetton:x" }), RuleToken},
		"other destination":   {with(func(a *Action) { a.Destination.Hash[1]++ }), RuleDestination},
		"other workchain":     {with(func(a *Action) { a.Destination.Workchain = -1 }), RuleDestination},
		"turned off":          {with(func(a *Action) { a.Name = "vote" }), RuleCapability},
		"nft":                 {with(func(a *Action) { a.Name = "buy_nft" }), RuleCapability},
		"trade":               {with(func(a *Action) { a.Name = "trade" }), ""},
		"stake":               {with(func(a *Action) { a.Name = "stake" }), ""},
		"unheard of":          {with(func(a *Action) { a.Name = "mint" }), RuleCapability},
		"nothing":             {Action{}, RuleCapability},
	} {
		a := p.CheckCapability(c.action)
		if a.Allowed != (c.violates == "") || a.ViolatedRule != c.violates || a.Allowed == (a.Reason != "") {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := (Permissions{}).CheckCapability(transfer); a.Allowed {
		t.Error("the zero permissions allow something")
	}
}

func TestWhitelists(t *testing.T) {
	to := Action{Name: "transfer", Token: ton.Native, Destination: bob}
	for name, c := range map[string]struct {
		whitelistOnly bool
		listed        []ton.Address
		allowed       bool
	}{
		"no list":               {false, nil, true},
		"whitelist of nobody":   {true, nil, false},
		"listed":                {true, []ton.Address{bob}, true},
		"a list always binds":   {false, []ton.Address{{Hash: [32]byte{1}}}, false},
		"whitelist of somebody": {true, []ton.Address{{Hash: [32]byte{1}}}, false},
	} {
		p, _ := Preset("aggressive")
		p.Capabilities.Transfers.WhitelistOnly, p.AllowedDestinations = c.whitelistOnly, c.listed
		if a := p.CheckCapability(to); a.Allowed != c.allowed {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestActionsOfACapability(t *testing.T) {
	p, _ := Preset("balanced")
	p.Capabilities.Staking.WhitelistOnly = false
	if a := p.CheckCapability(Action{Name: "stake", Token: ton.Native}); !a.Allowed {
		t.Errorf("stake: %+v", a)
	}
	if a := p.CheckCapability(Action{Name: "unstake", Token: ton.Native}); a.Allowed || a.ViolatedRule != RuleCapability {
		t.Errorf("unstake: %+v", a)
	}
}

func TestParseAsset(t *testing.T) {
	if a, err := ParseAsset("jetton:" + bob.String()); err != nil || a != "jetton:"+bob.String() {
		t.Errorf("%s, %v", a, err)
	}
	for _, s := range []string{"", "ton", "jetton:", "jetton:" + bob.Friendly(true, false), "JETTON:" + bob.String(), "nft:" + bob.String()} {
		if a, err := ParseAsset(s); err == nil {
			t.Errorf("%q is %s", s, a)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("version: 1\nagents:\n  agent-1:\n" + indent(custom)))
	f.Add([]byte("version: 1\nagents:\n  a:\n    preset: balanced\n"))
	f.Add([]byte(judged))
	f.Add([]byte("version: 1\nagents:\n  a: &x\n    preset: balanced\n  b: *x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bundle, err := Parse(b)
		if err != nil {
			var m strictyaml.Mistakes
			if !errors.As(err, &m) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if bundle.Version == 0 || len(bundle.Agents()) == 0 || bundle.Hash != Hash(b) {
			t.Fatalf("taken: %+v", bundle)
		}
		for _, v := range []Values{{}, {Asset: new(ton.Native), Amount: new(ton.NanoOf(1)), Hour: new(1), Patterns: []string{}}} {
			bundle.Evaluate(v)
		}
	})
}
