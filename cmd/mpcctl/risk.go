package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

func (t *tool) riskCommand() *cobra.Command {
	return group("risk", "How risky each node finds a transaction", t.riskAssess())
}

func (t *tool) riskAssess() *cobra.Command {
	c := t.simulation("assess", "Show score, factors, fraud patterns and anomaly of a transaction, and sign nothing", riskText)
	c.Long = "assess asks each node, as its operator, how its guard would judge a transaction in the layers of risk and anomaly."
	return c
}

// riskText writes what a simulation says of risk.
func riskText(w io.Writer, s client.Simulation) {
	r := s.Risk
	if r == nil {
		line(w, "risk", "not judged: an operator sees it, of a request that can be read, by a policy that names its agent")
		return
	}
	line(w, "risk score", points(r.Score), r.Level)
	line(w, "transaction", points(r.Breakdown.Transaction))
	line(w, "behavioral", points(r.Breakdown.Behavioral))
	if r.Breakdown.MarketAvailable {
		line(w, "market", points(r.Breakdown.Market))
	} else {
		line(w, "market", "no prices: the other two carry its weight")
	}
	for _, f := range r.Factors {
		if f.Value > 0 {
			line(w, "factor", f.Name, fmt.Sprintf("%.2f of %.2f", f.Value*f.Weight, f.Weight))
		}
	}
	for _, p := range r.Patterns {
		line(w, "pattern", p.Name, p.Action, p.Details)
	}
	if r.Anomaly.IsAnomaly {
		line(w, "anomaly", r.Anomaly.Type, fmt.Sprintf("%.1f standard deviations", r.Anomaly.Deviation), r.Anomaly.Details)
	}
}

func points(x float64) string { return fmt.Sprintf("%.1f", x) }
