package tss

import (
	"crypto/elliptic"
	"math/big"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

// curve is Ed25519 in affine coordinates over filippo.io/edwards25519, as the elliptic.Curve that tss-lib takes: a
// signing costs a hundredth of what it does over the library's own curve, and multiplication is constant time.
// Coordinates at or above the field prime and points off the curve give nil, which the library's NewECPoint refuses.
type curve struct{}

// ed25519Curve is what every session uses.
var ed25519Curve elliptic.Curve = curve{}

// params are the library's own: its hashes cover P, N, Gx and Gy.
var params = lib.Edwards().Params()

func (curve) Params() *elliptic.CurveParams { return params }

func (curve) IsOnCurve(x, y *big.Int) bool { return fromAffine(x, y) != nil }

func (curve) Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int) {
	p, q := fromAffine(x1, y1), fromAffine(x2, y2)
	if p == nil || q == nil {
		return nil, nil
	}
	return toAffine(p.Add(p, q))
}

func (c curve) Double(x, y *big.Int) (*big.Int, *big.Int) { return c.Add(x, y, x, y) }

// ScalarMult returns k·(x, y) with the big-endian k reduced modulo the group order; for the library that is k itself,
// as no scalar of its own reaches the order. Multiplying by 8 clears the cofactor either way; it has a path of its own
// because the library does it to each point it receives.
func (curve) ScalarMult(x, y *big.Int, k []byte) (*big.Int, *big.Int) {
	p := fromAffine(x, y)
	if p == nil {
		return nil, nil
	}
	if len(k) == 1 && k[0] == 8 {
		return toAffine(p.MultByCofactor(p))
	}
	return toAffine(p.ScalarMult(reduce(k), p))
}

func (curve) ScalarBaseMult(k []byte) (*big.Int, *big.Int) {
	return toAffine(new(edwards25519.Point).ScalarBaseMult(reduce(k)))
}

var fieldOne = new(field.Element).One()

// fromAffine returns nil unless (x, y) is a point of the curve in canonical coordinates.
func fromAffine(x, y *big.Int) *edwards25519.Point {
	fx, fy := toField(x), toField(y)
	if fx == nil || fy == nil {
		return nil
	}
	p, err := new(edwards25519.Point).SetExtendedCoordinates(fx, fy, fieldOne, new(field.Element).Multiply(fx, fy))
	if err != nil {
		return nil
	}
	return p
}

func toAffine(p *edwards25519.Point) (x, y *big.Int) {
	fx, fy, fz, _ := p.ExtendedCoordinates()
	if fz.Equal(fieldOne) != 1 { // a decoded point is affine already, and inversion is a tenth of a multiplication
		fz.Invert(fz)
		fx.Multiply(fx, fz)
		fy.Multiply(fy, fz)
	}
	return bigFromLE(fx.Bytes()), bigFromLE(fy.Bytes())
}

func toField(v *big.Int) *field.Element {
	if v == nil || v.Sign() < 0 || v.Cmp(params.P) >= 0 {
		return nil
	}
	e, err := new(field.Element).SetBytes(littleEndian(v))
	if err != nil {
		return nil
	}
	return e
}
