package guard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// waiting is permissive under which the next document waits an hour.
var waiting = strings.Replace(permissive, "loosenDelay: 0s", "loosenDelay: 1h", 1)

// after is a document of that version that follows waiting, with another amount a day.
func after(version int, daily string) string {
	s := strings.Replace(waiting, "version: 1", fmt.Sprintf("version: %d\nparent: %s", version, parentOf(waiting)), 1)
	return strings.Replace(s, `"500"`, fmt.Sprintf("%q", daily), 1)
}

func (w *world) version() uint64 {
	w.Helper()
	b, err := w.g.Policy(w.tx)
	w.must(err)
	return b.Version
}

func (w *world) pendingVersion() uint64 {
	w.Helper()
	p, err := w.g.PendingPolicy(w.tx)
	w.must(err)
	if p == nil {
		return 0
	}
	return p.Version
}

func (w *world) cancel(document, admin string) error {
	hash := policy.Hash([]byte(document))
	return w.g.CancelPolicy(w.tx, w.now, guard.PolicyCancellation{
		Policy: hash, Admin: pub(admin), Signature: sign(admin, policy.CancelDigest(networkID, "user", hash)),
	})
}

// policyEvents are what the audit log says of bundles, oldest first: event and version.
func (w *world) policyEvents() string {
	var all []string
	for _, e := range w.tx.Entries {
		if e.Resource.Type == "policy" {
			all = append(all, strings.TrimPrefix(string(e.EventType), "policy_")+" "+e.Details.Get("version"))
		}
	}
	return strings.Join(all, ", ")
}

// restarted is the world of a node that was stopped and started: nothing is cached.
func (w *world) restarted() *world {
	g, err := guard.New(config())
	w.must(err)
	w.g, w.tx = g, w.tx.Copy()
	return w
}

func TestLooserPolicyWaitsForItsDelayOnTheChain(t *testing.T) {
	w := newWorld(t, waiting)
	w.applyPolicy(after(2, "800"))
	p, err := w.g.PendingPolicy(w.tx)
	w.must(err)
	if p == nil || p.Version != 2 || p.Due.Sub(start) != time.Hour || p.Admins[0] != pub("user admin") ||
		len(p.Loosens) != 1 || p.Loosens[0].String() != "agents.agent-1.limits.daily: 500 → 800" {
		t.Fatalf("pending = %+v", p)
	}
	w.advance(time.Hour - time.Second)
	if w.restarted().version() != 1 || w.pendingVersion() != 2 {
		t.Error("in force before it is due, or forgotten at the restart")
	}
	w.now = w.now.Add(time.Minute) // by the local clock alone
	if w.version() != 1 {
		t.Error("in force by the local clock")
	}
	w.advance(0)
	if w.version() != 2 || w.pendingVersion() != 0 || w.restarted().version() != 2 {
		t.Error("not in force although it is due")
	}
	if got := w.policyEvents(); got != "applied 1, pending 2, applied 2" {
		t.Errorf("audit log: %s", got)
	}
}

func TestTighterPolicyIsInForceAtOnce(t *testing.T) {
	w := newWorld(t, waiting)
	w.applyPolicy(after(2, "400"))
	if w.version() != 2 || w.pendingVersion() != 0 {
		t.Errorf("version %d in force, %d waits", w.version(), w.pendingVersion())
	}
}

func TestTighterPolicyTakesThePlaceOfTheOneThatWaits(t *testing.T) {
	w := newWorld(t, waiting)
	w.applyPolicy(after(2, "800"))
	w.applyPolicy(after(3, "400"))
	w.advance(2 * time.Hour)
	if w.version() != 3 || w.pendingVersion() != 0 {
		t.Errorf("version %d in force, %d waits", w.version(), w.pendingVersion())
	}
	if got := w.policyEvents(); got != "applied 1, pending 2, dropped 2, applied 3" {
		t.Errorf("audit log: %s", got)
	}
}

