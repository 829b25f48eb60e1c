package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"runtime/debug"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/reqsig"
)

// call is one call that has passed the gate.
type call struct {
	caller   node.Caller // of calls that the node doesn't verify itself
	envelope reqsig.Envelope
}

type callKey struct{}

// callOf returns the call; without one the zero value, which may do nothing.
func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// gate lets calls through that are listed, small and quick enough, signed by someone enrolled, and allowed to that
// someone's role: in this order, so that nothing is done for a stranger but to verify a signature.
func (s *server) gate(w http.ResponseWriter, r *http.Request) {
	defer s.recovered(w, r)
	pattern, err := s.find(r)
	if err == nil && s.unsigned[pattern] {
		s.mux.ServeHTTP(w, r)
		return
	}
	var c call
	if err == nil {
		c, err = s.admit(w, r, s.routes[pattern])
	}
	if err == nil {
		err = s.flights.enter(c.caller)
	}
	if err != nil {
		s.problem(pattern, err).write(w)
		return
	}
	defer s.flights.leave(c.caller)
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
}

// find returns the pattern of the route that r asks for.
func (s *server) find(r *http.Request) (string, error) {
	if r.URL.Path == path.Clean(r.URL.Path) { // the mux would redirect
		if pattern := s.match(r, r.Method); pattern != "" {
			return pattern, nil
		}
		if s.match(r, get) != "" || s.match(r, post) != "" {
			return "", problemf(http.StatusMethodNotAllowed, "method_not_allowed", "%.20s is not served here: see /openapi.json", r.Method)
		}
	}
	return "", problemf(http.StatusNotFound, "unknown_route", "there is nothing at %.200q: see /openapi.json", r.URL.Path)
}

func (s *server) match(r *http.Request, method string) string {
	if method != get && method != post { // the mux would take HEAD for GET
		return ""
	}
	as := r.WithContext(r.Context())
	as.Method = method
	_, pattern := s.mux.Handler(as)
	return pattern
}

// admit reads the call and says who makes it.
func (s *server) admit(w http.ResponseWriter, r *http.Request, to route) (c call, err error) {
	if s.draining.Load() && r.Method == post {
		return c, problemf(http.StatusServiceUnavailable, "shutting_down",
			"this node is stopping: ask again, with the same Idempotency-Key, once it is back")
	}
	body, err := s.readBody(w, r, to)
	if err != nil {
		return c, err
	}
	if c.envelope, err = reqsig.FromRequest(r, s.url, body); err != nil {
		return c, problemf(http.StatusUnauthorized, "bad_signature", "%v", err)
	}
	if to.carried {
		return c, nil
	}
	if c.caller, err = s.node.Authenticate(r.Context(), c.envelope); err != nil {
		return c, err
	}
	if err := s.charge(r, c.caller); err != nil {
		return c, err
	}
	if !to.admits(c.caller.Role) {
		return c, problemf(http.StatusForbidden, "forbidden", "%s %s is not for the role %s", to.method, to.path, c.caller.Role)
	}
	return c, nil
}

// charge takes a token for what the caller asks, refused or not.
func (s *server) charge(r *http.Request, c node.Caller) error {
	if r.Method == post && r.URL.Path != importPath {
		return s.node.TakeToken(r.Context(), c)
	}
	return s.node.TakeRead(c)
}

// readBody reads all of a small body in a short time, or of a policy, of which few are read at once.
func (s *server) readBody(w http.ResponseWriter, r *http.Request, to route) ([]byte, error) {
	if !to.policy() {
		return readBody(w, r, maxBody)
	}
	select {
	case s.policies <- struct{}{}:
		defer func() { <-s.policies }()
		return readBody(w, r, maxPolicyBody)
	default:
		return nil, problemf(http.StatusServiceUnavailable, "busy", "other policies are being read: send this one again")
	}
}

func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == post && (err != nil || t != "application/json") {
		return nil, problemf(http.StatusUnsupportedMediaType, "content_type", "Content-Type must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problemf(http.StatusRequestEntityTooLarge, "too_large", "the body has more than %d bytes", most)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problemf(http.StatusRequestTimeout, "too_slow", "the body did not arrive within %s", bodyTimeout)
	case err != nil:
		return nil, problemf(http.StatusBadRequest, "bad_request", "the body could not be read")
	}
	return body, http.NewResponseController(w).SetReadDeadline(time.Time{}) // or the end of timed's would end the call's context
}

// timed gives each call's body bodyTimeout to come. It is for every call, because net/http reads on, without a deadline,
// what its handler left unread.
func timed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) != nil {
			panic(http.ErrAbortHandler) // the connection is gone
		}
		h.ServeHTTP(w, r)
	})
}

// problem turns an error into what the caller is told; the operator's log has the rest.
func (s *server) problem(route string, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	told := node.ProblemOf(err)
	if told.Status == http.StatusInternalServerError {
		s.log.Error("call failed", "route", route, "err", err)
	}
	return newProblem(told)
}

// recovered keeps a bug in one call from taking the node down while others sign, and says that it is there.
func (s *server) recovered(w http.ResponseWriter, r *http.Request) {
	if bug := recover(); bug != nil {
		if bug == http.ErrAbortHandler {
			panic(bug)
		}
		s.log.Error("call panicked", "method", r.Method, "path", r.URL.Path, "bug", bug, "stack", string(debug.Stack()))
		problemf(http.StatusInternalServerError, "internal", "this is a fault of the node: its log says more").write(w)
	}
}
