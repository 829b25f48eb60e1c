package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/ton"
)

const (
	gold   = "jetton:0:00000000000000000000000000000000000000000000000000000000000000aa"
	atZero = "0:0000000000000000000000000000000000000000000000000000000000000000"
	keyOne = "1111111111111111111111111111111111111111111111111111111111111111"
	keyTwo = "2222222222222222222222222222222222222222222222222222222222222222"
	atOne  = "0:1111111111111111111111111111111111111111111111111111111111111111"
	atTwo  = "0:2222222222222222222222222222222222222222222222222222222222222222"
)

func parsed(t testing.TB, document string) *Bundle {
	t.Helper()
	b, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// base is what the table below changes one thing of.
const base = `
version: 1
quorum: 2
loosenDelay: 48h
risk: {maxRiskScore: 70}
validators: [{id: critic, layer: intent}]
lists: {watch: {publicKey: "` + keyOne + `"}}
feeds: {prices: {publicKey: "` + keyOne + `", assets: [TON]}}
contracts:
  - {address: "` + atOne + `", is: swap_router, venue: ston_v2}
  - {address: "` + atTwo + `", is: staking_pool, program: tonstakers}
agents:
  agent-1:
    enrolment: {publicKey: "` + keyOne + `", wallets: [wallet-1, wallet-2], notBefore: 2026-10-01T00:00:00Z, notAfter: 2027-10-01T00:00:00Z}
    capabilities:
      transfers: {enabled: true, whitelistOnly: true}
      staking: {enabled: true, actions: [stake]}
      nft: {enabled: false, actions: [sell_nft]}
      trading: {enabled: true, maxSlippage: 0.01}
      contractCalls: {enabled: true}
    limits: {perTransaction: "100", daily: "500", weekly: "2000", monthly: "5000", calendar: {timeZone: Europe/Berlin, daily: "400", monthly: "4000"}}
    allowedTokens: [TON, "` + gold + `"]
    assetLimits:
      "` + gold + `": {perTransaction: "10", daily: "50", requireApprovalAbove: "5"}
    allowedDestinations: ["` + atOne + `", "` + atTwo + `"]
    requireApprovalAbove: "20"
    strategies:
      plan: {actions: [transfer, trade], maxSlippage: 0.005, pairs: ["native/` + gold + `"], pools: ["` + atOne + `"], maxValidity: 30s, maxAmounts: {TON: "5"}}
    rate: {maxPerHour: 20, cooldownSeconds: 30}
    minConfidence: 0.8
    maxValidity: 90s
    callerTokens: {perSecond: 2, burst: 60}
  agent-2: {preset: balanced}
  agent-3: {preset: balanced}
`

// Each line changes one thing, says what that loosens, and what undoing it does.
func TestLoosensNamesWhatIsLooser(t *testing.T) {
	const a, g = "agents.agent-1.", "agents.agent-1.assetLimits." + gold + "."
	for _, c := range []struct{ from, to, there, back string }{
		{"quorum: 2", "quorum: 1", "quorum: 2 → 1", ""},
		{"quorum: 2\n", "", "quorum: 2 → 1", ""},
		{"loosenDelay: 48h", "loosenDelay: 0s", "loosenDelay: 48h0m0s → 0s", ""},
		{"loosenDelay: 48h\n", "", "loosenDelay: 48h0m0s → 24h0m0s", ""},
		{"maxRiskScore: 70", "maxRiskScore: 71", "risk.maxRiskScore: 70 → 71", ""},
		{"maxRiskScore: 70", "enabled: false", "risk.enabled: true → false; risk.maxRiskScore: 70 → 80", ""},
		{"maxRiskScore: 70", "maxRiskScore: 70, enabled: false, fraudDetectionEnabled: false", "risk.enabled: true → false; risk.fraudDetectionEnabled: true → false", ""},
		{"maxRiskScore: 70", "maxRiskScore: 70, anomalyThreshold: 2.5", "risk.anomalyThreshold: 2000 → 2500", ""},
		{"maxRiskScore: 70", "maxRiskScore: 70, fraudDetectionEnabled: false", "risk.fraudDetectionEnabled: true → false", ""},
		{"maxRiskScore: 70", "maxRiskScore: 70, weights: {transaction: 0.5, behavioral: 0.5}", "risk.weights: 400/300/300 → 500/500/0", "risk.weights: 500/500/0 → 400/300/300"},
		{"lists: {watch: {publicKey: \"" + keyOne, "lists: {watch: {publicKey: \"" + keyTwo, "lists.watch: one key → another", "lists.watch: one key → another"},
		{"lists: {watch:", "lists: {other:", "lists.watch: taken → not taken", "lists.other: taken → not taken"},
		{"feeds: {prices: {publicKey: \"" + keyOne, "feeds: {prices: {publicKey: \"" + keyTwo, "feeds: 1 feeds → 1 feeds, or others", "feeds: 1 feeds → 1 feeds, or others"},
		{"{id: critic, layer: intent}", "", "validators.critic: asked → not asked", ""},
		{"{id: critic, layer: intent}", "{id: critic, layer: intent, timeout: 1s}", "validators.critic: asked → asked otherwise", "validators.critic: asked → asked otherwise"},
		{"actions: [transfer, trade]", "actions: [trade]", "", a + "strategies.plan.actions: - → transfer"},
		{"maxSlippage: 0.005", "maxSlippage: 0", a + "strategies.plan.maxSlippage: 0.005 → none stated", ""},
		{", pools: [\"" + atOne + "\"]", "", a + "strategies.plan.pools: [" + atOne + "] → all", ""},
		{", pairs: [\"native/" + gold + "\"]", "", a + "strategies.plan.pairs: [[" + gold + " native]] → all", ""},
		{"maxValidity: 30s", "maxValidity: 31s", a + "strategies.plan.maxValidity: 30s → 31s", ""},
		{`{TON: "5"}`, `{TON: "6"}`, a + "strategies.plan.maxAmounts.native: 5 → 6", ""},
		{`, maxAmounts: {TON: "5"}`, "", a + "strategies.plan.maxAmounts.native: 5 → none stated", ""},
		{"      plan: {", "      other: {actions: [vote]}\n      plan: {", a + "strategies.other: - → new", ""},
		{"    minConfidence: 0.8", "    rulesOnly: true\n    minConfidence: 0.8", "", a + "rulesOnly: true → false"},
		{"  agent-3: {preset: balanced}\n", "", "", "agents.agent-3: - → new"},
		{"agent-3: {preset: balanced}", "agent-3: {preset: conservative}", "", "agents.agent-3.capabilities.trading: off → on; agents.agent-3.capabilities.transfers: off → on; " +
			"agents.agent-3.capabilities.staking: off → on; agents.agent-3.capabilities.nft: off → on; agents.agent-3.capabilities.governance: off → on; " +
			"agents.agent-3.limits.perTransaction: 10 → 100; agents.agent-3.limits.daily: 50 → 500; agents.agent-3.limits.weekly: 200 → 2000; " +
			"agents.agent-3.limits.monthly: 500 → 5000; agents.agent-3.requireApprovalAbove: 0 → never"},

		{"enrolment: {publicKey: \"" + keyOne, "enrolment: {publicKey: \"" + keyTwo, "", ""},
		{"[wallet-1, wallet-2]", "[wallet-1]", "", a + "enrolment.wallets: - → wallet-2"},
		{"notBefore: 2026-10-01", "notBefore: 2026-09-01", a + "enrolment.notBefore: 2026-10-01T00:00:00Z → 2026-09-01T00:00:00Z", ""},
		{"notAfter: 2027-10-01", "notAfter: 2027-11-01", a + "enrolment.notAfter: 2027-10-01T00:00:00Z → 2027-11-01T00:00:00Z", ""},
		{", notAfter: 2027-10-01T00:00:00Z", "", a + "enrolment.notAfter: 2027-10-01T00:00:00Z → none stated", ""},
		{"[wallet-1, wallet-2]", "[wallet-1, wallet-2], suspended: true", "", a + "enrolment.suspended: true → false"},
		{"    enrolment: {publicKey: \"" + keyOne + "\", wallets: [wallet-1, wallet-2], notBefore: 2026-10-01T00:00:00Z, notAfter: 2027-10-01T00:00:00Z}\n", "",
			a + "enrolment: by the policy → by the operator", a + "enrolment: by the operator → by the policy"},
		{"transfers: {enabled: true, whitelistOnly: true}", "transfers: {enabled: true}", a + "capabilities.transfers.whitelistOnly: true → false", ""},
		{"transfers: {enabled: true, whitelistOnly: true}", "transfers: {enabled: false}", "", a + "capabilities.transfers: off → on"},
		{"nft: {enabled: false, actions: [sell_nft]}", "nft: {enabled: false}", "", ""},
		{"nft: {enabled: false, actions: [sell_nft]}", "gasless: {enabled: true}", a + "capabilities.gasless: off → on", ""},
		{"actions: [stake]", "actions: []", a + "capabilities.staking.actions: [stake] → all", ""},
		{"actions: [stake]", "actions: [unstake]", a + "capabilities.staking.actions: - → unstake", a + "capabilities.staking.actions: - → stake"},
		{"maxSlippage: 0.01", "maxSlippage: 0.02", a + "capabilities.trading.maxSlippage: 0.010 → 0.020", ""},
		{"maxSlippage: 0.01", "maxSlippage: 0", a + "capabilities.trading.maxSlippage: 0.010 → none stated", ""},

		{`"100", daily: "500"`, `"100", daily: "600"`, a + "limits.daily: 500 → 600", ""},
		{`perTransaction: "100"`, `perTransaction: "101.5"`, a + "limits.perTransaction: 100 → 101.5", ""},
		{`weekly: "2000"`, `weekly: "3000"`, a + "limits.weekly: 2000 → 3000", ""},
		{`monthly: "5000"`, `monthly: "6000"`, a + "limits.monthly: 5000 → 6000", ""},
		{`, calendar: {timeZone: Europe/Berlin, daily: "400", monthly: "4000"}`, "", a + "limits.calendar: limited → not limited", ""},
		{"Europe/Berlin", "Asia/Tokyo", a + "limits.calendar.timeZone: Europe/Berlin → Asia/Tokyo", a + "limits.calendar.timeZone: Asia/Tokyo → Europe/Berlin"},
		{`daily: "400", `, "", a + "limits.calendar.daily: 400 → none stated", ""},
		{`monthly: "4000"`, `monthly: "4001"`, a + "limits.calendar.monthly: 4000 → 4001", ""},
		{"    requireApprovalAbove: \"20\"\n", "", a + "requireApprovalAbove: 20 → never", ""},
		{`requireApprovalAbove: "20"`, `requireApprovalAbove: "21"`, a + "requireApprovalAbove: 20 → 21", ""},

		{`, daily: "50",`, `, daily: "51",`, g + "daily: 50 → 51; " + g + "weekly: 200 → 204; " + g + "monthly: 500 → 510", ""},
		{`, requireApprovalAbove: "5"}`, "}", g + "requireApprovalAbove: 5 → never", ""},
		{"agent-2: {preset: balanced}", `agent-2: {preset: balanced, assetLimits: {"` + gold + `": {perTransaction: "1", daily: "1"}}}`,
			"agents.agent-2.assetLimits." + gold + ": - → new; agents.agent-2.allowedTokens: - → " + gold, ""},
		{"[TON, ", `[TON, "jetton:` + atZero + `", `, a + "allowedTokens: - → jetton:" + atZero, ""},

		{`["` + atOne + `", `, "[", "", a + "allowedDestinations: - → " + atOne},
		{`["` + atOne + `", "` + atTwo + `"]`, "[]", a + "allowedDestinations: 2 listed → all", a + "allowedDestinations: - → " + atOne + "; " + a + "allowedDestinations: - → " + atTwo},

		{"maxPerHour: 20", "maxPerHour: 21", a + "rate.maxPerHour: 20 → 21", ""},
		{"maxPerHour: 20", "unlimited: true", a + "rate.maxPerHour: 20 → unlimited", ""},
		{"cooldownSeconds: 30", "cooldownSeconds: 29", a + "rate.cooldownSeconds: 30s → 29s", ""},
		{"minConfidence: 0.8", "minConfidence: 0.75", a + "minConfidence: 0.800 → 0.750", ""},
		{"maxValidity: 90s", "maxValidity: 91s", a + "maxValidity: 1m30s → 1m31s", ""},
		{"burst: 60", "burst: 61", a + "callerTokens.burst: 60 → 61", ""},
		{"perSecond: 2, burst: 60", "unlimited: true", a + "callerTokens.perSecond: 2 → unlimited; " + a + "callerTokens.burst: 60 → unlimited", ""},
		{"version: 1", "version: 2 # for another reason", "", ""},
	} {
		after := strings.Replace(base, c.from, c.to, 1)
		if after == base {
			t.Fatalf("%q is not there", c.from)
		}
		if got := text(Loosens(parsed(t, base), parsed(t, after))); got != c.there {
			t.Errorf("%s for %s loosens\n%q, want\n%q", c.to, c.from, got, c.there)
		}
		if got := text(Loosens(parsed(t, after), parsed(t, base))); got != c.back {
			t.Errorf("%s for %s loosens\n%q, want\n%q", c.from, c.to, got, c.back)
		}
	}
}

func text(changes []Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, c.String())
	}
	return strings.Join(all, "; ")
}

