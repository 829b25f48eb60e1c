package e2e

import (
	"testing"

	"github.com/tonaiagent/mpcnode/node"
)

// TestEveryNodeListsWhatTheChainHasMadeOfARequest asks the parties that deliver nothing, too.
func TestEveryNodeListsWhatTheChainHasMadeOfARequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		o, _ := orderOf(w, "k-listed")
		r, err := w.send(o)
		if err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s, %v", r.State, err)
		}
		for _, name := range names {
			w.eventually(name+" lists it as confirmed", func() bool {
				all, err := w.node(name).Requests(t.Context(), 10)
				w.must(err)
				return len(all) == 1 && all[0].ID == r.ID && all[0].State == node.StateConfirmed
			})
		}
	})
}
