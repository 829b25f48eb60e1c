package guard

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// SignedBundle is a policy document with the signatures of this party's policy admins: as many as the bundle in force
// asks for, the first as many as it asks for itself.
type SignedBundle struct {
	Document   []byte
	Signatures []BundleSignature
}

// BundleSignature is that of one policy admin.
type BundleSignature struct {
	Admin     [32]byte
	Signature []byte // ed25519 over policy.SigningDigest
}

// currentPolicy is the record of the bundle in force.
type currentPolicy struct {
	Hash    [32]byte `cbor:"hash"`
	Version uint64   `cbor:"version"`
	Admin   [32]byte `cbor:"admin"` // who signed first; the audit log names all
	succession
}

// succession is what a bundle asks of the next one. It stands beside the document, for a release that can't read that.
type succession struct {
	Quorum int   `cbor:"quorum"`
	Delay  int64 `cbor:"delay"` // seconds
}

func successionOf(b *policy.Bundle) succession {
	return succession{b.Quorum, int64(b.LoosenDelay / time.Second)}
}

// ApplyPolicy takes in a bundle. One that loosens nothing is in force at once, and so is the first: nothing was allowed
// before. Any other waits for the loosenDelay of the bundle in force, and until then any policy admin can cancel it. Either
// takes the place of one that waits.
//
// It errs if the signatures aren't those of enough policy admins of this party, if the document doesn't parse, if its
// version isn't above every one that was taken in before, or its parent isn't the bundle in force.
func (g *Guard) ApplyPolicy(tx Tx, now time.Time, s SignedBundle) error {
	if err := g.applyPolicy(tx, now, s); err != nil {
		return fmt.Errorf("apply policy: %w", err)
	}
	return nil
}

func (g *Guard) applyPolicy(tx Tx, now time.Time, s SignedBundle) error {
	if err := g.checkSignatures(s); err != nil {
		return err
	}
	b, err := policy.Parse(s.Document)
	if err != nil {
		return err
	}
	current, err := g.Standing(tx)
	if err != nil {
		return err
	}
	if err := g.checkSuccession(tx, current, b, len(s.Signatures)); err != nil {
		return err
	}
	put(tx, keyDocument(b.Hash), s.Document)
	put(tx, keyVersion, b.Version)
	if err := g.dropPending(tx, now, b.Hash); err != nil {
		return err
	}
	p := pendingPolicy{Hash: b.Hash, Version: b.Version, Admins: adminsOf(s), succession: successionOf(b)}
	if current != nil && current.succession.Delay > 0 {
		if looser := current.loosens(b); len(looser) > 0 {
			return postpone(tx, now, p, current.succession.Delay, looser)
		}
	}
	enforce(tx, now, p)
	return nil
}

// checkSignatures refuses a bundle with a signature that is no policy admin's of this party, or one too many.
func (g *Guard) checkSignatures(s SignedBundle) error {
	n := len(s.Signatures)
	if n == 0 || n > maxKeys {
		return fmt.Errorf("%d signatures: want at least 1, and at most %d", n, maxKeys)
	}
	d := policy.SigningDigest(g.cfg.Network, g.cfg.Party, s.Document)
	for i, one := range s.Signatures {
		if err := g.checkAdmin(one.Admin, d, one.Signature); err != nil {
			return fmt.Errorf("signature %d of %d: %w", i+1, n, err)
		}
		if slices.ContainsFunc(s.Signatures[:i], func(o BundleSignature) bool { return o.Admin == one.Admin }) {
			return fmt.Errorf("signature %d of %d: policy admin %x has signed twice", i+1, n, one.Admin)
		}
	}
	return nil
}

// checkAdmin refuses what wasn't signed by one of this party's policy admins.
func (g *Guard) checkAdmin(admin, digest [32]byte, signature []byte) error {
	switch {
	case !slices.Contains(g.self().PolicyAdmins, admin):
		return fmt.Errorf("signed by %x, a key that is no policy admin of this party", admin)
	case len(signature) != ed25519.SignatureSize || !ed25519.Verify(admin[:], digest[:], signature):
		return fmt.Errorf("the signature of policy admin %x does not fit", admin)
	}
	return nil
}

