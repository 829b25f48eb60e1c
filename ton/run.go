package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// run is the chain of transactions of one account that a payload sets off.
type run struct {
	e    *Emulator
	w    Wallet
	now  time.Time
	lt   int64
	last *tvm.TransactionExecutionResult
}

// outcome runs msg, which carries payload and received coins, on acc.
func (x *run) outcome(acc Account, msg, payload *cell.Cell, received Nano) (Outcome, error) {
	account, err := tvm.PrepareAccount(acc.shard, toTonutils(x.w.Address))
	if err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	if err := x.step(account, msg); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	out := unaccepted(acc)
	out.Accepted, out.ComputeExit, out.GasUsed = x.last.Accepted, int32(x.last.ExitCode), uint64(x.last.GasUsed)
	if !out.Accepted {
		return out, nil
	}
	if err := out.readResult(x.last); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	if err := out.followBatch(x); err != nil {
		return Outcome{}, fmt.Errorf("emulate batch: %w", err)
	}
	if err := out.compare(x.w, acc, received, x.last, payload, x.now); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	return out, nil
}

func (x *run) step(account *tvm.PreparedAccount, msg *cell.Cell) error {
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		return err
	}
	if x.now.Unix() <= 0 || x.now.Unix() > 1<<32-1 { // the library would take its own clock for 0
		return fmt.Errorf("block time %s does not fit 32 bits", x.now)
	}
	block, err := x.e.config.NewBlockContext(tvm.BlockOptions{Now: uint32(x.now.Unix()), BlockLT: x.lt, GlobalID: x.w.GlobalID})
	if err != nil {
		return err
	}
	x.last, err = x.e.vm.EmulateTransaction(block, account, in, tvm.TransactionOptions{LogicalTime: x.lt, SignatureCheckAlwaysSucceed: true})
	return err
}

// followBatch runs the second transaction of a HighloadV3 batch, in which the wallet receives its own message and
// sends what that brings. What is shown is then that one's outcome, with the gas of both.
func (o *Outcome) followBatch(x *run) error {
	if x.w.Version != HighloadV3 || len(x.last.OutMessages) != 1 || o.Messages[0].To != x.w.Address {
		return nil
	}
	if op := read(x.last.OutMessages[0].Msg.AsInternal().Body); uint32(op.uint(32)) != opInternalSend || op.err != nil {
		return nil
	}
	x.lt += 10 // after the messages of the first
	if err := x.step(x.last.NextAccount, x.last.OutMessages[0].Cell); err != nil {
		return err
	}
	o.Messages, o.sent, o.ActionExit, o.Skipped = nil, nil, -1, 0
	o.ComputeExit, o.GasUsed = int32(x.last.ExitCode), o.GasUsed+uint64(x.last.GasUsed)
	return o.readResult(x.last)
}
