package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// capabilityAnswer says whether the policy in force allows an agent an action. Its names are stable.
type capabilityAnswer struct {
	Allowed  bool   `json:"allowed"`
	Reason   string `json:"reason,omitempty"`
	Violated string `json:"violated_rule,omitempty"` // as the document spells it
}

func (t *tool) policyCapability() *cobra.Command {
	var amount, asset, to string
	c := verb("capability AGENT ACTION", "Show whether the policy in force allows an agent an action", func(ctx context.Context, args []string) error {
		a, err := actionOf(args[1], asset, amount, to)
		if err != nil {
			return err
		}
		sites, err := t.sites()
		if err != nil {
			return err
		}
		all := ask(ctx, sites, func(ctx context.Context, s *site) (capabilityAnswer, error) {
			b, err := s.inForce(ctx)
			if err != nil {
				return capabilityAnswer{}, err
			}
			return checkCapability(b, args[0], a), nil
		})
		return errors.Join(report(t, all, capabilityText), refusedCapability(all))
	})
	c.Long = "capability asks the permissions alone: capabilities, lists, the limit of a transaction, requireApprovalAbove. Rules, what was spent\n" +
		"before, risk and simulation are the guard's to judge: mpcctl tx simulate. Actions are transfer, burn, trade, stake, unstake, buy_nft,\n" +
		"sell_nft, transfer_nft, create_nft, vote, propose, contract_call, deploy, gasless."
	f := c.Flags()
	f.StringVar(&amount, "amount", "0", "amount: of TON in whole units, of a jetton in its smallest unit")
	f.StringVar(&asset, "asset", ton.Native, "native, or jetton:<raw address of its master>")
	f.StringVar(&to, "to", "", "destination address (default: none)")
	return c
}

func actionOf(name, asset, amount, to string) (a policy.Action, err error) {
	a.Name = name
	if a.Token, err = policy.ParseAsset(asset); err != nil {
		return a, wrong("asset", err)
	}
	if a.Amount, err = ton.ParseAmount(a.Token, amount); err != nil {
		return a, wrong("amount", err)
	}
	if to != "" {
		if a.Destination, _, err = ton.ParseAddress(to, true); err != nil {
			return a, wrong("to", err)
		}
	}
	return a, nil
}

func checkCapability(b *policy.Bundle, agent string, a policy.Action) capabilityAnswer {
	p, named := b.Permissions(agent)
	if !named {
		return capabilityAnswer{Reason: "the policy names no such agent", Violated: "agents"}
	}
	answer := p.CheckCapability(a)
	return capabilityAnswer{answer.Allowed, answer.Reason, string(answer.ViolatedRule)}
}

func refusedCapability(all []outcome[capabilityAnswer]) (err error) {
	for _, o := range all {
		if o.Result != nil && !o.Result.Allowed {
			err = errors.Join(err, refusedf("", "%s: not allowed: %s", o.Context, o.Result.Reason))
		}
	}
	return err
}

func capabilityText(w io.Writer, a capabilityAnswer) {
	line(w, "allowed", fmt.Sprint(a.Allowed))
	if !a.Allowed {
		line(w, "violated", a.Violated, a.Reason)
	}
}
