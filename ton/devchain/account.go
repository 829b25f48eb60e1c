package devchain

import (
	"fmt"
	"math/big"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
	"github.com/xssnick/tonutils-go/tvm/vm"
)

var zero = new(big.Int)

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

// runMethod answers runSmcMethod. A get method sees time, logical time, balance, address and configuration.
func (c *Chain) runMethod(q lite.RunSmcMethod) (tl.Serializable, error) {
	b, a, s, err := c.lookup(q.ID, q.Account)
	if err != nil {
		return nil, err
	}
	answer := lite.RunMethodResult{Mode: 1 << 2, ID: q.ID, ShardBlock: b.shard, ExitCode: lite.ErrCodeContractNotInitialized}
	if s == nil || s.prepared.State().StateInit == nil {
		return answer, nil
	}
	stack, err := arguments(q)
	if err != nil {
		return nil, err
	}
	code, data := s.prepared.State().StateInit.Code, s.prepared.State().StateInit.Data
	r, err := c.tvm.ExecuteGetMethod(code, data, c.environment(b, a, s), vm.GasWithLimit(methodGas), stack,
		tvm.ExecutionConfig{Config: c.config})
	if err != nil {
		return nil, err
	}
	result, err := tlb.NewStackFromVM(r.Stack)
	if err != nil {
		return nil, err
	}
	answer.ExitCode = int32(r.ExitCode)
	answer.Result, err = result.ToCell()
	return answer, err
}

// arguments is the stack a get method starts with: its arguments, then its number.
func arguments(q lite.RunSmcMethod) (*vm.Stack, error) {
	var in tlb.Stack
	if len(q.Params) > 0 {
		root, err := cell.FromBOC(q.Params)
		if err == nil {
			err = tlb.Parse(&in, root)
		}
		if err != nil {
			return nil, fmt.Errorf("read arguments: %w", err)
		}
	}
	if in.Depth() > maxArguments {
		return nil, fmt.Errorf("more than %d arguments", maxArguments)
	}
	var args []any // the last one first
	for in.Depth() > 0 {
		v, _ := in.Pop()
		args = append(args, v)
	}
	stack := vm.NewStack()
	for i := range args {
		if err := stack.PushAny(args[len(args)-1-i]); err != nil {
			return nil, fmt.Errorf("read arguments: %w", err)
		}
	}
	return stack, stack.PushInt(new(big.Int).SetUint64(q.MethodID))
}

// environment is register c7 of a get method: SmartContractInfo (block.tlb) as far as it is known outside a transaction.
func (c *Chain) environment(b *block, a ton.Address, s *state) tuple.Tuple {
	lt := new(big.Int).SetUint64(b.lt)
	return tuple.NewTupleValue(tuple.NewTupleValue(
		big.NewInt(0x076ef1ea), zero, zero, // magic, actions, msgs_sent
		big.NewInt(int64(b.time)), lt, lt, new(big.Int).SetBytes(b.id.FileHash), // unixtime, block_lt, trans_lt, rand_seed
		tuple.NewTupleValue(new(big.Int).Set(s.prepared.State().Balance.Nano()), nil),
		cell.BeginCell().MustStoreAddr(friendly(a)).ToSlice(), c.config.Root()))
}
