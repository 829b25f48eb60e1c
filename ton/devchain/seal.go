package devchain

import (
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// draft is a block being made: what it changes, beside the state that queries still read.
type draft struct {
	chain   *Chain
	block   *block
	context *tvm.BlockContext
	changed map[ton.Address]state
	done    []executed             // in order
	queue   []*tvm.PreparedMessage // emitted and not delivered yet, in order
}

type executed struct {
	address     ton.Address
	transaction transaction
}

// Send executes an external message, given as a BoC of at most 64 KiB, with all it causes, and seals the block. A message
// that the account doesn't accept is an error and leaves no trace.
func (c *Chain) Send(externalBoC []byte) error {
	if len(externalBoC) > maxExternal {
		return fmt.Errorf("external message has %d bytes, at most %d are allowed", len(externalBoC), maxExternal)
	}
	root, err := cell.FromBOC(externalBoC)
	if err != nil {
		return fmt.Errorf("read external message: %w", err)
	}
	m, err := tvm.PrepareMessage(root)
	if err != nil {
		return fmt.Errorf("read external message: %w", err)
	}
	if m.Message().MsgType != tlb.MsgTypeExternalIn {
		return errors.New("not an inbound external message")
	}
	return c.seal(m)
}

// Tick seals a block without a new message. It does nothing once the chain can't be kept any more.
func (c *Chain) Tick() {
	if err := c.seal(nil); err != nil {
		c.cfg.Logger.Error("empty block not sealed", "error", err)
	}
}

// seal makes one block, has it kept, and makes it the newest. It fails, and seals nothing, when the new message is
// refused, or when the block can't be kept.
func (c *Chain) seal(first *tvm.PreparedMessage) error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	d, err := c.make(first, c.clock())
	if err != nil {
		return err
	}
	if err := c.keeper.append(d.record(first)); err != nil {
		return fmt.Errorf("keep block %d: %w", d.block.seqno, err)
	}
	c.commit(d)
	c.compact()
	return nil
}

// make executes the new message, then what earlier ones caused, up to maxPerBlock, and writes the block.
func (c *Chain) make(first *tvm.PreparedMessage, clock uint32) (*draft, error) {
	d, err := c.draft(clock)
	if err != nil {
		return nil, err
	}
	if first != nil {
		if err := d.execute(first); err != nil {
			return nil, err
		}
	}
	d.deliver()
	return d, d.finish()
}

// deliver executes queued messages, oldest first, until the block is full.
func (d *draft) deliver() {
	for len(d.queue) > 0 && len(d.done) < maxPerBlock {
		m := d.queue[0]
		d.queue = d.queue[1:]
		if err := d.execute(m); err != nil {
			d.chain.cfg.Logger.Warn("internal message failed", "to", m.Message().Msg.DestAddr().StringRaw(), "error", err)
		}
	}
}

// draft starts the block after the newest.
func (c *Chain) draft(clock uint32) (*draft, error) {
	b := c.next(clock)
	context, err := c.config.NewBlockContext(tvm.BlockOptions{
		Now: b.time, BlockLT: int64(b.lt), RandSeed: b.seed, GlobalID: c.cfg.GlobalID,
	})
	if err != nil {
		return nil, fmt.Errorf("start block: %w", err)
	}
	return &draft{
		chain: c, block: b, context: context,
		changed: map[ton.Address]state{}, queue: c.queue,
	}, nil
}

// execute runs one message on its destination and queues what it emits.
func (d *draft) execute(m *tvm.PreparedMessage) error {
	to, err := standard(m.Message().Msg.DestAddr())
	if err != nil {
		return err
	}
	before, err := d.state(to)
	if err != nil {
		return err
	}
	r, err := d.chain.tvm.EmulateTransaction(d.context, before.prepared, m,
		tvm.TransactionOptions{LogicalTime: int64(d.block.lt + 1), AccountStorageStat: before.stat})
	if err != nil {
		return err
	}
	if !r.Accepted && m.Message().MsgType == tlb.MsgTypeExternalIn {
		return fmt.Errorf("external message was not accepted: exit code %d", r.ExitCode)
	}
	d.changed[to] = state{seqno: d.block.seqno, prepared: r.NextAccount, stat: r.AccountStorageStat}
	d.done = append(d.done, executed{to, transaction{
		lt: r.NextAccount.ShardAccount().LastTransLT, cell: r.TransactionCell, id: d.block.of(int32(to.Workchain)).id,
	}})
	return d.emit(r.OutMessages)
}

// emit queues internal messages; external ones leave the chain and are seen in their transaction.
func (d *draft) emit(out []tvm.OutMessage) error {
	for _, o := range out {
		if o.Msg.MsgType != tlb.MsgTypeInternal {
			continue
		}
		if len(d.queue) >= maxQueue {
			return errors.New("queue of messages is full, the rest is burnt")
		}
		m, err := tvm.PrepareParsedMessage(o.Cell, o.Msg)
		if err != nil {
			return fmt.Errorf("read emitted message: %w", err)
		}
		d.queue = append(d.queue, m)
	}
	return nil
}

// state returns the account as this block has left it so far.
func (d *draft) state(a ton.Address) (state, error) {
	if s, ok := d.changed[a]; ok {
		return s, nil
	}
	if s := d.chain.accounts[a].newest(); s != nil {
		return *s, nil
	}
	p, err := tvm.PrepareAccount(none(), friendly(a))
	return state{prepared: p}, err
}

// commit makes a finished block the newest, in one step for all queries.
func (c *Chain) commit(d *draft) {
	c.queue = d.queue
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range d.done {
		a := c.accounts[e.address]
		if a == nil {
			a = &account{}
			c.accounts[e.address] = a
		}
		c.history.add(a, e.transaction)
	}
	for address, s := range d.changed {
		c.accounts[address].add(s, d.block.oldestKept())
	}
	c.add(d.block)
	if c.sealed != nil {
		close(c.sealed)
	}
	c.sealed = make(chan struct{})
}

// add takes a finished block as the newest.
func (c *Chain) add(b *block) {
	c.newest, c.blocks[b.seqno%keepBlocks] = b, b
	if b.key {
		c.keys[b.seqno] = b
	}
}

// standard converts an address of the library; only plain ones of the two workchains have accounts here.
func standard(a *address.Address) (ton.Address, error) {
	if a == nil || a.Type() != address.StdAddress || a.Anycast() != nil {
		return ton.Address{}, errors.New("destination is not a standard address")
	}
	if a.Workchain() != masterchain && a.Workchain() != basechain {
		return ton.Address{}, errors.New("destination is in a workchain that isn't there")
	}
	return ton.Address{Workchain: int8(a.Workchain()), Hash: [32]byte(a.Data())}, nil
}

// friendly converts an address to the library's.
func friendly(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}
