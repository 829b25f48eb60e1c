package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

// permissionSet is one agent's part of a document: a preset with a few additions, or a custom set that says everything
// itself.
type permissionSet struct{ resolved Permissions }

// fields are the keys of a permission set.
type fields struct {
	// Enrolment says whose signature speaks for the agent. Default: this node's operator does, by `mpcctl agent create`.
	Enrolment *enrolment `yaml:"enrolment"`
	// Preset is conservative, balanced or aggressive, which say capabilities, limits, allowedTokens and
	// requireApprovalAbove; none of these may stand beside it. Without it the first three must.
	Preset string `yaml:"preset"`
	// Capabilities are the kinds of action that are on. One that is not there is off.
	Capabilities *Capabilities `yaml:"capabilities"`
	// Limits bound what leaves a wallet. An amount equal to a limit is within it.
	Limits *limitFields `yaml:"limits"`
	// AssetLimits are the limits of jettons, by jetton:<raw address of its master>, at most 64. Beside a preset they also allow the
	// jetton; a custom set lists it among allowedTokens. A jetton without limits is not moved.
	AssetLimits assetLimits `yaml:"assetLimits"`
	// AllowedTokens are the assets that may be moved: native (TON, GRAM), or jetton:<raw address of its master>. At most 1024.
	AllowedTokens []asset `yaml:"allowedTokens"`
	// AllowedDestinations are the only ones that may be paid, once there is one. At most 1024. Default: all, but for
	// capabilities with whitelistOnly.
	AllowedDestinations []destination `yaml:"allowedDestinations"`
	// RequireApprovalAbove is the amount above which people must approve. Default: none needs it.
	RequireApprovalAbove *amount `yaml:"requireApprovalAbove"`
	// Rate bounds how often a request of the agent may be reserved. Default: 10 an hour, 60 s apart.
	Rate *rateFields `yaml:"rate"`
	// MinConfidence is what the agent must state in its request, to three decimals. Default: nothing.
	MinConfidence Permille `yaml:"minConfidence"`
	// MaxValidity is how long a payload may be executed for, 1s to 10m in whole seconds. Default: 120s.
	MaxValidity *validity `yaml:"maxValidity"`
	// Strategies are what the agent follows, by name, at most 64: each request must then name one of them in context.strategy
	// and stay within it. Default: a request may name anything.
	Strategies strategies `yaml:"strategies"`
	// CallerTokens bound the agent's calls, refused ones and simulations included. Default: 60, refilled at one a second.
	CallerTokens *tokenFields `yaml:"callerTokens"`
	// RulesOnly denies what no allow rule matches, however much else of the set allows it. Default: false.
	RulesOnly bool `yaml:"rulesOnly"`
}

type limitFields struct {
	// PerTransaction is the most that one payload may move. Required.
	PerTransaction *amount `yaml:"perTransaction"`
	// Daily is the most in any 24 hours. Required.
	Daily *amount `yaml:"daily"`
	// Weekly is the most in any 7 days. Default: 4 times daily.
	Weekly *amount `yaml:"weekly"`
	// Monthly is the most in any 30 days. Default: 10 times daily.
	Monthly *amount `yaml:"monthly"`
	// Calendar bounds the days, weeks and months of the calendar as well. Default: none.
	Calendar *calendarFields `yaml:"calendar"`
}

type rateFields struct {
	// MaxPerHour is the most in any hour, above 0.
	MaxPerHour uint32 `yaml:"maxPerHour"`
	// Unlimited stands in place of maxPerHour.
	Unlimited bool `yaml:"unlimited"`
	// CooldownSeconds is the least time between two. Default: 60.
	CooldownSeconds *uint32 `yaml:"cooldownSeconds"`
}

type tokenFields struct {
	// PerSecond is how many come back each second, above 0.
	PerSecond uint32 `yaml:"perSecond"`
	// Burst is how many there are at most, above 0.
	Burst uint32 `yaml:"burst"`
	// Unlimited stands in place of both.
	Unlimited bool `yaml:"unlimited"`
}

// UnmarshalYAML decodes and resolves one set, so that what is wrong with it is reported where it stands.
func (s *permissionSet) UnmarshalYAML(n ast.Node) error {
	var f fields
	unread := strictyaml.Decode(n, &f)
	resolved, problems := f.resolve()
	s.resolved = resolved
	return meant(unread, problems, under(n))
}

// resolve returns the permissions and all that is wrong with them; they count for nothing then.
func (f fields) resolve() (Permissions, []problem) {
	p, problems := f.base()
	bad := func(path string, err error) {
		if err != nil {
			problems = append(problems, problem{path, err.Error()})
		}
	}
	bad("allowedTokens", checkLength(len(f.AllowedTokens)))
	bad("allowedDestinations", checkLength(len(f.AllowedDestinations)))
	for _, d := range f.AllowedDestinations {
		p.AllowedDestinations = append(p.AllowedDestinations, ton.Address(d))
	}
	bad("assetLimits", f.assets(&p))
	p.MinConfidence, p.RulesOnly = uint16(f.MinConfidence), f.RulesOnly
	p.Strategies = f.Strategies
	if f.Enrolment != nil {
		p.Enrolment = f.Enrolment.resolved
	}
	if f.MaxValidity != nil {
		p.MaxValidity = time.Duration(*f.MaxValidity)
	}
	if f.Rate != nil {
		bad("rate", f.Rate.resolve(&p.Rate))
	}
	if f.CallerTokens != nil {
		bad("callerTokens", f.CallerTokens.resolve(&p.CallerTokens))
	}
	return p, problems
}

