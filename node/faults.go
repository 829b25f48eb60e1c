package node

import (
	"sync"
	"time"
)

// coolOff is how long a party that failed a session is chosen last. It is this node's own observation and nobody
// else's word.
const coolOff = 30 * time.Second

type faults struct {
	mu    sync.Mutex
	until map[string]time.Time // by party; guarded by mu
}

func (f *faults) note(party string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.until[party] = now.Add(coolOff)
}

func (f *faults) cooling(party string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Before(f.until[party])
}
