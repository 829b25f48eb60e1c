package devchain

import (
	"fmt"
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// snapshot is all that a chain keeps, as it is written to a file. Numbers that end in Cell name a cell of Cells. A change
// of anything here is a new formatVersion.
type snapshot struct {
	Validator, Liteserver []byte // seeds of the keys
	GlobalID              int32
	KeyEvery              uint32
	ConfigCell            int // as it was before the validator was installed
	ZeroRoot, ZeroFile    []byte
	Blocks                []savedBlock // by seqno; the first is the first block, the last the newest
	Accounts              []savedAccount
	Transactions          []savedTransaction // of all accounts, in order
	QueueCells            []int
	Cells                 []byte // bag of cells of a tree that packed made
	Count                 int    // of its leaves
}

type savedBlock struct {
	Seqno, Time uint32
	LT          uint64
	Seed        []byte
	LastKey     uint32 // 0: it is the first
	Key         bool
	Chains      [2]savedChain
	BeforeCell  int
}

type savedChain struct{ RootCell, StateCell, AccountsCell int }

type savedAccount struct {
	Workchain int8
	Hash      [32]byte
	Executed  int
	States    []savedState
}

type savedState struct {
	Seqno     uint32
	ShardCell int
	StatCell  int // noCell: none
}

type savedTransaction struct {
	Account   int // index in Accounts
	LT        uint64
	Cell      int
	BlockSeq  uint32
	BlockRoot []byte
}

const noCell = -1

// cells numbers cells in the order in which they are added.
type cells struct {
	list []*cell.Cell
	err  error // of the first that could not be made
}

func (l *cells) add(c *cell.Cell) int {
	if c == nil {
		return noCell
	}
	l.list = append(l.list, c)
	return len(l.list) - 1
}

func (l *cells) made(c *cell.Cell, err error) int {
	if err != nil && l.err == nil {
		l.err = err
	}
	return l.add(c)
}

// packed is one cell with all of list below it, four to a cell, so that what they share is written once.
func packed(list []*cell.Cell) *cell.Cell {
	for len(list) != 1 {
		var above []*cell.Cell
		for four := range slices.Chunk(list, 4) {
			b := cell.BeginCell()
			for _, c := range four {
				b.MustStoreRef(c)
			}
			above = append(above, b.EndCell())
		}
		list = above
	}
	return list[0]
}

// unpacked is the list of count cells that packed made root of.
func unpacked(root *cell.Cell, count int) ([]*cell.Cell, error) {
	list := []*cell.Cell{root}
	for width := 1; width < count; width *= 4 {
		var below []*cell.Cell
		for _, c := range list {
			for i := range int(c.RefsNum()) {
				ref, err := c.PeekRef(i)
				if err != nil {
					return nil, err
				}
				below = append(below, ref)
			}
		}
		list = below
	}
	if len(list) != count {
		return nil, fmt.Errorf("it has %d cells, not %d", len(list), count)
	}
	return list, nil
}

// save writes down all that the chain keeps. The caller holds sealing.
func (c *Chain) save() (*snapshot, error) {
	var l cells
	s := &snapshot{
		Validator: c.validator.key.Seed(), Liteserver: c.key.Seed(), GlobalID: c.cfg.GlobalID, KeyEvery: c.cfg.KeyEvery,
		ConfigCell: l.add(c.plainConfig), ZeroRoot: c.zeroState.RootHash, ZeroFile: c.zeroState.FileHash,
	}
	for _, b := range c.allKept() {
		s.Blocks = append(s.Blocks, l.block(b))
	}
	index := map[*account]int{}
	for address, a := range c.accounts {
		index[a] = len(s.Accounts)
		s.Accounts = append(s.Accounts, l.account(address, a))
	}
	for a, t := range c.history.all() {
		s.Transactions = append(s.Transactions, savedTransaction{index[a], t.lt, l.add(t.cell), t.id.SeqNo, t.id.RootHash})
	}
	for _, m := range c.queue {
		s.QueueCells = append(s.QueueCells, l.add(m.Cell()))
	}
	s.Cells, s.Count = packed(l.list).ToBOC(), len(l.list)
	return s, l.err
}

// allKept lists the blocks that answer queries, and all key blocks, by seqno.
func (c *Chain) allKept() []*block {
	var all []*block
	for _, b := range c.keys {
		if c.blocks[b.seqno%keepBlocks] != b {
			all = append(all, b)
		}
	}
	for _, b := range c.blocks {
		if b != nil {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b *block) int { return int(a.seqno) - int(b.seqno) })
	return all
}

func (l *cells) block(b *block) savedBlock {
	s := savedBlock{Seqno: b.seqno, Time: b.time, LT: b.lt, Seed: b.seed, Key: b.key, BeforeCell: l.made(b.before.ToCell())}
	if b.lastKey != nil {
		s.LastKey = b.lastKey.seqno
	}
	for i, x := range b.chains {
		s.Chains[i] = savedChain{l.add(x.root), l.add(x.state), l.made(x.accounts.ToCell())}
	}
	return s
}

func (l *cells) account(address ton.Address, a *account) savedAccount {
	s := savedAccount{Workchain: address.Workchain, Hash: address.Hash, Executed: a.executed}
	for _, x := range a.states {
		s.States = append(s.States, savedState{x.seqno, l.add(x.prepared.ShardAccountCell()), l.add(x.stat)})
	}
	return s
}

// restored is a snapshot being read, with its cells.
type restored struct {
	*snapshot
	cells []*cell.Cell
}

// open reads the cells. What a chain wrote has every one that it names; the file's checksum says whether it did.
func (s *snapshot) open() (r restored, err error) {
	root, err := cell.FromBOCWithOptions(s.Cells, cell.BOCParseOptions{MaxCells: maxSnapshotCells})
	if err != nil {
		return r, err
	}
	r.snapshot, s.Cells = s, nil
	r.cells, err = unpacked(root, s.Count)
	return r, err
}

func (r restored) cell(i int) *cell.Cell {
	if i == noCell {
		return nil
	}
	return r.cells[i]
}

// restore takes over all that a snapshot has.
func (c *Chain) restore(r restored) error {
	c.zeroState = lite.ZeroStateIDExt{Workchain: masterchain, RootHash: r.ZeroRoot, FileHash: r.ZeroFile}
	for _, s := range r.Blocks {
		b, err := r.block(s, c.keys[s.LastKey])
		if err != nil {
			return fmt.Errorf("block %d: %w", s.Seqno, err)
		}
		c.add(b)
	}
	c.first = c.keys[r.Blocks[0].Seqno].master().id
	list := make([]*account, len(r.Accounts))
	for i, s := range r.Accounts {
		address := ton.Address{Workchain: s.Workchain, Hash: s.Hash}
		a, err := r.account(s, address)
		if err != nil {
			return fmt.Errorf("account %v: %w", address, err)
		}
		list[i], c.accounts[address] = a, a
	}
	for _, s := range r.Transactions {
		id := blockID(r.workchain(s), s.BlockSeq, s.BlockRoot)
		c.history.add(list[s.Account], transaction{s.LT, r.cell(s.Cell), id})
	}
	for i, s := range r.Accounts {
		list[i].executed = s.Executed
	}
	return c.requeue(r)
}

func (r restored) workchain(s savedTransaction) int32 { return int32(r.Accounts[s.Account].Workchain) }

func (c *Chain) requeue(r restored) error {
	for _, i := range r.QueueCells {
		m, err := tvm.PrepareMessage(r.cell(i))
		if err != nil {
			return fmt.Errorf("queued message: %w", err)
		}
		c.queue = append(c.queue, m)
	}
	return nil
}

func (r restored) block(s savedBlock, lastKey *block) (*block, error) {
	b := newBlock(s.Seqno, s.Time, s.LT, s.Seed)
	b.key, b.lastKey = s.Key, lastKey
	before, err := r.cell(s.BeforeCell).MustBeginParse().LoadAugDict(32, keyMaxLT{}, false)
	if err != nil {
		return nil, fmt.Errorf("list of blocks: %w", err)
	}
	b.before = before
	for i, workchain := range [2]int32{masterchain, basechain} {
		x, saved := &b.chains[i], s.Chains[i]
		x.root, x.state, x.accounts = r.cell(saved.RootCell), r.cell(saved.StateCell), new(tlb.ShardAccountsAugDict)
		*x.id = *blockID(workchain, s.Seqno, x.root.Hash())
		if err := tlb.Parse(x.accounts, r.cell(saved.AccountsCell)); err != nil {
			return nil, fmt.Errorf("accounts: %w", err)
		}
	}
	return b, nil
}

func (r restored) account(s savedAccount, address ton.Address) (*account, error) {
	a := &account{}
	for _, x := range s.States {
		var shard tlb.ShardAccount
		if err := tlb.Parse(&shard, r.cell(x.ShardCell)); err != nil {
			return nil, err
		}
		prepared, err := tvm.PrepareAccount(&shard, friendly(address))
		if err != nil {
			return nil, err
		}
		a.states = append(a.states, state{x.Seqno, prepared, r.cell(x.StatCell)})
	}
	return a, nil
}
