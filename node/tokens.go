package node

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Caller tokens bound what one caller can ask of one node, answers that refuse included, so that limits can't be
// probed. A caller's bucket is forgotten once it is full again.
const (
	tokensPerSecond = 1
	tokenBurst      = 60

	// Reading has a bucket of its own, whatever the policy grants: it decides nothing, but each read verifies a signature
	// and looks into the ledger. A dashboard that asks ten times a second is far below.
	readsPerSecond = 20
	readBurst      = 200

	// maxCallers bounds the buckets in memory; callers are enrolled people and agents, so it is never reached.
	maxCallers = 4096
)

// tokens holds one bucket a caller.
type tokens struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter // guarded by mu
}

// Allowance is what a policy grants a caller. The zero value is the default.
type Allowance struct {
	PerSecond float64
	Burst     int
	Unlimited bool
}

func newBuckets() map[string]*rate.Limiter { return map[string]*rate.Limiter{} }

// take takes one token of the caller, or returns how long until there is one.
func (t *tokens) take(caller string, a Allowance, now time.Time) (wait time.Duration, ok bool) {
	if a.Unlimited {
		return 0, true
	}
	if a.Burst == 0 {
		a = Allowance{PerSecond: tokensPerSecond, Burst: tokenBurst}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(caller, now)
	if b == nil {
		return time.Minute, false
	}
	b.SetLimitAt(now, rate.Limit(a.PerSecond))
	b.SetBurstAt(now, a.Burst)
	r := b.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait == 0 {
		return 0, true
	}
	r.CancelAt(now)
	return wait, false
}

func (t *tokens) bucket(caller string, now time.Time) *rate.Limiter {
	if b := t.buckets[caller]; b != nil {
		return b
	}
	if len(t.buckets) >= maxCallers {
		t.forget(now)
	}
	if len(t.buckets) >= maxCallers {
		return nil
	}
	b := rate.NewLimiter(tokensPerSecond, tokenBurst)
	b.AllowN(now, 0)
	t.buckets[caller] = b
	return b
}

func (t *tokens) forget(now time.Time) {
	for caller, b := range t.buckets {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(t.buckets, caller)
		}
	}
}
