package main

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

func TestThreeNodesAgreeOnTheirNetwork(t *testing.T) {
	dir := t.TempDir()
	parties, contexts, err := layOut(dir, &devchain.Server{Addr: "127.0.0.1:4000", PublicKey: make([]byte, 32)}, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parties {
		cfg, err := node.LoadConfig(p.path("node.yaml"), func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		id := cfg.Manifest().ID()
		if x := contexts.Contexts[i]; x.Network != hex.EncodeToString(id[:]) || x.URL != cfg.API.URL || x.Party != cfg.Party {
			t.Errorf("context %+v is not %s's", x, p.name)
		}
	}
	read, err := readContexts(filepath.Join(dir, "contexts.yaml"))
	if err != nil || read.Current != "user" || len(read.Contexts) != 3 {
		t.Fatalf("contexts = %+v, %v", read, err)
	}
	for _, x := range read.Contexts {
		s, err := newSite(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.operatorKey(); err != nil {
			t.Error(err)
		}
		if _, err := s.asAgent(); err != nil {
			t.Error(err)
		}
	}
}

func TestSecretsOfALocalNetworkAreTheUsersAlone(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := layOut(dir, &devchain.Server{Addr: "127.0.0.1:4000", PublicKey: make([]byte, 32)}, ""); err != nil {
		t.Fatal(err)
	}
	secrets := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		if strings.HasSuffix(path, ".key") || d.Name() == "passphrase" {
			secrets++
		}
		return err
	})
	if err != nil || secrets != 3*4+1 {
		t.Errorf("%d secrets, %v", secrets, err)
	}
}

func TestAddressesAreFreeAndDiffer(t *testing.T) {
	parties := []*party{{}, {}, {}}
	if err := giveAddresses(parties); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range parties {
		for _, a := range []string{p.api, p.metrics, p.p2p} {
			l, err := net.Listen("tcp", a)
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			seen[a] = true
		}
	}
	if len(seen) != 9 {
		t.Errorf("addresses = %v", seen)
	}
}

func TestLocalNetworkWantsAnEmptyDirectoryOrItsOwn(t *testing.T) {
	dir := t.TempDir()
	if _, goesOn, err := devDir(filepath.Join(dir, "new")); err != nil || goesOn {
		t.Errorf("goes on %t, %v", goesOn, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := devDir(dir); err == nil || !strings.Contains(hintOf(err), "new directory") {
		t.Errorf("err = %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, readyFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, goesOn, err := devDir(dir); err != nil || !goesOn {
		t.Errorf("goes on %t, %v", goesOn, err)
	}
	for _, flag := range []string{"--wallets=2", "--fund=1", "--unlimited", "--proofs", "--listen=127.0.0.1:1", "--policy=x"} {
		var said bytes.Buffer
		if code := run(t.Context(), []string{"dev", "--dir", dir, flag}, &said, &said); code != exitUsage || !strings.Contains(said.String(), "goes on as it was") {
			t.Errorf("%s: exit code %d, %s", flag, code, said.String())
		}
	}
}

func TestPoliciesOfLocalNetworks(t *testing.T) {
	to := ton.Address{Hash: [32]byte{1}}
	for name, c := range map[string]struct {
		document []byte
		check    func(policy.Permissions) bool
	}{
		"demo": {balancedPolicy(to.Friendly(false, false)), func(p policy.Permissions) bool {
			return p.Preset == "balanced" && p.AllowedDestinations[0] == to && p.Rate.Cooldown == 0 && p.Limits.PerTransaction.String() == "100"
		}},
		"dev": {must(devOptions{}.document()), func(p policy.Permissions) bool {
			return p.Limits.PerTransaction.String() == "100" && p.Rate.Cooldown == 0 && !p.CallerTokens.Unlimited
		}},
		"unlimited": {must(devOptions{unlimited: true}.document()), func(p policy.Permissions) bool {
			return p.Rate.Unlimited && p.CallerTokens.Unlimited && p.Rate.Cooldown == 0 && p.Limits.Daily.String() == "5000000000"
		}},
	} {
		b, err := policy.Parse(c.document)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, ok := b.Permissions(devAgent)
		if !ok || !c.check(p) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestNodesDoNotInheritTheUsersSettings(t *testing.T) {
	t.Setenv("MAX_DAILY_TON", "1")
	t.Setenv("KEY_ENCRYPTION_KEY", "secret")
	t.Setenv("HOME", "/home/somebody")
	for _, v := range plainEnvironment() {
		if strings.HasPrefix(v, "MAX_") || strings.HasPrefix(v, "KEY_") {
			t.Error(v)
		}
	}
	if !slices.Contains(plainEnvironment(), "HOME=/home/somebody") {
		t.Error("HOME is missing")
	}
}
