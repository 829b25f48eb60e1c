package devchain

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// chain goes on with the chain in the directory, or begins one there.
func (k *keeper) chain(cfg Config) (*Chain, error) {
	saved, err := k.read()
	if err != nil {
		return nil, err
	}
	if saved == nil {
		return k.first(cfg)
	}
	r, err := saved.open()
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if cfg, err = r.fit(cfg); err != nil {
		return nil, err
	}
	c, err := assemble(cfg)
	if err != nil {
		return nil, err
	}
	c.key = ed25519.NewKeyFromSeed(r.Liteserver)
	if err := c.restore(r); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	name := logName(c.newest.seqno)
	if k.log, err = openJournal(k.dir, name, c.replay); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.keeper = k
	return c, nil
}

// first begins a chain, and has its first block kept before anybody sees it.
func (k *keeper) first(cfg Config) (*Chain, error) {
	c, err := fresh(cfg)
	if err != nil {
		return nil, err
	}
	s, err := c.save()
	if err != nil {
		return nil, err
	}
	c.keeper = k
	return c, k.begin(s)
}

// fit takes from the snapshot what the configuration leaves open, and refuses what differs.
func (r restored) fit(cfg Config) (Config, error) {
	if cfg.GlobalID != r.GlobalID {
		return cfg, fmt.Errorf("its network id is %d, not %d", r.GlobalID, cfg.GlobalID)
	}
	if cfg.KeyEvery != r.KeyEvery {
		return cfg, fmt.Errorf("every %d blocks is a key block, not every %d", r.KeyEvery, cfg.KeyEvery)
	}
	if cfg.ConfigBoC == nil {
		cfg.ConfigBoC = r.cell(r.ConfigCell).ToBOC()
	}
	root, err := cell.FromBOC(cfg.ConfigBoC)
	if err != nil {
		return cfg, fmt.Errorf("read blockchain config: %w", err)
	}
	if !bytes.Equal(root.Hash(), r.cell(r.ConfigCell).Hash()) {
		return cfg, errors.New("its blockchain config is another one")
	}
	key := ed25519.NewKeyFromSeed(r.Validator)
	if cfg.ValidatorKey != nil && !key.Equal(cfg.ValidatorKey) {
		return cfg, errors.New("its validator's key is another one")
	}
	cfg.ValidatorKey = key
	return cfg, nil
}

func (d *draft) record(first *tvm.PreparedMessage) record {
	r := record{time: d.block.time, root: d.block.master().id.RootHash}
	if first != nil {
		r.message = first.Cell()
	}
	return r
}

// replay makes a block of the log again. It must be the one that people saw.
func (c *Chain) replay(r record) error {
	var first *tvm.PreparedMessage
	if r.message != nil {
		var err error
		if first, err = tvm.PrepareMessage(r.message); err != nil {
			return fmt.Errorf("read message: %w", err)
		}
	}
	d, err := c.make(first, r.time)
	if err != nil {
		return fmt.Errorf("make block again: %w", err)
	}
	if !bytes.Equal(d.block.master().id.RootHash, r.root) {
		return fmt.Errorf("block %d comes out differently: it was made by another version of this program", d.block.seqno)
	}
	c.commit(d)
	return nil
}

// compact replaces a long log by a snapshot. When that fails the log goes on: nothing is lost. The caller holds sealing.
func (c *Chain) compact() {
	if !c.keeper.full() {
		return
	}
	s, err := c.save()
	if err == nil {
		err = c.keeper.begin(s)
	}
	if err != nil {
		c.cfg.Logger.Error("log of blocks not replaced by a snapshot", "error", err)
	}
}

// leave writes a snapshot, so that the next start is quick and may be another version's, and gives the directory back.
func (c *Chain) leave() error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	if c.keeper == nil {
		return nil
	}
	var err error
	if c.keeper.log.records > 0 && c.keeper.log.broken == nil {
		var s *snapshot
		if s, err = c.save(); err == nil {
			err = c.keeper.begin(s)
		}
	}
	return errors.Join(err, c.keeper.close())
}
