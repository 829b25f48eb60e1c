package ton

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// NativeDecimals is the number of decimals of the native coin: 1 TON is 10^9 nanotons.
const NativeDecimals = 9

// Native is the asset id of the native coin. Its ticker was renamed in June 2026, so the id is never a ticker.
const Native = "native"

// Nano is an amount of an asset in its smallest unit, at most 2^120−1 (VarUInteger 16, block.tlb). The zero value is
// zero. Values are comparable with ==. Outside of this type an amount is a decimal string in whole units; it is never
// a float.
type Nano struct{ hi, lo uint64 }

// MaxNano is 2^120−1, the largest amount TON can carry.
var MaxNano = Nano{hi: 1<<56 - 1, lo: 1<<64 - 1}

// ErrAmount is wrapped by every error about an amount.
var ErrAmount = errors.New("amount")

// NanoOf returns n smallest units.
func NanoOf(n uint64) Nano { return Nano{lo: n} }

// NanoFromBig converts b, which must be within 0 and 2^120−1.
func NanoFromBig(b *big.Int) (Nano, error) {
	if b == nil || b.Sign() < 0 || b.BitLen() > 120 {
		return Nano{}, fmt.Errorf("%w: out of range 0…2^120−1", ErrAmount)
	}
	var raw [16]byte
	b.FillBytes(raw[:])
	return Nano{hi: binary.BigEndian.Uint64(raw[:8]), lo: binary.BigEndian.Uint64(raw[8:])}, nil
}

// Big returns the amount as a new big.Int.
func (n Nano) Big() *big.Int {
	b := new(big.Int).SetUint64(n.hi)
	return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(n.lo))
}

// Add returns n+m, or an error above 2^120−1.
func (n Nano) Add(m Nano) (Nano, error) {
	lo, carry := bits.Add64(n.lo, m.lo, 0)
	sum := Nano{n.hi + m.hi + carry, lo} // both are below 2^56
	if sum.Cmp(MaxNano) > 0 {
		return Nano{}, fmt.Errorf("%w: sum exceeds 2^120−1", ErrAmount)
	}
	return sum, nil
}

// Sub returns n−m, or an error below zero.
func (n Nano) Sub(m Nano) (Nano, error) {
	lo, borrow := bits.Sub64(n.lo, m.lo, 0)
	hi, under := bits.Sub64(n.hi, m.hi, borrow)
	if under != 0 {
		return Nano{}, fmt.Errorf("%w: difference is negative", ErrAmount)
	}
	return Nano{hi, lo}, nil
}

// Cmp returns −1, 0 or 1 as n is less than, equal to or more than m.
func (n Nano) Cmp(m Nano) int {
	switch {
	case n == m:
		return 0
	case n.hi < m.hi || n.hi == m.hi && n.lo < m.lo:
		return -1
	}
	return 1
}

// IsZero reports whether n is zero.
func (n Nano) IsZero() bool { return n == Nano{} }

// String returns the amount in whole native units: "1.5" for 1,500,000,000.
func (n Nano) String() string { return n.Format(NativeDecimals) }

// Format returns the amount in whole units of an asset with that many decimals, without trailing zeros.
func (n Nano) Format(decimals int) string {
	digits := strconv.FormatUint(n.lo, 10)
	if n.hi > 0 {
		digits = n.Big().String()
	}
	if pad := decimals + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, frac := digits[:len(digits)-decimals], strings.TrimRight(digits[len(digits)-decimals:], "0")
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// ParseNano reads a decimal string in whole units of an asset with that many decimals: digits, and at most one point
// with digits on both sides. Signs, exponents, spaces, separators, leading zeros and more decimals than the asset has
// are errors: an amount is written in one way only, but for trailing zeros of the fraction.
func ParseNano(s string, decimals int) (Nano, error) {
	whole, frac, point := strings.Cut(s, ".")
	switch {
	case len(s) > 64:
		return Nano{}, fmt.Errorf("%w: longer than 64 characters", ErrAmount)
	case !digits(whole) || point && !digits(frac):
		return Nano{}, fmt.Errorf("%w %q: want a decimal number such as \"1.5\"", ErrAmount, s)
	case len(whole) > 1 && whole[0] == '0':
		return Nano{}, fmt.Errorf("%w %q: leading zero", ErrAmount, s)
	case len(frac) > decimals:
		return Nano{}, fmt.Errorf("%w %q: more than %d decimals", ErrAmount, s, decimals)
	}
	b, _ := new(big.Int).SetString(whole+frac+strings.Repeat("0", decimals-len(frac)), 10)
	n, err := NanoFromBig(b)
	if err != nil {
		return Nano{}, fmt.Errorf("%w %q: exceeds 2^120−1 smallest units", ErrAmount, s)
	}
	return n, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// MarshalText writes the amount in whole native units, as JSON and YAML carry it.
func (n Nano) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads an amount in whole native units.
func (n *Nano) UnmarshalText(b []byte) (err error) {
	*n, err = ParseNano(string(b), NativeDecimals)
	return err
}

// MarshalBinary writes the amount as 16 bytes, big-endian, as CBOR carries it.
func (n Nano) MarshalBinary() ([]byte, error) { return n.AppendBinary(make([]byte, 0, 16)) }

// AppendBinary appends them.
func (n Nano) AppendBinary(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, n.hi), n.lo), nil
}

// UnmarshalBinary reads 16 bytes, big-endian.
func (n *Nano) UnmarshalBinary(b []byte) error {
	if len(b) != 16 {
		return fmt.Errorf("%w: %d bytes, want 16", ErrAmount, len(b))
	}
	v := Nano{hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:])}
	if v.Cmp(MaxNano) > 0 {
		return fmt.Errorf("%w: exceeds 2^120−1", ErrAmount)
	}
	*n = v
	return nil
}
