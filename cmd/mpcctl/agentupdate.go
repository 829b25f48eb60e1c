package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

func (t *tool) agentUpdate() *cobra.Command {
	var publicKey string
	var wallets []string
	var valid time.Duration
	var suspend, resume bool
	c := verb("update AGENT", "Change what is named of an agent's enrolment, as each node's operator", nil)
	f := c.Flags()
	f.StringVar(&publicKey, "public-key", "", "the agent's new public key, 64 hex digits")
	f.StringSliceVar(&wallets, "wallets", nil, "wallets it may use from now on, separated by commas; \"\" for none")
	f.DurationVar(&valid, "valid", 0, "how long the enrolment holds from now on, such as 720h; 0 for without end")
	f.BoolVar(&suspend, "suspend", false, "take the enrolment out of force")
	f.BoolVar(&resume, "resume", false, "put it back into force")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !slices.ContainsFunc([]string{"public-key", "wallets", "valid", "suspend", "resume"}, f.Changed) {
			return usagef(c, "name what changes: --public-key, --wallets, --valid, --suspend or --resume")
		}
		if suspend && resume {
			return usagef(c, "want one of --suspend and --resume")
		}
		if valid < 0 {
			return wrong("valid", fmt.Errorf("%s: want a time from now on, or 0", valid))
		}
		return t.reenrol(c.Context(), args[0], func(r *wire.AgentRecord) error {
			if f.Changed("wallets") {
				r.Wallets = wallets
			}
			if f.Changed("valid") {
				r.NotAfter = endOf(valid)
			}
			r.Suspended = (r.Suspended || suspend) && !resume
			if f.Changed("public-key") {
				return setPublicKey(r, publicKey)
			}
			return nil
		})
	}
	return c
}

func (t *tool) agentDelete() *cobra.Command {
	c := verb("delete AGENT", "End an agent's enrolment for good, as each node's operator", func(ctx context.Context, args []string) error {
		if err := t.reenrol(ctx, args[0], func(r *wire.AgentRecord) error {
			r.Suspended, r.Wallets, r.NotAfter = true, nil, time.Now().Unix()
			return nil
		}); err != nil {
			return err
		}
		t.ui.say("%s is suspended, has no wallet and its enrolment is over: its signature counts for nothing; the record stays, so that no earlier one comes back", args[0])
		t.ui.say("what the policy says of it goes by `mpcctl policy agent rm %s`; only a new `mpcctl agent create` enrols it again", args[0])
		return nil
	})
	return c
}

// endOf returns when an enrolment ends that holds so long; 0 for without end.
func endOf(valid time.Duration) int64 {
	if valid == 0 {
		return 0
	}
	return time.Now().Add(valid).Unix()
}

// reenrol replaces an agent's enrolment at every node by the node's own record of it with a change.
func (t *tool) reenrol(ctx context.Context, id string, change func(*wire.AgentRecord) error) error {
	return each(ctx, t, func(ctx context.Context, s *site) ([]client.Agent, error) {
		r, err := s.enrolment(ctx, id)
		if err != nil {
			return nil, err
		}
		before := len(r.Wallets)
		if err := change(&r); err != nil {
			return nil, err
		}
		if len(r.Wallets) != before {
			t.warnUnknown(ctx, s, r.Wallets...)
		}
		if err := s.createAgent(ctx, r); err != nil {
			return nil, err
		}
		return s.agentsOf(ctx, id)
	}, agentText)
}

// enrolment returns the node's record of an agent, with the revision that the next one has.
func (s *site) enrolment(ctx context.Context, id string) (r wire.AgentRecord, err error) {
	a, err := s.agent(ctx, id)
	if err != nil {
		return r, err
	}
	r = wire.AgentRecord{ID: a.ID, Revision: max(revision(time.Now()), a.Revision+1), Wallets: a.Wallets,
		NotBefore: unix(a.NotBefore), NotAfter: unix(a.NotAfter), Suspended: a.Suspended}
	if err := setPublicKey(&r, a.PublicKey); err != nil {
		return r, fmt.Errorf("the node names a public key %.70q, which is none", a.PublicKey)
	}
	return r, nil
}

// agent returns the agent of that id, which must be enrolled.
func (s *site) agent(ctx context.Context, id string) (client.Agent, error) {
	found, err := s.agentsOf(ctx, id)
	if err != nil {
		return client.Agent{}, err
	}
	if len(found) == 0 {
		return client.Agent{}, hinted(fmt.Errorf("no agent %q is enrolled at %s", id, s.Name), "`mpcctl agent create` enrols one; see `mpcctl agent list`")
	}
	return found[0], nil
}

// unix is how a record has a time; 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
