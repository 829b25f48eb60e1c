package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

// Problem is an RFC 9457 error with a stable code.
type Problem struct {
	client.Problem
	retryAfter time.Duration
}

const problemType = "application/problem+json"

func newProblem(p *node.Problem) *Problem {
	return &Problem{client.Problem{Type: "urn:mpcnode:problem:" + p.Code, Title: http.StatusText(p.Status),
		HTTPStatus: p.Status, Code: p.Code, Detail: p.Detail}, p.RetryAfter}
}

func problemf(status int, code, format string, args ...any) *Problem {
	return newProblem(&node.Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// GetStatus, ContentType and GetHeaders are how huma writes an error.
func (p *Problem) GetStatus() int            { return p.HTTPStatus }
func (p *Problem) ContentType(string) string { return problemType }
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	return h
}

// write answers with p outside of huma.
func (p *Problem) write(w http.ResponseWriter) {
	for name, v := range p.GetHeaders() {
		w.Header()[name] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.HTTPStatus)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the caller has gone away
}

// huma calls this for what it refuses itself, which is parameters only: bodies are not its business here.
func init() {
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		if status >= http.StatusInternalServerError {
			return problemf(status, "internal", "this is a fault of the node")
		}
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				detail += "; " + d.ErrorDetail().Location + ": " + d.ErrorDetail().Message
			}
		}
		return problemf(http.StatusBadRequest, "bad_request", "%s", strings.TrimPrefix(detail, "validation failed; "))
	}
}
