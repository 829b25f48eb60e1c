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
	b := &batch{txn: l.db.NewTransaction(true), head: *l.head.Load(), party: l.party, err: l.failure()}
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
	v := newOverlay(b.txn, b.party, b.head.tree)
	if o.err = call(o.run, v); o.err == nil {
		o.err = v.err
	}
	if o.err != nil || len(v.writes) == 0 {
		return
	}
	b.head.tree, b.touched = v.tree, true
	b.bytes += v.bytes
	b.err = v.merge()
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
	if err := l.sync(b.txn); err != nil {
		return err
	}
	l.head.Store(&b.head)
	l.moved()
	return nil
}
