package store

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/guard/audit"
)

// verify compares the ledger with its anchor. It rehashes the entries from a stored edge at or before the anchored size
// (and at least edgeEvery entries back from the end) to the end of the log: the root on the way, at the anchored size,
// must be the anchored one, and the root at the end the head's. Both follow from one edge, so the log is the anchored
// one with entries added.
func verify(ctx context.Context, txn *badger.Txn, a anchor) (head, error) {
	h, err := readHead(txn)
	if err != nil {
		return head{}, sealed("the ledger's head is unreadable: %v", err)
	}
	if h.commits < a.commits || h.tree.Size() < a.size {
		return head{}, sealed("the ledger is behind its anchor: %d of %d transactions, %d of %d audit entries",
			h.commits, a.commits, h.tree.Size(), a.size)
	}
	tree, err := startEdge(txn, a, h)
	if err != nil {
		return head{}, err
	}
	if err := replay(ctx, txn, &tree, a, h.tree.Size()); err != nil {
		return head{}, err
	}
	if tree.Root() != h.tree.Root() {
		return head{}, sealed("the last audit entries don't hash to the ledger's head")
	}
	return h, nothingAfter(txn, h)
}

// startEdge returns the stored edge that the replay starts from.
func startEdge(txn *badger.Txn, a anchor, h head) (audit.Tree, error) {
	start := min(a.size, h.tree.Size()-min(h.tree.Size(), edgeEvery))
	start -= start % edgeEvery
	var tree audit.Tree
	if start == 0 {
		return tree, nil
	}
	b, err := read(txn, edgeKey(start))
	if err == nil {
		err = tree.Unmarshal(b)
	}
	if err != nil {
		return audit.Tree{}, sealed("the edge of the audit log at %d is unreadable: %v", start, err)
	}
	if tree.Size() != start {
		return audit.Tree{}, sealed("the edge of the audit log at %d is of another size", start)
	}
	return tree, nil
}

// replay appends the stored entries up to size to the tree, and compares it with the anchor where they meet.
func replay(ctx context.Context, txn *badger.Txn, tree *audit.Tree, a anchor, size uint64) error {
	for {
		if tree.Size() == a.size && tree.Root() != a.root {
			return sealed("the first %d audit entries are not those of the anchor", a.size)
		}
		seq := tree.Size()
		if seq == size {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("rehash the audit log: %w", err)
		}
		b, err := read(txn, entryKey(seq))
		if err != nil {
			return sealed("audit entry %d is unreadable: %v", seq, err)
		}
		if b == nil {
			return sealed("audit entry %d is missing", seq)
		}
		tree.Append(audit.Leaf(b))
	}
}

func nothingAfter(txn *badger.Txn, h head) error {
	b, err := read(txn, entryKey(h.tree.Size()))
	if err != nil {
		return sealed("the end of the audit log is unreadable: %v", err)
	}
	if b != nil {
		return sealed("there is an audit entry after the last of the ledger's head")
	}
	return nil
}

// sealed returns an ErrSealed with what an operator can do.
func sealed(format string, args ...any) error {
	return fmt.Errorf("%w: %s; keep the directory as it is, and go on from the newest copy only after the other parties have confirmed its head",
		ErrSealed, fmt.Sprintf(format, args...))
}
