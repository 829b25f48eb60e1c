package devchain

import (
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// lookup returns the block that id names and what the account was in it, nil for nothing. It is exact: a block that
// isn't kept any more is an error, never answered from a newer state.
func (c *Chain) lookup(id *lite.BlockIDExt, account lite.AccountID) (*block, ton.Address, *state, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	b, err := c.kept(id)
	if err != nil {
		return nil, ton.Address{}, nil, err
	}
	a, err := accountAddress(account)
	if err != nil {
		return nil, a, nil, err
	}
	s := c.accounts[a].at(b.seqno)
	if s == nil || !s.prepared.State().IsValid {
		return b, a, nil, nil
	}
	copied := *s
	return b, a, &copied, nil
}

func (c *Chain) find(id *lite.BlockIDExt) (*block, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept(id)
}

// kept returns the block that id names. The caller holds mu.
func (c *Chain) kept(id *lite.BlockIDExt) (*block, error) {
	b := c.blocks[id.SeqNo%keepBlocks]
	if b == nil || !b.id.Equals(id) {
		return nil, lite.LSError{Code: codeNotReady, Text: fmt.Sprintf("block %d is not in db", id.SeqNo)}
	}
	return b, nil
}

func accountAddress(id lite.AccountID) (ton.Address, error) {
	if id.Workchain != int32(int8(id.Workchain)) || len(id.ID) != 32 {
		return ton.Address{}, lite.LSError{Code: codeProtocol, Text: "invalid account id"}
	}
	return ton.Address{Workchain: int8(id.Workchain), Hash: [32]byte(id.ID)}, nil
}

// accountState answers getAccountState with a proof of the shape that the client parses: the state of a shard with this
// account alone. It leads to no block.
func (c *Chain) accountState(q lite.GetAccountState) (tl.Serializable, error) {
	b, _, s, err := c.lookup(q.ID, q.Account)
	if err != nil {
		return nil, err
	}
	answer := lite.AccountState{ID: q.ID, Shard: b.shard}
	var leaf *accountLeaf
	if s != nil {
		leaf = &accountLeaf{key: q.Account.ID, value: s.prepared.ShardAccountCell()}
		answer.State = s.prepared.ShardAccount().Account
	}
	proof := shardState(c.cfg.GlobalID, q.Account.Workchain, b, accountsProof(leaf), nil)
	answer.Proof = []*cell.Cell{cell.BeginCell().EndCell(), cell.BeginCell().MustStoreRef(proof).EndCell()}
	return answer, nil
}

// accountLeaf is an entry of ShardAccounts.
type accountLeaf struct {
	key   []byte
	value *cell.Cell // ShardAccount
}

// accountsProof is ShardAccounts (block.tlb) with one leaf or none.
func accountsProof(leaf *accountLeaf) *cell.Cell {
	d, err := tlb.NewShardAccountsAugDict()
	if err == nil && leaf != nil {
		err = d.Set(cell.BeginCell().MustStoreSlice(leaf.key, 256).EndCell(), leaf.value)
	}
	if err != nil {
		panic(fmt.Sprintf("build shard accounts: %v", err)) // the state is the emulator's own
	}
	return d.MustToCell()
}
