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
	res, err := e.execute(w, acc, root, now)
	if err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	out.Accepted, out.ComputeExit, out.GasUsed = res.Accepted, int32(res.ExitCode), uint64(res.GasUsed)
	if !res.Accepted {
		return out, nil
	}
	if err := out.readResult(w, acc, res); err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	return out, nil
}

func (e *Emulator) execute(w Wallet, acc Account, payload *cell.Cell, now time.Time) (*tvm.TransactionExecutionResult, error) {
	msg, err := assemble(w, payload, [64]byte{}, acc.Status != StatusActive)
	if err != nil {
		return nil, err
	}
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		return nil, err
	}
	account, err := tvm.PrepareAccount(acc.shard, toTonutils(w.Address))
	if err != nil {
		return nil, err
	}
	if now.Unix() <= 0 || now.Unix() > 1<<32-1 { // the library would take its own clock for 0
		return nil, fmt.Errorf("block time %s does not fit 32 bits", now)
	}
	lt := int64(acc.LastLT + 1)
	block, err := e.config.NewBlockContext(tvm.BlockOptions{Now: uint32(now.Unix()), BlockLT: lt, GlobalID: w.GlobalID})
	if err != nil {
		return nil, err
	}
	return e.vm.EmulateTransaction(block, account, in, tvm.TransactionOptions{LogicalTime: lt, SignatureCheckAlwaysSucceed: true})
}

// readResult fills in what an accepted message did.
func (o *Outcome) readResult(w Wallet, acc Account, res *tvm.TransactionExecutionResult) error {
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
	after, err := NewAccount(acc.Address, res.NextAccount.ShardAccount(), acc.MCSeqno, acc.Time, false)
	if err != nil {
		return err
	}
	o.compareState(w, after)
	o.Fees, err = fees(acc.Balance, after.Balance, o.Messages)
	return err
}

// compareState says what changed in code and data. That they were w's before is what CheckOwn has found.
func (o *Outcome) compareState(w Wallet, after Account) {
	o.SeqnoAfter = after.Seqno
	o.CodeChanged = after.CodeHash != hash(codeHashV5R1)
	o.DataChanged = after.data != walletData{walletID: w.ID, publicKey: w.PublicKey}
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
