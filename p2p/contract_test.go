package p2p

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallIsAnsweredByThePeer(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		for i, p := range all {
			other := all[1-i].name
			reply, err := p.Call(deadline(t), other, kindAsk, []byte("this"))
			want := fmt.Sprintf("%s got this from %s", other, p.name)
			if err != nil || string(reply) != want {
				t.Errorf("Call = %q, %v; want %q", reply, err, want)
			}
		}
	})
}

func TestConcurrentCallsGetTheirOwnAnswers(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		var wg sync.WaitGroup
		for i := range handlersPerPeer {
			wg.Go(func() {
				body := bytes.Repeat([]byte{byte('0' + i)}, 1+17*i%900)
				reply, err := all[0].Call(deadline(t), "b", kindAsk, body)
				if want := fmt.Sprintf("b got %s from a", body); err != nil || string(reply) != want {
					t.Errorf("call %d = %q, %v", i, reply, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestLargestBodiesPassAndLargerOnesAreRefusedHere(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		b.Handle = func(_ context.Context, _ string, _ Kind, body []byte) ([]byte, error) { return body, nil }
		all := join(t, n, base("a", "a", "b"), b)
		body := bytes.Repeat([]byte("x"), 1<<17)
		if reply, err := all[0].Call(deadline(t), "b", kindBig, body); err != nil || !bytes.Equal(reply, body) {
			t.Errorf("Call at the cap: %d bytes, %v", len(reply), err)
		}
		if _, err := all[0].Call(deadline(t), "b", kindBig, append(body, 'x')); !errors.Is(err, ErrTooLarge) {
			t.Errorf("Call over the cap: %v", err)
		}
		s, err := all[0].Join([32]byte{1}, []string{"b"}, kindWork)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(deadline(t), "b", make([]byte, 1025)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("Send over the cap: %v", err)
		}
		if !all[0].status(t, "b").Up {
			t.Error("the link was lost over it")
		}
	})
}

func TestHandlerSeesTheCallersDeadline(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		left := make(chan time.Duration, 1)
		ended := make(chan struct{})
		b := base("b", "a", "b")
		b.Handle = func(ctx context.Context, _ string, _ Kind, _ []byte) ([]byte, error) {
			end, _ := ctx.Deadline()
			left <- time.Until(end)
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		}
		all := join(t, n, base("a", "a", "b"), b)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := all[0].Call(ctx, "b", kindAsk, nil); !errors.Is(err, context.DeadlineExceeded) && !isRemote(err) {
			t.Errorf("Call = %v", err)
		}
		if d := <-left; d > 300*time.Millisecond {
			t.Errorf("handler had %v left of 300ms", d)
		}
		<-ended
	})
}

func isRemote(err error) bool {
	var remote *RemoteError
	return errors.As(err, &remote)
}

func TestCalleeBelievesAMinuteAtMost(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		left := make(chan time.Duration, 1)
		b := base("b", "a", "b")
		b.Handle = func(ctx context.Context, _ string, _ Kind, _ []byte) ([]byte, error) {
			end, _ := ctx.Deadline()
			left <- time.Until(end)
			return nil, nil
		}
		all := join(t, n, base("a", "a", "b"), b)
		link := all[0].Host.(*host).peers[0].live()
		id, _ := link.calls.add(kindAsk)
		link.offer(frame{form: formRequest, kind: kindAsk, id: id, left: 1 << 31})
		if d := <-left; d > callMax {
			t.Errorf("handler was given %v", d)
		}
	})
}

func TestHandlersErrorComesBackAsCappedText(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		b.Handle = func(context.Context, string, Kind, []byte) ([]byte, error) {
			return []byte("not to be seen"), errors.New("no such wallet" + strings.Repeat("!", 1000))
		}
		all := join(t, n, base("a", "a", "b"), b)
		reply, err := all[0].Call(deadline(t), "b", kindAsk, nil)
		var remote *RemoteError
		if !errors.As(err, &remote) || remote.Party != "b" || !strings.HasPrefix(remote.Text, "no such wallet!") {
			t.Fatalf("Call = %q, %v", reply, err)
		}
		if len(remote.Text) != reasonCap || reply != nil {
			t.Errorf("text of %d bytes, reply %q", len(remote.Text), reply)
		}
	})
}

func TestHandlersPanicIsLoggedAndAnswered(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		b.Handle = func(_ context.Context, _ string, _ Kind, body []byte) ([]byte, error) {
			if len(body) == 0 {
				panic("a bug")
			}
			return body, nil
		}
		all := join(t, n, base("a", "a", "b"), b)
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !isRemote(err) || strings.Contains(err.Error(), "a bug") {
			t.Errorf("Call = %v; want an error that doesn't quote the panic", err)
		}
		all[1].logs.await(t, "level=ERROR", "a bug", "stack=", "peer=a")
		if _, err := all[0].Call(deadline(t), "b", kindAsk, []byte("again")); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
}

