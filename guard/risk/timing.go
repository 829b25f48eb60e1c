package risk

import "fmt"

const (
	timingLeast = 50             // transactions
	timingSpan  = 14 * 24 * 3600 // seconds since the first
	timingRare  = 0.03           // probability of the hour and its neighbours
	timingPrior = 0.5            // transactions that each hour is given beforehand (Jeffreys)
)

// timingAttack finds a request at an hour of the day, UTC, at which the wallet hardly ever does anything. The confidence
// is the probability of the other hours.
func timingAttack(s situation) (float64, string) {
	at, w := unix(s.At), &s.before
	if w.n < timingLeast || at-w.first < timingSpan {
		return 0, ""
	}
	h, all := hour(at), 0.0
	for _, n := range w.hours {
		all += n
	}
	near := w.hours[(h+23)%24] + w.hours[h] + w.hours[(h+1)%24]
	f := w.fade(at)
	p := (f*near + 3*timingPrior) / (f*all + 24*timingPrior)
	if p >= timingRare {
		return 0, ""
	}
	return 1 - p, fmt.Sprintf("the wallet does %.1f %% of its transactions around %02d:00 UTC", 100*p, h)
}
