package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// Start opens a node as its configuration says, over the real network, chain and clock. fatal is called when the disk
// has failed, and must end the process. stop closes the node and what it was given.
func Start(ctx context.Context, cfg Config, log *slog.Logger, fatal func(error)) (n *Node, stop func() error, err error) {
	view, err := cfg.chain(log)
	if err != nil {
		return nil, nil, err
	}
	c, err := chain.Dial(ctx, view)
	if err != nil {
		return nil, nil, err
	}
	n, err = Open(ctx, cfg, Env{Now: time.Now, Net: p2p.TCP{}, Chain: c, Log: log, Fatal: fatal})
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	return n, func() error { return errors.Join(n.Close(), c.Close()) }, nil
}

// chain says whom this node asks about the chain, and what it believes.
func (c Config) chain(log *slog.Logger) (chain.Config, error) {
	out := chain.Config{Network: c.Network.Name, GlobalID: c.Network.GlobalID, Logger: log}
	if !c.Network.TrustedBlock.IsZero() {
		out.Trusted = newestTrusted(c.Data, c.Network.TrustedBlock, log)
		out.OnTrusted = func(b chain.Block) { keepTrusted(c.Data, b, log) }
	}
	for _, l := range c.Chain.Liteservers {
		out.Liteservers = append(out.Liteservers, chain.Liteserver{Addr: l.Address, Key: l.Key})
	}
	var err error
	if out.Toncenters, err = c.toncenters(); err != nil || c.Chain.GlobalConfig == "" {
		return out, err
	}
	global, err := c.globalConfig()
	out.Liteservers = append(out.Liteservers, global.Liteservers...)
	out.Liteservers = out.Liteservers[:min(len(out.Liteservers), maxLiteservers)]
	return out, err
}

// maxToncenters is how many a client takes.
const maxToncenters = 8

// maxAPIKey bounds what is read of a file with an API key; toncenter's have 64 characters.
const maxAPIKey = 1024

// toncenters reads the API keys.
func (c Config) toncenters() (all []chain.Toncenter, err error) {
	for i, t := range c.Chain.Toncenter {
		center := chain.Toncenter{URL: t.URL, Version: t.Version}
		if t.APIKeyFile != "" {
			key, err := readPrivate(t.APIKeyFile, maxAPIKey)
			if err != nil {
				return nil, fmt.Errorf("chain.toncenter[%d].api_key_file: %w", i, err)
			}
			center.Key = chain.APIKey(bytes.TrimSpace(key))
		}
		all = append(all, center)
	}
	return all, nil
}

// maxLiteservers is how many a client keeps connections to.
const maxLiteservers = 16

// maxGlobalConfig bounds what is read of a network's global configuration; mainnet's has 20 KiB.
const maxGlobalConfig = 1 << 20

func (c Config) globalConfig() (chain.Config, error) {
	raw, err := readSmall(c.Chain.GlobalConfig, maxGlobalConfig)
	if err != nil {
		return chain.Config{}, fmt.Errorf("chain.global_config: %w", err)
	}
	global, err := chain.ReadGlobalConfig(raw)
	if err != nil {
		return global, fmt.Errorf("chain.global_config: %s: %w", c.Chain.GlobalConfig, err)
	}
	return global, nil
}

// initBlock suggests the block of the global configuration, if that can be read.
func (c Config) initBlock() string {
	global, err := c.globalConfig()
	if err != nil || global.Trusted.IsZero() {
		return ""
	}
	return fmt.Sprintf("; %s names %s: check it elsewhere", c.Chain.GlobalConfig, global.Trusted)
}

// CheckFiles looks at the files that the configuration names: identity, passphrase, TLS, global configuration. It opens no ledger, so it may
// run beside the node. The error lists everything that is wrong.
func (c Config) CheckFiles() error {
	secret, err := c.secret()
	if err == nil {
		err = secret.Check()
		secret.Destroy()
	}
	_, keys := c.toncenters()
	errs := []error{c.checkIdentity(), err, keys}
	if c.Chain.GlobalConfig != "" {
		_, err := c.globalConfig()
		errs = append(errs, err)
	}
	if c.API.TLS != nil {
		if _, err := tls.LoadX509KeyPair(c.API.TLS.Certificate, c.API.TLS.Key); err != nil {
			errs = append(errs, fmt.Errorf("api.tls: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkIdentity() error {
	key, err := LoadIdentity(c.Data)
	if err != nil {
		return err
	}
	own, _ := c.Manifest().Party(c.Party)
	if pub := wire.Key(key.Public().(ed25519.PublicKey)); pub != own.Identity {
		return fmt.Errorf("identity: the key in %s is %s, but network.parties lists %s for %q", c.Data, pub, own.Identity, c.Party)
	}
	return nil
}
