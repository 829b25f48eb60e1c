package limits

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Lag is how much earlier than the newest masterchain block a shard block may be dated that is yet to come: collators
// build on a masterchain block that is some seconds old. Every window is that much longer than its name says.
const Lag = 30 * time.Second

// Span is the shape of a window: how long it is, how fine its buckets are and for how long these are kept, all in whole
// seconds. What is older than Length is kept for the calendar's windows.
type Span struct {
	Length time.Duration
	Bucket time.Duration
	Kept   time.Duration // at least Length
}

// The windows of spending and of rate. No time zone puts its clock back by more than two hours (Antarctica/Troll), and no
// month has more than 31 days.
var (
	Hour  = Span{time.Hour, time.Minute, time.Hour}
	Day   = Span{24 * time.Hour, 5 * time.Minute, 26 * time.Hour}
	Week  = Span{7 * 24 * time.Hour, time.Hour, 7*24*time.Hour + 2*time.Hour}
	Month = Span{30 * 24 * time.Hour, 6 * time.Hour, 31*24*time.Hour + 2*time.Hour}
)

// capacity is the number of buckets that are kept: those within Kept, and a partial one at each end.
func (s Span) capacity() int { return int(s.Kept/s.Bucket) + 2 }

func (s Span) index(t time.Time) int64 { return t.Unix() / int64(s.Bucket/time.Second) }

// first is the index of the oldest bucket that the window ending now touches.
func (s Span) first(now time.Time) int64 { return s.index(now.Add(-s.Length - Lag)) }

// kept is the index of the oldest bucket that is kept at now.
func (s Span) kept(now time.Time) int64 { return s.index(now.Add(-s.Kept - Lag)) }

// ErrFuture is returned for an amount that is dated after the window's own time, which would outlive its window.
var ErrFuture = errors.New("dated after the window's time")

// ring is one window's buckets, by rising index. The zero value is empty.
type ring []bucket

type bucket struct {
	index int64
	sum   ton.Nano
}

// add returns r with v counted at a time not after now, and without the buckets that are not kept any more. An amount from
// before them is not counted.
func (r ring) add(s Span, at, now time.Time, v ton.Nano) (ring, error) {
	if at.After(now) {
		return r, fmt.Errorf("count at %s: %w %s", at.UTC(), ErrFuture, now.UTC())
	}
	r = r.since(s.kept(now))
	i := s.index(at)
	if i < s.kept(now) || v.IsZero() {
		return r, nil
	}
	at0, found := slices.BinarySearchFunc(r, i, func(b bucket, i int64) int { return int(b.index - i) })
	if !found {
		return slices.Insert(slices.Clone(r), at0, bucket{i, v}), nil
	}
	sum, err := r[at0].sum.Add(v)
	if err != nil {
		return r, err
	}
	r = slices.Clone(r)
	r[at0].sum = sum
	return r, nil
}

// sum returns what the window ending now holds.
func (r ring) sum(s Span, now time.Time) (ton.Nano, error) { return r.sumSince(s.first(now)) }

// sumSince adds up the buckets from one on. Those after the window's time count too: less is never counted.
func (r ring) sumSince(first int64) (sum ton.Nano, err error) {
	for _, b := range r.since(first) {
		if sum, err = sum.Add(b.sum); err != nil {
			return ton.Nano{}, err
		}
	}
	return sum, nil
}

func (r ring) since(first int64) ring {
	for len(r) > 0 && r[0].index < first {
		r = r[1:]
	}
	return r
}

// bucketSize is the encoded size: index as 4 bytes (enough until the year 2242 for the finest bucket of a minute:
// 2^32 minutes; the field is unsigned) and the sum as 16.
const bucketSize = 4 + 16

func (r ring) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(r)))
	for _, k := range r {
		b = binary.BigEndian.AppendUint32(b, uint32(k.index))
		sum, _ := k.sum.MarshalBinary() // never fails
		b = append(b, sum...)
	}
	return b
}

// parseRing reads what append wrote and returns the rest. More buckets than are kept, or buckets out of order,
// are errors: a record that was damaged is not counted on.
func parseRing(s Span, b []byte) (ring, []byte, error) {
	if len(b) < 2 {
		return nil, nil, errShort
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n > s.capacity() || len(b) < n*bucketSize {
		return nil, nil, errShort
	}
	r := make(ring, n)
	for i := range r {
		r[i].index = int64(binary.BigEndian.Uint32(b))
		if err := r[i].sum.UnmarshalBinary(b[4:bucketSize]); err != nil {
			return nil, nil, err
		}
		if i > 0 && r[i].index <= r[i-1].index {
			return nil, nil, errors.New("buckets out of order")
		}
		b = b[bucketSize:]
	}
	return r, b, nil
}

var errShort = errors.New("window is cut short or too long")
