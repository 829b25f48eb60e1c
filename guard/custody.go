package guard

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
)

// Custody says who holds the key of a wallet. The zero value is nobody, and refused.
type Custody string

const (
	// CustodyMPC: the parties hold shares, and as many as must sign together are the key.
	CustodyMPC Custody = "mpc"

	// CustodyOwner: the user alone holds the key, outside of this network. The guards judge, and every node can see that
	// what the owner signed is what they have read; but nobody here can keep the owner from signing something else.
	CustodyOwner Custody = "non_custodial"
)

// Shared reports whether the parties hold the key in shares, so that as many as must sign have to agree.
func (c Custody) Shared() bool { return c == CustodyMPC || c == CustodyContract }

var (
	// ErrSignature is wrapped when a signature is not the owner's over the payload.
	ErrSignature = errors.New("the signature is not that of the wallet's owner over this payload")

	errNotReserved = errors.New("the payload is not reserved here with this node's own allow")
)

// TakeSignature takes the owner's signature over a payload that is reserved here: from here on the message may be sent. It
// is for wallets in CustodyOwner what Permit and Release are for the others, and is refused for the same reasons.
func (g *Guard) TakeSignature(tx Tx, now time.Time, payload [32]byte, signature [64]byte) error {
	if err := g.takeSignature(tx, now, payload, signature); err != nil {
		return fmt.Errorf("take signature: %w", err)
	}
	return nil
}

func (g *Guard) takeSignature(tx Tx, now time.Time, payload [32]byte, signature [64]byte) error {
	p, known, err := g.Payload(tx, payload)
	if err != nil {
		return err
	}
	if !known || !p.live() || p.Effect != Allow {
		return errNotReserved
	}
	w, _, err := wallet(tx, p.Wallet)
	switch {
	case err != nil:
		return err
	case w.Custody != CustodyOwner:
		return fmt.Errorf("wallet %s is not its owner's to sign for", w.ID)
	case !ed25519.Verify(w.PublicKey[:], payload[:], signature[:]):
		return ErrSignature
	}
	if _, err := g.checkStanding(tx, now, payload, p); err != nil {
		return err
	}
	if p.State == Reserved { // else it was taken before, and its message may not have been sent
		p.State = Releasing
		put(tx, keyPayload(payload), p)
		g.auditAttempt(tx, now, audit.TransactionReleasing, payload, p, audit.KV("by", "owner"))
	}
	return nil
}
