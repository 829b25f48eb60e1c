package ton

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// ReadExecuted reads one transaction of w's account as the chain keeps it. Left out of what it emitted are external
// messages, which carry no value, bounces, which only return what came in: else anyone could make the wallet seem
// to spend (the chain clears the bounced flag of a message that a contract sends), and what brings a HighloadV3 batch to
// the wallet itself: the transaction that runs the batch shows what left.
func ReadExecuted(w Wallet, tx *cell.Cell) (Executed, error) {
	var t tlb.Transaction
	if tx == nil || layoutOf(w.Version) == nil {
		return Executed{}, errors.New("read transaction: cell is missing, or no own wallet has that version")
	}
	if err := tlb.Parse(&t, tx); err != nil {
		return Executed{}, fmt.Errorf("read transaction: %w", err)
	}
	if [32]byte(t.AccountAddr) != w.Address.Hash {
		return Executed{}, fmt.Errorf("read transaction: it is of account %x, not of %s", t.AccountAddr, w.Address)
	}
	e := Executed{
		LT: t.LT, Hash: [32]byte(tx.HashKey()), PrevLT: t.PrevTxLT, PrevHash: [32]byte(t.PrevTxHash),
		Time: time.Unix(int64(t.Now), 0).UTC(),
	}
	p := readPhases(t.Description)
	e.Success = p.success
	if t.IO.In != nil {
		e.readCause(w, t.IO.In, p.committed)
		e.readBatch(w, t.IO.In)
	}
	if err := e.readOut(w, t.IO.Out); err != nil {
		return Executed{}, fmt.Errorf("read transaction: %w", err)
	}
	return e, nil
}

// phases is what the phases of a transaction say about its effect.
type phases struct {
	committed bool // what the contract committed became the account's data
	success   bool
}

// readPhases reads an ordinary transaction's phases. The compute phase's success flag means that the message was
// accepted and the contract's data committed, be it by COMMIT before an exception: V5R1 commits its new seqno first of
// all, so a later throw (exit code 137 without mode flag 2, out of gas) uses the seqno up and sends nothing. A failed
// action phase takes even committed data back (crypto/block/transaction.cpp, prepare_action_phase).
func readPhases(description any) (p phases) {
	d, _ := description.(tlb.TransactionDescriptionOrdinary)
	compute, _ := d.ComputePhase.Phase.(tlb.ComputePhaseVM) // zero, so no success, if it was skipped
	if d.ActionPhase == nil {
		return p
	}
	p.committed = compute.Success && d.ActionPhase.Success
	exit := compute.Details.ExitCode
	p.success = p.committed && (exit == 0 || exit == 1) && d.ActionPhase.SkippedActions == 0
	return p
}

// readCause finds the signed payload behind a transaction. An external message with one is only in a block if the
// contract accepted its signature and seqno. Anyone may send internal_signed, though, and the contract ignores it
// silently unless its signature is good, so that is verified here. The other versions have no such operation.
func (e *Executed) readCause(w Wallet, in *tlb.Message, committed bool) {
	e.External = in.MsgType == tlb.MsgTypeExternalIn
	if w.Version == PolicyV1 {
		e.Order = orderOf(in, committed)
	}
	l := layoutOf(w.Version)
	payload, sig, err := l.split(in.Msg.Payload())
	if err != nil {
		return
	}
	r := read(payload)
	head, signed := l.head(r), payload.HashKey()
	switch {
	case r.err != nil:
		return
	case e.External && head.op != sendOp(w.Version) && w.Version == V5R1:
		return
	case !e.External && (head.op != opInternalSigned || !ed25519.Verify(w.PublicKey[:], signed[:], sig[:])):
		return
	}
	e.Payload, e.Consumed = [32]byte(signed), committed
	if w.Version == HighloadV3 {
		e.QueryID = head.seqno
		return
	}
	e.Seqno = head.seqno
}

func (e *Executed) readOut(w Wallet, list *tlb.MessagesList) error {
	if list == nil {
		return nil
	}
	msgs, err := list.ToSlice()
	if err != nil {
		return err
	}
	for _, m := range msgs {
		if m.MsgType != tlb.MsgTypeInternal || m.AsInternal().Bounced {
			continue
		}
		if _, carries := w.batchOf(m.AsInternal()); carries {
			e.Carries = true
			continue
		}
		o, err := emitted(m.AsInternal())
		if err != nil {
			return fmt.Errorf("emitted message: %w", err)
		}
		e.Out = append(e.Out, o)
	}
	return nil
}
