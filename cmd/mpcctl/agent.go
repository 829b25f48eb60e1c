package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

func (t *tool) agentCommand() *cobra.Command {
	return group("agent", "The agents that may ask for signatures",
		t.agentCreate(), t.agentShow(), t.agentUpdate(), t.agentPause(), t.agentResume(), t.agentDelete(),
		verb("list", "List the agents", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) ([]client.Agent, error) { return s.agents(ctx) }, agentText)
		}))
}

func (t *tool) agentCreate() *cobra.Command {
	var publicKey string
	var valid time.Duration
	var r wire.AgentRecord
	c := verb("create AGENT", "Enrol an agent at the nodes, or change its enrolment, as each one's operator",
		func(ctx context.Context, args []string) error {
			r.ID = args[0]
			if err := setPublicKey(&r, publicKey); err != nil {
				return err
			}
			r.Revision = revision(time.Now())
			if valid > 0 {
				r.NotAfter = time.Now().Add(valid).Unix()
			}
			return each(ctx, t, func(ctx context.Context, s *site) ([]client.Agent, error) {
				t.warnUnknown(ctx, s, r.Wallets...)
				if err := s.createAgent(ctx, r); err != nil {
					return nil, err
				}
				return s.agentsOf(ctx, r.ID)
			}, agentText)
		})
	c.Long = "create enrols an agent: whose signature speaks for it, and for which wallets. What it may do is the policy's to say.\n" +
		"Called again for an agent that exists it replaces the enrolment; --suspend takes it out of force."
	f := c.Flags()
	f.StringVar(&publicKey, "public-key", "", "the agent's public key, 64 hex digits")
	f.StringSliceVar(&r.Wallets, "wallets", nil, "wallets it may use, separated by commas")
	f.DurationVar(&valid, "valid", 0, "how long the enrolment holds, such as 720h (default: without end)")
	f.BoolVar(&r.Suspended, "suspend", false, "enrol it as suspended")
	return require(c, "public-key", "wallets")
}

func setPublicKey(r *wire.AgentRecord, digits string) error {
	key, err := hex.DecodeString(digits)
	if err != nil || len(key) != len(r.PublicKey) {
		return &failure{fmt.Errorf("--public-key: want 64 hex digits"), exitUsage, "`mpcctl keypair FILE` makes one"}
	}
	r.PublicKey = [32]byte(key)
	return nil
}

// revision gives a record a number above all earlier ones, without asking anyone.
func revision(now time.Time) uint64 { return uint64(now.UnixMilli()) }

// createAgent signs the enrolment as this party's operator and hands it to the node.
func (s *site) createAgent(ctx context.Context, r wire.AgentRecord) error {
	key, err := s.operatorKey()
	if err != nil {
		return err
	}
	return s.hand(ctx, key, "/v1/agents", wire.SignAgent(s.network, s.Party, key, r), nil)
}

func (s *site) agents(ctx context.Context) (all []client.Agent, err error) {
	return all, s.get(ctx, "/v1/agents", &all)
}

// agentsOf returns the agents of that id: one, or none.
func (s *site) agentsOf(ctx context.Context, id string) ([]client.Agent, error) {
	all, err := s.agents(ctx)
	return slices.DeleteFunc(all, func(a client.Agent) bool { return a.ID != id }), err
}

func agentText(w io.Writer, all []client.Agent) {
	line(w, "AGENT", "STATE", "WALLETS", "VALID UNTIL", "PUBLIC KEY")
	for _, a := range all {
		state := "enrolled"
		if a.Suspended {
			state = "suspended"
		}
		line(w, a.ID, state, list(a.Wallets), clock(a.NotAfter), a.PublicKey)
	}
}
