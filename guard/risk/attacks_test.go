package risk_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// attack is somebody who has taken over the agent of a wallet and knows its history: next makes one request after another.
type attack struct {
	name string
	most float64 // share of the balance that it may take
	next func(r *rand.Rand, w *wallet, begin time.Time) func(i int, at time.Time) payment
}

var attacks = []attack{
	{"drain", mostLoss, drain}, {"ramp", mostLoss, ramp}, {"split", mostLoss, split}, {"off_hours", mostLoss, offHours}, {"look_alike", 0, lookAlike},
}

// drain sends as much as the policy allows, as fast as it allows, to one address.
func drain(r *rand.Rand, w *wallet, _ time.Time) func(int, time.Time) payment {
	to := newAddress(r)
	return func(_ int, at time.Time) payment {
		return payment{at: at.Add(seconds(60 + 30*r.Float64())), to: to, amount: w.perTx * (0.2 + 0.8*r.Float64())}
	}
}

// ramp begins with what is usual, or less, and lets it grow, to one address.
func ramp(r *rand.Rand, w *wallet, _ time.Time) func(int, time.Time) payment {
	to, amount, growth, gap := newAddress(r), w.quantile(0.5)*(0.2+0.8*r.Float64()), 1.1+0.3*r.Float64(), 600+4800*r.Float64()
	return func(i int, at time.Time) payment {
		return payment{at: at.Add(seconds(gap)), to: to, amount: min(w.perTx, amount*math.Pow(growth, float64(i)))}
	}
}

// split sends amounts like the wallet's own, each to another new address.
func split(r *rand.Rand, w *wallet, _ time.Time) func(int, time.Time) payment {
	gap := 60 + 900*r.Float64()
	return func(_ int, at time.Time) payment {
		return payment{at: at.Add(seconds(gap)), to: newAddress(r), amount: w.quantile(0.3 + 0.65*r.Float64())}
	}
}

// offHours sends amounts like the wallet's own, at the hour in which it does least, to one of three addresses.
func offHours(r *rand.Rand, w *wallet, begin time.Time) func(int, time.Time) payment {
	quiet := slices.Index(w.hours[:], slices.Min(w.hours[:]))
	night := begin.Truncate(24 * time.Hour).Add(time.Duration(24+quiet) * time.Hour)
	to, gap := addresses(r, 3), 180+600*r.Float64()
	return func(i int, at time.Time) payment {
		if i == 0 {
			at = night
		}
		return payment{at: at.Add(seconds(gap)), to: to[r.IntN(3)], amount: w.quantile(0.5 + 0.4*r.Float64())}
	}
}

// lookAlike has the agent pay an address that looks like the one it pays most.
func lookAlike(r *rand.Rand, w *wallet, _ time.Time) func(int, time.Time) payment {
	var known ton.Address
	for a, d := range w.dests {
		if d.Count > w.dests[known].Count || d.Count == w.dests[known].Count && slices.Compare(a.Hash[:], known.Hash[:]) < 0 {
			known = a
		}
	}
	twin := known
	twin.Hash[15]++
	return func(_ int, at time.Time) payment {
		return payment{at: at.Add(seconds(60 + 1800*r.Float64())), to: twin, amount: w.quantile(0.5), lookAlike: twin.LooksLike(known)}
	}
}
