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

func TestQueriesRaceAtTheLimit(t *testing.T) {
	w := queryWorld(t)
	var cases []guard.Case
	for n := range 64 {
		cases = append(cases, w.query(fmt.Sprint("k", n), uint32(n), "49"))
	}
	var live, over int
	for _, c := range cases { // all made before any was decided
		if d := w.decide(c); d.Effect == guard.Allow {
			live++
		} else if d.First().Reason == guard.ReasonLimitDay {
			over++
		}
	}
	if live != 10 || over != 54 { // 10 × 49 ≤ 500 < 11 × 49
		t.Fatalf("%d live, %d over the limit", live, over)
	}
	w.deny(w.query("above", 100, "10.000000001"), guard.ReasonLimitDay)
	w.allow(w.query("equal", 101, "10"))
}

// schedule is a member of the accounting set whose every reservation is signed by whoever wants to, and a chain that takes
// the payloads in any order, late, or never. The contract forgets an id as soon as it may.
type schedule struct {
	*world
	asked   int
	open    []guard.Case // allowed at some time
	carried []guard.Case // batches under way
	unread  []ton.Executed
	ran     map[uint32]time.Time
	sent    map[string]int // executions by request
	left    []departure
}

type departure struct {
	at     time.Time
	amount ton.Nano
}

func (s *schedule) ask(t *rapid.T) {
	for range rapid.IntRange(1, 6).Draw(t, "requests") {
		s.asked++
		amounts := []string{fmt.Sprint(rapid.IntRange(50, 99).Draw(t, "amount"))}
		if rapid.Bool().Draw(t, "batch") {
			amounts = append(amounts, "1")
		}
		s.decideOn(s.query(fmt.Sprint("k", s.asked), uint32(rapid.IntRange(0, 30).Draw(t, "id")), amounts...))
	}
}

// askAgain proposes what was allowed once more, in another encoding.
func (s *schedule) askAgain(t *rapid.T) {
	if len(s.open) == 0 {
		return
	}
	c := rapid.SampledFrom(s.open).Draw(t, "case")
	c.Account = s.account()
	c.Tx.SigningHash = sha256.Sum256(append(c.Tx.SigningHash[:], byte(rapid.IntRange(0, 3).Draw(t, "encoding"))))
	s.decideOn(c)
}

func (s *schedule) decideOn(c guard.Case) {
	if s.decide(c).Reserved {
		s.open = append(s.open, c)
	}
}

// execute has the chain take a payload, if the contract would.
func (s *schedule) execute(t *rapid.T) {
	for range rapid.IntRange(1, 6).Draw(t, "payloads") {
		if len(s.open) > 0 {
			s.take(rapid.SampledFrom(s.open).Draw(t, "case"))
		}
	}
}

func (s *schedule) take(c guard.Case) {
	at, ran := s.ran[c.Tx.QueryID]
	if s.now.Before(c.Tx.NotBefore) || !s.now.Before(c.Tx.ValidUntil) || ran && s.now.Sub(at) <= ton.HighloadTimeout {
		return
	}
	s.ran[c.Tx.QueryID] = s.now
	s.sent[c.Intent.RequestID]++
	e := executed(c)
	if e.Carries = len(c.Tx.Messages) > 1; e.Carries {
		e.Out, s.carried = nil, append(s.carried, c)
	}
	s.emit(e)
}

// runBatch has the chain run the second transaction of a batch.
func (s *schedule) runBatch(*rapid.T) {
	if len(s.carried) == 0 {
		return
	}
	c := s.carried[0]
	s.carried = s.carried[1:]
	s.emit(ton.Executed{Batch: true, QueryID: c.Tx.QueryID, Success: true, Out: c.Outcome.Messages})
}

func (s *schedule) emit(e ton.Executed) {
	e.Time = s.now
	s.unread = append(s.unread, e)
	sum, err := ton.Transaction{Messages: e.Out}.Outflow()
	s.must(err)
	s.left = append(s.left, departure{s.now, sum})
}

// read has the node see all that has happened.
func (s *schedule) read(*rapid.T) {
	for _, e := range s.unread {
		at := s.now
		s.now = e.Time
		s.used = s.ran
		s.chain(e)
		s.now = at
	}
	s.unread = nil
	s.advance(0)
}

func (s *schedule) pass(t *rapid.T) {
	s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 50, 89, 91, 600, 3601, 7201, 30_000}).Draw(t, "seconds")) * time.Second)
}

// check says that no day has seen more than the limit leave, and no request execute twice.
func (s *schedule) check(t *rapid.T) {
	for request, n := range s.sent {
		if n > 1 {
			t.Fatalf("%s was executed %d times", request, n)
		}
	}
	var sum ton.Nano
	for _, d := range s.left {
		if s.now.Sub(d.at) < 24*time.Hour {
			sum = must(sum.Add(d.amount))
		}
	}
	if limit := tons(s, "500"); sum.Cmp(limit) > 0 {
		t.Fatalf("%s left within a day, the limit is %s", sum, limit)
	}
}

func TestNoScheduleOfQueriesExceedsTheLimit(t *testing.T) {
	executed := 0
	rapid.Check(t, func(r *rapid.T) {
		s := &schedule{world: queryWorld(t), ran: map[uint32]time.Time{}, sent: map[string]int{}}
		read := func(r *rapid.T) { s.read(r) }
		r.Repeat(map[string]func(*rapid.T){
			"ask": s.ask, "ask again": s.askAgain, "execute": s.execute, "run batch": s.runBatch,
			"read": read, "read and ask": func(r *rapid.T) { read(r); s.ask(r) }, "pass": s.pass, "": s.check,
		})
		executed += len(s.left)
	})
	if executed == 0 {
		t.Error("nothing executed: the test proves nothing")
	}
}
