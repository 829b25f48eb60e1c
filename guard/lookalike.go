package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// lookAlikes notes for the audit each receiver that could be taken for a destination which the policy lists, or for the wallet
// itself. It refuses nothing: a list does.
func (e *evaluation) lookAlikes() (notes audit.Details) {
	if e.perms == nil || e.wallet == nil {
		return nil
	}
	known := append(slices.Clone(e.perms.AllowedDestinations), e.wallet.Address)
	for _, p := range e.c.Intent.Payments() {
		i := slices.IndexFunc(known, func(a ton.Address) bool { return a.LooksLike(p.Destination) })
		if i >= 0 && !slices.Contains(known, p.Destination) && len(notes) < maxLookAlikes {
			notes = append(notes, audit.Detail{K: "look_alike " + ordinal(len(notes)), V: p.Destination.String() + " of " + known[i].String()})
		}
	}
	return notes
}
