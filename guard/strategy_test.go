package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// planned is the second version of a policy, with one strategy of the name plan.
func planned(document, strategy string) string {
	return strings.Replace(nextOf(document), "    allowedTokens", "    strategies: {plan: {"+strategy+"}}\n    allowedTokens", 1)
}

// planned is the case of a job that names the strategy.
func (w *world) planned(j job) guard.Case {
	w.Helper()
	c := w.do("k1", j)
	c.Intent.Strategy = "plan"
	return c
}

// following is a case under a policy with that strategy, whose request names one.
func following(strategy, named string) func(*world, *guard.Case) {
	return func(w *world, c *guard.Case) {
		w.applyPolicy(planned(permissive, strategy))
		c.Intent.Strategy = named
	}
}

// swapping is a swap of coins for euros in pot by a strategy that swaps only so.
func swapping(only string) func(*world) guard.Case {
	return func(w *world) guard.Case {
		w.applyPolicy(planned(everything, "actions: [trade], "+only))
		return w.planned(w.pooled())
	}
}

// pooled is a swap whose pool was proven.
func (w *world) pooled() job {
	j := w.swap(990, w.soon(), ton.Address{})
	j.facts.Pools[0] = pot
	return j
}

func TestStrategyDoesWhatItLists(t *testing.T) {
	swap := fmt.Sprintf("actions: [trade], pairs: ['%s/TON'], pools: ['%s', '%s'], venues: [dedust_v2], maxSlippage: 0.01, maxValidity: 60s, maxAmounts: {TON: '1.25'}",
		euroID, shop, pot)
	for name, c := range map[string]struct {
		strategy string
		job      func(*world) job
	}{
		"swap":                     {swap, (*world).pooled},
		"swap that bounds nothing": {"actions: [trade]", (*world).pooled},
		"stake": {"actions: [stake], programs: [nominator_pool], pools: ['" + pot.String() + "'], maxAmounts: {TON: '50'}",
			func(w *world) job { return w.jobs()["stake"] }},
		"unstake of jettons": {"actions: [unstake], programs: [tonstakers], pools: ['" + dollar.String() + "'], maxAmounts: {'" + dollarID + "': '5', TON: '0.05'}",
			func(w *world) job { return w.jobs()["unstake, jettons"] }},
		"payment": {"actions: [transfer, burn]", (*world).payDollars},
		"gasless": {"actions: [gasless], maxAmounts: {'" + dollarID + "': '8'}", func(w *world) job { return w.jobs()["gasless"] }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			w.applyPolicy(planned(everything, c.strategy))
			w.allow(w.planned(c.job(w)))
		})
	}
}

// What the request says about pair, pool and venue is not what counts.
func TestStrategyIsHeldAgainstWhatWasProven(t *testing.T) {
	for name, c := range map[string]struct {
		strategy string
		job      func(*world) job
		want     guard.Reason
	}{
		"a pool that was not proven": {"actions: [trade], pools: ['" + pot.String() + "']",
			func(w *world) job { return w.swap(990, w.soon(), ton.Address{}) }, guard.ReasonStrategyPool},
		"nothing expected": {"actions: [trade], maxSlippage: 0.5", func(w *world) job {
			j := w.pooled()
			j.facts.Expected = ton.Nano{}
			return j
		}, guard.ReasonStrategySlippage},
		"another pool to stake with": {"actions: [stake], pools: ['" + shop.String() + "']",
			func(w *world) job { return w.jobs()["stake"] }, guard.ReasonStrategyPool},
		"jettons of another stake": {"actions: [unstake], pools: ['" + purse.String() + "']",
			func(w *world) job { return w.jobs()["unstake, jettons"] }, guard.ReasonStrategyPool},
		"jettons of another program": {"actions: [unstake], programs: [hipo]",
			func(w *world) job { return w.jobs()["unstake, jettons"] }, guard.ReasonStrategyProgram},
		"coins that go along": {"actions: [transfer], maxAmounts: {TON: '0.049'}", (*world).payDollars, guard.ReasonStrategyAmount},
		"the relayer's fee": {"actions: [gasless], maxAmounts: {'" + dollarID + "': '7'}",
			func(w *world) job { return w.jobs()["gasless"] }, guard.ReasonStrategyAmount},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			w.applyPolicy(planned(everything, c.strategy))
			w.deny(w.planned(c.job(w)), c.want)
		})
	}
}

func TestEveryHopsPoolIsHeldAgainstTheStrategy(t *testing.T) {
	w := newWorld(t, everything)
	w.applyPolicy(planned(everything, "actions: [trade], pools: ['"+pot.String()+"']"))
	c := w.planned(w.pooled())
	s := c.Tx.Messages[0].Detail.(ton.Swap)
	s.Count, s.Hops[1] = 2, s.Hops[0]
	c.Tx.Messages[0].Detail = s
	w.deny(c, guard.ReasonStrategyPool)
	c.Facts[0].Pools[1] = pot
	w.allow(c)
}

func TestStrategiesAreTheAgentsOwn(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	c.Intent.Strategy = "whatever comes to mind" // there are none to name
	w.allow(c)

	w = newWorld(t, permissive)
	w.applyPolicy(planned(permissive, "actions: [transfer]"))
	c = w.request("k1", "1")
	for _, name := range []string{"", "Plan", "plan ", "whatever comes to mind"} {
		c.Intent.Strategy = name
		w.deny(c, guard.ReasonStrategyUnknown)
	}
	c.Intent.Strategy = "plan"
	w.allow(c)
}

// A strategy narrows what the agent may do and widens nothing.
func TestStrategyWidensNothing(t *testing.T) {
	w := newWorld(t, everything)
	w.applyPolicy(planned(everything, "actions: [trade], maxSlippage: 0.5, maxAmounts: {TON: '1000'}, maxValidity: 10m"))
	j := w.pooled()
	j.facts.Expected = ton.NanoOf(1010)
	w.deny(w.planned(j), guard.ReasonSlippage)

	w = newWorld(t, permissive)
	w.applyPolicy(planned(permissive, "actions: [transfer, trade], maxAmounts: {TON: '1000'}, maxValidity: 10m"))
	c := w.request("k1", "101")
	c.Intent.Strategy = "plan"
	w.deny(c, guard.ReasonLimitTransaction)
	c = w.requestValid("k1", "1", 121*time.Second)
	c.Intent.Strategy = "plan"
	w.deny(c, guard.ReasonIntentValidity)
}
