package guard

import (
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// consume settles every payload of the seqno that e used up.
func (o *observation) consume(e ton.Executed) error {
	if o.pos.SeqnoKnown && e.Seqno != o.pos.Seqno {
		return fmt.Errorf("used seqno %d, the account was at %d", e.Seqno, o.pos.Seqno)
	}
	o.pos.Seqno, o.pos.SeqnoKnown = e.Seqno+1, true
	if err := o.explainOrFlag(e); err != nil {
		return err
	}
	return o.buryAll(e.Seqno, e.Payload)
}

// buryAll settles every payload of a seqno that is used up, by the winner or by none of them.
func (o *observation) buryAll(seqno uint32, winner [32]byte) error {
	k := keySlot(o.wallet, seqno)
	var s slot
	if _, err := get(o.tx, k, &s); err != nil {
		return err
	}
	for _, hash := range append(s.Payloads, s.Seen...) {
		if err := o.bury(hash, winner); err != nil {
			return err
		}
	}
	o.tx.Set(k, nil)
	return nil
}

// explainOrFlag marks the payload behind e executed and its request used up, or flags it as unexplained. A payload
// that was proven dead and executed nevertheless is as unexplained as one never heard of.
func (o *observation) explainOrFlag(e ton.Executed) error {
	var p Payload
	known, err := get(o.tx, keyPayload(e.Payload), &p)
	if err != nil {
		return err
	}
	if !known || p.Wallet != o.wallet || p.State.over() {
		return o.flag(e)
	}
	if p.State = Carried; e.Carries {
		put(o.tx, keyPayload(e.Payload), p)
	} else if err := o.executed(e.Payload, p, e); err != nil {
		return err
	}
	return markUsed(o.tx, p.RequestID, p.Request)
}

// flag makes the wallet refused until the payload is explained. What the owner of a wallet signed without asking needs no
// explanation: it counts, as everything that leaves.
func (o *observation) flag(e ton.Executed) error {
	if o.owned {
		o.audit(audit.TransactionByOwner, audit.Success, audit.Warning, e.Payload, "")
		return nil
	}
	k := keyUnknown(o.wallet, e.Payload)
	old, err := o.tx.Get(k)
	if err != nil {
		return err
	}
	o.audit(audit.TransactionUnexplained, audit.Failure, audit.Critical, e.Payload, "")
	if old != nil {
		return nil
	}
	put(o.tx, k, unexplained{LT: e.LT, At: e.Time.Unix(), Success: e.Success})
	return addUnexplained(o.tx, o.wallet, 1)
}

// bury marks a payload dead that has lost its seqno to another. What was only seen is forgotten.
func (o *observation) bury(hash, winner [32]byte) error {
	var p Payload
	known, err := get(o.tx, keyPayload(hash), &p)
	if err != nil || !known || hash == winner {
		return err
	}
	if p.State == Seen {
		o.tx.Set(keyPayload(hash), nil)
	}
	o.tx.Set(keyPayees(hash), nil)
	if p.live() {
		p.State = Dead
		put(o.tx, keyPayload(hash), p)
		o.audit(audit.TransactionDead, audit.Success, audit.Info, hash, p.RequestID)
	}
	return nil
}

// settle uses a state up to which the mirror is complete: it must agree with what was read, and payloads of the next
// seqno, or of any query id, whose time has passed in it are dead.
func (o *observation) settle(acc ton.Account) error {
	if o.pos.SeqnoKnown && acc.Seqno != o.pos.Seqno {
		return fmt.Errorf("account has seqno %d, its transactions add up to %d", acc.Seqno, o.pos.Seqno)
	}
	o.pos.Seqno, o.pos.SeqnoKnown = acc.Seqno, true
	if !o.seqnos {
		return o.settleQueries(acc.Time)
	}
	k := keySlot(o.wallet, acc.Seqno)
	var s slot
	ok, err := get(o.tx, k, &s)
	if err != nil || !ok {
		return err
	}
	if s.Payloads, err = o.buryExpired(s.Payloads, acc.Time); err != nil {
		return err
	}
	if s.Seen, err = o.buryExpired(s.Seen, acc.Time); err != nil {
		return err
	}
	if len(s.Payloads)+len(s.Seen) == 0 {
		o.tx.Set(k, nil)
		return nil
	}
	put(o.tx, k, s)
	return nil
}

// buryExpired returns the payloads that can still execute after the proven time at.
func (o *observation) buryExpired(hashes [][32]byte, at time.Time) (left [][32]byte, err error) {
	for _, hash := range hashes {
		var p Payload
		if _, err := get(o.tx, keyPayload(hash), &p); err != nil {
			return nil, err
		}
		if !p.expiredAt(at) {
			left = append(left, hash)
			continue
		}
		if err := o.bury(hash, [32]byte{}); err != nil {
			return nil, err
		}
	}
	return left, nil
}
