package guard

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

const (
	// maxQuoteAge is how old a price may be that still says something of the market.
	maxQuoteAge = 900 * time.Second

	// quoteEvery is the least time between two quotes that are taken of one feed and asset: a feed that says more is not listened to
	// more often, and nobody else can make it say anything.
	quoteEvery = 10 * time.Second

	// minFeeds have to agree: one alone could be anybody's invention.
	minFeeds = 2
)

// quoted is the last quote of a feed for an asset.
type quoted struct {
	Price    string `cbor:"price"`
	Sequence uint64 `cbor:"sequence"`
	At       int64  `cbor:"at"`
	Received int64  `cbor:"received"` // by the local clock
}

// AddQuote takes in a price of a feed that the bundle names. Where the feeds agree then, the price goes into the asset's history. It
// errs on a quote that isn't the feed's, is old, or comes too early after the last one.
func (g *Guard) AddQuote(tx Tx, now time.Time, q feed.Quote) error {
	if err := g.addQuote(tx, now, q); err != nil {
		return fmt.Errorf("quote %d of %.70s for %.80s: %w", q.Sequence, q.Feed, q.Asset, err)
	}
	return nil
}

func (g *Guard) addQuote(tx Tx, now time.Time, q feed.Quote) error {
	b, err := g.Policy(tx)
	if err != nil {
		return err
	}
	if err := verifyQuote(b, q); err != nil {
		return err
	}
	k := keyQuote(q.Feed, q.Asset)
	var last quoted
	known, err := get(tx, k, &last)
	if err != nil {
		return err
	}
	if err := checkQuote(q, now); err != nil {
		return err
	}
	if known {
		if err := follows(q, last, now); err != nil {
			return err
		}
	}
	put(tx, k, quoted{q.Price, q.Sequence, q.At, now.Unix()})
	return g.recordPrice(tx, now, b, q.Asset)
}

func verifyQuote(b *policy.Bundle, q feed.Quote) error {
	if b == nil {
		return errors.New("there is no policy, which would name the feed and its key")
	}
	feeds := b.Feeds()
	i := slices.IndexFunc(feeds, func(f policy.Feed) bool { return f.ID == q.Feed })
	switch {
	case i < 0:
		return errors.New("the policy's feeds do not name it")
	case !slices.Contains(feeds[i].Assets, q.Asset):
		return errors.New("the policy does not list the asset among those of the feed")
	}
	return q.Verify(feeds[i].PublicKey)
}

// checkQuote refuses a price from another time.
func checkQuote(q feed.Quote, now time.Time) error {
	at := fromUnix(q.At)
	switch {
	case at.After(now.Add(maxSkew)):
		return fmt.Errorf("is of %s, more than %s ahead of this node's clock", at.Format(time.RFC3339), maxSkew)
	case at.Before(now.Add(-maxQuoteAge)):
		return fmt.Errorf("is of %s, more than %s ago", at.Format(time.RFC3339), maxQuoteAge)
	}
	return nil
}

// follows refuses a quote that can't come after the last one. A last one received after now comes from before the clock was set back.
func follows(q feed.Quote, last quoted, now time.Time) error {
	since := now.Sub(fromUnix(last.Received))
	switch {
	case q.Sequence <= last.Sequence:
		return fmt.Errorf("sequence is not above %d", last.Sequence)
	case q.At < last.At:
		return fmt.Errorf("is of an earlier time than the last one, %s", fromUnix(last.At).Format(time.RFC3339))
	case since >= 0 && since < quoteEvery:
		return fmt.Errorf("comes %s after the last one: at most one in %s is taken", since, quoteEvery)
	}
	return nil
}

// recordPrice adds what the feeds agree on to the asset's history.
func (g *Guard) recordPrice(tx Tx, now time.Time, b *policy.Bundle, asset string) error {
	price, agreed, err := agreedPrice(tx, now, b, asset)
	if err != nil || !agreed {
		return err
	}
	prices, err := readPrices(tx, asset)
	if err != nil {
		return err
	}
	if err := prices.Add(now, price); err != nil {
		return err
	}
	put(tx, keyPrices(asset), prices)
	return nil
}

func readPrices(tx Tx, asset string) (p risk.Prices, err error) {
	_, err = get(tx, keyPrices(asset), &p)
	return p, err
}

