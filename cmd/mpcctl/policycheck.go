package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// checkReport is what a policy would decide of what is given. Its names are stable.
type checkReport struct {
	outcomeReport
	Rules []ruleReport `json:"rules"`
}

type outcomeReport struct {
	Effect   string `json:"effect"`             // allow, escalate, deny
	Rule     string `json:"rule,omitempty"`     // id of the rule that decides
	Violates string `json:"violates,omitempty"` // what of the permissions is violated
	Reason   string `json:"reason,omitempty"`
}

type ruleReport struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Action  string `json:"action"`
	Matched bool   `json:"matched"`
	Unmet   string `json:"unmet,omitempty"`   // the first condition that does not hold
	Assumed string `json:"assumed,omitempty"` // the first one that holds because its value is missing
}

func (t *tool) policyCheck() *cobra.Command {
	var given map[string]string
	c := verb("check FILE", "Show what a policy would decide, and each rule with its first unmet condition", func(_ context.Context, args []string) error {
		b, err := parsePolicy(args[0])
		if err != nil {
			return err
		}
		g, err := policy.ParseGiven(given)
		if err != nil {
			return &failure{fmt.Errorf("--given: %w", err), exitUsage, "fields are name=value, without quotes; one that isn't given has no value, which never helps"}
		}
		r := checkReport{outcomeOf(b.Judge(g)), rulesOf(b.Explain(g))}
		if err := t.ui.result(r, r.text); err != nil {
			return err
		}
		return r.exit()
	})
	c.Flags().StringToStringVar(&given, "given", nil, "fields of the request, such as agentId=payments,type=transfer,amount=60,hour=23")
	return c
}

// parsePolicy reads a document that no node need know of.
func parsePolicy(path string) (*policy.Bundle, error) {
	document, err := readPolicy(path)
	if err != nil {
		return nil, err
	}
	return policy.Parse(document)
}

func outcomeOf(o policy.Outcome) outcomeReport {
	return outcomeReport{string(o.Effect), o.Rule, string(o.Violates), o.Reason}
}

func rulesOf(all []policy.Explanation) []ruleReport {
	reports := make([]ruleReport, len(all))
	for i, e := range all {
		reports[i] = ruleReport{e.ID, e.Name, string(e.Action), e.Matched, e.Unmet, e.Assumed}
	}
	return reports
}

func (r checkReport) text(w io.Writer) {
	for _, one := range r.Rules {
		state := "unmet"
		if one.Matched {
			state = "matches"
		}
		if one.Assumed != "" {
			one.Unmet = "a missing value counts as: " + one.Assumed
		}
		line(w, one.ID, one.Action, state, one.Unmet)
	}
	line(w, "outcome", r.Effect, or(r.Rule, or(r.Violates, "-")), r.Reason)
}

// exit ends the tool as a node's answer of that effect does.
func (r checkReport) exit() error {
	switch policy.Effect(r.Effect) {
	case policy.Allow:
		return nil
	case policy.Escalate:
		return waitingf("", "the policy wants people's approval: %s", r.Reason)
	}
	return refusedf("", "the policy denies it: %s", r.Reason)
}
