// Package maptx is a ledger in memory, for tests of what is written against guard.Tx.
package maptx

import (
	"maps"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// Tx is a ledger and a transaction over it in one: what is set is set. Copy and Restore stand for a dropped overlay.
type Tx struct {
	M       map[guard.Key][]byte
	Entries []audit.Entry
	Fail    error // returned by Get when set
}

// New returns an empty ledger.
func New() *Tx { return &Tx{M: map[guard.Key][]byte{}} }

// Get implements guard.Tx.
func (t *Tx) Get(k guard.Key) ([]byte, error) { return t.M[k], t.Fail }

// Set implements guard.Tx.
func (t *Tx) Set(k guard.Key, v []byte) {
	if v == nil {
		delete(t.M, k)
		return
	}
	t.M[k] = v
}

// Append implements guard.Tx. It panics on an entry that the store would refuse to keep.
func (t *Tx) Append(e audit.Entry) uint64 {
	e.Seq, e.Party = uint64(len(t.Entries)), "test"
	b, err := e.Encode()
	if err == nil {
		_, err = audit.Decode(b)
	}
	if err != nil {
		panic(err)
	}
	t.Entries = append(t.Entries, e)
	return e.Seq
}

// Copy returns an independent copy.
func (t *Tx) Copy() *Tx {
	return &Tx{M: maps.Clone(t.M), Entries: append([]audit.Entry(nil), t.Entries...)}
}
