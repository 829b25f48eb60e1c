package devchain

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// The magic numbers of block.tlb that are written here.
const (
	magicBlock        = 0x11ef55aa
	magicBlockExtra   = 0x4a33f6fd
	magicMcBlockExtra = 0xcca5
	magicShardState   = 0x9023afe2
	magicMcStateExtra = 0xcc26
	magicHashUpdate   = 0x72
)

var empty = cell.BeginCell().EndCell()

// finish writes the two blocks and the states after them: the shard's first, which the masterchain's names.
func (d *draft) finish() error {
	c, b, last := d.chain, d.block, d.chain.newest
	if err := b.setAccounts(last, d.changed); err != nil {
		return fmt.Errorf("seal accounts: %w", err)
	}
	var err error
	if b.before, err = c.including(last); err != nil {
		return fmt.Errorf("seal block list: %w", err)
	}
	if err := d.seal(basechain, nil, nil); err != nil {
		return fmt.Errorf("seal shard: %w", err)
	}
	stateExtra, err := c.stateExtra(b)
	if err != nil {
		return fmt.Errorf("seal masterchain state: %w", err)
	}
	blockExtra, err := c.masterExtra(b)
	if err != nil {
		return fmt.Errorf("seal masterchain: %w", err)
	}
	if err := d.seal(masterchain, stateExtra, blockExtra); err != nil {
		return fmt.Errorf("seal masterchain: %w", err)
	}
	return nil
}

// seal writes the block of one chain.
func (d *draft) seal(workchain int32, stateExtra, blockExtra *cell.Cell) (err error) {
	s, last := d.block.of(workchain), d.chain.newest
	if s.state, err = d.chain.shardState(d.block, workchain, stateExtra); err != nil {
		return err
	}
	header, err := d.chain.header(d.block, workchain)
	if err != nil {
		return err
	}
	transactions, err := d.accountBlocks(workchain)
	if err != nil {
		return err
	}
	update, err := cell.CreateMerkleUpdate(pruned(last.of(workchain).state), pruned(s.state))
	if err != nil {
		return err
	}
	extra := cell.BeginCell().MustStoreUInt(magicBlockExtra, 32).
		MustStoreRef(empty).MustStoreRef(empty).MustStoreRef(transactions). // messages in and out aren't listed
		MustStoreSlice(d.block.seed, 256).MustStoreSlice(make([]byte, 32), 256).MustStoreMaybeRef(blockExtra).EndCell()
	s.root = cell.BeginCell().MustStoreUInt(magicBlock, 32).MustStoreInt(int64(d.chain.cfg.GlobalID), 32).
		MustStoreRef(header).MustStoreRef(empty).MustStoreRef(update).MustStoreRef(extra).EndCell() // no value flow
	*s.id = *blockID(workchain, d.block.seqno, s.root.Hash())
	return nil
}

func pruned(c *cell.Cell) *cell.Cell {
	p, err := cell.CreatePrunedBranch(c, 1, 0)
	if err != nil {
		panic(err) // the cells are made here
	}
	return p
}

// header is BlockInfo (block.tlb).
func (c *Chain) header(b *block, workchain int32) (*cell.Cell, error) {
	last := c.newest
	var h tlb.BlockHeader
	h.SeqNo, h.GenUtime, h.StartLt, h.EndLt, h.KeyBlock = b.seqno, b.time, b.lt, b.endLT(), b.key && workchain == masterchain
	h.Shard = tlb.ShardIdent{WorkchainID: workchain}
	h.GenValidatorListHashShort, h.GenCatchainSeqno = c.validator.setHash, catchainSeqno
	h.MinRefMcSeqno = last.seqno
	if b.lastKey != nil {
		h.PrevKeyBlockSeqno = b.lastKey.seqno
	}
	h.PrevRef.Prev1 = last.reference(last.of(workchain))
	if workchain != masterchain {
		master := last.reference(last.master())
		h.NotMaster, h.MasterRef = true, &master
	}
	return h.ToCell()
}

// shardState is ShardStateUnsplit (block.tlb) with empty queues and statistics.
func (c *Chain) shardState(b *block, workchain int32, extra *cell.Cell) (*cell.Cell, error) {
	accounts, err := b.of(workchain).accounts.ToCell()
	if err != nil {
		return nil, err
	}
	return cell.BeginCell().MustStoreUInt(magicShardState, 32).MustStoreInt(int64(c.cfg.GlobalID), 32).
		MustStoreUInt(0, 8).MustStoreInt(int64(workchain), 32).MustStoreUInt(0, 64). // shard_id: the whole workchain
		MustStoreUInt(uint64(b.seqno), 32).MustStoreUInt(0, 32).                     // seq_no, vert_seq_no
		MustStoreUInt(uint64(b.time), 32).MustStoreUInt(b.lt, 64).                   // gen_utime, gen_lt
		MustStoreUInt(uint64(b.seqno), 32).                                          // min_ref_mc_seqno
		MustStoreRef(empty).MustStoreBoolBit(false).                                 // out_msg_queue_info, before_split
		MustStoreRef(accounts).MustStoreRef(empty).MustStoreMaybeRef(extra).EndCell(), nil
}
