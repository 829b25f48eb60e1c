package ton

import (
	"errors"
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Emulator runs payloads on account states as a validator would. It is safe for concurrent use.
type Emulator struct {
	config *tvm.PreparedBlockchainConfig
	vm     *tvm.TVM // keeps nothing between runs
}

// NewEmulator prepares a blockchain configuration, a bag of cells with the dictionary of its parameters, once for many
// runs.
func NewEmulator(configBoC []byte) (*Emulator, error) {
	if len(configBoC) > maxConfigBytes {
		return nil, fmt.Errorf("prepare emulator: configuration has %d bytes, at most %d are read", len(configBoC), maxConfigBytes)
	}
	root, err := cell.FromBOC(configBoC)
	if err != nil {
		return nil, fmt.Errorf("prepare emulator: read configuration: %w", err)
	}
	config, err := tvm.PrepareBlockchainConfig(root)
	if err != nil {
		return nil, fmt.Errorf("prepare emulator: %w", err)
	}
	return &Emulator{config: config, vm: tvm.NewTVM()}, nil
}

// Run shows what payload would do on acc, w's own account, in a block at the time now, if its signature were good. An
// account without code runs with w's StateInit. A message that isn't accepted is an Outcome, not an error; an error
// means that nothing can be said, and nothing may be signed.
func (e *Emulator) Run(w Wallet, acc Account, payload []byte, now time.Time) (Outcome, error) {
	root, err := readCells(payload)
	if err != nil {
		return Outcome{}, err
	}
	if err := acc.CheckOwn(w); err != nil {
		return Outcome{}, err
	}
	out := Outcome{ActionExit: -1, SeqnoBefore: acc.Seqno, SeqnoAfter: acc.Seqno}
	if acc.Balance.IsZero() {
		return out, nil // nothing pays for importing the message, so no block takes it
	}
	run := &run{e: e, w: w, now: now, lt: int64(acc.LastLT + 1)}
	if err := run.first(acc, root); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	out.Accepted, out.ComputeExit, out.GasUsed = run.last.Accepted, int32(run.last.ExitCode), uint64(run.last.GasUsed)
	if !out.Accepted {
		return out, nil
	}
	if err := out.readResult(run.last); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	if err := out.followBatch(run); err != nil {
		return Outcome{}, fmt.Errorf("emulate batch: %w", err)
	}
	if err := out.compare(w, acc, run.last, root, now); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	return out, nil
}

// run is the chain of transactions of one account that a payload sets off.
type run struct {
	e    *Emulator
	w    Wallet
	now  time.Time
	lt   int64
	last *tvm.TransactionExecutionResult
}

// first runs the external message that carries payload.
func (x *run) first(acc Account, payload *cell.Cell) error {
	msg, err := assemble(x.w, payload, [64]byte{}, acc.Status != StatusActive)
	if err != nil {
		return err
	}
	account, err := tvm.PrepareAccount(acc.shard, toTonutils(x.w.Address))
	if err != nil {
		return err
	}
	return x.step(account, msg)
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
	o.Messages, o.ActionExit, o.Skipped = nil, -1, 0
	o.ComputeExit, o.GasUsed = int32(x.last.ExitCode), o.GasUsed+uint64(x.last.GasUsed)
	return o.readResult(x.last)
}

// readResult fills in what a message did.
func (o *Outcome) readResult(res *tvm.TransactionExecutionResult) error {
	tx, err := res.ParseTransaction()
	if err != nil {
		return err
	}
	d, ok := tx.Description.(tlb.TransactionDescriptionOrdinary)
	if !ok {
		return errors.New("transaction is not an ordinary one")
	}
	if d.ActionPhase != nil {
		o.ActionExit, o.Skipped = d.ActionPhase.ResultCode, d.ActionPhase.SkippedActions
	}
	for _, m := range res.OutMessages {
		if m.Msg.MsgType != tlb.MsgTypeInternal {
			return errors.New("a message other than an internal one was emitted")
		}
		x, err := emitted(m.Msg.AsInternal())
		if err != nil {
			return err
		}
		o.Messages = append(o.Messages, x)
	}
	return nil
}

// compare says what became of the account. That code and data were w's before is what CheckOwn has found.
func (o *Outcome) compare(w Wallet, acc Account, last *tvm.TransactionExecutionResult, payload *cell.Cell, now time.Time) error {
	after, err := NewAccount(acc.Address, last.NextAccount.ShardAccount(), acc.MCSeqno, acc.Time, false)
	if err != nil {
		return err
	}
	l := layoutOf(w.Version)
	o.SeqnoAfter = after.Seqno
	o.CodeChanged = after.CodeHash != [32]byte(l.code.HashKey())
	o.QueryUsed = w.Version == HighloadV3 && after.QueryUsed(l.head(read(payload)).seqno, now)
	after.data.queries = queries{}
	o.DataChanged = after.data != walletData{walletID: w.ID, publicKey: w.PublicKey}
	o.Fees, err = fees(acc.Balance, after.Balance, o.Messages)
	return err
}

// fees is what left the account beyond the values of its messages.
func fees(before, after Nano, sent []Message) (Nano, error) {
	left, err := before.Sub(after)
	if err != nil {
		return Nano{}, fmt.Errorf("balance grew: %w", err)
	}
	values, err := Transaction{Messages: sent}.Outflow()
	if err != nil {
		return Nano{}, err
	}
	left, err = left.Sub(values)
	if err != nil {
		return Nano{}, fmt.Errorf("messages carry more than the account lost: %w", err)
	}
	return left, nil
}
