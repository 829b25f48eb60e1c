package tss

import (
	"errors"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
	"github.com/bnb-chain/tss-lib/v2/crypto"
)

var identity = edwards25519.NewIdentityPoint()

// parsePoint reads an RFC 8032 encoding. It refuses a second encoding of a point, which lenient decoders let through,
// and the eight points of low order, which hide any scalar.
func parsePoint(b []byte) (*edwards25519.Point, error) {
	p, err := new(edwards25519.Point).SetBytes(b)
	switch {
	case err != nil:
		return nil, errors.New("not a point of the curve")
	case !canonical(b):
		return nil, errors.New("point is not canonical")
	case new(edwards25519.Point).MultByCofactor(p).Equal(identity) == 1:
		return nil, errors.New("point has low order")
	}
	return p, nil
}

// canonical reports whether y is below the field prime. The other way to a second encoding, a sign on x = 0, exists for
// two points of low order only.
func canonical(b []byte) bool {
	y := [32]byte(b)
	y[31] &= 0x7f
	e, err := new(field.Element).SetBytes(y[:])
	return err == nil && [32]byte(e.Bytes()) == y
}

// invEight is 1/8 modulo the group order.
var invEight = new(edwards25519.Scalar).Invert(reduce([]byte{8}))

// parsePrimePoint also refuses a point outside the prime-order group. The library clears such a component silently;
// an honest party never has one, and without it what we add up is what the library adds up.
func parsePrimePoint(b []byte) (*edwards25519.Point, error) {
	p, err := parsePoint(b)
	if err != nil {
		return nil, err
	}
	q := new(edwards25519.Point).ScalarMult(invEight, p)
	if q.MultByCofactor(q).Equal(p) != 1 {
		return nil, errors.New("point is outside the prime-order group")
	}
	return p, nil
}

// parseScalar reads 32 little-endian bytes below the group order, not zero.
func parseScalar(b []byte) (*edwards25519.Scalar, error) {
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(b)
	switch {
	case err != nil:
		return nil, errors.New("scalar is not below the group order")
	case s.Equal(edwards25519.NewScalar()) == 1:
		return nil, errors.New("scalar is zero")
	}
	return s, nil
}

// reduce takes a big-endian integer modulo the group order.
func reduce(k []byte) *edwards25519.Scalar {
	if len(k) > 64 {
		k = new(big.Int).Mod(new(big.Int).SetBytes(k), params.N).Bytes()
	}
	var wide [64]byte
	copy(wide[64-len(k):], k)
	slices.Reverse(wide[:])
	s, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err) // only for another length than 64
	}
	return s
}

func bigScalar(s *edwards25519.Scalar) *big.Int { return bigFromLE(s.Bytes()) }

// libPoint makes the library's form of a point.
func libPoint(p *edwards25519.Point) *crypto.ECPoint {
	x, y := toAffine(p)
	return crypto.NewECPointNoCurveCheck(ed25519Curve, x, y)
}

// encodePoint is the RFC 8032 encoding of affine coordinates that the library gave us.
func encodePoint(x, y *big.Int) []byte {
	b := littleEndian(y)
	b[31] |= byte(x.Bit(0)) << 7
	return b
}

// littleEndian gives v in 32 bytes. It panics if v has more: the library's values don't.
func littleEndian(v *big.Int) []byte {
	b := v.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

func bigFromBE(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

func bigFromLE(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return bigFromBE(b)
}

// wipe overwrites a secret integer as far as math/big lets us.
func wipe(v *big.Int) { clear(v.Bits()) }
