package wire

import (
	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

// Proposal asks a party to read a request and its payload, and to say whether it would sign. It carries the agent's
// signed HTTP request byte for byte: a coordinator is a courier.
type Proposal struct {
	Request reqsig.Envelope `cbor:"1,keyasint"`
	Payload []byte          `cbor:"2,keyasint"` // BoC of the cell whose hash is signed
}

// Answer is what one party's guard decided about one payload.
type Answer struct {
	Request    [32]byte `cbor:"1,keyasint"` // request digest
	Payload    [32]byte `cbor:"2,keyasint"` // signing hash
	Effect     uint8    `cbor:"3,keyasint"` // guard.Effect
	Reasons    []Reason `cbor:"4,keyasint"` // refusals in layer order, codes only: numbers stay at home
	PolicyHash [32]byte `cbor:"5,keyasint"`
	Reserved   bool     `cbor:"6,keyasint"`  // the reservation is on this party's disk
	Nonce      [32]byte `cbor:"7,keyasint"`  // for the attempt below
	Attempt    int      `cbor:"10,keyasint"` // 1, or the next one for a payload that was at work before
	Seq        uint64   `cbor:"8,keyasint"`  // of the audit entry
	Checkpoint []byte   `cbor:"9,keyasint,omitempty"`
}

// Reason is why a layer refused.
type Reason struct {
	Layer string `cbor:"1,keyasint"`
	Code  string `cbor:"2,keyasint"`
}

// SessionTerms are everything a signing session is bound to. Its digest is the session id; every signer computes it
// from what it knows itself.
type SessionTerms struct {
	Network     [32]byte   `cbor:"1,keyasint"`
	Key         string     `cbor:"2,keyasint"`
	Epoch       uint32     `cbor:"3,keyasint"`
	Path        string     `cbor:"4,keyasint"` // derivation path, "" for the key itself
	Engine      string     `cbor:"5,keyasint"`
	Coordinator string     `cbor:"6,keyasint"`
	Wallet      string     `cbor:"7,keyasint"`
	Request     [32]byte   `cbor:"8,keyasint"`
	Payload     [32]byte   `cbor:"9,keyasint"`
	Decisions   [][32]byte `cbor:"10,keyasint"` // the signers' answers, in the order of Signers
	Signers     []string   `cbor:"11,keyasint"` // in the request's order
	Attempt     int        `cbor:"12,keyasint"`
	Nonces      [][32]byte `cbor:"13,keyasint"` // one a signer, in the order of Signers
	TripSet     [32]byte   `cbor:"14,keyasint"`
}

// EngineTSSLib is the signing protocol of tss-lib v2.
const EngineTSSLib = "tss-lib/v2"

// ID returns the session id.
func (t SessionTerms) ID() [32]byte { return digest.Sum(digest.Session, t) }

// Open asks a signer to take part in a session. It carries the signers' answers as statements, so that each signer has
// seen that each other reserved before it contributes.
type Open struct {
	Terms     SessionTerms `cbor:"1,keyasint"`
	Answers   []Statement  `cbor:"2,keyasint"` // in the order of Terms.Signers
	Millis    int64        `cbor:"3,keyasint"` // time left
	RequestID string       `cbor:"4,keyasint"`

	Reservations []Statement `cbor:"5,keyasint,omitempty"` // answers of the accounting set, for a wallet without a seqno
}

// Opened is a signer's reply once the session ended.
type Opened struct {
	Signature []byte   `cbor:"1,keyasint"` // 64 bytes, or empty with an Error
	Error     string   `cbor:"2,keyasint,omitempty"`
	Blamed    []string `cbor:"3,keyasint,omitempty"` // parties this signer saw at fault or silent
}

// NonceRequest starts attempt k > 1.
type NonceRequest struct {
	Request [32]byte `cbor:"1,keyasint"`
	Payload [32]byte `cbor:"2,keyasint"`
	Attempt int      `cbor:"3,keyasint"`
}

// Receipt says that a request was signed.
type Receipt struct {
	RequestID string      `cbor:"1,keyasint"`
	Request   [32]byte    `cbor:"2,keyasint"`
	Payload   [32]byte    `cbor:"3,keyasint"`
	Signature [64]byte    `cbor:"4,keyasint"`
	Signers   []string    `cbor:"5,keyasint"`
	Answers   []Statement `cbor:"6,keyasint"` // of the signers
}

// Evidence is all that explains a payload: the agent's request, the payload and the signers' statements.
type Evidence struct {
	Found    bool        `cbor:"1,keyasint"`
	Proposal Proposal    `cbor:"2,keyasint"`
	Answers  []Statement `cbor:"3,keyasint"`
}
