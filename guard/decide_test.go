package guard_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

func TestAllowIsReservedAndAudited(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1.5")
	d := w.allow(c)

	p, known, err := w.g.Payload(w.tx, c.Tx.SigningHash)
	if err != nil || !known || p.State != guard.Reserved || p.Effect != guard.Allow || len(p.Moves) != 1 || p.Moves[0] != (guard.Move{Of: ton.Native, Amount: tons(t, "1.5")}) {
		t.Fatalf("record = %+v, %t, %v", p, known, err)
	}
	e := w.tx.Entries[d.Seq]
	if e.EventType != audit.TransactionAuthorized || e.Request != c.Intent.RequestID || e.PolicyHash != d.PolicyHash {
		t.Errorf("audit entry = %+v", e)
	}
	layers := make([]guard.Layer, 0, len(d.Verdicts))
	for _, v := range d.Verdicts {
		layers = append(layers, v.Layer)
	}
	want := []guard.Layer{"kill", "intent", "strategy", "risk", "policy", "limits", "rate", "anomaly", "simulation"}
	if !slices.Equal(layers, want) {
		t.Errorf("layers = %v, want %v", layers, want)
	}
	l, err := w.g.Live(w.tx, "wallet-1", 0)
	if err != nil || !l.Any || l.RequestID != c.Intent.RequestID || !l.Until.Equal(c.Tx.ValidUntil) {
		t.Errorf("Live = %+v, %v", l, err)
	}
	if l.Expired(c.Tx.ValidUntil) || !l.Expired(c.Tx.ValidUntil.Add(limits.Lag)) {
		t.Error("when the payload is proven dead")
	}
}

func TestDenialIsSeenAndNeverPermitted(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1.5")
	c.Outcome = nil
	w.deny(c, guard.ReasonSimulationMissing)

	p, known, err := w.g.Payload(w.tx, c.Tx.SigningHash)
	if err != nil || !known || p.State != guard.Seen {
		t.Fatalf("record = %+v, %t, %v", p, known, err)
	}
	if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 1)); err == nil {
		t.Error("a payload that was only seen got a permit")
	}
	if l, err := w.g.Live(w.tx, "wallet-1", 0); err != nil || l.Any {
		t.Error("a denied request holds the wallet")
	}
	if e := w.tx.Entries[len(w.tx.Entries)-1]; e.EventType != audit.TransactionDenied || e.Outcome != audit.Denied {
		t.Errorf("audit entry = %+v", e)
	}
}

func TestSimulateWritesNothing(t *testing.T) {
	w := newWorld(t, permissive)
	before := maps.Clone(w.tx.M)
	entries := len(w.tx.Entries)
	s, err := w.g.Simulate(w.tx, w.now, w.request("k1", "1.5"))
	if err != nil || s.Effect != guard.Allow {
		t.Fatalf("%+v, %v", s, err)
	}
	over, err := w.g.Simulate(w.tx, w.now, w.request("k2", "101"))
	if err != nil || over.First().Reason != guard.ReasonLimitTransaction {
		t.Fatalf("%+v, %v", over, err)
	}
	if !maps.EqualFunc(before, w.tx.M, slices.Equal[[]byte]) || len(w.tx.Entries) != entries {
		t.Error("the ledger changed")
	}
}

func TestLaterLayersAllRunAndTheFirstRefusalIsReported(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "101")
	c.Outcome.Accepted = false
	d := w.decide(c)
	if d.First().Reason != guard.ReasonLimitTransaction {
		t.Errorf("first = %+v", d.First())
	}
	if last := d.Verdicts[len(d.Verdicts)-1]; last.Reason != guard.ReasonSimulationRejected {
		t.Errorf("last = %+v", last)
	}
}

func TestIntentStopsTheLine(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	c.Tx.Messages[0].Value = tons(t, "101")
	for _, v := range w.decide(c).Verdicts {
		if v.Layer != guard.LayerKill && v.Layer != guard.LayerIntent {
			t.Errorf("layer %s ran", v.Layer)
		}
	}
}

func TestZeroDecisionAndZeroEffectRefuse(t *testing.T) {
	var d guard.Decision
	if d.Effect == guard.Allow || d.Effect.String() != "deny" || d.Reserved {
		t.Errorf("zero decision = %+v", d)
	}
	if guard.Escalate.String() != "escalate" || guard.Allow.String() != "allow" {
		t.Error("names of effects")
	}
}

