package ton

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Results reads what a get method left in the order in which its contract documents it. It keeps the first error, so
// that a list of results reads like that documentation; a contract may leave anything.
type Results struct {
	values []any
	err    error
}

// ReadResults takes what RunGetter returns.
func ReadResults(top []any) *Results {
	r := &Results{values: slices.Clone(top)}
	slices.Reverse(r.values)
	return r
}

// Err returns why what was read can't be used.
func (r *Results) Err() error { return r.err }

// next is the zero value of T where that isn't what comes next.
func next[T any](r *Results) (v T) {
	if len(r.values) == 0 {
		r.fail("a getter leaves too few values")
		return v
	}
	v, ok := r.values[0].(T)
	if !ok {
		r.fail("a getter leaves a %T, want a %T", r.values[0], v)
	}
	r.values = r.values[1:]
	return v
}

func (r *Results) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// Skip leaves out values, whatever they are.
func (r *Results) Skip(n int) {
	if n > len(r.values) {
		r.fail("a getter leaves too few values")
		n = len(r.values)
	}
	r.values = r.values[n:]
}

// More reads a value, and reports whether it is something: a dictionary that isn't empty.
func (r *Results) More() bool {
	if len(r.values) == 0 {
		r.fail("a getter leaves too few values")
		return false
	}
	v := r.values[0]
	r.Skip(1)
	c, isCell := v.(*cell.Cell)
	return v != nil && (!isCell || c != nil)
}

// Int reads an integer, which must not be NaN.
func (r *Results) Int() *big.Int {
	v := next[*big.Int](r)
	if v == nil {
		r.fail("a getter leaves no number")
		return new(big.Int)
	}
	return v
}

// Bool reads an integer as the machine does: 0 is false.
func (r *Results) Bool() bool { return r.Int().Sign() != 0 }

// Uint reads an integer of at most that many bits.
func (r *Results) Uint(bits int) uint64 {
	v := r.Int()
	if v.Sign() < 0 || v.BitLen() > bits {
		r.fail("a getter leaves a number that doesn't fit %d bits", bits)
		return 0
	}
	return v.Uint64()
}

// Amount reads an integer within 0 and 2^120−1.
func (r *Results) Amount() Nano {
	n, err := NanoFromBig(r.Int())
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

// slice reads a slice with a reader of its own.
func (r *Results) slice() *reader {
	s := next[*cell.Slice](r)
	if s == nil {
		return &reader{err: errors.New("a getter leaves no slice")}
	}
	return &reader{s: s.Copy()}
}

// Address reads a slice that is one address: addr_none, as the zero value, or addr_std without anycast.
func (r *Results) Address() Address {
	in := r.slice()
	a := in.address()
	if in.err == nil && !in.done() {
		in.err = errors.New("a getter leaves more than an address")
	}
	if in.err != nil {
		r.fail("%w", in.err)
		return Address{}
	}
	return a
}

// AddressSlice is a as an argument of RunGetter.
func AddressSlice(a Address) *cell.Slice {
	return cell.BeginCell().MustStoreAddr(toTonutils(a)).ToSlice()
}
