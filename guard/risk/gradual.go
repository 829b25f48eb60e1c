package risk

import "fmt"

const (
	gradualLast  = 8   // amounts that are looked at
	gradualTau   = 0.7 // Mann–Kendall τ of them
	gradualTimes = 2   // what the last is of the first
)

// gradualIncrease finds amounts that grow step by step. The confidence is Mann–Kendall's τ: of all pairs, how many more
// rise than fall. Equal amounts do neither.
func gradualIncrease(s situation) (float64, string) {
	x := s.after.latest(gradualLast)
	if len(x) < gradualLast {
		return 0, ""
	}
	rising := 0
	for i := range x {
		for j := range i {
			rising += x[i].Cmp(x[j])
		}
	}
	tau := float64(rising) / (gradualLast * (gradualLast - 1) / 2)
	times := float(x[gradualLast-1]) / float(x[0])
	if tau < gradualTau || times < gradualTimes {
		return 0, ""
	}
	return tau, fmt.Sprintf("the last %d amounts rise, τ = %.2f, the last to %.4g times the first", gradualLast, tau, times)
}
