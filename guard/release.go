package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
)

// Release records that the last message of this node may leave, after which a signature may exist. It is asked under
// the gate that a trip takes too. It errs, and the attempt ends, with ErrKilled, ErrExpired, ErrPolicyChanged or
// ErrTripsChanged, or if this attempt or a later one was released before.
func (g *Guard) Release(tx Tx, now time.Time, p *Permit) error {
	if p == nil || !p.valid {
		return errors.New("release: permit was made by no guard")
	}
	if !now.Before(p.expires) {
		return fmt.Errorf("release: %w", ErrExpired)
	}
	if p.test {
		return g.releaseTest(tx, p)
	}
	if err := g.release(tx, now, p); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

func (g *Guard) release(tx Tx, now time.Time, p *Permit) error {
	r, _, err := g.Payload(tx, p.hash)
	if err != nil {
		return err
	}
	if !r.live() || r.Effect != Allow || p.attempt <= r.Attempt || p.session == r.Session {
		return errors.New("a later attempt at the payload, or this one, was released before")
	}
	w, _, err := wallet(tx, r.Wallet)
	if err != nil {
		return err
	}
	if w.Key != p.key || w.Epoch != p.epoch {
		return fmt.Errorf("epoch %d of the key is over", p.epoch)
	}
	trips, err := g.checkStanding(tx, now, p.hash, r)
	if err != nil {
		return err
	}
	if trips != p.trips {
		return ErrTripsChanged
	}
	if r.Policy != p.policy {
		return ErrPolicyChanged
	}
	r.State, r.Attempt, r.Session = Releasing, p.attempt, p.session
	put(tx, keyPayload(p.hash), r)
	g.auditAttempt(tx, now, audit.TransactionReleasing, p.hash, r, audit.KV(
		"session", hex.EncodeToString(p.session[:]), "attempt", fmt.Sprint(p.attempt),
		"signers", strings.Join(p.signers, " "), "trips", hex.EncodeToString(p.trips[:])))
	return nil
}

// Signed records that a verified signature over the payload exists. The payload goes on counting until the chain shows
// what became of it.
func (g *Guard) Signed(tx Tx, now time.Time, payload [32]byte, signature [64]byte) error {
	p, known, err := g.Payload(tx, payload)
	if err != nil {
		return fmt.Errorf("record signature: %w", err)
	}
	if !known {
		return errors.New("record signature: the payload is not known here")
	}
	g.auditAttempt(tx, now, audit.TransactionSigned, payload, p, audit.KV("signature", hex.EncodeToString(signature[:])))
	return nil
}

// Failed records that an attempt ended without a signature known here, and why. The payload goes on counting.
func (g *Guard) Failed(tx Tx, now time.Time, payload [32]byte, why string) error {
	p, known, err := g.Payload(tx, payload)
	if err != nil {
		return fmt.Errorf("record failure: %w", err)
	}
	if !known {
		return errors.New("record failure: the payload is not known here")
	}
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.TransactionFailed, Action: "sign", Request: p.RequestID,
		Actor:    audit.Actor{Type: "agent", ID: p.Agent},
		Resource: audit.Resource{Type: "wallet", ID: p.Wallet},
		Outcome:  audit.Failure, Severity: audit.Warning, PolicyHash: p.Policy,
		Details: audit.KV("payload", hex.EncodeToString(payload[:]), "why", clip(why)),
	})
	return nil
}
