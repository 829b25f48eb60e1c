package chain

import (
	"bytes"
	"crypto/ed25519"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	lite "github.com/xssnick/tonutils-go/ton"
)

// twins are two liteservers of one chain. From fail on, whichever of them is asked next fails for good.
type twins struct {
	*Client
	servers map[string]*devchain.Server
	failing atomic.Bool
	failed  atomic.Int32 // the number of the one that does, from 1
}

func newTwins(t testing.TB, bad func(query, answer any) any) *twins {
	t.Helper()
	w, now := &twins{servers: map[string]*devchain.Server{}}, time.Now()
	var cfg Config
	var servers []*devchain.Server
	for i := range int32(2) {
		c, err := devchain.New(devchain.Config{GlobalID: globalID, Now: func() time.Time { return now },
			ValidatorKey: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)),
			Lie: func(query, answer any) any {
				if w.failing.Load() && (w.failed.CompareAndSwap(0, i+1) || w.failed.Load() == i+1) {
					return bad(query, answer)
				}
				return answer
			}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		s := serve(t, c, "127.0.0.1:0")
		cfg, servers, w.servers[s.Addr] = provenBy(c), append(servers, s), s
	}
	w.Client = dial(t, cfg, servers...)
	if err := w.read(t); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *twins) read(t testing.TB) error {
	_, err := w.Account(t.Context(), ton.Address{})
	return err
}

// failures are the ways in which a liteserver fails.
var failures = map[string]func(t testing.TB) *twins{
	"lies": func(t testing.TB) *twins {
		w := newTwins(t, func(_, answer any) any {
			if s, ok := answer.(lite.AccountState); ok {
				s.Proof = nil
				return s
			}
			return answer
		})
		w.failing.Store(true)
		return w
	},
	"hangs": func(t testing.TB) *twins {
		w := newTwins(t, func(_, answer any) any {
			<-t.Context().Done()
			return answer
		})
		w.failing.Store(true)
		return w
	},
	"closes": func(t testing.TB) *twins {
		w := newTwins(t, func(_, answer any) any { return answer })
		c, err := w.lite.(*pool).next()
		if err != nil {
			t.Fatal(err)
		}
		w.servers[c.server.Addr].Close()
		return w
	},
}

// One call is enough to get away from a liteserver that fails, and doesn't fail with it.
func TestCallGoesToAnotherLiteserverWhenOneFails(t *testing.T) {
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			w, start := fail(t), time.Now()
			if err := w.read(t); err != nil || time.Since(start) > callTimeout {
				t.Errorf("%v after %s", err, time.Since(start))
			}
			start = time.Now()
			if err := w.read(t); err != nil || time.Since(start) > patience {
				t.Errorf("the next call: %v after %s", err, time.Since(start))
			}
		})
	}
}

// BenchmarkFailover is the call in which a liteserver fails.
func BenchmarkFailover(b *testing.B) {
	for name, fail := range failures {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w, start := fail(b), time.Now()
				if err := w.read(b); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "ms/call")
			}
		})
	}
}
