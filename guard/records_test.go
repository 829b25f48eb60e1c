package guard_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

func TestConfigIsRefused(t *testing.T) {
	for name, change := range map[string]func(*guard.Config){
		"without a network":           func(c *guard.Config) { c.Network = [32]byte{} },
		"without a chain":             func(c *guard.Config) { c.GlobalID = 0 },
		"with one signer":             func(c *guard.Config) { c.Need = 1 },
		"with more signers than all":  func(c *guard.Config) { c.Need = 4 },
		"of another party":            func(c *guard.Config) { c.Party = "mallory" },
		"with an unknown required":    func(c *guard.Config) { c.Required = []string{"mallory"} },
		"with one that accounts":      func(c *guard.Config) { c.Accounting = []string{"user"} },
		"with three that account":     func(c *guard.Config) { c.Accounting = []string{"user", "platform", "backup"} },
		"with one accounting twice":   func(c *guard.Config) { c.Accounting = []string{"user", "user"} },
		"with an unknown accounting":  func(c *guard.Config) { c.Accounting = []string{"user", "mallory"} },
		"with too many required":      func(c *guard.Config) { c.Required = []string{"user", "platform", "backup"} },
		"with a party twice":          func(c *guard.Config) { c.Parties[1] = c.Parties[0] },
		"with a name that is no id":   func(c *guard.Config) { c.Parties[1].Name = "Platform" },
		"with a key of two parties":   func(c *guard.Config) { c.Parties[1].Operators = c.Parties[0].Operators },
		"with an identity of another": func(c *guard.Config) { c.Parties[1].Identity = pub("user tripper") },
		"with an empty key":           func(c *guard.Config) { c.Parties[1].Identity = [32]byte{} },
		"with endless keys": func(c *guard.Config) {
			for n := range 33 {
				c.Parties[1].Trippers = append(c.Parties[1].Trippers, pub(fmt.Sprint("tripper", n)))
			}
		},
		"with six parties": func(c *guard.Config) {
			for n := range 3 {
				c.Parties = append(c.Parties, guard.Party{Name: fmt.Sprint("party-", n), Identity: pub(fmt.Sprint("party", n))})
			}
		},
	} {
		c := config()
		change(&c)
		if _, err := guard.New(c); err == nil {
			t.Errorf("a configuration %s was taken", name)
		}
	}
	if _, err := guard.New(guard.Config{}); err == nil {
		t.Error("the zero configuration was taken")
	}
}

func TestWalletRecordIsRefused(t *testing.T) {
	for name, change := range map[string]func(*world, *guard.WalletRecord){
		"with another address":   func(_ *world, r *guard.WalletRecord) { r.ID, r.Address = "wallet-2", bob },
		"with another wallet id": func(_ *world, r *guard.WalletRecord) { r.ID, r.Subwallet = "wallet-2", 1 },
		"for another chain": func(w *world, r *guard.WalletRecord) {
			other, err := guard.NewWalletRecord("wallet-2", "key-1", 1, ton.V5R1, pub("group"), -239, 0)
			w.must(err)
			*r = other
		},
		"without an epoch": func(w *world, r *guard.WalletRecord) {
			*r = w.otherWallet("wallet-2")
			r.Epoch = 0
		},
		"with an id that is none": func(w *world, r *guard.WalletRecord) { *r = w.otherWallet("../wallet") },
		"of a key that is none": func(w *world, r *guard.WalletRecord) {
			*r = w.otherWallet("wallet-2")
			r.Key = "../key"
		},
		"of an unknown version":       func(_ *world, r *guard.WalletRecord) { r.Version = "v3r2" },
		"for an account known by id":  func(_ *world, r *guard.WalletRecord) { r.ID = "wallet-2" },
		"that gives an id a new key":  func(_ *world, r *guard.WalletRecord) { r.Key = "key-2" },
		"that gives an id an account": func(w *world, r *guard.WalletRecord) { *r = w.otherWallet(r.ID) },
	} {
		w := newWorld(t, permissive)
		r := w.w
		change(w, &r)
		if w.g.AddWallet(w.tx, w.now, w.signWallet(r)) == nil {
			t.Errorf("a record %s was taken", name)
		}
		if now, _, _ := w.g.Wallet(w.tx, "wallet-1"); now != w.w {
			t.Errorf("%s: the record changed", name)
		}
	}
	w := newWorld(t, permissive)
	s := w.signWallet(w.otherWallet("wallet-2"))
	s.Operator = pub("platform operator")
	s.Signature = sign("platform operator", guard.RecordDigest(networkID, "user", s.Body))
	if w.g.AddWallet(w.tx, w.now, s) == nil {
		t.Error("another party's operator added a wallet")
	}
	s = w.signWallet(w.otherWallet("wallet-2"))
	s.Body.Epoch = 2
	if w.g.AddWallet(w.tx, w.now, s) == nil {
		t.Error("a record changed after it was signed was taken")
	}
	s = w.signWallet(w.otherWallet("wallet-2"))
	s.Signature = sign("user operator", guard.RecordDigest(networkID, "platform", s.Body))
	if w.g.AddWallet(w.tx, w.now, s) == nil {
		t.Error("a record signed for another party was taken")
	}
}

