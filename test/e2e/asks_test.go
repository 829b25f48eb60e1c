package e2e

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton"
)

// asks counts what a party's node asks its liteserver for, by kind of answer.
type asks struct {
	own ton.Address
	mu  sync.Mutex
	by  map[string]int // guarded by mu
}

func (a *asks) see(answer any) any {
	kind := fmt.Sprintf("%T", answer)
	if s, ok := answer.(lite.AccountState); ok {
		kind = "destination"
		var state tlb.AccountState
		if s.State != nil && tlb.Parse(&state, s.State) == nil && [32]byte(state.Address.Data()) == a.own.Hash {
			kind = "own account"
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.by[kind]++
	return answer
}

func (a *asks) take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	by := maps.Clone(a.by)
	clear(a.by)
	return by
}

// With a fresh mirror a request asks the chain for its destination, in the newest block, and for nothing of the wallet's own;
// for a destination that was read within a minute, for nothing at all.
func TestRequestAsksForItsDestinationAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.eventually("every mirror is fresh", func() bool {
			for _, name := range names {
				if !w.node(name).LastSeen("w1").Proven {
					return false
				}
			}
			return true
		})
		seen := map[string]*asks{}
		for _, name := range names {
			a := &asks{own: w.address("w1"), by: map[string]int{}}
			see := a.see
			seen[name] = a
			w.parties[name].chain.lie.Store(&see)
		}
		var once sync.Once
		var before map[string]map[string]int // the first share's message
		w.memory.Intercept(func(_, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
			if wire.Kind(k) == wire.FrameTSS {
				once.Do(func() {
					before = map[string]map[string]int{}
					for _, name := range names {
						before[name] = seen[name].take()
					}
				})
			}
			return [][]byte{b}
		})
		for i, want := range []map[string]int{{"destination": 1, "ton.MasterchainInfoExt": 1}, {}} {
			if i > 0 {
				time.Sleep(3 * time.Second) // every node has seen the first executed
			}
			for _, a := range seen {
				a.take()
			}
			once, before = sync.Once{}, nil
			o, _ := orderOf(w, fmt.Sprint("k-asks-", i))
			o.ask = "platform"
			r, err := w.send(o)
			if err != nil || r.State != node.StateConfirmed {
				t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
			}
			if before == nil {
				t.Fatal("no share was used")
			}
			for _, name := range r.Signers { // the third may still be deciding
				if got := before[name]; !maps.Equal(got, want) {
					t.Errorf("request %d: %s asked for %v before shares were used, want %v", i, name, got, want)
				}
			}
		}
	})
}
