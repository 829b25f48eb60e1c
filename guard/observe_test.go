package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
)

func TestMirrorRefusesWhatDoesNotFollow(t *testing.T) {
	for name, change := range map[string]func(*world, *ton.Executed, *ton.Account){
		"a gap":              func(_ *world, e *ton.Executed, _ *ton.Account) { e.PrevLT++ },
		"another history":    func(_ *world, e *ton.Executed, _ *ton.Account) { e.PrevHash[0]++ },
		"a step back":        func(_ *world, e *ton.Executed, _ *ton.Account) { e.LT = 1 },
		"a seqno that skips": func(_ *world, e *ton.Executed, _ *ton.Account) { e.Consumed, e.Seqno = true, 7 },
		"a date after the state": func(w *world, e *ton.Executed, _ *ton.Account) {
			e.Time, e.External, e.Out = w.now.Add(time.Second), true, oneTON()
		},
		"an unproven state":       func(_ *world, _ *ton.Executed, a *ton.Account) { a.Proven = false },
		"another account":         func(_ *world, _ *ton.Executed, a *ton.Account) { a.Address = bob },
		"an older block":          func(_ *world, _ *ton.Executed, a *ton.Account) { a.MCSeqno = 0 },
		"a state from the future": func(w *world, _ *ton.Executed, a *ton.Account) { a.Time = w.now.Add(24 * time.Hour) },
		"a seqno nobody used":     func(_ *world, _ *ton.Executed, a *ton.Account) { a.Seqno++ },
	} {
		w := newWorld(t, permissive)
		w.deposit()
		e := ton.Executed{LT: w.lt + 10, Hash: [32]byte{7}, PrevLT: w.lt, PrevHash: w.lastHash, Time: w.now}
		w.mc++
		acc := w.account()
		acc.LastLT, acc.LastHash = e.LT, e.Hash
		change(w, &e, &acc)
		if err := w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{e}, acc); err == nil {
			t.Errorf("%s was taken in", name)
		}
	}
	w := newWorld(t, permissive)
	err := w.g.Observe(w.tx, w.now, "wallet-2", nil, ton.Account{Proven: true, MCSeqno: w.mc, Time: w.now})
	if err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("a wallet that is not known: %v", err)
	}
	err = w.g.Observe(w.tx, w.now, "wallet-1", make([]ton.Executed, 1001), w.account())
	if err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("an endless list: %v", err)
	}
}

func oneTON() []ton.Message { return []ton.Message{{To: bob, Value: ton.NanoOf(1_000_000_000)}} }

func TestDepositsAndBouncesAreNeitherSpendingNorUnexplained(t *testing.T) {
	w := newWorld(t, permissive)
	w.chain(ton.Executed{})
	w.chain(ton.Executed{Out: []ton.Message{{To: bob, Value: tons(t, "500")}}}) // came in and bounced
	if n, err := w.g.Unexplained(w.tx, "wallet-1"); err != nil || n != 0 {
		t.Errorf("unexplained = %d, %v", n, err)
	}
	c := w.request("k1", "100")
	w.allow(c)
}

func TestPartOfTheHistoryLeavesTheMirrorBehind(t *testing.T) {
	w := newWorld(t, permissive)
	w.deposit()
	lt, hash := w.lt, w.lastHash
	first := ton.Executed{LT: lt + 10, Hash: [32]byte{1}, PrevLT: lt, PrevHash: hash, Time: w.now}
	second := ton.Executed{LT: lt + 20, Hash: [32]byte{2}, PrevLT: lt + 10, PrevHash: [32]byte{1}, Time: w.now}
	w.mc++
	w.lt, w.lastHash = second.LT, second.Hash
	acc := w.account()
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{first}, acc))
	w.deny(w.request("k1", "1"), guard.ReasonMirrorBehind)
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{second}, acc))
	w.allow(w.request("k1", "1"))
}

