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
	"sync"
	"testing"
	"time"

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

// startDev runs `mpcctl dev` until the function that it returns is called.
func startDev(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan int, 1)
	progress := &trigger{word: "running until interrupted", then: func() { close(ready) }}
	go func() { ended <- run(ctx, append([]string{"dev", "--json"}, args...), &bytes.Buffer{}, progress) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("dev ended with %d", code)
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("dev ended with %d\n%s", code, progress.String())
	}
	return stop
}

// verbLine is a command line, its exit code, and what it says on standard output or error.
type verbLine struct {
	code       int
	line, said string
}

func (v verbLine) run(t *testing.T, dir string) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), append([]string{"--contexts", filepath.Join(dir, "contexts.yaml")}, strings.Fields(v.line)...), &out, &out)
	if code != v.code || !strings.Contains(out.String(), v.said) {
		t.Errorf("mpcctl %s: exit code %d, want %d and %q:\n%s", v.line, code, v.code, v.said, out.String())
	}
}

// A network that was stopped goes on where it was: chain, keys, wallet, what its nodes remember and refuse.
func TestLocalNetworkGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	to := must(newDestination()).Friendly(false, false)
	pays := verbLine{exitDone, "tx send --wallet wallet-1 --amount 30 --to " + to, "CONFIRMED"}
	for i, flags := range [][]string{{"--proofs"}, nil, nil} {
		stop := startDev(t, append([]string{"--dir", dir}, flags...)...)
		pays.run(t, dir)
		verbLine{exitDone, "wallet show wallet-1 --context user,platform,backup", []string{"969.", "939.", "909."}[i]}.run(t, dir)
		stop()
	}
}

// Every verb, against a real network, as a user would type them.
func TestVerbsOnALocalNetwork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	startDev(t, "--dir", dir, "--wallets", "2", "--highload")
	payments := filepath.Join(t.TempDir(), "payments.csv")
	must(0, os.WriteFile(payments, []byte(strings.Repeat("0:"+strings.Repeat("2", 64)+",0.1\n", 254)), 0o600))
	to := must(newDestination()).Friendly(false, false)
	soon := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	for _, v := range []verbLine{
		{exitDone, "status", "yes"},
		{exitDone, "wallet show wallet-2 --context user,platform,backup", "1000"},
		{exitDone, "tx simulate --wallet wallet-1 --amount 1.5 --to " + to, "allow"},
		{exitDone, "tx send --wallet wallet-1 --amount 1.5 --to " + to, "CONFIRMED"},
		{exitRefused, "tx send --wallet wallet-1 --amount 101 --to " + to, "refused: limits: limit_transaction"},
		{exitRefused, "tx simulate --wallet wallet-1 --amount 101 --to " + to, "refused: limits: limit_transaction"},
		{exitDone, "wallet show highload-1", "highload_v3"},
		{exitDone, "tx send --wallet highload-1 --amount 1.5 --to " + to, "CONFIRMED"},
		{exitDone, "tx send --wallet highload-1 --idempotency-key k1 --expires " + soon + " --amount 1 --to " + to, "CONFIRMED"},
		{exitDone, "tx send --wallet highload-1 --idempotency-key k1 --expires " + soon + " --amount 1 --to " + to, "CONFIRMED"},
		{exitDone, "wallet show highload-1", "997.4"},
		{exitDone, "tx send --wallet highload-1 --payments " + payments, "CONFIRMED"},
		{exitRefused, "tx simulate --wallet highload-1 --expires 1h --amount 1 --to " + to, "refused: intent: intent_validity"},
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
		{exitDone, "kill off --all --context user,platform", "lifted t-"},
		{exitDone, "kill status --context backup", "drill"},
		{exitDone, "kill off --all --context backup,user", "at backup\n"},
		{exitDone, "kill status --context backup", "nothing is stopped"},
		{exitDone, "tx send --wallet wallet-2 --amount 1 --deliver signed --to " + to, "SIGNED"},
		{exitDone, "audit query --type transaction_denied --limit 1000", "transaction_denied"},
	} {
		v.run(t, dir)
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
