package api

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// A policy that allows more waits where everybody sees it, until it is cancelled.
func TestLooserPolicyIsShownUntilItIsCancelled(t *testing.T) {
	enrol(t)
	admin, adminKey := as(t, "user", "operator"), key("policy_admin user") // whoever brings it is a courier
	show := func() (p client.Policy) {
		admin.get("/v1/policies", &p)
		return p
	}
	before := show()
	looser := strings.Replace(policy+publishers, "version: 1\nparent: \"\"", fmt.Sprintf("version: %d\nparent: %s", before.Next, before.Hash), 1)
	looser = strings.Replace(looser, `daily: "50"`, `daily: "60"`, 1)
	must(t, admin.enter("/v1/policies", wire.SignPolicy(world.network, "user", adminKey, []byte(looser))))
	now := show()
	p := now.Pending
	if now.Hash != before.Hash || p == nil || p.Version != before.Next || p.Document != looser || now.Next != before.Next+1 || p.Due.Sub(p.Since) != 24*time.Hour {
		t.Fatalf("policy %+v, pending %+v", now, p)
	}
	if pub := public("policy_admin user"); len(p.Admins) != 1 || p.Admins[0] != hex.EncodeToString(pub[:]) {
		t.Errorf("signed by %v", p.Admins)
	}
	if len(p.Loosens) != 1 || p.Loosens[0] != (client.PolicyChange{Path: "agents.agent-1.limits.daily", Old: "50", New: "60"}) {
		t.Errorf("loosens %+v", p.Loosens)
	}
	var h client.Health
	as(t, "user", "operator").get("/v1/health", &h)
	if want := fmt.Sprintf("policy: version %d allows more", p.Version); !strings.Contains(strings.Join(h.Warnings, " "), want) {
		t.Errorf("health warns of %q, not that %s", h.Warnings, want)
	}

	hash, err := hex.DecodeString(p.Hash)
	must(t, err)
	cancel := func(by string) error {
		return admin.enter("/v1/policies:cancel", wire.SignPolicyCancellation(world.network, "user", key(by), [32]byte(hash)))
	}
	wantProblem(t, cancel("operator user"), 403, "record_refused")
	if show().Pending == nil {
		t.Fatal("cancelled by somebody else")
	}
	must(t, cancel("policy_admin user"))
	if after := show(); after.Pending != nil || after.Hash != before.Hash || after.Next != before.Next+1 {
		t.Errorf("after the cancellation: %+v", after)
	}
	wantProblem(t, cancel("policy_admin user"), 403, "record_refused")
}

// A shadow is shown beside the policy in force, until a policy admin ends it.
func TestShadowIsShownUntilItIsEnded(t *testing.T) {
	enrol(t)
	admin := as(t, "user", "operator") // whoever brings it is a courier
	show := func() (p client.Policy) {
		admin.get("/v1/policies", &p)
		return p
	}
	enter := func(by, document string) error {
		return admin.enter("/v1/policies:shadow", wire.SignShadow(world.network, "user", key(by), show().NextShadow, []byte(document)))
	}
	before, document := show(), strings.Replace(policy, `daily: "50"`, `daily: "60"`, 1)
	wantProblem(t, enter("operator user", document), 403, "record_refused")
	wantProblem(t, enter("policy_admin user", ""), 403, "record_refused")
	must(t, enter("policy_admin user", document))
	now, pub := show(), public("policy_admin user")
	if s := now.Shadow; now.Hash != before.Hash || s == nil || s.Document != document || s.Version != 1 || s.Admin != hex.EncodeToString(pub[:]) || time.Since(s.Since) > time.Minute {
		t.Fatalf("policy %+v, shadow %+v", now, s)
	}
	must(t, enter("policy_admin user", ""))
	if show().Shadow != nil {
		t.Error("it goes on")
	}
}
