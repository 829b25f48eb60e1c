package guard_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
)

// What callers and the mirror do to one wallet's counter.
const (
	reserves = iota
	simulates
	executes
	waits    // every live payload dies
	waitsDay // and all that was spent has left the day's window
)

const (
	liveFor    = 5 * time.Second
	dailyLimit = 500 // TON
)

// done is one operation of a history.
type done struct {
	kind   int
	id     uint32 // query id
	amount uint64 // TON
	until  int64  // valid_until, or the window time after a wait; Unix seconds
}

// tally is what a wallet's counter is meant to be, in as few words as possible.
type tally struct {
	at    int64 // window time
	spent uint64
	live  []done
	used  []uint32
}

func (y tally) equal(o tally) bool {
	return y.at == o.at && y.spent == o.spent && slices.Equal(y.live, o.live) && slices.Equal(y.used, o.used)
}

// step says what y becomes by an operation, and whether its answer is the right one. Y isn't changed.
func (y tally) step(d done, answer guard.Reason) (bool, tally) {
	n, live := slices.BinarySearchFunc(y.live, d.id, func(l done, id uint32) int { return int(l.id) - int(id) })
	switch d.kind {
	case executes:
		if !live {
			return false, y
		}
		y.live = slices.Delete(slices.Clone(y.live), n, n+1)
		y.used = append(slices.Clip(y.used), d.id)
		y.spent += d.amount
		return true, y
	case waits, waitsDay:
		if y.at, y.live = d.until, nil; d.kind == waitsDay {
			y.spent = 0
		}
		return true, y
	}
	want := y.answer(d)
	if d.kind == reserves && want == "" && !live {
		y.live = slices.Insert(slices.Clone(y.live), n, d)
	}
	return answer == want, y
}

func (y tally) answer(d done) guard.Reason {
	sum := y.spent + d.amount
	for _, l := range y.live {
		if l.id != d.id {
			sum += l.amount
		}
	}
	switch {
	case d.until+int64((time.Hour-liveFor)/time.Second) <= y.at:
		return guard.ReasonRequestExpired
	case d.until <= y.at:
		return guard.ReasonIntentValidity
	case slices.Contains(y.used, d.id):
		return guard.ReasonRequestUsed
	case sum > dailyLimit:
		return guard.ReasonLimitDay
	}
	return ""
}

var counter = porcupine.Model{
	Init: func() any { return tally{at: start.Unix()} },
	Step: func(state, input, output any) (bool, any) {
		return state.(tally).step(input.(done), output.(guard.Reason))
	},
	Equal: func(a, b any) bool { return a.(tally).equal(b.(tally)) },
}

// recorder runs operations on a wallet in a ledger on disk and writes down when each was called, and answered what.
type recorder struct {
	*racer
	ledger *store.Ledger
	begin  time.Time
	broken func(guard.Tx) guard.Tx // nil: not
	twice  bool                    // the mirror says twice what left

	mirroring sync.Mutex // there is one mirror
	log       sync.Mutex
	history   []porcupine.Operation // guarded by log
	open      map[uint32]guard.Case // allowed, by query id; guarded by log
	ran       map[uint32]bool       // executed; guarded by log
}

func newRecorder(t *testing.T) *recorder {
	g := must(guard.New(accountingConfig()))
	aDay := strings.Replace(permissive, `weekly: "2000", monthly: "5000"`, `weekly: "100000", monthly: "100000"`, 1)
	r := &recorder{racer: newRacer(t, g, aDay, true), begin: time.Now(), open: map[uint32]guard.Case{}, ran: map[uint32]bool{}}
	s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(t.TempDir(), "data"), Secret: store.NewPassphrase([]byte("correct horse battery")),
		Party: "user", Network: networkID})
	r.must(err)
	t.Cleanup(func() { s.Close() })
	r.ledger = s.Ledger()
	r.must(r.ledger.Do(t.Context(), func(tx guard.Tx) error {
		for k, v := range r.tx.M {
			tx.Set(k, v)
		}
		return nil
	}))
	return r
}

// do has the ledger run op, and enters it in the history.
func (r *recorder) do(client int, d done, op func(guard.Tx) (guard.Reason, error)) (answer guard.Reason) {
	call := time.Since(r.begin)
	err := r.ledger.Do(context.Background(), func(tx guard.Tx) (err error) {
		if r.broken != nil {
			tx = r.broken(tx)
		}
		answer, err = op(tx)
		return err
	})
	answered := time.Since(r.begin)
	if err != nil {
		r.Error(err)
	}
	r.log.Lock()
	defer r.log.Unlock()
	r.history = append(r.history, porcupine.Operation{ClientId: client, Input: d, Call: int64(call), Output: answer, Return: int64(answered)})
	return answer
}

