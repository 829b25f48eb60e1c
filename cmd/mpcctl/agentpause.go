package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (t *tool) agentPause() *cobra.Command {
	var reason string
	var pause time.Duration
	c := verb("pause AGENT", "Stop signing for an agent, for a while", func(ctx context.Context, args []string) error {
		if !isPause(pause) {
			return wrong("for", fmt.Errorf("%s: want 1s to %s; to stop it until people lift it: mpcctl kill on --scope agent:%s", pause, maxPause, args[0]))
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		if _, err := sites[0].agent(ctx, args[0]); err != nil {
			t.ui.say("%v: is the name right?", err)
		}
		return t.tripAt(ctx, sites, "agent:"+args[0], reason, pause)
	})
	c.Long = "pause is mpcctl kill on --scope agent:AGENT --pause: it ends by itself, or by mpcctl agent resume."
	c.Flags().DurationVar(&pause, "for", time.Hour, "how long")
	c.Flags().StringVar(&reason, "reason", "", "why, for people; it is recorded")
	return require(c, "reason")
}

func (t *tool) agentResume() *cobra.Command {
	c := verb("resume AGENT", "Lift what stops an agent: takes the operators of two parties", func(ctx context.Context, args []string) error {
		sites, err := t.sites()
		if err != nil {
			return err
		}
		ids, err := standing(ctx, sites, "agent:"+args[0])
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return hinted(errors.New("nothing stops "+args[0]+" at the selected nodes"),
				"mpcctl kill status shows what stands; of a suspended enrolment: mpcctl agent update %s --resume", args[0])
		}
		return t.lift(ctx, sites, ids)
	})
	c.Long = "resume is mpcctl kill off for every trip of the agent that stands at a selected node. Where the other operator has keys of their own\n" +
		"on another machine: mpcctl kill off TRIP-ID --file lift."
	return c
}
