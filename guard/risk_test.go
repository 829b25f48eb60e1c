package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// watched is permissive with risk and anomalies judged, by the product's numbers but for what the section says.
func watched(section string) string {
	return strings.Replace(permissive, "risk: {enabled: false}", "risk: {"+section+"}", 1)
}

func watchedWorld(t testing.TB, section string) *world {
	t.Helper()
	w := newWorld(t, watched(section))
	w.deposit()
	return w
}

// pay has the chain execute so many transfers of one amount to bob, a minute apart.
func (w *world) pay(times int, amount string) {
	w.Helper()
	for n := range times {
		c := w.request(fmt.Sprint("paid ", n, " ", w.seqno), amount)
		w.allow(c)
		w.execute(c)
		w.advance(time.Minute)
	}
}

// drain is the request that makes half of the balance leave within an hour.
func (w *world) drain() guard.Case {
	w.Helper()
	w.coins = "40"
	w.pay(2, "5")
	w.coins = "30"
	return w.request("drain", "10")
}

func TestTransfersThatNeverExecuteTeachNothing(t *testing.T) {
	w := watchedWorld(t, "")
	for n := range 20 {
		c := w.requestValid(fmt.Sprint("k", n), "20", time.Minute)
		w.allow(c)
		if n%2 == 0 {
			w.advance(2 * time.Minute) // dead
			continue
		}
		e := executed(c)
		e.Success = false
		w.chain(e)
	}
	w.deny(w.request("more", "26"), guard.ReasonNewDestLarge) // neither bob nor the amount is usual
	w.pay(1, "1")
	w.advance(24*time.Hour - time.Minute)
	w.allow(w.request("day later", "26"))
}

func TestNewDestinationAddsUpOverItsFirstDay(t *testing.T) {
	w := watchedWorld(t, "")
	w.pay(2, "10")
	w.deny(w.request("third", "5.1"), guard.ReasonNewDestLarge)
	w.allow(w.request("third", "5"))
}

func TestFraudPatternBlocks(t *testing.T) {
	w := watchedWorld(t, "maxRiskScore: 100")
	c := w.drain()
	w.deny(c, "rapid_drain")
	w = watchedWorld(t, "maxRiskScore: 100, fraudDetectionEnabled: false")
	if d := w.decide(w.drain()); d.Has("rapid_drain") {
		t.Error("fraud detection is off, and blocks")
	}
}

func TestUnusualAmountIsEscalatedOnceTheWalletHasABehaviour(t *testing.T) {
	w := watchedWorld(t, "")
	w.pay(19, "1")
	w.advance(25 * time.Hour)
	w.allow(w.request("early", "3"))
	w.advance(2 * time.Minute)
	w.pay(1, "1")
	w.deny(w.request("late", "3"), guard.ReasonAnomaly)
	w.allow(w.request("less", "0.1")) // only more is a danger
}

func TestThresholdIsThePolicys(t *testing.T) {
	w := watchedWorld(t, "anomalyThreshold: 4.5")
	w.pay(20, "1")
	w.advance(25 * time.Hour)
	w.allow(w.request("k1", "3")) // ln 3 / 0.25 = 4.4
	w = watchedWorld(t, "anomalyThreshold: 4.3")
	w.pay(20, "1")
	w.advance(25 * time.Hour)
	w.deny(w.request("k1", "3"), guard.ReasonAnomaly)
}

func TestOwnHighestScoreOnlyTightens(t *testing.T) {
	for most, want := range map[int]guard.Reason{0: "", 20: guard.ReasonRiskScore, 100: ""} {
		c := config()
		c.MaxRiskScore = most
		w := worldOf(t, c)
		w.deposit()
		w.applyPolicy(watched(""))
		if got := cause(w.decide(w.request("k1", "1"))).Reason; got != want {
			t.Errorf("MAX_RISK_SCORE %d: %q, want %q", most, got, want)
		}
	}
	c := config()
	c.MaxRiskScore = 100
	w := worldOf(t, c)
	w.applyPolicy(watched("maxRiskScore: 20"))
	w.deny(w.request("k1", "1"), guard.ReasonRiskScore)
}

