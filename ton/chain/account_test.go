package chain

import (
	"errors"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestFalseAccountStatesAreRefused(t *testing.T) {
	chain := newChain(t)
	s, other := newSigner(t, 1), newSigner(t, 2)
	fund(t, chain, s.Address, "1")
	fund(t, chain, other.Address, "1000")
	var theirs, before lite.AccountState
	account(t, lying(chain, func(a *lite.AccountState) { before = *a }), s.Address)
	fund(t, chain, s.Address, "1")
	account(t, lying(chain, func(a *lite.AccountState) { theirs = *a }), other.Address)
	for name, lie := range map[string]func(*lite.AccountState){
		"of another block":       func(a *lite.AccountState) { a.ID = a.ID.Copy(); a.ID.SeqNo-- },
		"of another account":     func(a *lite.AccountState) { a.Proof, a.State = theirs.Proof, theirs.State },
		"hidden":                 func(a *lite.AccountState) { a.State = nil },
		"another than the shard": func(a *lite.AccountState) { a.State = theirs.State },
		"an earlier one":         func(a *lite.AccountState) { a.State = before.State },
		"not in the shard":       func(a *lite.AccountState) { a.Proof = theirs.Proof },
		"without proof":          func(a *lite.AccountState) { a.Proof = nil },
		"proof of nothing":       func(a *lite.AccountState) { a.Proof = []*cell.Cell{a.Proof[0], a.Proof[0]} },
		"proof of a leaf": func(a *lite.AccountState) {
			a.Proof[1] = cell.BeginCell().MustStoreRef(a.Proof[0]).EndCell()
		},
	} {
		_, err := lying(chain, lie).Account(t.Context(), s.Address)
		refused(t, name, err)
	}
}

func TestStateOfAnotherNetworkIsRefused(t *testing.T) {
	cfg := config
	cfg.GlobalID = -239
	if _, err := New(newChain(t).LiteClient(), cfg).Account(t.Context(), ton.Address{}); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
}

func TestStateBehindTheNewestBlockIsRefused(t *testing.T) {
	chain := newChain(t)
	shard := account(t, New(chain.LiteClient(), config), ton.Address{})
	acc, err := lying(chain, func(i *lite.MasterchainInfoExt) { i.LastUTime += 60 }).Account(t.Context(), ton.Address{})
	if err != nil || !acc.Time.Equal(shard.Time) {
		t.Errorf("60 seconds: state of %v, want %v, %v", acc.Time, shard.Time, err)
	}
	_, err = lying(chain, func(i *lite.MasterchainInfoExt) { i.LastUTime += 61 }).Account(t.Context(), ton.Address{})
	refused(t, "61 seconds", err)
}
