package risk

import (
	"fmt"
	"math"

	"github.com/tonaiagent/mpcnode/ton"
)

// Anomaly says how unlike the wallet's own behaviour a request is. The one measure there is is the amount.
type Anomaly struct {
	IsAnomaly bool
	Type      string  // AmountAnomaly, or empty
	Deviation float64 // standard deviations above the usual; 0 while there is nothing to compare with
	Details   string
}

// AmountAnomaly is the type of an amount that is larger than usual.
const AmountAnomaly = "amount"

// deviation is by how many standard deviations ln(amount) is above the wallet's mean. An amount that is smaller than
// usual, zero too, deviates by 0: it is no risk, and an alarm for it would only teach people to ignore the others.
func (s *State) deviation(amount ton.Nano) float64 {
	if s.n < warm {
		return 0
	}
	return max(0, (math.Log(float(amount))-s.mean)/max(minSpread, math.Sqrt(s.variance)))
}

func anomaly(deviation float64, c Config) Anomaly {
	limit := float64(c.AnomalyThreshold) / 1000
	if deviation <= limit {
		return Anomaly{Deviation: deviation}
	}
	return Anomaly{true, AmountAnomaly, deviation,
		fmt.Sprintf("the amount is %.2f standard deviations above this wallet's usual, more than %g", deviation, limit)}
}

// deviationRisk maps standard deviations to risk, straight between these points.
var deviationRisk = []struct{ z, risk float64 }{{1, 0}, {2, 40}, {3, 70}, {4, 90}, {6, 100}}

func riskOfDeviation(z float64) float64 {
	below := deviationRisk[0]
	for _, p := range deviationRisk {
		if z <= p.z {
			return below.risk + (p.risk-below.risk)*clamp((z-below.z)/max(p.z-below.z, 1))
		}
		below = p
	}
	return below.risk
}
