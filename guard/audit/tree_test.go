package audit

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// storedHashes is tlog's own log, in memory.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

func TestTreeEqualsTlogAtEverySize(t *testing.T) {
	var tree Tree
	var stored storedHashes
	for n := range int64(1001) {
		want, err := tlog.TreeHash(n, stored)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			want = tlog.Hash{}
		}
		if tree.Size() != uint64(n) || tree.Root() != [32]byte(want) {
			t.Fatalf("size %d: root %x, tlog has %x", tree.Size(), tree.Root(), want)
		}
		record := fmt.Appendf(nil, "entry %d", n)
		more, err := tlog.StoredHashes(n, record, stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		tree.Append(Leaf(record))
	}
}

func TestTreeGoesOnAfterUnmarshal(t *testing.T) {
	var whole Tree
	for n := range 300 {
		var again Tree
		if err := again.Unmarshal(whole.Marshal()); err != nil {
			t.Fatalf("size %d: %v", n, err)
		}
		leaf := Leaf(fmt.Appendf(nil, "%d", n))
		again.Append(leaf)
		whole.Append(leaf)
		if again.Root() != whole.Root() || again.Size() != whole.Size() {
			t.Fatalf("size %d: the stored tree went another way", n+1)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	var tree Tree
	for range 5 {
		tree.Append(Leaf([]byte("a")))
	}
	before, other := tree.Root(), tree.Clone()
	for range 11 {
		other.Append(Leaf([]byte("b")))
	}
	if tree.Root() != before || tree.Size() != 5 {
		t.Error("appending to a clone changed the tree")
	}
}

func TestUnmarshalRefusesEveryFlippedBit(t *testing.T) {
	var tree Tree
	for range 7 {
		tree.Append(Leaf([]byte("a")))
	}
	good := tree.Marshal()
	for i := range len(good) * 8 {
		bad := append([]byte{}, good...)
		bad[i/8] ^= 1 << (i % 8)
		var got Tree
		if got.Unmarshal(bad) == nil {
			t.Errorf("bit %d flipped: accepted", i)
		}
	}
}

func FuzzUnmarshalTree(f *testing.F) {
	var tree Tree
	f.Add(tree.Marshal())
	tree.Append(Leaf(nil))
	f.Add(tree.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		var got Tree
		if got.Unmarshal(b) == nil && !bytes.Equal(got.Marshal(), b) {
			t.Error("accepted in another form than its own")
		}
		before := got.Size()
		got.Append(Leaf(b))
		if got.Size() != before+1 || got.Root() == [32]byte{} {
			t.Error("an unusable tree was accepted")
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var tree Tree
	entry := make([]byte, 512)
	for b.Loop() {
		tree.Append(Leaf(entry))
	}
}
