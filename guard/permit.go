package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
)

// What ends an attempt. Everything else that Permit and Release return is plain text.
var (
	ErrKilled        = errors.New("signing is stopped")
	ErrExpired       = errors.New("expired")
	ErrPolicyChanged = errors.New("the policy has changed since the decision")
	ErrTripsChanged  = errors.New("the set of trips has changed since the session began")
)

// Terms are those of one attempt: a session of exactly Need signers over one reserved payload.
type Terms struct {
	Session [32]byte // session id, which the caller has computed itself
	Request [32]byte // request digest
	Payload [32]byte // signing hash
	Key     string
	Epoch   uint32
	Signers []string // in the session's order
	Attempt int      // from 1
	Expires time.Time

	Reservations []Reservation // of the accounting set, for a wallet without a seqno; nil for others
}

// Permit lets the vault open one share once, for one attempt. Only a Guard makes one; the zero Permit refuses.
type Permit struct {
	key     string
	epoch   uint32
	hash    [32]byte
	session [32]byte
	signers []string
	expires time.Time
	attempt uint32
	trips   [32]byte
	policy  [32]byte
	test    bool
	valid   bool
	used    atomic.Bool
}

// Key returns the id of the key, Epoch that of its sharing, Hash what is to be signed, Session and Signers the session
// it is for, Expires its end, and Test whether it is for a key test.
func (p *Permit) Key() string        { return p.key }
func (p *Permit) Epoch() uint32      { return p.epoch }
func (p *Permit) Hash() [32]byte     { return p.hash }
func (p *Permit) Session() [32]byte  { return p.session }
func (p *Permit) Signers() []string  { return slices.Clone(p.signers) }
func (p *Permit) Expires() time.Time { return p.expires }
func (p *Permit) Test() bool         { return p.test }

// Use spends p. It errs if p was made by no guard, was used before, or has expired.
func (p *Permit) Use(now time.Time) error {
	switch {
	case p == nil || !p.valid:
		return errors.New("permit: made by no guard")
	case !now.Before(p.expires):
		return fmt.Errorf("permit: %w", ErrExpired)
	case !p.used.CompareAndSwap(false, true):
		return errors.New("permit: used before")
	}
	return nil
}

// Permit mints a permit for one attempt from the reservation on disk. It writes nothing, so that it costs no sync: the
// attempt is recorded by Release, and of several permits for one attempt the first that is released is the only one.
func (g *Guard) Permit(tx Tx, now time.Time, t Terms) (*Permit, error) {
	p, known, err := g.Payload(tx, t.Payload)
	if err != nil {
		return nil, fmt.Errorf("permit: %w", err)
	}
	if !known || !p.live() || p.Effect != Allow {
		return nil, fmt.Errorf("permit: %w", errNotReserved)
	}
	if err := g.checkTerms(tx, now, t, p); err != nil {
		return nil, fmt.Errorf("permit: %w", err)
	}
	trips, err := g.checkStanding(tx, now, t.Payload, p)
	if err != nil {
		return nil, fmt.Errorf("permit: %w", err)
	}
	return &Permit{
		key: t.Key, epoch: t.Epoch, hash: t.Payload, session: t.Session, signers: slices.Clone(t.Signers),
		expires: t.Expires, attempt: uint32(t.Attempt), trips: trips, policy: p.Policy, valid: true,
	}, nil
}

// checkTerms holds the terms of an attempt against the reservation.
func (g *Guard) checkTerms(tx Tx, now time.Time, t Terms, p Payload) error {
	w, known, err := wallet(tx, p.Wallet)
	switch {
	case err != nil:
		return err
	case !w.Custody.Shared():
		return errors.New("the wallet's key is not shared by the parties")
	case !known || t.Key != w.Key || t.Epoch != w.Epoch:
		return fmt.Errorf("key %.70q, epoch %d is not the wallet's", t.Key, t.Epoch)
	case t.Request != p.Request:
		return errors.New("the payload is reserved for another request")
	case t.Session == [32]byte{} || t.Session == p.Session:
		return errors.New("the session is missing, or that of an earlier attempt")
	case t.Attempt <= int(p.Attempt) || t.Attempt > maxAttempt:
		return fmt.Errorf("attempt %d is not above %d and at most %d", t.Attempt, p.Attempt, maxAttempt)
	case !slices.Contains(t.Signers, g.cfg.Party):
		return errors.New("this party is not among the signers")
	case !now.Before(t.Expires):
		return ErrExpired
	case t.Expires.Unix() > p.RequestExpires || t.Expires.Unix() > p.ValidUntil:
		return errors.New("the terms outlive the request or the payload")
	}
	return errors.Join(g.checkQuorum(t.Signers), g.checkAccounted(w, t))
}