func TestReplyOverItsCapIsAnError(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		b.Handle = func(context.Context, string, Kind, []byte) ([]byte, error) { return make([]byte, 2049), nil }
		all := join(t, n, base("a", "a", "b"), b)
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !isRemote(err) {
			t.Errorf("Call = %v", err)
		}
		all[1].logs.await(t, "level=ERROR", "reply over its cap")
	})
}

func TestHostWithoutHandlerAnswersWithAnError(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		b.Handle = nil
		all := join(t, n, base("a", "a", "b"), b)
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !isRemote(err) || !strings.Contains(err.Error(), "no calls are taken") {
			t.Errorf("Call = %v", err)
		}
	})
}

func TestCallsBeyondTheCapAreBusy(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		release, running := make(chan struct{}), make(chan struct{}, handlersPerPeer+1)
		b := base("b", "a", "b")
		b.Handle = func(context.Context, string, Kind, []byte) ([]byte, error) {
			running <- struct{}{}
			<-release
			return nil, nil
		}
		all := join(t, n, base("a", "a", "b"), b)
		var wg sync.WaitGroup
		for range handlersPerPeer {
			wg.Go(func() {
				if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil {
					t.Error(err)
				}
			})
		}
		for range handlersPerPeer {
			<-running
		}
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrBusy) {
			t.Errorf("call %d = %v", handlersPerPeer+1, err)
		}
		close(release)
		wg.Wait()
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil {
			t.Errorf("a call after the rush: %v", err)
		}
	})
}

// TestAnsweredCallsDontCount: as many callers as the cap allows are never busy, however quickly they call again.
func TestAnsweredCallsDontCount(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		var wg sync.WaitGroup
		for range handlersPerPeer {
			wg.Go(func() {
				for range 200 {
					if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestPlaceIsFreeBeforeTheAnswerLeaves looks while the answer waits for the queue.
func TestPlaceIsFreeBeforeTheAnswerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{log: slog.New(slog.DiscardHandler)}
		m := &mux{peer: newPeerOf(h), out: make(chan frame), down: make(chan struct{})}
		m.serveCall(t.Context(), frame{form: formRequest, kind: kindAsk, left: 1000})
		synctest.Wait()
		if n := len(m.peer.running); n != 0 {
			t.Errorf("%d calls are running when all are handled", n)
		}
		<-m.out
		h.wg.Wait()
	})
}

func newPeerOf(h *host) *peer {
	h.cfg = base("a", "a", "b")
	return newPeer(h, h.cfg.Peers[0])
}

func TestUnknownNamesAndKindsAreRefusedHere(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		a := join(t, n, base("a", "a", "b"), base("b", "a", "b"))[0]
		for name, call := range map[string]func() error{
			"call of kind":     func() error { _, err := a.Call(deadline(t), "b", 99, nil); return err },
			"call of kind 0":   func() error { _, err := a.Call(deadline(t), "b", 0, nil); return err },
			"call of stranger": func() error { _, err := a.Call(deadline(t), "z", kindAsk, nil); return err },
			"call of self":     func() error { _, err := a.Call(deadline(t), "a", kindAsk, nil); return err },
			"join of kind":     func() error { _, err := a.Join([32]byte{1}, []string{"b"}, 99); return err },
			"join stranger":    func() error { _, err := a.Join([32]byte{1}, []string{"b", "z"}, kindWork); return err },
			"join twice":       func() error { _, err := a.Join([32]byte{1}, []string{"b", "b"}, kindWork); return err },
			"join nobody":      func() error { _, err := a.Join([32]byte{1}, []string{"a"}, kindWork); return err },
		} {
			if err := call(); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if !a.status(t, "b").Up {
			t.Error("the link was lost over it")
		}
	})
}

// TestPeerThatBreaksTheProtocolIsDroppedAndNamed lets b believe in other kinds and caps than a.
func TestPeerThatBreaksTheProtocolIsDroppedAndNamed(t *testing.T) {
	for name, send := range map[string]func(*party) error{
		"call over the cap": func(b *party) error {
			_, err := b.Call(context.Background(), "a", kindAsk, make([]byte, 1025))
			return err
		},
		"unknown kind": func(b *party) error { _, err := b.Call(context.Background(), "a", 77, nil); return err },
		"session over the cap": func(b *party) error {
			return raw(b, frame{form: formSession, kind: kindWork, body: make([]byte, 1025)})
		},
		"hello again":         func(b *party) error { return raw(b, frame{form: formHello}) },
		"refusal after hello": func(b *party) error { return raw(b, frame{form: formRefuse}) },
	} {
		t.Run(name, func(t *testing.T) {
			contract(t, func(t *testing.T, n Network) {
				b := base("b", "a", "b")
				b.Kinds = map[Kind]Limit{kindAsk: {Request: 4096, Reply: 4096}, kindWork: {Request: 4096}, 77: {}}
				all := join(t, n, base("a", "a", "b"), b)
				if err := send(all[1]); err == nil || !errors.As(err, &ErrPeerDown{}) {
					t.Errorf("sender was told %v", err)
				}
				all[0].await(t, "b", "down")
				all[0].logs.await(t, "level=WARN", "peer=b", "protocol violation")
				all[0].await(t, "b", "up")
			})
		})
	}
}

// raw puts a frame on the link past every check, and returns how the link ended.
func raw(p *party, f frame) error {
	link := p.Host.(*host).peers[0].live()
	link.out <- f
	<-link.down
	return link.gone()
}

func TestReplyOfAnotherKindBreaksTheProtocol(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		entered := make(chan struct{})
		b.Handle = func(ctx context.Context, _ string, _ Kind, _ []byte) ([]byte, error) {
			close(entered)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		all := join(t, n, base("a", "a", "b"), b)
		go func() {
			<-entered
			_ = raw(all[1], frame{form: formReply, kind: kindBig, id: 1, body: make([]byte, 5000)})
		}()
		if reply, err := all[0].Call(deadline(t), "b", kindAsk, nil); err == nil {
			t.Errorf("a reply of %d bytes was taken for an answer", len(reply))
		}
		all[0].logs.await(t, "level=WARN", "peer=b", "protocol violation")
	})
}

