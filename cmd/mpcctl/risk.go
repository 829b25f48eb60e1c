package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

func (t *tool) riskCommand() *cobra.Command {
	return group("risk", "How risky each node finds a transaction",
		t.riskAssess(), t.riskAnomaly(), t.riskPatterns())
}

func (t *tool) riskAssess() *cobra.Command {
	c := t.simulation("assess", "Show score, factors, fraud patterns and anomaly of a transaction, and sign nothing", riskText)
	c.Long = "assess asks each node, as its operator, how its guard would judge a transaction in the layers of risk and anomaly. It\n" +
		"exits as mpcctl tx simulate does: 3 when a guard would refuse the transaction, for whatever reason."
	return c
}

func (t *tool) riskAnomaly() *cobra.Command {
	return riskView(t, "anomaly", "Show how far a transaction is from what its wallet usually does, and sign nothing",
		func(r client.Risk) client.RiskAnomaly { return r.Anomaly }, anomalyText)
}

func (t *tool) riskPatterns() *cobra.Command {
	return riskView(t, "patterns", "Show which patterns of fraud a transaction matches, and sign nothing",
		func(r client.Risk) matchedPatterns {
			return matchedPatterns{append([]client.RiskPattern{}, r.Patterns...)}
		}, patternsText)
}

// matchedPatterns are those that a transaction matches. Its names are stable.
type matchedPatterns struct {
	Patterns []client.RiskPattern `json:"matched_patterns"`
}

// riskView is a verb that shows a part of what a simulation says of risk, whatever else the guard would say: it looks, and
// so does not fail when the transaction would be refused.
func riskView[T any](t *tool, name, short string, part func(client.Risk) T, text func(io.Writer, T)) *cobra.Command {
	c := t.simulating(name, short, func(all []outcome[client.Simulation]) error {
		views := make([]outcome[T], len(all))
		for i, o := range all {
			views[i] = outcome[T]{Context: o.Context, Error: o.Error, err: o.err}
			if o.Result == nil {
				continue
			}
			if o.Result.Risk == nil {
				views[i].err = hinted(errors.New("the node did not judge the risk"), riskMissing)
				views[i].Error = views[i].err.Error()
				continue
			}
			v := part(*o.Result.Risk)
			views[i].Result = &v
		}
		return report(t, views, text)
	})
	c.Long = name + " is a part of what mpcctl risk assess shows. It says what each node's guard found, and exits 0 whatever that is."
	return c
}

// riskMissing says when a simulation has no risk.
const riskMissing = "an operator sees it, of a request that can be read, by a policy that names its agent: see mpcctl tx simulate"

// riskText writes what a simulation says of risk.
func riskText(w io.Writer, s client.Simulation) {
	r := s.Risk
	if r == nil {
		line(w, "risk", "not judged: "+riskMissing)
		return
	}
	line(w, "risk score", points(r.Score), r.Level)
	line(w, "transaction", points(r.Breakdown.Transaction))
	line(w, "behavioral", points(r.Breakdown.Behavioral))
	if r.Breakdown.MarketAvailable {
		line(w, "market", points(r.Breakdown.Market))
	} else {
		line(w, "market", "not available: no prices that feeds agree on, or too few yet; the other two carry its weight")
	}
	for _, f := range r.Factors {
		if f.Value > 0 {
			line(w, "factor", f.Name, fmt.Sprintf("%.2f of %.2f", f.Value*f.Weight, f.Weight))
		}
	}
	for _, p := range r.Patterns {
		patternText(w, p)
	}
	if r.Anomaly.IsAnomaly {
		anomalyText(w, r.Anomaly)
	}
}

func patternsText(w io.Writer, m matchedPatterns) {
	if len(m.Patterns) == 0 {
		line(w, "no pattern matches")
	}
	for _, p := range m.Patterns {
		patternText(w, p)
	}
}

func patternText(w io.Writer, p client.RiskPattern) { line(w, "pattern", p.Name, p.Action, p.Details) }

func anomalyText(w io.Writer, a client.RiskAnomaly) {
	if !a.IsAnomaly {
		line(w, "no anomaly", deviations(a), a.Details)
		return
	}
	line(w, "anomaly", a.Type, deviations(a), a.Details)
}

func deviations(a client.RiskAnomaly) string {
	return fmt.Sprintf("%.1f standard deviations", a.Deviation)
}

func points(x float64) string { return fmt.Sprintf("%.1f", x) }
