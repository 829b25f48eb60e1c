package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/feed"
)

const (
	// feedPoll is how often the node looks whether the file of quotes has changed: a feed is taken from every 10 s at most.
	feedPoll = 5 * time.Second

	// maxFeedFile bounds the file, in bytes: a quote of each of 16 feeds for each of 64 assets.
	maxFeedFile = 512 << 10
)

// FeedState is the last quote of a feed for one of its assets.
type FeedState = guard.FeedState

// MarketState is an asset's market as this node knows it.
type MarketState = guard.MarketState

// EnterQuote takes in a quote as JSON. Its feed's signature decides; who brings it is a courier.
func (n *Node) EnterQuote(ctx context.Context, raw []byte) error {
	q, err := feed.Parse(raw)
	if err != nil {
		n.metrics.quotes.WithLabelValues("refused").Inc()
		return problemf(400, "bad_quote", "%v", err)
	}
	var refused error
	err = n.ledger.DoSoon(ctx, func(tx guard.Tx) error {
		refused = n.guard.AddQuote(tx, n.env.Now(), q)
		return refused
	})
	if refused != nil && err != nil {
		n.metrics.quotes.WithLabelValues("refused").Inc()
		return &Problem{Status: 403, Code: "quote_refused", Detail: refused.Error()}
	}
	if err == nil {
		n.metrics.quotes.WithLabelValues("taken").Inc()
	}
	return err
}

// Feeds returns what the feeds said last, and what follows for the assets' markets.
func (n *Node) Feeds(ctx context.Context) (feeds []FeedState, markets []MarketState, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		feeds, markets, err = n.guard.Feeds(tx, n.env.Now())
		return err
	})
	return feeds, markets, err
}

// watchFeedFile takes quotes from the file that the configuration names, whenever it changes, until the node stops.
func (n *Node) watchFeedFile() {
	tick := time.NewTicker(feedPoll)
	defer tick.Stop()
	w := feedFile{path: n.cfg.Feeds.File}
	for {
		n.readFeedFile(&w)
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
	}
}

// feedFile is the file of quotes as it was read last.
type feedFile struct {
	path  string
	state string          // size and time of change
	tried map[string]bool // its lines: each is tried once, and reported once
	fault string
}

// readFeedFile tries the lines that are new. What is wrong with a line, or with the file, is in the log once and stops nothing: without
// quotes there is no market, and whoever watches the node sees it.
func (n *Node) readFeedFile(w *feedFile) {
	lines, err := w.read()
	fault := ""
	if err != nil {
		fault = fmt.Sprintf("feeds.file: %v", err)
	}
	if fault != "" && fault != w.fault {
		n.log.Warn("feeds", "err", err)
	}
	w.fault = fault
	n.warnings.set("feeds", fault)
	for _, l := range lines {
		if err := n.EnterQuote(n.ctx, []byte(l.text)); err != nil && n.ctx.Err() == nil {
			n.log.Warn("quote is not taken", "file", w.path, "line", l.number, "err", err)
		}
	}
}

// feedLine is a line that has not been tried yet.
type feedLine struct {
	number int
	text   string
}

// read returns the lines that were not there before, none if the file has not changed.
func (w *feedFile) read() (fresh []feedLine, err error) {
	info, err := os.Stat(w.path)
	if errors.Is(err, fs.ErrNotExist) && w.state != "" {
		return nil, nil // it is being replaced
	}
	if err != nil {
		return nil, err
	}
	state := fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	if state == w.state {
		return nil, nil
	}
	raw, err := readSmall(w.path, maxFeedFile)
	if err != nil {
		return nil, err
	}
	tried := map[string]bool{}
	number := 0
	for l := range strings.Lines(string(raw)) {
		number++
		if l = strings.TrimRight(l, "\n"); l != "" && !w.tried[l] && !tried[l] {
			fresh = append(fresh, feedLine{number, l})
		}
		tried[l] = true
	}
	w.state, w.tried = state, tried
	return fresh, nil
}
