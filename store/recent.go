package store

import (
	"sync"

	"github.com/tonaiagent/mpcnode/guard"
)

// recent remembers the records that the committer has read or written lately. A request reads the same few records of its
// wallet, agent and policy a hundred times, and each search of the database takes microseconds.
//
// Only the committer adds to it. What a commit writes is forgotten before that commit can be seen and comes back after it, so
// a record that is here has its value from its version on until now: a snapshot of that version or a later one may use it,
// an older one reads the database.
type recent struct {
	mu         sync.Mutex
	young, old map[guard.Key]version // guarded by mu, as is bytes: what was not used while young filled goes
	bytes      int                   // of young
	limit      int                   // of both
}

// version is a record's value, nil when there is none, and the database version from which on it was so.
type version struct {
	value []byte
	since uint64
}

func newRecent(limit int) *recent { return &recent{young: map[guard.Key]version{}, limit: limit} }

// get returns the value of k in a snapshot of the database version at.
func (r *recent) get(k guard.Key, at uint64) (value []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.young[k]
	if !ok {
		if v, ok = r.old[k]; ok {
			r.keep(k, v)
		}
	}
	return v.value, ok && v.since <= at
}

// learn takes in what the committer read.
func (r *recent) learn(k guard.Key, value []byte, at uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(k, version{value, at})
}

// forget drops what is about to be written.
func (r *recent) forget(writes map[guard.Key][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range writes {
		delete(r.young, k)
		delete(r.old, k)
	}
}

// learnAll takes in what was written, but for the store's own records, which are read by listing.
func (r *recent) learnAll(writes map[guard.Key][]byte, at uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, value := range writes {
		if !ours(k) {
			r.keep(k, version{value, at})
		}
	}
}

func (r *recent) keep(k guard.Key, v version) {
	size := len(k) + len(v.value) + recentOverhead
	if len(v.value) > maxRecentValue {
		return
	}
	if r.bytes += size; r.bytes > r.limit/2 {
		r.young, r.old, r.bytes = map[guard.Key]version{}, r.young, size
	}
	r.young[k] = v
}
