package node

import (
	"sync"
	"time"
)

// clocks holds how far each peer's clock is from ours, by its last heartbeat.
type clocks struct {
	mu   sync.Mutex
	skew map[string]time.Duration // ours minus theirs; guarded by mu
}

func (c *clocks) note(party string, skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew[party] = skew
}

func (c *clocks) of(party string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew[party]
}
