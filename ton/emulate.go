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

// standIn is in the place of the signature that isn't there yet. Its scalar is larger than the group's order (RFC 8032, section
// 5.1.7), so the machine finds it bad, which an emulation overlooks, without a multiplication.
var standIn = [64]byte{63: 0xff}

// Run shows what payload would do on acc, w's own account, in a block at the time now, if its signature were good. An
// account without code runs with w's StateInit. A message that isn't accepted is an Outcome, not an error; an error
// means that nothing can be said, and nothing may be signed. A HighloadV3 batch is run through both of its transactions.
func (e *Emulator) Run(w Wallet, acc Account, payload []byte, now time.Time) (Outcome, error) {
	root, err := readCells(payload)
	if err != nil {
		return Outcome{}, err
	}
	if err := acc.CheckOwn(w); err != nil {
		return Outcome{}, err
	}
	if acc.Balance.IsZero() {
		return unaccepted(acc), nil // nothing pays for importing the message, so no block takes it
	}
	msg, err := assemble(w, root, standIn, acc.Status != StatusActive)
	if err != nil {
		return Outcome{}, fmt.Errorf("emulate: %w", err)
	}
	return (&run{e: e, w: w, now: now, lt: int64(acc.LastLT + 1)}).outcome(acc, msg, root, Nano{})
}

// unaccepted is the outcome of what no block takes.
func unaccepted(acc Account) Outcome {
	return Outcome{ActionExit: -1, SeqnoBefore: acc.Seqno, SeqnoAfter: acc.Seqno}
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
		o.Messages, o.sent = append(o.Messages, x), append(o.sent, m)
	}
	return nil
}

// compare says what became of the account. That code and data were w's before is what CheckOwn has found.
//
// received is what the message brought.
func (o *Outcome) compare(w Wallet, acc Account, received Nano, last *tvm.TransactionExecutionResult, payload *cell.Cell, now time.Time) error {
	after, err := NewAccount(acc.Address, last.NextAccount.ShardAccount(), acc.MCSeqno, acc.Time, false)
	if err != nil {
		return err
	}
	l := layoutOf(w.Version)
	o.SeqnoAfter = after.Seqno
	o.CodeChanged = after.CodeHash != [32]byte(l.code.HashKey())
	o.QueryUsed = w.Version == HighloadV3 && after.QueryUsed(l.head(read(payload)).seqno, now)
	after.data.queries = queries{}
	o.DataChanged = after.data != walletData{walletID: w.ID, publicKey: w.PublicKey, terms: acc.terms(w)}
	if w.Version == PolicyV1 {
		data, err := after.Data()
		if err != nil {
			return err
		}
		o.Data = [32]byte(data.HashKey())
	}
	before, err := acc.Balance.Add(received)
	if err != nil {
		return err
	}
	o.Fees, err = fees(before, after.Balance, o.Messages)
	return err
}

// terms are those that a policy wallet has now, or is deployed with.
func (a Account) terms(w Wallet) [32]byte {
	if w.Version == PolicyV1 && a.Status != StatusActive {
		d, _, _ := readPolicyData(w.Data) // which check has read
		return d.terms
	}
	return a.data.terms
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
