package risk

import (
	"math"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

const (
	memory    = 64                  // amounts that are kept, and the least weight 1/64 of a new one in the mean
	warm      = 20                  // amounts from which on a wallet has a behaviour of its own
	minSpread = 0.25                // of ln(amount): a wallet that always sends the same may vary a little
	halfLife  = 30 * 24 * time.Hour // of the histogram of hours
	probation = 24 * time.Hour      // a destination is new that long after its first use
)

// State is what one wallet has done in one asset. The zero value knows nothing. It holds no pointers, so a copy is a
// snapshot. Only what the chain executed may be added: then an agent can't teach it with payloads that are never sent.
type State struct {
	n           uint64 // transactions, all with an amount above zero
	first, last int64  // Unix seconds
	mean        float64
	variance    float64 // both of ln(amount), decayed
	hours       [24]float64
	recent      [memory]ton.Nano // transaction k at k % memory
	round       uint64           // bit k: the amount k before the last is a round number
	spent       [minuteSlots]bucket
	fresh       [hourSlots]bucket // what went to destinations that were new
}

// Paid is one executed transaction.
type Paid struct {
	At     time.Time // chain time
	Amount ton.Nano  // of the asset, to all destinations together
	New    ton.Nano  // what of it went to destinations that were new then
}

// Add takes in an executed transaction, in chain order. One that moves nothing of the asset says nothing about it. A time
// before the last one is taken as it is: it counts in the windows that it lies in.
func (s *State) Add(p Paid) {
	if p.Amount.IsZero() {
		return
	}
	at := unix(p.At)
	s.age(at)
	s.hours[hour(at)]++
	s.recent[s.n%memory] = p.Amount
	s.round = s.round<<1 | bit(isRound(p.Amount))
	s.n++
	s.learn(math.Log(float(p.Amount)))
	window(s.spent[:]).add(at/60, p.Amount)
	window(s.fresh[:]).add(at/3600, p.New)
}

// age lets the histogram of hours fade until at.
func (s *State) age(at int64) {
	if s.n == 0 {
		s.first, s.last = at, at
	}
	f := s.fade(at)
	for h := range s.hours {
		s.hours[h] *= f
	}
	s.last = max(s.last, at)
}

// fade is what is left at a time of the weight that an hour had at the last transaction.
func (s *State) fade(at int64) float64 {
	return math.Exp2(-float64(max(0, at-s.last)) / halfLife.Seconds())
}

// learn moves the mean and variance towards x: the exact ones of the first 64 amounts, then exponentially weighted.
func (s *State) learn(x float64) {
	α := 1 / float64(min(s.n, memory))
	d := x - s.mean
	s.mean += α * d
	s.variance = (1 - α) * (s.variance + α*d*d)
}

// latest returns the last amounts, at most that many, oldest first.
func (s *State) latest(most int) []ton.Nano {
	k := min(uint64(most), s.n, memory)
	amounts := make([]ton.Nano, k)
	for i := range k {
		amounts[i] = s.recent[(s.n-k+i)%memory]
	}
	return amounts
}

// unix is a time in Unix seconds, none before 1970.
func unix(t time.Time) int64 { return max(0, t.Unix()) }

// hour is the hour of the day, UTC.
func hour(at int64) int { return int(at / 3600 % 24) }
