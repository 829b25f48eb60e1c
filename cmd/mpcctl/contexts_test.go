package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

func goodContexts() Contexts {
	x := Context{Name: "user", Party: "user", URL: "https://mpc.example.com", Network: strings.Repeat("ab", 32), GlobalID: -239,
		Threshold: 2, Parties: []string{"backup", "platform", "user"}}
	return Contexts{Current: "user", Contexts: []Context{x}}
}

func TestContextsThatSayNothingSensibleAreRefused(t *testing.T) {
	if c := goodContexts(); c.check() != nil {
		t.Fatal(c.check())
	}
	for name, change := range map[string]func(*Contexts){
		"no name":               func(c *Contexts) { c.Contexts[0].Name = "" },
		"party of another":      func(c *Contexts) { c.Contexts[0].Party = "mallory" },
		"unsorted parties":      func(c *Contexts) { c.Contexts[0].Parties = []string{"user", "backup"} },
		"one alone":             func(c *Contexts) { c.Contexts[0].Threshold = 1 },
		"more than there are":   func(c *Contexts) { c.Contexts[0].Threshold = 4 },
		"no scheme":             func(c *Contexts) { c.Contexts[0].URL = "mpc.example.com" },
		"a path":                func(c *Contexts) { c.Contexts[0].URL += "/v1" },
		"no network":            func(c *Contexts) { c.Contexts[0].Network = "" },
		"a network that isn't":  func(c *Contexts) { c.Contexts[0].Network = strings.Repeat("xy", 32) },
		"no chain":              func(c *Contexts) { c.Contexts[0].GlobalID = 0 },
		"twice":                 func(c *Contexts) { c.Contexts = append(c.Contexts, c.Contexts[0]) },
		"current one not there": func(c *Contexts) { c.Current = "platform" },
	} {
		c := goodContexts()
		change(&c)
		if c.check() == nil || c.write(filepath.Join(t.TempDir(), "contexts.yaml")) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestContextsAreReplacedAsAWholeAndPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "contexts.yaml")
	for range 2 {
		if err := goodContexts().write(path); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Fatalf("%v, %v", left, err)
	}
	if info, err := left[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, %v", info.Mode().Perm(), err)
	}
}

func TestKeyPathsCountFromTheContextsFile(t *testing.T) {
	dir := t.TempDir()
	c := goodContexts()
	c.Contexts[0].OperatorKeyFile, c.Contexts[0].AgentKeyFile = "keys/operator.key", "/abs/agent.key"
	if err := c.write(filepath.Join(dir, "contexts.yaml")); err != nil {
		t.Fatal(err)
	}
	x := must(readContexts(filepath.Join(dir, "contexts.yaml"))).Contexts[0]
	if x.OperatorKeyFile != filepath.Join(dir, "keys/operator.key") || x.AgentKeyFile != "/abs/agent.key" || x.PolicyAdminKeyFile != "" {
		t.Errorf("context = %+v", x)
	}
}

func TestFilesAreReadOnlyIfSmallAndRegular(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "big.key")
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", 32)+strings.Repeat("\n", maxKeyFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readKey(path); err == nil || !strings.Contains(err.Error(), "at most 256 bytes") {
		t.Errorf("big: %v", err)
	}
	if _, err := readSmall("/dev/null", maxPolicy); err == nil {
		t.Error("a device was read")
	}
}

// The demo claims `verified` for this check alone.
func TestSignatureOfAnotherKeyOrHashIsNotVerified(t *testing.T) {
	pub := [32]byte(publicOf("a key"))
	w := must(ton.NewWallet(ton.V5R1, pub, devGlobalID, 0))
	hash := make([]byte, 32)
	good := client.Status{SigningHash: hex.EncodeToString(hash), Signature: hex.EncodeToString(ed25519.Sign(seedOf("a key"), hash))}
	if err := verifySignature(w, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*client.Status){
		"hash":    func(s *client.Status) { s.SigningHash = "01" + s.SigningHash[2:] },
		"key":     func(s *client.Status) { s.Signature = hex.EncodeToString(ed25519.Sign(seedOf("another"), hash)) },
		"nothing": func(s *client.Status) { s.Signature = "" },
		"no hash": func(s *client.Status) { s.SigningHash = "" },
	} {
		s := good
		change(&s)
		if verifySignature(w, s) == nil {
			t.Errorf("%s: verified", name)
		}
	}
}
