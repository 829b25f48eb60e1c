package guard

import (
	"fmt"
	"slices"
	"strconv"

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
	case !e.pos.SeqnoKnown || !e.pos.Complete(a):
		return []Verdict{deny(ReasonMirrorBehind, strconv.FormatUint(e.pos.LT, 10), strconv.FormatUint(a.LastLT, 10))}
	}
	if err := a.CheckOwn(e.wallet.TON()); err != nil {
		return []Verdict{deny(ReasonAccount, err.Error(), "")}
	}
	if e.unexplained > 0 {
		return []Verdict{deny(ReasonUnexplained, strconv.FormatUint(e.unexplained, 10), "0")}
	}
	if e.c.Tx.Seqno != a.Seqno || a.Seqno != e.pos.Seqno {
		return []Verdict{deny(ReasonSeqno, fmt.Sprint(e.c.Tx.Seqno), fmt.Sprint(a.Seqno))}
	}
	return nil
}

// unique keeps a wallet to one live request, and a request to one effect that can ever execute.
func (e *evaluation) unique() []Verdict {
	i, p := e.c.Intent, e.payload
	switch {
	case e.use.Request != [32]byte{} && e.use.Request != i.Request:
		return []Verdict{deny(ReasonRequestConflict, i.RequestID, "")}
	case e.use.Used:
		return []Verdict{deny(ReasonRequestUsed, i.RequestID, "")}
	case len(e.slot.Payloads) > 0 && e.slot.RequestID != i.RequestID:
		return []Verdict{deny(ReasonWalletBusy, e.slot.RequestID, "")}
	case p.State == Executed, p.State == Dead, p.live() && p.RequestID != i.RequestID:
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
	if e.c.Intent.Asset != ton.Native {
		return []Verdict{deny(ReasonLimitMissing, e.c.Intent.Asset, "")}
	}
	l := e.perms.Limits
	for _, w := range []struct {
		reason       Reason
		spent, limit ton.Nano
	}{
		{ReasonLimitTransaction, ton.Nano{}, tightened(l.PerTransaction, e.g.cfg.MaxTransaction)},
		{ReasonLimitDay, e.spent.Day, tightened(l.Daily, e.g.cfg.MaxDaily)},
		{ReasonLimitWeek, e.spent.Week, l.Weekly},
		{ReasonLimitMonth, e.spent.Month, l.Monthly},
	} {
		sum, err := w.spent.Add(e.outflow)
		if err != nil {
			sum = ton.MaxNano // overflow is a denial, and no limit is that high
			v = append(v, deny(w.reason, "more than "+sum.String(), w.limit.String()))
		} else if sum.Cmp(w.limit) > 0 {
			v = append(v, deny(w.reason, sum.String(), w.limit.String()))
		}
	}
	return v
}

func tightened(limit ton.Nano, most *ton.Nano) ton.Nano {
	if most != nil && most.Cmp(limit) < 0 {
		return *most
	}
	return limit
}
