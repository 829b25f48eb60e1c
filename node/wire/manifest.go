package wire

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tonaiagent/mpcnode/digest"
)

// DevNetwork is the only network name under which chain state may be unproven.
const DevNetwork = "dev"

// Manifest names a network: its chain, its parties and how many of them must sign. Its digest is the network id, which
// every request, session and statement carries; nodes whose digests differ don't talk.
type Manifest struct {
	Name     string   `cbor:"1,keyasint"`           // e.g. dev, testnet, mainnet
	GlobalID int32    `cbor:"2,keyasint"`           // TON's global id: −239 mainnet, −3 testnet
	Need     int      `cbor:"3,keyasint"`           // how many must sign ("threshold" to users)
	Parties  []Party  `cbor:"4,keyasint"`           // ordered by name
	Required []string `cbor:"5,keyasint"`           // parties among the signers of every session
	Trusted  string   `cbor:"6,keyasint,omitempty"` // masterchain block that chain proofs start from, seqno:root hash:file hash; "" on dev only

	Accounting []string `cbor:"7,keyasint,omitempty"` // parties that reserve every payload of a wallet without a seqno
}

// Party is one owner and its node.
type Party struct {
	Name         string `cbor:"1,keyasint"`
	Identity     Key    `cbor:"2,keyasint"` // the node's identity key: peer id and statements
	Operators    []Key  `cbor:"3,keyasint"` // run this node: keygen, wallets, agents, lifting trips
	PolicyAdmins []Key  `cbor:"4,keyasint"` // sign this node's policy
	Trippers     []Key  `cbor:"5,keyasint"` // may stop, and nothing else
	Auditors     []Key  `cbor:"6,keyasint"` // may read, and nothing else
}

// Key is an Ed25519 public key (RFC 8032), written as 64 hex digits.
type Key [32]byte

// MarshalText writes 64 hex digits.
func (k Key) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText reads 64 hex digits.
func (k *Key) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return fmt.Errorf("public key %.70q: %d characters, want 64 hex digits", b, len(b))
	}
	if _, err := hex.Decode(k[:], b); err != nil {
		return fmt.Errorf("public key %q: want 64 hex digits", b)
	}
	return nil
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Public returns the key as crypto/ed25519 takes it.
func (k Key) Public() ed25519.PublicKey { return ed25519.PublicKey(k[:]) }

// MaxParties is what the threshold protocol is tested for.
const MaxParties = 5

var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// ValidID reports whether s may name a party, key, wallet or agent.
func ValidID(s string) bool { return validID.MatchString(s) }

// ID returns the network id.
func (m Manifest) ID() [32]byte { return digest.Sum(digest.Manifest, m) }

// Party returns the section of the named party.
func (m Manifest) Party(name string) (Party, bool) {
	i := slices.IndexFunc(m.Parties, func(p Party) bool { return p.Name == name })
	if i < 0 {
		return Party{}, false
	}
	return m.Parties[i], true
}

// Names returns the parties' names in order.
func (m Manifest) Names() []string {
	names := make([]string, len(m.Parties))
	for i, p := range m.Parties {
		names[i] = p.Name
	}
	return names
}

// Check returns everything that is wrong with the manifest, joined.
func (m Manifest) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !ValidID(m.Name) {
		bad("network name %q: want %s", m.Name, validID)
	}
	if m.GlobalID == 0 {
		bad("network global_id is missing: -239 for mainnet, -3 for testnet")
	}
	if len(m.Parties) < 2 || len(m.Parties) > MaxParties {
		bad("network has %d parties: want 2 to %d", len(m.Parties), MaxParties)
	}
	if m.Need < 2 || m.Need > len(m.Parties) {
		bad("threshold %d: want at least 2 and at most the number of parties, %d: one party alone must not sign", m.Need, len(m.Parties))
	}
	if !slices.IsSortedFunc(m.Parties, func(a, b Party) int { return compare(a.Name, b.Name) }) {
		bad("parties are not sorted by name")
	}
	errs = append(errs, m.checkKeys(), m.checkRequired(), m.checkAccounting())
	return errors.Join(errs...)
}

// checkKeys refuses a key that stands in two parties: an owner with two parties is one owner.
func (m Manifest) checkKeys() error {
	var errs []error
	owner, identity := map[Key]string{}, map[Key]string{}
	names := map[string]bool{}
	for _, p := range m.Parties {
		if !ValidID(p.Name) || names[p.Name] {
			errs = append(errs, fmt.Errorf("party name %q is invalid or there twice", p.Name))
		}
		names[p.Name] = true
		if p.Identity == (Key{}) || identity[p.Identity] != "" {
			errs = append(errs, fmt.Errorf("party %s: identity is missing or belongs to another party", p.Name))
		}
		identity[p.Identity] = p.Name
		if len(p.Operators) == 0 {
			errs = append(errs, fmt.Errorf("party %s has no operator", p.Name))
		}
		for _, k := range slices.Concat(p.Operators, p.PolicyAdmins, p.Trippers, p.Auditors) {
			if other := owner[k]; k == (Key{}) || identity[k] != "" || other != "" && other != p.Name {
				errs = append(errs, fmt.Errorf("party %s: key %s is zero, a node's identity, or enrolled at party %q too", p.Name, k, other))
			}
			owner[k] = p.Name
		}
	}
	return errors.Join(errs...)
}

func (m Manifest) checkRequired() error {
	if len(m.Required) > m.Need {
		return fmt.Errorf("%d required parties, but only %d sign", len(m.Required), m.Need)
	}
	for i, r := range m.Required {
		if _, ok := m.Party(r); !ok || slices.Contains(m.Required[:i], r) {
			return fmt.Errorf("required party %q is unknown or there twice", r)
		}
	}
	return nil
}

// checkAccounting wants as many parties as sign: with fewer, all of them could be malicious where signing is still safe.
func (m Manifest) checkAccounting() error {
	if n := len(m.Accounting); n > 0 && n != m.Need {
		return fmt.Errorf("accounting has %d parties: want none, or as many as sign, %d", n, m.Need)
	}
	for i, a := range m.Accounting {
		if _, ok := m.Party(a); !ok || slices.Contains(m.Accounting[:i], a) {
			return fmt.Errorf("accounting party %q is unknown or there twice", a)
		}
	}
	return nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
