package guard_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/kill"
	"github.com/tonaiagent/mpcnode/ton"
)

func TestPermitNamesWhatWasReserved(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	terms := w.terms(c, 1)
	p, err := w.g.Permit(w.tx, w.now, terms)
	if err != nil {
		t.Fatal(err)
	}
	if p.Key() != "key-1" || p.Epoch() != 1 || p.Hash() != c.Tx.SigningHash || p.Session() != terms.Session ||
		len(p.Signers()) != 2 || !p.Expires().Equal(terms.Expires) || p.Test() {
		t.Errorf("permit = %+v", p)
	}
	before := len(w.tx.Entries)
	if _, err := w.g.Permit(w.tx, w.now, terms); err != nil || len(w.tx.Entries) != before {
		t.Errorf("a permit was recorded before its release: %v", err)
	}
	if err := w.g.Release(w.tx, w.now, p); err != nil {
		t.Fatal(err)
	}
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.TransactionReleasing || e.Details.Get("signers") != "user platform" {
		t.Errorf("audit entry = %+v", e)
	}
}

func TestPermitWorksOnceAndInTime(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	p := w.permit(c, 1)
	if err := p.Use(p.Expires()); !errors.Is(err, guard.ErrExpired) {
		t.Errorf("used when expired: %v", err)
	}
	if err := p.Use(w.now); err != nil {
		t.Error(err)
	}
	if p.Use(w.now) == nil {
		t.Error("used twice")
	}
	var none *guard.Permit
	if none.Use(w.now) == nil || new(guard.Permit).Use(time.Time{}) == nil {
		t.Error("a permit that no guard made was used")
	}
	if w.g.Release(w.tx, w.now, nil) == nil || w.g.Release(w.tx, w.now, new(guard.Permit)) == nil {
		t.Error("a permit that no guard made was released")
	}
}

func TestPermitIsUsedByOneOfMany(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	p := w.permit(c, 1)
	results := make(chan error)
	for range 16 {
		go func() { results <- p.Use(w.now) }()
	}
	won := 0
	for range 16 {
		if <-results == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d uses", won)
	}
}

func TestPermitIsRefused(t *testing.T) {
	type change func(*world, *guard.Case, *guard.Terms)
	for name, change := range map[string]change{
		"for another payload":        func(_ *world, _ *guard.Case, t *guard.Terms) { t.Payload[0]++ },
		"for another request":        func(_ *world, _ *guard.Case, t *guard.Terms) { t.Request[0]++ },
		"for another key":            func(_ *world, _ *guard.Case, t *guard.Terms) { t.Key = "key-2" },
		"for another epoch":          func(_ *world, _ *guard.Case, t *guard.Terms) { t.Epoch = 2 },
		"without a session":          func(_ *world, _ *guard.Case, t *guard.Terms) { t.Session = [32]byte{} },
		"without self":               func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"platform", "backup"} },
		"with one signer":            func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"user"} },
		"with three signers":         func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"user", "platform", "backup"} },
		"with one signer twice":      func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"user", "user"} },
		"with a stranger":            func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"user", "mallory"} },
		"without the required party": func(_ *world, _ *guard.Case, t *guard.Terms) { t.Signers = []string{"user", "backup"} },
		"with attempt 0":             func(_ *world, _ *guard.Case, t *guard.Terms) { t.Attempt = 0 },
		"with an absurd attempt":     func(_ *world, _ *guard.Case, t *guard.Terms) { t.Attempt = 1 << 32 },
		"that has expired":           func(w *world, _ *guard.Case, t *guard.Terms) { t.Expires = w.now },
		"beyond the payload":         func(_ *world, c *guard.Case, t *guard.Terms) { t.Expires = c.Tx.ValidUntil.Add(time.Second) },
		"for the attempt before": func(w *world, c *guard.Case, t *guard.Terms) {
			w.release(w.permit(*c, 2))
			t.Attempt = 2
			t.Session[0]++
		},
		"for the session before": func(w *world, c *guard.Case, t *guard.Terms) {
			w.release(w.permit(*c, 1))
			t.Attempt = 2
		},
		"while killed": func(w *world, _ *guard.Case, _ *guard.Terms) {
			w.addTrip(w.trip("backup", kill.OfWallet("wallet-1"), kill.Kill, time.Time{}))
		},
		"for a suspended agent": func(w *world, _ *guard.Case, _ *guard.Terms) { w.enrol(agentRecord(2, true)) },
		"under another policy":  func(w *world, _ *guard.Case, _ *guard.Terms) { w.applyPolicy(replaced("500", "501")) },
		"with an unexplained transaction": func(w *world, _ *guard.Case, _ *guard.Terms) {
			w.tx.M["u/wallet-1"] = []byte{1, 1}
		},
		"after the payload was executed": func(w *world, c *guard.Case, _ *guard.Terms) { w.execute(*c) },
		"when the mirror is past it":     func(w *world, c *guard.Case, _ *guard.Terms) { w.tx.M["x/wallet-1"] = positionAt(w.TB, 1) },
		"after the chain's time": func(w *world, c *guard.Case, _ *guard.Terms) {
			now := w.now
			w.advance(time.Minute)
			w.now = now // a local clock set back
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := config()
			c.Required = []string{"platform"}
			w := worldOf(t, c)
			w.applyPolicy(permissive)
			request := w.request("k1", "1")
			w.allow(request)
			terms := w.terms(request, 1)
			change(w, &request, &terms)
			if p, err := w.g.Permit(w.tx, w.now, terms); err == nil {
				t.Errorf("minted %+v", p)
			}
		})
	}
}

