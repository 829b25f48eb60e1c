package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tonaiagent/mpcnode/digest"
)

// Leaf returns the hash of an encoded entry as a leaf of the log (RFC 6962 section 2.1).
func Leaf(encoded []byte) [32]byte { return tlog.RecordHash(encoded) }

// Tree is the right edge of a Merkle log: the roots of its perfect subtrees, from the left (largest) to the right, one
// for each bit that is set in the size. The zero Tree is the empty log. Copy a Tree with Clone only.
type Tree struct {
	size uint64
	edge []tlog.Hash
}

// Append adds one leaf.
func (t *Tree) Append(leaf [32]byte) {
	h := tlog.Hash(leaf)
	// Each perfect subtree that is complete now, one for each trailing 1 of the size, becomes the left half of the next.
	for range bits.TrailingZeros64(^t.size) {
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
	}
	t.edge = append(t.edge, h)
	t.size++
}

// Size returns the number of leaves.
func (t Tree) Size() uint64 { return t.size }

// Root returns the tree hash of RFC 6962 section 2.1. That of the empty log is the zero hash, as tlog has it, and not
// the SHA-256 of nothing.
func (t Tree) Root() [32]byte {
	if t.size == 0 {
		return [32]byte{}
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

// Clone returns a copy that shares nothing with t.
func (t Tree) Clone() Tree {
	return Tree{size: t.size, edge: append(make([]tlog.Hash, 0, len(t.edge)+1), t.edge...)}
}

// treeRecord is the stored form of a Tree. Check is the hash of the record without it, and finds damage; it is no
// signature.
type treeRecord struct {
	_     struct{} `cbor:",toarray"`
	V     uint8
	Size  uint64
	Edge  [][32]byte
	Check [32]byte
}

func (r treeRecord) check() [32]byte {
	r.Check = [32]byte{}
	return sha256.Sum256(digest.Encode(r))
}

// Marshal returns the tree's stored form.
func (t Tree) Marshal() []byte {
	edge := make([][32]byte, len(t.edge))
	for i, h := range t.edge {
		edge[i] = h
	}
	r := treeRecord{V: 1, Size: t.size, Edge: edge}
	r.Check = r.check()
	return digest.Encode(r)
}

// Unmarshal reads the stored form into t; on an error t is unchanged.
func (t *Tree) Unmarshal(b []byte) error {
	var r treeRecord
	if err := digest.Decode(b, &r); err != nil {
		return fmt.Errorf("decode tree: %w", err)
	}
	if r.V != 1 {
		return fmt.Errorf("decode tree: version %d is not 1", r.V)
	}
	if r.Check != r.check() || !bytes.Equal(digest.Encode(r), b) {
		return errors.New("decode tree: damaged")
	}
	if len(r.Edge) != bits.OnesCount64(r.Size) {
		return fmt.Errorf("decode tree: %d subtrees at size %d", len(r.Edge), r.Size)
	}
	got := Tree{size: r.Size, edge: make([]tlog.Hash, len(r.Edge))}
	for i, h := range r.Edge {
		got.edge[i] = h
	}
	*t = got
	return nil
}
