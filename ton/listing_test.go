package ton

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// left is a stack, top first, of values in the order in which they are documented: addresses are slices, zero is none.
func left(values ...any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case int:
			out[i] = big.NewInt(int64(v))
		case bool:
			out[i] = new(big.Int)
			if v {
				out[i] = big.NewInt(-1)
			}
		case Address:
			b := cell.BeginCell()
			storeAddress(b, v)
			out[i] = b.ToSlice()
		default:
			out[i] = v
		}
	}
	slices.Reverse(out)
	return out
}

func auctionLeft(first any, ended, cancelled bool, more ...any) []any {
	values := []any{first, ended, 9, bob, ally, own, 5, bob, 3, pool, 1, 2, pool, 1, 4, 70, 4, 8, 8, cancelled}
	return left(append(values, more...)...)
}

// bids is an auction with a last bid, one that ends it, and a lowest one; a half and a quarter are fees.
func bids(last, most, least int) []any {
	return left(magicAuction, false, 9, bob, ally, own, last, bob, 3, pool, 1, 2, pool, 1, 4, most, least, 8, 8, false)
}

func sold(seller Address, price, fees uint64) Listing {
	return Listing{Item: ally, Seller: seller, Market: bob, Price: NanoOf(price), Fees: NanoOf(fees)}
}

func TestListingsOfEveryVersionAreRead(t *testing.T) {
	none := Address{}
	dict := emptyCell()
	for name, c := range map[string]struct {
		role   Role
		getter string
		left   []any
		want   Listing // zero: refused
	}{
		"sale 3":                      {RoleSale, "get_sale_data", left(magicSale, false, 1, bob, ally, own, 60, pool, 2, pool, 3), sold(own, 60, 5)},
		"sale 3, not listed":          {RoleSale, "get_sale_data", left(magicSale, false, 1, bob, ally, none, 60, pool, 2, none, 3), sold(none, 60, 5)},
		"sale 3, over":                {RoleSale, "get_sale_data", left(magicSale, true, 1, bob, ally, own, 60, pool, 1, pool, 1), Listing{}},
		"sale 3, without fees":        {RoleSale, "get_sale_data", left(magicSale, false, 1, bob, ally, own, 60, pool, 2, pool), Listing{}},
		"auction as a sale":           {RoleAuction, "get_sale_data", auctionLeft(magicSale, false, false), Listing{}},
		"sale 4":                      {RoleSale, "get_fix_price_data_v4", left(false, 1, bob, ally, own, 60, pool, 5_000, pool, 2_500, 0, 0, nil), sold(own, 60, 3+1)},
		"sale 4, also for jettons":    {RoleSale, "get_fix_price_data_v4", left(false, 1, bob, ally, own, 60, pool, 0, pool, 0, 0, 0, dict), Listing{Item: ally, Seller: own, Market: bob, Price: NanoOf(60), Jettons: true}},
		"sale 4, in jettons":          {RoleSale, "get_fix_price_data_v4", left(false, 1, bob, ally, own, 0, pool, 1, pool, 1, 0, 0, dict), Listing{Item: ally, Seller: own, Market: bob, Jettons: true}},
		"sale 4, over":                {RoleSale, "get_fix_price_data_v4", left(true, 1, bob, ally, own, 60, pool, 1, pool, 1, 0, 0, dict), Listing{}},
		"sale 4, cut":                 {RoleSale, "get_fix_price_data_v4", left(false, 1, bob, ally, own), Listing{}},
		"sale 4, no prices":           {RoleSale, "get_fix_price_data_v4", left(false, 1, bob, ally, own, 60, pool, 1, pool, 1, 0, 0), Listing{}},
		"auction 3":                   {RoleAuction, "get_sale_data", bids(0, 70, 40), sold(own, 40, 20+10)},
		"auction 3, ends below":       {RoleAuction, "get_sale_data", bids(0, 20, 40), sold(own, 20, 10+5)},
		"auction 3, a bid is there":   {RoleAuction, "get_sale_data", bids(1, 70, 40), sold(own, 1, 0)},
		"auction 3, never ends":       {RoleAuction, "get_sale_data", bids(0, 0, 40), sold(own, 40, 20+10)},
		"auction 3, over":             {RoleAuction, "get_sale_data", auctionLeft(magicAuction, true, false), Listing{}},
		"auction 3, cancelled":        {RoleAuction, "get_sale_data", auctionLeft(magicAuction, false, true), Listing{}},
		"sale as an auction":          {RoleSale, "get_sale_data", auctionLeft(magicAuction, false, false), Listing{}},
		"auction 4":                   {RoleAuction, "get_auction_data_v4", auctionLeft(true, false, false, 60, 0, none, none, false, 0), sold(own, 4, 2+1)},
		"auction 4, bids in jettons":  {RoleAuction, "get_auction_data_v4", auctionLeft(true, false, false, 60, 0, pool, pool, false, 0), Listing{}},
		"auction 4, cancelled":        {RoleAuction, "get_auction_data_v4", auctionLeft(true, false, true, 60, 0, none, none, false, 0), Listing{}},
		"a version nobody knows":      {RoleSale, "get_sale_data_v9", nil, Listing{}},
		"a role that has no listings": {RolePool, "get_sale_data", left(magicSale, false, 1, bob, ally, own, 60), Listing{}},
	} {
		got, err := ReadListing(c.role, func(method string) ([]any, error) {
			if method != c.getter {
				return nil, &ExitError{method, 11}
			}
			return c.left, nil
		})
		if (err != nil) != (c.want == Listing{}) || err == nil && got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	broken := errors.New("broken")
	if _, err := ReadListing(RoleSale, func(string) ([]any, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a getter that fails: %v", err)
	}
}

func TestResultsAreOfTheirKind(t *testing.T) {
	item := func(values ...any) error {
		_, err := ReadItem(left(values...))
		return err
	}
	anycast := cell.BeginCell().MustStoreUInt(0b101, 3).MustStoreSlice(make([]byte, 40), 300).ToSlice()
	for name, c := range map[string]struct {
		err error
		ok  bool
	}{
		"item":                      {item(true, 1, pool, own, emptyCell()), true},
		"item of nobody":            {item(true, 1, pool, Address{}, emptyCell()), true},
		"item, not made":            {item(false, 1, pool, own, emptyCell()), false},
		"item, cut":                 {item(true, 1, pool), false},
		"item, a cell for a number": {item(true, emptyCell(), pool, own, emptyCell()), false},
		"item, a cell for an owner": {item(true, 1, pool, emptyCell(), emptyCell()), false},
		"item, no owner at all":     {item(true, 1, pool, nil, emptyCell()), false},
		"item, anycast":             {item(true, 1, pool, anycast, emptyCell()), false},
		"item, more than an owner":  {item(true, 1, pool, cell.BeginCell().MustStoreAddr(toTonutils(own)).MustStoreUInt(0, 1).ToSlice(), emptyCell()), false},
	} {
		if (c.err == nil) != c.ok {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	for name, v := range map[string]any{"negative": -1, "NaN": (*big.Int)(nil), "too large": new(big.Int).Lsh(big.NewInt(1), 120)} {
		r := ReadResults(left(v))
		if n := r.Amount(); r.Err() == nil {
			t.Errorf("%s: %s", name, n)
		}
	}
}
