package guard

import "github.com/tonaiagent/mpcnode/guard/audit"

// Tx is one ledger transaction as the guard sees it: all of it reaches the disk with one sync, or none of it does.
// Package store implements it over badger; tests use a map.
type Tx interface {
	// Get returns the value of k as this transaction sees it, nil when there is none. The caller must not keep or
	// change the slice.
	Get(k Key) ([]byte, error)
	// Set writes k; a nil value deletes it. The caller must not change v afterwards.
	Set(k Key, v []byte)
	// Append adds e to the audit log and returns its sequence number. Seq, Party and Salt are filled in.
	Append(e audit.Entry) (seq uint64)
}
