package wire

import (
	"crypto/ed25519"
	"fmt"

	"github.com/tonaiagent/mpcnode/digest"
)

// Keygen is the proposal of a key generation, with all its terms. Its digest is what each party's operator approves.
type Keygen struct {
	Network  [32]byte `cbor:"1,keyasint"`
	Key      string   `cbor:"2,keyasint"`
	Epoch    uint32   `cbor:"3,keyasint"`
	Need     int      `cbor:"4,keyasint"`
	Parties  []string `cbor:"5,keyasint"`
	Proposer string   `cbor:"6,keyasint"` // party
	Nonce    [16]byte `cbor:"7,keyasint"`
	Expires  int64    `cbor:"8,keyasint"` // unix seconds
	Required []string `cbor:"9,keyasint"` // parties among the signers of every session
}

// ID returns the digest of the proposal.
func (k Keygen) ID() [32]byte { return digest.Sum(digest.Ceremony, k) }

// Approval is one operator's yes to one ceremony, for its own party.
type Approval struct {
	Ceremony  [32]byte `cbor:"1,keyasint"`
	Party     string   `cbor:"2,keyasint"`
	Operator  Key      `cbor:"3,keyasint"`
	Signature []byte   `cbor:"4,keyasint"`
}

// Approve signs the ceremony as an operator of party.
func Approve(ceremony [32]byte, party string, key ed25519.PrivateKey) Approval {
	sum := digest.Sum(digest.Approve, ceremony, party)
	return Approval{
		Ceremony: ceremony, Party: party,
		Operator: Key(key.Public().(ed25519.PublicKey)), Signature: ed25519.Sign(key, sum[:]),
	}
}

// Verify checks that an operator of the named party signed.
func (a Approval) Verify(m Manifest) error {
	p, ok := m.Party(a.Party)
	if !ok {
		return fmt.Errorf("approval by %.64q, who is no party of this network", a.Party)
	}
	sum := digest.Sum(digest.Approve, a.Ceremony, a.Party)
	for _, k := range p.Operators {
		if k == a.Operator && ed25519.Verify(k.Public(), sum[:], a.Signature) {
			return nil
		}
	}
	return fmt.Errorf("approval is not signed by an operator of %s", a.Party)
}

// CeremonyNews is what a party knows of a ceremony, exchanged whenever one learns something and on every connect.
type CeremonyNews struct {
	Keygen    Keygen      `cbor:"1,keyasint"`
	Approvals []Approval  `cbor:"2,keyasint"`
	Confirms  []Statement `cbor:"3,keyasint"`
	Aborts    []Statement `cbor:"4,keyasint"`
	Actives   []Statement `cbor:"5,keyasint"`
	Tests     []KeyTest   `cbor:"6,keyasint"`
}

// Abort is the promise of a party never to confirm a ceremony.
type Abort struct {
	Ceremony [32]byte `cbor:"1,keyasint"`
	Reason   string   `cbor:"2,keyasint"`
}

// Active says that a party holds all confirms and has made its share active.
type Active struct {
	Ceremony    [32]byte `cbor:"1,keyasint"`
	Certificate [32]byte `cbor:"2,keyasint"` // digest of the confirm body
}

// KeyTest is the signature of one set of signers over the key's test message.
type KeyTest struct {
	Signers   []string `cbor:"1,keyasint"`
	Signature [64]byte `cbor:"2,keyasint"`
}
