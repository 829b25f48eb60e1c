package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// A field that is read after the cell was found too short must not look as if it were there.
func TestReaderKeepsItsFirstError(t *testing.T) {
	r := read(cell.BeginCell().MustStoreUInt(0b1111_1111, 8).MustStoreRef(emptyCell()).EndCell())
	r.uint(32)
	first := r.err
	if first == nil {
		t.Fatal("32 bits were read from 8")
	}
	if r.bit() || r.uint(4) != 0 || r.ref() != nil || r.rest() != nil || !r.coins().IsZero() || r.bits256() != [32]byte{} || r.done() {
		t.Error("a field was read after the error")
	}
	if r.err != first {
		t.Errorf("error became %v", r.err)
	}
	if r := read(nil); r.err == nil || r.done() || r.bit() {
		t.Error("a missing cell was read")
	}
}