func (w *world) otherWallet(id string) guard.WalletRecord {
	r, err := guard.NewWalletRecord(id, "key-1", 1, ton.V5R1, pub("group"), globalID, 1)
	w.must(err)
	return r
}

func TestWalletMayHaveALaterEpochAndAKeySeveralWallets(t *testing.T) {
	w := newWorld(t, permissive)
	next := w.w
	next.Epoch = 2
	w.must(w.g.AddWallet(w.tx, w.now, w.signWallet(next)))
	if r, known, err := w.g.Wallet(w.tx, "wallet-1"); err != nil || !known || r.Epoch != 2 {
		t.Errorf("record = %+v, %v", r, err)
	}
	if w.g.AddWallet(w.tx, w.now, w.signWallet(w.w)) == nil {
		t.Error("the old epoch came back")
	}
	w.must(w.g.AddWallet(w.tx, w.now, w.signWallet(w.otherWallet("wallet-2"))))
	if w.w.TON().Address != w.w.Address || w.w.TON().ID != w.w.WalletID {
		t.Error("TON() is another wallet")
	}
}

func TestAgentRecordIsRefused(t *testing.T) {
	good := guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("new"), Wallets: []string{"wallet-1"}}
	for name, change := range map[string]func(*guard.AgentRecord){
		"with an old revision":    func(r *guard.AgentRecord) { r.Revision = 1 },
		"with no revision":        func(r *guard.AgentRecord) { r.ID, r.Revision = "agent-2", 0 },
		"with an id that is none": func(r *guard.AgentRecord) { r.ID = "Agent" },
		"with a wallet that is no id": func(r *guard.AgentRecord) {
			r.Wallets = []string{"a/b"}
		},
		"with endless wallets": func(r *guard.AgentRecord) { r.Wallets = make([]string, 65) },
		"without a key":        func(r *guard.AgentRecord) { r.PublicKey = [32]byte{} },
	} {
		w := newWorld(t, permissive)
		r := good
		change(&r)
		s := guard.Signed[guard.AgentRecord]{Body: r, Operator: pub("user operator"),
			Signature: sign("user operator", guard.RecordDigest(networkID, "user", r))}
		if w.g.AddAgent(w.tx, w.now, s) == nil {
			t.Errorf("a record %s was taken", name)
		}
	}
	w := newWorld(t, permissive)
	s := guard.Signed[guard.AgentRecord]{Body: good, Operator: pub("platform operator"),
		Signature: sign("platform operator", guard.RecordDigest(networkID, "user", good))}
	if w.g.AddAgent(w.tx, w.now, s) == nil {
		t.Error("another party's operator enrolled an agent")
	}
}

// The digests are what operators sign; a change here invalidates every signature.
func TestRecordDigestsAreFrozen(t *testing.T) {
	w := newWorld(t, permissive)
	for want, r := range map[string]guard.Record{
		"a1bcff525da8a4284ac0f727636936f77ee485b4df229faacc0f8d7989dbf276": w.w,
		"7a52987b0fa20382982cb937186e230b40ef2c6294a2356a9bd0303e6af677aa": guard.AgentRecord{ID: "agent-1", Revision: 1, PublicKey: [32]byte{1}, Wallets: []string{"wallet-1"}, NotAfter: 7},
	} {
		if d := guard.RecordDigest(networkID, "user", r); hex.EncodeToString(d[:]) != want {
			t.Errorf("%T: %x, want %s", r, d, want)
		}
	}
}

func TestSuspendingIsImmediateAndAudited(t *testing.T) {
	w := newWorld(t, permissive)
	w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 2, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, Suspended: true})
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.AgentSuspended {
		t.Errorf("entry = %+v", e)
	}
	if a, known, err := w.g.Agent(w.tx, "agent-1"); err != nil || !known || !a.Suspended {
		t.Errorf("record = %+v, %v", a, err)
	}
	w.deny(w.request("k1", "1"), guard.ReasonAgentSuspended)
	w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 3, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"},
		NotBefore: w.now.Unix(), NotAfter: w.now.Unix() + 1})
	w.allow(w.request("k1", "1"))
	w.enrol(guard.AgentRecord{ID: "agent-1", Revision: 4, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, NotBefore: w.now.Unix() + 1})
	w.deny(w.request("k2", "1"), guard.ReasonAgentValidity)
}

// Only what can be accounted for may be enrolled.
func TestOnlyWalletsThatCanBeAccountedForAreGuarded(t *testing.T) {
	for _, v := range []ton.Version{ton.V3R1, ton.V4R1, ""} {
		if r, err := guard.NewWalletRecord("w1", "k1", 1, v, [32]byte{1}, -239, 0); err == nil {
			t.Errorf("%q was taken: %+v", v, r)
		}
	}
}
