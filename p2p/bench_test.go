package p2p

import (
	"bytes"
	"context"
	"runtime"
	"testing"
)

func benchPair(b *testing.B, n Network) []*party {
	c := base("b", "a", "b")
	c.Handle = func(_ context.Context, _ string, _ Kind, body []byte) ([]byte, error) { return body, nil }
	return join(b, n, base("a", "a", "b"), c)
}

func both(b *testing.B, bench func(b *testing.B, n Network)) {
	b.Run("tcp", func(b *testing.B) { bench(b, TCP{}) })
	b.Run("memory", func(b *testing.B) { bench(b, NewMemory()) })
}

func BenchmarkCall(b *testing.B) {
	both(b, func(b *testing.B, n Network) {
		all := benchPair(b, n)
		body := bytes.Repeat([]byte("x"), 256)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := all[0].Call(b.Context(), "b", kindAsk, body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSession is a round trip of two frames in one session.
func BenchmarkSession(b *testing.B) {
	both(b, func(b *testing.B, n Network) {
		all := benchPair(b, n)
		one, err := all[0].Join([32]byte{1}, []string{"b"}, kindWork)
		if err != nil {
			b.Fatal(err)
		}
		two, err := all[1].Join([32]byte{1}, []string{"a"}, kindWork)
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			for {
				_, body, err := two.Recv(context.Background())
				if err != nil || two.Send(context.Background(), "a", body) != nil {
					return
				}
			}
		}()
		b.Cleanup(two.Close)
		body := bytes.Repeat([]byte("x"), 256)
		b.ReportAllocs()
		for b.Loop() {
			if err := one.Send(b.Context(), "b", body); err != nil {
				b.Fatal(err)
			}
			if _, _, err := one.Recv(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCalls64 has 64 callers: what is queued together leaves together.
func BenchmarkCalls64(b *testing.B) {
	both(b, func(b *testing.B, n Network) {
		all := benchPair(b, n)
		body := bytes.Repeat([]byte("x"), 256)
		b.SetParallelism(handlersPerPeer / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := all[0].Call(b.Context(), "b", kindAsk, body); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