func (w *world) release(p *guard.Permit) {
	w.Helper()
	if err := w.g.Release(w.tx, w.now, p); err != nil {
		w.Fatal(err)
	}
}

func agentRecord(revision uint64, suspended bool) guard.AgentRecord {
	return guard.AgentRecord{ID: "agent-1", Revision: revision, PublicKey: pub("agent-1"), Wallets: []string{"wallet-1"}, Suspended: suspended}
}

// positionAt is the record of a mirror whose account has reached a seqno.
func positionAt(t testing.TB, seqno uint32) []byte {
	w := newWorld(t, permissive)
	for n := range seqno {
		w.chain(ton.Executed{External: true, Consumed: true, Success: true, Seqno: n, Payload: [32]byte{byte(n)}})
	}
	return w.tx.M["x/wallet-1"]
}

func TestReleaseIsRecordedAndMayBeRetriedLater(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	first := w.permit(c, 1)
	if err := w.g.Release(w.tx, w.now, first); err != nil {
		t.Fatal(err)
	}
	if p, _, _ := w.g.Payload(w.tx, c.Tx.SigningHash); p.State != guard.Releasing {
		t.Errorf("state %s", p.State)
	}
	second := w.permit(c, 2)
	if err := w.g.Release(w.tx, w.now, first); err == nil {
		t.Error("the earlier attempt was released again")
	}
	if err := w.g.Release(w.tx, w.now, second); err != nil {
		t.Error(err)
	}
	if err := w.g.Signed(w.tx, w.now, c.Tx.SigningHash, [64]byte{1}); err != nil {
		t.Error(err)
	}
	if err := w.g.Failed(w.tx, w.now, c.Tx.SigningHash, "peer went away"); err != nil {
		t.Error(err)
	}
	if p, _, _ := w.g.Payload(w.tx, c.Tx.SigningHash); p.State != guard.Releasing {
		t.Errorf("a failed attempt freed the payload: %s", p.State)
	}
	if w.g.Signed(w.tx, w.now, [32]byte{9}, [64]byte{}) == nil || w.g.Failed(w.tx, w.now, [32]byte{9}, "") == nil {
		t.Error("recorded for a payload that is not known")
	}
}

