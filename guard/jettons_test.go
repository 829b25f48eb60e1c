package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// sentBy is the transaction that runs a case of jettons: what the wallet emitted is what was decoded.
func (w *world) sentBy(c guard.Case) ton.Executed {
	e := executed(c)
	e.Out = c.Tx.Messages
	return e
}

func (w *world) payUnits(idempotency string, n uint64) guard.Case {
	w.Helper()
	return w.do(idempotency, w.payDollars().paying(n))
}

func TestJettonsHaveWindowsOfTheirOwn(t *testing.T) {
	for reason, c := range map[guard.Reason]struct {
		sent uint64
		pass time.Duration
	}{
		guard.ReasonLimitDay: {4500, 0}, guard.ReasonLimitWeek: {19_500, 2 * 24 * time.Hour}, guard.ReasonLimitMonth: {49_500, 10 * 24 * time.Hour},
	} {
		w := newWorld(t, everything)
		w.chain(sentJettons(purse, c.sent)) // somebody else signed that
		w.advance(c.pass)
		w.deny(w.payUnits("k1", 501), reason)
		w.allow(w.payUnits("k2", 500))
	}
	w := newWorld(t, everything)
	w.deny(w.payUnits("k1", 1001), guard.ReasonLimitTransaction)
	w.chain(sentJettons(purse, 5000))
	w.allow(w.request("k2", "99")) // coins have their own
}

func TestCoinsThatGoWithJettonsCountAsCoins(t *testing.T) {
	w := newWorld(t, everything)
	w.chain(ton.Executed{External: true, Out: []ton.Message{{To: bob, Value: tons(t, "499.96")}}})
	w.deny(w.payUnits("k1", 5), guard.ReasonLimitDay)
}

func TestLivePayloadOfJettonsCountsOnceAndThenByTheMirror(t *testing.T) {
	w := newWorld(t, everything)
	c := w.payUnits("k1", 1000)
	w.allow(c)
	w.allow(c) // again: the same payload
	w.chain(w.sentBy(c))
	w.chain(sentJettons(purse, 3500))
	w.deny(w.payUnits("k2", 501), guard.ReasonLimitDay)
	w.allow(w.payUnits("k2", 500))
}

// A master that was upgraded keeps the jettons elsewhere; what left before is not forgotten.
func TestSpendingFollowsAJettonToItsNewWallet(t *testing.T) {
	w := newWorld(t, everything)
	c := w.payUnits("k1", 1000)
	w.allow(c)
	w.chain(w.sentBy(c))
	w.chain(sentJettons(purse, 3500))
	j := w.payDollars()
	j.dest = shop
	j.facts.Account = w.contractAt(shop)
	w.deny(w.do("k2", j.paying(501)), guard.ReasonLimitDay)
	w.allow(w.do("k2", j.paying(500)))
}

// A node that only saw on the chain what left the old jetton wallet can't know which jetton that was: it counts for every one
// until a request has proven it.
func TestUnnamedJettonWalletCountsForEveryJetton(t *testing.T) {
	w := newWorld(t, everything)
	w.chain(sentJettons(purse, 4500)) // the two others signed that
	moved := w.payDollars()
	moved.dest, moved.facts.Account = shop, w.contractAt(shop)
	w.deny(w.do("k1", moved.paying(501)), guard.ReasonLimitDay)

	w.chain(sentJettons(to(1), 600)) // another jetton's
	w.deny(w.payUnits("k2", 500), guard.ReasonLimitDay)
	other := w.payDollars()
	other.asset, other.dest, other.facts.Account = euroID, to(1), w.contractAt(to(1))
	other.facts.Master, _ = ton.JettonMaster(euroID)
	w.deny(w.do("k3", other.paying(1001)), guard.ReasonLimitTransaction) // refused, and proven to be euros
	w.allow(w.payUnits("k4", 500))
	w.deny(w.do("k5", moved.paying(1)), guard.ReasonWalletBusy)
}

// The list of counted jettons is bounded: what has no place is refused for as long as a window is, then there is place.
func TestJettonsWithoutAPlaceAreRefused(t *testing.T) {
	w := newWorld(t, everything)
	for n := range 64 {
		w.chain(sentJettons(to(n), 1))
	}
	w.advance(24 * time.Hour)
	w.chain(sentJettons(purse, 5000)) // not counted, but not forgotten
	w.deny(w.payUnits("k1", 1), guard.ReasonTooManyAssets)
	w.advance(guard.Backfill - time.Hour) // the others have places to give
	w.deny(w.payUnits("k1", 1), guard.ReasonTooManyAssets)
	w.advance(2 * time.Hour)
	w.allow(w.payUnits("k1", 1000))
	windows := 0
	for k := range w.tx.M {
		if strings.HasPrefix(string(k), "s/wallet-1/0:") {
			windows++
		}
	}
	if windows > 64 {
		t.Errorf("%d windows are kept", windows)
	}
}

