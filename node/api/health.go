package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
)

func (s *server) health(ctx context.Context, _ *struct{}) (*reply[client.Health], error) {
	h, err := s.node.Health(ctx)
	if err != nil {
		return nil, err
	}
	out := client.Health{
		Party: h.Party, Network: hex.EncodeToString(h.Network[:]), Release: node.Release,
		Ready: len(h.Missing) == 0, Missing: h.Missing, Warnings: h.Warnings, Peers: []client.PeerHealth{},
		Chain: client.ChainHealth{Seqno: h.Head.Seqno, Time: h.Head.Time}, Audit: h.Audit, Trips: tripsOf(h.Trips),
	}
	if h.HeadErr != nil {
		out.Chain.Error = h.HeadErr.Error()
	}
	if h.Policy.Version > 0 {
		out.Policy = hex.EncodeToString(h.Policy.Hash[:])
	}
	for _, p := range h.Peers {
		out.Peers = append(out.Peers, client.PeerHealth{Party: p.Party, Up: p.Up, RTTMillis: float64(p.RTT) / float64(time.Millisecond)})
	}
	return ok(out)
}

// live says that the process answers. Whether it can sign, readyz tells: a node that can't is not to be restarted.
func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte("{\"live\":true}\n")) //nolint:errcheck // the caller has gone away
}

// readiness is what the node last said about itself.
type readiness struct {
	mu      sync.Mutex // held while the node is asked, so that many callers ask once
	asked   time.Time  // guarded by mu, as is missing
	missing []string
}

// readyz answers 503 and names what is missing.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	missing := s.missing(r.Context())
	status := http.StatusOK
	if len(missing) > 0 {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"ready": len(missing) == 0, "missing": missing}) //nolint:errcheck // as above
}

func (s *server) missing(ctx context.Context) []string {
	if s.draining.Load() {
		return []string{"stopping"}
	}
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.asked) < readyEvery {
		return s.ready.missing
	}
	h, err := s.node.Health(context.WithoutCancel(ctx))
	if s.ready.missing = h.Missing; err != nil {
		s.ready.missing = []string{newProblem(node.ProblemOf(err)).Detail}
	}
	s.ready.asked = time.Now()
	return s.ready.missing
}

// monitoring serves what watches the node, on its own address.
func (s *server) monitoring() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", live)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.node.Gatherer(),
		promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout}))
	return mux
}