func TestMirrorBeginsWithTheAccountOrAMonthBack(t *testing.T) {
	begin := func(age time.Duration, prev uint64, seqno uint32) error {
		w := worldOf(t, config())
		delete(w.tx.M, "x/wallet-1")
		e := ton.Executed{LT: 500, Hash: [32]byte{5}, PrevLT: prev, Time: w.now.Add(-age), External: true, Consumed: true, Seqno: seqno, Payload: [32]byte{1}}
		w.mc, w.seqno, w.lt, w.lastHash = w.mc+1, e.Seqno+1, e.LT, e.Hash
		return w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{e}, w.account())
	}
	if err := begin(time.Hour, 0, 0); err != nil {
		t.Error("from the account's first transaction:", err)
	}
	if err := begin(time.Hour, 0, 7); err == nil {
		t.Error("an account began with seqno 7")
	}
	if err := begin(guard.Backfill, 400, 7); err != nil {
		t.Error("from a month back:", err)
	}
	if err := begin(31*24*time.Hour+2*time.Hour, 400, 7); err == nil {
		t.Error("a mirror that misses part of a month of 31 days was begun")
	}
}

// A page in the middle can't be checked against the account's own seqno, only against the transactions before.
func TestSeqnoThatSkipsWithinTheHistoryIsRefused(t *testing.T) {
	w := newWorld(t, permissive)
	w.deposit()
	e := ton.Executed{LT: w.lt + 10, Hash: [32]byte{1}, PrevLT: w.lt, PrevHash: w.lastHash, Time: w.now, External: true, Consumed: true, Seqno: 3}
	w.mc++
	acc := w.account()
	acc.LastLT += 100
	if w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{e}, acc) == nil {
		t.Error("seqnos 0 to 2 were never used")
	}
}

func TestUnexplainedPayloadIsCountedOnce(t *testing.T) {
	w := newWorld(t, permissive)
	for n := range uint32(2) {
		w.chain(ton.Executed{External: true, Consumed: true, Success: true, Seqno: n, Payload: [32]byte{9}})
	}
	if n, err := w.g.Unexplained(w.tx, "wallet-1"); err != nil || n != 1 {
		t.Errorf("unexplained = %d, %v", n, err)
	}
}

// A node whose wallet record is younger than the account begins in the middle of its history.
func TestMirrorOfAnOldAccountLearnsItsSeqno(t *testing.T) {
	w := worldOf(t, config())
	delete(w.tx.M, "x/wallet-1")
	e := ton.Executed{LT: 500, Hash: [32]byte{5}, PrevLT: 400, Time: w.now.Add(-guard.Backfill), External: true, Consumed: true, Seqno: 7, Payload: [32]byte{1}}
	w.mc, w.seqno, w.lt, w.lastHash = w.mc+1, 8, e.LT, e.Hash
	w.must(w.g.Observe(w.tx, w.now, "wallet-1", []ton.Executed{e}, w.account()))
	if p, known, err := w.g.Position(w.tx, "wallet-1"); err != nil || !known || !p.SeqnoKnown || p.Seqno != 8 || !p.Complete(w.account()) {
		t.Errorf("position = %+v, %v", p, err)
	}
}

func TestFailedExecutionUsesTheRequestUpAndIsAudited(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	e := executed(c)
	e.Success, e.Out = false, nil
	w.chain(e)
	last := w.tx.Entries[len(w.tx.Entries)-1]
	if last.EventType != audit.TransactionExecuted || last.Outcome != audit.Failure {
		t.Errorf("entry = %+v", last)
	}
	w.deny(w.payload(c.Intent, time.Minute), guard.ReasonRequestUsed)
}

func TestSeenPayloadThatOthersSignedIsExplained(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	worse := c
	worse.Outcome = nil
	w.deny(worse, guard.ReasonSimulationMissing)
	w.execute(c)
	if n, _ := w.g.Unexplained(w.tx, "wallet-1"); n != 0 {
		t.Error("a payload this node has read is unexplained")
	}
	w.deny(w.payload(c.Intent, time.Minute), guard.ReasonRequestUsed)
}

