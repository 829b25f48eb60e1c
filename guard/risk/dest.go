package risk

import (
	"math"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Dest is what one wallet has paid to one destination. The zero value is a destination that was never paid.
type Dest struct {
	First, Last int64 // Unix seconds of chain time
	Count       uint32
	Sum         ton.Nano // what it got while it was new
}

// Add takes in an executed payment, in chain order.
func (d *Dest) Add(at time.Time, amount ton.Nano) {
	t := unix(at)
	if d.Count == 0 {
		d.First, d.Last = t, t
	}
	if d.IsNew(at) {
		d.Sum = plus(d.Sum, amount)
	}
	d.First, d.Last = min(d.First, t), max(d.Last, t)
	d.Count += min(1, math.MaxUint32-d.Count)
}

// IsNew reports whether the destination is on probation: never paid, or for the first time less than 24 h ago.
func (d Dest) IsNew(at time.Time) bool {
	return d.Count == 0 || unix(at)-d.First < int64(probation/time.Second)
}
