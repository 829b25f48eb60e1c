package guard

import (
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

// State is what became of a payload. The zero value is none: this node has no record of it.
type State string

const (
	Reserved  State = "reserved"  // allowed and counted; may be permitted
	Releasing State = "releasing" // a signature may exist
	Seen      State = "seen"      // read and refused here, or signed by others: known, not counted, never permitted
	Carried   State = "carried"   // its query id was used up by it; the batch that it brought is still to be run
	Executed  State = "executed"  // its seqno or query id was used up by it
	Dead      State = "dead"      // proven that it can't execute
)

// Payload is the record of one payload, y/<hash>.
type Payload struct {
	State          State
	Effect         Effect // this node's own, at its last decision
	Wallet         string
	Agent          string
	RequestID      string
	Request        [32]byte // request digest
	RequestExpires int64    // Unix seconds
	Seqno          uint32   // HighloadV3: the query id
	ValidUntil     int64    // Unix seconds
	Effects        [32]byte // what it does, apart from seqno and validity
	Asset          string
	Moves          []Move   // what it sends: coins, and the jettons of its asset; of one that was refused perhaps not all
	Policy         [32]byte // bundle of the last decision
	Seq            uint64   // audit entry of the last decision
	Attempt        uint32   // the highest that was released
	Session        [32]byte // of that attempt
	Terms          [32]byte // of a policy wallet, at the last decision; else zero
}

// over reports whether a payload in that state can't execute any more.
func (s State) over() bool { return s == Carried || s == Executed || s == Dead }

// live reports whether p counts and may execute.
func (p Payload) live() bool { return p.State == Reserved || p.State == Releasing }

// expiredAt reports whether a proven state of the account, of a block dated at, proves that p can't execute any more:
// wallets refuse from valid_until on, and no later block of the account's shard is dated before at−Lag.
func (p Payload) expiredAt(at time.Time) bool {
	return passed(p.ValidUntil, at)
}

// Passed reports whether a payload can't execute any more after a state of the chain time at.
func Passed(validUntil, at time.Time) bool { return passed(validUntil.Unix(), at) }

func passed(validUntil int64, at time.Time) bool {
	return !at.Before(time.Unix(validUntil, 0).Add(limits.Lag))
}

// Payload returns what is known of a payload, and whether anything is.
func (g *Guard) Payload(tx Tx, hash [32]byte) (p Payload, known bool, err error) {
	known, err = get(tx, keyPayload(hash), &p)
	return p, known, err
}

// slot is the record n/<wallet>/<seqno>: what may execute with that seqno. It goes when the seqno is used up. That of a
// query id stays, so that no other request has the id while the contract may remember it; there are 2^23 ids at most.
type slot struct {
	RequestID string     `cbor:"request"`         // the one live request
	Payloads  [][32]byte `cbor:"payloads"`        // live ones of it; of a query id that was used up: the one that did
	Seen      [][32]byte `cbor:"seen"`            // known ones that don't count
	Until     int64      `cbor:"until,omitempty"` // HighloadV3: Unix seconds; the id is RequestID's until then; 0: nobody's
}

// requestUse is the record qp/<request id>.
type requestUse struct {
	Request [32]byte `cbor:"request"` // request digest
	Counted bool     `cbor:"counted"` // in its agent's rate
	Used    bool     `cbor:"used"`    // a payload of it used up a seqno: no other may
}

// effects is the digest of what a transaction does, whenever and with whichever seqno it does it.
func effects(network [32]byte, wallet string, t ton.Transaction) [32]byte {
	type message struct {
		To     ton.Address
		Value  ton.Nano
		Bounce bool
		Mode   uint8
		Body   [32]byte
		Init   [32]byte
	}
	list := make([]message, len(t.Messages))
	for i, m := range t.Messages {
		list[i] = message{m.To, m.Value, m.Bounce, m.Mode, m.Body, m.Init}
	}
	return digest.Sum(digest.Effects, network, wallet, list)
}

// note remembers a payload that doesn't count, so that it isn't unexplained if others sign it. At most maxSeen a seqno
// are kept.
func note(tx Tx, hash [32]byte, p Payload, to payees) error {
	var s slot
	k := keySlot(p.Wallet, p.Seqno)
	if _, err := get(tx, k, &s); err != nil {
		return err
	}
	if len(s.Seen) >= maxSeen || slices.Contains(s.Seen, hash) {
		return nil
	}
	s.Seen = append(s.Seen, hash)
	put(tx, k, s)
	p.State = Seen
	put(tx, keyPayload(hash), p)
	if len(to.List) > 0 {
		put(tx, keyPayees(hash), to)
	}
	return nil
}

// markUsed records that a request has had its one execution.
func markUsed(tx Tx, requestID string, request [32]byte) error {
	var u requestUse
	if _, err := get(tx, keyRequest(requestID), &u); err != nil {
		return err
	}
	u.Request, u.Used = request, true
	put(tx, keyRequest(requestID), u)
	return nil
}
