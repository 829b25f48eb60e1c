package node

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// jobs are the requests under way at the node that coordinates them. A wallet has one, or several if it has no seqno.
type jobs struct {
	mu       sync.Mutex
	byID     map[string]*job // guarded by mu, as all below
	byWallet map[string]*job // of those that have their wallet to themselves
}

// job is one request under way. Its request is read by whoever waits for it.
type job struct {
	mu      sync.Mutex
	request Request       // guarded by mu
	problem *Problem      // guarded by mu: it was not admitted after all
	changed chan struct{} // closed and replaced at every change; guarded by mu
}

// start enters a request, alone if it is to have its wallet to itself. It returns the job that is under way already for
// the same id, or nil and false when another request holds the wallet.
func (s *jobs) start(r Request, alone bool) (j *job, fresh, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j = s.byID[r.ID]; j != nil {
		return j, false, true
	}
	if holder := s.byWallet[r.Wallet]; alone && holder != nil && !holder.settled() {
		return nil, false, false
	}
	j = &job{request: r, changed: make(chan struct{})}
	if s.byID[r.ID] = j; alone {
		s.byWallet[r.Wallet] = j
	}
	return j, true, true
}

func (s *jobs) get(id string) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[id]
}

func (s *jobs) end(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := j.state()
	delete(s.byID, r.ID)
	if s.byWallet[r.Wallet] == j {
		delete(s.byWallet, r.Wallet)
	}
}

// drained waits until no request is between its proposal and its signature, or for the given time. Delivery goes on
// after a restart.
func (s *jobs) drained(most time.Duration) {
	deadline := time.After(most)
	for {
		j := s.signing()
		if j == nil {
			return
		}
		_, changed := j.state()
		select {
		case <-changed:
		case <-deadline:
			return
		}
	}
}

// signing returns a job that has no signature yet, nil when there is none.
func (s *jobs) signing() *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.byID {
		if r, _ := j.state(); r.State == StateEvaluating || r.State == StateSigning {
			return j
		}
	}
	return nil
}

// state returns the request now and a channel that closes at its next change.
func (j *job) state() (Request, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.request, j.changed
}

func (j *job) set(change func(*Request)) Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.request)
	close(j.changed)
	j.changed = make(chan struct{})
	return j.request
}

// reject ends a job that turned out not to be admitted.
func (j *job) reject(p *Problem) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.problem = p
	close(j.changed)
	j.changed = make(chan struct{})
}

// failing answers whoever waits for a job that panics, which is a fault of the node's, and panics on.
func (j *job) failing() {
	if bug := recover(); bug != nil {
		j.reject(ProblemOf(fmt.Errorf("%v", bug)))
		panic(bug)
	}
}

// settled reports whether whoever waits for the job has been answered: from then on its wallet is free, though the job may
// not have ended yet.
func (j *job) settled() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.problem != nil || j.request.settled()
}

// wait returns the request once it is settled, or as it is when ctx ends.
func (j *job) wait(ctx context.Context) (Request, error) {
	for {
		j.mu.Lock()
		r, p, changed := j.request, j.problem, j.changed
		j.mu.Unlock()
		switch {
		case p != nil:
			return r, p
		case r.settled():
			return r, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return r, nil
		}
	}
}
