package contracts

import (
	"math/rand/v2"
	"testing"
	"time"
)

const day = 24 * time.Hour

// spent is what the oracle knows: when and how much.
type spent struct {
	at     time.Time
	amount uint64
}

// within sums up what was spent in the 24 hours that end at now, both ends included.
func within(done []spent, now time.Time) (amount uint64, count int) {
	for _, s := range done {
		if now.Sub(s.at) <= day {
			amount, count = amount+s.amount, count+1
		}
	}
	return amount, count
}

// wait lets time pass: mostly less than an hour, at times exactly a slot or a day, or to the edge of a slot.
func (w *wallet) wait(rnd *rand.Rand) {
	step := time.Duration(rnd.Int64N(int64(time.Hour))).Truncate(time.Second)
	switch rnd.IntN(24) {
	case 0:
		step = day + time.Duration(rnd.IntN(2))*time.Second
	case 1:
		step = slotTime
	case 2: // the last second of a slot, or the first of the next
		step = w.now.Truncate(slotTime).Add(slotTime - time.Duration(rnd.IntN(2))*time.Second).Sub(w.now)
	}
	w.now = w.now.Add(step)
}

// However spends are spread over time, no 24 hours hold more than per_day or max_count.
func TestNoDayExceedsItsLimit(t *testing.T) {
	for name, c := range map[string]struct {
		perDay  uint64
		amounts []uint64
		spend   func(*wallet, uint64) Spend
	}{
		"native": {10 * one, []uint64{0, 1, one / 3, one - 1, one}, func(w *wallet, amount uint64) Spend { return w.spend(bob, amount, nil) }},
		"jetton": {20 * usdt, []uint64{0, 1, usdt, 5*usdt - 1, 5 * usdt}, func(w *wallet, units uint64) Spend {
			return w.spend(jettons, 1, w.transfer(units, nil))
		}},
	} {
		for seed := range uint64(4) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			w := newWallet(t, testState(), 5_000*one)
			var done []spent
			refused := 0
			for range 200 {
				w.wait(rnd)
				amount := pick(rnd, c.amounts...)
				if r := w.execute(c.spend(w, amount)); r.exit != 0 {
					refused++
					continue
				}
				done = append(done, spent{w.now, amount})
				if total, count := within(done, w.now); total > c.perDay || count > 20 {
					t.Fatalf("%s, seed %d: %d in %d spends within a day", name, seed, total, count)
				}
			}
			if len(done) == 0 || refused == 0 {
				t.Errorf("%s, seed %d shows nothing: %d accepted, %d refused", name, seed, len(done), refused)
			}
		}
	}
}
