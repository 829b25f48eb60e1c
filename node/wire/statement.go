package wire

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/digest"
)

// Statement is something a party said under its identity key, so that it can be shown to a third. Proof is opaque here
// so that one signature can later cover a batch; today it is the Ed25519 signature over
// Digest("statement/v1", network, kind, party, body).
type Statement struct {
	Kind  string `cbor:"1,keyasint"`
	Party string `cbor:"2,keyasint"`
	Body  []byte `cbor:"3,keyasint"`
	Proof []byte `cbor:"4,keyasint"`
}

// The kinds of statements. Each has one body type.
const (
	KindAnswer  = "answer"  // Answer
	KindReceipt = "receipt" // Receipt
	KindConfirm = "confirm" // the confirm body of a keygen, as tss returned it
	KindAbort   = "abort"   // Abort
	KindActive  = "active"  // Active
)

// ErrStatement is wrapped by every error of Open.
var ErrStatement = errors.New("statement")

// State signs body as party's statement.
func State(network [32]byte, kind, party string, key ed25519.PrivateKey, body any) Statement {
	raw, ok := body.([]byte)
	if !ok {
		raw = digest.Encode(body)
	}
	sum := digest.Sum(digest.Statement, network, kind, party, raw)
	return Statement{Kind: kind, Party: party, Body: raw, Proof: ed25519.Sign(key, sum[:])}
}

// Verify checks that the party named in s said it, in this network and as this kind.
func (s Statement) Verify(m Manifest, kind string) error {
	if s.Kind != kind {
		return fmt.Errorf("%w: is of kind %.20q, want %q", ErrStatement, s.Kind, kind)
	}
	p, ok := m.Party(s.Party)
	if !ok {
		return fmt.Errorf("%w: by %.64q, who is no party of this network", ErrStatement, s.Party)
	}
	sum := digest.Sum(digest.Statement, m.ID(), s.Kind, s.Party, s.Body)
	if !ed25519.Verify(p.Identity.Public(), sum[:], s.Proof) {
		return fmt.Errorf("%w: the signature is not %s's", ErrStatement, s.Party)
	}
	return nil
}

// Open verifies s and decodes its body into v.
func (s Statement) Open(m Manifest, kind string, v any) error {
	if err := s.Verify(m, kind); err != nil {
		return err
	}
	return s.Read(v)
}

// Read decodes the body into v without verifying: for statements that arrived on the party's own authenticated link.
func (s Statement) Read(v any) error {
	if err := digest.Decode(s.Body, v); err != nil {
		return fmt.Errorf("%w: decode %s: %v", ErrStatement, s.Kind, err)
	}
	return nil
}

// ID is the digest under which others refer to s.
func (s Statement) ID() [32]byte { return digest.Sum(digest.Statement, s) }
