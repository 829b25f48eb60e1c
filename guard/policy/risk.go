package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Risk says how layers 3 and 7 judge. Weights and the threshold are in thousandths.
type Risk struct {
	Enabled          bool
	MaxScore         int // 1 to 100
	AnomalyThreshold int // of a standard deviation
	Transaction      int // weights of the score, which add up to 1000
	Behavioral       int
	Market           int
	FraudDetection   bool
}

// DefaultRisk is the product's, and what a document without a risk section gets.
func DefaultRisk() Risk {
	return Risk{Enabled: true, MaxScore: 80, AnomalyThreshold: 2000, Transaction: 400, Behavioral: 300, Market: 300, FraudDetection: true}
}

// riskFields are the keys of the risk section.
type riskFields struct {
	// Enabled is whether risk, fraud patterns and anomalies can refuse. Default: true.
	Enabled *bool `yaml:"enabled"`
	// MaxRiskScore is the highest score that isn't denied, 1 to 100. Default: 80.
	MaxRiskScore *int `yaml:"maxRiskScore"`
	// AnomalyThreshold is how many standard deviations above the wallet's usual amounts an amount may be, up to 10. Default: 2.
	AnomalyThreshold *thousandths `yaml:"anomalyThreshold"`
	// Weights of the score. Default: 0.4, 0.3 and 0.3.
	Weights *weightFields `yaml:"weights"`
	// FraudDetectionEnabled is whether patterns of fraud are looked for. Default: true.
	FraudDetectionEnabled *bool `yaml:"fraudDetectionEnabled"`
}

type weightFields struct {
	// Transaction is the weight of what the transaction itself shows.
	Transaction Permille `yaml:"transaction"`
	// Behavioral is the weight of how far it is from what the wallet did before.
	Behavioral Permille `yaml:"behavioral"`
	// Market is the weight of how much prices move; the others carry it while there are none.
	Market Permille `yaml:"market"`
}

func (f *riskFields) resolve() (r Risk, problems []problem) {
	r = DefaultRisk()
	if f == nil {
		return r, nil
	}
	set(&r.Enabled, f.Enabled)
	set(&r.FraudDetection, f.FraudDetectionEnabled)
	set(&r.MaxScore, f.MaxRiskScore)
	set(&r.AnomalyThreshold, (*int)(f.AnomalyThreshold))
	if r.MaxScore < 1 || r.MaxScore > 100 {
		problems = append(problems, problem{"risk.maxRiskScore", "want 1 to 100"})
	}
	if r.AnomalyThreshold < 1 || r.AnomalyThreshold > 10_000 {
		problems = append(problems, problem{"risk.anomalyThreshold", "want more than 0 and at most 10 standard deviations"})
	}
	if w := f.Weights; w != nil {
		r.Transaction, r.Behavioral, r.Market = int(w.Transaction), int(w.Behavioral), int(w.Market)
	}
	if r.Transaction+r.Behavioral+r.Market != 1000 || r.Market == 1000 {
		problems = append(problems, problem{"risk.weights", "want transaction, behavioral and market, which add up to 1 and are not the market's alone"})
	}
	return r, problems
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// thousandths is a number with at most three decimals.
type thousandths int

var decimal = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3})?$`)

// UnmarshalYAML reads the number as it was written, never as a float.
func (t *thousandths) UnmarshalYAML(n ast.Node) error {
	s := n.GetToken().Value
	if !decimal.MatchString(s) {
		return at(n, fmt.Sprintf("%.20q is not a number with at most 3 decimals", s))
	}
	whole, frac, _ := strings.Cut(s, ".")
	v, err := strconv.Atoi(whole + (frac + "000")[:3])
	*t = thousandths(v)
	return err
}
