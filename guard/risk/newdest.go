package risk

import (
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
)

// The most that may go to new destinations together before somebody looks: three times what is usual, or a share of the
// balance where that is less. The share is what bounds the loss of a wallet whose usual payments are large for it; one that
// has none yet would have its first payment stopped by it, and is bounded by its policy.
const (
	newTogether = 3
	newShare    = 0.05
)

// newDestLarge finds much money on its way to an address that the wallet hardly knows, or to several together. The
// confidence is the part of it that is above what is usual.
func newDestLarge(s situation) (float64, string) {
	if !s.paysNew() {
		return 0, ""
	}
	usual := s.usual()
	if got := float(s.mostToNew()); got > usual {
		return excess(got, usual), fmt.Sprintf("a new destination gets %.4g times what is usual", got/usual)
	}
	_, sum := window(s.after.fresh[:]).since(unix(s.At)/3600 - 24)
	all, most := float(sum), newTogether*usual
	if s.before.n >= warm {
		most = min(most, newShare*float(s.Balance))
	}
	if all > most {
		return excess(all, most), fmt.Sprintf("new destinations together get %.4g times what is usual", all/usual)
	}
	return 0, ""
}

// usual is the amount up to which a first payment is nothing special: the 95th percentile of the last amounts or 1 % of
// the balance, whichever is more; without enough of them a quarter of what the policy allows at once.
func (s situation) usual() float64 {
	if s.before.n < warm {
		return float(s.PerTransaction) / 4
	}
	sorted := s.before.latest(memory)
	slices.SortFunc(sorted, ton.Nano.Cmp)
	rank := (len(sorted)*95 + 99) / 100 // nearest rank: ⌈0.95·n⌉
	return max(float(sorted[rank-1]), float(s.Balance)/100)
}

// mostToNew is the most that one new destination of the request gets while it is new: what it has got, and what the
// request and everything pending send there.
func (s situation) mostToNew() (most ton.Nano) {
	sums := map[ton.Address]ton.Nano{}
	for _, p := range s.Payments {
		if p.Dest.IsNew(s.At) {
			sums[p.To] = p.Dest.Sum
		}
	}
	add := func(payments []Payment) {
		for _, p := range payments {
			for to, sum := range sums {
				if p.To == to || p.To.IsZero() { // whoever it is, it may be this one
					sums[to] = plus(sum, p.Amount)
				}
			}
		}
	}
	add(s.Payments)
	for _, other := range s.Pending {
		add(other.Payments)
	}
	for _, sum := range sums {
		if sum.Cmp(most) > 0 {
			most = sum
		}
	}
	return most
}

// excess is the part of got that is above most.
func excess(got, most float64) float64 { return 1 - most/got }
