package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Account returns the state of an account in the newest block. An account that isn't there is not an error, it has
// status absent. Its Time is the gen_utime of the shard's state in that block, at most 60 s before the block's.
func (c *Client) Account(ctx context.Context, a ton.Address) (ton.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h, err := c.header(ctx, 0, catchUp)
	if err != nil {
		return ton.Account{}, fmt.Errorf("read account %s: %w", a, err)
	}
	return c.accountIn(ctx, a, h)
}

// AccountAfter is Account in any block after the given one: one that was seen lately costs no query, as after WaitHead. It is
// Account itself for 0.
func (c *Client) AccountAfter(ctx context.Context, a ton.Address, after uint32) (ton.Account, error) {
	h, ok := c.seenSince(after)
	if !ok {
		return c.Account(ctx, a)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.accountIn(ctx, a, h)
}

// accountIn returns the state of an account in block h.
func (c *Client) accountIn(ctx context.Context, a ton.Address, h header) (ton.Account, error) {
	acc, err := ask(ctx, c, wait{seqno: h.seqno(), atMost: catchUp}, lite.GetAccountState{ID: h.id, Account: accountID(a)},
		func(s lite.AccountState) (ton.Account, error) { return c.readAccount(a, h, s) })
	if err != nil {
		return ton.Account{}, fmt.Errorf("read account %s: %w", a, err)
	}
	return acc, nil
}

// accountID is how the liteserver protocol names an account.
func accountID(a ton.Address) lite.AccountID {
	return lite.AccountID{Workchain: int32(a.Workchain), ID: a.Hash[:]}
}

// readAccount takes the account from an answer about block h.
func (c *Client) readAccount(a ton.Address, h header, s lite.AccountState) (ton.Account, error) {
	if !s.ID.Equals(h.id) {
		return ton.Account{}, fmt.Errorf("answer is about block %d", s.ID.SeqNo)
	}
	shard, err := c.shardState(a, h, s)
	if err != nil {
		return ton.Account{}, fmt.Errorf("read shard state: %w", err)
	}
	if shard.Accounts.ShardAccounts == nil {
		return ton.Account{}, errors.New("accounts are missing")
	}
	if shard.GlobalID != c.cfg.GlobalID {
		return ton.Account{}, fmt.Errorf("liteserver serves the network with global id %d, not %d", shard.GlobalID, c.cfg.GlobalID)
	}
	if int64(shard.GenUTime)+int64(maxLag.Seconds()) < int64(h.time) {
		return ton.Account{}, fmt.Errorf("state is %d seconds older than the newest block", h.time-shard.GenUTime)
	}
	account, err := shardAccount(shard, a, s.State)
	if err != nil {
		return ton.Account{}, err
	}
	// A shard block of an earlier second may still follow this masterchain block, so the state speaks for its own time
	// only: a message that is valid until later isn't dead yet.
	at := header{time: min(h.time, shard.GenUTime)}.at()
	return ton.NewAccount(a, account, h.seqno(), at, true)
}

// shardState returns the state of the account's shard, most of it pruned: proven from block h on where that is wanted.
func (c *Client) shardState(a ton.Address, h header, s lite.AccountState) (*tlb.ShardStateUnsplit, error) {
	if !c.proves() {
		return servedState(s.Proof)
	}
	if int32(a.Workchain) == address.MasterchainID {
		return lite.CheckBlockShardStateProof(s.Proof, h.id.RootHash)
	}
	owner := address.NewAddress(0, byte(a.Workchain), a.Hash[:])
	if err := lite.CheckShardInMasterProofForAccount(h.id, s.ShardProof, s.Shard, owner); err != nil {
		return nil, err
	}
	return lite.CheckBlockShardStateProof(s.Proof, s.Shard.RootHash)
}

// servedState reads the state from the second root of the proof, as the liteserver gave it.
func servedState(proof []*cell.Cell) (*tlb.ShardStateUnsplit, error) {
	if len(proof) != 2 {
		return nil, fmt.Errorf("proof has %d roots, want 2", len(proof))
	}
	root, err := proof[1].BeginParse()
	if err != nil {
		return nil, err
	}
	body, err := root.LoadRef()
	if err != nil {
		return nil, err
	}
	var s tlb.ShardStateUnsplit
	if err := tlb.LoadFromCellAsProof(&s, body); err != nil {
		return nil, err
	}
	return &s, nil
}

// shardAccount returns what the shard has of a, nil for nothing, with the full state in place of its hash. Nothing is
// there only when the cells on the way show that: a way that ends in a pruned cell is another error of the library.
func shardAccount(shard *tlb.ShardStateUnsplit, a ton.Address, state *cell.Cell) (*tlb.ShardAccount, error) {
	key := cell.BeginCell().MustStoreSlice(a.Hash[:], 256).EndCell()
	value, _, err := shard.Accounts.ShardAccounts.LoadValueExtra(key)
	switch {
	case errors.Is(err, cell.ErrNoSuchKeyInDict) && state == nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find account: %w", err)
	case state == nil:
		return nil, errors.New("state is missing")
	}
	var s tlb.ShardAccount
	if err := tlb.LoadFromCell(&s, value); err != nil {
		return nil, fmt.Errorf("read shard account: %w", err)
	}
	if s.Account.HashKey(0) != state.HashKey() {
		return nil, errors.New("state is not the one in the shard")
	}
	s.Account = state
	return &s, nil
}
