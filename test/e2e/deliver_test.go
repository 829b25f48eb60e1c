package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
)

// While messages get lost the same bytes are sent again, up to valid_until and no longer; what follows is proven dead.
func TestTheSameBytesAreSentUntilTheirTimeIsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		liteserver := w.parties["user"].chain
		liteserver.mute.Store(true)
		type sent struct {
			at      time.Time
			message []byte
		}
		all := make(chan sent, 1000)
		see := func(message []byte) { all <- sent{w.now(), bytes.Clone(message)} }
		liteserver.took.Store(&see)
		o, _ := orderOf(w, "k-lost")
		r, err := w.send(o)
		w.must(err)
		if r.State != node.StateSigned || r.LiveUntil.IsZero() {
			t.Fatalf("%s, live until %s", r.State, r.LiveUntil)
		}
		until := r.LiveUntil
		w.eventually("it is proven dead", func() bool {
			r, err = w.node("user").RequestOf(t.Context(), "agent-1", r.ID, 0)
			return err == nil && r.State == node.StateExpired
		})
		if r.Reason.Code != "payload_dead" || !r.LiveUntil.IsZero() || w.now().Before(until.Add(30*time.Second)) {
			t.Errorf("%s, live until %s, at %s", r.Reason.Code, r.LiveUntil, w.now())
		}
		first := <-all
		last := first
		for n := len(all); n > 0; n-- {
			next := <-all
			if pause := next.at.Sub(last.at); pause < 2*time.Second || pause > 4*time.Second {
				t.Errorf("sent again after %s", pause)
			}
			if last = next; !bytes.Equal(next.message, first.message) {
				t.Error("another message was sent")
			}
		}
		if !last.at.Before(until) || last.at.Before(until.Add(-5*time.Second)) {
			t.Errorf("sent last at %s, it may execute until %s", last.at, until)
		}
		time.Sleep(time.Minute)
		if len(all) > 0 {
			t.Error("sent when dead")
		}
	})
}

// A failure after shares may have left says until when a signature could execute, and is final once that is proven.
func TestFailureSaysWhetherItCouldStillExecute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.down("backup")
		onTSS(w, "platform", func(int, string, []byte) [][]byte { return nil })
		o, _ := orderOf(w, "k-fails")
		r, err := w.send(o)
		w.must(err)
		if r.State != node.StateFailed || !r.MaybeSigned || r.LiveUntil.Before(w.now()) || !strings.Contains(node.Sentence(r.Reason), "live_until") {
			t.Fatalf("%s %s, maybe signed %v, live until %s", r.State, r.Reason.Code, r.MaybeSigned, r.LiveUntil)
		}
		until := r.LiveUntil
		for r.MaybeSigned {
			if r.LiveUntil != until || w.now().After(until.Add(time.Minute)) {
				t.Fatalf("live until %s, then %s, at %s", until, r.LiveUntil, w.now())
			}
			time.Sleep(time.Second)
			r, err = w.node("user").RequestOf(t.Context(), "agent-1", r.ID, 0)
			w.must(err)
		}
		if w.now().Before(until.Add(30 * time.Second)) {
			t.Errorf("it is final at %s already", w.now())
		}
		if r.State != node.StateFailed || r.Reason.Code != "payload_dead" || !r.LiveUntil.IsZero() {
			t.Errorf("in the end %s %s, live until %s", r.State, r.Reason.Code, r.LiveUntil)
		}
	})
}
