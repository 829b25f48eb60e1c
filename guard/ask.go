package guard

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Live is what can still execute with a wallet's next seqno, or with any query id. The zero value is nothing.
type Live struct {
	Any       bool
	Known     bool      // a payload of that seqno was proposed here, live or not
	RequestID string    // whose it is; "" of query ids, which are several requests'
	Until     time.Time // the latest valid_until of its payloads
	first     time.Time // the earliest; zero if none can die any more
}

// Live returns what this node counts as live for that seqno of a wallet. A Highload V3 wallet has none: all of it counts.
func (g *Guard) Live(tx Tx, id string, seqno uint32) (l Live, err error) {
	w, _, err := wallet(tx, id)
	if err != nil {
		return l, err
	}
	if w.Highload() {
		all, err := readLives(tx, id)
		return all.live(), err
	}
	var s slot
	if _, err := get(tx, keySlot(id, seqno), &s); err != nil {
		return l, err
	}
	l.Known = len(s.Payloads)+len(s.Seen) > 0
	for _, hash := range s.Payloads {
		var p Payload
		if _, err := get(tx, keyPayload(hash), &p); err != nil {
			return l, err
		}
		if !p.live() {
			continue
		}
		l.Any, l.RequestID = true, s.RequestID
		l.expects(fromUnix(p.ValidUntil))
	}
	return l, nil
}

// expects takes in the valid_until of one more payload.
func (l *Live) expects(until time.Time) {
	if until.After(l.Until) {
		l.Until = until
	}
	if l.first.IsZero() || until.Before(l.first) {
		l.first = until
	}
}

// Expired reports whether a proven state of the account, of a block dated at, proves one of the payloads dead. Observe
// then says so.
func (l Live) Expired(at time.Time) bool { return !l.first.IsZero() && passed(l.first.Unix(), at) }

// WindowTime returns the newest proven masterchain time that was observed: windows and pauses go by it.
func (g *Guard) WindowTime(tx Tx) (time.Time, error) { return windowTime(tx) }

// Stops reports whether a trip of the set stops a wallet's or an agent's requests.
func (s TripSet) Stops(wallet, agent string) bool {
	_, stopped := s.stopped(wallet, agent)
	return stopped
}

// Refusals returns the verdicts that refuse, in the order in which they are reported: denials, then escalations.
func (d Decision) Refusals() (refusals []Verdict) {
	for _, want := range []Effect{Deny, Escalate} {
		for _, v := range d.Verdicts {
			if v.Effect == want {
				refusals = append(refusals, v)
			}
		}
	}
	return refusals
}

// Has reports whether a verdict gives that reason.
func (d Decision) Has(r Reason) bool {
	return slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Reason == r })
}

// UnexplainedOf is the prefix under which a wallet's unexplained payloads are listed.
func UnexplainedOf(wallet string) Key { return keyUnexplained(wallet) + "/" }

// UnexplainedPayload returns the payload that a key under UnexplainedOf names.
func UnexplainedPayload(k Key) (payload [32]byte, ok bool) {
	_, name, _ := strings.Cut(strings.TrimPrefix(string(k), string(PrefixUnexplained)), "/")
	n, err := hex.Decode(payload[:], []byte(name))
	return payload, err == nil && n == len(payload)
}
