package chain

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestGetterRunsHereWhateverTheLiteserverSays(t *testing.T) {
	w := newWorld(t)
	w.lie = on(func(_ any, r *lite.RunMethodResult) {
		stack := tlb.NewStack()
		stack.Push(big.NewInt(77))
		r.Result, _ = stack.ToCell()
	})
	c := New(w.LiteClient(), provenBy(w.Chain))
	out, err := c.RunGetter(t.Context(), w.wallet.Address, "seqno")
	if err != nil || len(out) != 1 || out[0].(*big.Int).Int64() != 1 {
		t.Fatalf("seqno: %v, %v", out, err)
	}
	out, err = c.RunGetter(t.Context(), w.wallet.Address, "get_public_key")
	if err != nil || !bytes.Equal(out[0].(*big.Int).FillBytes(make([]byte, 32)), w.wallet.PublicKey[:]) {
		t.Errorf("public key: %v, %v", out, err)
	}
	api := w.secure()
	b, err := api.GetMasterchainInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := api.RunGetMethod(t.Context(), b, friendly(w.wallet.Address), "seqno"); err != nil || r.MustInt(0).Int64() != 77 {
		t.Fatalf("the lie, as the unmodified client believes it: %v, %v", r, err)
	}
}

func TestGetterThatCannotRunIsAnError(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	for name, run := range map[string]func() ([]any, error){
		"of nobody":        func() ([]any, error) { return c.RunGetter(t.Context(), ton.Address{Hash: [32]byte{3}}, "seqno") },
		"of no code":       func() ([]any, error) { return c.RunGetter(t.Context(), ton.Address{Hash: [32]byte{16}}, "seqno") },
		"that isn't there": func() ([]any, error) { return c.RunGetter(t.Context(), w.wallet.Address, "no_such_method") },
		"of odd arguments": func() ([]any, error) { return c.RunGetter(t.Context(), w.wallet.Address, "seqno", "one") },
	} {
		if out, err := run(); err == nil {
			t.Errorf("%s: %v", name, out)
		}
	}
}

func TestLibrariesAreCheckedByHash(t *testing.T) {
	lib := cell.BeginCell().MustStoreUInt(5, 8).EndCell()
	other := cell.BeginCell().MustStoreUInt(6, 8).EndCell()
	wrapped := cell.BeginCell().MustStoreRef(lib).EndCell()
	answer := func(c *cell.Cell) lite.LibraryResult {
		return lite.LibraryResult{Result: []*lite.LibraryEntry{{Hash: lib.Hash(), Data: c.ToBOC()}}}
	}
	for name, c := range map[string]*cell.Cell{"itself": lib, "wrapped": wrapped} {
		if got, err := readLibraries(answer(c)); err != nil || got[lib.HashKey()] == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := readLibraries(answer(other)); err != nil || got[lib.HashKey()] != nil {
		t.Errorf("another cell is taken for the library: %v", err)
	}
}

func TestLibrariesAreAskedForByHash(t *testing.T) {
	w := newWorld(t)
	lib := cell.BeginCell().MustStoreUInt(5, 8).EndCell()
	w.lie = func(query, answer any) any {
		q, ok := query.(lite.GetLibraries)
		if !ok {
			return answer
		}
		if len(q.LibraryList) != 1 || !bytes.Equal(q.LibraryList[0], lib.Hash()) {
			return lite.LibraryResult{}
		}
		return lite.LibraryResult{Result: []*lite.LibraryEntry{{Hash: lib.Hash(), Data: lib.ToBOC()}}}
	}
	c := New(w.LiteClient(), provenBy(w.Chain))
	got, err := c.libraries(t.Context(), [][32]byte{[32]byte(lib.Hash())})
	if err != nil || len(got) != 1 || got[0].HashKey() != lib.HashKey() {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err = c.libraries(t.Context(), [][32]byte{{1}}); err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("a library that the liteserver hasn't, or nobody: %v", err)
	}
}

func TestEmulatorIsMadeAgainWhenAKeyBlockComes(t *testing.T) {
	chain := newKeyed(t)
	c := New(chain.LiteClient(), provenBy(chain))
	one := func() *ton.Emulator {
		if _, err := c.Head(t.Context()); err != nil {
			t.Fatal(err)
		}
		e, err := c.emulator(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := one()
	chain.Tick()
	if one() != first {
		t.Error("a new one without a key block")
	}
	chain.Tick()
	if one() == first {
		t.Error("the configuration of a new key block isn't read")
	}
}
