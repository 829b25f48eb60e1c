package devchain

import (
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
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
	if s == nil || !s.exists() {
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
	b := c.numbered(id.SeqNo)
	if b == nil || !b.of(id.Workchain).id.Equals(id) {
		return nil, lite.LSError{Code: codeNotReady, Text: fmt.Sprintf("block %d is not in db", id.SeqNo)}
	}
	return b, nil
}

// numbered returns the kept block of a seqno, nil when there is none. The caller holds mu.
func (c *Chain) numbered(seqno uint32) *block {
	if b := c.blocks[seqno%keepBlocks]; b != nil && b.seqno == seqno {
		return b
	}
	return c.keys[seqno]
}

func accountAddress(id lite.AccountID) (ton.Address, error) {
	if id.Workchain != masterchain && id.Workchain != basechain || len(id.ID) != 32 {
		return ton.Address{}, lite.LSError{Code: codeProtocol, Text: "invalid account id"}
	}
	return ton.Address{Workchain: int8(id.Workchain), Hash: [32]byte(id.ID)}, nil
}

// accountState answers getAccountState at a masterchain block, or at a block of the account's own chain.
func (c *Chain) accountState(q lite.GetAccountState) (tl.Serializable, error) {
	b, a, s, err := c.lookup(q.ID, q.Account)
	if err != nil {
		return nil, err
	}
	answer := lite.AccountState{ID: q.ID, Shard: b.of(q.Account.Workchain).id}
	if s != nil {
		answer.State = s.prepared.ShardAccount().Account
	}
	if answer.ShardProof, err = b.leadsTo(a, q.ID); err != nil {
		return nil, err
	}
	answer.Proof, err = b.accountProof(a)
	return answer, err
}
