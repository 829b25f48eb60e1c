package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// agentReport is an agent at one node: its enrolment, and what the policy in force allows it. Its names are stable.
type agentReport struct {
	Agent       string             `json:"agent"`
	Enrolment   *client.Agent      `json:"enrolment,omitempty"`   // none: it is not enrolled
	Policy      string             `json:"policy,omitempty"`      // hash of the one in force
	Permissions *permissionsReport `json:"permissions,omitempty"` // none: the policy doesn't name it, it may do nothing
}

// permissionsReport is what a policy allows an agent.
type permissionsReport struct {
	Preset              string             `json:"preset,omitempty"`
	Capabilities        []capabilityReport `json:"capabilities"`
	Limits              []limitReport      `json:"limits"`
	AllowedTokens       []string           `json:"allowed_tokens"`
	AllowedDestinations []string           `json:"allowed_destinations,omitempty"` // raw addresses
	MaxPerHour          uint32             `json:"max_per_hour,omitempty"`         // none: unlimited
	CooldownSeconds     float64            `json:"cooldown_seconds"`
	MinConfidence       string             `json:"min_confidence"`
	MaxValiditySeconds  float64            `json:"max_validity_seconds"`
	RulesOnly           bool               `json:"rules_only"`
	Strategies          []string           `json:"strategies,omitempty"`
	Rules               []listedRule       `json:"rules"` // that bind it
}

type capabilityReport struct {
	Name          string   `json:"name"`
	WhitelistOnly bool     `json:"whitelist_only"`
	MaxSlippage   string   `json:"max_slippage,omitempty"`
	Actions       []string `json:"actions,omitempty"` // none: all
}

// limitReport is in whole TON, or in a jetton's smallest unit.
type limitReport struct {
	Asset                string `json:"asset"`
	PerTransaction       string `json:"per_transaction"`
	Daily                string `json:"daily"`
	Weekly               string `json:"weekly"`
	Monthly              string `json:"monthly"`
	RequireApprovalAbove string `json:"require_approval_above,omitempty"` // none: no amount needs one

	Calendar *calendarReport `json:"calendar,omitempty"`
}

// calendarReport are limits by the calendar of a time zone; those that there are.
type calendarReport struct {
	TimeZone string `json:"time_zone"`
	Daily    string `json:"daily,omitempty"`
	Weekly   string `json:"weekly,omitempty"`
	Monthly  string `json:"monthly,omitempty"`
}

func (t *tool) agentShow() *cobra.Command {
	return verb("show AGENT", "Show an agent's enrolment, and what the policy in force allows it", func(ctx context.Context, args []string) error {
		return each(ctx, t, func(ctx context.Context, s *site) (agentReport, error) { return s.agentReport(ctx, args[0]) }, agentReportText)
	})
}

func (s *site) agentReport(ctx context.Context, id string) (r agentReport, err error) {
	r.Agent = id
	enrolled, err := s.agentsOf(ctx, id)
	if err != nil {
		return r, err
	}
	if len(enrolled) > 0 {
		r.Enrolment = &enrolled[0]
	}
	b, err := s.inForce(ctx)
	if err != nil && !errors.Is(err, errNoPolicy) {
		return r, err
	}
	if b != nil {
		r.Policy = hex.EncodeToString(b.Hash[:])
		if p, named := b.Permissions(id); named {
			r.Permissions = permissionsOf(p, rulesFor(b, id))
		}
	}
	if r.Enrolment == nil && r.Permissions == nil {
		return r, hinted(fmt.Errorf("%s knows no agent %q: it is not enrolled, and the policy does not name it", s.Name, id), "see `mpcctl agent list`")
	}
	return r, nil
}

// rulesFor returns the rules whose scope names the agent, or none.
func rulesFor(b *policy.Bundle, id string) []listedRule {
	return slices.DeleteFunc(listRules(b), func(r listedRule) bool { return len(r.Agents) > 0 && !slices.Contains(r.Agents, id) })
}

