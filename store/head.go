package store

import (
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard/audit"
)

// head is what every transaction of the ledger advances.
type head struct {
	commits uint64 // transactions that wrote anything, so that losing one without audit entries is found too
	tree    audit.Tree
}

// headRecord is the stored form of head.
type headRecord struct {
	_       struct{} `cbor:",toarray"`
	V       uint8
	Commits uint64
	Tree    []byte
}

func (h head) marshal() []byte {
	return digest.Encode(headRecord{V: 1, Commits: h.commits, Tree: h.tree.Marshal()})
}

// readHead returns the stored head, the zero head of an empty ledger when there is none.
func readHead(txn *badger.Txn) (head, error) {
	b, err := read(txn, headKey)
	if err != nil || b == nil {
		return head{}, err
	}
	var r headRecord
	if err := digest.Decode(b, &r); err != nil {
		return head{}, fmt.Errorf("decode head: %w", err)
	}
	if r.V != 1 {
		return head{}, fmt.Errorf("decode head: version %d is not 1", r.V)
	}
	h := head{commits: r.Commits}
	return h, h.tree.Unmarshal(r.Tree)
}
