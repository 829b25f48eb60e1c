package ton

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/tlb"
	"pgregory.net/rapid"
)

func genNano(t *rapid.T) Nano {
	bits := rapid.UintRange(0, 120).Draw(t, "bits") // every length of the encoding, not only 15 bytes
	raw := rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "value")
	b := new(big.Int).SetBytes(raw)
	n, err := NanoFromBig(b.Rsh(b, 120-bits))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func power(base, exp int64) *big.Int { return new(big.Int).Exp(big.NewInt(base), big.NewInt(exp), nil) }

func TestNanoBoundaries(t *testing.T) {
	limit := power(2, 120)
	for name, c := range map[string]struct {
		value *big.Int
		ok    bool
	}{
		"zero":     {big.NewInt(0), true},
		"one":      {big.NewInt(1), true},
		"2^64-1":   {new(big.Int).Sub(power(2, 64), big.NewInt(1)), true},
		"2^64":     {power(2, 64), true},
		"2^120-1":  {new(big.Int).Sub(limit, big.NewInt(1)), true},
		"2^120":    {limit, false},
		"2^200":    {power(2, 200), false},
		"negative": {big.NewInt(-1), false},
		"nil":      {nil, false},
	} {
		n, err := NanoFromBig(c.value)
		if (err == nil) != c.ok {
			t.Errorf("%s: error %v", name, err)
		}
		if c.ok && n.Big().Cmp(c.value) != 0 {
			t.Errorf("%s became %s", name, n.Big())
		}
		if !c.ok && !errors.Is(err, ErrAmount) {
			t.Errorf("%s: error %v doesn't wrap ErrAmount", name, err)
		}
	}
	if want := new(big.Int).Sub(limit, big.NewInt(1)); MaxNano.Big().Cmp(want) != 0 {
		t.Errorf("MaxNano is %s", MaxNano.Big())
	}
}

func TestNanoArithmeticNeverWraps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genNano(t), genNano(t)
		sum, err := a.Add(b)
		if want := new(big.Int).Add(a.Big(), b.Big()); err == nil && sum.Big().Cmp(want) != 0 || (err == nil) != (want.BitLen() <= 120) {
			t.Fatalf("%s + %s = %s, %v", a, b, sum, err)
		}
		diff, err := a.Sub(b)
		if want := new(big.Int).Sub(a.Big(), b.Big()); err == nil && diff.Big().Cmp(want) != 0 || (err == nil) != (want.Sign() >= 0) {
			t.Fatalf("%s - %s = %s, %v", a, b, diff, err)
		}
		if a.Cmp(b) != a.Big().Cmp(b.Big()) {
			t.Fatalf("Cmp(%s, %s) = %d", a, b, a.Cmp(b))
		}
	})
	for _, n := range []Nano{MaxNano, NanoOf(1)} {
		if sum, err := MaxNano.Add(n); !errors.Is(err, ErrAmount) {
			t.Errorf("2^120-1 + %s = %s, %v", n, sum, err)
		}
	}
	if diff, err := NanoOf(1).Sub(NanoOf(2)); !errors.Is(err, ErrAmount) {
		t.Errorf("1 - 2 = %s, %v", diff, err)
	}
}

func TestParsedAmountPrintsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, decimals := genNano(t), rapid.IntRange(0, 18).Draw(t, "decimals")
		got, err := ParseNano(n.Format(decimals), decimals)
		if err != nil || got != n {
			t.Fatalf("%s with %d decimals was read as %s, %v", n.Format(decimals), decimals, got, err)
		}
	})
}

func TestAmountPrintsLikeTonutils(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genNano(t)
		if want := tlb.FromNanoTON(n.Big()).String(); n.String() != want {
			t.Fatalf("%d prints as %s, tonutils prints %s", n.Big(), n, want)
		}
	})
}

func TestParseNano(t *testing.T) {
	for s, want := range map[string]Nano{
		"0": NanoOf(0), "0.0": NanoOf(0), "1": NanoOf(1e9), "1.5": NanoOf(15e8), "1.50": NanoOf(15e8),
		"0.000000001": NanoOf(1), "18446744073.709551615": NanoOf(1<<64 - 1),
		"1329227995784915872903807060.280344575": MaxNano,
	} {
		if got, err := ParseNano(s, NativeDecimals); err != nil || got != want {
			t.Errorf("%q was read as %s, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", ".", "1.", ".5", "-1", "+1", " 1", "1 ", "1\n", "1,5", "1_000", "1e9", "0x1", "01", "00", "1.0000000001", "1.2.3",
		"NaN", "Inf", "١", "１", "1.5TON", "1329227995784915872903807060.280344576",
		"99999999999999999999999999999999999999999999999999999999999999999",
	} {
		if got, err := ParseNano(s, NativeDecimals); !errors.Is(err, ErrAmount) {
			t.Errorf("%q was read as %s, %v", s, got, err)
		}
	}
}

func TestLongAmountIsRefusedUnread(t *testing.T) {
	_, err := ParseNano(strings.Repeat("9", 1<<20), NativeDecimals)
	if !errors.Is(err, ErrAmount) || len(err.Error()) > 200 {
		t.Errorf("a million digits: %.200v", err)
	}
}

func TestAmountsInJSONAreStrings(t *testing.T) {
	b, err := json.Marshal(map[string]Nano{"amount": NanoOf(15e8)})
	if err != nil || string(b) != `{"amount":"1.5"}` {
		t.Errorf("written as %s, %v", b, err)
	}
	var n Nano
	if err := json.Unmarshal([]byte(`1.5`), &n); err == nil {
		t.Errorf("a number was read as %s", n)
	}
	if err := json.Unmarshal([]byte(`"1.5"`), &n); err != nil || n != NanoOf(15e8) {
		t.Errorf("read as %s, %v", n, err)
	}
}

func TestNanoBinaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genNano(t)
		b, _ := n.MarshalBinary()
		var got Nano
		if err := got.UnmarshalBinary(b); err != nil || got != n {
			t.Fatalf("%s became %s, %v", n, got, err)
		}
	})
	var n Nano
	for _, b := range [][]byte{nil, make([]byte, 15), make([]byte, 17), append([]byte{1}, make([]byte, 15)...)} {
		if err := n.UnmarshalBinary(b); err == nil {
			t.Errorf("%x was read as %s", b, n)
		}
	}
}