// agreedPrice returns the median of what the feeds last said of an asset, in US dollars, if at least two did so lately and all of these lie
// within 2 % of each other. One that lies elsewhere may be the one that is right, so then nothing is known.
func agreedPrice(tx Tx, now time.Time, b *policy.Bundle, asset string) (price float64, agreed bool, err error) {
	if b == nil {
		return 0, false, nil
	}
	var fresh []ton.Nano
	for _, f := range b.Feeds() {
		if !slices.Contains(f.Assets, asset) {
			continue
		}
		var last quoted
		known, err := get(tx, keyQuote(f.ID, asset), &last)
		if err != nil {
			return 0, false, err
		}
		if q := (feed.Quote{Price: last.Price, At: last.At}); known && checkQuote(q, now) == nil {
			v, err := q.Value()
			if err != nil {
				return 0, false, err
			}
			fresh = append(fresh, v)
		}
	}
	slices.SortFunc(fresh, ton.Nano.Cmp)
	if len(fresh) < minFeeds || !withinTwoPercent(fresh[0], fresh[len(fresh)-1]) {
		return 0, false, nil
	}
	return (dollars(fresh[(len(fresh)-1)/2]) + dollars(fresh[len(fresh)/2])) / 2, true, nil
}

func withinTwoPercent(least, most ton.Nano) bool {
	return new(big.Int).Mul(most.Big(), big.NewInt(100)).Cmp(new(big.Int).Mul(least.Big(), big.NewInt(102))) <= 0
}

func dollars(price ton.Nano) float64 {
	f, _ := new(big.Float).Quo(new(big.Float).SetInt(price.Big()), big.NewFloat(1e18)).Float64() // 1e18 is exact
	return f
}

// Market returns what is known of an asset's market: something only while the feeds agree on its price, and once there is enough history.
func (g *Guard) Market(tx Tx, now time.Time, asset string) (risk.Market, error) {
	m, _, err := g.market(tx, now, asset)
	if err != nil {
		return risk.Market{}, fmt.Errorf("market of %.80s: %w", asset, err)
	}
	return m, nil
}

// market also returns the agreed price, 0 for none.
func (g *Guard) market(tx Tx, now time.Time, asset string) (m risk.Market, price float64, err error) {
	b, err := g.Policy(tx)
	if err != nil {
		return m, 0, err
	}
	return marketBy(tx, now, b, asset)
}

// marketBy is what the feeds of a bundle say, which may be nil.
func marketBy(tx Tx, now time.Time, b *policy.Bundle, asset string) (m risk.Market, price float64, err error) {
	price, agreed, err := agreedPrice(tx, now, b, asset)
	if err != nil || !agreed {
		return m, 0, err
	}
	prices, err := readPrices(tx, asset)
	if err != nil {
		return m, 0, err
	}
	if err := prices.Add(now, price); err != nil { // what was agreed on before may no longer be the price
		return m, 0, err
	}
	return prices.Market(now), price, nil
}

// FeedState is the last quote of a feed for one of its assets.
type FeedState struct {
	Feed, Asset string
	Price       string    // US dollars; "" for never
	At          time.Time // zero for never
	Sequence    uint64
}

// MarketState is an asset's market as this node knows it now.
type MarketState struct {
	Asset  string
	Agreed bool
	Price  float64 // US dollars that the feeds agree on
	risk.Market
}

// Feeds returns the last quote of every feed for each of its assets, and what follows for every asset.
func (g *Guard) Feeds(tx Tx, now time.Time) (feeds []FeedState, markets []MarketState, err error) {
	b, err := g.Policy(tx)
	if err != nil || b == nil {
		return nil, nil, err
	}
	var assets []string
	for _, f := range b.Feeds() {
		for _, asset := range f.Assets {
			s := FeedState{Feed: f.ID, Asset: asset}
			var last quoted
			known, err := get(tx, keyQuote(f.ID, asset), &last)
			if err != nil {
				return nil, nil, err
			}
			if known {
				s.Price, s.At, s.Sequence = last.Price, fromUnix(last.At), last.Sequence
			}
			feeds, assets = append(feeds, s), append(assets, asset)
		}
	}
	slices.Sort(assets)
	for _, asset := range slices.Compact(assets) {
		m, price, err := g.market(tx, now, asset)
		if err != nil {
			return nil, nil, err
		}
		markets = append(markets, MarketState{asset, price > 0, price, m})
	}
	return feeds, markets, nil
}
