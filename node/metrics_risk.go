package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// published collects, at the time of the scrape, what is known of the lists that the policy names: their names are the party's own.
type published struct{ n *Node }

var (
	listRowsDesc = prometheus.NewDesc("mpcnode_blacklist_rows", "Rows of the source's list that is in force.", []string{"source"}, nil)
	listAgeDesc  = prometheus.NewDesc("mpcnode_blacklist_age_seconds", "Time since the source's list that is in force was generated.", []string{"source"}, nil)
)

func (c published) Describe(ch chan<- *prometheus.Desc) {
	ch <- listRowsDesc
	ch <- listAgeDesc
}

func (c published) Collect(ch chan<- prometheus.Metric) {
	if c.n.ledger == nil {
		return
	}
	lists, err := c.n.Lists(c.n.ctx)
	if err != nil {
		return // the ledger is closed, or says so elsewhere
	}
	for _, l := range lists {
		ch <- prometheus.MustNewConstMetric(listRowsDesc, prometheus.GaugeValue, float64(l.Rows), l.Source)
		if l.Sequence > 0 {
			ch <- prometheus.MustNewConstMetric(listAgeDesc, prometheus.GaugeValue, c.n.env.Now().Sub(l.Generated).Round(time.Second).Seconds(), l.Source)
		}
	}
}
