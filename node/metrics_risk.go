package node

import (
	"github.com/prometheus/client_golang/prometheus"
)

// published collects, at the time of the scrape, what is known of the lists and feeds that the policy names: their names are the party's
// own.
type published struct{ n *Node }

var (
	listRowsDesc = prometheus.NewDesc("mpcnode_blacklist_rows", "Rows of the source's list that is in force.", []string{"source"}, nil)
	listAgeDesc  = prometheus.NewDesc("mpcnode_blacklist_age_seconds", "Time since the source's list that is in force was generated.", []string{"source"}, nil)
	feedAgeDesc  = prometheus.NewDesc("mpcnode_feed_age_seconds", "Age of the feed's last quote for the asset; above 900 it counts for nothing.",
		[]string{"feed", "asset"}, nil)
	agreedDesc = prometheus.NewDesc("mpcnode_feeds_agreed", "1 while at least two feeds agree on the asset's price.", []string{"asset"}, nil)
)

func (c published) Describe(ch chan<- *prometheus.Desc) {
	ch <- listRowsDesc
	ch <- listAgeDesc
	ch <- feedAgeDesc
	ch <- agreedDesc
}

func (c published) Collect(ch chan<- prometheus.Metric) {
	if c.n.ledger == nil {
		return
	}
	c.lists(ch)
	c.feeds(ch)
}

// lists and feeds say nothing when the ledger can't be read: it is closed, or says so elsewhere.
func (c published) lists(ch chan<- prometheus.Metric) {
	lists, err := c.n.Lists(c.n.ctx)
	if err != nil {
		return
	}
	for _, l := range lists {
		ch <- prometheus.MustNewConstMetric(listRowsDesc, prometheus.GaugeValue, float64(l.Rows), l.Source)
		if l.Sequence > 0 {
			ch <- prometheus.MustNewConstMetric(listAgeDesc, prometheus.GaugeValue, c.n.env.Now().Sub(l.Generated).Seconds(), l.Source)
		}
	}
}

func (c published) feeds(ch chan<- prometheus.Metric) {
	feeds, markets, err := c.n.Feeds(c.n.ctx)
	if err != nil {
		return
	}
	for _, f := range feeds {
		if f.Sequence > 0 {
			ch <- prometheus.MustNewConstMetric(feedAgeDesc, prometheus.GaugeValue, c.n.env.Now().Sub(f.At).Seconds(), f.Feed, f.Asset)
		}
	}
	for _, m := range markets {
		agreed := 0.0
		if m.Agreed {
			agreed = 1
		}
		ch <- prometheus.MustNewConstMetric(agreedDesc, prometheus.GaugeValue, agreed, m.Asset)
	}
}
