package main

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
)

// A policy carries the context's own signature and those that came in files, each admin's once.
func TestSignaturesOfSeveralAdminsReachTheNode(t *testing.T) {
	r, sites := openSites(t)
	user, document, dir := sites[0], []byte("version: 1\nagents: {a: {preset: balanced}}\n"), t.TempDir()
	var files []string
	for _, name := range []string{"admin", "operator"} {
		files = append(files, filepath.Join(dir, name))
		if err := writePolicySignature(files[len(files)-1], user.signPolicy(seedOf(name), document)); err != nil {
			t.Fatal(err)
		}
	}
	others, err := readPolicySignatures(files, sites, document)
	if err != nil {
		t.Fatal(err)
	}
	if err := user.applyPolicy(context.Background(), document, others...); err != nil {
		t.Fatal(err)
	}
	b := decoded[guard.SignedBundle](t, r, "/v1/policies")
	if string(b.Document) != string(document) || len(b.Signatures) != 2 {
		t.Fatalf("%d signatures over %q", len(b.Signatures), b.Document)
	}
	d := policy.SigningDigest(user.network, "user", document)
	for i, name := range []string{"admin", "operator"} {
		s := b.Signatures[i]
		if s.Admin != [32]byte(publicOf(name)) || !ed25519.Verify(publicOf(name), d[:], s.Signature) {
			t.Errorf("signature %d is not that of %s", i, name)
		}
	}
}

func TestForgedSignatureIsNotCarried(t *testing.T) {
	_, sites := openSites(t)
	document, path := []byte("version: 1\nagents: {a: {preset: balanced}}\n"), filepath.Join(t.TempDir(), "sig")
	forged := sites[0].signPolicy(seedOf("operator"), document)
	forged.Signature[0]++
	if err := writePolicySignature(path, forged); err != nil {
		t.Fatal(err)
	}
	if _, err := readPolicySignatures([]string{path}, sites, document); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("err = %v", err)
	}
}

func TestCancellationIsSignedForThisPartyAndNetwork(t *testing.T) {
	r, sites := openSites(t)
	user := sites[0]
	if err := user.cancelPolicy(context.Background(), seedOf("admin"), "no hash"); err == nil || len(r.byPath) > 0 {
		t.Errorf("signed for no hash: %v", err)
	}
	if err := user.cancelPolicy(context.Background(), seedOf("admin"), strings.Repeat("ab", 32)); err != nil {
		t.Fatal(err)
	}
	c := decoded[guard.PolicyCancellation](t, r, "/v1/policies:cancel")
	d := policy.CancelDigest(user.network, "user", c.Policy)
	if c.Policy[0] != 0xab || !ed25519.Verify(publicOf("admin"), d[:], c.Signature) {
		t.Errorf("cancellation %+v", c)
	}
}