// Whatever is asked, executed and restarted in whichever order, no more leaves in a day than the limit.
func TestJettonsNeverExceedTheirLimit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, everything)
		var sent []uint64
		var at []time.Time
		for n := range rapid.IntRange(1, 25).Draw(rt, "requests") {
			w.advance(time.Duration(rapid.IntRange(60, 6*3600).Draw(rt, "pass")) * time.Second)
			amount := rapid.Uint64Range(1, 1100).Draw(rt, "amount")
			c := w.payUnits(string(rune('a'+n)), amount)
			if w.decide(c).Effect != guard.Allow {
				continue
			}
			if rapid.Bool().Draw(rt, "executed") {
				w.chain(w.sentBy(c))
				sent, at = append(sent, amount), append(at, w.now)
			} else {
				w.advance(3 * time.Minute) // it expires
			}
			var day uint64
			for i := range sent {
				if w.now.Sub(at[i]) < 24*time.Hour {
					day += sent[i]
				}
			}
			if day > 5000 {
				rt.Fatalf("%d units left within a day", day)
			}
		}
	})
}

// What looks like one operation and is another, by its bytes or by what is proven of where it goes.
func TestHostileBodiesOfOperationsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world, *job)
		want   guard.Reason
	}{
		"a comment that is a pool's command": {func(w *world, j *job) {
			*j = job{kind: "transfer", asset: "native", amount: "1", to: pot, memo: "hi", dest: pot, value: "1",
				facts: ton.Facts{Account: w.contractAt(pot), Role: ton.RolePool, Program: ton.Whales}}
		}, guard.Reason(ton.CodeOperationUnknown)},
		"a stake declared as a payment": {func(w *world, j *job) {
			*j = w.jobs()["stake"]
			j.kind, j.operation = "transfer", nil
		}, guard.ReasonIntentType},
		"a foreign token":               {func(_ *world, j *job) { j.facts.Master = shop }, guard.ReasonIntentAsset},
		"somebody else's jetton wallet": {func(_ *world, j *job) { j.facts.Owner = bob }, guard.Reason(ton.CodeFacts)},
		"jettons to a sale": {func(w *world, j *job) {
			j.facts.Receiver = ton.Receiver{Account: w.contractAt(bob), Role: ton.RoleSale}
		}, guard.Reason(ton.CodeOperationUnknown)},
		"a foreign receiver of a swap": {func(w *world, j *job) {
			*j = w.swap(990, w.soon(), ton.Address{})
			j.body = w.dedust(990, w.soon(), bob, ton.Address{})
		}, guard.Reason(ton.CodeForeignAddress)},
		"a swap that holds for too long": {func(w *world, j *job) {
			*j = w.swap(990, w.soon()+3600, ton.Address{})
		}, guard.Reason(ton.CodeSwap)},
		"another pool's swap": {func(w *world, j *job) {
			*j = w.swap(990, w.soon(), ton.Address{})
			j.facts.Ask = dollarID
		}, guard.ReasonIntentOperation},
		"a bought token that nobody lists": {func(w *world, j *job) {
			*j = w.swap(990, w.soon(), ton.Address{})
			j.facts.Ask = ton.JettonID(shop)
			*j = j.with("ask", j.facts.Ask)
		}, guard.ReasonTokenNotAllowed},
		"an item of another collection": {func(w *world, j *job) {
			*j = w.jobs()["nft_transfer"]
			j.facts.Collection = ton.Address{}
		}, guard.ReasonIntentOperation},
		"a sale that changed its price": {func(w *world, j *job) {
			*j = w.jobs()["nft_buy"]
			j.facts.Price = ton.NanoOf(35e8)
		}, guard.ReasonIntentOperation},
		"a deploy where something is": {func(w *world, j *job) {
			*j = w.jobs()["deploy"]
			j.facts.Account = w.contractAt(j.dest)
		}, guard.Reason(ton.CodeFacts)},
		"a state_init with a payment": {func(w *world, j *job) {
			d := w.jobs()["deploy"]
			j.init, j.dest = d.init, d.dest
		}, guard.ReasonDestinationUnknown},
		"old facts":                 {func(w *world, j *job) { j.facts.Account.Time = w.now.Add(-91 * time.Second) }, guard.ReasonDestinationUnknown},
		"old facts of the receiver": {func(w *world, j *job) { j.facts.Receiver.Account.Time = w.now.Add(-91 * time.Second) }, guard.ReasonDestinationUnknown},
		"an unproven receiver":      {func(_ *world, j *job) { j.facts.Receiver.Account.Proven = false }, guard.ReasonDestinationUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			j := w.payDollars()
			c.change(w, &j)
			w.deny(w.do("k1", j), c.want)
		})
	}
}

