package risk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/tonaiagent/mpcnode/ton"
)

// The fields of a record follow one another as in [State]: integers as uvarints (encoding/binary), floats by their bits,
// amounts as a length and that many bytes, big-endian. Before hours and windows stands a bit for each slot that isn't empty,
// and only those follow. What is written for a state is the only thing that is read as that state. A change of the format
// needs a new version.
const (
	stateVersion = 2
	amountSize   = 16
	destSize     = 8 + 8 + 4 + amountSize
)

var errDamaged = errors.New("risk record is damaged: move it away to begin anew without history")

// MarshalBinary writes at most 4 KB.
func (s State) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, 2048), stateVersion)
	for _, v := range []uint64{s.n, uint64(s.first), uint64(s.last)} {
		b = binary.AppendUvarint(b, v)
	}
	b = appendFloat(appendFloat(b, s.mean), s.variance)
	b = binary.AppendUvarint(b, mask(len(s.hours), func(i int) bool { return s.hours[i] != 0 }))
	for _, h := range s.hours {
		if h != 0 {
			b = appendFloat(b, h)
		}
	}
	for _, a := range s.recent[:min(s.n, memory)] {
		b = appendShort(b, a)
	}
	b = binary.AppendUvarint(b, s.round)
	for _, w := range []window{s.spent[:], s.fresh[:]} {
		b = binary.AppendUvarint(b, mask(len(w), func(i int) bool { return w[i] != bucket{} }))
		for _, k := range w {
			if k != (bucket{}) {
				b = binary.AppendUvarint(b, uint64(k.index))
				b = appendShort(binary.AppendUvarint(b, uint64(k.count)), k.sum)
			}
		}
	}
	return b, nil
}

// UnmarshalBinary reads it back. Whatever Add could not have written is an error.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != stateVersion {
		return errDamaged
	}
	r := reader{b[1:], nil}
	var t State
	t.n, t.first, t.last = r.uvarint(), int64(r.uvarint()), int64(r.uvarint())
	t.mean, t.variance = r.float(), r.float()
	filled := r.uvarint()
	for h := range t.hours {
		if filled>>h&1 == 1 {
			t.hours[h] = r.float()
		}
	}
	for i := range t.recent[:min(t.n, memory)] {
		t.recent[i] = r.short()
	}
	t.round = r.uvarint()
	for _, w := range []window{t.spent[:], t.fresh[:]} {
		filled := r.uvarint()
		for i := range w {
			if filled>>i&1 == 1 {
				w[i] = bucket{int64(r.uvarint()), r.uint32v(), r.short()}
			}
		}
	}
	if r.err != nil || !t.possible() {
		return errDamaged
	}
	if again, _ := t.MarshalBinary(); !bytes.Equal(again, b) {
		return errDamaged
	}
	*s = t
	return nil
}

// mask has a bit for each of n slots that is filled; n is at most 64.
func mask(n int, filled func(i int) bool) (m uint64) {
	for i := range n {
		if filled(i) {
			m |= 1 << i
		}
	}
	return m
}

func appendFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(f))
}

// appendShort writes an amount without its leading zeros.
func appendShort(b []byte, n ton.Nano) []byte {
	var raw [amountSize]byte
	n.AppendBinary(raw[:0]) // never fails
	short := bytes.TrimLeft(raw[:], "\x00")
	return append(append(b, byte(len(short))), short...)
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
	b, _ = n.AppendBinary(b) // never fails
	return b
}

// reader takes fields off a record. After an error it returns zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n > len(r.b) {
		r.err = errDamaged
		return make([]byte, n)
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) float() float64 { return math.Float64frombits(r.uint64()) }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.err != nil || n <= 0 {
		r.err = errDamaged
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32v() uint32 {
	v := r.uvarint()
	if v > math.MaxUint32 {
		r.err = errDamaged
	}
	return uint32(v)
}

func (r *reader) amount() (n ton.Nano) {
	if err := n.UnmarshalBinary(r.take(amountSize)); err != nil {
		r.err = err
	}
	return n
}

func (r *reader) short() (n ton.Nano) {
	var raw [amountSize]byte
	size := int(r.take(1)[0])
	if size > amountSize {
		r.err = errDamaged
		return n
	}
	copy(raw[amountSize-size:], r.take(size))
	if err := n.UnmarshalBinary(raw[:]); err != nil {
		r.err = err
	}
	return n
}