// checkSuccession refuses what must not follow the bundle in force, of which there is none before the first.
func (g *Guard) checkSuccession(tx Tx, current *Standing, b *policy.Bundle, signed int) error {
	next, err := g.NextVersion(tx)
	if err != nil {
		return err
	}
	quorum, parent := b.Quorum, [32]byte{}
	if current != nil {
		quorum, parent = current.succession.Quorum, current.Hash
	}
	admins := len(g.self().PolicyAdmins)
	switch {
	case b.Version-next > maxVersionStep && b.Version > next:
		return fmt.Errorf("version %d is far above %d, the least that it may be", b.Version, next)
	case b.Version < next:
		return fmt.Errorf("version %d is not above %d, which was taken in before", b.Version, next-1)
	case b.Parent != parent:
		return fmt.Errorf("parent is not %x, the bundle in force", parent)
	case b.Quorum > admins:
		return fmt.Errorf("quorum: %d policy admins would have to sign the next document, and this party has %d", b.Quorum, admins)
	case signed < quorum:
		return fmt.Errorf("%d of %d signatures are there: %d policy admins of this party have to sign", signed, quorum, quorum)
	}
	return nil
}

// NextVersion returns the least version that a new bundle may have: none is taken twice, be it replaced or cancelled, so
// that whoever holds the signatures of an old one can't bring it back.
func (g *Guard) NextVersion(tx Tx) (uint64, error) {
	var taken uint64
	if known, err := get(tx, keyVersion, &taken); err != nil || known {
		return taken + 1, err
	}
	var current currentPolicy // of a ledger from before that record
	_, err := get(tx, keyPolicy, &current)
	return current.Version + 1, err
}

// enforce puts a bundle into force.
func enforce(tx Tx, now time.Time, p pendingPolicy) {
	put(tx, keyPolicy, currentPolicy{p.Hash, p.Version, p.Admins[0], p.succession})
	tx.Append(policyEntry(now, audit.PolicyApplied, audit.Info, p))
	overtake(tx, now, p)
}

// policyEntry says what became of a bundle; more are pairs, as for audit.KV.
func policyEntry(now time.Time, t audit.EventType, s audit.Severity, p pendingPolicy, more ...string) audit.Entry {
	admins := make([]string, len(p.Admins))
	for i, a := range p.Admins {
		admins[i] = hex.EncodeToString(a[:])
	}
	return audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: t, Action: "policy",
		Actor:    audit.Actor{Type: "policy_admin", ID: admins[0]},
		Resource: audit.Resource{Type: "policy", ID: hex.EncodeToString(p.Hash[:])},
		Outcome:  audit.Success, Severity: s, PolicyHash: p.Hash,
		Details: audit.KV(append([]string{"version", fmt.Sprint(p.Version), "admins", strings.Join(admins, " ")}, more...)...),
	}
}

func adminsOf(s SignedBundle) [][32]byte {
	admins := make([][32]byte, len(s.Signatures))
	for i, one := range s.Signatures {
		admins[i] = one.Admin
	}
	return admins
}

// readBundle parses the document that was kept under a key and has that hash, unless it is the one that was parsed last.
func readBundle(tx Tx, k Key, hash [32]byte, last *atomic.Pointer[policy.Bundle]) (*policy.Bundle, error) {
	if b := last.Load(); b != nil && b.Hash == hash {
		return b, nil
	}
	var document []byte
	if ok, err := get(tx, k, &document); err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("read policy %x: document is missing", hash), err)
	}
	if is := policy.Hash(document); is != hash {
		return nil, fmt.Errorf("read policy %x: document has hash %x", hash, is)
	}
	b, err := policy.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	last.Store(b)
	return b, nil
}

// PolicyDocument returns the exact bytes of a bundle that was taken in, nil if it never was.
func (g *Guard) PolicyDocument(tx Tx, hash [32]byte) (document []byte, err error) {
	_, err = get(tx, keyDocument(hash), &document)
	return document, err
}
