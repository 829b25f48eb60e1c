package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/tonaiagent/mpcnode/strictyaml"
	"github.com/tonaiagent/mpcnode/ton"
)

// assetLimits are limits of jettons by asset id.
type assetLimits map[string]AssetLimits

// assetFields are the limits of one jetton, as quoted integers of its smallest unit: how many decimals it has is its
// issuer's claim, and proves nothing.
type assetFields struct {
	// PerTransaction is the most that one payload may move. Required.
	PerTransaction *units `yaml:"perTransaction"`
	// Daily is the most in any 24 hours. Required.
	Daily *units `yaml:"daily"`
	// Weekly is the most in any 7 days. Default: 4 times daily.
	Weekly *units `yaml:"weekly"`
	// Monthly is the most in any 30 days. Default: 10 times daily.
	Monthly *units `yaml:"monthly"`
	// Calendar bounds the days, weeks and months of the calendar as well. Default: none.
	Calendar *assetCalendarFields `yaml:"calendar"`
	// RequireApprovalAbove is the amount above which people must approve. Default: none needs it.
	RequireApprovalAbove *units `yaml:"requireApprovalAbove"`
}

// UnmarshalYAML reads one mapping, so that what is wrong with it is reported where it stands.
func (a *assetLimits) UnmarshalYAML(n ast.Node) error {
	var all map[string]*assetFields
	wrong := strictyaml.Decode(n, &all)
	if len(all) > maxAssets {
		return at(n, fmt.Sprintf("%d jettons are listed, at most %d may be", len(all), maxAssets))
	}
	*a = make(assetLimits, len(all))
	for id, fields := range all { // in any order: the mistakes are sorted
		if _, ok := ton.JettonMaster(id); !ok || fields == nil {
			wrong = append(wrong, strictyaml.At(n, clip(id), "want jetton:<raw address of its master> with limits; those of TON are under limits"))
			continue
		}
		l, err := fields.resolve()
		if err != nil && !wrong.Hide(id) {
			wrong = append(wrong, strictyaml.At(n, id, err.Error()))
		}
		(*a)[id] = l
	}
	return wrong.Err()
}

func clip(s string) string { return s[:min(len(s), 80)] }

func (f assetFields) resolve() (AssetLimits, error) {
	l, err := limitFields{(*amount)(f.PerTransaction), (*amount)(f.Daily), (*amount)(f.Weekly), (*amount)(f.Monthly), f.Calendar.amounts()}.resolve()
	return AssetLimits{l, (*ton.Nano)(f.RequireApprovalAbove)}, err
}

// assets adds the limits of jettons. On a preset they also allow the jetton; a custom set lists it among its tokens.
func (f fields) assets(p *Permissions) error {
	p.AssetLimits = f.AssetLimits
	if f.Preset != "" {
		p.AllowedTokens = append(p.AllowedTokens, slices.Sorted(maps.Keys(f.AssetLimits))...)
		return nil
	}
	for id := range f.AssetLimits {
		if !slices.Contains(p.AllowedTokens, id) {
			return fmt.Errorf("%s is not one of allowedTokens", id)
		}
	}
	return nil
}

// units is a quoted integer of a jetton's smallest unit.
type units ton.Nano

func (u *units) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return at(n, "an amount of a jetton is a quoted string such as \"1000000\", not a number")
	}
	v, err := ton.ParseNano(s.Value, 0)
	if err != nil {
		return at(n, fmt.Sprintf("%v: an amount of a jetton is a whole number of its smallest unit", err))
	}
	*u = units(v)
	return nil
}