// An agent must not fill the disk with payloads that are refused.
func TestSeenPayloadsAreBoundedAndForgotten(t *testing.T) {
	w := newWorld(t, permissive)
	seen := func() (n int) {
		for k := range w.tx.M {
			if k[:2] == "y/" {
				n++
			}
		}
		return n
	}
	for n := range 100 {
		w.deny(w.request(fmt.Sprint("k", n), fmt.Sprint(101+n)), guard.ReasonLimitTransaction)
	}
	if n := seen(); n != 64 {
		t.Errorf("%d payloads remembered", n)
	}
	far := w.request("far", "101")
	far.Tx.Seqno, far.Tx.SigningHash = w.seqno+2, [32]byte{1}
	w.decide(far)
	old := w.request("old", "101")
	old.Tx.ValidUntil, old.Tx.SigningHash = w.now.Add(time.Hour), [32]byte{2}
	w.decide(old)
	stranger := w.request("stranger", "101")
	stranger.Intent.Agent, stranger.Tx.SigningHash = "agent-2", [32]byte{3}
	w.decide(stranger)
	if n := seen(); n != 64 {
		t.Errorf("%d payloads remembered, with those that nobody could sign", n)
	}
	w.advance(2 * time.Minute)
	if n := seen(); n != 0 {
		t.Errorf("%d dead payloads are still remembered", n)
	}
	if w.tx.M["n/wallet-1/0"] != nil {
		t.Error("the record of the seqno is still there")
	}
}

func TestPayloadThatWasProvenDeadAndRanIsUnexplained(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.allow(c)
	w.advance(2 * time.Minute)
	w.execute(c)
	if n, _ := w.g.Unexplained(w.tx, "wallet-1"); n != 1 {
		t.Errorf("unexplained = %d", n)
	}
}

// explanation is what a node that took no part has verified.
func explanation(c guard.Case) guard.Explanation {
	return guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"platform", "backup"}}
}

func TestUnexplainedIsClearedOnlyByItsExplanation(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	other := w.request("k2", "2")
	w.execute(c)
	w.deny(w.request("k3", "1"), guard.ReasonUnexplained)

	w.must(w.g.Explain(w.tx, w.now, explanation(other)))
	w.deny(w.request("k3", "1"), guard.ReasonUnexplained)

	w.must(w.g.Explain(w.tx, w.now, explanation(c)))
	w.must(w.g.Explain(w.tx, w.now, explanation(c))) // told twice
	w.allow(w.request("k3", "1"))
	w.deny(w.payload(c.Intent, time.Minute), guard.ReasonRequestUsed)
}

func TestExplanationMayComeBeforeTheExecution(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.must(w.g.Explain(w.tx, w.now, explanation(c)))
	w.execute(c)
	if n, _ := w.g.Unexplained(w.tx, "wallet-1"); n != 0 {
		t.Errorf("unexplained = %d", n)
	}
	w.deny(w.payload(c.Intent, time.Minute), guard.ReasonRequestUsed)
}

func TestExplanationIsRefused(t *testing.T) {
	for name, change := range map[string]func(*guard.Explanation){
		"for an unknown wallet":      func(e *guard.Explanation) { e.Intent.Wallet = "wallet-2" },
		"with another's payload":     func(e *guard.Explanation) { e.Tx.Wallet = bob },
		"without a verified request": func(e *guard.Explanation) { e.Intent.RequestID = "" },
		"by one signer":              func(e *guard.Explanation) { e.Signers = e.Signers[:1] },
		"by a stranger":              func(e *guard.Explanation) { e.Signers = []string{"platform", "mallory"} },
		"with an endless sum": func(e *guard.Explanation) {
			e.Tx.Messages = []ton.Message{{Value: ton.MaxNano}, {Value: ton.MaxNano}}
		},
	} {
		w := newWorld(t, permissive)
		c := w.request("k1", "1")
		w.execute(c)
		e := explanation(c)
		change(&e)
		if w.g.Explain(w.tx, w.now, e) == nil {
			t.Errorf("an explanation %s was taken", name)
		}
		if n, _ := w.g.Unexplained(w.tx, "wallet-1"); n != 1 {
			t.Errorf("%s: unexplained = %d", name, n)
		}
	}
}