func TestSameRequestAndPayloadIsCountedOnce(t *testing.T) {
	w := newWorld(t, `
version: 1
risk: {enabled: false}
agents:
  agent-1:
    capabilities: {transfers: {enabled: true}}
    limits: {perTransaction: "100", daily: "100"}
    allowedTokens: [TON]
    rate: {maxPerHour: 1, cooldownSeconds: 3600}
`)
	c := w.request("k1", "100")
	first := w.allow(c)
	again := w.allow(c)
	if again.PolicyHash != first.PolicyHash {
		t.Error("another answer")
	}
	w.execute(c)
	w.advance(2 * time.Hour)
	w.deny(w.request("k2", "0.000000001"), guard.ReasonLimitDay)
}

// A denial after an allow must not free the amount: the payload may have been signed in between.
func TestReservationSurvivesALaterDenialButIsNotPermitted(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "100")
	w.allow(c)
	worse := c
	worse.Outcome = nil
	w.deny(worse, guard.ReasonSimulationMissing)

	if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 1)); err == nil {
		t.Error("permit after this node's own later denial")
	}
	w.deny(w.request("k2", "1"), guard.ReasonWalletBusy)
	w.allow(c)
	w.permit(c, 1)
}

func TestSecondPayloadOfARequest(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)

	same := w.payload(c.Intent, 70*time.Second)
	if same.Tx.SigningHash == c.Tx.SigningHash {
		t.Fatal("the second payload is the first")
	}
	w.allow(same)

	w.execute(same)
	w.deny(w.payload(c.Intent, time.Minute), guard.ReasonRequestUsed)
	if p, _, _ := w.g.Payload(w.tx, c.Tx.SigningHash); p.State != guard.Dead {
		t.Errorf("the loser is %s", p.State)
	}
	if p, _, _ := w.g.Payload(w.tx, same.Tx.SigningHash); p.State != guard.Executed {
		t.Errorf("the winner is %s", p.State)
	}
}

func TestPayloadFreesItsWalletOnlyWhenProvenDead(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.requestValid("k1", "100", time.Minute)
	w.allow(c)

	w.advance(time.Minute) // valid_until has come, but a shard block dated before it may still appear
	w.deny(w.request("k2", "1"), guard.ReasonWalletBusy)
	w.now = w.now.Add(45 * time.Second) // the local clock alone proves nothing
	d := w.request("k2", "1")
	d.Account.Time = w.now.Add(-45 * time.Second)
	w.deny(d, guard.ReasonWalletBusy)

	w.advance(0)
	w.allow(w.request("k2", "1"))
	if p, _, _ := w.g.Payload(w.tx, c.Tx.SigningHash); p.State != guard.Dead {
		t.Errorf("the first is %s", p.State)
	}
	w.deny(c, guard.ReasonIntentValidity)
}

func TestRequestIDThatForDidNotMakeIsAnError(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	c.Intent.RequestID = "r-../../x"
	if _, err := w.g.Decide(w.tx, w.now, c); err == nil {
		t.Error("decided")
	}
}

// By the chain's clock the payload has run out, whatever the local one says.
func TestPayloadThatHasRunOutByChainTimeIsDenied(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.requestValid("k1", "1", 20*time.Second)
	c.Account.Time = w.now.Add(20 * time.Second)
	w.deny(c, guard.ReasonIntentValidity)
}

// Text from outside is cut within a character, or is none: the entry must still be one that can be read back.
func TestAuditStaysReadable(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	c.Intent.Reasoning = strings.Repeat("x", 199) + "€"
	w.allow(c)
	w.must(w.g.Failed(w.tx, w.now, c.Tx.SigningHash, "\xff\xfe"))
	for _, e := range w.tx.Entries {
		b, err := e.Encode()
		w.must(err)
		if _, err := audit.Decode(b); err != nil {
			t.Errorf("%s: %v", e.EventType, err)
		}
	}
}

