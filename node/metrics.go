package node

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// metrics are what monitoring sees. No label comes from outside: no agent, wallet of a caller's choosing, or address.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	decisions *prometheus.CounterVec
	shadows   *prometheus.CounterVec
	stages    *prometheus.HistogramVec
	peers     *prometheus.GaugeVec
	lag       *prometheus.GaugeVec
	behind    *prometheus.GaugeVec

	unexplained *prometheus.GaugeVec
	alarm       *prometheus.GaugeVec
	imports     *prometheus.CounterVec
	quotes      *prometheus.CounterVec
}

func newMetrics(n *Node) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mpcnode_requests_total",
			Help: "Requests this node coordinated, by state and reason code."}, []string{"state", "reason"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mpcnode_decisions_total",
			Help: "Decisions of this node's own guard, by effect and first reason code."}, []string{"effect", "reason"}),
		shadows: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mpcnode_shadow_decisions_total",
			Help: "What the shadow policy would have decided: allow, escalate, deny or error, and whether that differs from what was decided."}, []string{"effect", "differs"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mpcnode_stage_seconds",
			Help: "How long the stages of a request take.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}, []string{"stage"}),
		peers: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mpcnode_peer_up",
			Help: "1 while the party's node is connected."}, []string{"party"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mpcnode_mirror_lag_seconds",
			Help: "Local time minus the chain time up to which the wallet's account is mirrored."}, []string{"wallet"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mpcnode_mirror_behind_transactions",
			Help: "Transactions of the wallet that are known and not taken in, at least; its requests are refused above 0."}, []string{"wallet"}),
		alarm: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mpcnode_chain_alarm",
			Help: "Wallets of which the toncenter persistently shows something else than is proven here."}, []string{"source"}),
		unexplained: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mpcnode_unexplained",
			Help: "Payloads of the wallet that have executed and that this node has no record of; its requests are refused above 0."}, []string{"wallet"}),
		imports: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mpcnode_blacklist_imports_total",
			Help: "Published blacklists: put into force, or refused."}, []string{"result"}),
		quotes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mpcnode_quotes_total",
			Help: "Quotes of price feeds: taken, or refused."}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.decisions, m.shadows, m.stages, m.peers, m.lag, m.behind, m.unexplained, m.alarm, m.imports, m.quotes, published{n},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mpcnode_audit_entries", Help: "Entries in the audit log."},
			func() float64 { return float64(n.auditSize()) }),
		peerRTT{n}, sent{n})
	return m
}

// stage measures until the returned function is called.
func (m *metrics) stage(name string) func() {
	start := time.Now()
	return func() { m.stages.WithLabelValues(name).Observe(time.Since(start).Seconds()) }
}

func (m *metrics) decided(d guard.Decision) {
	m.decisions.WithLabelValues(d.Effect.String(), string(d.First().Reason)).Inc()
	if s := d.Shadow; s != nil && s.Err != "" {
		m.shadows.WithLabelValues("error", "false").Inc()
	} else if s != nil {
		m.shadows.WithLabelValues(s.Effect.String(), strconv.FormatBool(s.Differs)).Inc()
	}
}

func (m *metrics) outcome(r Request) {
	m.requests.WithLabelValues(string(r.State), r.Reason.Code).Inc()
}

func (m *metrics) peer(party string, up bool) {
	v := 0.0
	if up {
		v = 1
	}
	m.peers.WithLabelValues(party).Set(v)
}

func (m *metrics) mirrored(wallet string, acc ton.Account, now time.Time) {
	m.lag.WithLabelValues(wallet).Set(now.Sub(acc.Time).Seconds())
}

// peerRTT collects the round trips at the time of the scrape.
type peerRTT struct{ n *Node }

var peerRTTDesc = prometheus.NewDesc("mpcnode_peer_rtt_seconds", "Round trip of the last heartbeat.", []string{"party"}, nil)

func (c peerRTT) Describe(ch chan<- *prometheus.Desc) { ch <- peerRTTDesc }

func (c peerRTT) Collect(ch chan<- prometheus.Metric) {
	if !c.n.isOnline() {
		return
	}
	for _, p := range c.n.net.Peers() {
		ch <- prometheus.MustNewConstMetric(peerRTTDesc, prometheus.GaugeValue, p.RTT.Seconds(), p.Party)
	}
}

// sent collects, at the time of the scrape, what became of the messages given to each liteserver and toncenter.
type sent struct{ n *Node }

var sentDesc = prometheus.NewDesc("mpcnode_messages_total",
	"Messages given to a liteserver or toncenter: taken, rejected by the account (as every one is once it has executed), or failed.",
	[]string{"to", "result"}, nil)

func (c sent) Describe(ch chan<- *prometheus.Desc) { ch <- sentDesc }

func (c sent) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.n.chain.Sent() {
		for result, count := range map[string]uint64{"taken": s.Taken, "rejected": s.Rejected, "failed": s.Failed} {
			ch <- prometheus.MustNewConstMetric(sentDesc, prometheus.CounterValue, float64(count), s.To, result)
		}
	}
}