func TestReleaseIsRefused(t *testing.T) {
	for name, fault := range map[string]struct {
		change func(*world, guard.Case, *guard.Permit)
		want   error
	}{
		"killed": {func(w *world, _ guard.Case, _ *guard.Permit) {
			w.addTrip(w.trip("platform", kill.Network, kill.Kill, time.Time{}))
		}, guard.ErrKilled},
		"paused": {func(w *world, _ guard.Case, _ *guard.Permit) {
			w.addTrip(w.trip("platform", kill.OfAgent("agent-1"), kill.Pause, w.now.Add(time.Hour)))
		}, guard.ErrKilled},
		"another trip": {func(w *world, _ guard.Case, _ *guard.Permit) {
			w.addTrip(w.trip("platform", kill.OfAgent("agent-2"), kill.Kill, time.Time{}))
		}, guard.ErrTripsChanged},
		"expired":        {func(w *world, _ guard.Case, p *guard.Permit) { w.now = p.Expires() }, guard.ErrExpired},
		"policy changed": {func(w *world, _ guard.Case, _ *guard.Permit) { w.applyPolicy(replaced("500", "501")) }, guard.ErrPolicyChanged},
		"policy changed and decided again": {func(w *world, c guard.Case, _ *guard.Permit) {
			w.applyPolicy(replaced("500", "501"))
			w.allow(c)
		}, guard.ErrPolicyChanged},
		"epoch over": {func(w *world, _ guard.Case, _ *guard.Permit) {
			next := w.w
			next.Epoch = 2
			w.must(w.g.AddWallet(w.tx, w.now, w.signWallet(next)))
		}, nil},
		"denied since": {func(w *world, c guard.Case, _ *guard.Permit) {
			c.Outcome = nil
			w.decide(c)
		}, nil},
		"agent suspended": {func(w *world, _ guard.Case, _ *guard.Permit) { w.enrol(agentRecord(2, true)) }, nil},
		"executed":        {func(w *world, c guard.Case, _ *guard.Permit) { w.execute(c) }, nil},
		"dead": {func(w *world, c guard.Case, p *guard.Permit) {
			now := w.now
			w.advance(2 * time.Minute)
			w.now = now
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, permissive)
			c := w.request("k1", "1")
			w.allow(c)
			p := w.permit(c, 1)
			fault.change(w, c, p)
			err := w.g.Release(w.tx, w.now, p)
			if err == nil || fault.want != nil && !errors.Is(err, fault.want) {
				t.Fatalf("err = %v, want %v", err, fault.want)
			}
			if r, _, _ := w.g.Payload(w.tx, c.Tx.SigningHash); r.State == guard.Releasing {
				t.Error("recorded as releasing")
			}
		})
	}
}

func testTerms(n int) guard.TestTerms {
	return guard.TestTerms{Session: [32]byte{byte(n), 7}, Key: "key-1", Epoch: 1, Signers: []string{"platform", "user"}}
}

func TestKeyTestSignsAFixedMessageUntilItSucceeds(t *testing.T) {
	w := newWorld(t, permissive)
	p, err := w.g.TestPermit(w.tx, w.now, testTerms(1))
	if err != nil {
		t.Fatal(err)
	}
	if p.Hash() != w.g.KeyTestMessage("key-1", 1, []string{"user", "platform"}) || !p.Test() {
		t.Error("the message depends on the order of signers, or is another")
	}
	if p.Hash() == w.g.KeyTestMessage("key-1", 2, p.Signers()) || p.Hash() == w.g.KeyTestMessage("key-1", 1, []string{"user", "backup"}) {
		t.Error("the message is that of another set or epoch")
	}
	if err := p.Use(w.now); err != nil {
		t.Error(err)
	}
	if err := w.g.Release(w.tx, w.now, p); err != nil {
		t.Error(err)
	}
	second, err := w.g.TestPermit(w.tx, w.now, testTerms(2))
	if err != nil {
		t.Fatal("no second attempt after a lost connection:", err)
	}
	if w.g.Release(w.tx, w.now, p) == nil {
		t.Error("the earlier attempt was released")
	}
	w.must(w.g.Tested(w.tx, "key-1", 1, []string{"user", "platform"}))
	if ok, err := w.g.TestPassed(w.tx, "key-1", 1, []string{"user", "platform"}); err != nil || !ok {
		t.Errorf("TestPassed = %t, %v", ok, err)
	}
	if ok, _ := w.g.TestPassed(w.tx, "key-1", 1, []string{"user", "backup"}); ok {
		t.Error("another set has passed")
	}
	if w.g.Release(w.tx, w.now, second) == nil {
		t.Error("released after the test was passed")
	}
	if _, err := w.g.TestPermit(w.tx, w.now, testTerms(3)); err == nil {
		t.Error("a permit after the test was passed")
	}
}

