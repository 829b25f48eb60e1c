package devchain

import (
	"crypto/sha256"
	"math"
	"sync"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

const (
	masterchain = -1
	basechain   = 0
)

// block is one sealed masterchain block, and the block of the only shard it commits to. Once sealed it never changes;
// blocks share the cells that did not change between them.
type block struct {
	seqno uint32
	time  uint32 // gen_utime, Unix seconds
	lt    uint64 // where its logical time starts
	seed  []byte // of its random numbers, 32 bytes

	key     bool   // it carries the configuration, so that later blocks can be proven from it
	lastKey *block // the newest key block before it; nil for the first

	chains [2]sealed                 // the masterchain's and the shard's
	before *cell.AugmentedDictionary // OldMcBlocksInfo: the masterchain blocks before this one

	shardProof func() ([]*cell.Cell, error) // made once, when it is first asked for

	proving sync.Mutex                   // guards proofs
	proofs  map[ton.Address][]*cell.Cell // of accounts, up to keepProofs: nodes ask for the same ones
}

// sealed is a block of one chain with the state after it.
type sealed struct {
	id       *lite.BlockIDExt
	root     *cell.Cell // Block
	state    *cell.Cell // ShardStateUnsplit
	accounts *tlb.ShardAccountsAugDict
	proof    func() (*cell.Cell, error) // of the block; made once, when it is first asked for
}

func (b *block) master() *sealed { return &b.chains[0] }
func (b *block) shard() *sealed  { return &b.chains[1] }

// of returns the block that holds the accounts of a workchain.
func (b *block) of(workchain int32) *sealed {
	if workchain == masterchain {
		return b.master()
	}
	return b.shard()
}

// oldestKept is the oldest block that answers queries once b is the newest.
func (b *block) oldestKept() uint32 {
	if b.seqno < keepBlocks {
		return 1
	}
	return b.seqno - keepBlocks + 1
}

// zero is the state before the first block.
func (c *Chain) zero() (*block, error) {
	b := &block{time: c.clock(), before: newPreviousBlocks()}
	for i := range b.chains {
		accounts, err := tlb.NewShardAccountsAugDict()
		if err != nil {
			return nil, err
		}
		b.chains[i].accounts = accounts
	}
	var err error
	if b.shard().state, err = c.shardState(b, basechain, nil); err != nil {
		return nil, err
	}
	b.shard().id = blockID(basechain, 0, b.shard().state.Hash())
	extra, err := c.stateExtra(b)
	if err != nil {
		return nil, err
	}
	if b.master().state, err = c.shardState(b, masterchain, extra); err != nil {
		return nil, err
	}
	b.master().id = blockID(masterchain, 0, b.master().state.Hash())
	return b, nil
}

// next makes the block after the newest, without content. Its time is the clock's, never earlier than the last block's.
// Its names are filled in when it is finished.
func (c *Chain) next(clock uint32) *block {
	last := c.newest
	seed := sha256.Sum256(last.master().id.RootHash)
	seqno := last.seqno + 1
	b := newBlock(seqno, max(clock, last.time), uint64(seqno)*ltPerBlock, seed[:])
	b.lastKey = last.lastKey
	if last.key {
		b.lastKey = last
	}
	b.key = b.lastKey == nil || c.cfg.KeyEvery > 0 && b.seqno-b.lastKey.seqno >= c.cfg.KeyEvery
	return b
}

// newBlock is a block without content and names, whose proofs are made when they are asked for.
func newBlock(seqno, time uint32, lt uint64, seed []byte) *block {
	b := &block{seqno: seqno, time: time, lt: lt, seed: seed, proofs: map[ton.Address][]*cell.Cell{}}
	for i := range b.chains {
		s := &b.chains[i]
		s.id, s.proof = &lite.BlockIDExt{}, sync.OnceValues(func() (*cell.Cell, error) { return proveBlock(s) })
	}
	b.shardProof = sync.OnceValues(b.proveShard)
	return b
}

// clock is the chain's time, Unix seconds.
func (c *Chain) clock() uint32 { return unix(c.cfg.Now().Unix()) }

// unix keeps a clock within gen_utime's 32 bits.
func unix(seconds int64) uint32 { return uint32(min(max(seconds, 0), math.MaxUint32)) }

// blockID names a block by its root. There is no file, so the file hash is the hash of the root's.
func blockID(workchain int32, seqno uint32, root []byte) *lite.BlockIDExt {
	file := sha256.Sum256(root)
	return &lite.BlockIDExt{Workchain: workchain, Shard: math.MinInt64, SeqNo: seqno, RootHash: root, FileHash: file[:]}
}

// reference is how later blocks name one (ExtBlkRef).
func (b *block) reference(s *sealed) tlb.ExtBlkRef {
	return tlb.ExtBlkRef{EndLt: b.endLT(), SeqNo: s.id.SeqNo, RootHash: s.id.RootHash, FileHash: s.id.FileHash}
}

func (b *block) endLT() uint64 { return b.lt + ltPerBlock - 1 }

// setAccounts takes the accounts of the last block and the changes of this one. Only what changed is hashed again.
func (b *block) setAccounts(last *block, changed map[ton.Address]state) error {
	for i := range b.chains {
		b.chains[i].accounts = &tlb.ShardAccountsAugDict{AugmentedDictionary: last.chains[i].accounts.Copy()}
	}
	for a, s := range changed {
		accounts := b.of(int32(a.Workchain)).accounts
		key := accountKey(a.Hash[:])
		var err error
		if s.exists() {
			err = accounts.Set(key, s.prepared.ShardAccountCell())
		} else if _, missing := accounts.LoadValue(key); missing == nil {
			err = accounts.Delete(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func accountKey(hash []byte) *cell.Cell { return cell.BeginCell().MustStoreSlice(hash, 256).EndCell() }
