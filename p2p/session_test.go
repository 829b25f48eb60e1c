package p2p

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func joinAll(t *testing.T, id [32]byte, all []*party, with ...string) []Session {
	t.Helper()
	var list []Session
	for _, p := range all {
		s, err := p.Join(id, with, kindWork)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		list = append(list, s)
	}
	return list
}

func TestSessionKeepsOrderBySender(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		names := []string{"a", "b", "c"}
		all := join(t, n, base("a", names...), base("b", names...), base("c", names...))
		sessions := joinAll(t, [32]byte{1}, all, names...)
		for i := range 16 {
			for _, s := range sessions[1:] {
				if err := s.Send(deadline(t), "a", []byte{byte(i)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		next := map[string]int{}
		for range 32 {
			from, b, err := sessions[0].Recv(deadline(t))
			if err != nil || len(b) != 1 || int(b[0]) != next[from] {
				t.Fatalf("Recv = %q, %v, %v; want frame %d", from, b, err, next[from])
			}
			next[from]++
		}
		if next["b"] != 16 || next["c"] != 16 {
			t.Errorf("received %v", next)
		}
	})
}

func TestSessionsDontMix(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		one, two := joinAll(t, [32]byte{1}, all, "a", "b"), joinAll(t, [32]byte{2}, all, "a", "b")
		for i, s := range []Session{two[1], one[1]} {
			if err := s.Send(deadline(t), "a", []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i, s := range []Session{two[0], one[0]} {
			if from, b, err := s.Recv(deadline(t)); err != nil || from != "b" || b[0] != byte(i) {
				t.Errorf("session %d: Recv = %q, %v, %v", i, from, b, err)
			}
		}
	})
}

// echoed makes sure that b has read all that a sent before.
func echoed(t *testing.T, a *party, to string) {
	t.Helper()
	if _, err := a.Call(deadline(t), to, kindAsk, nil); err != nil {
		t.Fatal(err)
	}
}

func TestEarlyFramesWaitWithinTheirBounds(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		for i := range earlySessions + 1 {
			s := joinAll(t, [32]byte{byte(i + 1)}, all[:1], "b")[0]
			for j := range earlyFrames + 1 {
				if err := s.Send(deadline(t), "b", []byte{byte(j)}); err != nil {
					t.Fatal(err)
				}
			}
			echoed(t, all[0], "b")
		}
		for i := range earlySessions + 1 {
			want := earlyFrames
			if i == earlySessions {
				want = 0
			}
			s := joinAll(t, [32]byte{byte(i + 1)}, all[1:], "a")[0]
			if got := drain(t, s); got != want {
				t.Errorf("session %d: %d early frames, want %d", i, got, want)
			}
		}
	})
}

// drain counts what has arrived, and checks that frames are numbered in order.
func drain(t *testing.T, s Session) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := 0; ; i++ {
		_, b, err := s.Recv(ctx)
		if err != nil {
			return i
		}
		if int(b[0]) != i {
			t.Fatalf("frame %d came at place %d", b[0], i)
		}
	}
}

func TestEarlyFramesHaveABudgetOfBytes(t *testing.T) {
	now := time.Now()
	e := &early{boxes: make(map[[32]byte]*earlyBox)}
	for i := range 2 * earlyBytes / 100_000 {
		e.keep(frame{session: [32]byte{byte(i)}, body: make([]byte, 100_000)}, now)
	}
	if e.bytes > earlyBytes || e.bytes < earlyBytes-100_000 {
		t.Errorf("%d bytes are kept", e.bytes)
	}
	if got := e.take([32]byte{0}, now); len(got) != 1 || e.bytes > earlyBytes-100_000 {
		t.Errorf("%d frames, then %d bytes kept", len(got), e.bytes)
	}
	e.expire(now.Add(earlyLife))
	if e.bytes != 0 || len(e.boxes) != 0 || len(e.order) != 0 {
		t.Errorf("left after their life: %d bytes, %d boxes, %d ids", e.bytes, len(e.boxes), len(e.order))
	}
}

