package risk

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/tonaiagent/mpcnode/ton"
)

const (
	roundLast     = 8    // amounts that are looked at
	roundRate     = 0.2  // of round amounts that any wallet is allowed
	roundSurprise = 0.01 // probability below which so many are no chance
)

// roundNumbers finds amounts that look made up by a person, of a wallet that doesn't have such. The confidence is the
// probability that fewer would be round by chance.
//
// At the rate that any wallet is allowed five of eight come up by chance once in 96 times, so six are the least that match.
// The wallet's own rate is that of the amounts before those that are looked at, as far as they are kept.
func roundNumbers(s situation) (float64, string) {
	if s.before.n < warm {
		return 0, ""
	}
	earlier := min(s.after.n, memory) - roundLast
	k := bits.OnesCount64(s.after.round & (1<<roundLast - 1))
	rate := float64(bits.OnesCount64(s.after.round>>roundLast)) / float64(earlier)
	tail := binomialTail(k, roundLast, max(roundRate, rate))
	if tail >= roundSurprise {
		return 0, ""
	}
	return 1 - tail, fmt.Sprintf("%d of the last %d amounts are round, usually %.0f %%", k, roundLast, 100*rate)
}

// binomialTail is the probability of k or more of n, each with probability p.
func binomialTail(k, n int, p float64) (sum float64) {
	ways := 1.0 // n over i
	for i := 0; i <= n; i++ {
		if i >= k {
			sum += ways * math.Pow(p, float64(i)) * math.Pow(1-p, float64(n-i))
		}
		ways *= float64(n-i) / float64(i+1)
	}
	return sum
}

// isRound reports whether an amount has one significant digit, or is 15, 25 or 75 times a power of ten. In which unit
// doesn't matter: units are powers of ten apart.
func isRound(n ton.Nano) bool {
	switch digits := strings.TrimRight(n.Format(0), "0"); digits {
	case "15", "25", "75":
		return true
	default:
		return len(digits) == 1
	}
}
