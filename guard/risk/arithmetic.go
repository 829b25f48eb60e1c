package risk

import (
	"math"

	"github.com/tonaiagent/mpcnode/ton"
)

// float loses what is below 2^−53 of an amount. None overflows it.
func float(n ton.Nano) float64 {
	f, _ := n.Big().Float64()
	return f
}

// plus is a+b, and the largest amount where there is no such sum.
func plus(a, b ton.Nano) ton.Nano {
	sum, err := a.Add(b)
	if err != nil {
		return ton.MaxNano
	}
	return sum
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// ratio is part/whole from 0 to 1. Of a whole that is nothing any part is all.
func ratio(part, whole ton.Nano) float64 {
	if whole.IsZero() {
		return 1
	}
	return clamp(float(part) / float(whole))
}

func clamp(x float64) float64 { return min(1, max(0, x)) }

// rounded drops what is below a billionth, so that a sum of decimal weights meets a limit that it equals.
func rounded(x float64) float64 { return math.Round(x*1e9) / 1e9 }