// checkStanding checks what may have changed since the decision: stops, time, the bundle, and what the chain has shown.
// It returns the trip-set hash.
func (g *Guard) checkStanding(tx Tx, now time.Time, hash [32]byte, p Payload) ([32]byte, error) {
	trips, err := g.TripSet(tx)
	if err != nil {
		return [32]byte{}, err
	}
	if v, stopped := trips.stopped(p.Wallet, p.Agent); stopped {
		return [32]byte{}, fmt.Errorf("%w: trip %s", ErrKilled, v.Observed)
	}
	if err := g.checkAgentStanding(tx, now, p); err != nil {
		return [32]byte{}, err
	}
	at, err := windowTime(tx)
	if err != nil {
		return [32]byte{}, err
	}
	end := min(p.RequestExpires, p.ValidUntil)
	if now.Unix() >= end || at.Unix() >= end {
		return [32]byte{}, ErrExpired
	}
	return trips.Hash, errors.Join(g.checkBundleInForce(tx, p.Policy), g.checkChain(tx, p), g.checkUnlisted(tx, hash))
}

// checkUnlisted makes an entry on the blacklist count for what was decided before.
func (g *Guard) checkUnlisted(tx Tx, hash [32]byte) error {
	var p payees
	if _, err := get(tx, keyPayees(hash), &p); err != nil {
		return err
	}
	r, err := g.openBlacklist(tx)
	if err != nil {
		return err
	}
	for _, x := range p.List {
		if x.To.IsZero() {
			continue
		}
		l, found, err := r.look(x.To)
		if err != nil {
			return err
		}
		if found && l.Denies() {
			return fmt.Errorf("since the decision %s", l)
		}
	}
	return nil
}

// checkAgentStanding makes suspending an agent immediate.
func (g *Guard) checkAgentStanding(tx Tx, now time.Time, p Payload) error {
	a, known, err := g.Agent(tx, p.Agent)
	if err != nil {
		return err
	}
	if !known || a.Suspended || !a.validAt(now) || !slices.Contains(a.Wallets, p.Wallet) {
		return fmt.Errorf("agent %.70q is suspended or no longer enrolled for the wallet", p.Agent)
	}
	return nil
}

func (g *Guard) checkBundleInForce(tx Tx, hash [32]byte) error {
	var current currentPolicy
	if _, err := get(tx, keyPolicy, &current); err != nil {
		return err
	}
	if current.Hash != hash {
		return ErrPolicyChanged
	}
	return nil
}

func (g *Guard) checkChain(tx Tx, p Payload) error {
	pos, _, err := g.Position(tx, p.Wallet)
	if err != nil {
		return err
	}
	w, _, err := wallet(tx, p.Wallet)
	if err != nil {
		return err
	}
	n, err := g.Unexplained(tx, p.Wallet)
	switch {
	case err != nil:
		return err
	case n > 0:
		return errors.New("the wallet has an unexplained transaction")
	case pos.Seqno != p.Seqno && !w.Highload():
		return fmt.Errorf("the account is at seqno %d, the payload is for %d", pos.Seqno, p.Seqno)
	}
	return checkContract(tx, p)
}

func (g *Guard) auditAttempt(tx Tx, now time.Time, t audit.EventType, payload [32]byte, p Payload, more audit.Details) {
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: t, Action: "sign", Request: p.RequestID,
		Actor:    audit.Actor{Type: "agent", ID: p.Agent},
		Resource: audit.Resource{Type: "wallet", ID: p.Wallet},
		Outcome:  audit.Success, Severity: audit.Info, PolicyHash: p.Policy,
		Details: append(audit.KV("payload", hex.EncodeToString(payload[:])), more...),
	})
}