func checkLength(n int) error {
	if n > maxListed {
		return fmt.Errorf("%d are listed, at most %d may be", n, maxListed)
	}
	return nil
}

// base returns what the additions are put on: the preset, or the custom set.
func (f fields) base() (Permissions, []problem) {
	if f.Preset == "" {
		return f.custom()
	}
	p, ok := Preset(f.Preset)
	if !ok {
		return p, []problem{{"preset", fmt.Sprintf("%.40q is none of conservative, balanced, aggressive", f.Preset)}}
	}
	if f.Capabilities != nil || f.Limits != nil || f.AllowedTokens != nil || f.RequireApprovalAbove != nil {
		return p, []problem{{"preset", fmt.Sprintf("%s already says capabilities, limits, allowedTokens and requireApprovalAbove; leave out preset to say them yourself (assetLimits alone adds a jetton)", f.Preset)}}
	}
	return p, nil
}

func (f fields) custom() (p Permissions, problems []problem) {
	p = Permissions{
		Rate:         Rate{MaxPerHour: 10, Cooldown: 60 * time.Second},
		MaxValidity:  defaultValidity,
		CallerTokens: CallerTokens{PerSecond: 1, Burst: 60},
	}
	for name, missing := range map[string]bool{
		"capabilities": f.Capabilities == nil, "limits": f.Limits == nil, "allowedTokens": len(f.AllowedTokens) == 0,
	} {
		if missing {
			problems = append(problems, problem{name, "missing: wants a preset, or capabilities, limits and allowedTokens"})
		}
	}
	if f.Capabilities != nil {
		p.Capabilities = *f.Capabilities
		problems = append(problems, p.Capabilities.check()...)
	}
	if f.Limits != nil {
		var err error
		if p.Limits, err = f.Limits.resolve(); err != nil {
			problems = append(problems, problem{"limits", err.Error()})
		}
	}
	for _, t := range f.AllowedTokens {
		p.AllowedTokens = append(p.AllowedTokens, string(t))
	}
	p.RequireApprovalAbove = (*ton.Nano)(f.RequireApprovalAbove)
	return p, problems
}

// resolve fills in weekly and monthly limits, 4 and 10 times the daily one, and refuses limits that contradict.
func (l limitFields) resolve() (r Limits, err error) {
	if l.PerTransaction == nil || l.Daily == nil {
		return r, fmt.Errorf("perTransaction or daily is missing")
	}
	r = Limits{PerTransaction: ton.Nano(*l.PerTransaction), Daily: ton.Nano(*l.Daily)}
	if r.Weekly, err = orTimes(l.Weekly, r.Daily, 4); err != nil {
		return r, err
	}
	if r.Monthly, err = orTimes(l.Monthly, r.Daily, 10); err != nil {
		return r, err
	}
	rising := []ton.Nano{r.PerTransaction, r.Daily, r.Weekly, r.Monthly}
	if !slices.IsSortedFunc(rising, ton.Nano.Cmp) {
		return r, fmt.Errorf("perTransaction ≤ daily ≤ weekly ≤ monthly does not hold")
	}
	r.Calendar, err = l.Calendar.resolve()
	return r, err
}

func orTimes(a *amount, daily ton.Nano, times int) (sum ton.Nano, err error) {
	if a != nil {
		return ton.Nano(*a), nil
	}
	for range times {
		if sum, err = sum.Add(daily); err != nil {
			return ton.Nano{}, err
		}
	}
	return sum, nil
}

func (r rateFields) resolve(out *Rate) error {
	if r.Unlimited == (r.MaxPerHour != 0) {
		return fmt.Errorf("wants either maxPerHour above 0 or unlimited: true")
	}
	out.MaxPerHour, out.Unlimited = r.MaxPerHour, r.Unlimited
	if r.CooldownSeconds != nil {
		out.Cooldown = time.Duration(*r.CooldownSeconds) * time.Second
	}
	return nil
}

func (t tokenFields) resolve(out *CallerTokens) error {
	if t.Unlimited == (t.PerSecond != 0 && t.Burst != 0) || t.Unlimited && t.PerSecond+t.Burst != 0 {
		return fmt.Errorf("wants either perSecond and burst above 0 or unlimited: true")
	}
	*out = CallerTokens(t)
	return nil
}

// check refuses actions that no capability of that name has.
func (c Capabilities) check() (problems []problem) {
	for name, c := range c.byName() {
		path := "capabilities." + name + ".actions"
		if len(c.Actions) > maxActions {
			problems = append(problems, problem{path, fmt.Sprintf("more than %d", maxActions)})
			continue
		}
		for _, a := range c.Actions {
			if kind[a] != name {
				problems = append(problems, problem{path, fmt.Sprintf("there is no %.40q", a)})
			}
		}
	}
	return problems
}
