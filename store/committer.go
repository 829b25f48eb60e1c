package store

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
)

// operation is one call of Do or DoSoon on its way through the committer.
type operation struct {
	run     func(guard.Tx) error
	patient bool // it waits for company
	err     error
	done    chan struct{}
}

// bug carries a panic from the committer to the caller of Do, who brought it.
type bug struct {
	value any
	stack []byte
}

func (b *bug) Error() string { return fmt.Sprintf("%v\n%s", b.value, b.stack) }

// batch is one transaction and the operations that ran on it.
type batch struct {
	txn     *badger.Txn
	recent  *recent
	writes  map[guard.Key][]byte // of the operations so far; nil deletes
	head    head
	party   string
	ops     []*operation
	bytes   int
	touched bool
	urgent  bool             // one of ops doesn't wait
	waited  <-chan time.Time // for company, long enough
	err     error
}

// commitLoop owns the ledger's head. It ends when the queue is closed and everything queued is answered.
func (l *Ledger) commitLoop() {
	defer close(l.committed)
	for first := range l.queue {
		l.settle(l.gather(first))
	}
}

// gather runs the first operation, and what comes while it may wait, on one transaction.
func (l *Ledger) gather(first *operation) *batch {
	b := &batch{txn: l.db.NewTransaction(true), recent: l.recent, writes: map[guard.Key][]byte{}, head: *l.head.Load(),
		party: l.party, err: l.failure()}
	for o := first; o != nil; o = l.next(b) {
		b.run(o)
		if len(b.ops) == maxBatch || b.bytes > maxBatchBytes {
			break
		}
	}
	return b
}

// next returns the batch's next operation, nil when it has to go: once nothing is queued, or, as long as all of it is
// patient, after linger.
func (l *Ledger) next(b *batch) *operation {
	select {
	case o := <-l.queue:
		return o
	default:
	}
	if b.urgent {
		return nil
	}
	if b.waited == nil {
		b.waited = time.After(linger)
	}
	select {
	case o := <-l.queue:
		return o
	case <-b.waited:
		return nil
	}
}

// run applies one operation: all of it, or nothing when it fails.
func (b *batch) run(o *operation) {
	b.ops, b.urgent = append(b.ops, o), b.urgent || !o.patient
	if b.err != nil {
		return
	}
	v := newOverlay(b)
	if o.err = call(o.run, v); o.err == nil {
		o.err = v.err
	}
	if o.err != nil || len(v.writes) == 0 {
		return
	}
	b.head.tree, b.touched = v.tree, true
	b.bytes += v.bytes
	b.err = b.merge(v)
}

// merge takes over an operation's writes.
func (b *batch) merge(v *overlay) error {
	for k, value := range v.writes {
		if err := write(b.txn, k, value); err != nil {
			return fmt.Errorf("write %q: %w", k, err)
		}
		b.writes[k] = value
	}
	return nil
}

// get returns the value of k as the operations so far left it.
func (b *batch) get(k guard.Key) ([]byte, error) {
	if v, ok := b.writes[k]; ok {
		return v, nil
	}
	if ours(k) {
		return read(b.txn, k)
	}
	at := b.txn.ReadTs()
	if v, ok := b.recent.get(k, at); ok {
		return v, nil
	}
	v, err := read(b.txn, k)
	if err == nil {
		b.recent.learn(k, v, at)
	}
	return v, err
}

// call runs op and turns a panic into an error.
func call(op func(guard.Tx) error, tx guard.Tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &bug{value: v, stack: debug.Stack()}
		}
	}()
	return op(tx)
}

// settle syncs the batch and answers its operations.
func (l *Ledger) settle(b *batch) {
	err := l.commit(b)
	if err != nil {
		err = l.fail(fmt.Errorf("commit: %w", err))
	}
	for _, o := range b.ops {
		if o.err == nil {
			o.err = err
		}
		close(o.done)
	}
	if err != nil {
		l.tell(err)
	}
}

func (l *Ledger) commit(b *batch) error {
	defer b.txn.Discard()
	if b.err != nil || !b.touched {
		return b.err
	}
	b.head.commits++
	if err := write(b.txn, headKey, b.head.marshal()); err != nil {
		return err
	}
	l.recent.forget(b.writes)
	if err := l.sync(b.txn); err != nil {
		return err
	}
	l.recent.learnAll(b.writes, l.version())
	l.head.Store(&b.head)
	l.moved()
	return nil
}

// version returns that of the last commit; nobody but the committer commits.
func (l *Ledger) version() uint64 {
	txn := l.db.NewTransaction(false)
	defer txn.Discard()
	return txn.ReadTs()
}
