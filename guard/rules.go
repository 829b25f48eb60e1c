package guard

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// ruled is what the rules of the bundle say of each payment of the request.
type ruled []policy.Ruling

func (e *evaluation) rulings() (all ruled) {
	first := e.values(0)
	e.seen = &first
	if !e.bundle.HasRules() {
		return nil
	}
	all = append(all, e.bundle.Evaluate(first))
	for n := 1; n < len(e.c.Intent.Payments()); n++ {
		all = append(all, e.bundle.Evaluate(e.values(n)))
	}
	return all
}

// seenDetails are for the audit, so that another bundle can be asked what it would have said: of a batch, the values of the
// first payment and the number of payments.
func (e *evaluation) seenDetails() audit.Details {
	if e.seen == nil {
		return nil
	}
	return audit.KV("values", e.seen.Text(), "payments", strconv.Itoa(len(e.c.Intent.Payments())))
}

// matched lists the rules that match with an effect for any of the payments, in the order in which they are reported.
func (r ruled) matched(effect policy.Effect) (ids []string) {
	for _, one := range r {
		if one.Effect != effect {
			continue
		}
		for _, m := range one.Matched {
			if !slices.Contains(ids, m.ID) {
				ids = append(ids, m.ID)
			}
		}
	}
	return ids
}

// allowed reports whether an allow rule matches for every payment.
func (r ruled) allowed() bool {
	return len(r) > 0 && !slices.ContainsFunc(r, func(one policy.Ruling) bool { return one.Effect != policy.Allow })
}

// denials are the rules that deny, whatever else allows.
func (r ruled) denials() []Verdict {
	if ids := r.matched(policy.Deny); len(ids) > 0 {
		return []Verdict{deny(ReasonRule, strings.Join(ids, " "), "")}
	}
	return nil
}

// escalations are the rules that call for people, of payments that no rule denies.
func (r ruled) escalations() []Verdict {
	if ids := r.matched(policy.Escalate); len(ids) > 0 {
		return []Verdict{escalate(ReasonRuleEscalates, strings.Join(ids, " "), "")}
	}
	return nil
}

// explained tells of every rule whether it matches one of the payments, and of which condition the first fails if none does.
func (e *evaluation) explained() (all []policy.Explanation) {
	if e.perms == nil || e.wallet == nil || e.c.Refusal != nil {
		return nil
	}
	for n := range e.c.Intent.Payments() {
		for i, rule := range e.bundle.ExplainRules(e.values(n)) {
			if n == 0 {
				all = append(all, rule)
			} else if rule.Matched {
				all[i] = rule
			}
		}
	}
	return all
}

// values is what is known of one payment of the request, for the rules.
func (e *evaluation) values(n int) policy.Values {
	i, to := e.c.Intent, e.c.Intent.Payments()[n].Destination
	v := policy.Values{
		Type: &i.Type, Asset: &i.Asset, Amount: &i.Amount, AgentID: &i.Agent, WalletID: &i.Wallet, Strategy: &i.Strategy,
		MessageCount: new(len(e.c.Tx.Messages)), TotalOut: new(e.outflow()), IsWalletAdmin: new(false),
		ValidFor: new(e.c.Tx.ValidUntil.Sub(e.now)),
	}
	v.Hour, v.Weekday = e.bundle.Clock(e.now)
	if i.Confident {
		v.Confidence = new(policy.Permille(i.Confidence))
	}
	if !to.IsZero() {
		v.Destination = &to
	}
	if n < len(e.c.Tx.Messages) {
		m := e.c.Tx.Messages[n]
		v.Opcode, v.SendMode = &m.Opcode, &m.Mode
	}
	e.historyValues(&v, n)
	e.riskValues(&v)
	return v
}

// historyValues are those that the wallet's and the agent's past give.
func (e *evaluation) historyValues(v *policy.Values, n int) {
	if n < len(e.risk.dests) && v.Destination != nil {
		d := e.risk.dests[n]
		v.IsNewDestination, v.DestinationAge = new(d.IsNew(e.at)), new(time.Duration(0))
		if d.Count > 0 {
			*v.DestinationAge = max(0, e.at.Sub(fromUnix(d.First)))
		}
	}
	if last := len(e.moves) - 1; last >= 0 && len(e.spent) == len(e.moves) {
		s := withLive(e.spent[last], e.moves[last].Amount)
		v.Spent24h, v.Spent7d, v.Spent30d = &s.rolling.Day, &s.rolling.Week, &s.rolling.Month
	}
	if hour, err := e.rate.InHour(e.at); err == nil {
		v.TxLastHour = new(int(hour) + 1)
	}
	v.BalanceShare = share(e.c.Intent.Amount, e.balance())
}

// riskValues are those of layer 3, and of the exchange's pools.
func (e *evaluation) riskValues(v *policy.Values) {
	if a := e.risk.assessment; a != nil {
		v.RiskScore, v.RiskLevel = &a.Score, new(a.Level.String())
		v.Patterns = make([]string, 0, len(a.Patterns))
		for _, m := range a.Patterns {
			v.Patterns = append(v.Patterns, m.Name)
		}
	}
	for n, m := range e.c.Tx.Messages {
		if e.c.Intent.Type != string(ton.OpSwap) || n >= len(e.c.Facts) || e.c.Facts[n].Expected.IsZero() {
			continue
		}
		lost := new(big.Int).Sub(e.c.Facts[n].Expected.Big(), swapOf(m).MinOut().Big())
		v.Slippage = permilleOf(lost, e.c.Facts[n].Expected.Big())
	}
}

// share is how much of a balance an amount is, all of it if there is none.
func share(amount, balance ton.Nano) *policy.Permille {
	if balance.IsZero() {
		return new(policy.Permille(1000))
	}
	return permilleOf(amount.Big(), balance.Big())
}

// permilleOf is a/b rounded up, 0 to 1000.
func permilleOf(a, b *big.Int) *policy.Permille {
	if a.Sign() <= 0 {
		return new(policy.Permille(0))
	}
	n := new(big.Int).Mul(a, big.NewInt(1000))
	n.Add(n, b).Sub(n, big.NewInt(1)).Div(n, b)
	if !n.IsInt64() || n.Int64() > 1000 {
		return new(policy.Permille(1000))
	}
	return new(policy.Permille(n.Int64()))
}
