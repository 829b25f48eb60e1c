package node

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multiformats/go-multiaddr"

	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

func (c Config) check() (problems []problem) {
	bad := func(path, format string, args ...any) {
		problems = append(problems, problem{path, fmt.Sprintf(format, args...)})
	}
	if !filepath.IsAbs(c.Data) {
		bad("data", "want an absolute path")
	}
	if err := c.Manifest().Check(); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			bad("network", "%s", line)
		}
	}
	if _, ok := c.Manifest().Party(c.Party); !ok {
		bad("party", "%q is not among network.parties", c.Party)
	}
	if c.Network.Name != wire.DevNetwork && c.Network.TrustedBlock.IsZero() {
		bad("network.trusted_block", "missing: nothing that a liteserver says of %q could be proven; only %q runs without%s", c.Network.Name, wire.DevNetwork, c.initBlock())
	}
	if len(c.Chain.Liteservers) == 0 && c.Chain.GlobalConfig == "" {
		bad("chain.liteservers", "none given: name at least one that reaches TON, or a file with some as global_config")
	}
	for i, l := range c.Chain.Liteservers {
		if _, _, err := net.SplitHostPort(l.Address); err != nil {
			bad(fmt.Sprintf("chain.liteservers[%d].address", i), "want host:port: %v", err)
		}
		if key, err := base64.StdEncoding.DecodeString(l.Key); err != nil || len(key) != ed25519.PublicKeySize {
			bad(fmt.Sprintf("chain.liteservers[%d].key", i), "want the liteserver's public key: 32 bytes in base64, 44 characters")
		}
	}
	if len(c.Chain.Toncenter) > maxToncenters {
		bad("chain.toncenter", "%d are given, at most %d are used", len(c.Chain.Toncenter), maxToncenters)
	}
	for i, t := range c.Chain.Toncenter {
		if err := (chain.Toncenter{URL: t.URL, Version: t.Version}).Check(); err != nil {
			bad(fmt.Sprintf("chain.toncenter[%d]", i), "%v", err)
		}
	}
	for i, h := range c.ValidatorHosts {
		if u, err := url.Parse("https://" + h); err != nil || u.Host != h || h == "" {
			bad(fmt.Sprintf("validator_hosts[%d]", i), "%.70q: want a host or host:port, such as validator.example or validator.example:8443", h)
		}
	}
	if c.Feeds.File != "" && !filepath.IsAbs(c.Feeds.File) {
		bad("feeds.file", "want an absolute path")
	}
	if !slices.Contains([]string{"", "debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "%q: want debug, info, warn or error", c.Log.Level)
	}
	if !slices.Contains([]string{"", "text", "json"}, c.Log.Format) {
		bad("log.format", "%q: want text or json", c.Log.Format)
	}
	problems = append(problems, c.checkKeys()...)
	problems = append(problems, c.checkAddresses()...)
	return append(problems, c.API.check()...)
}

// checkKeys refuses keys that were left as the example has them: they are nobody's.
func (c Config) checkKeys() (problems []problem) {
	for i, p := range c.Network.Parties {
		for _, list := range []struct {
			field string
			keys  []wire.Key
		}{{"identity", []wire.Key{p.Identity}}, {"operators", p.Operators}, {"policy_admins", p.PolicyAdmins}, {"trippers", p.Trippers}, {"auditors", p.Auditors}} {
			if slices.ContainsFunc(list.keys, exampleKey) {
				problems = append(problems, problem{fmt.Sprintf("network.parties[%d].%s", i, list.field),
					"has a key of the example: put in the party's own, or remove the line"})
			}
		}
	}
	return problems
}

// exampleKey reports whether k is a number written out, as no key is by chance.
func exampleKey(k wire.Key) bool { return [24]byte(k[4:28]) == [24]byte{} }

// checkAddresses refuses addresses that can't be dialled, and parties that could never meet.
func (c Config) checkAddresses() (problems []problem) {
	silent := ""
	for i, p := range c.Network.Parties {
		for _, a := range p.Addresses {
			if err := checkAddress(a); err != nil {
				problems = append(problems, problem{fmt.Sprintf("network.parties[%d].addresses", i), err.Error()})
			}
		}
		if p.Name == c.Party && len(p.Addresses) > 0 && len(c.P2P.Listen) == 0 {
			problems = append(problems, problem{fmt.Sprintf("network.parties[%d].addresses", i),
				"the others are told to dial this node, but it listens nowhere: set p2p.listen, such as [/ip4/0.0.0.0/tcp/7700]"})
		}
		if len(p.Addresses) == 0 && silent != "" {
			problems = append(problems, problem{"network.parties", fmt.Sprintf("neither %s nor %s has an address: they could never meet", silent, p.Name)})
		}
		if len(p.Addresses) == 0 {
			silent = p.Name
		}
	}
	for i, a := range c.P2P.Listen {
		if err := checkAddress(a); err != nil {
			problems = append(problems, problem{fmt.Sprintf("p2p.listen[%d]", i), err.Error()})
		}
	}
	return problems
}

func checkAddress(s string) error {
	a, err := multiaddr.NewMultiaddr(s)
	if err == nil {
		_, err = a.ValueForProtocol(multiaddr.P_TCP)
	}
	if err != nil {
		return fmt.Errorf("%q: want a multiaddress such as /ip4/192.0.2.1/tcp/7700", s)
	}
	return nil
}

func (a API) scheme() string {
	if a.TLS != nil {
		return "https"
	}
	return "http"
}

func (a API) check() (problems []problem) {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil {
		problems = append(problems, problem{"api.listen", "want host:port, such as 127.0.0.1:7800"})
	}
	if ip := net.ParseIP(host); err == nil && a.TLS == nil && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		problems = append(problems, problem{"api.listen",
			"plain HTTP beyond loopback would let anyone on the path read requests: set api.tls, or listen on 127.0.0.1"})
	}
	if u, err := url.Parse(a.URL); err != nil || u.Host == "" || u.Path != "" || u.Scheme != "http" && u.Scheme != "https" {
		problems = append(problems, problem{"api.url", "want scheme and authority only, such as https://mpc.example.com"})
	}
	return problems
}
