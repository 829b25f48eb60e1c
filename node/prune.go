package node

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
)

const (
	// keepEvidence is how long this node can explain a signed payload to another party: longer than any is away and still
	// expected back with its shares and its mirror.
	keepEvidence = 400 * 24 * time.Hour

	// pruneEvery and pruneStep bound the work: a step is one operation of the committer, with at most as many records.
	pruneEvery = time.Minute
	pruneStep  = 64

	// pruneWhole is after how many rounds one begins at the beginning: what was explained late is listed in the past.
	pruneWhole = 60

	// pruneAgain is when a record is looked at again that could not go.
	pruneAgain = 24 * time.Hour
)

// prefixDue lists what is to be deleted, in the order of time: due/<hex seconds>/<kind>/<id>. So pruning looks at what is due and at
// nothing else, however long the history is.
const prefixDue guard.Key = "due/"

// The kinds of records that are deleted: requests; payloads, and the evidence of those that nobody signed; evidence.
const (
	dueRequest  = "q"
	duePayload  = "y"
	dueEvidence = "ev"
)

// due is one entry of the list.
type due struct {
	at   time.Time // chain time
	kind string
	id   string // request id, or payload in hex
}

func (d due) key() guard.Key {
	return prefixDue + guard.Key(fmt.Sprintf("%016x/%s/%s", d.at.Unix(), d.kind, d.id))
}

func parseDue(k guard.Key) (d due, err error) {
	parts := strings.Split(strings.TrimPrefix(string(k), string(prefixDue)), "/")
	if len(parts) != 3 {
		return d, fmt.Errorf("%q is no entry of what is due", k)
	}
	seconds, err := strconv.ParseInt(parts[0], 16, 64)
	return due{time.Unix(seconds, 0), parts[1], parts[2]}, err
}

func (d due) payload() (hash [32]byte, err error) {
	if n, err := hex.Decode(hash[:], []byte(d.id)); err != nil || n != len(hash) {
		return hash, fmt.Errorf("%q is no payload", d.id)
	}
	return hash, nil
}

// schedule lists a record for deletion.
func schedule(tx guard.Tx, d due) { tx.Set(d.key(), []byte{requestVersion}) }

// schedulePayload lists a payload that is over, and its request with it, at that time.
func schedulePayload(tx guard.Tx, payload [32]byte, over time.Time) {
	schedule(tx, due{over.Add(guard.KeepSettled), duePayload, hex.EncodeToString(payload[:])})
}

// prune deletes what is due until the node stops.
func (n *Node) prune() {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	var next guard.Key // what was before it is deleted: a scan would pass over the remains
	for round := 0; ; round++ {
		if round%pruneWhole == 0 {
			next = ""
		}
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
		for more := true; more; {
			var err error
			if next, more, err = n.pruneSome(n.ctx, next); err != nil && n.ctx.Err() == nil {
				n.log.Warn("old records are not deleted", "err", err)
			}
		}
	}
}

// pruneSome deletes the records of one step, and returns where the next one begins and whether it has something to do.
func (n *Node) pruneSome(ctx context.Context, from guard.Key) (next guard.Key, more bool, err error) {
	var keys []guard.Key
	err = n.ledger.Scan(ctx, prefixDue, from, pruneStep, func(k guard.Key, _ []byte) bool {
		keys = append(keys, k)
		return true
	})
	if err != nil || len(keys) == 0 {
		return from, false, err
	}
	done := 0
	err = n.ledger.DoSoon(ctx, func(tx guard.Tx) (err error) {
		done, err = n.pruneAll(tx, keys)
		return err
	})
	if err != nil || done == 0 {
		return from, false, err
	}
	return keys[done-1] + "\x00", done == pruneStep, nil
}

// pruneAll deletes the records that are due, and returns how many of the keys, which are in the order of time, were.
func (n *Node) pruneAll(tx guard.Tx, keys []guard.Key) (int, error) {
	at, err := n.guard.WindowTime(tx)
	if err != nil {
		return 0, err
	}
	for i, k := range keys {
		d, err := parseDue(k)
		if err != nil || at.Before(d.at) {
			return i, err
		}
		if err := n.pruneOne(tx, d, at); err != nil {
			return i, fmt.Errorf("%s: %w", k, err)
		}
		tx.Set(k, nil)
	}
	return len(keys), nil
}

// pruneOne deletes one record, or lists it anew.
func (n *Node) pruneOne(tx guard.Tx, d due, at time.Time) error {
	switch d.kind {
	case dueRequest:
		return n.pruneRequest(tx, d, at)
	case duePayload:
		return n.prunePayload(tx, d, at)
	}
	hash, err := d.payload()
	tx.Set(evidenceKey(hash), nil)
	return err
}

// pruneRequest deletes a request that none of its payloads outlives. A receipt that a party has not fetched yet goes
// with it: what explains the payload stays.
func (n *Node) pruneRequest(tx guard.Tx, d due, at time.Time) error {
	r, _, err := readRequest(tx, d.id)
	if err != nil {
		return err
	}
	p, known, err := n.guard.Payload(tx, r.Payload)
	if err != nil {
		return err
	}
	if known && p.RequestID == d.id && p.State != guard.Executed && p.State != guard.Dead {
		d.at = at.Add(pruneAgain)
		schedule(tx, d)
		return nil
	}
	tx.Set(requestKey(d.id), nil)
	tx.Set(prefixOpen+guard.Key(d.id), nil)
	for _, party := range n.peers() {
		tx.Set(undeliveredOf(party)+guard.Key(d.id), nil)
	}
	return nil
}

// prunePayload lets the guard forget a payload. What explains it to the others stays for keepEvidence if it was signed.
func (n *Node) prunePayload(tx guard.Tx, d due, at time.Time) error {
	hash, err := d.payload()
	if err != nil {
		return err
	}
	left, err := n.guard.Forget(tx, hash)
	if err != nil {
		return err
	}
	e, err := readEvidence(tx, hash)
	switch {
	case err != nil:
		return err
	case left:
		d.at = at.Add(pruneAgain)
	case len(e.Answers) > 0:
		d.at, d.kind = d.at.Add(keepEvidence-guard.KeepSettled), dueEvidence
	default:
		tx.Set(evidenceKey(hash), nil)
		return nil
	}
	schedule(tx, d)
	return nil
}
