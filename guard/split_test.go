package guard_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// split is a network of two honest parties that never hear of each other, and a third that signs with them whatever they have
// reserved. All that they share is the chain, which each reads when it can. What a guard counts doesn't depend on whose it is.
type split struct {
	payments
	honest [2]*world
	read   [2]int // how much of ran each has seen
	now    time.Time

	asked    int
	refused  int          // for the limit
	open     []guard.Case // that one of them has reserved
	reserved map[[32]byte][2]bool
	ran      []ton.Executed
	known    map[[32]byte]guard.Case
	left     []departure
}

// payments are those of one kind.
type payments struct {
	world func(testing.TB) *world
	ask   func(w *world, n int, amount uint64) guard.Case // amount is 60 to 99
	limit ton.Nano                                        // of a day
	free  func(reserved [2]bool) bool                     // whether the third party can have it signed
}

func either(reserved [2]bool) bool { return reserved[0] || reserved[1] }

var payment = map[string]payments{
	"native": {
		func(t testing.TB) *world { return deposited(newWorld(t, permissive)) },
		func(w *world, n int, amount uint64) guard.Case {
			return w.request(fmt.Sprint("k", n), fmt.Sprint(amount))
		},
		ton.NanoOf(500 * coin), either,
	},
	"jettons": {
		func(t testing.TB) *world { return deposited(newWorld(t, everything)) },
		func(w *world, n int, amount uint64) guard.Case { return w.payUnits(fmt.Sprint("k", n), amount*10) },
		ton.NanoOf(5000), either,
	},
	"queries that both account for": {
		queryWorld, askQuery, ton.NanoOf(500 * coin), func(reserved [2]bool) bool { return reserved[0] && reserved[1] },
	},
	"queries that one accounts for": {
		queryWorld, askQuery, ton.NanoOf(500 * coin), func(reserved [2]bool) bool { return reserved[0] },
	},
}

func deposited(w *world) *world {
	w.deposit()
	return w
}

func askQuery(w *world, n int, amount uint64) guard.Case {
	return w.query(fmt.Sprint("k", n), uint32(n), fmt.Sprint(amount))
}

// propose has one honest party or both decide on a new payload, by what each has read of the chain.
func (s *split) propose(t *rapid.T, first int) {
	s.asked++
	c := s.ask(s.honest[first], s.asked, rapid.Uint64Range(60, 99).Draw(t, "amount"))
	s.decide(first, c)
	if rapid.Bool().Draw(t, "both") {
		c.Account = s.honest[1-first].account()
		s.decide(1-first, c)
	}
}

func (s *split) decide(party int, c guard.Case) {
	w := s.honest[party]
	d, err := w.g.Decide(w.tx, s.now, c)
	w.must(err)
	if d.First().Reason == guard.ReasonLimitDay {
		s.refused++
	}
	if !d.Reserved {
		return
	}
	who := s.reserved[c.Tx.SigningHash]
	who[party] = true
	s.reserved[c.Tx.SigningHash] = who
	s.open = append(s.open, c)
}

// run has the chain take what is signed, if the account would.
func (s *split) run(t *rapid.T) {
	if len(s.open) == 0 {
		return
	}
	c := rapid.SampledFrom(s.open).Draw(t, "payload")
	_, twice := s.known[c.Tx.SigningHash]
	highload := c.Tx.Version == ton.HighloadV3
	if twice || !s.free(s.reserved[c.Tx.SigningHash]) || !s.now.Before(c.Tx.ValidUntil) || !highload && int(c.Tx.Seqno) != len(s.ran)-1 {
		return
	}
	e := executed(c)
	last := s.ran[len(s.ran)-1]
	e.Out, e.Time = c.Tx.Messages, s.now
	e.PrevLT, e.PrevHash, e.LT = last.LT, last.Hash, last.LT+10
	e.Hash = sha256.Sum256(fmt.Append(nil, "transaction", e.LT))
	s.known[c.Tx.SigningHash] = c
	s.ran = append(s.ran, e)
	s.left = append(s.left, departure{s.now, c.Intent.Amount})
}

// look has one honest party read the chain. What it didn't sign is explained to it, or it refuses the wallet.
func (s *split) look(t *rapid.T, party int) {
	w := s.honest[party]
	unread := s.ran[s.read[party]:]
	s.read[party] = len(s.ran)
	w.now, w.mc = s.now, w.mc+1
	for _, e := range unread {
		w.lt, w.lastHash = e.LT, e.Hash
		if w.w.Highload() {
			w.used[e.QueryID] = e.Time
		} else {
			w.seqno = e.Seqno + 1
		}
	}
	w.must(w.g.Observe(w.tx, s.now, "wallet-1", unread, w.account()))
	for _, e := range unread {
		p, known, err := w.g.Payload(w.tx, e.Payload)
		w.must(err)
		if c := s.known[e.Payload]; (!known || p.State != guard.Executed) && rapid.IntRange(0, 7).Draw(t, "explained") > 0 {
			w.must(w.g.Explain(w.tx, s.now, guard.Explanation{Intent: c.Intent, Tx: c.Tx, Signers: []string{"platform", "backup"}}))
		}
	}
}

// pay has one of them read the chain and decide, and the chain run something.
func (s *split) pay(t *rapid.T) {
	for range rapid.IntRange(1, 5).Draw(t, "payments") {
		party := rapid.IntRange(0, 1).Draw(t, "party")
		s.look(t, party)
		s.propose(t, party)
		s.run(t)
	}
}

func (s *split) pass(t *rapid.T) {
	s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 29, 60, 91, 3600, 30_000}).Draw(t, "seconds")) * time.Second)
}

// within says that no day has seen more than the limit leave.
func (s *split) within(t *rapid.T) {
	var sum ton.Nano
	for _, d := range s.left {
		if s.now.Sub(d.at) < 24*time.Hour {
			sum = must(sum.Add(d.amount))
		}
	}
	if sum.Cmp(s.limit) > 0 {
		t.Fatalf("%s left within a day, the limit is %s", sum.Format(0), s.limit.Format(0))
	}
}

// Whoever hears of what, and whichever of the two signs, no more leaves in a day than the limit of each.
func TestNoSplitExceedsTheLimit(t *testing.T) {
	for name, kind := range payment {
		t.Run(name, func(t *testing.T) {
			executed, refused := 0, 0
			rapid.Check(t, func(r *rapid.T) {
				s := &split{payments: kind, now: start, reserved: map[[32]byte][2]bool{}, known: map[[32]byte]guard.Case{}}
				s.honest = [2]*world{kind.world(t), kind.world(t)}
				s.ran = []ton.Executed{{LT: s.honest[0].lt, Hash: s.honest[0].lastHash}} // the deposit
				s.read = [2]int{1, 1}
				r.Repeat(map[string]func(*rapid.T){
					"pay": s.pay, "run": s.run, "pass": s.pass, "": s.within,
					"look":    func(r *rapid.T) { s.look(r, rapid.IntRange(0, 1).Draw(r, "party")) },
					"propose": func(r *rapid.T) { s.propose(r, rapid.IntRange(0, 1).Draw(r, "party")) },
				})
				executed += len(s.left)
				refused += s.refused
			})
			if executed == 0 || refused == 0 {
				t.Errorf("%d executed, %d refused for the limit: the test proves nothing", executed, refused)
			}
			t.Log(executed, "payments,", refused, "refused for the limit")
		})
	}
}
