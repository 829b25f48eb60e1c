package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/node/client"
)

// maxQuotes bounds a file of quotes, in bytes: what a node reads of one.
const maxQuotes = 512 << 10

func (t *tool) feedCommand() *cobra.Command {
	return group("feed", "The prices that the nodes know",
		verb("show", "Show the last quotes of the price feeds and what follows from them", func(ctx context.Context, _ []string) error {
			return each(ctx, t, func(ctx context.Context, s *site) (client.Feeds, error) { return s.feeds(ctx) }, feedsText)
		}),
		verb("push FILE", "Bring quotes that their feeds signed, one a line, to the nodes", func(ctx context.Context, args []string) error {
			quotes, err := readSmall(args[0], maxQuotes)
			if err != nil {
				return fmt.Errorf("read quotes: %w", err)
			}
			return each(ctx, t, func(ctx context.Context, s *site) (client.Feeds, error) {
				if err := s.push(ctx, string(quotes)); err != nil {
					return client.Feeds{}, err
				}
				return s.feeds(ctx)
			}, feedsText)
		}),
		t.feedSign())
}

// push brings the lines in their order and stops at the first that is refused.
func (s *site) push(ctx context.Context, quotes string) error {
	c, err := s.operator()
	if err != nil {
		return err
	}
	number := 0
	for l := range strings.Lines(quotes) {
		number++
		if err := c.Do(ctx, http.MethodPost, "/v1/feeds", rand.Text(), []byte(l), nil); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

func (s *site) feeds(ctx context.Context) (f client.Feeds, err error) {
	return f, s.get(ctx, "/v1/feeds", &f)
}

func feedsText(w io.Writer, f client.Feeds) {
	line(w, "FEED", "ASSET", "PRICE", "SEQUENCE", "AT")
	for _, q := range f.Quotes {
		line(w, q.Feed, q.Asset, or(q.Price, "-"), q.Sequence, clock(q.At))
	}
	line(w)
	line(w, "ASSET", "AGREED", "PRICE", "MARKET RISK")
	for _, m := range f.Markets {
		price, score := "-", "-"
		if m.Agreed {
			price = fmt.Sprint(m.Price)
		}
		if m.Available {
			score = fmt.Sprintf("%.1f", m.Score)
		}
		line(w, m.Asset, m.Agreed, price, score)
	}
}

func (t *tool) feedSign() *cobra.Command {
	var q feed.Quote
	var key string
	c := verb("sign", "Sign a price, for those who run a feed: the line that push and the nodes' file take", func(context.Context, []string) error {
		signer, err := readKey(key)
		if err != nil {
			return err
		}
		q.At = time.Now().Unix()
		if err := q.Check(); err != nil {
			return &failure{err, exitUsage, ""}
		}
		quote := q.Sign(signer)
		return t.ui.result(client.Quote(quote), func(w io.Writer) {
			text, err := quote.JSON()
			if err == nil {
				line(w, string(text))
			}
		})
	})
	f := c.Flags()
	f.StringVar(&key, "key", "", "file with the feed's key; made by mpcctl keypair")
	f.StringVar(&q.Feed, "feed", "", "the feed's name, as policies list it")
	f.StringVar(&q.Asset, "asset", "native", "asset id")
	f.StringVar(&q.Price, "price", "", "US dollars for a whole unit")
	f.Uint64Var(&q.Sequence, "sequence", 0, "number of the quote, above that of the one before")
	return require(c, "key", "feed", "price", "sequence")
}
