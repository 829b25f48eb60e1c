package tss

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/tonaiagent/mpcnode/digest"
)

// Confirmed is what all parties of a keygen must agree on, byte for byte, before the key is used: each node signs the
// body and waits for the others'. Its encoding is deterministic CBOR; a change of its fields needs a new version.
type Confirmed struct {
	Version      uint8       `cbor:"v"`
	Network      [32]byte    `cbor:"network"`
	Session      [32]byte    `cbor:"session"`
	Key          string      `cbor:"key"`
	Epoch        uint32      `cbor:"epoch"`
	Need         int         `cbor:"need"`
	Parties      []string    `cbor:"parties"`
	ShareIDs     [][32]byte  `cbor:"share_ids"`    // little-endian, in party order
	Public       [32]byte    `cbor:"public"`       // RFC 8032
	Verification [][32]byte  `cbor:"verification"` // RFC 8032, in party order
	ChainCode    [32]byte    `cbor:"chain_code"`   // SHA-256 of the chain code, which stays secret
	Broadcasts   [2][32]byte `cbor:"broadcasts"`   // echo digests of rounds 1 and 3
}

const confirmVersion = 1

func (k *dkg) confirmBody(r *record) []byte {
	c := Confirmed{
		Version: confirmVersion, Network: r.Network, Session: k.c.Session,
		Key: r.Key, Epoch: r.Epoch, Need: r.Need, Parties: r.Parties,
		Public: r.Public, Verification: r.Verification,
		ChainCode: sha256.Sum256(r.ChainCode[:]), Broadcasts: k.broadcasts,
	}
	for _, p := range r.Parties {
		c.ShareIDs = append(c.ShareIDs, [32]byte(k.c.shareID(p).Bytes()))
	}
	return digest.Encode(c)
}

// CheckConfirm reads a confirm body and checks all that can be without the parties' messages: the committee's terms,
// the derived ShareIDs, that every point is in the prime-order group, and that the verification shares are those of
// one polynomial of degree need−1 through the public key, so that any need of the parties can sign and no fewer.
func CheckConfirm(body []byte) (Confirmed, error) {
	var c Confirmed
	if len(body) > maxConfirm {
		return Confirmed{}, fmt.Errorf("confirm: %d bytes, at most %d", len(body), maxConfirm)
	}
	if err := decodeCanonical(body, &c); err != nil {
		return Confirmed{}, fmt.Errorf("confirm: %w", err)
	}
	if c.Version != confirmVersion {
		return Confirmed{}, fmt.Errorf("confirm: version %d, want %d", c.Version, confirmVersion)
	}
	if err := c.check(); err != nil {
		return Confirmed{}, fmt.Errorf("confirm: %w", err)
	}
	return c, nil
}

func (c *Confirmed) check() error {
	if len(c.Parties) == 0 || c.Session == [32]byte{} {
		return errors.New("no parties or no session")
	}
	com := Committee{Network: c.Network, Key: c.Key, Epoch: c.Epoch, Need: c.Need, Parties: c.Parties, Self: c.Parties[0]}
	if err := com.check(); err != nil {
		return err
	}
	ids, err := com.shareIDs()
	if err != nil {
		return err
	}
	same := func(a [32]byte, b *edwards25519.Scalar) bool { return bytes.Equal(a[:], b.Bytes()) }
	if !slices.EqualFunc(c.ShareIDs, ids, same) {
		return errors.New("share ids aren't the derived ones")
	}
	public, err := parsePrimePoint(c.Public[:])
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	points, err := parseVerification(c.Verification, len(c.Parties), parsePrimePoint)
	if err != nil {
		return err
	}
	return checkPolynomial(ids, points, c.Need, public)
}

// checkPolynomial interpolates each run of need consecutive parties at zero. Two neighbouring runs share need−1 points
// and, if both give the public key, a further one: then they are of the same polynomial. If one party fewer gives the
// public key too, its degree is lower than it should be.
func checkPolynomial(ids []*edwards25519.Scalar, points []*edwards25519.Point, need int, public *edwards25519.Point) error {
	for i := 0; i+need <= len(ids); i++ {
		if interpolate(ids[i:i+need], points[i:i+need]).Equal(public) != 1 {
			return errors.New("verification shares don't make the public key")
		}
	}
	if interpolate(ids[:need-1], points[:need-1]).Equal(public) == 1 {
		return errors.New("fewer than need parties could sign")
	}
	return nil
}

// interpolate evaluates at zero the polynomial through the points.
func interpolate(ids []*edwards25519.Scalar, points []*edwards25519.Point) *edwards25519.Point {
	coefficients := make([]*edwards25519.Scalar, len(ids))
	for i := range ids {
		coefficients[i] = lagrange(ids, i)
	}
	return new(edwards25519.Point).VarTimeMultiScalarMult(coefficients, points)
}

// lagrange is the coefficient at zero of ids[i] among ids: the product of x_m/(x_m − x_i) over the others.
func lagrange(ids []*edwards25519.Scalar, i int) *edwards25519.Scalar {
	num, den := reduce([]byte{1}), reduce([]byte{1})
	for m := range ids {
		if m == i {
			continue
		}
		num.Multiply(num, ids[m])
		den.Multiply(den, new(edwards25519.Scalar).Subtract(ids[m], ids[i]))
	}
	return num.Multiply(num, den.Invert(den))
}