// An address that could be taken for one that the wallet pays is as good as always somebody else's.
func TestLookAlikeOfAPaidAddress(t *testing.T) {
	w := watchedWorld(t, "")
	w.pay(1, "1")
	mallory := bob
	mallory.Hash[15]++
	d := w.decide(w.requestTo(mallory, "1"))
	if d.Effect == guard.Allow {
		t.Fatal("a look-alike was paid")
	}
	var noted bool
	for _, k := range w.tx.Entries[d.Seq].Details {
		noted = noted || strings.HasPrefix(k.K, "look_alike") && strings.Contains(k.V, bob.String())
	}
	if !noted || cause(d).Reason != guard.ReasonRiskLevel {
		t.Errorf("look-alike noted: %t; %+v", noted, d.First())
	}
	other := bob
	other.Hash[0]++
	w.allow(w.requestTo(other, "1"))
}

// requestTo is request to another destination.
func (w *world) requestTo(to ton.Address, amount string) guard.Case {
	w.Helper()
	body := []byte(strings.Replace(string(w.body(amount, "hi")), bob.String(), to.String(), 1))
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return w.payload(i.For("agent-1", "to "+to.String(), body), time.Minute)
}

func TestStatisticsFollowTheChainWhoeverSigned(t *testing.T) {
	w := watchedWorld(t, "")
	for n := range 20 {
		c := w.request(fmt.Sprint("k", n), "1")
		w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"backup", "platform"}}))
		w.execute(c)
		w.advance(time.Minute)
	}
	w.advance(25 * time.Hour)
	w.deny(w.request("k", "3"), guard.ReasonAnomaly)

	w = watchedWorld(t, "")
	for n := range 20 {
		c := w.request(fmt.Sprint("k", n), "1")
		w.execute(c) // unexplained until the statements come
		w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"backup", "platform"}}))
		w.advance(time.Minute)
	}
	w.advance(25 * time.Hour)
	w.deny(w.request("k", "3"), guard.ReasonAnomaly)
}

// What was signed elsewhere and explained later teaches what it did on the chain: nothing if it failed, and when it ran, not when it
// was explained.
func TestExplainedTransactionTeachesWhatItDid(t *testing.T) {
	for _, success := range []bool{true, false} {
		w := watchedWorld(t, "")
		c := w.request("k1", "1")
		x := executed(c)
		x.Success = success
		w.chain(x)
		ran := w.now
		w.advance(10 * time.Hour)
		w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"backup", "platform"}}))
		var d risk.Dest
		learnt := false
		for k, raw := range w.tx.M {
			if strings.HasPrefix(string(k), "d/") {
				w.must(d.UnmarshalBinary(raw[len(raw)-36:]))
				learnt = true
			}
		}
		if learnt != success || learnt && d.First != ran.Unix() {
			t.Errorf("success %v: learnt %v: %+v, ran at %d", success, learnt, d, ran.Unix())
		}
	}
}

func TestNothingIsKeptOfPayeesOnceTheyAreSettled(t *testing.T) {
	w := watchedWorld(t, "")
	w.pay(3, "1")
	c := w.request("dies", "1")
	w.allow(c)
	w.advance(2 * time.Minute)
	for k := range w.tx.M {
		if strings.HasPrefix(string(k), "yp/") {
			t.Errorf("%s is left", k)
		}
	}
}

func TestLiveQueriesCountAsIfTheyHadExecuted(t *testing.T) {
	w := queryWorld(t)
	w.applyPolicy(strings.Replace(watched("maxRiskScore: 100"), "version: 1", "version: 2\nparent: "+parentOf(permissive), 1))
	w.allow(w.query("k0", 0, "20"))
	w.deny(w.query("k1", 1, "5.1"), guard.ReasonNewDestLarge)
	w.allow(w.query("k1", 1, "5"))
}