func TestNewerPolicyWaitsAnew(t *testing.T) {
	w := newWorld(t, waiting)
	w.applyPolicy(after(2, "900"))
	w.advance(50 * time.Minute)
	w.applyPolicy(after(3, "600"))
	w.advance(50 * time.Minute)
	if w.version() != 1 || w.pendingVersion() != 3 {
		t.Fatalf("version %d in force, %d waits", w.version(), w.pendingVersion())
	}
	if err := w.g.ApplyPolicy(w.tx, w.now, signPolicy(after(2, "900"))); err == nil || !strings.Contains(err.Error(), "version 2 is not above 3") {
		t.Errorf("what was replaced came back: %v", err)
	}
	w.advance(10 * time.Minute)
	if w.version() != 3 {
		t.Errorf("version %d is in force", w.version())
	}
}

// The window time may lie behind when a bundle comes, as at the start of a node that was away.
func TestDelayIsNotShortenedByOldChainTime(t *testing.T) {
	w := newWorld(t, waiting)
	w.now = w.now.Add(3 * time.Hour)
	w.applyPolicy(after(2, "800"))
	w.advance(0)
	if w.version() != 1 {
		t.Fatal("the wait ended with the first look at the chain")
	}
	w.advance(time.Hour)
	if w.version() != 2 {
		t.Error("not in force although it is due")
	}
}

// The time passes with a decision, too.
func TestDecisionAfterTheDelayIsSeenByTheNext(t *testing.T) {
	w := newWorld(t, waiting)
	w.applyPolicy(after(2, "800"))
	w.now = w.now.Add(2 * time.Hour)
	w.mc++
	c := w.request("k1", "1") // its account is proven now; nothing was observed since
	w.allow(c)
	if w.version() != 2 {
		t.Error("not in force although chain time has passed")
	}
	if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 1)); !errors.Is(err, guard.ErrPolicyChanged) {
		t.Errorf("permitted by the bundle before: %v", err)
	}
	if d := w.allow(c); d.PolicyHash != policy.Hash([]byte(after(2, "800"))) {
		t.Errorf("decided by %x", d.PolicyHash)
	}
}

func TestActivationEndsTheAttempt(t *testing.T) {
	w := newWorld(t, strings.Replace(waiting, "loosenDelay: 1h", "loosenDelay: 20s", 1))
	next := strings.Replace(waiting, "version: 1", "version: 2\nparent: "+parentOf(strings.Replace(waiting, "loosenDelay: 1h", "loosenDelay: 20s", 1)), 1)
	w.applyPolicy(strings.Replace(next, `"500"`, `"800"`, 1))
	c := w.request("k1", "1")
	w.allow(c)
	p := w.permit(c, 1)
	w.advance(20 * time.Second)
	if err := w.g.Release(w.tx, w.now, p); !errors.Is(err, guard.ErrPolicyChanged) {
		t.Errorf("released although another bundle is in force: %v", err)
	}
}

func TestAnyAdminCancelsForGood(t *testing.T) {
	c := config()
	c.Parties[0].PolicyAdmins = append(c.Parties[0].PolicyAdmins, pub("user admin 2"))
	w := worldOf(t, c)
	w.applyPolicy(waiting)
	w.applyPolicy(after(2, "800"))
	for name, err := range map[string]error{
		"another party's admin": w.cancel(after(2, "800"), "platform admin"),
		"an operator":           w.cancel(after(2, "800"), "user operator"),
		"of another document":   w.cancel(after(2, "900"), "user admin"),
		"by a bundle's signature": w.g.CancelPolicy(w.tx, w.now, guard.PolicyCancellation{Policy: policy.Hash([]byte(after(2, "800"))),
			Admin: pub("user admin"), Signature: signatureOf("user admin", after(2, "800")).Signature}),
	} {
		if err == nil || w.pendingVersion() != 2 {
			t.Errorf("cancelled by %s", name)
		}
	}
	w.must(w.cancel(after(2, "800"), "user admin 2"))
	if w.pendingVersion() != 0 {
		t.Error("still waits")
	}
	if err := w.cancel(after(2, "800"), "user admin 2"); err == nil || !strings.Contains(err.Error(), "none waits") {
		t.Errorf("cancelled twice: %v", err)
	}
	if err := w.g.ApplyPolicy(w.tx, w.now, signPolicy(after(2, "800"))); err == nil || !strings.Contains(err.Error(), "version 2 is not above 2") {
		t.Errorf("a cancelled bundle came back by its old signature: %v", err)
	}
	w.advance(2 * time.Hour)
	if w.version() != 1 {
		t.Error("in force although it was cancelled")
	}
	if got := w.policyEvents(); got != "applied 1, pending 2, cancelled 2" {
		t.Errorf("audit log: %s", got)
	}
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.PolicyCancelled || e.Actor.ID != fmt.Sprintf("%x", pub("user admin 2")) {
		t.Errorf("the audit log names another admin: %+v", e)
	}
	w.applyPolicy(after(3, "800"))
	if w.pendingVersion() != 3 {
		t.Error("the same with a higher version is refused")
	}
}

