package node

import (
	"fmt"
	"time"
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