// What the party says of contracts decides what operations are called, so every difference waits.
func TestContractsLoosenWhateverDiffers(t *testing.T) {
	list := strings.SplitAfter(base[strings.Index(base, "  - "):strings.Index(base, "agents:")], "\n")
	old := parsed(t, base)
	for name, other := range map[string]string{
		"added":            list[0] + list[1] + `  - {address: "` + atZero[:len(atZero)-1] + `1", is: swap_router, venue: ston_v1}` + "\n",
		"taken off":        list[1],
		"in another order": list[1] + list[0],
	} {
		changes := Loosens(old, parsed(t, strings.Replace(base, list[0]+list[1], other, 1)))
		if len(changes) != 1 || changes[0].Path != "contracts" {
			t.Errorf("%s: %v", name, changes)
		}
	}
}

// An empty list allows everybody, but for those parts of the policy that ask for a listed one.
func TestFirstDestinationTightensWhereAllWereAllowed(t *testing.T) {
	of := func(capabilities, destinations string) *Bundle {
		return parsed(t, fmt.Sprintf(`
version: 1
agents:
  agent-1: {capabilities: {%s}, limits: {perTransaction: "1", daily: "1"}, allowedTokens: [TON], allowedDestinations: [%s]}`, capabilities, destinations))
	}
	for capabilities, loosens := range map[string]bool{
		"transfers: {enabled: true}":                       false,
		"transfers: {enabled: true, whitelistOnly: true}":  true,
		"transfers: {enabled: false, whitelistOnly: true}": false,
		"trading: {enabled: true}":                         true, // whose referrals have to be listed
	} {
		if got := Loosens(of(capabilities, ""), of(capabilities, `"`+atOne+`"`)); (len(got) > 0) != loosens {
			t.Errorf("%s: %v", capabilities, got)
		}
	}
}

