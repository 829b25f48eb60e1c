package guard

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/digest"
)

// Record is something an operator puts into force at one node.
type Record interface{ kind() string }

// Signed is a record with the signature of one of this node's own operators: no party can enrol anything at another.
type Signed[T Record] struct {
	Body      T        `cbor:"body"`
	Operator  [32]byte `cbor:"operator"`
	Signature []byte   `cbor:"signature"` // ed25519 over RecordDigest
}

// RecordDigest returns what an operator of a party signs for a record.
func RecordDigest(network [32]byte, party string, r Record) [32]byte {
	return digest.Sum(digest.Operator, network, party, r.kind(), digest.Encode(r))
}

// verify refuses a record that wasn't signed by one of this node's own operators.
func verify[T Record](g *Guard, s Signed[T]) error {
	return verifyBy(g, s, g.self().Operators, "operator")
}

// verifyBy refuses a record that wasn't signed by one of those keys of this node's own people.
func verifyBy[T Record](g *Guard, s Signed[T], keys [][32]byte, role string) error {
	d := RecordDigest(g.cfg.Network, g.cfg.Party, s.Body)
	switch {
	case !slices.Contains(keys, s.Operator):
		return fmt.Errorf("signed by a key that is no %s of this party", role)
	case len(s.Signature) != ed25519.SignatureSize || !ed25519.Verify(s.Operator[:], d[:], s.Signature):
		return fmt.Errorf("the %s's signature does not fit", role)
	}
	return nil
}
