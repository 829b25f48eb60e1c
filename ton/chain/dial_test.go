package chain

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton/devchain"
	"go.uber.org/goleak"
)

// heard is a log that passes on messages as they are written.
type heard chan string

func (h heard) Enabled(context.Context, slog.Level) bool { return true }
func (h heard) Handle(_ context.Context, r slog.Record) error {
	select {
	case h <- r.Message:
	default:
	}
	return nil
}
func (h heard) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h heard) WithGroup(string) slog.Handler      { return h }

func (h heard) until(t *testing.T, message string) {
	t.Helper()
	for {
		select {
		case m := <-h:
			if m == message {
				return
			}
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func TestLiteserverThatComesBackIsUsedAgain(t *testing.T) {
	chain, log := newChain(t), make(heard, 100)
	s := serve(t, chain, "127.0.0.1:0")
	cfg := config
	cfg.Logger = slog.New(log)
	c := dial(t, cfg, s)
	waiting := make(chan error, 1)
	head, err := c.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := c.WaitHead(t.Context(), head.Seqno)
		waiting <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := <-waiting; !errors.Is(err, ErrUnavailable) || time.Since(start) > callTimeout {
		t.Errorf("a wait under way: %v after %v", err, time.Since(start))
	}
	log.until(t, "liteserver went away")
	if _, err := c.Head(t.Context()); !errors.Is(err, ErrUnavailable) || time.Since(start) > callTimeout {
		t.Errorf("while it is away: %v after %v", err, time.Since(start))
	}
	chain.Tick()
	serve(t, chain, s.Addr)
	log.until(t, "liteserver connected")
	if h, err := c.WaitHead(t.Context(), head.Seqno); err != nil || h.Seqno != head.Seqno+1 {
		t.Errorf("when it is back: %+v, %v", h, err)
	}
}

// One of two liteservers is enough, and the one that is down at the start is used when it comes.
func TestDialNeedsNoLiteserverToAnswer(t *testing.T) {
	chain, log := newChain(t), make(heard, 100)
	first, second := serve(t, chain, "127.0.0.1:0"), serve(t, chain, "127.0.0.1:0")
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	cfg := config
	cfg.Logger = slog.New(log)
	c := dial(t, cfg, first, second)
	if _, err := c.Head(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("without a liteserver: %v", err)
	}
	serve(t, chain, second.Addr)
	log.until(t, "liteserver connected")
	if _, err := c.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestDialReturnsWithItsContext(t *testing.T) {
	black, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer black.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := config
	cfg.Liteservers = []Liteserver{{black.Addr().String(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}
	start := time.Now()
	c, err := Dial(ctx, cfg)
	if err != nil || time.Since(start) > dialTimeout {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	if err := c.Close(); err != nil || time.Since(start) > dialTimeout {
		t.Fatalf("closed %v after %v", err, time.Since(start))
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	chain, err := devchain.New(devchain.Config{GlobalID: globalID})
	if err != nil {
		t.Fatal(err)
	}
	up, err := chain.Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down, err := chain.Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down.Close()
	c := dial(t, config, up, down)
	if _, err := c.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Close(), c.Close(), up.Close(), chain.Close()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, ignore)
	if _, err := c.Head(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a closed client: %v", err)
	}
}
