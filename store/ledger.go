package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
)

// Ledger is the party's durable state: a key-value store with transactions, and the audit log in the same transactions.
// It is safe for concurrent use.
type Ledger struct {
	db      *badger.DB
	party   string
	disk    *disk
	anchors *anchors
	recent  *recent
	onFatal func(error)             // told once
	sync    func(*badger.Txn) error // commits and syncs; tests make it fail

	head      atomic.Pointer[head]  // of the last commit; stored by commitLoop
	failed    atomic.Pointer[error] // why nothing more is taken
	told      sync.Once
	queue     chan *operation
	committed chan struct{} // closed when commitLoop has ended

	mu     sync.RWMutex // held for reading while the queue or the database is in use, so that stop waits
	closed bool
}

// Do runs op after all operations queued before it and returns after its writes and audit entries are synced. When op
// returns an error nothing of it is kept and Do returns that error; so it is when a read failed or an entry could not be
// recorded, whatever op made of it. When op panics, nothing is kept and Do panics.
//
// Until op is queued ctx may end the wait; from then on Do returns what happened. Op must be short and pure, must not
// call the ledger, and may see state that is synced only together with its own writes.
//
// Errors: [ErrDiskFull] before anything is touched, [ErrStorage], [ErrClosed].
func (l *Ledger) Do(ctx context.Context, op func(guard.Tx) error) error {
	return l.do(ctx, &operation{run: op, done: make(chan struct{})})
}

// DoSoon is Do for what nothing waits for: it shares the sync of the next operation, and has one of its own only if none
// comes within 3 ms. It keeps its place in the queue.
func (l *Ledger) DoSoon(ctx context.Context, op func(guard.Tx) error) error {
	return l.do(ctx, &operation{run: op, patient: true, done: make(chan struct{})})
}

func (l *Ledger) do(ctx context.Context, o *operation) error {
	if err := l.enqueue(ctx, o); err != nil {
		return err
	}
	<-o.done
	if b, ok := errors.AsType[*bug](o.err); ok {
		panic(b.Error())
	}
	return o.err
}

func (l *Ledger) enqueue(ctx context.Context, o *operation) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return ErrClosed
	}
	if err := l.disk.check(); err != nil {
		return err
	}
	select {
	case l.queue <- o:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the committer: %w", ctx.Err())
	}
}

// View runs op on a snapshot of what is synced. A Set or Append in op makes View return an error. Op must not call the
// ledger.
func (l *Ledger) View(ctx context.Context, op func(guard.Tx) error) error {
	return l.read(ctx, func(txn *badger.Txn) error {
		s := &snapshot{under: txn, recent: l.recent}
		if err := op(s); err != nil {
			return err
		}
		return s.err
	})
}

// Scan calls f in key order for the records that start with prefix, from the key `from` on ("" is the first), until f
// returns false or limit records were given. A limit outside 1 to 10,000 is refused. To go on, scan from the last key
// with a zero byte added.
func (l *Ledger) Scan(ctx context.Context, prefix, from guard.Key, limit int, f func(k guard.Key, v []byte) bool) error {
	return l.read(ctx, func(txn *badger.Txn) error { return scan(ctx, txn, prefix, from, limit, f) })
}

func scan(ctx context.Context, txn *badger.Txn, prefix, from guard.Key, limit int, f func(guard.Key, []byte) bool) error {
	if limit < 1 || limit > maxScan {
		return fmt.Errorf("scan %q: limit %d is not between 1 and %d", prefix, limit, maxScan)
	}
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte(prefix)})
	defer it.Close()
	for move := func() { it.Seek([]byte(max(prefix, from))) }; limit > 0; move, limit = it.Next, limit-1 {
		k, v, err := step(it, move)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("scan %q: %w", prefix, err)
		}
		if k == nil || !f(guard.Key(k), v) {
			return nil
		}
	}
	return nil
}

// step moves the iterator and returns copies of the record that it stands at then, nil at the end.
func step(it *badger.Iterator, move func()) (k, v []byte, err error) {
	defer damaged(&err)
	if move(); !it.Valid() {
		return nil, nil, nil
	}
	v, err = it.Item().ValueCopy(nil)
	return it.Item().KeyCopy(nil), v, err
}

func (l *Ledger) read(ctx context.Context, f func(*badger.Txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return ErrClosed
	}
	txn := l.db.NewTransaction(false)
	defer txn.Discard()
	return f(txn)
}

// Head returns the size of the audit log and its root, as of the last commit.
func (l *Ledger) Head() (size uint64, root [32]byte) {
	h := l.head.Load()
	return h.tree.Size(), h.tree.Root()
}

// failure returns why the ledger takes nothing more, nil while it does.
func (l *Ledger) failure() error {
	if p := l.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// fail makes err the reason for refusing everything from now on, if it is the first, and returns the reason.
func (l *Ledger) fail(err error) error {
	if !errors.Is(err, ErrStorage) {
		err = fmt.Errorf("%w: %w: start the node again once the disk is sound", ErrStorage, err)
	}
	l.failed.CompareAndSwap(nil, &err)
	return l.failure()
}

// tell hands the failure to the owner, who ends the process.
func (l *Ledger) tell(err error) { l.told.Do(func() { l.onFatal(err) }) }

// stop waits until everything queued is answered and nothing uses the database. It returns false when that was done
// before.
func (l *Ledger) stop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	close(l.queue)
	<-l.committed
	return true
}
