package risk

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/tonaiagent/mpcnode/ton"
)

// A record has the same size whatever the history. Its fields follow one another as in [State], big-endian; floats by
// their bits. A change of the format needs a new version, which is the caller's to put before it.
const (
	amountSize = 16
	bucketSize = 8 + 4 + amountSize
	stateSize  = 8 + 8 + 8 + 8 + 8 + 24*8 + memory*amountSize + 8 + (minuteSlots+hourSlots)*bucketSize
	destSize   = 8 + 8 + 4 + amountSize
)

var errDamaged = errors.New("risk record is damaged: move it away to begin anew without history")

// MarshalBinary writes the state.
func (s State) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, stateSize)
	for _, v := range []uint64{s.n, uint64(s.first), uint64(s.last), math.Float64bits(s.mean), math.Float64bits(s.variance)} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	for _, h := range s.hours {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(h))
	}
	for _, a := range s.recent {
		b = appendAmount(b, a)
	}
	b = binary.BigEndian.AppendUint64(b, s.round)
	for _, w := range []window{s.spent[:], s.fresh[:]} {
		for _, k := range w {
			b = binary.BigEndian.AppendUint64(b, uint64(k.index))
			b = binary.BigEndian.AppendUint32(b, k.count)
			b = appendAmount(b, k.sum)
		}
	}
	return b, nil
}

// UnmarshalBinary reads it back. Whatever Add could not have written is an error.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) != stateSize {
		return errDamaged
	}
	r := reader{b, nil}
	var t State
	t.n, t.first, t.last = r.uint64(), int64(r.uint64()), int64(r.uint64())
	t.mean, t.variance = math.Float64frombits(r.uint64()), math.Float64frombits(r.uint64())
	for h := range t.hours {
		t.hours[h] = math.Float64frombits(r.uint64())
	}
	for i := range t.recent {
		t.recent[i] = r.amount()
	}
	t.round = r.uint64()
	for _, w := range []window{t.spent[:], t.fresh[:]} {
		for i := range w {
			w[i] = bucket{int64(r.uint64()), r.uint32(), r.amount()}
		}
	}
	if r.err != nil || !t.possible() {
		return errDamaged
	}
	*s = t
	return nil
}

// possible reports whether a history could have led to s.
func (s *State) possible() bool {
	if s.n == 0 {
		return *s == State{}
	}
	mass := 0.0
	for _, h := range s.hours {
		if !(h >= 0) {
			return false
		}
		mass += h
	}
	kept := min(s.n, memory)
	for i, a := range s.recent {
		if a.IsZero() == (uint64(i) < kept) {
			return false
		}
	}
	const most = 84 // ln(2^120) is 83.2
	return 0 <= s.first && s.first <= s.last && s.mean >= 0 && s.mean <= most && s.variance >= 0 && s.variance <= most*most &&
		mass <= float64(s.n)*(1+1e-9) && s.round>>(kept-1)>>1 == 0 &&
		window(s.spent[:]).possible() && window(s.fresh[:]).possible()
}

func (w window) possible() bool {
	for i, b := range w {
		if b == (bucket{}) {
			continue
		}
		if b.index < 0 || b.index%int64(len(w)) != int64(i) || b.count == 0 || b.sum.IsZero() {
			return false
		}
	}
	return true
}

// MarshalBinary writes the record.
func (d Dest) MarshalBinary() ([]byte, error) {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, destSize), uint64(d.First))
	b = binary.BigEndian.AppendUint64(b, uint64(d.Last))
	return appendAmount(binary.BigEndian.AppendUint32(b, d.Count), d.Sum), nil
}

// UnmarshalBinary reads it back. Whatever Add could not have written is an error.
func (d *Dest) UnmarshalBinary(b []byte) error {
	if len(b) != destSize {
		return errDamaged
	}
	r := reader{b, nil}
	t := Dest{int64(r.uint64()), int64(r.uint64()), r.uint32(), r.amount()}
	if r.err != nil || t.Count == 0 && t != (Dest{}) || t.First < 0 || t.First > t.Last {
		return errDamaged
	}
	*d = t
	return nil
}

func appendAmount(b []byte, n ton.Nano) []byte {
	raw, _ := n.MarshalBinary() // never fails
	return append(b, raw...)
}

// reader takes fields off a record of the right length.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

func (r *reader) amount() (n ton.Nano) {
	if err := n.UnmarshalBinary(r.take(amountSize)); err != nil {
		r.err = err
	}
	return n
}