// Whom a request says that it pays is nothing to learn from, as long as the bytes do something else.
func TestRequestThatLiesTeachesNothing(t *testing.T) {
	w := watchedWorld(t, "")
	honest := w.request("k1", "1")
	lie := w.batch("lie", "20", "20")
	lie.Tx, lie.Payload, lie.Outcome, lie.Account, lie.Facts = honest.Tx, honest.Payload, honest.Outcome, honest.Account, honest.Facts
	w.deny(lie, guard.ReasonIntentMessages)
	w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: honest.Intent, Tx: honest.Tx, Signers: []string{"backup", "platform"}}))
	w.execute(honest)
	for k := range w.tx.M {
		if strings.HasPrefix(string(k), "d/") {
			t.Errorf("%s was learnt", k)
		}
	}
}

// One operation of the ledger has a size: what is beyond it stays new.
func TestManyPayeesAreLearntInPart(t *testing.T) {
	w := queryWorld(t)
	amounts := make([]string, 254)
	for n := range amounts {
		amounts[n] = "0.01"
	}
	var all []ton.Executed
	for n := range uint32(3) {
		c := w.query(fmt.Sprint("k", n), n, amounts...)
		w.allow(c)
		all = append(all, executed(c))
	}
	for n := range all { // in one look
		e := &all[n]
		e.PrevLT, e.PrevHash = w.lt, w.lastHash
		e.LT, e.Time, e.Hash = w.lt+10, w.now, [32]byte{1: byte(n + 1)}
		w.lt, w.lastHash, w.used[e.QueryID] = e.LT, e.Hash, e.Time
	}
	w.mc++
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", all, w.account()))
	once, more := 0, 0
	for k, raw := range w.tx.M {
		if strings.HasPrefix(string(k), "d/") && raw != nil {
			var d risk.Dest
			w.must(d.UnmarshalBinary(raw[len(raw)-36:]))
			if once++; d.Count > 1 {
				more++
			}
		}
	}
	if once != 254 || more != 256-254 {
		t.Errorf("%d destinations are remembered, %d of them more than once", once, more)
	}
}

// Coins that go on with jettons are coins.
func TestForwardedCoinsAreJudgedAsCoins(t *testing.T) {
	for coins, want := range map[string]bool{"1": true, "90": false} {
		w := newWorld(t, strings.Replace(everything, "risk: {enabled: false}", "risk: {maxRiskScore: 100}", 1))
		w.deposit()
		j := w.payDollars()
		forward := ton.Jetton{QueryID: 7, Amount: ton.NanoOf(5), Destination: bob, Response: w.w.Address, Forward: tons(t, coins), Payload: ton.Payload{Comment: "rent"}}
		j.body, j.value, j.operation = forward.Transfer(), coins+".1", map[string]string{"attached": coins + ".1", "forward": coins}
		if d := w.decide(w.do("k1", j)); (d.Effect == guard.Allow) != want || !want && !d.Has(guard.ReasonNewDestLarge) {
			t.Errorf("%s TON go on with five cents: %+v", coins, d.Verdicts)
		}
	}
}

func TestBlacklistStopsWhatWasDecidedBefore(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	p, err := w.g.Permit(w.tx, w.now, w.terms(c, 1))
	w.must(err)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: bob, Revision: 1, Severity: blacklist.High, Reason: "scam"}, "user operator"))
	if err := w.g.Release(w.tx, w.now, p); err == nil || !strings.Contains(err.Error(), "since the decision") {
		t.Errorf("released: %v", err)
	}
	if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 2)); err == nil {
		t.Error("permitted")
	}
}

