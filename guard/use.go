package guard

import "github.com/tonaiagent/mpcnode/ton"

// Use is what one window of an asset holds before and with a payload, for people: amounts in whole TON, of a jetton in its
// smallest unit.
type Use struct {
	Asset, Window        string
	Before, After, Limit string
}

// uses lists every window that the payload counts in; none while it isn't known what it moves, or what limits there are.
func (e *evaluation) uses() (all []Use) {
	if e.perms == nil || len(e.spent) != len(e.moves) {
		return nil
	}
	for n, m := range e.moves {
		asset := e.asset(m)
		l, ok := e.limitsOf(asset)
		if !ok {
			continue
		}
		for _, c := range ceilings(l.Limits, e.spent[n]) {
			text := func(n ton.Nano) string { return ton.FormatAmount(asset, n) }
			all = append(all, Use{asset, c.window, text(c.spent), text(atMost(c.spent.Add(m.Amount))), text(*c.limit)})
		}
	}
	return all
}