func TestRefusalsAreInTheOrderOfReport(t *testing.T) {
	w := newWorld(t, permissive)
	w.applyPolicy(next(`requireApprovalAbove: "0"`))
	c := w.request("k1", "101")
	c.Outcome = nil
	d := w.decide(c)
	var got []guard.Reason
	for _, v := range d.Refusals() {
		got = append(got, v.Reason)
	}
	want := []guard.Reason{guard.ReasonLimitTransaction, guard.ReasonSimulationMissing}
	if !slices.Equal(got, want) || !d.Has(guard.ReasonSimulationMissing) || d.Has(guard.ReasonLimitDay) {
		t.Errorf("refusals = %v, want %v", got, want)
	}
	c = w.request("k1", "1")
	c.Outcome.Skipped = 1
	d = w.decide(c)
	if r := d.Refusals(); len(r) != 2 || r[0].Effect != guard.Deny || r[1].Effect != guard.Escalate || d.First() != r[0] {
		t.Errorf("a denial comes before an escalation: %+v", r)
	}
	c = w.request("k1", "1")
	d = w.decide(c)
	if r := d.Refusals(); len(r) != 2 || d.First().Reason != guard.ReasonApprovalUnavailable || d.First().Observed != "approval_above" ||
		r[1].Reason != guard.ReasonApprovalAbove || d.Effect != guard.Deny {
		t.Errorf("an escalation is denied for want of approvals: %+v", r)
	}
}

func TestRaceAtTheLimit(t *testing.T) {
	w := newWorld(t, permissive)
	var at49, over int
	for n := range 64 {
		c := w.request(fmt.Sprint("k", n), "49")
		if d := w.decide(c); d.Effect == guard.Allow {
			at49++
			w.execute(c)
		} else if d.First().Reason == guard.ReasonLimitDay {
			over++
		}
	}
	if at49 != 10 || over != 54 { // 10 × 49 ≤ 500 < 11 × 49
		t.Fatalf("%d executed, %d over the limit", at49, over)
	}
	w.deny(w.request("above", "10.000000001"), guard.ReasonLimitDay)
	w.allow(w.request("equal", "10"))
}

func TestOnlyOneOfManyRequestsHoldsTheWallet(t *testing.T) {
	w := newWorld(t, permissive)
	w.allow(w.request("k0", "1"))
	for n := range 64 {
		w.deny(w.request(fmt.Sprint("other", n), "1"), guard.ReasonWalletBusy)
	}
}

func TestBrokenRecordIsAnErrorAndNoAllow(t *testing.T) {
	keys := []guard.Key{"m/time", "k/open", "p/current", "w/wallet-1", "a/agent-1", "x/wallet-1", "u/wallet-1",
		"s/wallet-1/native", "n/wallet-1/0", "r/agent-1"}
	for _, k := range keys {
		for name, value := range map[string][]byte{"newer version": {2, 0xa0}, "garbage": {1, 0xff}, "empty": {}} {
			w := newWorld(t, permissive)
			c := w.request("k1", "1")
			w.tx.M[k] = value
			if d, err := w.g.Decide(w.tx, w.now, c); err == nil || d.Effect == guard.Allow {
				t.Errorf("%s %s: decided %s", k, name, d.Effect)
			}
		}
	}
}

func TestUnreadableLedgerIsAnError(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	p := w.permit(c, 1)
	w.tx.Fail = fmt.Errorf("disk")
	for name, do := range map[string]func() error{
		"decide":  func() error { _, err := w.g.Decide(w.tx, w.now, c); return err },
		"permit":  func() error { _, err := w.g.Permit(w.tx, w.now, w.terms(c, 2)); return err },
		"release": func() error { return w.g.Release(w.tx, w.now, p) },
		"observe": func() error { return w.g.Observe(w.tx, w.now, "wallet-1", nil, w.account()) },
		"trips":   func() error { _, err := w.g.TripSet(w.tx); return err },
		"policy":  func() error { return w.g.ApplyPolicy(w.tx, w.now, signPolicy(permissive)) },
		"lift": func() error {
			return w.g.Lift(w.tx, w.now, w.lift([]string{w.trip("user", "network", "kill", time.Time{}).ID}, "user", "backup"))
		},
		"signed":  func() error { return w.g.Signed(w.tx, w.now, c.Tx.SigningHash, [64]byte{}) },
		"failed":  func() error { return w.g.Failed(w.tx, w.now, c.Tx.SigningHash, "") },
		"explain": func() error { return w.g.Explain(w.tx, w.now, guard.Explanation{}) },
		"tested":  func() error { return w.g.Tested(w.tx, "key-1", 1, []string{"user", "backup"}) },
	} {
		if do() == nil {
			t.Errorf("%s went on without the ledger", name)
		}
	}
}

