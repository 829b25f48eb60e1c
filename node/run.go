package node

import (
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
	c, err := chain.Dial(ctx, cfg.chain(log))
	if err != nil {
		return nil, nil, err
	}
	n, err = Open(ctx, cfg, Env{Now: time.Now, Net: p2p.TCP{}, Chain: c, Log: log, Fatal: fatal})
	if err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	return n, func() error { return errors.Join(n.Close(), c.Close()) }, nil
}

func (c Config) chain(log *slog.Logger) chain.Config {
	out := chain.Config{Network: c.Network.Name, GlobalID: c.Network.GlobalID, Logger: log}
	if !c.Network.TrustedBlock.IsZero() {
		out.Trusted = newestTrusted(c.Data, c.Network.TrustedBlock, log)
		out.OnTrusted = func(b chain.Block) { keepTrusted(c.Data, b, log) }
	}
	for _, l := range c.Chain.Liteservers {
		out.Liteservers = append(out.Liteservers, chain.Liteserver{Addr: l.Address, Key: l.Key})
	}
	return out
}

// CheckFiles looks at the files that the configuration names: identity, passphrase, TLS. It opens no ledger, so it may
// run beside the node. The error lists everything that is wrong.
func (c Config) CheckFiles() error {
	secret, err := c.secret()
	if err == nil {
		err = secret.Check()
		secret.Destroy()
	}
	errs := []error{c.checkIdentity(), err}
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
