package client

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Query takes the place of a seqno in a Highload V3 wallet, of which many requests can be under way at once.
type Query struct {
	// ID is 13 bits of shift and 10 of bit number, which is at most 1022. One that a request of the wallet had within the
	// last two hours is refused.
	ID uint32 `json:"query_id"`
	// CreatedAt is when the payload counts as created, in whole seconds of UTC. It can execute for an hour from then on,
	// and the guards want its end to be near, as that of any other payload.
	CreatedAt time.Time `json:"created_at"`
}

// queryTimeout is how long a Highload V3 wallet takes a payload after its CreatedAt.
const queryTimeout = time.Hour

const queryBits, queryShifts = 1023, 8192

// QueryOf returns the nth query id, for a payload that can execute until the given time: for who counts. After 8,380,416
// the ids begin again.
func QueryOf(n uint64, until time.Time) *Query {
	n %= queryBits * queryShifts
	return &Query{ID: uint32(n/queryBits<<10 | n%queryBits), CreatedAt: until.Add(-queryTimeout).UTC().Truncate(time.Second)}
}

// QueryFor draws the query id from a request's idempotency key, so that the same request has the same. Of keys drawn at
// random a thousand an hour meet an id that is still taken about once in four thousand times.
func QueryFor(key string, until time.Time) *Query {
	sum := sha256.Sum256([]byte(key))
	return QueryOf(binary.BigEndian.Uint64(sum[:]), until)
}
