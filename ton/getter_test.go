package ton

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

func libraryCell(t *testing.T, of *cell.Cell) *cell.Cell {
	t.Helper()
	c, err := cell.BeginCell().MustStoreUInt(uint64(cell.LibraryCellType), 8).MustStoreSlice(of.Hash(), 256).EndCellSpecial(true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGetterRunsCodeThatIsALibrary(t *testing.T) {
	w := testWallet(t)
	e, err := NewEmulator(DevConfig())
	if err != nil {
		t.Fatal(err)
	}
	acc := mustAccount(t, w.Address, shardOf(t, w.Address, ton1, libraryCell(t, layoutV5.code), dataV5R1(w.ID, 9, w.PublicKey)))
	hashes, err := acc.Libraries()
	if err != nil || len(hashes) != 1 || hashes[0] != [32]byte(layoutV5.code.HashKey()) {
		t.Fatalf("libraries: %x, %v", hashes, err)
	}
	known, err := acc.WithLibraries([]*cell.Cell{layoutV5.code})
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.RunGetter(known, mainnet, "seqno")
	if err != nil || len(out) != 1 || out[0].(*big.Int).Int64() != 9 {
		t.Errorf("seqno: %v, %v", out, err)
	}
	for name, libraries := range map[string][]*cell.Cell{"none": nil, "another": {emptyCell()}} {
		known, err := known.WithLibraries(libraries)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := e.RunGetter(known, mainnet, "seqno"); err == nil {
			t.Errorf("%s: %v", name, out)
		}
	}
	if _, err := acc.WithLibraries([]*cell.Cell{nil}); err == nil {
		t.Error("a library that is nothing")
	}
}

func TestLibrariesOfACodeAreCapped(t *testing.T) {
	code := cell.BeginCell().MustStoreUInt(0xf800, 16)
	data := emptyCell()
	for i := range maxLibraries + 1 {
		lib := libraryCell(t, cell.BeginCell().MustStoreUInt(uint64(i), 8).EndCell())
		data = cell.BeginCell().MustStoreRef(data).MustStoreRef(lib).EndCell()
	}
	acc := mustAccount(t, bob, shardOf(t, bob, ton1, code.EndCell(), data))
	if found, err := acc.Libraries(); err == nil {
		t.Errorf("%d libraries", len(found))
	}
}

func TestGetterEndsWithItsGas(t *testing.T) {
	w := testWallet(t)
	e, err := NewEmulator(DevConfig())
	if err != nil {
		t.Fatal(err)
	}
	loop := cell.BeginCell().MustStoreUInt(0x90ea, 16).EndCell() // an empty continuation, AGAIN
	for name, acc := range map[string]Account{
		"a loop": mustAccount(t, bob, shardOf(t, bob, ton1, loop, emptyCell())),
		"uninit": uninit(t, bob, ton1),
		"absent": mustAccount(t, bob, nil),
	} {
		if out, err := e.RunGetter(acc, mainnet, "seqno"); err == nil {
			t.Errorf("%s: %v", name, out)
		} else if name == "a loop" && !strings.Contains(err.Error(), "exit code -14") {
			t.Errorf("a loop: %v", err)
		}
	}
	if out, err := e.RunGetter(active(t, w, ton1, 1), mainnet, "seqno", 5); err == nil {
		t.Errorf("an argument of Go's own: %v", out)
	}
}

// A getter may leave as much as its gas pays for.
func TestGetterThatLeavesTooMuchIsAnError(t *testing.T) {
	const drop, pushInt = 0x30, 0x70
	first := append([]byte{drop}, bytes.Repeat([]byte{pushInt}, 126)...)
	code := cell.BeginCell().EndCell()
	for range 3 {
		code = cell.BeginCell().MustStoreSlice(bytes.Repeat([]byte{pushInt}, 127), 127*8).MustStoreRef(code).EndCell()
	}
	code = cell.BeginCell().MustStoreSlice(first, 127*8).MustStoreRef(code).EndCell()
	acc := mustAccount(t, bob, shardOf(t, bob, ton1, code, emptyCell()))
	if out, err := devEmulator(t).RunGetter(acc, mainnet, "any"); err == nil || !strings.Contains(err.Error(), "values, at most") {
		t.Errorf("%d values, %v", len(out), err)
	}
}
