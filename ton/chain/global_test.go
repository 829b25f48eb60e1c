package chain

import (
	"encoding/base64"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"
)

// global is a file as the networks publish it, around one liteserver and block.
func global(ip string, port string, key, block string) string {
	return fmt.Sprintf(`{"@type":"config.global","dht":{"@type":"dht.config.global","k":6,"a":3},
"liteservers":[{"ip":%s,"port":%s,"id":{"@type":"pub.ed25519","key":%q}}],
"validator":{"@type":"validator.config.global",
"zero_state":{"workchain":-1,"shard":-9223372036854775808,"seqno":0,
"root_hash":"F6OpKZKqvqeFp6CQmFomXNMfMj2EnaUSOXN+Mh+wVWk=","file_hash":"XplPz01CXAps5qeSWUtxcyBfdAo5zVb1N979KLSKD24="},
"init_block":%s}}`, ip, port, key, block)
}

const (
	someKey = "n4VDnSCUuSpjnCyUk9e3QOOd6o0ItSWYbTnW3Wnn8wk="
	// The init block of mainnet's file of 2024.
	initBlock = `{"workchain":-1,"shard":-9223372036854775808,"seqno":27747086,
"root_hash":"YRkrcmZMvLBvjanwKCyhFqBTfXdJtHSmk2Ok6ML9eGA=","file_hash":"kySX9vSEHXpxXTSlC3NTGbPXbSvRR0ByiGuzjnKnZPg="}`
)

func TestGlobalConfigOfANetworkIsRead(t *testing.T) {
	for ip, want := range map[string]string{"84478511": "5.9.10.47:19949", "-2018135749": "135.181.177.59:19949"} {
		cfg, err := ReadGlobalConfig([]byte(global(ip, "19949", someKey, initBlock)))
		if err != nil || len(cfg.Liteservers) != 1 || cfg.Liteservers[0] != (Liteserver{want, someKey}) {
			t.Fatalf("%s: %+v, %v", ip, cfg, err)
		}
		if s := cfg.Trusted.String(); !strings.HasPrefix(s, "27747086:61192b72664cbcb0") {
			t.Errorf("trusts %s", s)
		}
		cfg.Network = "mainnet"
		if err := cfg.check(); err != nil {
			t.Error(err)
		}
	}
}

// A local network's file names its zero state, from which no proof starts: on any other than dev that is refused then.
func TestGlobalConfigOfALocalNetworkIsReadWithoutATrustedBlock(t *testing.T) {
	cfg, err := ReadGlobalConfig([]byte(global("2130706433", "40004", someKey, strings.Replace(initBlock, "27747086", "0", 1))))
	if err != nil || !cfg.Trusted.IsZero() || len(cfg.Liteservers) != 1 || cfg.Liteservers[0].Addr != "127.0.0.1:40004" {
		t.Fatalf("%+v, %v", cfg, err)
	}
	if cfg.Network = Dev; cfg.check() != nil {
		t.Error(cfg.check())
	}
	if cfg.Network = "testnet"; cfg.check() == nil {
		t.Error("nothing can be proven on it")
	}
}

func TestGlobalConfigThatCannotWorkIsRefused(t *testing.T) {
	block := func(old, new string) string {
		if !strings.Contains(initBlock, old) {
			t.Fatal(old)
		}
		return global("84478511", "19949", someKey, strings.Replace(initBlock, old, new, 1))
	}
	for name, file := range map[string]string{
		"nothing":          "",
		"no liteservers":   strings.Replace(block("-1", "-1"), `"liteservers"`, `"others"`, 1),
		"no init block":    strings.Replace(block("-1", "-1"), `"init_block"`, `"first_block"`, 1),
		"a shard's block":  block("-1", "0"),
		"half the chain":   block("-9223372036854775808", "4611686018427387904"),
		"a short hash":     block("YRkrcmZMvLBvjanwKCyhFqBTfXdJtHSmk2Ok6ML9eGA=", "YRkrcg=="),
		"no file hash":     block("file_hash", "file"),
		"address zero":     global("0", "19949", someKey, initBlock),
		"address too high": global("4294967296", "19949", someKey, initBlock),
		"address too low":  global("-2147483649", "19949", someKey, initBlock),
		"port zero":        global("84478511", "0", someKey, initBlock),
		"port too high":    global("84478511", "65536", someKey, initBlock),
		"a short key":      global("84478511", "19949", "n4VD", initBlock),
		"another key":      strings.Replace(block("-1", "-1"), "pub.ed25519", "pub.aes", 1),
		"too long":         block("-1", "-1") + strings.Repeat(" ", maxGlobalConfig),
	} {
		if cfg, err := ReadGlobalConfig([]byte(file)); err == nil {
			t.Errorf("%s: %+v", name, cfg)
		}
	}
}

func TestMoreLiteserversThanAreUsedAreLeftOut(t *testing.T) {
	one := `{"ip":84478511,"port":19949,"id":{"@type":"pub.ed25519","key":"` + someKey + `"}}`
	file := strings.Replace(global("84478511", "19949", someKey, initBlock), one, one+strings.Repeat(","+one, 40), 1)
	if cfg, err := ReadGlobalConfig([]byte(file)); err != nil || len(cfg.Liteservers) != maxLiteservers {
		t.Fatalf("%d, %v", len(cfg.Liteservers), err)
	}
}

// A local chain's own file leads a client to it.
func TestClientStartsFromAGlobalConfig(t *testing.T) {
	chain := newChain(t)
	s := serve(t, chain, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	id, b64 := chain.InitBlock(), base64.StdEncoding
	file := global(strconv.Itoa(127<<24+1), port, b64.EncodeToString(s.PublicKey), fmt.Sprintf(
		`{"workchain":-1,"shard":%d,"seqno":1,"root_hash":%q,"file_hash":%q}`,
		int64(math.MinInt64), b64.EncodeToString(id.RootHash), b64.EncodeToString(id.FileHash)))
	cfg, err := ReadGlobalConfig([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Network, cfg.GlobalID = "testnet", globalID
	fund(t, chain, newSigner(t, 1).Address, "2")
	if acc := account(t, dial(t, cfg), newSigner(t, 1).Address); !acc.Proven || acc.Balance != nano(t, "2") {
		t.Fatalf("%+v", acc)
	}
}

func TestBlockNamesAreWrittenAndRead(t *testing.T) {
	b := blockOf(newChain(t).InitBlock())
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var again Block
	if err := again.UnmarshalText(text); err != nil || again != b {
		t.Fatalf("%s: %v", again, err)
	}
	hash := strings.Split(string(text), ":")[1]
	for _, bad := range []string{
		"", "1", "1:" + hash, "x:" + hash + ":" + hash, "4294967296:" + hash + ":" + hash, "1:" + hash[2:] + ":" + hash,
		"1:" + hash + ":" + hash[2:], "1:" + hash + ":zz", "1:" + strings.Repeat("0", 64) + ":" + hash, string(text) + ":",
	} {
		if err := new(Block).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