func TestHelloIsCheckedBothWays(t *testing.T) {
	for _, refuser := range []string{"a", "b"} {
		t.Run(refuser+" refuses", func(t *testing.T) {
			contract(t, func(t *testing.T, n Network) {
				cfgs := map[string]Config{"a": base("a", "a", "b"), "b": base("b", "a", "b")}
				refuser := refuser
				other := map[string]string{"a": "b", "b": "a"}[refuser]
				var seen atomic.Int32
				cfg := cfgs[refuser]
				cfg.CheckHello = func(party string, hello []byte) error {
					if want := "hello of " + other; party != other || string(hello) != want {
						t.Errorf("CheckHello(%q, %q)", party, hello)
					}
					if seen.Add(1) <= 2 {
						return errors.New("other manifest")
					}
					return nil
				}
				cfg.OnPeer = func(string, bool) {
					if seen.Load() <= 2 {
						t.Error("up before the hello was accepted")
					}
				}
				cfgs[refuser] = cfg
				all := join(t, n, cfgs["a"], cfgs["b"])
				for _, p := range all {
					if p.name == refuser {
						p.logs.await(t, "level=WARN", "peer="+other, "refuse hello: other manifest")
					} else {
						p.logs.await(t, "level=WARN", "peer="+refuser, "our hello was refused", "other manifest")
					}
				}
				if seen.Load() != 3 {
					t.Errorf("hello was checked %d times", seen.Load())
				}
			})
		})
	}
}

func TestHeartbeatsCarryBodiesAndMeasure(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		got := make(chan string, 64)
		a, b := base("a", "a", "b"), base("b", "a", "b")
		a.OnHeartbeat = func(party string, body []byte) {
			if party == "b" {
				select {
				case got <- string(body):
				default:
				}
			}
		}
		var n1 atomic.Int32
		b.Heartbeat = func() []byte { return fmt.Appendf(nil, "trips %d", n1.Add(1)) }
		before := time.Now()
		all := join(t, n, a, b)
		for i := range 2 {
			if body, want := <-got, fmt.Sprintf("trips %d", i+1); body != want {
				t.Errorf("heartbeat %d carried %q", i, body)
			}
		}
		s := all[0].status(t, "b")
		if !s.Up || s.Since.Before(before) || s.LastSeen.Before(s.Since) || s.RTT < 0 || s.RTT > time.Second {
			t.Errorf("status = %+v", s)
		}
	})
}

func TestOversizedHeartbeatIsNotSent(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		a := base("a", "a", "b")
		var beats atomic.Int32
		a.Heartbeat = func() []byte {
			if beats.Add(1) == 1 {
				return nil
			}
			return make([]byte, heartbeatCap+1)
		}
		all := join(t, n, a, base("b", "a", "b"))
		all[0].logs.await(t, "level=ERROR", "heartbeat over its cap")
		all[1].await(t, "a", "down")
		all[1].logs.await(t, "level=WARN", "peer=a", "heartbeats missed")
	})
}

