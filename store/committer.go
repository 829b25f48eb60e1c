package store

import (
	"fmt"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard"
)

// operation is one call of Do on its way through the committer.
type operation struct {
	run  func(guard.Tx) error
	err  error
	done chan struct{}
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
	err     error
}

// commitLoop owns the ledger's head. It ends when the queue is closed and everything queued is answered.
func (l *Ledger) commitLoop() {
	defer close(l.committed)
	for first := range l.queue {
		l.settle(l.gather(first))
	}
}

// gather runs the first operation, and what is queued behind it without waiting, on one transaction.
func (l *Ledger) gather(first *operation) *batch {
	b := &batch{txn: l.db.NewTransaction(true), head: *l.head.Load(), party: l.party, err: l.failure()}
	for o := first; o != nil; o = l.next() {
		b.run(o)
		if len(b.ops) == maxBatch || b.bytes > maxBatchBytes {
			break
		}
	}
	return b
}

// next returns a queued operation, nil when there is none.
func (l *Ledger) next() *operation {
	select {
	case o := <-l.queue:
		return o
	default:
		return nil
	}
}

// run applies one operation: all of it, or nothing when it fails.
func (b *batch) run(o *operation) {
	b.ops = append(b.ops, o)
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
