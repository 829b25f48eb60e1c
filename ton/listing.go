package ton

import (
	"errors"
	"fmt"
)

// Listing is what a sale or an auction of getgems says about itself (github.com/getgems-io/nft-contracts).
type Listing struct {
	Item   Address
	Seller Address // zero: whoever sends the item
	Price  Nano    // what buys it at once; 0: nothing, or not in native coins
}

// listingGetters are the get methods by which sales and auctions show themselves, the newest version first.
var listingGetters = map[Role][]listingGetter{
	RoleSale:    {{"get_fix_price_data_v4", readSaleV4}, {"get_sale_data", readSaleV3}},
	RoleAuction: {{"get_auction_data_v4", readAuctionV4}, {"get_sale_data", readAuctionV3}},
}

type listingGetter struct {
	method string
	read   func(*Results) Listing
}

// ReadListing finds out about a sale or an auction with get, which runs one of its get methods. It is an error when
// there is nothing to buy any more.
func ReadListing(role Role, get func(method string) ([]any, error)) (Listing, error) {
	for _, g := range listingGetters[role] {
		top, err := get(g.method)
		if NoSuchMethod(err) {
			continue
		}
		if err != nil {
			return Listing{}, err
		}
		r := ReadResults(top)
		l := g.read(r)
		return l, r.Err()
	}
	return Listing{}, fmt.Errorf("%s of a version that is not known", role)
}

// NoSuchMethod reports whether a contract has no get method of that name.
func NoSuchMethod(err error) bool {
	exit, ok := errors.AsType[*ExitError](err)
	return ok && exit.Code == 11
}

const (
	magicSale    = 0x46495850 // "FIXP"
	magicAuction = 0x415543   // "AUC"
)

// readSaleV3 reads magic is_complete created_at marketplace nft owner full_price …
func readSaleV3(r *Results) Listing {
	r.magic(magicSale)
	return readSaleRest(r)
}

// readSaleV4 reads is_complete created_at marketplace nft owner full_price … and at last the prices in jettons.
func readSaleV4(r *Results) Listing { return readSaleRest(r) }

func readSaleRest(r *Results) (l Listing) {
	r.over(r.Bool())
	r.Skip(2) // created_at, marketplace
	l.Item, l.Seller, l.Price = r.Address(), r.Address(), r.Amount()
	return l
}

// readAuctionV3 reads magic end end_time marketplace nft owner last_bid …
func readAuctionV3(r *Results) Listing {
	r.magic(magicAuction)
	return readAuctionRest(r)
}

// readAuctionV4 reads activated end end_time marketplace nft owner last_bid … and whose jettons are bid, if not coins.
func readAuctionV4(r *Results) Listing {
	r.Skip(1)
	l := readAuctionRest(r)
	r.Skip(2) // step_time, last_query_id
	if wallet := r.Address(); !wallet.IsZero() {
		r.fail("bids are in jettons of the wallet %s", wallet)
	}
	return l
}

// readAuctionRest reads up to is_canceled.
func readAuctionRest(r *Results) (l Listing) {
	r.over(r.Bool())
	r.Skip(2) // end_time, marketplace
	l.Item, l.Seller = r.Address(), r.Address()
	r.Skip(9) // last bid, bidder and step, fees
	l.Price = r.Amount()
	r.Skip(3) // min_bid, created_at, last_bid_at
	r.over(r.Bool())
	return l
}

func (r *Results) magic(want uint64) {
	if got := r.Uint(32); got != want {
		r.fail("magic is %x, want %x", got, want)
	}
}

func (r *Results) over(ended bool) {
	if ended {
		r.fail("it has ended")
	}
}
