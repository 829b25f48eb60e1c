package guard

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// trade is what a policy asks of a swap besides what it asks of every operation: what is bought is allowed too, for not
// much less than the pools give now, in a limited time, and nobody is paid for it who isn't listed.
func (e *evaluation) trade() (v []Verdict) {
	if e.c.Intent.Type != string(ton.OpSwap) {
		return nil
	}
	for n, m := range e.c.Tx.Messages {
		s, f := swapOf(m), e.c.Facts[n]
		if !slices.Contains(e.perms.AllowedTokens, f.Ask) {
			v = append(v, deny(ReasonTokenNotAllowed, f.Ask, string(policy.RuleToken)))
		}
		for _, h := range s.Hops[:s.Count] {
			if !h.Referral.IsZero() && !slices.Contains(e.perms.AllowedDestinations, h.Referral) {
				v = append(v, deny(ReasonReferral, h.Referral.String(), string(policy.RuleDestination)))
			}
		}
		if s.Deadline == 0 {
			v = append(v, escalate(ReasonSwapDeadline, "none", ""))
		}
		v = append(v, slippage(s.MinOut(), f.Expected, e.perms.Capabilities.Trading.MaxSlippage)...)
	}
	return v
}

// slippage holds the least that a swap may give against what the pools would give now. Without a bound in the policy there
// is nothing to hold it against.
func slippage(least, expected ton.Nano, most policy.Permille) []Verdict {
	switch {
	case most == 0:
		return nil
	case expected.IsZero():
		return []Verdict{deny(ReasonSlippageUnknown, "", permille(uint16(most)))}
	case least.Cmp(expected) >= 0:
		return nil
	}
	lost := new(big.Int).Sub(expected.Big(), least.Big())
	lost.Mul(lost, big.NewInt(1000))
	if lost.Cmp(new(big.Int).Mul(expected.Big(), big.NewInt(int64(most)))) <= 0 {
		return nil
	}
	return []Verdict{deny(ReasonSlippage, fmt.Sprintf("at least %s of %s", least.Format(0), expected.Format(0)), permille(uint16(most)))}
}