func TestBundleNeedsTheQuorumOfTheOneInForce(t *testing.T) {
	c := config()
	c.Parties[0].PolicyAdmins = append(c.Parties[0].PolicyAdmins, pub("user admin 2"), pub("user admin 3"))
	quorum := func(n int, s string) string {
		return strings.Replace(s, "loosenDelay", fmt.Sprintf("quorum: %d\nloosenDelay", n), 1)
	}
	signed := func(document string, admins ...string) guard.SignedBundle {
		s := guard.SignedBundle{Document: []byte(document)}
		for _, a := range admins {
			s.Signatures = append(s.Signatures, signatureOf(a, document))
		}
		return s
	}
	w := worldOf(t, c)
	first := quorum(2, permissive)
	second := strings.Replace(first, "version: 1", "version: 2\nparent: "+parentOf(first), 1)
	forged := signed(second, "user admin", "user admin 2")
	forged.Signatures[1].Signature[0]++
	apply := func(s guard.SignedBundle) error { return w.g.ApplyPolicy(w.tx, w.now, s) }
	refuse := func(s guard.SignedBundle, want string) {
		t.Helper()
		if err := apply(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
	refuse(signed(first, "user admin"), "1 of 2 signatures are there")
	refuse(signed(quorum(4, permissive), "user admin", "user admin 2"), "quorum: 4 policy admins would have to sign the next document, and this party has 3")
	w.must(apply(signed(first, "user admin 2", "user admin 3")))
	refuse(signed(second, "user admin"), "1 of 2 signatures are there")
	refuse(signed(second, "user admin", "user admin"), "signature 2 of 2: policy admin "+fmt.Sprintf("%x", pub("user admin"))+" has signed twice")
	refuse(forged, "signature 2 of 2: the signature of policy admin "+fmt.Sprintf("%x", pub("user admin 2"))+" does not fit")
	refuse(signed(second, "user admin", "platform admin"), "signature 2 of 2: signed by "+fmt.Sprintf("%x", pub("platform admin"))+", a key that is no policy admin of this party")
	crowd := signed(second)
	for range 33 {
		crowd.Signatures = append(crowd.Signatures, signatureOf("user admin", second))
	}
	refuse(crowd, "33 signatures: want at least 1, and at most 32")
	refuse(signed(strings.Replace(second, "quorum: 2", "quorum: 1", 1), "user admin"), "1 of 2 signatures") // the one in force counts
	w.must(apply(signed(second, "user admin", "user admin 3")))
	if w.version() != 2 {
		t.Errorf("version %d is in force", w.version())
	}
}

// A ledger that was written before versions were kept has that of the bundle in force.
func TestVersionOfAnOlderLedgerStillCounts(t *testing.T) {
	w := newWorld(t, permissive)
	delete(w.tx.M, "p/version")
	if n, err := w.g.NextVersion(w.tx); err != nil || n != 2 {
		t.Errorf("next version %d, %v", n, err)
	}
}

// Documents that never came into force are not kept: a stolen key could fill the disk with them.
func TestDocumentsThatNeverCameIntoForceAreForgotten(t *testing.T) {
	w := newWorld(t, waiting)
	kept := func(document string) bool {
		d, err := w.g.PolicyDocument(w.tx, policy.Hash([]byte(document)))
		w.must(err)
		return len(d) > 0
	}
	w.applyPolicy(after(2, "800"))
	w.applyPolicy(after(3, "900"))
	if kept(after(2, "800")) || !kept(after(3, "900")) {
		t.Error("what was replaced is kept, or what waits is not")
	}
	w.must(w.cancel(after(3, "900"), "user admin"))
	if kept(after(3, "900")) || !kept(waiting) {
		t.Error("what was cancelled is kept, or what is in force is not")
	}
}
