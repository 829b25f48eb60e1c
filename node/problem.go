package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/store"
)

// Problem says why a call was not admitted. A refusal by the guard is none: it is the answer.
type Problem struct {
	Status     int    // HTTP status: 400 401 403 404 409 413 429 503
	Code       string // stable, snake_case
	Detail     string // what is wrong, where, and what to do
	RetryAfter time.Duration
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

func problemf(status int, code, format string, args ...any) *Problem {
	return &Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// ProblemOf returns what a caller is told of an error: a *Problem as it is, a fault of the disk or a missed deadline by
// name. Of anything else, which is a bug, it says nothing.
func ProblemOf(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrDiskFull):
		return &Problem{Status: 503, Code: "disk_full", RetryAfter: time.Minute,
			Detail: "the node's disk is full: nothing was recorded or signed; it goes on when its operator has made space"}
	case errors.Is(err, store.ErrStorage):
		return &Problem{Status: 503, Code: "storage_failed", Detail: "the node's storage failed: its operator must look"}
	case errors.Is(err, store.ErrClosed):
		return problemf(503, "shutting_down", "this node is stopping: ask again once it is back")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Problem{Status: 503, Code: "unavailable", Detail: "the node did not get to it in time: try again", RetryAfter: 2 * time.Second}
	}
	return problemf(500, "internal", "this is a fault of the node: its log says more")
}

// problemOf is ProblemOf of what ended a request before it was admitted. A fault of the node is in its log: the caller is
// told nothing of it.
func (n *Node) problemOf(in guard.Intent, err error) *Problem {
	p := ProblemOf(err)
	if p.Status == 500 {
		n.log.Error("request ended by a fault", "request", in.RequestID, "wallet", in.Wallet, "err", err)
	}
	return p
}
