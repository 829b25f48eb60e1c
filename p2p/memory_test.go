package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCutIsNoticedByMissedHeartbeats(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		names := []string{"a", "b", "c"}
		all := join(t, n, base("a", names...), base("b", names...), base("c", names...))
		s := joinAll(t, [32]byte{1}, all, names...)
		n.Cut("b", "a")
		cut := time.Now()
		if _, _, err := s[0].Recv(deadline(t)); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Recv = %v", err)
		}
		if d := time.Since(cut); d < 2*time.Second || d > 4*time.Second {
			t.Errorf("noticed after %v", d)
		}
		all[0].await(t, "b", "down")
		all[1].await(t, "a", "down")
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Call across the cut: %v", err)
		}
		for _, p := range all[:2] {
			if _, err := p.Call(deadline(t), "c", kindAsk, nil); err != nil {
				t.Errorf("%s to the party that both see: %v", p.name, err)
			}
		}
		<-time.After(time.Minute)
		n.Heal("a", "b")
		healed := time.Now()
		all[0].await(t, "b", "up")
		if d := time.Since(healed); d > backoffMax {
			t.Errorf("back after %v", d)
		}
	})
}

func TestShortCutLosesNothing(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		n.Cut("a", "b")
		n.Cut("a", "b")
		if err := s[0].Send(deadline(t), "b", []byte("held up")); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(1500*time.Millisecond, func() { n.Heal("b", "a") })
		cut := time.Now()
		if _, b, err := s[1].Recv(deadline(t)); err != nil || string(b) != "held up" {
			t.Errorf("Recv = %q, %v", b, err)
		}
		if d := time.Since(cut); d != 1500*time.Millisecond {
			t.Errorf("arrived after %v", d)
		}
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil || !all[0].status(t, "b").Up {
			t.Errorf("after it: %v", err)
		}
	})
}

func TestCutHidesThatThePeerWasClosed(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		s := joinAll(t, [32]byte{1}, all, "a", "b")[0]
		n.Cut("a", "b")
		cut := time.Now()
		_ = all[1].Close()
		if err := s.Send(deadline(t), "b", nil); err != nil {
			t.Errorf("Send = %v", err)
		}
		if _, _, err := s.Recv(deadline(t)); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Recv = %v", err)
		}
		if d := time.Since(cut); d < 2*time.Second {
			t.Errorf("known after %v", d)
		}
	})
}

func TestDelayIsMeasuredAndKeepsOrder(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		const way = 150 * time.Millisecond
		n.Delay("a", "b", way)
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		began := time.Now()
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != 2*way {
			t.Errorf("a call took %v, want %v", d, 2*way)
		}
		<-time.After(heartbeatEvery)
		if rtt := all[0].status(t, "b").RTT; rtt != 2*way {
			t.Errorf("RTT = %v, want %v", rtt, 2*way)
		}
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		for i := range 10 {
			if i == 5 {
				n.Delay("a", "b", 0) // a later frame must not overtake
			}
			if err := s[0].Send(deadline(t), "b", []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Millisecond)
		}
		<-time.After(way)
		if got := drain(t, s[1]); got != 10 {
			t.Errorf("%d frames came", got)
		}
	})
}

func TestInterceptDropsReplacesAndDuplicates(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		n.Intercept(func(from, to string, k Kind, session [32]byte, b []byte) [][]byte {
			switch {
			case from != "a" || to != "b" || k != kindWork || session != [32]byte{1}:
				return [][]byte{b}
			case string(b) == "drop":
				return nil
			case string(b) == "replace":
				return [][]byte{[]byte("replaced")}
			case string(b) == "twice":
				return [][]byte{b, b}
			}
			return [][]byte{b}
		})
		s := joinAll(t, [32]byte{1}, all, "a", "b")
		for _, b := range []string{"drop", "replace", "twice", "end"} {
			if err := s[0].Send(deadline(t), "b", []byte(b)); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for !slices.Contains(got, "end") {
			_, b, err := s[1].Recv(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(b))
		}
		if want := "replaced twice twice end"; strings.Join(got, " ") != want {
			t.Errorf("received %q, want %q", got, want)
		}
		if err := s[1].Send(deadline(t), "a", []byte("drop")); err != nil {
			t.Fatal(err)
		}
		if _, b, err := s[0].Recv(deadline(t)); err != nil || string(b) != "drop" {
			t.Errorf("the other way: %q, %v", b, err)
		}
	})
}

