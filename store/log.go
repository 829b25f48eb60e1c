package store

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// Entries calls f for the audit entries from sequence number `from` on, in order, until f returns false or limit entries
// were given (1 to 10,000).
func (l *Ledger) Entries(ctx context.Context, from uint64, limit int, f func(audit.Entry) bool) error {
	return l.read(ctx, func(txn *badger.Txn) error {
		var bad error
		err := scan(ctx, txn, entryPrefix, entryKey(from), limit, func(_ guard.Key, v []byte) bool {
			e, err := audit.Decode(v)
			bad = err
			return err == nil && f(e)
		})
		if err == nil {
			err = bad
		}
		return err
	})
}

// RequestEntries is Entries for those of one request.
func (l *Ledger) RequestEntries(ctx context.Context, request string, from uint64, limit int, f func(audit.Entry) bool) error {
	return l.read(ctx, func(txn *badger.Txn) error {
		var bad error
		err := scan(ctx, txn, requestPrefix(request), indexKey(request, from), limit, func(k guard.Key, _ []byte) bool {
			e, err := entry(txn, number(k))
			bad = err
			return err == nil && f(e)
		})
		if err == nil {
			err = bad
		}
		return err
	})
}

func entry(txn *badger.Txn, seq uint64) (audit.Entry, error) {
	b, err := read(txn, entryKey(seq))
	if err != nil {
		return audit.Entry{}, err
	}
	if b == nil {
		return audit.Entry{}, fmt.Errorf("audit entry %d is missing", seq)
	}
	return audit.Decode(b)
}
