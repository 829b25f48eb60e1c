package guard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

// Query is what takes the place of a seqno in a Highload V3 wallet: the agent chooses it, and signs it with the request.
type Query struct {
	ID      uint32    // 13 bits of shift, 10 of bit number
	Created time.Time // whole seconds; the payload can execute until ton.HighloadTimeout later
}

// Highload reports whether the wallet has query ids instead of a seqno: several of its payloads can be live at once, and
// execute in any order.
func (r WalletRecord) Highload() bool { return r.Version == ton.HighloadV3 }

// number is what a payload uses up: its seqno, or its query id.
func number(t ton.Transaction) uint32 {
	if t.Version == ton.HighloadV3 {
		return t.QueryID
	}
	return t.Seqno
}

// query reads query_id and created_at: both or none.
func (b body) query(i *Intent) error {
	if b.QueryID == nil && b.CreatedAt == "" {
		return nil
	}
	id, err := strconv.ParseUint(string(b.QueryID), 10, 23)
	if err != nil || id&1023 > 1022 {
		return errors.New("want a number of 23 bits, of which the low ten are at most 1022, together with created_at")
	}
	created, err := time.Parse(time.RFC3339, b.CreatedAt)
	if err != nil || !strings.HasSuffix(b.CreatedAt, "Z") || created.Nanosecond() != 0 {
		return &FieldError{"created_at", `want a time in UTC by RFC 3339 in whole seconds, such as "2026-10-01T12:00:00Z", together with query_id`}
	}
	i.Query = &Query{ID: uint32(id), Created: created.UTC()}
	return nil
}

// query checks that the payload has the query id and the creation time that the request declares.
func (e *evaluation) query() []Verdict {
	q, t := e.c.Intent.Query, e.c.Tx
	if q == nil && !e.wallet.Highload() {
		return nil
	}
	if q == nil || !e.wallet.Highload() || q.ID != t.QueryID || !q.Created.Equal(t.NotBefore) {
		return []Verdict{deny(ReasonIntentQuery, fmt.Sprintf("%d of %s", t.QueryID, clock(t.NotBefore)), q.String())}
	}
	return nil
}

func (q *Query) String() string {
	if q == nil {
		return "none"
	}
	return fmt.Sprintf("%d of %s", q.ID, clock(q.Created))
}

// unusedQuery checks that the query id of a Highload V3 wallet is nobody else's, and that the wallet has room.
func (e *evaluation) unusedQuery() []Verdict {
	switch {
	case !e.wallet.Highload():
		return nil
	case e.slot.Until != 0 && e.slot.RequestID != e.c.Intent.RequestID:
		return []Verdict{deny(ReasonQueryUsed, strconv.Itoa(int(e.c.Tx.QueryID)), e.slot.RequestID)}
	case len(e.lives) >= maxLive && e.lives.of(e.c.Tx.QueryID) < 0:
		return []Verdict{deny(ReasonWalletBusy, strconv.Itoa(len(e.lives)), strconv.Itoa(maxLive))}
	}
	return nil
}

// loadQueries reads what else of a Highload V3 wallet is live, and forgets whose the query id was once it is free: two
// timeouts after a payload could execute with it for the last time the contract has forgotten it too.
func (e *evaluation) loadQueries(tx Tx) (err error) {
	if !e.wallet.Highload() {
		return nil
	}
	if e.lives, err = readLives(tx, e.wallet.ID); err != nil {
		return err
	}
	if e.slot.Until != 0 && e.at.Unix() >= e.slot.Until && e.lives.of(e.c.Tx.QueryID) < 0 {
		e.slot = slot{}
	}
	return nil
}

// countLive adds to what was spent what the other live payloads of a Highload V3 wallet may yet send. One of this request's
// has the same query id: one of them executes.
func (e *evaluation) countLive() {
	for n := range e.spent {
		of := e.countedAs(e.moves[n])
		for _, l := range e.lives {
			if l.ID != e.c.Tx.QueryID {
				e.spent[n] = withLive(e.spent[n], l.sends(of))
			}
		}
	}
}

func withLive(s spending, n ton.Nano) spending {
	each := limits.Spent{Day: n, Week: n, Month: n}
	sum, err := s.and(spending{each, each})
	if err != nil {
		most := limits.Spent{Day: ton.MaxNano, Week: ton.MaxNano, Month: ton.MaxNano} // above every limit
		return spending{most, most}
	}
	return sum
}

// takeQuery enters a payload that becomes reserved among the live ones of a Highload V3 wallet, and its query id as this
// request's until nothing can execute with it any more and the contract has forgotten it.
func (e *evaluation) takeQuery(tx Tx) {
	if !e.wallet.Highload() {
		return
	}
	t := e.c.Tx
	e.slot.Until = max(e.slot.Until, t.ValidUntil.Add(2*ton.HighloadTimeout).Unix())
	if e.lives.of(t.QueryID) < 0 {
		e.lives = append(e.lives, life{ID: t.QueryID, Moves: e.moves, Until: t.ValidUntil.Unix(), New: e.risk.toNew})
		e.lives.write(tx, e.wallet.ID)
	}
}
