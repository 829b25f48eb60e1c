package guard_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

func TestNothingIsAllowedWithoutAPolicy(t *testing.T) {
	w := worldOf(t, config())
	w.deny(w.request("k1", "1"), guard.ReasonPolicyMissing)
}

func TestPolicyIsAppliedOnlyWithAdminVersionAndParent(t *testing.T) {
	second := replaced("daily: \"500\"", "daily: \"400\"")
	forged := signPolicy(second)
	forged.Signatures[0].Signature[0]++
	foreign := guard.SignedBundle{Document: []byte(second), Signatures: []guard.BundleSignature{signatureOf("platform admin", second)}}
	beside := signPolicy(second)
	beside.Signatures = append(beside.Signatures, foreign.Signatures...)
	elsewhere := signPolicy(second)
	elsewhere.Signatures[0].Signature = sign("user admin", policy.SigningDigest(networkID, "platform", []byte(second)))
	for name, s := range map[string]guard.SignedBundle{
		"forged":               forged,
		"another party's":      foreign,
		"signed beside an own": beside,
		"signed for another":   elsewhere,
		"same version":         signPolicy(strings.Replace(second, "version: 2", "version: 1", 1)),
		"another parent":       signPolicy(strings.Replace(second, "parent: ", "parent: 0", 1)),
		"no parent":            signPolicy(strings.Replace(second, "parent: "+parentOf(permissive), "", 1)),
		"that does not parse":  signPolicy(second + "\nextra: 1\n"),
		"with an empty one":    {Document: []byte(second), Signatures: []guard.BundleSignature{{Admin: pub("user admin")}}},
		"without a signature":  {Document: []byte(second)},
		"replayed after a new": signPolicy(permissive),
	} {
		w := newWorld(t, permissive)
		entries := len(w.tx.Entries)
		if err := w.g.ApplyPolicy(w.tx, w.now, s); err == nil {
			t.Errorf("a bundle %s was applied", name)
		}
		if b, err := w.g.Policy(w.tx); err != nil || b.Version != 1 || len(w.tx.Entries) != entries {
			t.Errorf("%s: policy in force changed", name)
		}
	}
	w := newWorld(t, permissive)
	w.applyPolicy(second)
	if b, err := w.g.Policy(w.tx); err != nil || b.Version != 2 {
		t.Errorf("policy = %+v, %v", b, err)
	}
	if d, err := w.g.PolicyDocument(w.tx, policy.Hash([]byte(permissive))); err != nil || string(d) != permissive {
		t.Errorf("the old document is lost: %v", err)
	}
}

func TestTamperedDocumentIsAnError(t *testing.T) {
	w := newWorld(t, permissive)
	for k, v := range w.tx.M {
		if strings.HasPrefix(string(k), "p/") && k != "p/current" {
			w.tx.M[k] = []byte(strings.Replace(string(v), "500", "900", 1))
		}
	}
	g, err := guard.New(config()) // as after a restart: nothing is cached
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Decide(w.tx, w.now, w.request("k1", "1")); err == nil {
		t.Error("decided by a document that nobody signed")
	}
	for k := range w.tx.M {
		if strings.HasPrefix(string(k), "p/") && k != "p/current" {
			delete(w.tx.M, k)
		}
	}
	if _, err := g.Policy(w.tx); err == nil {
		t.Error("a missing document is no policy at all")
	}
}

func TestOwnMaximaOnlyTighten(t *testing.T) {
	c := config()
	most, daily := tons(t, "1"), tons(t, "1.5")
	c.MaxTransaction, c.MaxDaily = &most, &daily
	w := worldOf(t, c)
	w.applyPolicy(permissive)
	w.deny(w.request("k1", "1.000000001"), guard.ReasonLimitTransaction)
	first := w.request("k2", "1")
	w.allow(first)
	w.execute(first)
	w.deny(w.request("k3", "0.6"), guard.ReasonLimitDay)

	wide := tons(t, "100000")
	c.MaxTransaction, c.MaxDaily = &wide, &wide
	w = worldOf(t, c)
	w.applyPolicy(permissive)
	w.deny(w.request("k1", "101"), guard.ReasonLimitTransaction)
}

// A receiver with the ends of a listed address is noted where operators look, whatever is decided.
func TestLookAlikeIsNoted(t *testing.T) {
	listed := bob
	listed.Hash[15]++
	noted := func(policy string) (notes []string) {
		w := newWorld(t, policy)
		w.decide(w.request("k1", "1"))
		for _, d := range w.tx.Entries[len(w.tx.Entries)-1].Details {
			if strings.HasPrefix(d.K, "look_alike") {
				notes = append(notes, d.V)
			}
		}
		return notes
	}
	with := func(list string) string {
		return strings.Replace(permissive, "    allowedTokens", "    allowedDestinations: ["+list+"]\n    allowedTokens", 1)
	}
	if got := noted(with(strconv.Quote(listed.String()))); len(got) != 1 || got[0] != bob.String()+" of "+listed.String() {
		t.Errorf("notes %q", got)
	}
	for _, policy := range []string{permissive, with(strconv.Quote(listed.String()) + ", " + strconv.Quote(bob.String()))} {
		if got := noted(policy); len(got) != 0 {
			t.Errorf("notes %q", got)
		}
	}
}
