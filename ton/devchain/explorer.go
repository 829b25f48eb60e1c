package devchain

import (
	"math/big"

	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// bySeqno is the mode of lookupBlock that is answered: the others look by logical time or clock.
const bySeqno = 1

// blockHeader answers getBlockHeader.
func (c *Chain) blockHeader(id *lite.BlockIDExt, mode uint32) (tl.Serializable, error) {
	b, err := c.find(id)
	if err != nil {
		return nil, err
	}
	proof, err := b.of(id.Workchain).proof()
	if err != nil {
		return nil, err
	}
	return lite.BlockHeader{ID: id, Mode: mode, HeaderProof: proof.ToBOC()}, nil
}

// lookupBlock answers with the kept block of a seqno.
func (c *Chain) lookupBlock(q lite.LookupBlock) (tl.Serializable, error) {
	if q.Mode&7 != bySeqno || q.ID.Shard != c.first.Shard {
		return nil, lite.LSError{Code: codeProtocol, Text: "blocks are found by seqno only, in the only shard"}
	}
	c.mu.RLock()
	b := c.numbered(uint32(q.ID.Seqno))
	c.mu.RUnlock()
	if b == nil {
		return nil, lite.LSError{Code: codeNotReady, Text: "block is not in db"}
	}
	return c.blockHeader(b.of(q.ID.Workchain).id, q.Mode)
}

// blockData answers getBlock.
func (c *Chain) blockData(id *lite.BlockIDExt) (tl.Serializable, error) {
	b, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return lite.BlockData{ID: id, Payload: b.of(id.Workchain).root.ToBOC()}, nil
}

// allShards answers getAllShardsInfo with what the masterchain's block says.
func (c *Chain) allShards(id *lite.BlockIDExt) (tl.Serializable, error) {
	b, err := c.find(id)
	if err != nil {
		return nil, err
	}
	shards, err := b.shardHashes()
	if err != nil {
		return nil, err
	}
	proof, err := prove(b.master().root, func(root *cell.Slice) error {
		read, err := readBlock(root)
		if err != nil {
			return err
		}
		_, err = lite.LoadShardsFromHashes(read.Extra.Custom.ShardHashes, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	return lite.AllShardsInfo{
		ID: id, Proof: []*cell.Cell{proof}, Data: cell.BeginCell().MustStoreDict(shards).EndCell(),
	}, nil
}

// oneTransaction answers getOneTransaction with its proof from the block that it is in.
func (c *Chain) oneTransaction(q lite.GetOneTransaction) (tl.Serializable, error) {
	b, err := c.find(q.ID)
	if err != nil {
		return nil, err
	}
	var found *cell.Cell
	proof, err := prove(b.of(q.ID.Workchain).root, func(root *cell.Slice) (err error) {
		found, err = readTransaction(root, q.AccID.ID, q.LT)
		return err
	})
	if err != nil {
		return nil, lite.LSError{Code: codeNotReady, Text: "transaction is not in that block"}
	}
	return lite.TransactionInfo{ID: q.ID, Proof: proof.ToBOC(), Transaction: found.ToBOC()}, nil
}

func readTransaction(root *cell.Slice, account []byte, lt int64) (*cell.Cell, error) {
	b, err := readBlock(root)
	if err != nil {
		return nil, err
	}
	s, err := b.Extra.ShardAccountBlocks.BeginParse()
	if err != nil {
		return nil, err
	}
	var blocks tlb.ShardAccountBlocks
	if err := tlb.LoadFromCellAsProof(&blocks, s); err != nil {
		return nil, err
	}
	value, _, err := blocks.Accounts.LoadValueExtra(accountKey(account))
	if err != nil {
		return nil, err
	}
	var one tlb.AccountBlock
	if err := tlb.LoadFromCellAsProof(&one, value); err != nil {
		return nil, err
	}
	tx, _, err := one.Transactions.LoadValueExtraByIntKey(big.NewInt(lt))
	if err != nil {
		return nil, err
	}
	return tx.LoadRefCell()
}
