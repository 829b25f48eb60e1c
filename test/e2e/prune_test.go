package e2e

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/store"
)

// kept counts a stopped party's records by prefix, and the bytes of their values.
func (w *network) kept(name string) map[string]int {
	w.t.Helper()
	p := w.parties[name]
	secret := store.NewPassphrase([]byte(passphrase))
	s, err := store.Open(context.Background(), store.Config{Dir: p.cfg.Data, Secret: secret, Party: name, Network: w.id()})
	w.must(err)
	n := map[string]int{}
	for _, prefix := range []string{"q/", "qp/", "y/", "ev/", "due/", "open/", "o/", "n/"} {
		w.must(s.Ledger().Scan(context.Background(), guard.Key(prefix), "", 10_000, func(_ guard.Key, v []byte) bool {
			n[prefix]++
			n[prefix+" bytes"] += len(v)
			return true
		}))
	}
	w.must(s.Close())
	return n
}

// pass moves every clock and lets nodes see the chain of that time, and do what they do each minute.
func (w *network) pass(d time.Duration) {
	w.offset.Add(int64(d))
	time.Sleep(90 * time.Second)
}

// TestRecordsOfOldRequestsAreDeleted follows the records of confirmed, denied and explained requests through their time, with a
// restart in between. What is counted, and what a repeated request is told, must not change by it.
func TestRecordsOfOldRequestsAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork(t, 2)
		for _, name := range names {
			w.up(name)
		}
		w.allUp()
		w.keygen("key-1")
		w.enrol("key-1", "w1", "agent-1", policyOf(1, "agent-1", "", "100", "50"))
		w.fund("w1", "1000")
		o := order{wallet: "w1", agent: "agent-1", to: destination, ask: "user", deliver: node.DeliverConfirmed}
		send := func(amount, want string) (id string) {
			t.Helper()
			o.amount = amount
			r, err := w.send(o)
			w.must(err)
			if string(r.State) != want {
				t.Fatalf("%s: %s %+v, want %s", amount, r.State, r.Reason, want)
			}
			return r.ID
		}
		first := send("10", "CONFIRMED")
		send("51", "DENIED")
		w.down("backup")
		o.key = "alone"
		old := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, ask: "user", amount: "20", key: o.key})
		send("20", "CONFIRMED") // explained to backup later
		o.key = ""
		w.up("backup")
		w.allUp()
		time.Sleep(30 * time.Second)

		look := func(name string) map[string]int {
			w.down(name)
			n := w.kept(name)
			w.up(name)
			w.allUp()
			return n
		}
		w.pass(guard.KeepSettled - time.Hour)
		n := look("user")
		t.Logf("three requests, two of them signed: %v", n)
		if n["q/"] != 3 || n["y/"] != 2 || n["qp/"] != 2 || n["ev/"] != 2 || n["due/"] != 5 {
			t.Errorf("before their time: %v", n)
		}
		w.pass(26 * time.Hour)
		look("platform") // a restart in the middle
		w.pass(26 * time.Hour)
		evidence := 0
		for _, name := range names {
			n := look(name)
			evidence += n["ev/"]
			if n["q/"]+n["qp/"]+n["y/"]+n["open/"]+n["o/"] != 0 || n["ev/"] != n["due/"] {
				t.Errorf("%s still has %v", name, n)
			}
			if _, err := w.node(name).RequestOf(context.Background(), "", first, 0); !isProblem(err, "unknown_request") {
				t.Errorf("%s on a request that is gone: %v", name, err)
			}
		}
		if evidence < 4 {
			t.Errorf("two payloads, of two signers each, are explained %d times", evidence)
		}
		if _, err := w.node("user").Sign(context.Background(), old, node.DeliverSigned); !isProblem(err, "signature_stale") {
			t.Errorf("the old request again: %v", err)
		}
		send("30", "CONFIRMED")
		send("45", "CONFIRMED")
		send("30", "DENIED") // the day's 100, whatever was forgotten

		w.pass(400*24*time.Hour - guard.KeepSettled)
		if n := look("user"); n["q/"]+n["qp/"]+n["y/"] != 0 || n["ev/"] != n["due/"] || n["ev/"] > 2 {
			t.Errorf("after 400 days, with two requests of 365 days ago: %v", n)
		}
	})
}

func isProblem(err error, code string) bool {
	var p *node.Problem
	return errors.As(err, &p) && p.Code == code
}
