package e2e

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
)

// onProven is ready on a network where nothing that a liteserver says is believed.
func onProven(t *testing.T) *network {
	t.Helper()
	w := networkOn(t, "local", 2)
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	w.keygen("key-w1")
	w.enrol("key-w1", "w1", "agent-1", policyOf(1, "agent-1", "", "100", "100"))
	w.fund("w1", "1000")
	return w
}

func TestTransferOnAProvenNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := onProven(t)
		o, _ := orderOf(w, "k-proven")
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		w.down("user") // and from the persisted state on
		w.up("user")
		w.allUp()
		o, _ = orderOf(w, "k-proven-2")
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("after a restart: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

// about lies about answers of one type.
func about[A any](lie func(*A)) func(any) any {
	return func(answer any) any {
		if a, ok := answer.(A); ok {
			lie(&a)
			return a
		}
		return answer
	}
}

// always gives the first answer of its type that it sees again and again.
func always[A any]() func(any) any {
	var first atomic.Pointer[A]
	return about(func(a *A) {
		if old := first.Load(); old != nil {
			*a = *old
			return
		}
		kept := *a
		first.Store(&kept)
	})
}

// Whatever a liteserver lies about, its node takes no part; the others go on.
func TestLiarsNodeRefuses(t *testing.T) {
	for what, lie := range map[string]func(any) any{
		"no proof":                about(func(a *lite.AccountState) { a.Proof, a.ShardProof = nil, nil }),
		"the account gone":        about(func(a *lite.AccountState) { a.State = nil }),
		"no account ever changes": always[lite.AccountState](),
		"no block follows":        always[lite.MasterchainInfoExt](),
		"a block that is none":    about(func(i *lite.MasterchainInfoExt) { i.Last = i.Last.Copy(); i.Last.RootHash[0] ^= 1 }),
		"no proof of blocks":      about(func(p *lite.PartialBlockProof) { p.Steps = nil }),
		"no transactions":         about(func(l *lite.TransactionList) { l.Transactions = nil }),
		"other transactions": about(func(l *lite.TransactionList) {
			l.Transactions = cell.ToBOCWithOptions([]*cell.Cell{cell.BeginCell().EndCell()}, cell.BOCSerializeOptions{})
		}),
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := onProven(t)
				w.parties["user"].chain.lie.Store(&lie)
				time.Sleep(90 * time.Second) // what was read before is used no more, and what stands still is old
				w.fund("w1", "1")            // there are transactions to be read
				o, _ := orderOf(w, "k-lie")
				o.ask = "platform"
				r, err := w.send(o)
				if err != nil {
					t.Fatal(err)
				}
				said := w.verdict("user", r.ID)
				if said != "deny "+string(guard.ReasonChainUnavailable) && said != "deny "+string(guard.ReasonDestinationUnknown) {
					t.Errorf("user says %s", said)
				}
				if r.State != node.StateConfirmed || slices.Contains(r.Signers, "user") {
					t.Errorf("the others' request is %s %s, signed by %v", r.State, r.Reason.Code, r.Signers)
				}
			})
		})
	}
}

// A node that starts while no liteserver answers refuses until one has told it the blockchain's configuration.
func TestNodeStartsWithoutItsLiteserver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := onProven(t)
		w.down("user")
		w.parties["user"].remote = true
		w.up("user")
		w.allUp()
		lacks := func() bool {
			h, err := w.node("user").Health(t.Context())
			w.must(err)
			return slices.ContainsFunc(h.Missing, func(s string) bool { return strings.Contains(s, "configuration") })
		}
		if !lacks() {
			t.Error("the missing configuration is not named")
		}
		o, _ := orderOf(w, "k-remote")
		o.ask = "platform"
		r, err := w.send(o)
		w.must(err)
		if said := w.verdict("user", r.ID); !strings.HasPrefix(said, "deny") {
			t.Errorf("without a chain user says %s", said)
		}
		w.parties["user"].chain.cut(false)
		w.eventually("the configuration is read", func() bool { return !lacks() })
		o, _ = orderOf(w, "k-back")
		if r, err = w.send(o); err != nil || r.State != node.StateConfirmed || w.verdict("user", r.ID) != "allow" {
			t.Errorf("with it: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}