// Whoever adds a field to what a document says must say what loosens it; until then every change of it waits.
func TestEveryFieldIsCompared(t *testing.T) {
	everyField(t, bundleParts, "Version", "Parent", "Hash")
	everyField(t, permissionsParts, "Preset")
	everyField(t, capabilitiesParts)
	everyField(t, capabilityParts, "Enabled") // which capability compares
	everyField(t, limitsParts(tonDecimals))
	everyField(t, assetLimitsParts)
	everyField(t, rateParts)
	everyField(t, callerTokensParts)
}

func everyField[T any](t *testing.T, parts []part[T], names ...string) {
	t.Helper()
	for i := range reflect.TypeFor[T]().NumField() {
		var old, other T
		fill(reflect.ValueOf(&old).Elem())
		fill(reflect.ValueOf(&other).Elem())
		name := reflect.TypeFor[T]().Field(i).Name
		vary(open(reflect.ValueOf(&other).Elem().Field(i)))
		changes := append(compare("", old, other, parts), compare("", other, old, parts)...)
		if len(changes) == 0 != slices.Contains(names, name) {
			t.Errorf("%T.%s: a difference loosens %v", old, name, changes)
		}
		if slices.ContainsFunc(changes, func(c Change) bool { return strings.Contains(c.New, "can't compare") }) {
			t.Errorf("%T.%s: no part of compare.go compares it", old, name)
		}
	}
}

