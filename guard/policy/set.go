package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/tonaiagent/mpcnode/ton"
)

// permissionSet is one agent's part of a document: a preset with a few additions, or a custom set that says everything
// itself.
type permissionSet struct{ resolved Permissions }

// fields are the keys of a permission set.
type fields struct {
	Preset               string        `yaml:"preset"`
	Capabilities         *Capabilities `yaml:"capabilities"`
	Limits               *limitFields  `yaml:"limits"`
	AllowedTokens        []asset       `yaml:"allowedTokens"`
	AllowedDestinations  []destination `yaml:"allowedDestinations"`
	RequireApprovalAbove *amount       `yaml:"requireApprovalAbove"`
	Rate                 *rateFields   `yaml:"rate"`
	MinConfidence        Permille      `yaml:"minConfidence"`
	MaxValidity          *validity     `yaml:"maxValidity"`
	CallerTokens         *tokenFields  `yaml:"callerTokens"`
}

type limitFields struct {
	PerTransaction *amount `yaml:"perTransaction"`
	Daily          *amount `yaml:"daily"`
	Weekly         *amount `yaml:"weekly"`
	Monthly        *amount `yaml:"monthly"`
}

type rateFields struct {
	MaxPerHour      uint32  `yaml:"maxPerHour"`
	Unlimited       bool    `yaml:"unlimited"`
	CooldownSeconds *uint32 `yaml:"cooldownSeconds"`
}

type tokenFields struct {
	PerSecond uint32 `yaml:"perSecond"`
	Burst     uint32 `yaml:"burst"`
	Unlimited bool   `yaml:"unlimited"`
}

// UnmarshalYAML decodes and resolves one set, so that what is wrong with it is reported where it stands.
func (s *permissionSet) UnmarshalYAML(n ast.Node) error {
	var f fields
	if err := yaml.NodeToValue(n, &f, yaml.Strict()); err != nil {
		return err
	}
	p, err := f.resolve()
	if err != nil {
		return at(n, err.Error())
	}
	s.resolved = p
	return nil
}

func (f fields) resolve() (Permissions, error) {
	if len(f.AllowedDestinations) > maxListed || len(f.AllowedTokens) > maxListed {
		return Permissions{}, fmt.Errorf("a list is longer than %d", maxListed)
	}
	p, err := f.base()
	if err != nil {
		return Permissions{}, err
	}
	for _, d := range f.AllowedDestinations {
		p.AllowedDestinations = append(p.AllowedDestinations, ton.Address(d))
	}
	p.MinConfidence = uint16(f.MinConfidence)
	if f.MaxValidity != nil {
		p.MaxValidity = time.Duration(*f.MaxValidity)
	}
	if f.Rate != nil {
		if p.Rate, err = f.Rate.resolve(p.Rate); err != nil {
			return Permissions{}, err
		}
	}
	if f.CallerTokens != nil {
		return p, f.CallerTokens.resolve(&p.CallerTokens)
	}
	return p, nil
}

// base returns what the additions are put on: the preset, or the custom set.
func (f fields) base() (Permissions, error) {
	if f.Preset == "" {
		return f.custom()
	}
	p, ok := Preset(f.Preset)
	if !ok {
		return Permissions{}, fmt.Errorf("preset %.40q is none of conservative, balanced, aggressive", f.Preset)
	}
	if f.Capabilities != nil || f.Limits != nil || f.AllowedTokens != nil || f.RequireApprovalAbove != nil {
		return Permissions{}, fmt.Errorf("preset %s already says capabilities, limits, allowedTokens and requireApprovalAbove; leave out preset to say them yourself", f.Preset)
	}
	return p, nil
}

func (f fields) custom() (Permissions, error) {
	if f.Capabilities == nil || f.Limits == nil || len(f.AllowedTokens) == 0 {
		return Permissions{}, fmt.Errorf("wants a preset, or capabilities, limits and allowedTokens")
	}
	p := Permissions{
		Capabilities: *f.Capabilities,
		Rate:         Rate{MaxPerHour: 10, Cooldown: 60 * time.Second},
		MaxValidity:  defaultValidity,
		CallerTokens: CallerTokens{PerSecond: 1, Burst: 60},
	}
	if err := p.Capabilities.check(); err != nil {
		return Permissions{}, err
	}
	var err error
	if p.Limits, err = f.Limits.resolve(); err != nil {
		return Permissions{}, err
	}
	for _, t := range f.AllowedTokens {
		p.AllowedTokens = append(p.AllowedTokens, string(t))
	}
	p.RequireApprovalAbove = (*ton.Nano)(f.RequireApprovalAbove)
	return p, nil
}

// resolve fills in weekly and monthly limits, 4 and 10 times the daily one, and refuses limits that contradict.
func (l limitFields) resolve() (Limits, error) {
	if l.PerTransaction == nil || l.Daily == nil {
		return Limits{}, fmt.Errorf("limits: perTransaction or daily is missing")
	}
	r := Limits{PerTransaction: ton.Nano(*l.PerTransaction), Daily: ton.Nano(*l.Daily)}
	var err error
	if r.Weekly, err = orTimes(l.Weekly, r.Daily, 4); err != nil {
		return Limits{}, err
	}
	if r.Monthly, err = orTimes(l.Monthly, r.Daily, 10); err != nil {
		return Limits{}, err
	}
	rising := []ton.Nano{r.PerTransaction, r.Daily, r.Weekly, r.Monthly}
	if !slices.IsSortedFunc(rising, ton.Nano.Cmp) {
		return Limits{}, fmt.Errorf("limits: perTransaction ≤ daily ≤ weekly ≤ monthly does not hold")
	}
	return r, nil
}

func orTimes(a *amount, daily ton.Nano, times int) (sum ton.Nano, err error) {
	if a != nil {
		return ton.Nano(*a), nil
	}
	for range times {
		if sum, err = sum.Add(daily); err != nil {
			return ton.Nano{}, fmt.Errorf("limits: %w", err)
		}
	}
	return sum, nil
}

func (r rateFields) resolve(base Rate) (Rate, error) {
	if r.Unlimited == (r.MaxPerHour != 0) {
		return Rate{}, fmt.Errorf("rate: wants either maxPerHour above 0 or unlimited: true")
	}
	out := Rate{MaxPerHour: r.MaxPerHour, Unlimited: r.Unlimited, Cooldown: base.Cooldown}
	if r.CooldownSeconds != nil {
		out.Cooldown = time.Duration(*r.CooldownSeconds) * time.Second
	}
	return out, nil
}

func (t tokenFields) resolve(out *CallerTokens) error {
	if t.Unlimited == (t.PerSecond != 0 && t.Burst != 0) || t.Unlimited && t.PerSecond+t.Burst != 0 {
		return fmt.Errorf("callerTokens: wants either perSecond and burst above 0 or unlimited: true")
	}
	*out = CallerTokens(t)
	return nil
}

// check refuses actions that no capability of that name has.
func (c Capabilities) check() error {
	for name, c := range map[string]Capability{
		"trading": c.Trading, "transfers": c.Transfers, "staking": c.Staking, "nft": c.NFT, "governance": c.Governance,
	} {
		if len(c.Actions) > maxActions {
			return fmt.Errorf("capabilities.%s.actions: more than %d", name, maxActions)
		}
		for _, a := range c.Actions {
			if kind[a] != name {
				return fmt.Errorf("capabilities.%s.actions: there is no %.40q", name, a)
			}
		}
	}
	return nil
}