// The guard's own part of a decision must not depend on what the wallet did before.
func TestCostOfADecisionIsFlat(t *testing.T) {
	allocations := func(past int) float64 {
		w := withHistory(t, past)
		c := w.request("k1", "1")
		return testing.AllocsPerRun(20, func() {
			if _, err := w.g.Simulate(w.tx, w.now, c); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := allocations(100), allocations(3000)
	if many > few+8 {
		t.Errorf("%v allocations after 100 transactions, %v after 3,000", few, many)
	}
}

// withHistory is a world whose wallet has sent a little that many times, spread over 30 days and up to 10,000 destinations.
func withHistory(t testing.TB, past int) *world {
	w := newWorld(t, permissive)
	end := w.now
	step := 30 * 24 * time.Hour / time.Duration(past)
	w.now = w.now.Add(-step * time.Duration(past))
	w.tx.M["m/time"] = nil
	var batch []ton.Executed
	for n := range past {
		to := ton.Address{Hash: [32]byte{0xb1, byte(n % 10_000 >> 8), byte(n % 10_000)}}
		w.now = w.now.Add(step).Truncate(time.Second)
		e := ton.Executed{
			PrevLT: w.lt, PrevHash: w.lastHash, LT: w.lt + 1, Hash: [32]byte{byte(w.lt), byte(w.lt >> 8), byte(w.lt >> 16), 1},
			Time: w.now, External: true, Out: []ton.Message{{To: to, Value: ton.NanoOf(1000)}},
		}
		w.lt, w.lastHash = e.LT, e.Hash
		if batch = append(batch, e); len(batch) == 1000 {
			w.mc++
			w.must(w.g.Observe(w.tx, w.now, "wallet-1", batch, w.account()))
			batch = nil
		}
	}
	w.now = end
	w.mc++
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", batch, w.account()))
	for n := range min(past, 10_000) { // of these the requests are known, so that each destination is
		c := w.requestTo(to(n), "0.000001")
		w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"backup", "platform"}}))
		w.execute(c)
	}
	return w
}

func BenchmarkDecide(b *testing.B) {
	for _, past := range []int{100, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("past=", past), func(b *testing.B) {
			w := withHistory(b, past)
			c := w.request("k1", "1")
			b.ReportAllocs()
			for b.Loop() {
				if d, err := w.g.Decide(w.tx, w.now, c); err != nil || d.Effect != guard.Allow {
					b.Fatal(d.First(), err)
				}
				w.tx.Entries = w.tx.Entries[:0]
			}
		})
	}
}

// Rules of which none matches: each has to be read to the condition that doesn't hold.
func BenchmarkDecideByRules(b *testing.B) {
	document := nextOf(permissive) + "rules:\n"
	for n := range 1000 {
		document += fmt.Sprintf("- {id: r%d, action: deny, conditions: [{field: asset, operator: eq, value: native}, {field: hour, operator: gte, value: 1}, {field: amount, operator: gt, value: \"%d\"}]}\n", n, n+2)
	}
	w := newWorld(b, permissive)
	w.applyPolicy(document)
	c := w.request("k1", "1")
	for b.Loop() {
		if d, err := w.g.Decide(w.tx, w.now, c); err != nil || d.Effect != guard.Allow {
			b.Fatal(d.First(), err)
		}
		w.tx.Entries = w.tx.Entries[:0]
	}
}

// Another wallet's state may be some seconds older: an agent's last request is never in the future of its next.
func TestReservationMovesTheWindowTimeOn(t *testing.T) {
	w := newWorld(t, permissive)
	w.now = w.now.Add(10 * time.Second)
	w.allow(w.request("k1", "1"))
	if at, err := w.g.WindowTime(w.tx); err != nil || !at.Equal(w.now) {
		t.Errorf("window time %s, want that of the account's state, %s: %v", at, w.now, err)
	}
}