// open gives access to a field that is not exported.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// fill sets everything in a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Unlimited" { // beside which other numbers mean nothing
				fill(open(v.Field(i)))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x").Convert(v.Type().Key()), one)
	default:
		vary(v)
	}
}

// vary makes it another value.
func vary(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Struct:
		vary(open(v.Field(0)))
	case v.Kind() == reflect.Array:
		vary(v.Index(0))
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	default:
		v.SetZero()
	}
}

// What no part compares loosens, both ways.
func TestWhatIsNotComparedLoosens(t *testing.T) {
	parts := limitsParts(tonDecimals)[1:]
	old, new := Limits{PerTransaction: ton.NanoOf(2)}, Limits{PerTransaction: ton.NanoOf(1)}
	if got := compare("limits", old, new, parts); len(got) != 1 || got[0].Path != "limits" {
		t.Errorf("%v", got)
	}
	if got := compare("limits", old, old, parts); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

var (
	tokens     = []string{ton.Native, gold}
	places     = []ton.Address{bob, {Hash: [32]byte{0xa1}}}
	fewAmounts = rapid.Custom(func(t *rapid.T) ton.Nano { return ton.NanoOf(rapid.Uint64Range(0, 3).Draw(t, "amount")) })
)

func some[T any](t *rapid.T, of []T) (list []T) {
	for _, v := range of {
		if rapid.Bool().Draw(t, "listed") {
			list = append(list, v)
		}
	}
	return list
}

func maybe(t *rapid.T) *ton.Nano { return rapid.Ptr(fewAmounts, true).Draw(t, "approval") }

func limitsFrom(t *rapid.T) Limits {
	return Limits{fewAmounts.Draw(t, "tx"), fewAmounts.Draw(t, "day"), fewAmounts.Draw(t, "week"), fewAmounts.Draw(t, "month"), calendarFrom(t)}
}

func calendarFrom(t *rapid.T) *Calendar {
	if rapid.Bool().Draw(t, "no calendar") {
		return nil
	}
	zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("east", 3600)}).Draw(t, "zone")
	return &Calendar{zone, maybe(t), maybe(t), maybe(t)}
}

