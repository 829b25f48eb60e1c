package chain

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/ton"
)

// prunings are all trees in which one cell of c is pruned away. Each has c's hash.
func prunings(t testing.TB, c *cell.Cell) (all []*cell.Cell) {
	t.Helper()
	for i := range int(c.RefsNum()) {
		below := c.MustPeekRef(i)
		if below.GetType() == cell.PrunedCellType {
			continue
		}
		away, err := cell.CreatePrunedBranch(below, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range append(prunings(t, below), away) {
			all = append(all, withRef(t, c, i, other))
		}
	}
	return all
}

// withRef is c with another cell in one place.
func withRef(t testing.TB, c *cell.Cell, i int, ref *cell.Cell) *cell.Cell {
	t.Helper()
	refs := make([]*cell.Cell, c.RefsNum())
	for k := range refs {
		refs[k] = c.MustPeekRef(k)
	}
	refs[i] = ref
	out, err := c.RebuildWithRefs(refs)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Hash(0), c.Hash(0)) {
		t.Fatal("pruning changed the hash")
	}
	return out
}

// proofs are all proofs that show less than p by one cell, or by two.
func proofs(t testing.TB, p *cell.Cell) (all []*cell.Cell) {
	t.Helper()
	once := prunings(t, p.MustPeekRef(0))
	for _, body := range once {
		once = append(once, prunings(t, body)...)
	}
	for _, body := range once {
		proof, err := cell.CreateMerkleProof(body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, proof)
	}
	return all
}

// A proof says that there is no account only by the cells around the place where it would be. So one liteserver can't hide
// an account from a node, whatever it prunes, and no second one is needed to believe that an account is absent.
func TestNoPruningHidesAnAccount(t *testing.T) {
	w := newWorld(t)
	tried := 0
	hide := func(of func(*lite.AccountState) []*cell.Cell, i int) {
		honest := w.state(t, w.Chain, w.wallet.Address)
		for _, proof := range proofs(t, of(&honest)[i]) {
			for _, state := range []*cell.Cell{nil, honest.State} {
				w.lie = on(func(_ any, s *lite.AccountState) {
					s.State, s.Proof, s.ShardProof = state, slices.Clone(s.Proof), slices.Clone(s.ShardProof)
					of(s)[i] = proof
				})
				acc, err := New(w.LiteClient(), provenBy(w.Chain)).Account(t.Context(), w.wallet.Address)
				if err == nil && (state == nil || acc.Status != ton.StatusActive || acc.Seqno != 1) {
					t.Fatalf("taken for %v with seqno %d", acc.Status, acc.Seqno)
				}
				if tried++; err != nil && !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			}
		}
		w.lie = nil
	}
	for i := range 2 {
		hide(func(s *lite.AccountState) []*cell.Cell { return s.Proof }, i)
		hide(func(s *lite.AccountState) []*cell.Cell { return s.ShardProof }, i)
	}
	if tried < 500 {
		t.Errorf("only %d proofs were tried", tried)
	}
	t.Logf("%d pruned proofs hide nothing", tried)
}