func TestEarlyFramesExpire(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		for i, wait := range []time.Duration{earlyLife - time.Second, earlyLife + time.Second} {
			id := [32]byte{byte(i + 1)}
			if err := joinAll(t, id, all[:1], "b")[0].Send(deadline(t), "b", []byte{0}); err != nil {
				t.Fatal(err)
			}
			echoed(t, all[0], "b")
			<-time.After(wait)
			if got, want := drain(t, joinAll(t, id, all[1:], "a")[0]), 1-i; got != want {
				t.Errorf("after %v: %d frames, want %d", wait, got, want)
			}
		}
	})
}

func TestFullMailboxDropsOnlyItsSendersFrames(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		names := []string{"a", "b", "c"}
		all := join(t, n, base("a", names...), base("b", names...), base("c", names...))
		flooded, other := joinAll(t, [32]byte{1}, all, names...), joinAll(t, [32]byte{2}, all, names...)
		for range 100 {
			if err := flooded[1].Send(deadline(t), "a", []byte("flood")); err != nil {
				t.Fatal(err)
			}
		}
		echoed(t, all[1], "a")
		if err := flooded[2].Send(deadline(t), "a", []byte("needed")); err != nil {
			t.Fatal(err)
		}
		if err := other[1].Send(deadline(t), "a", []byte("elsewhere")); err != nil {
			t.Fatal(err)
		}
		if _, b, err := other[0].Recv(deadline(t)); err != nil || string(b) != "elsewhere" {
			t.Errorf("the other session: %q, %v", b, err)
		}
		count := map[string]int{}
		for count["c"] == 0 {
			from, _, err := flooded[0].Recv(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			count[from]++
		}
		if count["b"] != mailboxFrames/2 {
			t.Errorf("%d of b's frames waited, want %d", count["b"], mailboxFrames/2)
		}
		all[0].logs.await(t, "level=WARN", "mailbox full", "peer=b")
	})
}

func TestFramesThatArrivedComeBeforePeerDown(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		if err := s[1].Send(deadline(t), "a", []byte("last words")); err != nil {
			t.Fatal(err)
		}
		echoed(t, all[1], "a")
		if err := all[1].Close(); err != nil {
			t.Fatal(err)
		}
		all[0].await(t, "b", "down")
		if from, b, err := s[0].Recv(deadline(t)); err != nil || from != "b" || string(b) != "last words" {
			t.Errorf("Recv = %q, %q, %v", from, b, err)
		}
		if from, _, err := s[0].Recv(deadline(t)); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("then Recv = %q, %v", from, err)
		}
	})
}

func TestIdIsJoinedOnce(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		if _, err := all[0].Join([32]byte{1}, []string{"b"}, kindWork); err == nil {
			t.Error("joined while open")
		}
		s[0].Close()
		s[0].Close()
		if _, err := all[0].Join([32]byte{1}, []string{"b"}, kindWork); err == nil {
			t.Error("joined again after it was closed")
		}
		if _, _, err := s[0].Recv(deadline(t)); !errors.Is(err, ErrClosed) {
			t.Errorf("Recv after Close: %v", err)
		}
		if err := s[0].Send(deadline(t), "b", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Send after Close: %v", err)
		}
	})
}

func TestLateFramesAreNotKept(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		s[1].Close()
		if err := s[0].Send(deadline(t), "b", []byte("late")); err != nil {
			t.Fatal(err)
		}
		echoed(t, all[0], "b")
		rooms := &all[1].Host.(*host).rooms
		rooms.mu.Lock()
		defer rooms.mu.Unlock()
		if len(rooms.early) != 0 {
			t.Error("a frame of a closed session waits for it to be joined")
		}
	})
}

