package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/node"
)

// flights counts each caller's calls that are under way. The zero value is ready.
type flights struct {
	mu sync.Mutex
	of map[node.Caller]int // guarded by mu; no caller without calls
}

// enter counts a call in, or refuses it. Nobody stands for the calls that the node verifies itself: their tokens bound
// them.
func (f *flights) enter(c node.Caller) error {
	if c.Role == node.RoleNone {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[c] >= maxFlights {
		return newProblem(&node.Problem{Status: http.StatusTooManyRequests, Code: "too_many_waits", RetryAfter: time.Second,
			Detail: "too many calls of this caller are under way: let some end, or wait for fewer at a time"})
	}
	if f.of == nil {
		f.of = map[node.Caller]int{}
	}
	f.of[c]++
	return nil
}

// leave counts out a call that entered.
func (f *flights) leave(c node.Caller) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[c] > 1 {
		f.of[c]--
		return
	}
	delete(f.of, c)
}
