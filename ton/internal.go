package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Internal is a message from one contract to another.
type Internal struct {
	From, To Address
	Value    Nano
	Body     *cell.Cell
}

// Send shows what m makes its destination send, in order, in a block at the time now. A destination that fails is an error.
func (e *Emulator) Send(acc Account, globalID int32, m Internal, now time.Time) (sent []Internal, err error) {
	defer caught(&err)
	msg, err := tlb.ToCell(&tlb.InternalMessage{
		IHRDisabled: true, Bounce: true, SrcAddr: toTonutils(m.From), DstAddr: toTonutils(m.To),
		Amount: tlb.FromNanoTON(m.Value.Big()), CreatedLT: acc.LastLT + 1, CreatedAt: uint32(now.Unix()), Body: m.Body,
	})
	if err != nil {
		return nil, fmt.Errorf("emulate %s: %w", m.To, err)
	}
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		return nil, fmt.Errorf("emulate %s: %w", m.To, err)
	}
	l, err := e.lane(acc, globalID, now)
	if err != nil {
		return nil, fmt.Errorf("emulate %s: %w", m.To, err)
	}
	o, res, err := l.run(in)
	if err != nil {
		return nil, fmt.Errorf("emulate %s: %w", m.To, err)
	}
	if exit := int32(res.ExitCode); !complete(exit, o.ActionExit, o.Skipped) {
		return nil, fmt.Errorf("emulate %s: compute %d, action %d, %d skipped", m.To, exit, o.ActionExit, o.Skipped)
	}
	return o.internals(m.To), nil
}

// internals are the messages of the outcome, with their bodies.
func (o Outcome) internals(from Address) []Internal {
	out := make([]Internal, len(o.Messages))
	for i, m := range o.Messages {
		out[i] = Internal{From: from, To: m.To, Value: m.Value, Body: o.sent[i].Msg.AsInternal().Body}
	}
	return out
}
