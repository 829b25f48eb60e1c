package guard

import (
	"slices"
	"time"
)

// KeepSettled is how long a settled payload and its request are remembered by chain time, from the end of both their
// validities: a mirror that begins anew meets the transactions of Backfill, and what it meets must not be unexplained.
const KeepSettled = Backfill + 5*24*time.Hour

// Forget deletes the record of a payload, and what became of its request, once both are long over. It reports whether
// something of the payload is left: then ask again later.
//
// What goes can't come back: the payload executed or was proven dead, and a wallet's contract refuses it for its
// valid_until; the request has expired, which layer 1 refuses whatever is remembered. A payload that was only seen goes
// with its seqno, or here if its wallet has none.
func (g *Guard) Forget(tx Tx, hash [32]byte) (left bool, err error) {
	p, known, err := g.Payload(tx, hash)
	if err != nil || !known {
		return err != nil, err
	}
	at, err := windowTime(tx)
	if err != nil {
		return true, err
	}
	over := time.Unix(max(p.ValidUntil, p.RequestExpires), 0)
	if at.Before(over.Add(KeepSettled)) {
		return true, nil
	}
	switch p.State {
	case Executed, Dead:
	case Seen:
		if left, err := forgetSeen(tx, hash, p); left || err != nil {
			return true, err
		}
	default:
		return true, nil
	}
	tx.Set(keyPayload(hash), nil)
	tx.Set(keyPayees(hash), nil)
	tx.Set(keyRequest(p.RequestID), nil)
	return false, nil
}

// forgetSeen strikes a payload off those that were seen with its query id.
func forgetSeen(tx Tx, hash [32]byte, p Payload) (left bool, err error) {
	w, _, err := wallet(tx, p.Wallet)
	if err != nil || !w.Highload() {
		return true, err
	}
	k := keySlot(p.Wallet, p.Seqno)
	var s slot
	if _, err := get(tx, k, &s); err != nil {
		return true, err
	}
	s.Seen = slices.DeleteFunc(s.Seen, func(h [32]byte) bool { return h == hash })
	if len(s.Payloads)+len(s.Seen) == 0 && s.Until == 0 {
		tx.Set(k, nil)
		return false, nil
	}
	put(tx, k, s)
	return false, nil
}
