package ton

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
	"github.com/xssnick/tonutils-go/tvm/vm"
)

// Libraries returns the hashes of the libraries that the account's code and data refer to, without which its code can't
// run. It reads at most 4,096 cells and finds at most 16 libraries.
func (a Account) Libraries() ([][32]byte, error) {
	init, err := a.stateInit()
	if err != nil {
		return nil, err
	}
	var found [][32]byte
	seen := make(map[cell.Hash]struct{})
	for todo := []*cell.Cell{init.Code, init.Data}; len(todo) > 0; {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c == nil {
			continue
		}
		if _, ok := seen[c.HashKey()]; ok {
			continue
		}
		if seen[c.HashKey()] = struct{}{}; len(seen) > maxPayloadCells || len(found) > maxLibraries {
			return nil, errors.New("too many cells to look for libraries in")
		}
		if hash, ok := libraryHash(c); ok {
			found = append(found, hash)
			continue
		}
		for i := range int(c.RefsNum()) {
			todo = append(todo, c.MustPeekRef(i))
		}
	}
	return found, nil
}

// libraryHash reads a library cell: its type, then the hash of what it stands for.
func libraryHash(c *cell.Cell) (hash [32]byte, ok bool) {
	if c.GetType() != cell.LibraryCellType || c.BitsSize() != 8+256 {
		return hash, false
	}
	s, err := c.BeginParse()
	if err != nil {
		return hash, false
	}
	content, err := s.LoadSlice(8 + 256)
	if err != nil {
		return hash, false
	}
	return [32]byte(content[1:]), true
}

// RunGetter runs a get method on the account's state, as of the state's time, and returns the stack it leaves, the top
// first: *big.Int, *cell.Cell, *cell.Slice, *cell.Builder, tuple.Tuple or nil. Arguments are *big.Int, *cell.Cell or
// *cell.Slice, the last one on top. Libraries are those that the account was given. An exit code other than 0 or 1 is an
// *ExitError.
func (e *Emulator) RunGetter(acc Account, globalID int32, method string, args ...any) ([]any, error) {
	init, err := acc.stateInit()
	if err != nil {
		return nil, fmt.Errorf("run getter %s: %w", method, err)
	}
	stack, err := getterStack(method, args)
	if err != nil {
		return nil, fmt.Errorf("run getter %s: %w", method, err)
	}
	c7, err := e.getterContext(acc, globalID, init.Code)
	if err != nil {
		return nil, fmt.Errorf("run getter %s: %w", method, err)
	}
	r, err := e.vm.ExecuteGetMethod(init.Code, init.Data, c7, vm.GasWithLimit(maxGetterGas), stack,
		tvm.ExecutionConfig{Config: e.config, Libraries: acc.collections()})
	if err != nil {
		return nil, fmt.Errorf("run getter %s: %w", method, err)
	}
	if r.ExitCode != 0 && r.ExitCode != 1 {
		return nil, &ExitError{method, r.ExitCode}
	}
	return results(r.Stack)
}

// ExitError is how a get method ended that failed.
type ExitError struct {
	Method string
	Code   int64 // 11, as a rule: the contract has no such method
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("run getter %s: exit code %d", e.Method, e.Code)
}

func (a Account) stateInit() (*tlb.StateInit, error) {
	if a.Status != StatusActive {
		return nil, errors.New("account has no code")
	}
	var state tlb.AccountState
	if err := tlb.Parse(&state, a.shard.Account); err != nil {
		return nil, err
	}
	if state.StateInit == nil || state.StateInit.Code == nil {
		return nil, errors.New("account has no code")
	}
	return state.StateInit, nil
}

// getterStack is the arguments with the method's number on top.
func getterStack(method string, args []any) (*vm.Stack, error) {
	stack := vm.NewStack()
	for i, a := range args {
		switch a.(type) {
		case *big.Int, *cell.Cell, *cell.Slice:
		default:
			return nil, fmt.Errorf("argument %d is a %T", i, a)
		}
		if err := stack.PushAny(a); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return stack, stack.PushInt(new(big.Int).SetUint64(tlb.MethodNameHash(method)))
}

// getterContext is register c7 (SmartContractInfo, TVM version 6): nothing came in, and the random seed is zero.
func (e *Emulator) getterContext(acc Account, globalID int32, code *cell.Cell) (tuple.Tuple, error) {
	if acc.Time.Unix() <= 0 || acc.Time.Unix() > 1<<32-1 {
		return tuple.Tuple{}, fmt.Errorf("state's time %s does not fit 32 bits", acc.Time)
	}
	block, err := e.config.NewBlockContext(tvm.BlockOptions{Now: uint32(acc.Time.Unix()), GlobalID: globalID})
	if err != nil {
		return tuple.Tuple{}, err
	}
	var unpacked any
	if t, ok := block.UnpackedConfig(); ok {
		unpacked = t
	}
	none, lt := new(big.Int), new(big.Int).SetUint64(acc.LastLT)
	return tuple.NewTupleValue(tuple.NewTupleValue(
		big.NewInt(0x076ef1ea), none, none, // magic, actions, msgs_sent
		big.NewInt(acc.Time.Unix()), lt, lt, none, // unixtime, block_lt, trans_lt, rand_seed
		tuple.NewTupleValue(acc.Balance.Big(), nil),
		cell.BeginCell().MustStoreAddr(toTonutils(acc.Address)).ToSlice(), e.config.Root(),
		code, tuple.NewTupleValue(none, nil), none, nil, // mycode, incoming_value, storage_fees, prev_blocks
		unpacked, none, nil, // due_payment, precompiled_gas
	)), nil
}

// WithLibraries returns the account with the libraries that it refers to, each of which is found under the hash that it
// has.
func (a Account) WithLibraries(libraries []*cell.Cell) (Account, error) {
	a.libraries = nil
	if len(libraries) == 0 {
		return a, nil
	}
	d := cell.NewDict(256)
	for _, l := range libraries {
		if l == nil {
			return Account{}, errors.New("a library is missing")
		}
		key := cell.BeginCell().MustStoreSlice(l.Hash(), 256).EndCell()
		if err := d.Set(key, cell.BeginCell().MustStoreRef(l).EndCell()); err != nil {
			return Account{}, err
		}
	}
	a.libraries = d.AsCell()
	return a, nil
}

// collections are the account's libraries as the machine takes them.
func (a Account) collections() []*cell.Cell {
	if a.libraries == nil {
		return nil
	}
	return []*cell.Cell{a.libraries}
}

func results(stack *vm.Stack) ([]any, error) {
	if stack.Len() > maxResults {
		return nil, fmt.Errorf("getter leaves %d values, at most %d are read", stack.Len(), maxResults)
	}
	var out []any
	for stack.Len() > 0 {
		v, err := stack.PopAny()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
