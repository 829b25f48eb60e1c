package tss

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"

	"filippo.io/edwards25519"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

// arithmetic is elliptic.Curve without its blanket deprecation: what the library calls is what is compared.
type arithmetic interface {
	IsOnCurve(x, y *big.Int) bool
	Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int)
	Double(x1, y1 *big.Int) (x, y *big.Int)
	ScalarMult(x1, y1 *big.Int, k []byte) (x, y *big.Int)
	ScalarBaseMult(k []byte) (x, y *big.Int)
}

var ours, stock arithmetic = curve{}, lib.Edwards()

func samePoint(t *testing.T, what string, x, y, sx, sy *big.Int) {
	t.Helper()
	if x.Cmp(sx) != 0 || y.Cmp(sy) != 0 {
		t.Errorf("%s: (%x, %x), the library's own curve has (%x, %x)", what, x, y, sx, sy)
	}
}

// FuzzCurve compares every operation with the curve that tss-lib would use, for points and scalars of any size.
func FuzzCurve(f *testing.F) {
	for _, k := range [][]byte{{}, {0}, {1}, {8}, params.N.Bytes(), bytes.Repeat([]byte{255}, 32), bytes.Repeat([]byte{255}, 40)} {
		f.Add(k, []byte{7}, generator)
	}
	f.Add([]byte{3}, []byte{3}, lowOrder)
	f.Fuzz(func(t *testing.T, k, l, raw []byte) {
		if len(k) > 40 || len(l) > 40 {
			t.Skip() // the library's own curve takes seconds for a long scalar
		}
		x1, y1 := ours.ScalarBaseMult(k)
		sx1, sy1 := stock.ScalarBaseMult(reduced(k))
		samePoint(t, "ScalarBaseMult", x1, y1, sx1, sy1)
		x2, y2 := ours.ScalarBaseMult(append([]byte{1}, l...))
		x, y := ours.Add(x1, y1, x2, y2)
		sx, sy := stock.Add(x1, y1, x2, y2)
		samePoint(t, "Add", x, y, sx, sy)
		x, y = ours.Double(x1, y1)
		sx, sy = stock.Double(x1, y1)
		samePoint(t, "Double", x, y, sx, sy)
		x, y = ours.ScalarMult(x2, y2, k)
		sx, sy = stock.ScalarMult(x2, y2, reduced(k))
		samePoint(t, "ScalarMult", x, y, sx, sy)
		compareOnCurve(t, raw)
	})
}

// reduced is k below the group order: beyond it, the library's own curve is slow and was never meant to be asked.
func reduced(k []byte) []byte {
	return new(big.Int).Mod(new(big.Int).SetBytes(k), params.N).Bytes()
}

// compareOnCurve takes raw as two coordinates.
func compareOnCurve(t *testing.T, raw []byte) {
	t.Helper()
	half := len(raw) / 2
	x, y := new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])
	canonical := x.Cmp(params.P) < 0 && y.Cmp(params.P) < 0
	if got, want := ours.IsOnCurve(x, y), canonical && stock.IsOnCurve(x, y); got != want {
		t.Errorf("IsOnCurve(%x, %x) = %v, want %v", x, y, got, want)
	}
	if p, err := new(edwards25519.Point).SetBytes(raw); err == nil {
		x, y := toAffine(p)
		if !stock.IsOnCurve(x, y) {
			t.Errorf("%x gives a point that the library's own curve doesn't have", raw)
		}
		if !bytes.Equal(encodePoint(x, y), p.Bytes()) {
			t.Errorf("%x encodes as %x", p.Bytes(), encodePoint(x, y))
		}
	}
}

func TestCurveAgreesWithTheLibrarys(t *testing.T) {
	for range 16 {
		k := make([]byte, 32)
		rand.Read(k)
		x, y := ours.ScalarBaseMult(k)
		sx, sy := stock.ScalarBaseMult(reduced(k))
		samePoint(t, "ScalarBaseMult", x, y, sx, sy)
		l := reduced(append(k, 1))
		x, y = ours.ScalarMult(sx, sy, l)
		sx, sy = stock.ScalarMult(sx, sy, l)
		samePoint(t, "ScalarMult", x, y, sx, sy)
	}
}

func TestCurveHasNoPointBeyondTheField(t *testing.T) {
	x, y := params.Gx, params.Gy
	three, err := new(edwards25519.Point).SetBytes(littleEndian(big.NewInt(3)))
	if err != nil {
		t.Fatal(err)
	}
	x3, y3 := toAffine(three) // y = 3 + p still fits below 2^255
	above := func(v *big.Int) *big.Int { return new(big.Int).Add(v, params.P) }
	for name, p := range map[string][2]*big.Int{
		"x above p": {above(x), y}, "y above p": {x, above(y)}, "negative": {new(big.Int).Neg(x), y},
		"small y above p": {x3, above(y3)},
		"nil x":           {nil, y}, "nil y": {x, nil}, "not on the curve": {x, x}, "zero": {new(big.Int), new(big.Int)},
	} {
		if ours.IsOnCurve(p[0], p[1]) {
			t.Errorf("%s: on the curve", name)
		}
		if gx, _ := ours.ScalarMult(p[0], p[1], []byte{2}); gx != nil {
			t.Errorf("%s: multiplied", name)
		}
		if gx, _ := ours.Add(p[0], p[1], x, y); gx != nil {
			t.Errorf("%s: added", name)
		}
		if gx, _ := ours.Add(x, y, p[0], p[1]); gx != nil {
			t.Errorf("%s: added on the right", name)
		}
	}
}

// What the library does to each point it receives: times 8, then times 1/8.
func TestTimesEightInvEightClearsTorsion(t *testing.T) {
	p, err := new(edwards25519.Point).SetBytes(withTorsion)
	if err != nil {
		t.Fatal(err)
	}
	if libPoint(p).EightInvEight().Equals(libPoint(p)) {
		t.Error("torsion survives")
	}
	if g := libPoint(edwards25519.NewGeneratorPoint()); !g.EightInvEight().Equals(g) {
		t.Error("a point of the prime-order group changes")
	}
	if got := libPoint(p).EightInvEight(); !got.Equals(libPoint(edwards25519.NewGeneratorPoint())) {
		t.Errorf("cleared to %v", got)
	}
}

func TestReduceTakesAnyLength(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 33, 63, 64, 65, 200} {
		k := bytes.Repeat([]byte{255}, n)
		want := new(big.Int).Mod(new(big.Int).SetBytes(k), params.N)
		if got := bigScalar(reduce(k)); got.Cmp(want) != 0 {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
}
