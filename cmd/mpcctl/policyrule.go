package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// listedRule is one rule of the policy in force. Its names are stable.
type listedRule struct {
	ID         string     `json:"id"`
	Name       string     `json:"name,omitempty"`
	Action     string     `json:"action"`
	Priority   uint32     `json:"priority"`
	Agents     []string   `json:"agents,omitempty"` // of its scope; none: it binds all
	Conditions []string   `json:"conditions"`       // must all hold
	Unless     [][]string `json:"unless,omitempty"` // of any of these lists all
}

func (t *tool) policyRule() *cobra.Command {
	return group("rule", "The rules of the policy in force",
		t.policyRuleAdd(), t.policyRuleRemove(),
		verb("list", "List the rules", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) ([]listedRule, error) {
				b, err := s.inForce(ctx)
				if err != nil {
					return nil, err
				}
				return listRules(b), nil
			}, rulesText)
		}))
}

func (t *tool) policyRuleAdd() *cobra.Command {
	var agent string
	c := t.editing(verb("add FILE", "Add a rule, from a file or - for standard input", nil), func(args []string) (policyEdit, error) {
		one, err := readPiece(args[0])
		if err != nil {
			return nil, fmt.Errorf("read rule: %w", err)
		}
		return func(document []byte) ([]byte, error) { return policy.AddRule(document, one, agent) }, nil
	})
	c.Flags().StringVar(&agent, "agent", "", "agent that the rule is for; it is added to the rule's scope if that names none (default: as the rule says)")
	return c
}

func (t *tool) policyRuleRemove() *cobra.Command {
	return t.editing(verb("rm ID", "Remove a rule", nil), func(args []string) (policyEdit, error) {
		return func(document []byte) ([]byte, error) {
			changed, err := policy.RemoveRule(document, args[0])
			return changed, hinted(err, "see `mpcctl policy rule list`")
		}, nil
	})
}

func listRules(b *policy.Bundle) []listedRule {
	all := []listedRule{}
	for _, r := range b.Rules() {
		all = append(all, listedRule{r.ID, r.Name, string(r.Action), r.Priority, r.Agents, r.Conditions, r.Unless})
	}
	return all
}

func rulesText(w io.Writer, all []listedRule) {
	line(w, "RULE", "ACTION", "PRIORITY", "AGENTS", "NAME")
	for _, r := range all {
		line(w, r.ID, r.Action, r.Priority, list(r.Agents), or(r.Name, "-"))
	}
}