func permissionsOf(p policy.Permissions, rules []listedRule) *permissionsReport {
	r := &permissionsReport{Preset: p.Preset, Capabilities: []capabilityReport{}, AllowedTokens: p.AllowedTokens, MaxPerHour: p.Rate.MaxPerHour, CooldownSeconds: p.Rate.Cooldown.Seconds(),
		MinConfidence: policy.Permille(p.MinConfidence).String(), MaxValiditySeconds: p.MaxValidity.Seconds(), RulesOnly: p.RulesOnly,
		Strategies: slices.Sorted(maps.Keys(p.Strategies)), Rules: rules}
	on := p.Capabilities.Enabled()
	for _, name := range slices.Sorted(maps.Keys(on)) {
		c := capabilityReport{Name: name, WhitelistOnly: on[name].WhitelistOnly, Actions: on[name].Actions}
		if on[name].MaxSlippage != 0 {
			c.MaxSlippage = on[name].MaxSlippage.String()
		}
		r.Capabilities = append(r.Capabilities, c)
	}
	for _, a := range p.AllowedDestinations {
		r.AllowedDestinations = append(r.AllowedDestinations, a.String())
	}
	for _, asset := range append([]string{ton.Native}, slices.Sorted(maps.Keys(p.AssetLimits))...) {
		l, _ := p.LimitsOf(asset)
		r.Limits = append(r.Limits, assetLimit(asset, l))
	}
	return r
}

func assetLimit(asset string, l policy.AssetLimits) limitReport {
	r := limitReport{Asset: asset, PerTransaction: ton.FormatAmount(asset, l.PerTransaction), Daily: ton.FormatAmount(asset, l.Daily),
		Weekly: ton.FormatAmount(asset, l.Weekly), Monthly: ton.FormatAmount(asset, l.Monthly)}
	if l.RequireApprovalAbove != nil {
		r.RequireApprovalAbove = ton.FormatAmount(asset, *l.RequireApprovalAbove)
	}
	if c := l.Calendar; c != nil {
		text := func(n *ton.Nano) string {
			if n == nil {
				return ""
			}
			return ton.FormatAmount(asset, *n)
		}
		r.Calendar = &calendarReport{c.Zone.String(), text(c.Daily), text(c.Weekly), text(c.Monthly)}
	}
	return r
}

func agentReportText(w io.Writer, r agentReport) {
	if r.Enrolment != nil {
		agentText(w, []client.Agent{*r.Enrolment})
	} else {
		line(w, r.Agent, "is not enrolled here")
	}
	if r.Permissions == nil {
		line(w, "policy", "names no such agent: it may do nothing", or(r.Policy, "-"))
		return
	}
	line(w, "policy", or(r.Permissions.Preset, "custom"), r.Policy)
	r.Permissions.text(w)
}

func (r *permissionsReport) text(w io.Writer) {
	for _, c := range r.Capabilities {
		where := "any destination that is allowed"
		if c.WhitelistOnly {
			where = "listed destinations only"
		}
		line(w, "may", c.Name, or(strings.Join(c.Actions, ","), "all actions"), where)
	}
	line(w, "ASSET", "TRANSACTION", "DAY", "WEEK", "MONTH", "APPROVAL ABOVE")
	for _, l := range r.Limits {
		line(w, l.Asset, l.PerTransaction, l.Daily, l.Weekly, l.Monthly, or(l.RequireApprovalAbove, "-"))
		if c := l.Calendar; c != nil {
			line(w, "by the calendar of "+c.TimeZone, "-", or(c.Daily, "-"), or(c.Weekly, "-"), or(c.Monthly, "-"), "-")
		}
	}
	line(w, "tokens", list(r.AllowedTokens))
	line(w, "destinations", list(r.AllowedDestinations))
	rate := "unlimited"
	if r.MaxPerHour > 0 {
		rate = fmt.Sprint(r.MaxPerHour)
	}
	line(w, "per hour", rate, "cooldown", time.Duration(r.CooldownSeconds)*time.Second)
	line(w, "strategies", list(r.Strategies))
	for _, x := range r.Rules {
		line(w, "rule", x.ID, x.Action, or(x.Name, "-"))
	}
}
