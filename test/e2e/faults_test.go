package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
)

// onTSS counts the frames of threshold sessions that a party sends, and lets a test change them.
func onTSS(w *network, from string, change func(nth int, to string, b []byte) [][]byte) {
	var mu sync.Mutex
	seen := 0
	w.memory.Intercept(func(f, to string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
		if f != from || wire.Kind(k) != wire.FrameTSS {
			return [][]byte{b}
		}
		mu.Lock()
		seen++
		nth := seen
		mu.Unlock()
		return change(nth, to, b)
	})
}

// flipLast changes the last byte of a message: a share, a scalar, a point.
func flipLast(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

// orderOf returns a transfer and who signs it if nobody fails.
func orderOf(w *network, key string) (order, []string) {
	o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: key, deliver: node.DeliverConfirmed}
	return o, node.InOrder(w.requestID(o), names)[:2]
}

func TestBadOrWithheldSharesAreRetriedWithoutTheirSender(t *testing.T) {
	for what, change := range map[string]func(nth int, b []byte) [][]byte{
		"commitment changed":      func(nth int, b []byte) [][]byte { return one(b, nth == 1) },
		"nonce changed":           func(nth int, b []byte) [][]byte { return one(b, nth == 2) },
		"signature share changed": func(nth int, b []byte) [][]byte { return one(b, nth == 3) },
		"share withheld": func(nth int, b []byte) [][]byte {
			if nth == 3 {
				return nil
			}
			return [][]byte{b}
		},
		"second, different message": func(nth int, b []byte) [][]byte {
			if nth == 1 {
				return [][]byte{b, flipLast(b)}
			}
			return [][]byte{b}
		},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := ready(t)
				o, signers := orderFor(w, "platform")
				onTSS(w, "platform", func(nth int, _ string, b []byte) [][]byte { return change(nth, b) })
				r, err := w.send(o)
				if err != nil || len(r.Signature) == 0 {
					t.Fatalf("%v: %s %s, %v", signers, r.State, r.Reason.Code, err)
				}
				// A party that holds back its share or spoils it gets the others' all the same, and may hand in the signature.
				if late := what == "share withheld" || what == "signature share changed"; !late && slices.Contains(r.Signers, "platform") {
					t.Errorf("signed by %v", r.Signers)
				}
			})
		})
	}
}

func one(b []byte, flip bool) [][]byte {
	if flip {
		return [][]byte{flipLast(b)}
	}
	return [][]byte{b}
}

// orderFor returns an order of which the named party is a signer.
func orderFor(w *network, party string) (order, []string) {
	for i := 0; ; i++ {
		o, signers := orderOf(w, fmt.Sprintf("k-%s-%d", party, i))
		if slices.Contains(signers, party) && slices.Contains(signers, "user") {
			return o, signers
		}
	}
}

// TestKillInMidSession raises a trip at each party while a session is between its rounds: after the acknowledgement no
// last message leaves, so nothing is signed.
func TestKillInMidSession(t *testing.T) {
	for _, at := range names {
		t.Run(at, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := ready(t)
				o, signers := orderFor(w, "platform")
				for _, s := range []string{"platform", "backup"} {
					w.memory.Delay("user", s, 300*time.Millisecond)
				}
				done := make(chan node.Request)
				go func() {
					r, err := w.send(o)
					w.must(err)
					done <- r
				}()
				time.Sleep(1200 * time.Millisecond) // proposal and opening are through, rounds are not
				acknowledged, err := w.trip(at, "network", 0)
				w.must(err)
				r := <-done
				if len(r.Signature) > 0 && slices.Contains(signers, at) {
					t.Errorf("signed by %v although %s had stopped; recorded by %v", r.Signers, at, acknowledged)
				}
				for _, name := range names {
					w.eventually(name+" has the trip", func() bool {
						trips, err := w.node(name).Trips(context.Background())
						w.must(err)
						return len(trips) == 1
					})
				}
				again, _ := orderFor(w, "backup")
				if r, err := w.send(again); err == nil && len(r.Signature) > 0 {
					t.Error("signed while stopped")
				}
			})
		})
	}
}

