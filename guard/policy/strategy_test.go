package policy

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

func TestStrategies(t *testing.T) {
	p, err := parseOne(t, fmt.Sprintf(`
preset: balanced
strategies:
  rebalance_1:
    actions: [trade, unstake]
    maxSlippage: 0.005
    pairs: ["%[1]s/TON", "native/%[1]s"]
    pools: ["0:b000000000000000000000000000000000000000000000000000000000000000"]
    venues: [ston_v2, dedust_v2]
    programs: [tonstakers]
    maxValidity: 30s
    maxAmounts: {TON: "1.5", "%[1]s": "1000"}
  pay: {actions: [transfer]}`, dollar))
	if err != nil {
		t.Fatal(err)
	}
	pair := PairOf(ton.Native, dollar)
	want := map[string]Strategy{
		"rebalance_1": {
			Actions: []string{"trade", "unstake"}, MaxSlippage: 5, Pairs: []Pair{pair, pair}, Pools: []ton.Address{bob},
			Venues: []ton.Venue{ton.STON2, ton.DeDust}, Programs: []ton.Program{ton.Tonstakers}, MaxValidity: 30 * time.Second,
			MaxAmounts: map[string]ton.Nano{ton.Native: ton.NanoOf(1_500_000_000), dollar: ton.NanoOf(1000)},
		},
		"pay": {Actions: []string{"transfer"}},
	}
	if !reflect.DeepEqual(p.Strategies, want) {
		t.Errorf("strategies\n%+v, want\n%+v", p.Strategies, want)
	}
	if PairOf("b", "a") != PairOf("a", "b") {
		t.Error("a pair has an order")
	}
}

func TestBadStrategyIsRefusedWithItsPlace(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("'0:"+strings.Repeat("b0", 32)+"', ", maxListed+1), ", ")
	for line, says := range map[string]string{
		"strategies: {}":                                                                            "5:17: agents.agent-1.strategies: want 1 to 64",
		"strategies: []":                                                                            "5:17: agents.agent-1.strategies: want fields",
		"strategies: {pay: }":                                                                       "agents.agent-1.strategies.pay: want a name",
		"strategies: {pay.all: {actions: [b]}}":                                                     "agents.agent-1.strategies.pay.all: want a name",
		"strategies: {pay: {}}":                                                                     "5:23: agents.agent-1.strategies.pay.actions: want 1 to 16",
		"strategies: {pay: {actions: [pay]}}":                                                       "5:33: agents.agent-1.strategies.pay.actions: there is no \"pay\"",
		"strategies: {pay: {actions: [transfer], extra: 1}}":                                        "extra: unknown field",
		"strategies: {pay: {actions: [transfer], maxSlippage: 0.1}}":                                "5:58: agents.agent-1.strategies.pay.maxSlippage: is of the action trade",
		"strategies: {pay: {actions: [trade], maxSlippage: 1.1}}":                                   "between 0 and 1",
		"strategies: {pay: {actions: [transfer], pairs: ['TON/" + dollar + "']}}":                   "pairs: bounds only trade, and actions lists none",
		"strategies: {pay: {actions: [stake], venues: [ston_v1]}}":                                  "venues: bounds only trade",
		"strategies: {pay: {actions: [trade], venues: [uniswap]}}":                                  "venues: there is no \"uniswap\"",
		"strategies: {pay: {actions: [trade], programs: [hipo]}}":                                   "programs: bounds only stake, unstake",
		"strategies: {pay: {actions: [stake], programs: [hippo]}}":                                  "programs: there is no \"hippo\"",
		"strategies: {pay: {actions: [vote], pools: ['0:" + strings.Repeat("b0", 32) + "']}}":       "pools: bounds only trade, stake, unstake",
		"strategies: {pay: {actions: [trade], pools: [" + many + "]}}":                              "pools: want 1 to 1024",
		"strategies: {pay: {actions: [trade], pools: []}}":                                          "pools: want 1 to 1024",
		"strategies: {pay: {actions: [trade], pools: [bob]}}":                                       "pools[0]:",
		"strategies: {pay: {actions: [trade], pairs: []}}":                                          "pairs: want 1 to 1024",
		"strategies: {pay: {actions: [trade], pairs: [7]}}":                                         "a pair is a quoted string",
		"strategies: {pay: {actions: [trade], pairs: [TON]}}":                                       "slash between them",
		"strategies: {pay: {actions: [trade], pairs: [TON/USDT]}}":                                  "pairs[0]: token \"USDT\"",
		"strategies: {pay: {actions: [trade], pairs: [USDT/TON]}}":                                  "pairs[0]: token \"USDT\"",
		"strategies: {pay: {actions: [trade], pairs: [TON/native]}}":                                "the same",
		"strategies: {pay: {actions: [transfer], maxValidity: 11m}}":                                "maxValidity is a duration",
		"strategies: {pay: {actions: [transfer], maxAmounts: {TON: 5}}}":                            "5:63: agents.agent-1.strategies.pay.maxAmounts.TON: an amount is a quoted string",
		"strategies: {pay: {actions: [transfer], maxAmounts: {USDT: '5'}}}":                         "maxAmounts.USDT: token",
		"strategies: {pay: {actions: [transfer], maxAmounts: {TON: '5', native: '6'}}}":             "listed under another name",
		"strategies: {pay: {actions: [transfer], maxAmounts: {'" + dollar + "': '0.5'}}}":           "decimals",
		"strategies: {pay: {actions: [transfer], maxAmounts: {TON: '0.0000000001'}}}":               "decimals",
		"strategies: {pay: {actions: [" + strings.Repeat("transfer, ", maxActions+1) + "]}}":        "actions: want 1 to 16",
		"strategies: {" + strings.Repeat("a: {actions: [transfer]}, ", 2) + "}":                     "already defined",
		"strategies: {" + numbered(maxStrategies+1, "s%d: {actions: [transfer]}, ") + "}":           "want 1 to 64",
		"strategies: {p: {actions: [trade], maxAmounts: {" + numbered(maxAssets+1, asset65) + "}}}": "65 assets are listed",
	} {
		_, err := parseOne(t, "preset: aggressive\n"+line)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.100s: %v, want %q", line, err, says)
		}
	}
}

const asset65 = "'jetton:0:%064x': '1', "

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1)
	}
	return b.String()
}
