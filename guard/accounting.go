package guard

import (
	"errors"
	"fmt"
	"slices"
)

// Reservation is a party's word that a payload of a request is reserved at its node. Who hands one in has verified that
// party's statement.
type Reservation struct {
	Party   string
	Request [32]byte // request digest
	Payload [32]byte // signing hash
}

// checkAccounted checks that all of the accounting set has reserved what is to be signed, if the wallet has no seqno: one
// of them is honest, has seen every payload of the wallet that can ever execute, and keeps their sum within its limits.
// Their word is added to this node's own reservation, never put in its place.
func (g *Guard) checkAccounted(w WalletRecord, t Terms) error {
	if !w.Highload() {
		return nil
	}
	if len(g.cfg.Accounting) == 0 {
		return errors.New("the network has no accounting set, and the wallet no seqno")
	}
	for _, party := range g.cfg.Accounting {
		if !slices.Contains(t.Reservations, Reservation{party, t.Request, t.Payload}) {
			return fmt.Errorf("accounting party %s has not reserved the payload for the request", party)
		}
	}
	return nil
}

// checkCountable refuses a wallet that nobody could account for.
func (g *Guard) checkCountable(w WalletRecord) error {
	switch {
	case !w.Highload():
		return nil
	case w.Custody != CustodyMPC:
		return fmt.Errorf("wallet version %q has no seqno: it can be entered for a key of the parties only", w.Version)
	case len(g.cfg.Accounting) == 0:
		return fmt.Errorf("wallet version %q has no seqno: the network's configuration has to name the parties that account for it, network.accounting", w.Version)
	}
	return nil
}
