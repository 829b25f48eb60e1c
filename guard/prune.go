package guard

import "time"

// KeepSettled is how long a settled payload and its request are remembered by chain time, from the end of both their
// validities: a mirror that begins anew meets the transactions of Backfill, and what it meets must not be unexplained.
const KeepSettled = Backfill + 5*24*time.Hour

// Forget deletes the record of a payload, and what became of its request, once both are long over. It reports whether
// something of the payload is left: then ask again later.
//
// What goes can't come back: the payload executed or was proven dead, and a wallet's contract refuses it for its
// valid_until; the request has expired, which layer 1 refuses whatever is remembered. A payload that was only seen goes
// with its seqno, not here.
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
	if p.State != Executed && p.State != Dead || at.Before(over.Add(KeepSettled)) {
		return true, nil
	}
	tx.Set(keyPayload(hash), nil)
	tx.Set(keyRequest(p.RequestID), nil)
	return false, nil
}
