package guard

import (
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// strategy is layer 2: the payload is something that the named strategy does, within its bounds. What it does is taken
// from the bytes and from what was proven; layer 1 has held the request's type and assets against these.
func (e *evaluation) strategy() []Verdict {
	v := e.objections(policy.StrategyLayer)
	if e.perms == nil || len(e.perms.Strategies) == 0 {
		return v
	}
	s, known := e.perms.Strategies[e.c.Intent.Strategy]
	if !known {
		return append([]Verdict{deny(ReasonStrategyUnknown, e.c.Intent.Strategy, "")}, v...)
	}
	return slices.Concat(e.follows(s), v)
}

func (e *evaluation) follows(s policy.Strategy) (v []Verdict) {
	action := e.c.Intent.action()
	if !slices.Contains(s.Actions, action) {
		v = append(v, deny(ReasonStrategyAction, action, e.c.Intent.Strategy))
	}
	if last := e.latest().Add(s.MaxValidity); s.MaxValidity != 0 && e.c.Tx.ValidUntil.After(last) {
		v = append(v, deny(ReasonStrategyValidity, clock(e.c.Tx.ValidUntil), clock(last)))
	}
	for _, m := range e.moves {
		asset := e.asset(m)
		if most, bound := s.MaxAmounts[asset]; bound && m.Amount.Cmp(most) > 0 {
			v = append(v, deny(ReasonStrategyAmount, amountOf(asset, m.Amount), amountOf(asset, most)))
		}
	}
	for n, m := range e.c.Tx.Messages {
		switch action {
		case "trade":
			v = append(v, swaps(s, m, e.c.Facts[n])...)
		case "stake", "unstake":
			v = append(v, stakes(s, m, e.c.Facts[n])...)
		}
	}
	return v
}

// swaps holds one exchange against a strategy.
func swaps(s policy.Strategy, m ton.Message, f ton.Facts) []Verdict {
	swap := swapOf(m)
	v := outside(ReasonStrategyPair, s.Pairs, policy.PairOf(assetOf(m, f), f.Ask))
	v = append(v, outside(ReasonStrategyVenue, s.Venues, swap.Venue)...)
	for _, pool := range f.Pools[:swap.Count] {
		v = append(v, outside(ReasonStrategyPool, s.Pools, pool)...)
	}
	for _, lost := range slippage(swap.MinOut(), f.Expected, s.MaxSlippage) {
		v = append(v, deny(ReasonStrategySlippage, lost.Observed, lost.Limit))
	}
	return v
}

// stakes holds one order to a pool, or the burning of jettons that stand for a stake, against a strategy.
func stakes(s policy.Strategy, m ton.Message, f ton.Facts) []Verdict {
	pool := m.To
	if f.Role == ton.RoleJettonWallet {
		pool = f.Master
	}
	return append(outside(ReasonStrategyProgram, s.Programs, f.Program), outside(ReasonStrategyPool, s.Pools, pool)...)
}

// outside refuses what is not listed, once there is a list.
func outside[T comparable](r Reason, list []T, one T) []Verdict {
	if len(list) == 0 || slices.Contains(list, one) {
		return nil
	}
	return []Verdict{deny(r, fmt.Sprint(one), fmt.Sprintf("one of %d", len(list)))}
}
