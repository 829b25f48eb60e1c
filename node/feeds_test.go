package node

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/ton"
)

// quoteLine is a quote of a feed at the node's time.
func quoteLine(t *testing.T, by, price string, sequence uint64) string {
	t.Helper()
	line, err := feed.Quote{Feed: by, Asset: ton.Native, Price: price, Sequence: sequence, At: longAgo.Unix()}.Sign(testKey(by)).JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(line) + "\n"
}

func TestQuotesComeFromAFileWhenItChanges(t *testing.T) {
	n := informed(t, t.TempDir())
	defer n.store.Close()
	var log bytes.Buffer
	n.log = slog.New(slog.NewTextHandler(&log, nil))
	path := filepath.Join(t.TempDir(), "quotes")
	w := feedFile{path: path}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		n.readFeedFile(&w)
		n.readFeedFile(&w)
	}
	n.readFeedFile(&w)
	n.readFeedFile(&w)
	if len(n.warnings.list()) != 1 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("a missing file: warnings %q, log %s", n.warnings.list(), log.String())
	}
	log.Reset()
	write(quoteLine(t, "feed-a", "3", 1) + "no quote\n")
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "line=2") || len(n.warnings.list()) != 0 {
		t.Errorf("a bad line: warnings %q, log %s", n.warnings.list(), log.String())
	}
	log.Reset()
	write(quoteLine(t, "feed-a", "3", 1) + "no quote\n" + quoteLine(t, "feed-b", "3.01", 1))
	if log.Len() > 0 {
		t.Errorf("lines that were tried before are reported again: %s", log.String())
	}
	_, markets, err := n.Feeds(t.Context())
	if err != nil || len(markets) != 1 || !markets[0].Agreed {
		t.Errorf("markets are %+v, %v", markets, err)
	}
	write(strings.Repeat("x", maxFeedFile+1))
	if !strings.Contains(log.String(), "at most") {
		t.Errorf("a large file: %s", log.String())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	n.readFeedFile(&w)
	if log.Len() > 0 {
		t.Errorf("a file that is being replaced: %s", log.String())
	}
}

func TestMetricsOfListsAndFeeds(t *testing.T) {
	n := informed(t, t.TempDir())
	defer n.store.Close()
	importList(t, n, 3, 0, 7, 7)
	for _, line := range []string{quoteLine(t, "feed-a", "3", 1), quoteLine(t, "feed-b", "3", 1)} {
		if err := n.EnterQuote(t.Context(), []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if n.EnterQuote(t.Context(), []byte(quoteLine(t, "feed-b", "3", 1))) == nil {
		t.Error("the same quote was taken twice")
	}
	r := prometheus.NewRegistry() // the node's own asks a chain too
	r.MustRegister(published{n}, n.metrics.imports, n.metrics.quotes)
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range all {
		for _, m := range family.Metric {
			name := family.GetName()
			for _, l := range m.Label {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"mpcnode_blacklist_rows watch": 7, "mpcnode_blacklist_age_seconds watch": 0, "mpcnode_blacklist_imports_total complete": 1,
		"mpcnode_feed_age_seconds native feed-a": 0, "mpcnode_feeds_agreed native": 1, "mpcnode_quotes_total taken": 2, "mpcnode_quotes_total refused": 1,
	} {
		if v, there := got[name]; !there || v != want {
			t.Errorf("%s is %v (there: %t), want %v", name, v, there, want)
		}
	}
}
