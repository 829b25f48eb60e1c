package guard

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Live is what can still execute with a wallet's next seqno. The zero value is nothing.
type Live struct {
	Any       bool
	Known     bool // a payload of that seqno was proposed here, live or not
	RequestID string
	Until     time.Time // the latest valid_until of its payloads
	payloads  []Payload
}

// Live returns what this node counts as live for that seqno of a wallet.
func (g *Guard) Live(tx Tx, wallet string, seqno uint32) (l Live, err error) {
	var s slot
	if _, err := get(tx, keySlot(wallet, seqno), &s); err != nil {
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
		l.Any, l.RequestID, l.payloads = true, s.RequestID, append(l.payloads, p)
		if until := fromUnix(p.ValidUntil); until.After(l.Until) {
			l.Until = until
		}
	}
	return l, nil
}

// Expired reports whether a proven state of the account, of a block dated at, proves one of the payloads dead. Observe
// then says so.
func (l Live) Expired(at time.Time) bool {
	return slices.ContainsFunc(l.payloads, func(p Payload) bool { return p.expiredAt(at) })
}

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
