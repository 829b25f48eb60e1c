package ton

import (
	"errors"
	"fmt"
	"math/big"
)

// Listing is what a sale or an auction of getgems says about itself (github.com/getgems-io/nft-contracts).
type Listing struct {
	Item    Address
	Seller  Address // zero: whoever sends the item
	Market  Address // who may send any message in the contract's name before the item has been announced, and after it has gone
	Price   Nano    // sale: what buys it, 0: not coins; auction: the least that it can go for
	Fees    Nano    // what of that price others than the seller get
	Jettons bool    // sale: it is also sold for jettons, at prices that are not read
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

// readSaleV3 reads magic, readSaleBegin's, marketplace_fee_address marketplace_fee royalty_address royalty_amount.
func readSaleV3(r *Results) Listing {
	r.magic(magicSale)
	l := readSaleBegin(r)
	r.Skip(1)
	l.pays(r, r.Amount())
	r.Skip(1)
	l.pays(r, r.Amount())
	return l
}

// readSaleV4 reads readSaleBegin's, fee_address fee_percent royalty_address royalty_percent sold_at sold_query_id and the
// prices in jettons. The percents are parts of 100,000.
func readSaleV4(r *Results) Listing {
	l := readSaleBegin(r)
	const whole = 100_000
	r.Skip(1)
	l.pays(r, r.part(l.Price, r.Uint(32), whole))
	r.Skip(1)
	l.pays(r, r.part(l.Price, r.Uint(32), whole))
	r.Skip(2)
	l.Jettons = r.More()
	return l
}

// readSaleBegin reads is_complete created_at marketplace nft owner full_price.
func readSaleBegin(r *Results) (l Listing) {
	r.over(r.Bool())
	r.Skip(1)
	l.Market, l.Item, l.Seller, l.Price = r.Address(), r.Address(), r.Address(), r.Amount()
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

// readAuctionRest reads end end_time marketplace nft owner last_bid last_member min_step, twice who is paid a fee, its factor
// and its base, max_bid min_bid created_at last_bid_at is_canceled. It can go for the lowest bid, for the one that ends it,
// and for the last: who deployed it may have written one into it.
func readAuctionRest(r *Results) (l Listing) {
	r.over(r.Bool())
	r.Skip(1)
	l.Market, l.Item, l.Seller = r.Address(), r.Address(), r.Address()
	last := r.Amount()
	var factor, base [2]uint64
	r.Skip(2)
	for i := range factor {
		r.Skip(1)
		factor[i], base[i] = r.Uint(32), r.Uint(32)
	}
	most := r.Amount()
	l.Price = r.Amount()
	for _, bid := range []Nano{last, most} {
		if !bid.IsZero() && bid.Cmp(l.Price) < 0 {
			l.Price = bid
		}
	}
	for i := range factor {
		l.pays(r, r.part(l.Price, factor[i], base[i]))
	}
	r.Skip(2)
	r.over(r.Bool())
	return l
}

// pays adds a fee.
func (l *Listing) pays(r *Results, fee Nano) {
	sum, err := l.Fees.Add(fee)
	if err != nil {
		r.fail("fees: %w", err)
	}
	l.Fees = sum
}

// part is of·factor/base, rounded down; nothing where base is 0.
func (r *Results) part(of Nano, factor, base uint64) Nano {
	if base == 0 {
		return Nano{}
	}
	n := new(big.Int).Mul(of.Big(), new(big.Int).SetUint64(factor))
	share, err := NanoFromBig(n.Quo(n, new(big.Int).SetUint64(base)))
	if err != nil {
		r.fail("fee: %w", err)
	}
	return share
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
