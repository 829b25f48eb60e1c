package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// TestTerms are those of one attempt at the test signature of a new key by one set of signers. What is signed is
// computed here; the caller passes no hash.
type TestTerms struct {
	Session [32]byte
	Key     string
	Epoch   uint32
	Signers []string
}

// keyTest is the record kt/<key>/<epoch>/<message>.
type keyTest struct {
	Attempts uint32   `cbor:"attempts"`
	Session  [32]byte `cbor:"session"` // of the latest
	Done     bool     `cbor:"done"`
}

// KeyTestMessage returns what a set of signers signs, in any order, to show that it can sign with a key. It is the
// hash of no payload.
func (g *Guard) KeyTestMessage(key string, epoch uint32, signers []string) [32]byte {
	signers = slices.Clone(signers)
	slices.Sort(signers)
	return digest.Sum(digest.KeyTest, g.cfg.Network, key, epoch, signers)
}

// TestPermit mints a permit for the key test of a set of signers, until one of them has succeeded: an attempt that a
// lost connection ended may be repeated, with a new session, maxKeyTests times.
func (g *Guard) TestPermit(tx Tx, now time.Time, t TestTerms) (*Permit, error) {
	trips, r, err := g.checkTest(tx, t)
	if err != nil {
		return nil, fmt.Errorf("test permit: %w", err)
	}
	hash := g.KeyTestMessage(t.Key, t.Epoch, t.Signers)
	put(tx, keyTestOf(t.Key, t.Epoch, hash), keyTest{Attempts: r.Attempts + 1, Session: t.Session})
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.KeyTested, Action: "key_test",
		Actor:    audit.Actor{Type: "party", ID: g.cfg.Party},
		Resource: audit.Resource{Type: "key", ID: t.Key},
		Outcome:  audit.Success, Severity: audit.Info,
		Details: audit.KV("epoch", fmt.Sprint(t.Epoch), "signers", strings.Join(t.Signers, " ")),
	})
	return &Permit{
		key: t.Key, epoch: t.Epoch, hash: hash, session: t.Session, signers: slices.Clone(t.Signers),
		expires: now.Add(testValidity), trips: trips, test: true, valid: true,
	}, nil
}

func (g *Guard) checkTest(tx Tx, t TestTerms) (trips [32]byte, r keyTest, err error) {
	if !validID(t.Key) || t.Epoch == 0 || t.Session == [32]byte{} || !slices.Contains(t.Signers, g.cfg.Party) {
		return trips, r, errors.New("key, epoch or session is missing, or this party is not among the signers")
	}
	if err := g.checkQuorum(t.Signers); err != nil {
		return trips, r, err
	}
	if trips, err = g.standing(tx); err != nil {
		return trips, r, err
	}
	hash := g.KeyTestMessage(t.Key, t.Epoch, t.Signers)
	_, err = get(tx, keyTestOf(t.Key, t.Epoch, hash), &r)
	switch {
	case err != nil:
		return trips, r, err
	case r.Done:
		return trips, r, errors.New("these signers have passed their test")
	case r.Attempts >= maxKeyTests || r.Session == t.Session:
		return trips, r, errors.New("too many attempts, or the session of an earlier one")
	}
	return trips, r, nil
}

// Tested records that a set of signers has produced a verified test signature; it ends the tests of that set.
func (g *Guard) Tested(tx Tx, key string, epoch uint32, signers []string) error {
	var r keyTest
	k := keyTestOf(key, epoch, g.KeyTestMessage(key, epoch, signers))
	if _, err := get(tx, k, &r); err != nil {
		return fmt.Errorf("record key test: %w", err)
	}
	r.Done = true
	put(tx, k, r)
	return nil
}

// TestPassed reports whether Tested was called for a set of signers.
func (g *Guard) TestPassed(tx Tx, key string, epoch uint32, signers []string) (bool, error) {
	var r keyTest
	_, err := get(tx, keyTestOf(key, epoch, g.KeyTestMessage(key, epoch, signers)), &r)
	return r.Done, err
}

// releaseTest is Release for a key test: there is no payload to reserve, but a stop stops it.
func (g *Guard) releaseTest(tx Tx, p *Permit) error {
	trips, err := g.standing(tx)
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if trips != p.trips {
		return fmt.Errorf("release: %w", ErrTripsChanged)
	}
	var r keyTest
	if _, err := get(tx, keyTestOf(p.key, p.epoch, p.hash), &r); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if r.Done || r.Session != p.session {
		return errors.New("release: the permit is not that of the latest attempt at this test")
	}
	return nil
}

// standing returns the trip-set hash, or ErrKilled while the network is stopped.
func (g *Guard) standing(tx Tx) ([32]byte, error) {
	trips, err := g.TripSet(tx)
	if err != nil {
		return [32]byte{}, err
	}
	if v, stopped := trips.stopped("", ""); stopped {
		return [32]byte{}, fmt.Errorf("%w: trip %s", ErrKilled, v.Observed)
	}
	return trips.Hash, nil
}