func TestUnexplainedPayloadsAreListed(t *testing.T) {
	w := newWorld(t, permissive)
	c := w.request("k1", "1")
	w.execute(c)
	found := 0
	for k := range w.tx.M {
		if h, ok := guard.UnexplainedPayload(k); ok && k[:2] == "u/" {
			found++
			if h != c.Tx.SigningHash || string(k)[:len(guard.UnexplainedOf("wallet-1"))] != string(guard.UnexplainedOf("wallet-1")) {
				t.Errorf("key %s", k)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d listed", found)
	}
}

func TestSpendAtWindowEdgeStillCounts(t *testing.T) {
	w := newWorld(t, permissive)
	w.chain(ton.Executed{External: true, Out: []ton.Message{{To: bob, Value: tons(t, "500")}}})
	w.advance(24*time.Hour - time.Second)
	w.deny(w.request("k1", "0.000000001"), guard.ReasonLimitDay)
	w.advance(6 * time.Minute) // a bucket and the lag of shard blocks later
	w.allow(w.request("k1", "0.000000001"))
}

func TestWindowTimeNeverGoesBack(t *testing.T) {
	w := newWorld(t, permissive)
	w.chain(ton.Executed{External: true, Out: []ton.Message{{To: bob, Value: tons(t, "500")}}})
	w.now = w.now.Add(-24 * time.Hour) // a local clock a day behind frees nothing
	w.deny(w.request("k1", "1"), guard.ReasonRequestExpired)
}

// Whatever the order of requests, executions, failures and time, no window ever holds more than its limit.
func TestSpendNeverExceedsAnyWindow(t *testing.T) {
	type sent struct {
		at     time.Time
		amount uint64
	}
	const day, week = 20, 60
	document := `
version: 1
risk: {enabled: false}
agents:
  agent-1:
    capabilities: {transfers: {enabled: true}}
    limits: {perTransaction: "10", daily: "20", weekly: "60"}
    allowedTokens: [TON]
    rate: {unlimited: true, cooldownSeconds: 0}
`
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, document)
		var history []sent
		var pending []guard.Case
		for n := range rapid.IntRange(10, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				w.advance(time.Duration(rapid.IntRange(1, 8*3600).Draw(r, "seconds")) * time.Second)
				pending = nil
			case 1:
				w.advance(time.Duration(rapid.IntRange(1, 20).Draw(r, "seconds")) * time.Second)
			default:
				amount := rapid.Uint64Range(1, 10).Draw(r, "amount")
				c := w.request(fmt.Sprint("k", n), fmt.Sprint(amount))
				if d := w.decide(c); d.Effect == guard.Allow {
					pending = append(pending, c)
				}
			}
			if len(pending) > 0 && w.now.Before(pending[0].Tx.ValidUntil) && rapid.Bool().Draw(r, "execute") {
				amount := pending[0].Intent.Amount.Big().Uint64() / 1_000_000_000
				history = append(history, sent{w.now, amount})
				w.execute(pending[0])
				pending = nil
			}
		}
		for i := range history {
			inDay, inWeek := uint64(0), uint64(0)
			for _, s := range history[i:] {
				if s.at.Sub(history[i].at) < 24*time.Hour {
					inDay += s.amount
				}
				if s.at.Sub(history[i].at) < 7*24*time.Hour {
					inWeek += s.amount
				}
			}
			if inDay > day || inWeek > week {
				r.Fatalf("%d in a day, %d in a week from %s: %v", inDay, inWeek, history[i].at, history)
			}
		}
	})
}
