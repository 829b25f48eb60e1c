package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// pendingPolicy is the record of the bundle that waits to come into force, p/pending: one at most. Its parent is the
// bundle in force as long as it stands.
type pendingPolicy struct {
	Hash    [32]byte   `cbor:"hash"`
	Version uint64     `cbor:"version"`
	Admins  [][32]byte `cbor:"admins"`
	Since   int64      `cbor:"since"` // Unix seconds
	Due     int64      `cbor:"due"`   // window time in Unix seconds
	succession
}

// PendingPolicy is a bundle that waits, as people have to see it.
type PendingPolicy struct {
	Version uint64
	Hash    [32]byte
	Admins  [][32]byte // who signed it
	Since   time.Time
	Due     time.Time       // it comes into force when the window time gets there
	Loosens []policy.Change // against the bundle in force
}

// PolicyCancellation stops a bundle that waits. One policy admin of the party is enough, whoever signed the bundle.
type PolicyCancellation struct {
	Policy    [32]byte // its hash
	Admin     [32]byte
	Signature []byte // ed25519 over policy.CancelDigest
}

// postpone has a bundle wait. The delay counts from the later of window time and local clock: the window time may lie
// behind by days, before the first look at the chain, and would end a wait that it has slept through.
func postpone(tx Tx, now time.Time, p pendingPolicy, delay int64, looser []policy.Change) error {
	at, err := windowTime(tx)
	if err != nil {
		return err
	}
	since := latest(at, now)
	p.Since, p.Due = since.Unix(), since.Unix()+delay
	put(tx, keyPending, p)
	tx.Append(policyEntry(now, audit.PolicyPending, audit.Warning, p,
		"due", clock(fromUnix(p.Due)), "loosens", fmt.Sprint(len(looser)), "first", clip(looser[0].String())))
	return nil
}

// setTime moves the window time, on which a bundle whose wait is over is in force. There is no other way for time to pass, so
// whoever reads the bundle in force misses nothing.
func setTime(tx Tx, now, at time.Time) error {
	put(tx, keyTime, at.Unix())
	var p pendingPolicy
	waits, err := get(tx, keyPending, &p)
	if err != nil || !waits || at.Unix() < p.Due {
		return err
	}
	tx.Set(keyPending, nil)
	enforce(tx, now, p)
	return nil
}

// dropPending ends the wait of a bundle in whose place another one comes.
func (g *Guard) dropPending(tx Tx, now time.Time, by [32]byte) error {
	var p pendingPolicy
	waits, err := get(tx, keyPending, &p)
	if err != nil || !waits {
		return err
	}
	p.forget(tx)
	tx.Append(policyEntry(now, audit.PolicyDropped, audit.Info, p, "by", hex.EncodeToString(by[:])))
	return nil
}

// forget deletes a bundle that never came into force, and its document: of those there could be one a second.
func (p pendingPolicy) forget(tx Tx) {
	tx.Set(keyPending, nil)
	tx.Set(keyDocument(p.Hash), nil)
}

// CancelPolicy ends the wait of a bundle at once. Its version was taken in, so it doesn't come back by the signatures that
// it has.
func (g *Guard) CancelPolicy(tx Tx, now time.Time, c PolicyCancellation) error {
	d := policy.CancelDigest(g.cfg.Network, g.cfg.Party, c.Policy)
	if err := g.checkAdmin(c.Admin, d, c.Signature); err != nil {
		return fmt.Errorf("cancel policy: %w", err)
	}
	var p pendingPolicy
	waits, err := get(tx, keyPending, &p)
	switch {
	case err != nil:
		return fmt.Errorf("cancel policy: %w", err)
	case !waits:
		return errors.New("cancel policy: none waits to come into force")
	case p.Hash != c.Policy:
		return fmt.Errorf("cancel policy: the one that waits is %x, not %x", p.Hash, c.Policy)
	}
	p.forget(tx)
	e := policyEntry(now, audit.PolicyCancelled, audit.Warning, p)
	e.Actor.ID = hex.EncodeToString(c.Admin[:])
	tx.Append(e)
	return nil
}

// PendingPolicy returns the bundle that waits, nil when there is none.
func (g *Guard) PendingPolicy(tx Tx) (*PendingPolicy, error) {
	var p pendingPolicy
	if waits, err := get(tx, keyPending, &p); err != nil || !waits {
		return nil, err
	}
	current, err := g.Standing(tx)
	if err != nil {
		return nil, err
	}
	b, err := readBundle(tx, keyDocument(p.Hash), p.Hash, &g.pending)
	if errors.Is(err, errUnreadable) { // it can still be cancelled
		changes := []policy.Change{{Path: "document", New: "one that this release can't read"}}
		return &PendingPolicy{p.Version, p.Hash, p.Admins, fromUnix(p.Since), fromUnix(p.Due), changes}, nil
	}
	if err != nil {
		return nil, err
	}
	return &PendingPolicy{p.Version, p.Hash, p.Admins, fromUnix(p.Since), fromUnix(p.Due), current.loosens(b)}, nil
}