func capabilityFrom(t *rapid.T, actions ...string) Capability {
	return Capability{rapid.Bool().Draw(t, "on"), rapid.Bool().Draw(t, "listed only"), Permille(rapid.IntRange(0, 2).Draw(t, "slippage")), some(t, actions)}
}

// mutations each draw one part of a bundle anew: from few values, so that many changes loosen nothing.
var mutations = []func(t *rapid.T, b *Bundle, p *Permissions){
	func(t *rapid.T, b *Bundle, _ *Permissions) { b.Quorum = rapid.IntRange(1, 3).Draw(t, "quorum") },
	func(t *rapid.T, b *Bundle, _ *Permissions) {
		b.LoosenDelay = time.Duration(rapid.IntRange(0, 2).Draw(t, "delay"))
	},
	func(t *rapid.T, b *Bundle, _ *Permissions) {
		b.contracts = some(t, []ton.Vouched{{Address: bob}, {Address: places[1]}})
	},
	func(t *rapid.T, b *Bundle, _ *Permissions) { delete(b.agents, "agent-1") },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Capabilities.Trading = capabilityFrom(t, "trade") },
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.Capabilities.Transfers = capabilityFrom(t, "transfer", "burn")
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.Capabilities.Staking = capabilityFrom(t, "stake", "unstake")
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.Capabilities.NFT = capabilityFrom(t, "buy_nft", "sell_nft")
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Capabilities.Governance = capabilityFrom(t, "vote") },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Capabilities.ContractCalls = capabilityFrom(t) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Capabilities.Deploys = capabilityFrom(t) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Capabilities.Gasless = capabilityFrom(t) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.Limits = limitsFrom(t) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.AllowedTokens = some(t, tokens) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.AllowedDestinations = some(t, places) },
	func(t *rapid.T, _ *Bundle, p *Permissions) { p.RequireApprovalAbove = maybe(t) },
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.AssetLimits = nil
		if rapid.Bool().Draw(t, "gold") {
			p.AssetLimits = map[string]AssetLimits{gold: {limitsFrom(t), maybe(t)}}
		}
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.Rate = Rate{rapid.Uint32Range(0, 2).Draw(t, "hour"), rapid.Bool().Draw(t, "unlimited"), time.Duration(rapid.IntRange(0, 2).Draw(t, "cooldown"))}
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.MinConfidence = rapid.Uint16Range(0, 2).Draw(t, "confidence")
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.MaxValidity = time.Duration(rapid.IntRange(0, 2).Draw(t, "validity"))
	},
	func(t *rapid.T, _ *Bundle, p *Permissions) {
		p.CallerTokens = CallerTokens{rapid.Uint32Range(0, 2).Draw(t, "second"), rapid.Uint32Range(0, 2).Draw(t, "burst"), rapid.Bool().Draw(t, "unlimited")}
	},
}

