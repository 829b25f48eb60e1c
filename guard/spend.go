package guard

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// limits is layer 5. It counts on the mirror, so a mirror that can't be counted on is refused here, before any sum.
func (e *evaluation) limits() []Verdict {
	if v := e.account(); len(v) > 0 {
		return v
	}
	return slices.Concat(e.unique(), e.windows(), e.onChain())
}

// account checks that the proven state is one to build on, and that the mirror has reached it. A state with the last
// transaction of the mirror is that state, of whichever block.
func (e *evaluation) account() []Verdict {
	a := e.c.Account
	skew := e.now.Sub(a.Time)
	switch {
	case !a.Proven || a.Address != e.wallet.Address:
		return []Verdict{deny(ReasonChainUnavailable, a.Address.String(), e.wallet.Address.String())}
	case skew.Abs() > maxSkew:
		return []Verdict{deny(ReasonClockSkew, skew.String(), maxSkew.String())}
	case !e.pos.SeqnoKnown || !e.reached(a):
		return []Verdict{deny(ReasonMirrorBehind, strconv.FormatUint(e.pos.LT, 10), strconv.FormatUint(a.LastLT, 10))}
	}
	if err := a.CheckOwn(e.wallet.TON()); err != nil {
		return []Verdict{deny(ReasonAccount, err.Error(), "")}
	}
	if e.unexplained > 0 {
		return []Verdict{deny(ReasonUnexplained, strconv.FormatUint(e.unexplained, 10), "0")}
	}
	return e.next(a)
}

// reached reports whether the mirror has read everything up to a state. That of a Highload V3 wallet may have gone on
// meanwhile, for another of its requests: what it has read since counts too.
func (e *evaluation) reached(a ton.Account) bool {
	return e.pos.Complete(a) || e.wallet.Highload() && a.LastLT < e.pos.LT
}

// next checks that the payload is one that the account would take: for its seqno, or with a query id that it has not run.
func (e *evaluation) next(a ton.Account) []Verdict {
	t := e.c.Tx
	switch {
	case e.wallet.Highload() && a.QueryUsed(t.QueryID, e.at):
		return []Verdict{deny(ReasonQueryUsed, fmt.Sprint(t.QueryID), "")}
	case !e.wallet.Highload() && (t.Seqno != a.Seqno || a.Seqno != e.pos.Seqno):
		return []Verdict{deny(ReasonSeqno, fmt.Sprint(t.Seqno), fmt.Sprint(a.Seqno))}
	}
	return nil
}

// unique keeps a wallet, or a query id of it, to one live request, and a request to one effect that can ever execute.
func (e *evaluation) unique() []Verdict {
	i, p, query := e.c.Intent, e.payload, e.unusedQuery()
	switch {
	case e.use.Request != [32]byte{} && e.use.Request != i.Request:
		return []Verdict{deny(ReasonRequestConflict, i.RequestID, "")}
	case e.use.Used:
		return []Verdict{deny(ReasonRequestUsed, i.RequestID, "")}
	case len(query) > 0:
		return query
	case len(e.slot.Payloads) > 0 && e.slot.RequestID != i.RequestID && !e.wallet.Highload():
		return []Verdict{deny(ReasonWalletBusy, e.slot.RequestID, "")}
	case p.State.over(), p.live() && p.RequestID != i.RequestID:
		return []Verdict{deny(ReasonPayloadUsed, string(p.State), "")}
	case !p.live() && len(e.live) >= maxPayloads:
		return []Verdict{deny(ReasonTooManyPayloads, strconv.Itoa(len(e.live)), strconv.Itoa(maxPayloads))}
	}
	for _, other := range e.live {
		if other.Effects != e.effects {
			return []Verdict{deny(ReasonEffectsDiffer, fmt.Sprintf("%x", e.effects), fmt.Sprintf("%x", other.Effects))}
		}
	}
	return nil
}

// windows holds what left the wallet, and what this payload would send, against the agent's limits. Other live payloads
// of the seqno do the same as this one, or unique has refused it, and one of them executes: they count once.
func (e *evaluation) windows() (v []Verdict) {
	if e.perms == nil {
		return nil // layer 4 refuses
	}
	if len(e.spent) != len(e.moves) {
		return []Verdict{deny(ReasonTooManyAssets, strconv.Itoa(len(e.moves)), strconv.Itoa(maxMoves))}
	}
	for n, m := range e.moves {
		v = append(v, e.window(m, e.spent[n])...)
	}
	return v
}

// window holds one asset.
func (e *evaluation) window(m Move, spent spending) (v []Verdict) {
	asset := e.asset(m)
	l, ok := e.limitsOf(asset)
	switch {
	case !ok:
		return []Verdict{deny(ReasonLimitMissing, asset, "")}
	case m.Of != ton.Native && !e.jettons.counts(m.Of, e.at):
		return []Verdict{deny(ReasonTooManyAssets, strconv.Itoa(len(e.jettons.List)), strconv.Itoa(maxJettons))}
	}
	for _, c := range ceilings(l.Limits, spent) {
		sum, err := c.spent.Add(m.Amount)
		if err != nil {
			sum = ton.MaxNano // overflow is a denial, and no limit is that high
		}
		if err != nil || sum.Cmp(*c.limit) > 0 {
			v = append(v, deny(c.reason, amountOf(asset, sum), amountOf(asset, *c.limit)))
		}
	}
	return v
}

// limitsOf returns the limits of an asset: the policy's, tightened by the node's own.
func (e *evaluation) limitsOf(asset string) (policy.AssetLimits, bool) {
	l, ok := e.perms.LimitsOf(asset)
	if asset == ton.Native {
		l.PerTransaction, l.Daily = tightened(l.PerTransaction, e.g.cfg.MaxTransaction), tightened(l.Daily, e.g.cfg.MaxDaily)
	}
	return l, ok
}

// ceiling is one limit, and what of it is used up.
type ceiling struct {
	window string
	reason Reason
	spent  ton.Nano
	limit  *ton.Nano
}

// ceilings are those that there are: the calendar's may be missing.
func ceilings(l policy.Limits, s spending) []ceiling {
	all := []ceiling{
		{"transaction", ReasonLimitTransaction, ton.Nano{}, &l.PerTransaction},
		{"day", ReasonLimitDay, s.rolling.Day, &l.Daily},
		{"week", ReasonLimitWeek, s.rolling.Week, &l.Weekly},
		{"month", ReasonLimitMonth, s.rolling.Month, &l.Monthly},
	}
	if c := l.Calendar; c != nil {
		all = append(all, ceiling{"calendar_day", ReasonCalendarDay, s.calendar.Day, c.Daily}, ceiling{"calendar_week", ReasonCalendarWeek, s.calendar.Week, c.Weekly},
			ceiling{"calendar_month", ReasonCalendarMonth, s.calendar.Month, c.Monthly})
	}
	return slices.DeleteFunc(all, func(c ceiling) bool { return c.limit == nil })
}

// asset is what a move is of: coins, or the jetton that the request names, of which layer 1 has seen the proof.
func (e *evaluation) asset(m Move) string {
	if m.Of == ton.Native {
		return ton.Native
	}
	return e.c.Intent.Asset
}

// amountOf says an amount to people; that of a jetton with its unit.
func amountOf(asset string, n ton.Nano) string {
	if asset == ton.Native {
		return n.String()
	}
	return ton.FormatAmount(asset, n) + " units of " + asset
}

func tightened(limit ton.Nano, most *ton.Nano) ton.Nano {
	if most != nil && most.Cmp(limit) < 0 {
		return *most
	}
	return limit
}
