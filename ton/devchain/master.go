package devchain

import (
	"math/big"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// stateExtra is McStateExtra (block.tlb): the shard's block, the configuration, the blocks before; no coins.
func (c *Chain) stateExtra(b *block) (*cell.Cell, error) {
	shards, err := b.shardHashes()
	if err != nil {
		return nil, err
	}
	info := tlb.McStateExtraBlockInfo{
		ValidatorInfo: tlb.ValidatorInfo{ValidatorListHashShort: c.validator.setHash, CatchainSeqno: catchainSeqno},
		PrevBlocks:    &tlb.OldMcBlocksInfoAugDict{AugmentedDictionary: b.before}, AfterKeyBlock: b.key,
	}
	if b.lastKey != nil {
		key := b.lastKey.reference(b.lastKey.master())
		info.LastKeyBlock = &key
	}
	infoCell, err := info.ToCell()
	if err != nil {
		return nil, err
	}
	return cell.BeginCell().MustStoreUInt(magicMcStateExtra, 16).MustStoreDict(shards).
		MustStoreBuilder(c.configParams().ToBuilder()).MustStoreRef(infoCell).
		MustStoreBigCoins(zero).MustStoreBoolBit(false).EndCell(), nil // global_balance
}

// configParams is ConfigParams (block.tlb): the address of the configuration contract, which isn't there, and the
// parameters.
func (c *Chain) configParams() *cell.Cell {
	return cell.BeginCell().MustStoreSlice(make([]byte, 32), 256).MustStoreRef(c.config.Root()).EndCell()
}

// masterExtra is McBlockExtra (block.tlb). A key block carries the configuration.
func (c *Chain) masterExtra(b *block) (*cell.Cell, error) {
	shards, err := b.shardHashes()
	if err != nil {
		return nil, err
	}
	fees, err := tlb.NewShardFeesAugDict()
	if err != nil {
		return nil, err
	}
	feesCell, err := fees.ToCell()
	if err != nil {
		return nil, err
	}
	details := cell.BeginCell().MustStoreUInt(0, 3).EndCell() // prev_blk_signatures, recover_create_msg, mint_msg
	out := cell.BeginCell().MustStoreUInt(magicMcBlockExtra, 16).MustStoreBoolBit(b.key).MustStoreDict(shards).
		MustStoreBuilder(feesCell.ToBuilder()).MustStoreRef(details)
	if b.key {
		out.MustStoreBuilder(c.configParams().ToBuilder())
	}
	return out.EndCell(), nil
}

// shardHashes is ShardHashes (block.tlb): one workchain of one shard.
func (b *block) shardHashes() (*cell.Dictionary, error) {
	s := b.shard()
	desc, err := tlb.ToCell(&tlb.ShardDesc{
		SeqNo: s.id.SeqNo, RegMcSeqno: b.seqno, StartLT: b.lt, EndLT: b.endLT(), RootHash: s.id.RootHash,
		FileHash: s.id.FileHash, NextValidatorShard: s.id.Shard, MinRefMcSeqNo: b.seqno, GenUTime: b.time,
		SplitMergeAt: tlb.FutureSplitMergeNone{},
	})
	if err != nil {
		return nil, err
	}
	leaf := cell.BeginCell().MustStoreBoolBit(false).MustStoreBuilder(desc.ToBuilder()).EndCell() // bt_leaf$0
	d := cell.NewDict(32)
	return d, d.SetIntKey(big.NewInt(basechain), cell.BeginCell().MustStoreRef(leaf).EndCell())
}

// including is the list of blocks before the one after b: of key blocks, and of those that answer queries. A network's
// has all there ever were, but links lead to these alone.
func (c *Chain) including(b *block) (*cell.AugmentedDictionary, error) {
	ref, err := tlb.ToCell(tlb.KeyExtBlkRef{IsKey: b.key, BlkRef: b.reference(b.master())})
	if err != nil {
		return nil, err
	}
	list := b.before.Copy()
	if err := list.SetIntKey(big.NewInt(int64(b.seqno)), ref); err != nil || b.seqno < keepBlocks {
		return list, err
	}
	if old := b.seqno - keepBlocks; c.keys[old] == nil {
		err = list.DeleteIntKey(big.NewInt(int64(old)))
	}
	return list, err
}

func newPreviousBlocks() *cell.AugmentedDictionary {
	d, err := cell.NewAugDict(32, keyMaxLT{})
	if err != nil {
		panic(err) // its empty value is made below
	}
	return d
}

// keyMaxLT is what OldMcBlocksInfo sums up (block.tlb, KeyMaxLt): whether there is a key block, and the latest end.
type keyMaxLT struct{}

func (keyMaxLT) SkipExtra(s *cell.Slice) error {
	_, err := s.LoadSlice(65)
	return err
}

func (keyMaxLT) EmptyExtra() (*cell.Cell, error) { return tlb.ToCell(tlb.KeyMaxLt{}) }

func (keyMaxLT) LeafExtra(value *cell.Slice) (*cell.Cell, error) {
	var ref tlb.KeyExtBlkRef
	if err := tlb.LoadFromCell(&ref, value.Copy()); err != nil {
		return nil, err
	}
	return tlb.ToCell(tlb.KeyMaxLt{IsKey: ref.IsKey, MaxEndLT: ref.BlkRef.EndLt})
}

func (keyMaxLT) CombineExtra(left, right *cell.Slice) (*cell.Cell, error) {
	var l, r tlb.KeyMaxLt
	if err := tlb.LoadFromCell(&l, left.Copy()); err != nil {
		return nil, err
	}
	if err := tlb.LoadFromCell(&r, right.Copy()); err != nil {
		return nil, err
	}
	return tlb.ToCell(tlb.KeyMaxLt{IsKey: l.IsKey || r.IsKey, MaxEndLT: max(l.MaxEndLT, r.MaxEndLT)})
}
