package guard

import (
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// lives is the record lv/<wallet>: what of a Highload V3 wallet may still execute, one entry a query id and at most maxLive.
// All of it counts in every window until the chain has shown what became of it.
type lives []life

type life struct {
	_       struct{} `cbor:",toarray"`
	ID      uint32
	Moves   []Move   // none: what it sends isn't known here, so it counts as more than any limit
	Until   int64    // Unix seconds: valid_until
	Carried bool     // executed, and the batch that it brought is under way: it can't die any more
	New     ton.Nano // what of the last of Moves goes to destinations that were new when it was reserved
}

// lifeV1 is a life of a record from before New was kept.
type lifeV1 struct {
	_       struct{} `cbor:",toarray"`
	ID      uint32
	Moves   []Move
	Until   int64
	Carried bool
}

func readLives(tx Tx, wallet string) (l lives, err error) {
	if _, err = get(tx, keyLives(wallet), &l); err == nil {
		return l, nil
	}
	var old []lifeV1
	if _, older := get(tx, keyLives(wallet), &old); older != nil {
		return nil, err
	}
	l = nil
	for _, x := range old {
		l = append(l, life{ID: x.ID, Moves: x.Moves, Until: x.Until, Carried: x.Carried, New: x.sum()})
	}
	return l, nil
}

// sum is what goes to new destinations at most.
func (x lifeV1) sum() ton.Nano {
	if len(x.Moves) == 0 {
		return ton.MaxNano
	}
	return x.Moves[len(x.Moves)-1].Amount
}

// of returns the place of a query id, −1 if it isn't there.
func (l lives) of(id uint32) int {
	return slices.IndexFunc(l, func(x life) bool { return x.ID == id })
}

func (l lives) without(id uint32) lives {
	return slices.DeleteFunc(l, func(x life) bool { return x.ID == id })
}

func (l lives) write(tx Tx, wallet string) {
	if len(l) == 0 {
		tx.Set(keyLives(wallet), nil)
		return
	}
	put(tx, keyLives(wallet), l)
}

// sends returns how much of what counts as one asset x may yet send.
func (x life) sends(of []string) (sum ton.Nano) {
	if len(x.Moves) == 0 {
		return ton.MaxNano
	}
	for _, m := range x.Moves {
		if !slices.Contains(of, m.Of) {
			continue
		}
		var err error
		if sum, err = sum.Add(m.Amount); err != nil {
			return ton.MaxNano
		}
	}
	return sum
}

// live is what Guard.Live says of them.
func (l lives) live() (all Live) {
	all.Any, all.Known = len(l) > 0, len(l) > 0
	for _, x := range l {
		if !x.Carried {
			all.expects(fromUnix(x.Until))
		}
	}
	return all
}

// consumeQuery settles every payload of the query id that e used up. The id stays taken for as long as the contract may
// remember it.
func (o *observation) consumeQuery(e ton.Executed) error {
	if err := o.explainOrFlag(e); err != nil {
		return err
	}
	var s slot
	if _, err := get(o.tx, keySlot(o.wallet, e.QueryID), &s); err != nil {
		return err
	}
	for _, hash := range append(s.Payloads, s.Seen...) {
		if err := o.bury(hash, e.Payload); err != nil {
			return err
		}
	}
	s.Payloads, s.Seen = [][32]byte{e.Payload}, nil
	s.Until = max(s.Until, e.Time.Add(2*ton.HighloadTimeout).Unix())
	put(o.tx, keySlot(o.wallet, e.QueryID), s)
	return o.carry(e)
}

// carry strikes what has executed off the live ones. A batch that it brought goes on counting until it has been run.
func (o *observation) carry(e ton.Executed) error {
	l, err := readLives(o.tx, o.wallet)
	if err != nil {
		return err
	}
	var x life // of what is not reserved here
	if i := l.of(e.QueryID); i >= 0 {
		x = l[i]
	}
	l = l.without(e.QueryID)
	if e.Carries {
		l = append(l, life{ID: e.QueryID, Moves: x.Moves, Carried: true, New: x.New})
	}
	l.write(o.tx, o.wallet)
	return nil
}

// runBatch settles the batch that e ran: what it sent is counted as spent.
func (o *observation) runBatch(e ton.Executed) error {
	l, err := readLives(o.tx, o.wallet)
	if err != nil {
		return err
	}
	i := l.of(e.QueryID)
	if i < 0 || !l[i].Carried {
		return nil // the mirror began between the two transactions
	}
	l.without(e.QueryID).write(o.tx, o.wallet)
	var s slot
	if _, err := get(o.tx, keySlot(o.wallet, e.QueryID), &s); err != nil || len(s.Payloads) == 0 {
		return err
	}
	var p Payload
	known, err := get(o.tx, keyPayload(s.Payloads[0]), &p)
	if err != nil || !known || p.State != Carried {
		return err
	}
	return o.executed(s.Payloads[0], p, e)
}

// executed writes down that a payload has done what it could.
func (o *observation) executed(hash [32]byte, p Payload, e ton.Executed) error {
	p.State = Executed
	put(o.tx, keyPayload(hash), p)
	outcome, severity := audit.Success, audit.Info
	if !e.Success {
		outcome, severity = audit.Failure, audit.Warning
	}
	o.audit(audit.TransactionExecuted, outcome, severity, hash, p.RequestID)
	return o.settlePayees(hash, e.Time, e.Success)
}

// settleQueries buries what can't execute any more after a proven state of the time at.
func (o *observation) settleQueries(at time.Time) error {
	all, err := readLives(o.tx, o.wallet)
	if err != nil {
		return err
	}
	var left lives
	for _, x := range all {
		if x.Carried || !passed(x.Until, at) {
			left = append(left, x)
		} else if err := o.buryQuery(x.ID, at); err != nil {
			return err
		}
	}
	if len(left) < len(all) {
		left.write(o.tx, o.wallet)
	}
	return nil
}

func (o *observation) buryQuery(id uint32, at time.Time) error {
	var s slot
	_, err := get(o.tx, keySlot(o.wallet, id), &s)
	if err != nil {
		return err
	}
	if s.Payloads, err = o.buryExpired(s.Payloads, at); err != nil {
		return err
	}
	if s.Seen, err = o.buryExpired(s.Seen, at); err != nil {
		return err
	}
	put(o.tx, keySlot(o.wallet, id), s)
	return nil
}
