package risk_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// wallet is a simulated wallet behind a guard: layers 3 and 7, and two limits of layer 5.
type wallet struct {
	state   risk.State
	dests   map[ton.Address]risk.Dest
	amounts []float64 // all that executed
	hours   [24]int
	today   []sent // what executed in the last 24 h
	balance float64
	perTx   float64
	daily   float64
}

type sent struct {
	at     time.Time
	amount float64
}

// payment is one request of an agent: one destination, in TON.
type payment struct {
	at        time.Time
	to        ton.Address
	amount    float64
	lookAlike bool
}

// The policy of every wallet: how much of its working balance may leave at once and in 24 h.
const (
	perTxShare = 0.05
	dailyShare = 0.25
)

func newWallet(working float64) *wallet {
	return &wallet{dests: map[ton.Address]risk.Dest{}, balance: working, perTx: perTxShare * working, daily: dailyShare * working}
}

func (w *wallet) clone() *wallet {
	c := *w
	c.dests, c.today = maps.Clone(w.dests), slices.Clone(w.today)
	return &c
}

func nano(tons float64) ton.Nano { return ton.NanoOf(uint64(tons * 1e9)) }

func (w *wallet) assess(p payment) risk.Assessment {
	return risk.Assess(w.state, risk.Market{}, risk.Default(), risk.Request{
		At: p.at, Amount: nano(p.amount),
		Payments:       []risk.Payment{{To: p.to, Amount: nano(p.amount), Dest: w.dests[p.to], LooksLike: p.lookAlike}},
		PerTransaction: nano(w.perTx), Balance: nano(w.balance),
	})
}

// withinLimits reports whether layer 5 lets it pass.
func (w *wallet) withinLimits(p payment) bool {
	w.today = slices.DeleteFunc(w.today, func(s sent) bool { return p.at.Sub(s.at) >= 24*time.Hour })
	sum := p.amount
	for _, s := range w.today {
		sum += s.amount
	}
	return p.amount <= w.perTx && sum <= w.daily && p.amount <= w.balance
}

func (w *wallet) execute(p payment) {
	d := w.dests[p.to]
	paid := risk.Paid{At: p.at, Amount: nano(p.amount)}
	if d.IsNew(p.at) {
		paid.New = paid.Amount
	}
	w.state.Add(paid)
	d.Add(p.at, paid.Amount)
	w.dests[p.to] = d
	w.balance -= p.amount
	w.amounts = append(w.amounts, p.amount)
	w.hours[p.at.Hour()]++
	w.today = append(w.today, sent{p.at, p.amount})
}

// quantile is of the last amounts of the wallet, if it has sent any.
func (w *wallet) quantile(q float64) float64 {
	if len(w.amounts) == 0 {
		return 0
	}
	last := slices.Clone(w.amounts[max(0, len(w.amounts)-200):])
	slices.Sort(last)
	return last[int(q*float64(len(last)-1))]
}

func newAddress(r *rand.Rand) (a ton.Address) {
	for i := range a.Hash {
		a.Hash[i] = byte(r.Uint32())
	}
	return a
}
