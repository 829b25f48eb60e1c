package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
)

// pruned is a node of which only what pruning needs is there, with its chain at that time.
func pruned(t *testing.T, at time.Time) *Node {
	t.Helper()
	g, err := guard.New(guard.Config{Party: "user", Network: [32]byte{1}, Need: 2, GlobalID: -239, Parties: []guard.Party{
		{Name: "platform", Identity: [32]byte{1}, Operators: [][32]byte{{2}}}, {Name: "user", Identity: [32]byte{3}, Operators: [][32]byte{{4}}}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(t.TempDir(), "data"), Party: "user", Network: [32]byte{1},
		Secret: store.NewPassphrase([]byte("correct horse battery staple"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	n := &Node{self: "user", guard: g, store: s, ledger: s.Ledger(), manifest: wire.Manifest{Parties: []wire.Party{{Name: "platform"}, {Name: "user"}}}}
	change(t, n, func(tx guard.Tx) { setRecord(tx, "m/time", at.Unix()) })
	return n
}

// setRecord writes a record of the guard's.
func setRecord(tx guard.Tx, k guard.Key, v any) { tx.Set(k, append([]byte{1}, digest.Encode(v)...)) }

func change(t *testing.T, n *Node, f func(guard.Tx)) {
	t.Helper()
	if err := n.ledger.Do(t.Context(), func(tx guard.Tx) error { f(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, n *Node, prefix guard.Key) (records int) {
	t.Helper()
	if err := n.ledger.Scan(t.Context(), prefix, "", 10_000, func(guard.Key, []byte) bool { records++; return true }); err != nil {
		t.Fatal(err)
	}
	return records
}

var longAgo = time.Unix(1_800_000_000, 0)

func request(i int) Request {
	return Request{V: requestVersion, ID: fmt.Sprintf("r-%03d", i), State: StateDenied, Expires: longAgo.Unix()}
}

func TestPruningGoesInBoundedSteps(t *testing.T) {
	n := pruned(t, longAgo.Add(guard.KeepSettled))
	for from := 0; from < 150; from += 50 {
		change(t, n, func(tx guard.Tx) {
			for i := range 50 {
				writeRequest(tx, request(from+i), longAgo)
				writeRequest(tx, request(from+i), longAgo) // again: it is listed once
			}
		})
	}
	young := request(999)
	young.Expires++
	change(t, n, func(tx guard.Tx) { writeRequest(tx, young, longAgo) })
	var next guard.Key
	for _, want := range []struct {
		left int
		more bool
	}{{151 - pruneStep, true}, {151 - 2*pruneStep, true}, {1, false}, {1, false}} {
		var more bool
		var err error
		if next, more, err = n.pruneSome(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if got := count(t, n, "q/"); got != want.left || count(t, n, prefixDue) != want.left || more != want.more {
			t.Errorf("after a step %d are left, more %v, want %+v", got, more, want)
		}
	}
}

func TestRequestOfALivePayloadIsKept(t *testing.T) {
	n := pruned(t, longAgo.Add(guard.KeepSettled))
	kept := map[guard.State]bool{guard.Reserved: true, guard.Releasing: true, guard.Seen: true, guard.Executed: false, guard.Dead: false}
	for state := range kept {
		r := request(0)
		r.ID, r.Payload = string(state), digest.Sum("test", string(state))
		change(t, n, func(tx guard.Tx) {
			writeRequest(tx, r, longAgo)
			tx.Set(prefixOpen+guard.Key(r.ID), []byte{1})
			tx.Set(undeliveredOf("platform")+guard.Key(r.ID), []byte{1})
			setRecord(tx, guard.Key(fmt.Sprintf("y/%x", r.Payload)), guard.Payload{State: state, RequestID: r.ID})
		})
	}
	next, _, err := n.pruneSome(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range kept {
		for _, k := range []guard.Key{requestKey(string(state)), prefixOpen + guard.Key(state), undeliveredOf("platform") + guard.Key(state)} {
			if got := count(t, n, k) == 1; got != want {
				t.Errorf("%s is there: %v, want %v", k, got, want)
			}
		}
	}
	if got := count(t, n, prefixDue); got != 3 {
		t.Errorf("%d are listed anew, want 3", got)
	}
	if _, more, err := n.pruneSome(t.Context(), next); err != nil || more || count(t, n, prefixDue) != 3 {
		t.Errorf("what was put off is looked at again at once: %v", err)
	}
}

// TestStepThatFailsDeletesNothing has one record that can't be read among good ones: the step is one transaction.
func TestStepThatFailsDeletesNothing(t *testing.T) {
	n := pruned(t, longAgo.Add(guard.KeepSettled))
	change(t, n, func(tx guard.Tx) {
		for i := range 3 {
			writeRequest(tx, request(i), longAgo)
		}
		tx.Set(requestKey("r-002"), []byte("no record"))
	})
	if next, more, err := n.pruneSome(t.Context(), ""); err == nil || next != "" || more {
		t.Errorf("next %q, more %v, %v", next, more, err)
	}
	if got := count(t, n, "q/"); got != 3 {
		t.Errorf("%d requests are left of 3", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := n.pruneSome(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("with the node stopping: %v", err)
	}
}

func TestEvidenceOutlivesItsPayloadOnlyIfSigned(t *testing.T) {
	n := pruned(t, longAgo.Add(guard.KeepSettled))
	signed, unsigned := [32]byte{1}, [32]byte{2}
	change(t, n, func(tx guard.Tx) {
		writeEvidence(tx, signed, wire.Evidence{Answers: []wire.Statement{{Party: "user"}}})
		writeEvidence(tx, unsigned, wire.Evidence{})
		for _, hash := range [][32]byte{signed, unsigned} {
			setRecord(tx, guard.Key(fmt.Sprintf("y/%x", hash)), guard.Payload{State: guard.Executed, ValidUntil: longAgo.Unix()})
			schedulePayload(tx, hash, longAgo)
		}
	})
	step := func(evidence, list int) {
		t.Helper()
		if _, _, err := n.pruneSome(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if e, d, y := count(t, n, "ev/"), count(t, n, prefixDue), count(t, n, "y/"); e != evidence || d != list || y != 0 {
			t.Errorf("%d evidence, %d listed, %d payloads; want %d, %d, 0", e, d, y, evidence, list)
		}
	}
	step(1, 1)
	change(t, n, func(tx guard.Tx) { setRecord(tx, "m/time", longAgo.Add(keepEvidence-time.Second).Unix()) })
	step(1, 1)
	change(t, n, func(tx guard.Tx) { setRecord(tx, "m/time", longAgo.Add(keepEvidence).Unix()) })
	step(0, 0)
}

// A refused payload that the guard remembers is listed for deletion where no seqno takes it along.
func TestRefusedPayloadOfAQueryIDIsListed(t *testing.T) {
	n := pruned(t, longAgo)
	for i, c := range []struct {
		state guard.State
		query *guard.Query
		want  int
	}{{guard.Seen, &guard.Query{ID: 7}, 1}, {guard.Seen, nil, 1}, {guard.Reserved, &guard.Query{ID: 7}, 1}} {
		hash := [32]byte{byte(i)}
		change(t, n, func(tx guard.Tx) {
			setRecord(tx, guard.Key("y/"+hex.EncodeToString(hash[:])), guard.Payload{State: c.state, ValidUntil: longAgo.Unix()})
			if err := n.refused(tx, guard.Case{Intent: guard.Intent{Query: c.query}, Tx: ton.Transaction{SigningHash: hash}}); err != nil {
				t.Fatal(err)
			}
		})
		if got := count(t, n, prefixDue); got != c.want {
			t.Errorf("%s with %v: %d are listed, want %d", c.state, c.query, got, c.want)
		}
	}
}
