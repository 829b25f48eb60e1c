package guard_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// priced is permissive with three feeds, of which the third gives another asset's price too.
var priced = permissive + fmt.Sprintf(`feeds:
  feed-a: {publicKey: "%x", assets: [native]}
  feed-b: {publicKey: "%x", assets: [native]}
  feed-c: {publicKey: "%x", assets: [native, "jetton:%s"]}
`, pub("feed-a"), pub("feed-b"), pub("feed-c"), bob)

// quote is signed by its feed, at the world's time.
func (w *world) quote(by, price string, sequence uint64) feed.Quote {
	return feed.Quote{Feed: by, Asset: ton.Native, Price: price, Sequence: sequence, At: w.now.Unix()}.Sign(key(by))
}

func (w *world) quotes(sequence uint64, prices map[string]string) {
	w.Helper()
	for by, price := range prices {
		w.must(w.g.AddQuote(w.tx, w.now, w.quote(by, price, sequence)))
	}
}

// state is the native coin's market.
func (w *world) marketState() guard.MarketState {
	w.Helper()
	_, markets, err := w.g.Feeds(w.tx, w.now)
	w.must(err)
	for _, m := range markets {
		if m.Asset == ton.Native {
			return m
		}
	}
	w.Fatal("the native coin has no market")
	return guard.MarketState{}
}

func TestPriceIsWhatTwoFeedsAgreeOn(t *testing.T) {
	for name, c := range map[string]struct {
		prices map[string]string
		want   float64
	}{
		"nobody":                 {nil, 0},
		"one alone":              {map[string]string{"feed-a": "3"}, 0},
		"two at 2 %":             {map[string]string{"feed-a": "3", "feed-b": "3.06"}, 3.03},
		"two beyond 2 %":         {map[string]string{"feed-a": "3", "feed-b": "3.060000000000000001"}, 0},
		"three":                  {map[string]string{"feed-a": "3", "feed-b": "3.05", "feed-c": "3.01"}, 3.01},
		"two and one that isn't": {map[string]string{"feed-a": "3", "feed-b": "3.01", "feed-c": "4"}, 0},
		"tiny ones":              {map[string]string{"feed-a": "0.000000000000000001", "feed-b": "0.000000000000000001"}, 1e-18},
	} {
		w := newWorld(t, priced)
		w.quotes(1, c.prices)
		if m := w.marketState(); m.Agreed != (c.want > 0) || math.Abs(m.Price-c.want) > c.want*1e-12 || m.Available {
			t.Errorf("%s: %+v, want %v", name, m, c.want)
		}
	}
}

func TestQuoteIsRefused(t *testing.T) {
	jetton := "jetton:" + bob.String()
	for want, change := range map[string]func(w *world, q *feed.Quote){
		"do not name it":            func(_ *world, q *feed.Quote) { *q = inNameOf(q, "mallory") },
		"does not list the asset":   func(_ *world, q *feed.Quote) { q.Asset = jetton; *q = q.Sign(key("feed-a")) },
		"does not fit":              func(_ *world, q *feed.Quote) { *q = q.Sign(key("feed-b")) },
		"not above 5":               func(w *world, q *feed.Quote) { *q = w.quote("feed-a", "3", 5) },
		"price is 0":                func(w *world, q *feed.Quote) { *q = w.quote("feed-a", "0", 9) },
		"earlier time than the":     func(_ *world, q *feed.Quote) { q.At -= 31; *q = q.Sign(key("feed-a")) },
		"ahead of this node's":      func(_ *world, q *feed.Quote) { q.At += 61; *q = q.Sign(key("feed-a")) },
		"more than 15m0s ago":       func(_ *world, q *feed.Quote) { q.At -= 901; *q = q.Sign(key("feed-a")) },
		"at most one in 10s is":     func(w *world, q *feed.Quote) { w.now = w.now.Add(-21 * time.Second) },
		"sequence is 0":             func(w *world, q *feed.Quote) { *q = w.quote("feed-a", "3", 0) },
		"there is no policy, which": func(w *world, q *feed.Quote) { w.g, w.tx = worldOf(t, config()).g, worldOf(t, config()).tx },
	} {
		w := newWorld(t, priced)
		w.must(w.g.AddQuote(w.tx, w.now, w.quote("feed-a", "3", 5)))
		w.now = w.now.Add(30 * time.Second)
		q := w.quote("feed-a", "3.01", 6)
		change(w, &q)
		if err := w.g.AddQuote(w.tx, w.now, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w := newWorld(t, priced)
	w.must(w.g.AddQuote(w.tx, w.now, w.quote("feed-a", "3", 5)))
	w.now = w.now.Add(10 * time.Second)
	w.must(w.g.AddQuote(w.tx, w.now, w.quote("feed-a", "3.01", 6)))
}

// inNameOf is a quote in another feed's name.
func inNameOf(q *feed.Quote, name string) feed.Quote {
	q.Feed = name
	return q.Sign(key(name))
}

func TestOldQuotesAreNoMarket(t *testing.T) {
	w := newWorld(t, priced)
	w.quotes(1, map[string]string{"feed-a": "3", "feed-b": "3"})
	w.now = w.now.Add(900 * time.Second)
	if m := w.marketState(); !m.Agreed {
		t.Errorf("after 15 minutes: %+v", m)
	}
	w.now = w.now.Add(time.Second)
	if m := w.marketState(); m.Agreed {
		t.Errorf("after more than 15 minutes: %+v", m)
	}
	w.quotes(2, map[string]string{"feed-a": "3"})
	if m := w.marketState(); m.Agreed {
		t.Errorf("of one that is fresh and one that isn't: %+v", m)
	}
}

func TestMarketFollowsTheAgreedPrice(t *testing.T) {
	w := newWorld(t, priced)
	market := func() risk.Market {
		m, err := w.g.Market(w.tx, w.now, ton.Native)
		w.must(err)
		return m
	}
	sequence := uint64(0)
	for range 61 {
		sequence++
		w.quotes(sequence, map[string]string{"feed-a": "3", "feed-b": "3.01"})
		w.now = w.now.Add(time.Minute)
	}
	if m := market(); !m.Available || m.Score != 0 {
		t.Errorf("of a quiet hour: %+v", m)
	}
	w.quotes(sequence+1, map[string]string{"feed-a": "2.7"})
	if m := market(); m.Available {
		t.Errorf("while the feeds disagree: %+v", m)
	}
	w.quotes(sequence+1, map[string]string{"feed-b": "2.7"})
	if m := market(); !m.Available || m.Score < 95 {
		t.Errorf("after a fall of a tenth: %+v", m)
	}
	w.now = w.now.Add(16 * time.Minute)
	if m := market(); m.Available {
		t.Errorf("of old quotes: %+v", m)
	}
	for k, v := range w.tx.M {
		if strings.HasPrefix(string(k), "mk/") && len(v) > 16<<10 {
			t.Errorf("%s has %d bytes", k, len(v))
		}
	}
}
