package tss

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"github.com/bnb-chain/tss-lib/v2/crypto"

	"github.com/tonaiagent/mpcnode/digest"
)

// Share is one party's share of a key, ready for signing. It shows itself as key, epoch and party, never as a secret.
// Copies are one share: Destroy ends all of them. It may be used by several signings at once. The zero value refuses.
type Share struct{ d *shareData }

type shareData struct {
	rec    *record
	ids    []*edwards25519.Scalar // ShareIDs in party order
	points []*edwards25519.Point  // verification shares X_j = x_j·B, in party order

	// what the library takes, made once; it only reads them
	libIDs    []*big.Int
	libPoints []*crypto.ECPoint
	libPublic *crypto.ECPoint
}

// record is a share as it is kept. A change of its fields needs a new version. ShareIDs aren't kept: they are derived.
type record struct {
	Version      uint8      `cbor:"v"`
	Network      [32]byte   `cbor:"network"`
	Key          string     `cbor:"key"`
	Epoch        uint32     `cbor:"epoch"`
	Need         int        `cbor:"need"`
	Parties      []string   `cbor:"parties"`
	Self         string     `cbor:"self"`
	Public       [32]byte   `cbor:"public"`       // RFC 8032
	Verification [][32]byte `cbor:"verification"` // RFC 8032, in party order
	Secret       [32]byte   `cbor:"secret"`       // little-endian, below the group order
	ChainCode    [32]byte   `cbor:"chain_code"`
}

const recordVersion = 1

func newRecord(c Committee) *record {
	return &record{
		Version: recordVersion, Network: c.Network, Key: c.Key, Epoch: c.Epoch,
		Need: c.Need, Parties: slices.Clone(c.Parties), Self: c.Self,
	}
}

func (r *record) committee() Committee {
	return Committee{Network: r.Network, Key: r.Key, Epoch: r.Epoch, Need: r.Need, Parties: r.Parties, Self: r.Self}
}

// ParseShare reads what Marshal wrote. It checks every field, and that the secret belongs to this party's
// verification share.
func ParseShare(b []byte) (Share, error) {
	r := new(record)
	if len(b) > maxShare {
		return Share{}, fmt.Errorf("parse share: %d bytes, at most %d", len(b), maxShare)
	}
	if err := decodeCanonical(b, r); err != nil {
		return Share{}, fmt.Errorf("parse share: %w", err)
	}
	if r.Version != recordVersion {
		return Share{}, fmt.Errorf("parse share: version %d, want %d", r.Version, recordVersion)
	}
	s, err := newShare(r)
	if err != nil {
		return Share{}, fmt.Errorf("parse share: %w", err)
	}
	return s, nil
}

// decodeCanonical also refuses bytes that v would not encode to: CBOR decoding alone pads short arrays.
func decodeCanonical[T any](b []byte, v *T) error {
	if err := digest.Decode(b, v); err != nil {
		return err
	}
	if !bytes.Equal(digest.Encode(*v), b) {
		return errors.New("encoding isn't canonical")
	}
	return nil
}

// newShare checks a record, which becomes the share's own, and prepares it for signing.
func newShare(r *record) (Share, error) {
	c := r.committee()
	if err := c.check(); err != nil {
		return Share{}, err
	}
	ids, err := c.shareIDs()
	if err != nil {
		return Share{}, err
	}
	public, err := parsePoint(r.Public[:])
	if err != nil {
		return Share{}, fmt.Errorf("public key: %w", err)
	}
	points, err := parseVerification(r.Verification, len(r.Parties), parsePoint)
	if err != nil {
		return Share{}, err
	}
	secret, err := parseScalar(r.Secret[:])
	if err != nil {
		return Share{}, fmt.Errorf("secret: %w", err)
	}
	own := points[slices.Index(r.Parties, r.Self)]
	if new(edwards25519.Point).ScalarBaseMult(secret).Equal(own) != 1 {
		return Share{}, errors.New("secret isn't that of the verification share")
	}
	return Share{prepare(r, ids, points, public)}, nil
}

func prepare(r *record, ids []*edwards25519.Scalar, points []*edwards25519.Point, public *edwards25519.Point) *shareData {
	d := &shareData{rec: r, ids: ids, points: points, libPublic: libPoint(public)}
	for i := range ids {
		d.libIDs = append(d.libIDs, bigScalar(ids[i]))
		d.libPoints = append(d.libPoints, libPoint(points[i]))
	}
	return d
}

func parseVerification(list [][32]byte, n int, parse func([]byte) (*edwards25519.Point, error)) ([]*edwards25519.Point, error) {
	if len(list) != n {
		return nil, fmt.Errorf("%d verification shares of %d parties", len(list), n)
	}
	points := make([]*edwards25519.Point, n)
	for i := range list {
		p, err := parse(list[i][:])
		if err != nil {
			return nil, fmt.Errorf("verification share %d: %w", i, err)
		}
		points[i] = p
	}
	return points, nil
}

// Marshal returns the share as deterministic CBOR, the secret and the chain code in clear: seal it, then clear it.
func (s Share) Marshal() []byte { return digest.Encode(*s.record()) }

// record of the zero Share is the zero record, which nothing accepts.
func (s Share) record() *record {
	if s.d == nil {
		return new(record)
	}
	return s.d.rec
}

func (s Share) Key() string       { return s.record().Key }
func (s Share) Epoch() uint32     { return s.record().Epoch }
func (s Share) Party() string     { return s.record().Self }
func (s Share) Public() [32]byte  { return s.record().Public }
func (s Share) Need() int         { return s.record().Need }
func (s Share) Parties() []string { return slices.Clone(s.record().Parties) }

// Destroy overwrites the secrets. No signing may be under way; later ones refuse.
func (s Share) Destroy() {
	if s.d != nil {
		clear(s.d.rec.Secret[:])
		clear(s.d.rec.ChainCode[:])
	}
}

func (s Share) usable() bool { return s.d != nil && s.d.rec.Secret != [32]byte{} }

func (s Share) String() string {
	r := s.record()
	return fmt.Sprintf("share of key %q, epoch %d, party %q (secret redacted)", r.Key, r.Epoch, r.Self)
}

func (s Share) GoString() string             { return s.String() }
func (s Share) Format(f fmt.State, _ rune)   { fmt.Fprint(f, s.String()) }
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil } // also what JSON shows
func (s Share) LogValue() slog.Value         { return slog.StringValue(s.String()) }