func TestKeyTestIsRefused(t *testing.T) {
	for name, change := range map[string]func(*world, *guard.TestTerms){
		"without self":       func(_ *world, t *guard.TestTerms) { t.Signers = []string{"platform", "backup"} },
		"with three signers": func(_ *world, t *guard.TestTerms) { t.Signers = []string{"platform", "backup", "user"} },
		"without a session":  func(_ *world, t *guard.TestTerms) { t.Session = [32]byte{} },
		"of epoch 0":         func(_ *world, t *guard.TestTerms) { t.Epoch = 0 },
		"of no key":          func(_ *world, t *guard.TestTerms) { t.Key = "../key" },
		"in an old session": func(w *world, t *guard.TestTerms) {
			_, err := w.g.TestPermit(w.tx, w.now, *t)
			w.must(err)
		},
		"while killed": func(w *world, _ *guard.TestTerms) {
			w.addTrip(w.trip("backup", kill.Network, kill.Kill, time.Time{}))
		},
		"after 16 attempts": func(w *world, _ *guard.TestTerms) {
			for n := range 16 {
				_, err := w.g.TestPermit(w.tx, w.now, testTerms(100+n))
				w.must(err)
			}
		},
	} {
		w := newWorld(t, permissive)
		terms := testTerms(1)
		change(w, &terms)
		if _, err := w.g.TestPermit(w.tx, w.now, terms); err == nil {
			t.Errorf("a key test %s was permitted", name)
		}
	}
}

func TestKeyTestReleaseStopsLikeAnyOther(t *testing.T) {
	for name, fault := range map[string]struct {
		change func(*world)
		want   error
	}{
		"killed":       {func(w *world) { w.addTrip(w.trip("backup", kill.Network, kill.Kill, time.Time{})) }, guard.ErrKilled},
		"another trip": {func(w *world) { w.addTrip(w.trip("backup", kill.OfAgent("x"), kill.Kill, time.Time{})) }, guard.ErrTripsChanged},
		"expired":      {func(w *world) { w.now = w.now.Add(time.Minute) }, guard.ErrExpired},
	} {
		w := newWorld(t, permissive)
		p, err := w.g.TestPermit(w.tx, w.now, testTerms(1))
		w.must(err)
		fault.change(w)
		if err := w.g.Release(w.tx, w.now, p); !errors.Is(err, fault.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBrokenRecordEndsTheAttempt(t *testing.T) {
	for _, k := range []guard.Key{"m/time", "k/open", "p/current", "w/wallet-1", "a/agent-1", "x/wallet-1", "u/wallet-1"} {
		w := newWorld(t, permissive)
		c := w.request("k1", "1")
		w.allow(c)
		p := w.permit(c, 1)
		w.tx.M[k] = []byte{2}
		if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 2)); err == nil {
			t.Errorf("%s: permitted", k)
		}
		if w.g.Release(w.tx, w.now, p) == nil {
			t.Errorf("%s: released", k)
		}
	}
	w := newWorld(t, permissive)
	p, err := w.g.TestPermit(w.tx, w.now, testTerms(1))
	w.must(err)
	for k := range w.tx.M {
		if k[:3] == "kt/" {
			w.tx.M[k] = []byte{2}
		}
	}
	if _, err := w.g.TestPermit(w.tx, w.now, testTerms(2)); err == nil || w.g.Release(w.tx, w.now, p) == nil {
		t.Error("a key test went on without its record")
	}
}

func ExampleReason() {
	r := guard.ReasonLimitDay
	fmt.Println(r.Layer(), r, "-", r.Sentence())
	// Output: limits limit_day - The limit of 24 hours would be exceeded.
}
