package risk

// Assessment is what is known about the risk of one request. The zero value is denied.
type Assessment struct {
	Score     float64 // 0 to 100
	Level     Level
	Breakdown Breakdown
	Factors   []Factor // of the transaction risk, for operators
	Patterns  []Match  // of fraud, worst action first
	Anomaly   Anomaly
}

// Breakdown is the components, each 0 to 100.
type Breakdown struct {
	Transaction     float64
	Behavioral      float64
	Market          float64
	MarketAvailable bool
}

// Assess judges a request of a wallet that has done what s holds. A configuration that Check refuses gets the worst
// assessment.
func Assess(s State, m Market, c Config, r Request) Assessment {
	if c.Check() != nil {
		return Assessment{Score: 100, Level: Critical, Breakdown: Breakdown{100, 100, 100, false}}
	}
	a := Assessment{Factors: factors(r), Anomaly: anomaly(s.deviation(r.Amount), c)}
	if c.FraudDetection {
		a.Patterns = patterns(s, r)
	}
	a.Breakdown = Breakdown{
		Transaction:     transactionRisk(a.Factors),
		Behavioral:      behavioralRisk(s, a.Anomaly.Deviation, a.Patterns),
		Market:          m.value(),
		MarketAvailable: m.Available,
	}
	a.Score = c.Weights.score(a.Breakdown)
	a.Level = level(a.Score, a.Breakdown)
	return a
}

// coldStart is the behavioural risk of a wallet that has no behaviour yet.
const coldStart = 30

// behavioralRisk is the worst of the deviation and the patterns.
func behavioralRisk(s State, deviation float64, found []Match) float64 {
	worst := riskOfDeviation(deviation)
	if s.n < warm {
		worst = coldStart
	}
	for _, m := range found {
		worst = max(worst, m.Risk)
	}
	return rounded(worst)
}
