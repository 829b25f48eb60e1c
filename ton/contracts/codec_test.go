package contracts

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestSpendIsDecodedAsBuilt(t *testing.T) {
	w := newWallet(t, testState(), 5*one)
	for _, body := range []*cell.Cell{nil, comment("rent"), w.transfer(7, nil)} {
		s := w.spend(bob, one, body)
		got, err := ton.DecodeSpend(s.Cell().ToBOC())
		if err != nil || got.SigningHash() != s.SigningHash() || got.Amount != s.Amount || got.To != s.To || !got.ValidUntil.Equal(s.ValidUntil) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestOrdersAreDecodedAsBuilt(t *testing.T) {
	s := testState()
	for _, o := range []Order{
		SetPolicy{QueryID: 1, Config: s.Config, Rules: s.Rules}, SetSpender{QueryID: 2, Spender: bob}, Freeze{QueryID: 3}, Unfreeze{QueryID: 4},
		OwnerSend{QueryID: 5, Mode: 3, Msg: outMessage(bob, one)},
	} {
		got, err := DecodeOrder(o.Cell())
		if err != nil || reflect.TypeOf(got) != reflect.TypeOf(o) || got.Cell().HashKey() != o.Cell().HashKey() {
			t.Errorf("%T: %+v, %v", o, got, err)
		}
		if got, err := DecodeOrder(o.Cell().ToBuilder().MustStoreBoolBit(true).EndCell()); err == nil {
			t.Errorf("%T with a bit more: %+v", o, got)
		}
	}
}

func TestCheckRefusesTheZeroValues(t *testing.T) {
	if err := Check(Account{}, Spend{}, testNow); err == nil {
		t.Error("nothing was allowed to spend nothing")
	}
	w := newWallet(t, testState(), 5*one)
	if err := Check(w.asSeen(), Spend{}, testNow); err == nil {
		t.Error("the zero spend passed")
	}
	for _, at := range []time.Time{{}, time.Unix(-1, 0), time.Unix(1<<32, 0)} {
		s := w.spend(bob, one, nil)
		s.ValidUntil = at
		var refusal *Refusal
		if err := Check(w.asSeen(), s, testNow); !errors.As(err, &refusal) || refusal.Exit != ExitCut {
			t.Errorf("a time that does not fit the payload: %v", err)
		}
	}
}

func TestWalletIDOfSubwallets(t *testing.T) {
	if id, err := WalletID(-239, 0); err != nil || id != 0x7fffff11 {
		t.Errorf("%08x, %v", id, err)
	}
	if id, err := WalletID(-3, maxSubwallet+1); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("%08x, %v", id, err)
	}
}

// What comes from outside is read or refused; it never panics, and what was read encodes to the same cell.
func FuzzDecode(f *testing.F) {
	s := testState()
	f.Add(s.Data().ToBOC())
	f.Add(SetPolicy{Config: s.Config, Rules: s.Rules}.Cell().ToBOC())
	f.Add(Spend{Body: op(1), ValidUntil: testNow}.Cell().ToBOC())
	f.Fuzz(func(t *testing.T, boc []byte) {
		if s, err := ton.DecodeSpend(boc); err == nil {
			if c, err := cell.FromBOC(boc); err != nil || c.HashKey() != s.Cell().HashKey() {
				t.Errorf("spend %+v is not what was read", s)
			}
		}
		if len(boc) > 60<<10 {
			return
		}
		c, err := cell.FromBOCWithOptions(boc, cell.BOCParseOptions{MaxCells: 4096})
		if err != nil {
			return
		}
		if s, err := ReadState(c); err == nil && s.Data().HashKey() != c.HashKey() {
			t.Errorf("state %+v is not what was read", s)
		}
		if o, err := DecodeOrder(c); err == nil && o.Cell().HashKey() != c.HashKey() {
			t.Errorf("order %+v is not what was read", o)
		}
	})
}

func TestRefusalsNameTheExitCode(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want Exit
	}{
		"no message": {OwnerSend{Mode: 3}.Check(testState()), ExitCut}, "destroying": {OwnerSend{Mode: 32, Msg: op(0)}.Check(testState()), ExitMode},
	} {
		var refusal *Refusal
		if !errors.As(c.err, &refusal) || refusal.Exit != c.want {
			t.Errorf("%s: %v, want exit %d", name, c.err, c.want)
		}
	}
}

// An amount written longer than needed would be another cell for the same policy.
func TestDecodeOrderWantsCanonicalNumbers(t *testing.T) {
	c := testState().Config
	b := cell.BeginCell().MustStoreUInt(uint64(c.WalletID), 32).MustStoreSlice(c.Spender[:], 256).MustStoreUInt(2, 4).MustStoreUInt(1, 16)
	storeCoins(storeCoins(b, c.PerDay), c.Reserve).MustStoreUInt(1, 16).MustStoreUInt(1, 32).MustStoreMaybeRef(nil)
	if o, err := DecodeOrder(order(ton.OrderSetPolicy, 1).MustStoreRef(b.EndCell()).MustStoreMaybeRef(nil).EndCell()); err == nil {
		t.Errorf("%+v", o)
	}
}
