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
	if r.Outcome == nil {
		return
	}
	s.Fees = r.Outcome.Fees.String()
	for _, m := range r.Outcome.Messages {
		s.Messages = append(s.Messages, client.SimulatedEffect{To: m.To.String(), Amount: m.Value.String(), Bounce: m.Bounce, Deploy: m.Init != [32]byte{}})
	}
}