// caller asks for payments; now and then once more for the one before, or only what the answer would be. Sometimes it is the
// mirror.
func (r *recorder) caller(client, requests int) {
	rng := rand.New(rand.NewPCG(uint64(client), 1))
	var c guard.Case
	for n := range requests {
		if n == 0 || rng.IntN(3) > 0 {
			c = r.ask((1+rng.Uint64N(80))*coin, liveFor)
		}
		d := done{reserves, c.Tx.QueryID, c.Intent.Amount.Big().Uint64() / coin, c.Tx.ValidUntil.Unix()}
		if rng.IntN(8) == 0 {
			d.kind = simulates
		}
		r.do(client, d, func(tx guard.Tx) (guard.Reason, error) { return r.judge(tx, d.kind, c) })
		if rng.IntN(20) == 0 {
			r.mirror(client, rng)
		}
	}
}

func (r *recorder) judge(tx guard.Tx, kind int, c guard.Case) (guard.Reason, error) {
	if kind == simulates {
		s, err := r.g.Simulate(tx, c.Account.Time, c)
		return s.First().Reason, err
	}
	d, err := r.g.Decide(tx, c.Account.Time, c)
	r.log.Lock()
	defer r.log.Unlock()
	if d.Reserved && !r.ran[c.Tx.QueryID] {
		r.open[c.Tx.QueryID] = c
	}
	return d.First().Reason, err
}

// mirror has the chain run one live payload, or time pass.
func (r *recorder) mirror(client int, rng *rand.Rand) {
	r.mirroring.Lock()
	defer r.mirroring.Unlock()
	switch c, ok := r.pick(); {
	case rng.IntN(10) == 0:
		r.observe(client, done{kind: waitsDay}, nil, 25*time.Hour)
	case rng.IntN(3) == 0 || !ok:
		r.observe(client, done{kind: waits}, nil, liveFor+limits.Lag+time.Second)
	default:
		e := r.next(c)
		if r.twice {
			e.Out = slices.Repeat(e.Out, 2)
		}
		r.observe(client, done{kind: executes, id: c.Tx.QueryID, amount: c.Intent.Amount.Big().Uint64() / coin}, []ton.Executed{e}, 0)
	}
}

// pick takes any payload that is live. What is written down before its reservation is answered is not yet open to it.
func (r *recorder) pick() (guard.Case, bool) {
	r.log.Lock()
	defer r.log.Unlock()
	for id, c := range r.open {
		delete(r.open, id)
		if r.now.Before(c.Tx.ValidUntil) {
			r.ran[id] = true
			return c, true
		}
	}
	return guard.Case{}, false
}

// observe has the mirror take in the next state of the account; only then do callers see it.
func (r *recorder) observe(client int, d done, e []ton.Executed, pass time.Duration) {
	acc := r.seen()
	acc.MCSeqno, acc.Time = acc.MCSeqno+1, acc.Time.Add(pass)
	for _, x := range e {
		acc.LastLT, acc.LastHash = x.LT, x.Hash
	}
	d.until = acc.Time.Unix()
	r.do(client, d, func(tx guard.Tx) (guard.Reason, error) { return "", r.g.Observe(tx, acc.Time, "wallet-1", e, acc) })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lt, r.lastHash, r.mc, r.now = acc.LastLT, acc.LastHash, acc.MCSeqno, acc.Time
}

// check lets the callers loose on the wallet and returns what the checker says of the history.
func (r *recorder) check(callers, requests int) porcupine.CheckResult {
	var asking sync.WaitGroup
	for n := range callers {
		asking.Go(func() { r.caller(n, requests) })
	}
	asking.Wait()
	answers := map[any]int{}
	for _, o := range r.history {
		answers[o.Output]++
	}
	r.Logf("%d operations, answers %v", len(r.history), answers)
	return porcupine.CheckOperationsTimeout(counter, r.history, time.Minute)
}

// TestHistoryOfAWalletIsLinearizable: whatever callers and the mirror do at once, over the store's own committer, there is an
// order of it in which each answer is what a counter would say that knows of nothing else.
func TestHistoryOfAWalletIsLinearizable(t *testing.T) {
	r := newRecorder(t)
	if got := r.check(16, 200); got != porcupine.Ok {
		t.Errorf("the checker says %s", got)
	}
	if len(r.history) > 10_000 {
		t.Errorf("%d operations", len(r.history))
	}
}

// lossy forgets every so many writes of the live payloads.
type lossy struct {
	guard.Tx
	writes *atomic.Int64
}

func (l lossy) Set(k guard.Key, v []byte) {
	if k == "lv/wallet-1" && l.writes.Add(1)%50 == 0 {
		return
	}
	l.Tx.Set(k, v)
}

// The checker finds a guard that forgets a reservation, and one that counts an execution twice.
func TestCheckerFindsABrokenCounter(t *testing.T) {
	var writes atomic.Int64
	for name, damage := range map[string]func(*recorder){
		"a lost reservation": func(r *recorder) { r.broken = func(tx guard.Tx) guard.Tx { return lossy{tx, &writes} } },
		"a double count":     func(r *recorder) { r.twice = true },
	} {
		r := newRecorder(t)
		damage(r)
		if got := r.check(8, 100); got != porcupine.Illegal {
			t.Errorf("%s: the checker says %s", name, got)
		}
	}
}
