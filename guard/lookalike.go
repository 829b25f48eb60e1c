package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// alike is a receiver that could be taken for an address which is known here.
type alike struct{ to, known ton.Address }

// loadAlike looks for each receiver among those that the policy lists, the wallet itself, and whom the wallet has paid. One
// that the wallet has paid long enough ago, or that is listed, is known itself.
func (e *evaluation) loadAlike(tx Tx) error {
	known := append(slices.Clone(e.perms.AllowedDestinations), e.wallet.Address)
	for n, p := range e.c.Intent.Payments() {
		to := p.Destination
		if to.IsZero() || slices.Contains(known, to) || !e.risk.dests[n].IsNew(e.at) {
			continue
		}
		of, err := looksLike(tx, e.wallet.ID, to)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(known, to.LooksLike); i >= 0 {
			of = known[i]
		}
		if !of.IsZero() {
			e.risk.alike = append(e.risk.alike, alike{to, of})
		}
	}
	return nil
}

// lookAlikes notes them for the audit. The first tell enough.
func (e *evaluation) lookAlikes() (notes audit.Details) {
	for n, a := range e.risk.alike[:min(len(e.risk.alike), maxLookAlikes)] {
		notes = append(notes, audit.Detail{K: "look_alike " + ordinal(n), V: a.to.String() + " of " + a.known.String()})
	}
	return notes
}
