package contracts

import (
	"math/big"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
	"github.com/xssnick/tonutils-go/tvm/vm"
)

func walletWith(t testing.TB, addr ton.Address, data *cell.Cell, balance uint64) *wallet {
	t.Helper()
	st := tlb.AccountState{IsValid: true, Address: library(addr)}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(40), BitsUsed: big.NewInt(20_000)},
		StorageExtra: tlb.StorageExtraNone{}, LastPaid: uint32(testNow.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{
		Status: tlb.AccountStatusActive, LastTransactionLT: 1001, Balance: tlb.FromNanoTON(new(big.Int).SetUint64(balance)),
		StateInit: &tlb.StateInit{Code: code, Data: data},
	}
	c, err := st.ToCell()
	if err != nil {
		t.Fatal(err)
	}
	shard := &tlb.ShardAccount{Account: c, LastTransHash: make([]byte, 32), LastTransLT: 1000}
	acc, err := tvm.PrepareAccount(shard, library(addr))
	if err != nil {
		t.Fatal(err)
	}
	return &wallet{t: t, addr: addr, account: acc, now: testNow, lt: 5000}
}

func library(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

// result is what one message did.
type result struct {
	accepted, aborted bool
	exit              Exit
	action            int32 // result code of the action phase, −1 without one
	gas, beforeAccept int64
	out               []*tlb.InternalMessage
	outCells          []*cell.Cell
}

// deliver runs a message on the account and keeps what becomes of it.
func (w *wallet) deliver(msg *cell.Cell) (r result) {
	w.t.Helper()
	before := w.account
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		w.t.Fatal(err)
	}
	block, err := config.NewBlockContext(tvm.BlockOptions{Now: uint32(w.now.Unix()), BlockLT: w.lt, GlobalID: -239})
	if err != nil {
		w.t.Fatal(err)
	}
	first := int64(-1)
	res, err := machine.EmulateTransaction(block, w.account, in, tvm.TransactionOptions{LogicalTime: w.lt, TraceHook: func(s vm.TraceStep) {
		if first < 0 {
			first = s.GasRemaining
		}
		if s.Opcode == "ACCEPT" && r.beforeAccept == 0 {
			r.beforeAccept = first - s.GasRemaining
		}
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	r.accepted, r.exit, r.gas, r.action = res.Accepted, Exit(res.ExitCode), res.GasUsed, -1
	if res.Accepted {
		w.readResult(&r, res)
	}
	record(w, before, msg, r)
	w.lt += 100
	return r
}

func (w *wallet) readResult(r *result, res *tvm.TransactionExecutionResult) {
	w.t.Helper()
	tx, err := res.ParseTransaction()
	if err != nil {
		w.t.Fatal(err)
	}
	if d, ok := tx.Description.(tlb.TransactionDescriptionOrdinary); ok {
		r.aborted = d.Aborted
		if d.ActionPhase != nil {
			r.action = d.ActionPhase.ResultCode
		}
	}
	for _, m := range res.OutMessages {
		r.out, r.outCells = append(r.out, m.Msg.AsInternal()), append(r.outCells, m.Cell)
	}
	w.account = res.NextAccount
}

// get runs a get method.
func (w *wallet) get(name string, args ...any) *vm.Stack {
	w.t.Helper()
	stack := vm.NewStack()
	for _, a := range args {
		if err := stack.PushAny(a); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := stack.PushInt(new(big.Int).SetUint64(tlb.MethodNameHash(name))); err != nil {
		w.t.Fatal(err)
	}
	zero := new(big.Int)
	env := tuple.NewTupleValue(tuple.NewTupleValue(
		big.NewInt(0x076ef1ea), zero, zero, big.NewInt(w.now.Unix()), zero, zero, zero,
		tuple.NewTupleValue(w.account.State().Balance.Nano(), nil), cell.BeginCell().MustStoreAddr(library(w.addr)).ToSlice(), config.Root()))
	r, err := machine.ExecuteGetMethod(code, w.data(), env, vm.GasWithLimit(1_000_000), stack, tvm.ExecutionConfig{Config: config})
	if err != nil || r.ExitCode != 0 {
		w.t.Fatalf("%s: exit %v, %v", name, r, err)
	}
	recordMethod(w, name, args, r.Stack)
	return r.Stack
}

// uninit takes the code away from the account, as before its first message.
func (w *wallet) uninit(balance uint64) {
	w.t.Helper()
	st := tlb.AccountState{IsValid: true, Address: library(w.addr)}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(1), BitsUsed: big.NewInt(100)},
		StorageExtra: tlb.StorageExtraNone{}, LastPaid: uint32(testNow.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{
		Status: tlb.AccountStatusUninit, LastTransactionLT: 1001, Balance: tlb.FromNanoTON(new(big.Int).SetUint64(balance)),
	}
	c, err := st.ToCell()
	if err != nil {
		w.t.Fatal(err)
	}
	shard := &tlb.ShardAccount{Account: c, LastTransHash: make([]byte, 32), LastTransLT: 1000}
	if w.account, err = tvm.PrepareAccount(shard, library(w.addr)); err != nil {
		w.t.Fatal(err)
	}
}