// The blacklist refuses although risk is not judged: somebody said so about that very address.
func TestBlacklistRefusesWhomItListsAndFlagsWhoLooksLikeIt(t *testing.T) {
	for severity, want := range map[blacklist.Severity]guard.Reason{
		blacklist.Low: "", blacklist.Medium: "", blacklist.High: guard.ReasonBlacklisted, blacklist.Critical: guard.ReasonBlacklisted,
	} {
		w := newWorld(t, permissive)
		w.must(w.setBlacklist(guard.BlacklistRecord{Address: bob, Revision: 1, Severity: severity, Reason: "scam"}, "user operator"))
		if got := w.decide(w.request("k1", "1")).First().Reason; got != want {
			t.Errorf("%s: %q, want %q", severity, got, want)
		}
		mallory := bob
		mallory.Hash[15]++
		d := w.decide(w.requestTo(mallory, "2"))
		if note := w.tx.Entries[d.Seq].Details.Get("blacklist 01"); d.First().Reason == guard.ReasonBlacklisted || !strings.Contains(note, "looks like "+bob.String()) {
			t.Errorf("%s: look-alike %+v, noted %q", severity, d.First(), note)
		}
	}
	w := newWorld(t, permissive)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: to(1), Revision: 1, Severity: blacklist.High, Reason: "scam"}, "user operator"))
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: to(2), Revision: 1, Severity: blacklist.High, Reason: "scam"}, "user operator"))
	c := w.batch("k1", "1", "1", "1")
	w.deny(c, guard.ReasonBlacklisted)
	if listed := w.decide(c).Refusals(); len(listed) != 1 {
		t.Errorf("an audit entry for each of the listed: %+v", listed)
	}
}

// Who carries a payload is paid as well.
func TestBlacklistRefusesARelayer(t *testing.T) {
	w := newWorld(t, everything)
	w.must(w.setBlacklist(guard.BlacklistRecord{Address: carrier, Revision: 1, Severity: blacklist.High, Reason: "scam"}, "user operator"))
	w.deny(w.do("k1", w.jobs()["gasless"]), guard.ReasonBlacklisted)
}

func TestMarketCountsWhileThereArePrices(t *testing.T) {
	w := newWorld(t, strings.Replace(priced, "risk: {enabled: false}", "risk: {weights: {transaction: 0.1, market: 0.9}}", 1))
	w.deposit()
	assess := func() risk.Breakdown {
		s, err := w.g.Simulate(w.tx, w.now, w.request("k1", "1"))
		w.must(err)
		return s.Risk.Breakdown
	}
	if b := assess(); b.MarketAvailable {
		t.Errorf("a market without prices: %+v", b)
	}
	w.quotes(1, map[string]string{"feed-a": "3", "feed-b": "3", "feed-c": "3"})
	w.advance(time.Hour)
	w.quotes(2, map[string]string{"feed-a": "4", "feed-b": "4", "feed-c": "4"})
	if b := assess(); !b.MarketAvailable || b.Market != 100 {
		t.Errorf("a third up in an hour: %+v", b)
	}
	w.deny(w.request("k1", "1"), guard.ReasonRiskScore)
	w.advance(16 * time.Minute)
	if b := assess(); b.MarketAvailable {
		t.Errorf("prices of a quarter of an hour ago: %+v", b)
	}
}

func TestAuditShowsTheScore(t *testing.T) {
	w := watchedWorld(t, "")
	d := w.allow(w.request("k1", "1"))
	details := w.tx.Entries[d.Seq].Details
	if details.Get("risk_score") == "" || details.Get("risk_level") != "medium" {
		t.Errorf("audit has %v", details)
	}
	s, err := w.g.Simulate(w.tx, w.now, w.request("k1", "1"))
	if err != nil || s.Risk == nil || fmt.Sprintf("%.1f", s.Risk.Score) != details.Get("risk_score") {
		t.Errorf("simulation says %+v, %v", s.Risk, err)
	}
}
