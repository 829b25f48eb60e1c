package risk

import (
	"math"

	"github.com/tonaiagent/mpcnode/ton"
)

// The windows: an hour in minutes and a day in hours. The bucket that a window begins in counts in full, so a window
// never holds less than it should, and up to one bucket more.
const (
	minuteSlots = 60 + 1
	hourSlots   = 24 + 1
)

// bucket is what fell into one minute or hour, index of them after 1970. One with count 0 is empty.
type bucket struct {
	index int64
	count uint32
	sum   ton.Nano
}

// window holds the newest buckets, each in the slot of its index.
type window []bucket

// add counts an amount. One that is older than everything that the window can hold is left out.
func (w window) add(index int64, amount ton.Nano) {
	b := &w[index%int64(len(w))]
	if amount.IsZero() || b.index > index {
		return
	}
	if b.index < index {
		*b = bucket{index: index}
	}
	b.count += min(1, math.MaxUint32-b.count)
	b.sum = plus(b.sum, amount)
}

// since adds up the buckets from one on. What is dated after now counts too.
func (w window) since(first int64) (count uint64, sum ton.Nano) {
	for _, b := range w {
		if b.index >= first {
			count += uint64(b.count)
			sum = plus(sum, b.sum)
		}
	}
	return count, sum
}
