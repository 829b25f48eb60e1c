package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
)

// The demo itself, with its real processes, and what it printed checked without it.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, progress bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--json"}, &out, &progress); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, progress.String())
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	var r demoReport
	if err := d.Decode(&r); err != nil || d.More() {
		t.Fatalf("not one object: %v", err)
	}
	checkSigned(t, r)
	var codes []string
	for _, x := range r.Refused {
		codes = append(codes, x.Layer+" "+x.ReasonCode)
		if x.RequestID == "" || x.Reason == "" {
			t.Errorf("refused = %+v", x)
		}
	}
	if want := []string{"limits limit_transaction", "intent intent_destination", "kill killed"}; !slices.Equal(codes, want) {
		t.Errorf("refused = %v, want %v", codes, want)
	}
	if r.Seconds > 30 {
		t.Errorf("took %v s", r.Seconds)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || slices.ContainsFunc(left, isDemo) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func isDemo(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "mpcctl-demo-") }

// checkSigned verifies key, address, message and signature of the report, and that they belong together.
func checkSigned(t *testing.T, r demoReport) {
	t.Helper()
	pub := must(hex.DecodeString(r.Keygen.PublicKey))
	w := must(ton.NewWallet(ton.V5R1, [32]byte(pub), devGlobalID, 0))
	s := r.Signed
	if w.Address.String() != r.Wallet.Raw || w.Address.Friendly(false, false) != r.Wallet.Address || r.Wallet.Version != "v5r1" {
		t.Errorf("wallet = %+v", r.Wallet)
	}
	hash, sig := must(hex.DecodeString(s.SigningHash)), must(hex.DecodeString(s.Signature))
	if !ed25519.Verify(pub, hash, sig) {
		t.Error("the signature is not the key's")
	}
	if _, err := ton.ExternalHash(must(base64.StdEncoding.DecodeString(s.BoC))); err != nil {
		t.Error(err)
	}
	if len(s.Signers) != 2 || s.Amount != demoAmount || s.DestinationBalance != demoAmount || !s.Verified || !s.Confirmed {
		t.Errorf("signed = %+v", s)
	}
}

func TestDemoThatIsInterruptedLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	progress := &trigger{word: "proposes", then: cancel}
	if code := run(ctx, []string{"demo"}, progress, progress); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if said := progress.String(); !strings.Contains(said, "mpcctl: interrupted\n") || strings.Contains(said, "refused") {
		t.Errorf("said %s", said)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || slices.ContainsFunc(left, isDemo) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// trigger is a writer that acts once it has read a word.
type trigger struct {
	bytes.Buffer
	word string
	then func()
}

func (u *trigger) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(u.word)) {
		u.then()
	}
	return u.Buffer.Write(b)
}

// Every verb, against a real network, as a user would type them.
func TestVerbsOnALocalNetwork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "net")
	ready, ended := make(chan struct{}), make(chan int, 1)
	progress := &trigger{word: "running until interrupted", then: func() { close(ready) }}
	go func() {
		ended <- run(ctx, []string{"dev", "--dir", dir, "--wallets", "2", "--json"}, &bytes.Buffer{}, progress)
	}()
	defer func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("dev ended with %d", code)
		}
	}()
	select {
	case <-ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("dev ended with %d\n%s", code, progress.String())
	}
	to := must(newDestination()).Friendly(false, false)
	for _, c := range []struct {
		code int
		line string
		said string // on standard output or error
	}{
		{exitDone, "status", "yes"},
		{exitDone, "wallet show wallet-2 --context user,platform,backup", "1000"},
		{exitDone, "tx simulate --wallet wallet-1 --amount 1.5 --to " + to, "allow"},
		{exitDone, "tx send --wallet wallet-1 --amount 1.5 --to " + to, "CONFIRMED"},
		{exitRefused, "tx send --wallet wallet-1 --amount 101 --to " + to, "refused: limits: limit_transaction"},
		{exitRefused, "tx simulate --wallet wallet-1 --amount 101 --to " + to, "refused: limits: limit_transaction"},
		{exitDone, "tx list", "CONFIRMED"},
		{exitDone, "keygen propose second", "proposed"},
		{exitWaiting, "keygen status second", "waits for the approval of backup,platform"},
		{exitDone, "keygen approve second --context platform", "second"},
		{exitDone, "keygen approve second --context backup", "second"},
		{exitDone, "keygen status second --wait 20s", "ready"},
		{exitFailed, "keygen approve second --context backup", "nothing to approve"},
		{exitDone, "key show second --context user,backup", "2 of 3"},
		{exitDone, "wallet create other --key second --context user,platform,backup", "absent"},
		{exitRefused, "wallet create twice --key second", "record_refused"},
		{exitDone, "agent create agent-2 --public-key " + strings.Repeat("ab", 32) + " --wallets other --suspend", "suspended"},
		{exitDone, "policy show", "perTransaction"},
		{exitRefused, "policy apply " + policyFile(t), "`version: 2`"},
		{exitDone, "kill on --scope agent:agent-1 --reason drill", "backup,platform,user"},
		{exitRefused, "tx send --wallet wallet-2 --amount 1 --to " + to, "refused: kill: killed"},
		{exitUsage, "kill off --all", "operators of two parties"},
		{exitDone, "kill off --all --context user,platform,backup", "nothing is stopped"},
		{exitDone, "tx send --wallet wallet-2 --amount 1 --deliver signed --to " + to, "SIGNED"},
		{exitDone, "audit query --type transaction_denied --limit 1000", "transaction_denied"},
	} {
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"--contexts", filepath.Join(dir, "contexts.yaml")}, strings.Fields(c.line)...), &out, &out)
		if code != c.code || !strings.Contains(out.String(), c.said) {
			t.Errorf("mpcctl %s: exit code %d, want %d and %q:\n%s", c.line, code, c.code, c.said, out.String())
		}
	}
}

func policyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, balancedPolicy(must(newDestination()).String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
