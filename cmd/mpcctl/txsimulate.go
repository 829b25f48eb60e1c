package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
)

func (t *tool) txSimulate() *cobra.Command {
	c := t.simulation("simulate", "Ask what each node would say to a transaction, and sign nothing", simulationText)
	c.Long = "simulate reserves and signs nothing. With the operator's key in the context it shows every layer's verdict, the limits\n" +
		"before and after, the risk, what would leave the wallet and the fee; with the agent's alone, effect and first reason."
	return c
}

// simulation is a verb that shows what every selected node would say to an order, and ends as the order would.
func (t *tool) simulation(name, short string, text func(io.Writer, client.Simulation)) *cobra.Command {
	return t.simulating(name, short, func(all []outcome[client.Simulation]) error {
		return errors.Join(report(t, all, text), refusals(all))
	})
}

// simulating is a verb that asks every selected node what it would say to an order.
func (t *tool) simulating(name, short string, show func([]outcome[client.Simulation]) error) *cobra.Command {
	var o order
	var agent string
	c := verb(name, short, func(ctx context.Context, _ []string) error {
		r, err := o.request()
		if err != nil {
			return err
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		return show(ask(ctx, sites, func(ctx context.Context, s *site) (client.Simulation, error) { return s.simulate(ctx, &o, r, agent) }))
	})
	c.Flags().StringVar(&agent, "agent", "", "whose request it would be (default: the context's agent)")
	return o.flags(c)
}

// simulate asks as the operator if the context has its key, who sees more, and else as the agent.
func (s *site) simulate(ctx context.Context, o *order, r client.Request, agent string) (client.Simulation, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if s.OperatorKeyFile == "" {
		c, err := s.asAgent()
		if err != nil {
			return client.Simulation{}, err
		}
		return c.Simulate(ctx, s.place(ctx, c, o, r), o.key)
	}
	c, err := s.operator()
	if err != nil {
		return client.Simulation{}, err
	}
	if agent = or(agent, s.Agent); agent == "" {
		return client.Simulation{}, &failure{fmt.Errorf("context %s names no agent", s.Name), exitUsage, "--agent says whose request it would be"}
	}
	return c.SimulateFor(ctx, agent, s.place(ctx, c, o, r), o.key)
}

// refusals returns what the nodes that answered would refuse.
func refusals(all []outcome[client.Simulation]) (err error) {
	for _, o := range all {
		if o.Result != nil {
			err = errors.Join(err, verdict(o.Result.Status))
		}
	}
	return err
}

func simulationText(w io.Writer, s client.Simulation) {
	requestText(w, s.Status)
	if s.Fees != "" {
		line(w, "fees", s.Fees+" TON")
	}
	for _, m := range s.Messages {
		line(w, "sends", m.Amount+" TON", m.To)
	}
	if s.Risk != nil {
		riskText(w, s)
	}
	for _, r := range s.Rules {
		unmet := "matches"
		if !r.Matched {
			unmet = r.Unmet
		}
		line(w, "rule", r.ID, r.Action, unmet)
	}
	if len(s.Limits) > 0 {
		line(w, "WINDOW", "ASSET", "BEFORE", "AFTER", "LIMIT")
	}
	for _, u := range s.Limits {
		line(w, u.Window, u.Asset, u.Before, u.After, u.Limit)
	}
}
