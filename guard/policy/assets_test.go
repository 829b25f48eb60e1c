package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

var dollar = ton.JettonID(ton.Address{Hash: [32]byte{0xd0}})

func TestPresetTakesAJettonByItsLimits(t *testing.T) {
	p, err := parseOne(t, fmt.Sprintf(`
preset: aggressive
assetLimits: {%q: {perTransaction: "100", daily: "200", monthly: "1000", requireApprovalAbove: "50"}}`, dollar))
	if err != nil {
		t.Fatal(err)
	}
	l, ok := p.LimitsOf(dollar)
	want := Limits{PerTransaction: ton.NanoOf(100), Daily: ton.NanoOf(200), Weekly: ton.NanoOf(800), Monthly: ton.NanoOf(1000)}
	if !ok || l.Limits != want || *l.RequireApprovalAbove != ton.NanoOf(50) {
		t.Errorf("limits %+v", l)
	}
	pay := func(n uint64) Answer {
		return p.CheckCapability(Action{Name: "transfer", Token: dollar, Amount: ton.NanoOf(n), Destination: bob})
	}
	for n, rule := range map[uint64]Rule{50: "", 51: RuleApproval, 101: RulePerTransaction} {
		if a := pay(n); a.ViolatedRule != rule || a.Allowed != (rule == "") {
			t.Errorf("%d units: %+v", n, a)
		}
	}
	if l, ok := p.LimitsOf(ton.Native); !ok || l.PerTransaction.String() != "1000" {
		t.Errorf("coins: %+v", l)
	}
	if _, ok := p.LimitsOf(ton.JettonID(bob)); ok {
		t.Error("a jetton nobody named has limits")
	}
	p.AllowedTokens = append(p.AllowedTokens, ton.JettonID(bob))
	if a := p.CheckCapability(Action{Name: "transfer", Token: ton.JettonID(bob), Destination: bob}); a.ViolatedRule != RuleAssetLimits {
		t.Errorf("a listed jetton without limits: %+v", a)
	}
}

// What a preset leaves off stays off: an unknown operation, a deployment and a relayed payment need a policy that says so.
func TestNoPresetAllowsWhatIsNotUnderstood(t *testing.T) {
	for _, name := range []string{"conservative", "balanced", "aggressive"} {
		p, _ := Preset(name)
		for _, action := range []string{"contract_call", "deploy", "gasless"} {
			if a := p.CheckCapability(Action{Name: action, Token: ton.Native, Destination: bob}); a.ViolatedRule != RuleCapability {
				t.Errorf("%s allows %s: %+v", name, action, a)
			}
		}
	}
}

func TestBadAssetLimitsAreRefusedWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ line, says string }{
		"a number":          {fmt.Sprintf(`assetLimits: {%q: {perTransaction: 100, daily: "200"}}`, dollar), "quoted string"},
		"a fraction":        {fmt.Sprintf(`assetLimits: {%q: {perTransaction: "1.5", daily: "200"}}`, dollar), "whole number of its smallest unit"},
		"no daily":          {fmt.Sprintf(`assetLimits: {%q: {perTransaction: "100"}}`, dollar), "perTransaction or daily is missing"},
		"contradiction":     {fmt.Sprintf(`assetLimits: {%q: {perTransaction: "300", daily: "200"}}`, dollar), "does not hold"},
		"a ticker":          {`assetLimits: {USDT: {perTransaction: "100", daily: "200"}}`, "want jetton:"},
		"coins":             {`assetLimits: {native: {perTransaction: "100", daily: "200"}}`, "those of TON are under limits"},
		"nothing":           {fmt.Sprintf(`assetLimits: {%q: }`, dollar), "with limits"},
		"an unknown key":    {fmt.Sprintf(`assetLimits: {%q: {perTransaction: "100", daily: "200", hourly: "1"}}`, dollar), "hourly"},
		"not among tokens":  {custom + fmt.Sprintf("assetLimits: {%q: {perTransaction: \"100\", daily: \"200\"}}", dollar), "not one of allowedTokens"},
		"too many":          {"assetLimits:\n" + manyAssets(65), "at most 64"},
		"action of another": {`capabilities: {deploys: {enabled: true, actions: [transfer]}}`, "transfer"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.line, "capabilities") {
				c.line = "preset: balanced\n" + c.line
			}
			_, err := parseOne(t, c.line)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), ":") {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func manyAssets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  %q: {perTransaction: \"1\", daily: \"2\"}\n", ton.JettonID(ton.Address{Hash: [32]byte{1, byte(i)}}))
	}
	return b.String()
}

func TestContractsAreVouchedFor(t *testing.T) {
	code := strings.Repeat("ab", 32)
	b, err := Parse([]byte(fmt.Sprintf(`
version: 1
contracts:
  - {address: %q, is: swap_router, venue: ston_v2}
  - {code: %s, is: nft_sale}
  - {address: %q, code: %s, is: staking_pool, program: tonstakers}
agents: {a: {preset: balanced}}
`, bob, code, bob, code)))
	if err != nil {
		t.Fatal(err)
	}
	hash := [32]byte{}
	for i := range hash {
		hash[i] = 0xab
	}
	want := []ton.Vouched{
		{Address: bob, Role: ton.RoleRouter, Venue: ton.STON2}, {CodeHash: hash, Role: ton.RoleSale},
		{Address: bob, CodeHash: hash, Role: ton.RolePool, Program: ton.Tonstakers},
	}
	for i, v := range b.Contracts() {
		if v != want[i] {
			t.Errorf("%d: %+v", i, v)
		}
	}
	if len(b.Contracts()) != len(want) {
		t.Errorf("%d contracts", len(b.Contracts()))
	}
}

func TestBadContractsAreRefusedWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ line, says string }{
		"no role":           {fmt.Sprintf(`{address: %q}`, bob), "can't be vouched for"},
		"a derived role":    {fmt.Sprintf(`{address: %q, is: jetton_wallet}`, bob), "can't be vouched for"},
		"nothing named":     {`{is: nft_sale}`, "neither an address nor a code hash"},
		"a router by code":  {fmt.Sprintf(`{code: %s, is: swap_router, venue: ston_v1}`, strings.Repeat("ab", 32)), "needs an address"},
		"code that is none": {`{code: abcd, is: nft_sale}`, "64 hex digits"},
		"an unknown pool":   {fmt.Sprintf(`{address: %q, is: staking_pool, program: ponzi}`, bob), "not known"},
		"an unknown key":    {fmt.Sprintf(`{address: %q, is: nft_sale, price: "1"}`, bob), "price"},
		"a bad address":     {`{address: "EQ", is: nft_sale}`, "address"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte("version: 1\nagents: {a: {preset: balanced}}\ncontracts:\n  - " + c.line + "\n"))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "4:") {
				t.Errorf("%v, want one of line 4 with %q", err, c.says)
			}
		})
	}
	many := strings.Repeat(fmt.Sprintf("  - {address: %q, is: nft_item}\n", bob), 257)
	if _, err := Parse([]byte("version: 1\nagents: {a: {preset: balanced}}\ncontracts:\n" + many)); err == nil || !strings.Contains(err.Error(), "at most 256") {
		t.Errorf("257 contracts: %v", err)
	}
}
