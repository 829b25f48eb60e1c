package guard

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tonaiagent/mpcnode/ton"
)

// simulation is layer 8: run on the proven state, the payload does what was decoded and nothing else.
func (e *evaluation) simulation() (v []Verdict) {
	o, t := e.c.Outcome, e.c.Tx
	if o == nil {
		return []Verdict{deny(ReasonSimulationMissing, "", "")}
	}
	if !o.Accepted {
		return []Verdict{deny(e.rejected(o.ComputeExit), strconv.Itoa(int(o.ComputeExit)), "")}
	}
	if (o.ComputeExit != 0 && o.ComputeExit != 1) || o.ActionExit != 0 {
		v = append(v, deny(ReasonSimulationFailed, fmt.Sprintf("compute %d action %d", o.ComputeExit, o.ActionExit), "compute 0 action 0"))
	}
	if o.Skipped != 0 {
		v = append(v, deny(ReasonSimulationSkipped, strconv.Itoa(int(o.Skipped)), "0"))
	}
	if i, same := firstDifference(o.Messages, t.Messages); !same {
		v = append(v, deny(ReasonSimulationMessages, fmt.Sprintf("message %d of %d", i+1, len(o.Messages)), strconv.Itoa(len(t.Messages))))
	}
	v = append(v, e.usedUp(*o)...)
	if o.CodeChanged || o.DataChanged {
		v = append(v, deny(ReasonSimulationState, fmt.Sprintf("code %t data %t", o.CodeChanged, o.DataChanged), "unchanged"))
	}
	return slices.Concat(v, e.deliveries(), e.counted(*o), e.outflowCap(*o))
}

// deliveries checks what own jetton wallets and items do with the messages. The first that is wrong tells enough.
func (e *evaluation) deliveries() []Verdict {
	for n, m := range e.c.Tx.Messages {
		var d ton.Delivery
		if n < len(e.c.Deliveries) {
			d = e.c.Deliveries[n]
		}
		if err := d.Check(m, e.c.Facts[n], e.wallet.Address); err != nil {
			return []Verdict{refusal(err)}
		}
	}
	return nil
}

// usedUp checks that the payload can't run again: it uses up its seqno, or its query id.
func (e *evaluation) usedUp(o ton.Outcome) []Verdict {
	n := e.c.Tx.Seqno
	switch {
	case e.wallet.Highload() && !o.QueryUsed:
		return []Verdict{deny(ReasonSimulationSeqno, "unused", fmt.Sprint(e.c.Tx.QueryID))}
	case !e.wallet.Highload() && (o.SeqnoBefore != n || o.SeqnoAfter != n+1):
		return []Verdict{deny(ReasonSimulationSeqno, fmt.Sprintf("%d to %d", o.SeqnoBefore, o.SeqnoAfter), fmt.Sprintf("%d to %d", n, n+1))}
	}
	return nil
}

// firstDifference compares what would be sent with what was decoded. Mode is an instruction and leaves no trace in the
// message that it sends.
func firstDifference(sent, decoded []ton.Message) (int, bool) {
	for i := range min(len(sent), len(decoded)) {
		s, d := sent[i], decoded[i]
		if s.To != d.To || s.Value != d.Value || s.Bounce != d.Bounce || s.Body != d.Body || s.Init != d.Init {
			return i, false
		}
	}
	return min(len(sent), len(decoded)), len(sent) == len(decoded)
}

// outflowCap checks that no more leaves than the decoded sum and feeCap a message.
func (e *evaluation) outflowCap(o ton.Outcome) []Verdict {
	left, err := ton.Transaction{Messages: o.Messages}.Outflow()
	if err == nil {
		left, err = left.Add(o.Fees)
	}
	limit, errLimit := e.outflow().Add(ton.NanoOf(feeCap * uint64(len(e.c.Tx.Messages))))
	if err != nil || errLimit != nil || left.Cmp(limit) > 0 {
		return []Verdict{deny(ReasonSimulationOutflow, left.String(), limit.String())}
	}
	return nil
}
