package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// configurationEvery is how often the blockchain's configuration is read again: validators change it by vote, rarely, and
// prices of gas with it.
const configurationEvery = 10 * time.Minute

// configuration is the blockchain's as it was read last. Until it was, nothing can be emulated, so nothing is signed.
type configuration struct {
	mu   sync.Mutex
	boc  []byte    // guarded by mu
	next time.Time // when to read again, by package time; guarded by mu
}

// loadConfiguration reads the configuration at start. A chain that can't be reached keeps no node from starting.
func (n *Node) loadConfiguration(ctx context.Context) error {
	err := n.readConfiguration(ctx)
	if errors.Is(err, chain.ErrUnavailable) {
		n.log.Warn("the blockchain's configuration can't be had: nothing is signed until it is", "err", err)
		return nil
	}
	return err
}

// readConfiguration prepares the emulator once for each configuration. The dev chain's is built in.
func (n *Node) readConfiguration(ctx context.Context) error {
	boc, err := n.chain.BlockchainConfig(ctx)
	if errors.Is(err, chain.ErrUnavailable) && n.cfg.Network.Name == wire.DevNetwork && n.emulator.Load() == nil {
		boc, err = ton.DevConfig(), nil
	}
	if err != nil {
		return fmt.Errorf("read the blockchain's configuration: %w", err)
	}
	c := &n.configuration
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Now().Add(configurationEvery)
	if bytes.Equal(boc, c.boc) {
		return nil
	}
	e, err := ton.NewEmulator(boc)
	if err != nil {
		return err
	}
	c.boc = boc
	n.emulator.Store(e)
	return nil
}

// configurationDue reports whether it is time to read the configuration.
func (n *Node) configurationDue() bool {
	n.configuration.mu.Lock()
	defer n.configuration.mu.Unlock()
	return !time.Now().Before(n.configuration.next)
}

// refreshConfiguration reads it when that is due. The last one is used on until then: a block is judged by the
// validators' own in the end.
func (n *Node) refreshConfiguration() {
	if !n.configurationDue() {
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, callTimeout)
	defer cancel()
	if err := n.readConfiguration(ctx); err != nil && n.ctx.Err() == nil {
		n.log.Warn("the blockchain's configuration can't be had", "err", err)
	}
}
