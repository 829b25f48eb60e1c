// Package api is a node's HTTP server: JSON described by OpenAPI 3.1 at /openapi.json, errors as RFC 9457 problems with a
// stable code, every call signed (RFC 9421, package reqsig) but for /healthz, /readyz and the description itself.
//
//	s, err := api.Listen(n, cfg, log)
//	go s.Serve()
//	…
//	s.Drain()   // /readyz says no, nothing new is taken
//	stop()      // the node lets its attempts end
//	s.Close()
//
// routes.go lists every call and the roles that may make it; what isn't there is refused. The types of bodies are package
// client's. A call that enters a record carries that record's own signature, so the caller is a courier here too.
package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tonaiagent/mpcnode/node"
)

// server answers calls to one node.
type server struct {
	node     *node.Node
	url      string // scheme and authority that signatures must name
	log      *slog.Logger
	mux      *http.ServeMux
	api      huma.API
	routes   map[string]route // by pattern
	unsigned map[string]bool  // patterns that anyone may ask for
	ready    readiness
	flights  flights
	policies chan struct{} // one for each body of a policy that is being read
	draining atomic.Bool
}

func newServer(n *node.Node, url string, log *slog.Logger) (*server, error) {
	s := &server{node: n, url: url, log: log, mux: http.NewServeMux(), routes: map[string]route{}, unsigned: map[string]bool{},
		policies: make(chan struct{}, maxPolicies)}
	s.api = humago.New(s.mux, description())
	for _, r := range routes {
		s.routes[r.pattern()] = r
		r.bind(s, operation(r))
		s.describeBody(r)
	}
	s.describeExceptions()
	openapi, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	s.open("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Write(openapi) //nolint:errcheck // the caller has gone away
	})
	s.open("GET /healthz", live)
	s.open("GET /readyz", s.readyz)
	return s, nil
}

// open serves a pattern to anyone.
func (s *server) open(pattern string, h http.HandlerFunc) {
	s.unsigned[pattern] = true
	s.mux.HandleFunc(pattern, h)
}
