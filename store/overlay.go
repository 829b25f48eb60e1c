package store

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// errReadOnly is what View returns when its operation wrote.
var errReadOnly = errors.New("write in a view")

// overlay is the guard.Tx of one operation: its writes over what the operations before it in the batch left. The first
// error stays, so that an operation which could not read or record something fails even if it went on.
type overlay struct {
	under  *batch
	party  string
	tree   audit.Tree
	writes map[guard.Key][]byte // nil deletes
	bytes  int
	err    error
}

func newOverlay(under *batch) *overlay {
	return &overlay{under: under, party: under.party, tree: under.head.tree.Clone(), writes: map[guard.Key][]byte{}}
}

// Get implements guard.Tx.
func (o *overlay) Get(k guard.Key) ([]byte, error) {
	if v, ok := o.writes[k]; ok {
		return v, nil
	}
	v, err := o.under.get(k)
	if err != nil {
		o.fail(err)
	}
	return v, err
}

// Set implements guard.Tx. The store's own records are out of reach: nothing but Append writes the audit log.
func (o *overlay) Set(k guard.Key, v []byte) {
	if ours(k) {
		o.fail(fmt.Errorf("key %q belongs to the store", k))
		return
	}
	o.put(k, v)
}

// Append implements guard.Tx.
func (o *overlay) Append(e audit.Entry) uint64 {
	seq := o.tree.Size()
	e.V, e.Seq, e.Party = audit.Version, seq, o.party
	rand.Read(e.Salt[:]) // never fails: crypto/rand ends the process first
	b, err := e.Encode()
	if err != nil {
		o.fail(err)
		return seq
	}
	o.tree.Append(audit.Leaf(b))
	o.put(entryKey(seq), b)
	if e.Request != "" {
		o.put(indexKey(e.Request, seq), []byte{})
	}
	if size := o.tree.Size(); size%edgeEvery == 0 {
		o.put(edgeKey(size), o.tree.Marshal())
	}
	return seq
}

func (o *overlay) put(k guard.Key, v []byte) {
	o.bytes += len(k) + len(v) + writeOverhead
	switch {
	case len(k) == 0 || len(k) > maxKey:
		o.fail(fmt.Errorf("key of %d bytes, 1 to %d are allowed", len(k), maxKey))
	case o.bytes > maxOpBytes:
		o.fail(fmt.Errorf("operation writes more than %d bytes", maxOpBytes))
	default:
		o.writes[k] = v
	}
}

func (o *overlay) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// snapshot is the guard.Tx of a View.
type snapshot struct {
	under  *badger.Txn
	recent *recent
	err    error
}

// Get implements guard.Tx.
func (s *snapshot) Get(k guard.Key) ([]byte, error) {
	if v, ok := s.recent.get(k, s.under.ReadTs()); ok {
		return v, nil
	}
	v, err := read(s.under, k)
	if err != nil {
		s.err = err
	}
	return v, err
}

// Set implements guard.Tx: it makes the view fail.
func (s *snapshot) Set(guard.Key, []byte) { s.err = errReadOnly }

// Append implements guard.Tx: it makes the view fail.
func (s *snapshot) Append(audit.Entry) uint64 {
	s.err = errReadOnly
	return 0
}

// read returns a copy of a value: badger's own slice may be unmapped later. A value of no bytes is not nil.
func read(txn *badger.Txn, k guard.Key) (v []byte, err error) {
	defer damaged(&err)
	item, err := txn.Get([]byte(k))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", k, err)
	}
	if v, err = item.ValueCopy(nil); err != nil {
		return nil, fmt.Errorf("read %q: %w", k, err)
	}
	return v, nil
}

// damaged makes an error of a panic of badger: it takes lengths from disk, and a flipped bit in one is not always found by
// a checksum before it is used.
func damaged(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the database is damaged: %v", r)
	}
}

func write(txn *badger.Txn, k guard.Key, v []byte) error {
	if v == nil {
		return txn.Delete([]byte(k))
	}
	return txn.Set([]byte(k), v)
}
