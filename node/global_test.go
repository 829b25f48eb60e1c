package node

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	serverKey = "n4VDnSCUuSpjnCyUk9e3QOOd6o0ItSWYbTnW3Wnn8wk="
	initBlock = "27747086:61192b72664cbcb06f8da9f0282ca116a0537d7749b474a69363a4e8c2fd7860:932497f6f4841d7a715d34a50b735319b3d76d2bd1474072886bb38e72a764f8"
)

// globalFile is a network's global configuration with n liteservers.
func globalFile(t *testing.T, n int) string {
	t.Helper()
	server := fmt.Sprintf(`{"ip":84478511,"port":19949,"id":{"@type":"pub.ed25519","key":%q}}`, serverKey)
	path := filepath.Join(t.TempDir(), "global.config.json")
	err := os.WriteFile(path, fmt.Appendf(nil, `{"liteservers":[%s],"validator":{"init_block":{"workchain":-1,"shard":-9223372036854775808,
"seqno":27747086,"root_hash":"YRkrcmZMvLBvjanwKCyhFqBTfXdJtHSmk2Ok6ML9eGA=","file_hash":"kySX9vSEHXpxXTSlC3NTGbPXbSvRR0ByiGuzjnKnZPg="}}}`,
		strings.TrimSuffix(strings.Repeat(server+",", n), ",")), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLiteserversOfAGlobalConfigurationAreAskedAfterTheOwn(t *testing.T) {
	for n, want := range map[int]int{1: 2, 15: 16, 30: 16} {
		c := Config{Data: t.TempDir(), Network: Network{Name: "mainnet"}, Chain: ChainConfig{
			Liteservers: []Liteserver{{Address: "127.0.0.1:7900", Key: serverKey}}, GlobalConfig: globalFile(t, n)}}
		if err := c.Network.TrustedBlock.UnmarshalText([]byte(strings.Replace(initBlock, "27747086", "9", 1))); err != nil {
			t.Fatal(err)
		}
		view, err := c.chain(slog.New(slog.DiscardHandler))
		if err != nil || len(view.Liteservers) != want || view.Liteservers[0].Addr != "127.0.0.1:7900" || view.Liteservers[1].Addr != "5.9.10.47:19949" {
			t.Errorf("%d: %+v, %v", n, view.Liteservers, err)
		}
		if view.Trusted.Seqno != 9 || view.OnTrusted == nil { // never the file's
			t.Errorf("trusts %s", view.Trusted)
		}
	}
}

func TestGlobalConfigurationThatCannotBeReadIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "global.config.json")
	c := Config{Chain: ChainConfig{GlobalConfig: path}}
	if err := c.CheckFiles(); err == nil || !strings.Contains(err.Error(), "chain.global_config") {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFiles(); err == nil || !strings.Contains(err.Error(), "init block") {
		t.Errorf("empty: %v", err)
	}
}

// A missing trusted block is found in the file, for the operator to check.
func TestMissingTrustedBlockIsSuggested(t *testing.T) {
	c := Config{Network: Network{Name: "mainnet"}, Chain: ChainConfig{GlobalConfig: globalFile(t, 1)}}
	for _, p := range c.check() {
		if p.path == "network.trusted_block" && strings.Contains(p.text, initBlock) {
			return
		}
	}
	t.Errorf("not suggested: %v", c.check())
}

func TestAPIKeyOfAToncenterIsReadFromAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Data: t.TempDir(), Network: Network{Name: "dev"}, Chain: ChainConfig{
		Toncenter: []Toncenter{{URL: "https://toncenter.com", Version: "v3"}, {URL: "https://toncenter.com", Version: "v2", APIKeyFile: path}}}}
	view, err := c.chain(slog.New(slog.DiscardHandler))
	if err != nil || len(view.Toncenters) != 2 || view.Toncenters[0].Key != "" || string(view.Toncenters[1].Key) != "secret" {
		t.Errorf("%+v, %v", view.Toncenters, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFiles(); err == nil || !strings.Contains(err.Error(), "chain.toncenter[1].api_key_file") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a key that others can read: %v", err)
	}
	if _, err := c.chain(slog.New(slog.DiscardHandler)); err == nil {
		t.Error("it is used nevertheless")
	}
}
