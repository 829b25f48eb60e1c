package guard

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// SignedBundle is a policy document with the signature of one of this party's policy admins.
type SignedBundle struct {
	Document  []byte
	Admin     [32]byte
	Signature []byte // ed25519 over policy.SigningDigest
}

// currentPolicy is the record of the bundle in force.
type currentPolicy struct {
	Hash    [32]byte `cbor:"hash"`
	Version uint64   `cbor:"version"`
	Admin   [32]byte `cbor:"admin"`
}

// ApplyPolicy puts a bundle into force at once. It errs if the signature isn't that of one of this party's policy
// admins, if the document doesn't parse, if its version isn't above the one in force or its parent isn't that bundle.
func (g *Guard) ApplyPolicy(tx Tx, now time.Time, s SignedBundle) error {
	b, err := g.checkBundle(tx, s)
	if err != nil {
		return fmt.Errorf("apply policy: %w", err)
	}
	put(tx, keyDocument(b.Hash), s.Document)
	put(tx, keyPolicy, currentPolicy{b.Hash, b.Version, s.Admin})
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.PolicyApplied, Action: "policy",
		Actor:    audit.Actor{Type: "policy_admin", ID: hex.EncodeToString(s.Admin[:])},
		Resource: audit.Resource{Type: "policy", ID: hex.EncodeToString(b.Hash[:])},
		Outcome:  audit.Success, Severity: audit.Info, PolicyHash: b.Hash,
		Details: audit.KV("version", fmt.Sprint(b.Version), "parent", hex.EncodeToString(b.Parent[:])),
	})
	return nil
}

func (g *Guard) checkBundle(tx Tx, s SignedBundle) (*policy.Bundle, error) {
	d := policy.SigningDigest(g.cfg.Network, g.cfg.Party, s.Document)
	switch {
	case !slices.Contains(g.self().PolicyAdmins, s.Admin):
		return nil, errors.New("signed by a key that is no policy admin of this party")
	case len(s.Signature) != ed25519.SignatureSize || !ed25519.Verify(s.Admin[:], d[:], s.Signature):
		return nil, errors.New("the policy admin's signature does not fit")
	}
	b, err := policy.Parse(s.Document)
	if err != nil {
		return nil, err
	}
	var current currentPolicy
	if _, err := get(tx, keyPolicy, &current); err != nil {
		return nil, err
	}
	if b.Version <= current.Version {
		return nil, fmt.Errorf("version %d is not above %d, which is in force", b.Version, current.Version)
	}
	if b.Parent != current.Hash {
		return nil, fmt.Errorf("parent is not %x, the bundle in force", current.Hash)
	}
	return b, nil
}

// Policy returns the bundle in force, nil when there is none. A bundle that can't be read is an error: nothing is
// decided without it.
func (g *Guard) Policy(tx Tx) (*policy.Bundle, error) {
	var current currentPolicy
	if ok, err := get(tx, keyPolicy, &current); err != nil || !ok {
		return nil, err
	}
	if b := g.bundle.Load(); b != nil && b.Hash == current.Hash {
		return b, nil
	}
	var document []byte
	if ok, err := get(tx, keyDocument(current.Hash), &document); err != nil || !ok {
		return nil, fmt.Errorf("read policy %x: document is missing: %w", current.Hash, err)
	}
	b, err := policy.Parse(document)
	if err != nil {
		return nil, err
	}
	if b.Hash != current.Hash {
		return nil, fmt.Errorf("read policy %x: document has hash %x", current.Hash, b.Hash)
	}
	g.bundle.Store(b)
	return b, nil
}

// PolicyDocument returns the exact bytes of a bundle that is or was in force, nil if it never was.
func (g *Guard) PolicyDocument(tx Tx, hash [32]byte) (document []byte, err error) {
	_, err = get(tx, keyDocument(hash), &document)
	return document, err
}
