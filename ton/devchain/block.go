package devchain

import (
	"crypto/sha256"
	"math"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// The magic numbers of block.tlb that are written here.
const (
	magicBlock        = 0x11ef55aa
	magicShardState   = 0x9023afe2
	magicMcStateExtra = 0xcc26
)

// block is one sealed masterchain block, and the block of the only shard it commits to.
type block struct {
	seqno uint32
	time  uint32 // gen_utime, Unix seconds
	lt    uint64 // where its logical time starts
	id    *lite.BlockIDExt
	shard *lite.BlockIDExt

	root  *cell.Cell // as a proof shows it: only the state update is there
	state *cell.Cell // of the masterchain: the configuration
}

// oldestKept is the oldest block that answers queries once b is the newest.
func (b *block) oldestKept() uint32 {
	if b.seqno < keepBlocks {
		return 1
	}
	return b.seqno - keepBlocks + 1
}

// next makes the block after the newest, without content. Its time is the clock's, never earlier than the last block's.
func (c *Chain) next() *block {
	b := &block{seqno: 1, time: unix(c.cfg.Now().Unix())}
	old := cell.BeginCell().EndCell()
	if c.newest != nil {
		b.seqno, b.time, old = c.newest.seqno+1, max(b.time, c.newest.time), c.newest.state
	}
	b.lt = uint64(b.seqno) * ltPerBlock
	b.state = shardState(c.cfg.GlobalID, -1, b, accountsProof(nil), c.stateExtra())
	b.root = blockProof(c.cfg.GlobalID, old, b.state)
	b.id = blockID(-1, b.seqno, b.root.Hash(0))
	b.shard = blockID(0, b.seqno, b.id.FileHash)
	return b
}

// unix keeps a clock within gen_utime's 32 bits.
func unix(seconds int64) uint32 { return uint32(min(max(seconds, 0), math.MaxUint32)) }

// blockID names a block by its root. There is no file, so the file hash is the hash of the root's.
func blockID(workchain int32, seqno uint32, root []byte) *lite.BlockIDExt {
	file := sha256.Sum256(root)
	return &lite.BlockIDExt{Workchain: workchain, Shard: math.MinInt64, SeqNo: seqno, RootHash: root, FileHash: file[:]}
}

// stateExtra is McStateExtra (block.tlb): no shards, the configuration, no coins.
func (c *Chain) stateExtra() *cell.Cell {
	return cell.BeginCell().MustStoreUInt(magicMcStateExtra, 16).
		MustStoreBoolBit(false).                                  // shard_hashes
		MustStoreSlice(make([]byte, 32), 256).                    // config_addr
		MustStoreRef(c.config.Root()).                            // config
		MustStoreRef(cell.BeginCell().EndCell()).                 // info
		MustStoreBigCoins(zero).MustStoreBoolBit(false).EndCell() // global_balance
}

// shardState is ShardStateUnsplit (block.tlb) with empty queues and statistics.
func shardState(globalID, workchain int32, b *block, accounts, extra *cell.Cell) *cell.Cell {
	empty := cell.BeginCell().EndCell()
	return cell.BeginCell().MustStoreUInt(magicShardState, 32).MustStoreInt(int64(globalID), 32).
		MustStoreUInt(0, 8).MustStoreInt(int64(workchain), 32).MustStoreUInt(0, 64). // shard_id: the whole workchain
		MustStoreUInt(uint64(b.seqno), 32).MustStoreUInt(0, 32).                     // seq_no, vert_seq_no
		MustStoreUInt(uint64(b.time), 32).MustStoreUInt(b.lt, 64).                   // gen_utime, gen_lt
		MustStoreUInt(uint64(b.seqno), 32).                                          // min_ref_mc_seqno
		MustStoreRef(empty).MustStoreBoolBit(false).                                 // out_msg_queue_info, before_split
		MustStoreRef(accounts).MustStoreRef(empty).MustStoreMaybeRef(extra).EndCell()
}

// blockProof is the body of a Merkle proof of a block: all but the update from the old state to the new is pruned.
func blockProof(globalID int32, old, new *cell.Cell) *cell.Cell {
	update, err := cell.CreateMerkleUpdate(pruned(old), pruned(new))
	if err != nil {
		panic(err) // the cells are made here
	}
	// A pruned branch stands for a cell with references; what it was doesn't matter.
	absent := pruned(cell.BeginCell().MustStoreRef(cell.BeginCell().EndCell()).EndCell())
	return cell.BeginCell().MustStoreUInt(magicBlock, 32).MustStoreInt(int64(globalID), 32).
		MustStoreRef(absent).MustStoreRef(absent).MustStoreRef(update).MustStoreRef(absent).EndCell()
}

func pruned(c *cell.Cell) *cell.Cell {
	p, err := cell.CreatePrunedBranch(c, 1, 0)
	if err != nil {
		panic(err) // the cells are made here
	}
	return p
}
