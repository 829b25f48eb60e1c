package node

import (
	"context"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// alarmEvery is how often toncenters are looked at, for one wallet after another. It is more than idleEvery: what they show at
// one look has to be proven here by the next.
const alarmEvery = 30 * time.Second

// alarms compare what toncenters show with what was proven here. They raise an alarm and decide nothing: what a toncenter
// says proves nothing, but liteservers that all withhold the same can be noticed in no other way.
type alarms struct {
	before map[[2]string]look // by source and wallet
	raised map[string]int     // by source
}

// look is one glance at a toncenter and at this node's own view.
type look struct {
	theirs chain.Sighting
	head   uint32
	own    ton.Account
	text   string // of the alarm that is raised; "" for none
}

// differs says what can't be explained by one of them being some seconds late: what one had at the look before, and the
// other hasn't at this one.
func (l look) differs(before look) string {
	switch {
	case l.theirs.LT == l.own.LastLT && l.theirs.Hash != l.own.LastHash:
		return fmt.Sprintf("its transaction %d is another than the proven one", l.theirs.LT)
	case before.theirs.LT > l.own.LastLT:
		return fmt.Sprintf("it showed transaction %d, the proven account ends at %d", before.theirs.LT, l.own.LastLT)
	case before.own.LastLT > l.theirs.LT:
		return fmt.Sprintf("it ends at transaction %d, %d was proven before", l.theirs.LT, before.own.LastLT)
	case before.theirs.Head > l.head:
		return fmt.Sprintf("it showed block %d, the newest proven one is %d", before.theirs.Head, l.head)
	case before.head > l.theirs.Head:
		return fmt.Sprintf("its newest block is %d, %d was proven before", l.theirs.Head, before.head)
	}
	return ""
}

// warning is the alarm for people; "" for none.
func (l look) warning(wallet string) string {
	if l.text == "" {
		return ""
	}
	return fmt.Sprintf("toncenter %s shows another chain for wallet %s: %s", l.theirs.Source, wallet, l.text)
}

// watchToncenters looks at one wallet after another until the node closes.
func (n *Node) watchToncenters() {
	a := alarms{before: map[[2]string]look{}, raised: map[string]int{}}
	tick := time.NewTicker(alarmEvery)
	defer tick.Stop()
	for round := 0; ; round++ {
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
		if all := n.wallets.all(); len(all) > 0 {
			n.lookAround(&a, all[round%len(all)])
		}
	}
}

// lookAround holds what every toncenter shows of a wallet against what is proven. Without a proven view there is nothing
// to hold it against, which Health says already.
func (n *Node) lookAround(a *alarms, w guard.WalletRecord) {
	ctx, cancel := context.WithTimeout(n.ctx, 2*callTimeout)
	defer cancel()
	sightings := n.chain.Sightings(ctx, w.Address)
	head, err := n.chain.Head(ctx)
	own := n.LastSeen(w.ID)
	if err != nil || !own.Proven {
		return
	}
	for _, s := range sightings {
		if s.Err != nil {
			n.log.Warn("toncenter can't be seen", "toncenter", s.Source, "err", s.Err)
			continue
		}
		n.hold(a, w.ID, look{theirs: s, head: head.Seqno, own: own})
	}
}

// hold compares a look with the one before it, and raises or ends the alarm.
func (n *Node) hold(a *alarms, wallet string, now look) {
	source := now.theirs.Source
	key := [2]string{source, wallet}
	before := a.before[key]
	now.text = now.differs(before)
	a.before[key] = now
	if (now.text == "") == (before.text == "") {
		return
	}
	if now.text == "" {
		a.raised[source]--
		n.log.Info("toncenter and the proven chain agree again", "toncenter", source, "wallet", wallet)
	} else {
		a.raised[source]++
		n.log.Error("toncenter shows another chain than is proven here", "toncenter", source, "wallet", wallet, "what", now.text)
	}
	n.metrics.alarm.WithLabelValues(source).Set(float64(a.raised[source]))
	n.warnings.set("alarm "+source+" "+wallet, now.warning(wallet))
}