func TestPeerDownAndBack(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		entered := make(chan struct{})
		b := base("b", "a", "b", "c")
		b.Handle = func(ctx context.Context, _ string, _ Kind, _ []byte) ([]byte, error) {
			close(entered)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		all := join(t, n, base("a", "a", "b", "c"), base("c", "a", "b", "c"), b)
		s, err := all[0].Join([32]byte{1}, []string{"a", "b", "c"}, kindWork)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		closed := make(chan struct{})
		go func() {
			<-entered
			_ = all[2].Close()
			close(closed)
		}()
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrPeerDown{"b"}) && !isRemote(err) {
			t.Errorf("pending call: %v", err)
		}
		if from, _, err := s.Recv(deadline(t)); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Recv = %q, %v", from, err)
		}
		if err := s.Send(deadline(t), "b", nil); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Send = %v", err)
		}
		all[0].await(t, "b", "down")
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Call when down: %v", err)
		}
		if _, err := all[0].Join([32]byte{2}, []string{"b", "c"}, kindWork); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Join when down: %v", err)
		}
		<-closed
		again := base("b", "a", "b", "c")
		dials(&again, all[0])
		back := start(t, n, again)
		back.await(t, "a", "up")
		all[0].await(t, "b", "up")
		if _, err := back.Call(deadline(t), "a", kindAsk, nil); err != nil {
			t.Errorf("Call when back: %v", err)
		}
		if err := s.Send(deadline(t), "b", nil); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("the old session took up the new link: %v", err)
		}
		if err := s.Send(deadline(t), "c", nil); err != nil {
			t.Errorf("Send to the party that stayed: %v", err)
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		b := base("b", "a", "b")
		entered := make(chan struct{})
		b.Handle = func(ctx context.Context, _ string, _ Kind, _ []byte) ([]byte, error) {
			close(entered)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		all := join(t, n, base("a", "a", "b"), b)
		s, err := all[0].Join([32]byte{1}, []string{"b"}, kindWork)
		if err != nil {
			t.Fatal(err)
		}
		received := make(chan error, 1)
		go func() {
			_, _, err := s.Recv(context.Background())
			received <- err
		}()
		called := make(chan error, 1)
		go func() {
			_, err := all[0].Call(context.Background(), "b", kindAsk, nil)
			called <- err
		}()
		<-entered
		if err := all[0].Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if err := <-received; !errors.Is(err, ErrClosed) {
			t.Errorf("waiting Recv: %v", err)
		}
		if err := <-called; !errors.Is(err, ErrClosed) {
			t.Errorf("waiting Call: %v", err)
		}
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Call after Close: %v", err)
		}
		if _, err := all[0].Join([32]byte{2}, []string{"b"}, kindWork); !errors.Is(err, ErrClosed) {
			t.Errorf("Join after Close: %v", err)
		}
		if err := s.Send(deadline(t), "b", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Send after Close: %v", err)
		}
		if err := all[0].Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
	})
}

func TestOpenRefusesBadConfigurations(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"no name":           func(c *Config) { c.Self = "" },
		"no identity":       func(c *Config) { c.Identity = nil },
		"no hello check":    func(c *Config) { c.CheckHello = nil },
		"long hello":        func(c *Config) { c.Hello = make([]byte, helloCap+1) },
		"kind 0":            func(c *Config) { c.Kinds[0] = Limit{} },
		"huge cap":          func(c *Config) { c.Kinds[9] = Limit{Request: frameCap + 1} },
		"negative cap":      func(c *Config) { c.Kinds[9] = Limit{Reply: -1} },
		"peer without name": func(c *Config) { c.Peers[0].Party = "" },
		"peer named self":   func(c *Config) { c.Peers[0].Party = "a" },
		"peer with our key": func(c *Config) { c.Peers[0].PublicKey = publicOf("a") },
		"peer without key":  func(c *Config) { c.Peers[0].PublicKey = nil },
		"peer twice":        func(c *Config) { c.Peers = append(c.Peers, Peer{Party: "b", PublicKey: publicOf("c")}) },
		"key twice":         func(c *Config) { c.Peers = append(c.Peers, Peer{Party: "c", PublicKey: publicOf("b")}) },
	} {
		t.Run(name, func(t *testing.T) {
			contract(t, func(t *testing.T, n Network) {
				cfg := base("a", "a", "b")
				spoil(&cfg)
				if h, err := n.Open(cfg); err == nil {
					t.Error("opened")
					_ = h.Close()
				}
			})
		})
	}
}
