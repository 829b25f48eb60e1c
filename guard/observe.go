package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

// Position is how far this node has read an account's transactions, x/<wallet>.
type Position struct {
	LT         uint64
	Hash       [32]byte
	Seqno      uint32 // the account's, after that transaction
	SeqnoKnown bool   // false while a mirror that began in mid-history has met no seqno
	MCSeqno    uint32 // newest masterchain block whose state of the account was seen
}

// Complete reports whether every transaction up to that account state has been read.
func (p Position) Complete(a ton.Account) bool { return p.LT == a.LastLT && p.Hash == a.LastHash }

// Position returns a wallet's mirror position, and whether there is one.
func (g *Guard) Position(tx Tx, wallet string) (p Position, known bool, err error) {
	known, err = get(tx, keyPosition(wallet), &p)
	return p, known, err
}

// windowTime is the newest proven masterchain time; it never decreases.
func windowTime(tx Tx) (time.Time, error) {
	var s int64
	_, err := get(tx, keyTime, &s)
	return fromUnix(s), err
}

// observation is one call of Observe while it works.
type observation struct {
	tx     Tx
	now    time.Time
	at     time.Time // window time
	wallet string
	owned  bool // its owner may sign whatever they like
	seqnos bool // it uses them up one after another; else it has query ids
	pos    Position
	spent  *windows
	room   int // destinations that may yet be remembered
}

// Observe takes in what the chain executed: e holds transactions of the wallet's account, oldest first, that follow
// the mirror position, and acc is a later or equal proven state. It counts what left, marks payloads executed or dead,
// and flags what this node has no record of. It errs, and nothing may be kept, if the list doesn't follow the position
// without a gap, if acc is not proven, older than what was seen, or dated after the local clock.
func (g *Guard) Observe(tx Tx, now time.Time, wallet string, e []ton.Executed, acc ton.Account) error {
	o, err := g.observe(tx, now, wallet, acc)
	if err != nil {
		return fmt.Errorf("observe wallet %.70q: %w", wallet, err)
	}
	if len(e) > maxObserved {
		return fmt.Errorf("observe wallet %s: %d transactions at once, at most %d", wallet, len(e), maxObserved)
	}
	for _, x := range e {
		if err := o.apply(x); err != nil {
			return fmt.Errorf("observe wallet %s: transaction %d: %w", wallet, x.LT, err)
		}
	}
	if o.pos.Complete(acc) {
		if err := o.settle(acc); err != nil {
			return fmt.Errorf("observe wallet %s: %w", wallet, err)
		}
		if err := o.seeTerms(acc); err != nil {
			return fmt.Errorf("observe wallet %s: %w", wallet, err)
		}
	}
	o.pos.MCSeqno = acc.MCSeqno
	put(tx, keyPosition(wallet), o.pos)
	if len(e) > 0 {
		o.spent.write()
	}
	if err := setTime(tx, now, o.at); err != nil {
		return fmt.Errorf("observe wallet %s: %w", wallet, err)
	}
	return nil
}

func (g *Guard) observe(tx Tx, now time.Time, id string, acc ton.Account) (*observation, error) {
	w, known, err := wallet(tx, id)
	if err != nil {
		return nil, err
	}
	o := &observation{tx: tx, now: now, wallet: id, owned: w.Custody == CustodyOwner, seqnos: !w.Highload(), room: maxRemembered}
	var begun bool
	if begun, err = get(tx, keyPosition(id), &o.pos); err != nil {
		return nil, err
	}
	if o.spent, err = openWindows(tx, id); err != nil {
		return nil, err
	}
	if o.at, err = windowTime(tx); err != nil {
		return nil, err
	}
	switch {
	case !known:
		return nil, errors.New("not known here")
	case !acc.Proven || acc.Address != w.Address:
		return nil, errors.New("account state is not proven, or another account's")
	case acc.MCSeqno < o.pos.MCSeqno:
		return nil, fmt.Errorf("account state of block %d is older than that of %d", acc.MCSeqno, o.pos.MCSeqno)
	case acc.Time.After(now.Add(maxSkew)):
		// A time from the future would end every window for good.
		return nil, fmt.Errorf("chain time %s is ahead of the local clock", acc.Time.UTC().Format(time.RFC3339))
	}
	if acc.Time.After(o.at) {
		o.at = acc.Time
	}
	o.pos.SeqnoKnown = o.pos.SeqnoKnown || !begun && acc.LastLT == 0
	return o, nil
}

// apply takes in one transaction.
func (o *observation) apply(e ton.Executed) error {
	if err := o.follow(e); err != nil {
		return err
	}
	if e.External || e.Consumed || e.Batch { // what only arrives and comes back is no spending
		moves, err := movesOf(e.Out)
		if err != nil {
			return err
		}
		for _, m := range moves {
			if err := o.spent.add(m, e.Time, o.at); err != nil {
				return err
			}
		}
	}
	if err := o.uses(e); err != nil {
		return err
	}
	if err := o.order(e); err != nil {
		return err
	}
	o.pos.LT, o.pos.Hash = e.LT, e.Hash
	return nil
}

// uses settles what e used up, if anything.
func (o *observation) uses(e ton.Executed) error {
	switch {
	case e.Batch:
		return o.runBatch(e)
	case e.Consumed && !o.seqnos:
		return o.consumeQuery(e)
	case e.Consumed:
		return o.consume(e)
	}
	return nil
}

// follow checks the link to the transaction before.
func (o *observation) follow(e ton.Executed) error {
	begins := o.pos.LT == 0
	switch {
	case e.LT <= o.pos.LT:
		return errors.New("not later than the mirror position")
	case !begins && (e.PrevLT != o.pos.LT || e.PrevHash != o.pos.Hash):
		return errors.New("does not follow the mirror position")
	case begins && e.PrevLT != 0 && e.Time.After(o.at.Add(-Backfill)):
		return fmt.Errorf("the mirror has to begin with the account or %s back", Backfill)
	case begins && e.PrevLT == 0:
		o.pos.SeqnoKnown = true // an account begins with seqno 0
	}
	return nil
}

func (o *observation) audit(t audit.EventType, out audit.Outcome, s audit.Severity, payload [32]byte, request string) {
	o.tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(o.now), EventType: t, Action: "observe", Request: request,
		Actor:    audit.Actor{Type: "chain", ID: "chain"},
		Resource: audit.Resource{Type: "wallet", ID: o.wallet},
		Outcome:  out, Severity: s,
		Details: audit.KV("payload", hex.EncodeToString(payload[:])),
	})
}
