package e2e

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/feed"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
)

// informed is a ready network whose parties all take a publisher's blacklist and two feeds' prices, and judge risk.
func informed(t *testing.T) *network {
	w := ready(t)
	first := policyOf(1, "agent-1", "", "100", "100")
	second := policyOf(2, "agent-1", fmt.Sprintf("%x", policy.Hash([]byte(first))), "100", "100")
	second = strings.Replace(second, "risk: {enabled: false}\n", fmt.Sprintf("risk: {maxRiskScore: 40}\n"+
		"lists: {watch: {publicKey: %q}}\nfeeds:\n  feed-a: {publicKey: %q, assets: [native]}\n  feed-b: {publicKey: %q, assets: [native]}\n",
		public("watch"), public("feed-a"), public("feed-b")), 1)
	for _, name := range names {
		w.must(w.node(name).ApplyPolicy(t.Context(), wire.SignPolicy(w.id(), name, seed("admin "+name), []byte(second))))
	}
	return w
}

// small is a payment that no limit and no score minds.
func small(key string) order {
	return order{wallet: "w1", agent: "agent-1", to: destination, amount: "2", ask: "user", key: key, deliver: node.DeliverConfirmed}
}

func (w *network) ends(o order, state node.State, reason string) {
	w.t.Helper()
	r, err := w.send(o)
	w.must(err)
	if r.State != state || r.Reason.Code != reason {
		w.t.Errorf("%s: %s %q; want %s %q", w.verdict("user", r.ID), r.State, r.Reason.Code, state, reason)
	}
}

// publish brings a publisher's list to some parties' nodes.
func (w *network) publish(sequence uint64, rows string, to ...string) {
	w.t.Helper()
	header := blacklist.Header{Source: "watch", Sequence: sequence, Generated: w.now().Unix(), Count: uint64(strings.Count(rows, "\n")),
		Rows: sha256.Sum256([]byte(rows))}.Sign(seed("watch")).String()
	for _, name := range to {
		p, err := w.node(name).ImportList(w.t.Context(), header, 0, []byte(rows))
		w.must(err)
		if !p.Complete {
			w.t.Fatalf("%s: %+v", name, p)
		}
	}
}

// An address on a published list is paid by nobody who has the list, and by everybody once the publisher takes it off.
func TestPublishedListStopsPayments(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := informed(t)
		w.ends(small("before"), node.StateConfirmed, "")
		to, _, err := ton.ParseAddress(destination, false)
		w.must(err)
		row := blacklist.Row{Address: to, Severity: blacklist.Critical}.String()
		w.publish(1, row, "backup", "platform")
		w.ends(small("two of three have it"), node.StateDenied, "refused_by_peer")
		time.Sleep(10 * time.Minute) // what the third had allowed is dead
		w.publish(1, row, "user")
		w.ends(small("all have it"), node.StateDenied, "blacklisted")
		w.publish(2, "", names...)
		w.ends(small("it is taken off"), node.StateConfirmed, "")
	})
}

// A market that falls is risk; one that nobody agrees on is none.
func TestFallingMarketStopsPayments(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := informed(t)
		sequence := uint64(0)
		prices := func(a, b string) {
			sequence++
			for by, price := range map[string]string{"feed-a": a, "feed-b": b} {
				line, err := feed.Quote{Feed: by, Asset: ton.Native, Price: price, Sequence: sequence, At: w.now().Unix()}.Sign(seed(by)).JSON()
				w.must(err)
				for _, name := range names {
					w.must(w.node(name).EnterQuote(t.Context(), line))
				}
			}
		}
		prices("3", "3.01")
		w.ends(small("calm"), node.StateConfirmed, "")
		time.Sleep(time.Hour)
		prices("2.5", "2.51")
		w.ends(small("a sixth less in an hour"), node.StateDenied, "risk_score")
		time.Sleep(time.Minute)
		prices("2.5", "3")
		time.Sleep(10 * time.Minute)
		w.ends(small("one feed says otherwise"), node.StateConfirmed, "")
		time.Sleep(time.Hour)
		prices("2.5", "2.51")
		w.ends(small("calm again"), node.StateConfirmed, "")
	})
}