// mutate changes a few parts of a copy of b.
func mutate(t *rapid.T, b *Bundle, most int) *Bundle {
	c := *b
	c.agents = map[string]Permissions{}
	p := b.agents["agent-1"]
	if _, ok := b.agents["agent-1"]; ok || rapid.Bool().Draw(t, "named") {
		c.agents["agent-1"] = p
	}
	for range rapid.IntRange(0, most).Draw(t, "changes") {
		rapid.SampledFrom(mutations).Draw(t, "change")(t, &c, &p)
		if _, ok := c.agents["agent-1"]; ok {
			c.agents["agent-1"] = p
		}
	}
	return &c
}

func bundleFrom(t *rapid.T) *Bundle { return mutate(t, &Bundle{Quorum: 1}, 40) }

// allows reports everything that the permissions alone allow.
func allows(b *Bundle) (all []Action) {
	p := b.agents["agent-1"]
	for name := range kind {
		for _, token := range append(tokens, "other") {
			for amount := range uint64(5) {
				for _, to := range append(places, ton.Address{}) {
					if a := (Action{name, token, ton.NanoOf(amount), to}); p.CheckCapability(a).Allowed {
						all = append(all, a)
					}
				}
			}
		}
	}
	return all
}

func TestWhatLoosensNothingAllowsNothingMore(t *testing.T) {
	var tighter, looser int
	rapid.Check(t, func(t *rapid.T) {
		a := bundleFrom(t)
		b := mutate(t, a, 3)
		if c := Loosens(a, a); len(c) != 0 {
			t.Fatalf("a document loosens itself: %v", c)
		}
		if len(Loosens(a, b)) > 0 {
			looser++
			return
		}
		tighter++
		p := a.agents["agent-1"]
		for _, action := range allows(b) {
			if !p.CheckCapability(action).Allowed {
				t.Fatalf("%+v is allowed now and was not", action)
			}
		}
	})
	if tighter == 0 || looser == 0 {
		t.Errorf("%d tighter and %d looser: nothing was tested", tighter, looser)
	}
}

func TestSmallStepsLeadNowhereALargeOneCouldNot(t *testing.T) {
	steps := 0
	rapid.Check(t, func(t *rapid.T) {
		a := bundleFrom(t)
		b := mutate(t, a, 3)
		c := mutate(t, b, 3)
		if len(Loosens(a, b)) > 0 || len(Loosens(b, c)) > 0 {
			return
		}
		steps++
		if changes := Loosens(a, c); len(changes) > 0 {
			t.Fatalf("two steps that loosen nothing loosen %v", changes)
		}
	})
	if steps == 0 {
		t.Error("no two steps loosened nothing: nothing was tested")
	}
}