// TestEquivocationInKeygenLeavesNoKey has one party say different things to the two others, in each round.
func TestEquivocationInKeygenLeavesNoKey(t *testing.T) {
	for nth := 1; nth <= 8; nth++ {
		t.Run(fmt.Sprintf("message %d", nth), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newNetwork(t, 2)
				for _, name := range names {
					w.up(name)
				}
				w.allUp()
				onTSS(w, "backup", func(n int, _ string, b []byte) [][]byte { return one(b, n == nth) })
				id := w.propose("main", "user")
				w.approve(id, "platform")
				w.approve(id, "backup")
				for _, name := range names {
					w.eventually("no key at "+name, func() bool {
						s := w.ceremonyState(id, name)
						return s == ceremony.Aborted || s == ceremony.Disputed || s == ceremony.Prepared
					})
				}
				time.Sleep(time.Minute)
				for _, name := range names {
					if s := w.ceremonyState(id, name); s == ceremony.Active || s == ceremony.Ready {
						t.Errorf("%s made the key active: %s", name, s)
					}
				}
			})
		})
	}
}

// TestActivationCutAtEachStep takes the network and one node away at each message of a ceremony; once all is back, the
// key is ready everywhere or nowhere.
func TestActivationCutAtEachStep(t *testing.T) {
	for step := int64(1); step <= 12; step++ {
		t.Run(fmt.Sprintf("news %d", step), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newNetwork(t, 2)
				for _, name := range names {
					w.up(name)
				}
				w.allUp()
				var news atomic.Int64
				w.memory.Intercept(func(_, _ string, k p2p.Kind, _ [32]byte, b []byte) [][]byte {
					if wire.Kind(k) == wire.FrameCeremony && news.Add(1) > 6*step {
						return nil // from here on nobody hears of anything
					}
					return [][]byte{b}
				})
				id := w.propose("main", "user")
				for _, name := range []string{"platform", "backup"} {
					time.Sleep(2 * time.Second)
					if _, ok := w.node(name).Ceremony(id); ok {
						w.node(name).ApproveKeygen(context.Background(), wire.Approve(id, name, seed("operator "+name)))
					}
				}
				time.Sleep(45 * time.Second)
				w.down("platform")
				w.memory.Intercept(nil)
				w.up("platform")
				w.allUp()
				time.Sleep(time.Minute)

				var states []ceremony.State
				for _, name := range names {
					states = append(states, w.ceremonyState(id, name))
				}
				if !slices.Contains(states, ceremony.Ready) {
					for _, s := range states {
						if s == ceremony.Active {
							t.Errorf("active but never ready: %v", states)
						}
					}
					return
				}
				for _, s := range states {
					if s != ceremony.Ready {
						t.Errorf("ready at some only: %v", states)
					}
				}
			})
		})
	}
}

// A fault of a node's own answers whoever waits, and its wallet is free again.
func TestNodeThatPanicsKeepsNobodyWaiting(t *testing.T) {
	for where, bug := range map[string]struct {
		asked string
		nth   int32
	}{"building": {"account", 1}, "reading the destination": {"account", 2}, "judging": {"facts", 1}} {
		bubble(t, func(t *testing.T) {
			w := newTraded(t, "transfers: {enabled: true}")
			var seen atomic.Int32
			panics := func(asked string) {
				if asked == bug.asked && seen.Add(1) == bug.nth {
					panic("a bug")
				}
			}
			w.parties["user"].bug.Store(&panics)
			o := w.pay("10")
			if bug.asked == "account" {
				o.kind, o.asset, o.memo = "", "", ""
			}
			o.wallet, o.agent, o.ask, o.deliver = "w1", "agent-1", "user", node.DeliverConfirmed
			began := time.Now()
			r, err := w.send(o)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s: an answer came after %s: %s, %v", where, took, r.State, err)
			}
			if seen.Load() < bug.nth {
				t.Fatalf("%s: asked %d times", where, seen.Load())
			}
			if err == nil && r.State == node.StateConfirmed {
				t.Errorf("%s: %s", where, r.State)
			}
			w.parties["user"].bug.Store(nil)
			time.Sleep(10 * time.Minute) // what the others have reserved is dead then
			w.does(w.pay("11"), node.StateConfirmed, "")
		})
	}
}
