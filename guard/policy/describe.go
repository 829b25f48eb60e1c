package policy

import "slices"

// RuleText is a rule as people read it.
type RuleText struct {
	ID, Name   string
	Action     Effect
	Priority   uint32
	Agents     []string   // of its scope; none: it binds all
	Conditions []string   // must all hold, those of the scope first
	Unless     [][]string // of any of these lists all
}

// Rules returns the rules in the order in which they are reported.
func (b *Bundle) Rules() []RuleText {
	all := make([]RuleText, len(b.rules.rules))
	for i, r := range b.rules.rules {
		all[i] = RuleText{r.id, r.name, r.action, r.priority, slices.Clone(r.agents), textsOf(r.conditions), nil}
		for _, list := range r.unless {
			all[i].Unless = append(all[i].Unless, textsOf(list))
		}
	}
	return all
}

// Enabled returns the capabilities that are on, by the names that documents give them.
func (c Capabilities) Enabled() map[string]Capability {
	all := c.byName()
	for name, one := range all {
		if !one.Enabled {
			delete(all, name)
		}
	}
	return all
}