// What a pool refuses must come back, also if the order is a comment.
func TestOrderThatIsACommentBounces(t *testing.T) {
	w := newWorld(t, everything)
	c := w.do("k1", w.jobs()["stake"])
	c.Tx.Messages[0].Bounce, c.Outcome.Messages[0].Bounce = false, false
	w.deny(c, guard.Reason(ton.CodeBounce))
}

// BenchmarkBatchOfJettons judges a full batch of jetton transfers, decoding included, deliveries not: docs/ton.md names the figure.
func BenchmarkBatchOfJettons(b *testing.B) {
	w := newWorld(b, everything)
	c := w.jettonBatch("k1", 255)
	w.allow(c)
	for b.Loop() {
		t, err := ton.Decode(w.w.TON(), c.Payload)
		w.must(err)
		c.Tx = t
		w.decide(c)
	}
}

// jettonBatch pays n accounts a unit each.
func (w *world) jettonBatch(idempotency string, n int) guard.Case {
	w.Helper()
	var payments []string
	var messages []ton.Transfer
	for i := range n {
		payments = append(payments, fmt.Sprintf(`{"amount":"1","destination":%q}`, to(i)))
		j := ton.Jetton{QueryID: uint64(i), Amount: ton.NanoOf(1), Destination: to(i), Response: w.w.Address, Forward: ton.NanoOf(1)}
		messages = append(messages, ton.Transfer{To: purse, Value: tons(w, "0.05"), Bounce: true, Body: j.Transfer()})
	}
	body := fmt.Appendf(nil, `{"network":"%x","wallet":"wallet-1","coordinator":"user","expires":%q,"type":"jetton_transfer","asset":%q,"payments":[%s]}`,
		networkID, w.now.Add(time.Hour).Format(time.RFC3339), dollarID, strings.Join(payments, ","))
	i, err := w.g.ParseIntent(body)
	w.must(err)
	c := guard.Case{Intent: i.For("agent-1", idempotency, body), Payload: must(ton.Build(w.w.TON(), w.seqno, w.now.Add(time.Minute), messages)), Account: w.account()}
	c.Tx = must(ton.Decode(w.w.TON(), c.Payload))
	w.complete(&c, w.ownJettons())
	for n, m := range c.Tx.Messages {
		c.Facts[n].Receiver = ton.Receiver{Account: w.state(to(n), nil), Wallet: ton.Address{Hash: [32]byte{0xd2}}}
		c.Deliveries[n] = w.delivery(m, c.Facts[n])
	}
	return c
}

func TestBatchOfJettonsIsJudgedByEveryMessageAndTheSum(t *testing.T) {
	w := newWorld(t, everything)
	w.allow(w.jettonBatch("k1", 255))
	w = newWorld(t, strings.Replace(everything, `perTransaction: "1000"`, `perTransaction: "254"`, 1))
	w.allow(w.jettonBatch("k1", 254))
	w = newWorld(t, strings.Replace(everything, `perTransaction: "1000"`, `perTransaction: "254"`, 1))
	w.deny(w.jettonBatch("k1", 255), guard.ReasonLimitTransaction)
	w = newWorld(t, everything)
	c := w.jettonBatch("k1", 3)
	c.Facts[2].Master = shop
	w.deny(c, guard.ReasonIntentAsset)
	c = w.jettonBatch("k1", 3)
	c.Deliveries[2].Messages = nil
	w.deny(c, guard.Reason(ton.CodeDelivery))
}

// The fee is a message that no payment declares: all that it may do is pay the relayer in the same jetton.
func TestRelayersFeeIsNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world, *guard.Case)
		want   guard.Reason
	}{
		"in another jetton":   {func(_ *world, c *guard.Case) { c.Facts[1].Master = shop }, guard.ReasonIntentAsset},
		"with more coins":     {func(w *world, c *guard.Case) { c.Tx.Messages[1].Value = tons(w, "0.06") }, guard.ReasonIntentOperation},
		"in another mode":     {func(_ *world, c *guard.Case) { c.Tx.Messages[1].Mode = 2 }, guard.Reason(ton.CodeSendMode)},
		"to a contract":       {func(w *world, c *guard.Case) { c.Facts[1].Receiver.Account = w.contractAt(carrier) }, guard.Reason(ton.CodeOperationUnknown)},
		"a second payment":    {func(_ *world, c *guard.Case) { c.Tx.Messages[1] = c.Tx.Messages[0]; c.Facts[1] = c.Facts[0] }, guard.ReasonIntentMessages},
		"of what is unproven": {func(_ *world, c *guard.Case) { c.Facts[1].Account.Proven = false }, guard.ReasonDestinationUnknown},
		"sent as external":    {func(_ *world, c *guard.Case) { c.Tx.Kind = ton.External }, guard.ReasonIntentType},
		"without facts":       {func(_ *world, c *guard.Case) { c.Facts = c.Facts[:1] }, guard.ReasonDestinationUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			g := w.do("k1", w.jobs()["gasless"])
			c.change(w, &g)
			w.deny(g, c.want)
		})
	}
}