func TestInterceptSeesCallsAndReplies(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		n.Intercept(func(from, _ string, k Kind, session [32]byte, b []byte) [][]byte {
			if k != kindAsk || session != [32]byte{} {
				t.Errorf("intercepted kind %d, session %x", k, session)
			}
			return [][]byte{fmt.Appendf(nil, "<%s: %s>", from, b)}
		})
		reply, err := all[0].Call(deadline(t), "b", kindAsk, []byte("x"))
		if want := "<b: b got <a: x> from a>"; err != nil || string(reply) != want {
			t.Errorf("Call = %q, %v; want %q", reply, err, want)
		}
		n.Intercept(nil)
		if reply, _ := all[0].Call(deadline(t), "b", kindAsk, []byte("x")); string(reply) != "b got x from a" {
			t.Errorf("then Call = %q", reply)
		}
	})
}

func TestInterceptedFrameOverItsCapBreaksTheProtocol(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		n.Intercept(func(string, string, Kind, [32]byte, []byte) [][]byte { return [][]byte{make([]byte, 1025)} })
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); !errors.Is(err, ErrPeerDown{"b"}) {
			t.Errorf("Call = %v", err)
		}
		all[1].logs.await(t, "level=WARN", "peer=a", "protocol violation")
	})
}

func TestMadeUpEchoesMeasureNothing(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
		<-time.After(10 * time.Second)
		all[1].Host.(*host).peers[0].live().offer(frame{form: formEcho, id: 1})
		echoed(t, all[1], "a")
		if rtt := all[0].status(t, "b").RTT; rtt != 0 {
			t.Errorf("RTT = %v", rtt)
		}
	})
}

func TestSlowCallbacksHoldNobodyUp(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		a := base("a", "a", "b")
		release := make(chan struct{})
		a.OnHeartbeat = func(string, []byte) { <-release }
		all := join(t, n, a, base("b", "a", "b"))
		<-time.After(time.Minute)
		if _, err := all[0].Call(deadline(t), "b", kindAsk, nil); err != nil {
			t.Error(err)
		}
		close(release)
	})
}

func TestMemoryRefusesTheSameIdentityTwice(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		first := start(t, n, base("a", "a", "b"))
		if _, err := n.Open(base("a", "a", "b")); err == nil {
			t.Error("opened twice")
		}
		_ = first.Close()
		start(t, n, base("a", "a", "b"))
	})
}

func TestMemoryPinsBothWays(t *testing.T) {
	inMemory(t, func(t *testing.T, n *Memory) {
		a := start(t, n, base("a", "a"))
		b := start(t, n, base("b", "a", "b"))
		<-time.After(time.Minute)
		if b.status(t, "a").Up || len(a.Peers()) != 0 {
			t.Error("a link to a host that doesn't know us")
		}
	})
}

// TestRunsRepeatInFakeTime runs one story twice and compares when everything happened.
func TestRunsRepeatInFakeTime(t *testing.T) {
	story := func() (log []string) {
		synctest.Test(t, func(t *testing.T) {
			n := NewMemory()
			began := time.Now()
			note := func(what string, err error) {
				log = append(log, fmt.Sprint(time.Since(began), " ", what, " ", err))
			}
			all := join(t, n, base("a", "a", "b"), base("b", "a", "b"))
			note("up", nil)
			s := joinAll(t, [32]byte{1}, all, "a", "b")
			n.Cut("a", "b")
			_, _, err := s[0].Recv(context.Background())
			note("received", err)
			all[0].await(t, "b", "down")
			<-time.After(17 * time.Second)
			n.Heal("a", "b")
			all[0].await(t, "b", "up")
			note("up again", nil)
			_, err = all[0].Call(context.Background(), "b", kindAsk, nil)
			note("called", err)
		})
		return log
	}
	first, second := story(), story()
	if !slices.Equal(first, second) || len(first) != 4 {
		t.Errorf("two runs differ:\n%s\n\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
}
