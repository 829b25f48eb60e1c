package node

import (
	"sync"

	"github.com/tonaiagent/mpcnode/node/wire"
)

// maxHeard is how many statements are remembered, the newest: those of some hundred requests.
const maxHeard = 1024

// heard remembers which statements were verified lately: an answer comes back in its session and in its receipt, and is
// verified once. The zero value is ready.
type heard struct {
	mu    sync.Mutex
	known map[[32]byte]struct{}
	order [maxHeard][32]byte // as they came, around
	next  int
}

func (h *heard) has(id [32]byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.known[id]
	return ok
}

func (h *heard) add(id [32]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.known[id]; ok {
		return
	}
	if h.known == nil {
		h.known = make(map[[32]byte]struct{}, maxHeard)
	}
	delete(h.known, h.order[h.next])
	h.known[id], h.order[h.next] = struct{}{}, id
	h.next = (h.next + 1) % maxHeard
}

// openStatement verifies that a party of this network made the statement, as this kind, and decodes its body into v. The id by which
// it is remembered covers all of it, the proof too.
func (n *Node) openStatement(s wire.Statement, kind string, v any) error {
	id := s.ID()
	if s.Kind == kind && n.heard.has(id) {
		return s.Read(v)
	}
	if err := s.Open(n.manifest, kind, v); err != nil {
		return err
	}
	n.heard.add(id)
	return nil
}