func TestClosedIdsAreForgottenOldestFirst(t *testing.T) {
	var r rooms
	id := func(i int) [32]byte { return [32]byte{1, byte(i), byte(i >> 8)} }
	for i := range closedMax + 1 {
		s := newSession(&r, id(i), kindWork, []*mux{{down: make(chan struct{})}})
		if err := r.enter(s); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if len(r.closed) != closedMax || r.closed[id(0)] || !r.closed[id(1)] || !r.closed[id(closedMax)] {
		t.Errorf("%d ids remembered; first %v, second %v, last %v", len(r.closed), r.closed[id(0)], r.closed[id(1)], r.closed[id(closedMax)])
	}
}

func TestOpenSessionsAreBounded(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		a := join(t, n, base("a", "a", "b"), base("b", "a", "b"))[0]
		for i := range sessionsMax {
			if _, err := a.Join([32]byte{1, byte(i), byte(i >> 8)}, []string{"b"}, kindWork); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Join([32]byte{2}, []string{"b"}, kindWork); err == nil {
			t.Error("one more was joined")
		}
	})
}

func TestJoinLooksAgainWhetherPeersAreUp(t *testing.T) {
	gone := &mux{peer: &peer{name: "b"}, down: make(chan struct{})}
	close(gone.down)
	var r rooms
	if err := r.enter(newSession(&r, [32]byte{1}, kindWork, []*mux{gone})); !errors.Is(err, ErrPeerDown{"b"}) {
		t.Errorf("enter = %v", err)
	}
}

func TestNothingIsJoinedOnceClosingBegan(t *testing.T) {
	var r rooms
	r.closeAll()
	alive := &mux{peer: &peer{name: "b"}, down: make(chan struct{})}
	if err := r.enter(newSession(&r, [32]byte{1}, kindWork, []*mux{alive})); !errors.Is(err, ErrClosed) {
		t.Errorf("enter = %v", err)
	}
}

func TestHeartbeatsPassAFullQueue(t *testing.T) {
	m := &mux{peer: &peer{host: &host{}}, out: make(chan frame, queueFrames), urgent: make(chan frame, urgentFrames)}
	for m.offer(frame{form: formSession}) {
	}
	m.sendBeat()
	var f frame
	if !m.next(&f) || f.form != formBeat {
		t.Errorf("form %d is sent first", f.form)
	}
}

// TestFramesOfOutsidersAndOtherKindsAreDropped: c knows the id, but isn't in the session that a joined.
func TestFramesOfOutsidersAndOtherKindsAreDropped(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		names := []string{"a", "b", "c"}
		all := join(t, n, base("a", names...), base("b", names...), base("c", names...))
		id := [32]byte{1}
		a := joinAll(t, id, all[:1], "b")[0]
		c := joinAll(t, id, all[2:], "a")[0]
		b, err := all[1].Join(id, []string{"a"}, kindBig)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Session{c, b} {
			if err := s.Send(deadline(t), "a", []byte{0}); err != nil {
				t.Fatal(err)
			}
		}
		echoed(t, all[1], "a")
		echoed(t, all[2], "a")
		if got := drain(t, a); got != 0 {
			t.Errorf("%d frames came in", got)
		}
	})
}

func TestFullQueueDropsTheFrameWithAnError(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")[0]
		n.Cut("a", "b")
		var err error
		sent := 0
		for ; err == nil && sent < 10_000; sent++ {
			err = s.Send(t.Context(), "b", []byte(fmt.Sprint(sent)))
		}
		if !errors.Is(err, ErrQueueFull) {
			t.Errorf("after %d frames: %v", sent, err)
		}
	})
}

func TestRecvAndSendHeedTheirContext(t *testing.T) {
	contract(t, func(t *testing.T, n Network) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")[0]
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.Recv(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Recv = %v", err)
		}
		if err := s.Send(ctx, "b", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Send = %v", err)
		}
		if err := s.Send(t.Context(), "c", nil); err == nil {
			t.Error("sent to a party outside of the session")
		}
	})
}
