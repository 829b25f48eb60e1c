package guard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/ton"
)

// ownedWorld has a wallet whose key its owner, "group", alone holds.
func ownedWorld(t *testing.T, document string) *world {
	t.Helper()
	r, err := guard.NewOwnedWallet("wallet-1", ton.V5R1, pub("group"), globalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := worldWith(t, config(), r)
	w.applyPolicy(document)
	return w
}

func ownersSignature(payload [32]byte) [64]byte { return [64]byte(sign("group", payload)) }

func TestOwnersSignatureIsTakenOverWhatWasReserved(t *testing.T) {
	w := ownedWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	for range 2 { // a second time after a crash in between
		if err := w.g.TakeSignature(w.tx, w.now, c.Tx.SigningHash, ownersSignature(c.Tx.SigningHash)); err != nil {
			t.Fatal(err)
		}
	}
	if p, _, err := w.g.Payload(w.tx, c.Tx.SigningHash); err != nil || p.State != guard.Releasing {
		t.Errorf("payload is %s, %v", p.State, err)
	}
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.TransactionReleasing || e.Details.Get("by") != "owner" {
		t.Errorf("audit entry = %+v", e)
	}
}

func TestOwnersSignatureIsRefused(t *testing.T) {
	nothing := func(*world) {}
	for name, c := range map[string]struct {
		change func(w *world) // after the request was allowed
		ask    func(w *world) guard.Case
		by     string
		want   error // nil: any
	}{
		"by another key":       {nothing, nil, "mallory", guard.ErrSignature},
		"while stopped":        {func(w *world) { w.addTrip(w.trip("user", kill.Network, kill.Kill, time.Time{})) }, nil, "group", guard.ErrKilled},
		"too late":             {func(w *world) { w.now = w.now.Add(time.Hour) }, nil, "group", guard.ErrExpired},
		"under another policy": {func(w *world) { w.applyPolicy(replaced("500", "501")) }, nil, "group", guard.ErrPolicyChanged},
		"of a suspended agent": {func(w *world) {
			w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, Suspended: true})
		}, nil, "group", nil},
		"of what was never asked": {nothing, func(w *world) guard.Case { return w.request("k2", "1") }, "group", nil},
		"of what was refused": {nothing, func(w *world) guard.Case {
			c := w.request("k1", "1000")
			w.decide(c)
			return c
		}, "group", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := ownedWorld(t, permissive)
			r := w.request("k1", "1")
			if c.ask == nil {
				w.allow(r)
			} else {
				r = c.ask(w)
			}
			c.change(w)
			err := w.g.TakeSignature(w.tx, w.now, r.Tx.SigningHash, [64]byte(sign(c.by, r.Tx.SigningHash)))
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// A key is the parties' or the owner's: neither is taken for the other.
func TestCustodyIsNotMixedUp(t *testing.T) {
	w := ownedWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	terms := w.terms(c, 1)
	for _, terms.Key = range []string{"", "key-1"} {
		for terms.Epoch = range uint32(2) {
			if _, err := w.g.Permit(w.tx, w.now, terms); err == nil {
				t.Errorf("a permit for the owner's wallet, key %q, epoch %d", terms.Key, terms.Epoch)
			}
		}
	}
	w = newWorld(t, permissive)
	c = w.request("k1", "1")
	w.allow(c)
	if w.g.TakeSignature(w.tx, w.now, c.Tx.SigningHash, ownersSignature(c.Tx.SigningHash)) == nil {
		t.Error("a foreign signature for the parties' wallet")
	}
	for name, spoil := range map[string]func(*guard.WalletRecord){
		"nobody's":                   func(r *guard.WalletRecord) { r.Custody = "" },
		"somebody's":                 func(r *guard.WalletRecord) { r.Custody = "bank" },
		"the owner's, with a key":    func(r *guard.WalletRecord) { r.Custody = guard.CustodyOwner },
		"the parties', without keys": func(r *guard.WalletRecord) { r.Key, r.Epoch = "", 0 },
	} {
		r, err := guard.NewWalletRecord("wallet-2", "key-1", 1, ton.V5R1, pub("group"), globalID, 1)
		w.must(err)
		if spoil(&r); w.g.AddWallet(w.tx, w.now, w.signWallet(r)) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if r, err := guard.NewOwnedWallet("wallet-1", ton.V5R1, pub("group"), globalID, 0); err != nil ||
		w.g.AddWallet(w.tx, w.now, w.signWallet(r)) == nil {
		t.Errorf("a wallet changed hands: %v", err)
	}
}

// What the owner signs without asking counts, and locks nothing.
func TestOwnersOwnPaymentsNeedNoExplanation(t *testing.T) {
	w := ownedWorld(t, permissive)
	w.execute(w.request("unasked", "5"))
	if n, err := w.g.Unexplained(w.tx, "wallet-1"); err != nil || n != 0 {
		t.Errorf("%d unexplained, %v", n, err)
	}
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.TransactionByOwner {
		t.Errorf("audit entry = %+v", e)
	}
	w.allow(w.request("k1", "1"))
}
