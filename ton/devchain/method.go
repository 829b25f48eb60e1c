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

// runMethod answers runSmcMethod. A get method sees time, logical time, balance, address and configuration.
func (c *Chain) runMethod(q lite.RunSmcMethod) (tl.Serializable, error) {
	b, a, s, err := c.lookup(q.ID, q.Account)
	if err != nil {
		return nil, err
	}
	answer := lite.RunMethodResult{
		Mode: 1 << 2, ID: q.ID, ShardBlock: b.of(q.Account.Workchain).id, ExitCode: lite.ErrCodeContractNotInitialized,
	}
	if err := b.proveMethod(&answer, q, a, s); err != nil {
		return nil, err
	}
	if s == nil || s.prepared.State().StateInit == nil {
		return answer, nil
	}
	stack, err := arguments(q)
	if err != nil {
		return nil, err
	}
	r, err := c.call(b, a, s, stack)
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

// call runs a get method of an account that has a contract, on a stack with its arguments and its number.
func (c *Chain) call(b *block, a ton.Address, s *state, stack *vm.Stack) (*tvm.ExecutionResult, error) {
	init := s.prepared.State().StateInit
	return c.tvm.ExecuteGetMethod(init.Code, init.Data, c.environment(b, a, s), vm.GasWithLimit(methodGas), stack,
		tvm.ExecutionConfig{Config: c.config})
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
		big.NewInt(int64(b.time)), lt, lt, new(big.Int).SetBytes(b.seed), // unixtime, block_lt, trans_lt, rand_seed
		tuple.NewTupleValue(new(big.Int).Set(s.prepared.State().Balance.Nano()), nil),
		cell.BeginCell().MustStoreAddr(friendly(a)).ToSlice(), c.config.Root()))
}
