package node

import (
	"maps"
	"slices"
	"sync"
)

// warnings are what somebody should look at although the node may sign. The zero value is ready.
type warnings struct {
	mu  sync.Mutex
	all map[string]string // guarded by mu
}

// set replaces the warning of that name; no text takes it back.
func (s *warnings) set(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.all, name)
		return
	}
	if s.all == nil {
		s.all = map[string]string{}
	}
	s.all[name] = text
}

// list returns the texts in the order of their names.
func (s *warnings) list() (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.all)) {
		texts = append(texts, s.all[name])
	}
	return texts
}
