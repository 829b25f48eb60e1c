package api

import (
	"context"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

type simulateInput struct {
	Agent string `query:"agent" maxLength:"64" doc:"of operators and auditors: whose request it is"`
}

func (s *server) simulate(ctx context.Context, in *simulateInput) (*reply[client.Simulation], error) {
	said, err := s.node.Simulate(ctx, callOf(ctx).envelope, in.Agent)
	if err != nil {
		return nil, err
	}
	answer := client.Simulation{Status: summary(said.Request)}
	if said.Report != nil {
		explain(&answer, *said.Report)
	}
	return ok(answer)
}

// explain adds what only people of this party see.
func explain(s *client.Simulation, r node.Report) {
	s.Verdicts = verdictsOf(r.Verdicts)
	for _, u := range r.Limits {
		s.Limits = append(s.Limits, client.LimitUse{Asset: u.Asset, Window: u.Window, Before: u.Before, After: u.After, Limit: u.Limit})
	}
	s.Risk = riskOf(r.Risk)
	for _, x := range r.Rules {
		s.Rules = append(s.Rules, client.RuleResult{ID: x.ID, Name: x.Name, Action: string(x.Action), Matched: x.Matched, Unmet: x.Unmet})
	}
	if r.Outcome == nil {
		return
	}
	s.Fees = r.Outcome.Fees.String()
	for _, m := range r.Outcome.Messages {
		s.Messages = append(s.Messages, client.SimulatedEffect{To: m.To.String(), Amount: m.Value.String(), Bounce: m.Bounce, Deploy: m.Init != [32]byte{}})
	}
}

func riskOf(a *node.Assessment) *client.Risk {
	if a == nil {
		return nil
	}
	r := &client.Risk{
		Score: a.Score, Level: a.Level.String(), Breakdown: client.RiskBreakdown(a.Breakdown),
		Anomaly: client.RiskAnomaly{IsAnomaly: a.Anomaly.IsAnomaly, Type: a.Anomaly.Type, Deviation: a.Anomaly.Deviation, Details: a.Anomaly.Details},
	}
	for _, f := range a.Factors {
		r.Factors = append(r.Factors, client.RiskFactor(f))
	}
	for _, m := range a.Patterns {
		r.Patterns = append(r.Patterns, client.RiskPattern{Name: m.Name, Confidence: m.Confidence, Action: string(m.Action), Details: m.Details})
	}
	return r
}
