package guard_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

var (
	raceRequests = flag.Int("requests", 20_000, "of TestNoRaceExceedsALimit")
	raceWallets  = flag.Int("wallets", 100, "of TestNoRaceExceedsALimit")
)

// raced has limits that all bind: rolling ones across midnight, the calendar's within it.
const raced = `
version: 1
agents:
  agent-1:
    capabilities: {transfers: {enabled: true}}
    limits: {perTransaction: "10", daily: "50", weekly: "100", monthly: "150", calendar: {timeZone: Europe/Berlin, daily: "45", weekly: "95", monthly: "110"}}
    allowedTokens: [TON]
    rate: {unlimited: true, cooldownSeconds: 0}
`

// racer is one wallet: a ledger with one operation at a time, as the committer has it, and a chain that goes on by itself. What
// the chain has run the mirror reads later.
type racer struct {
	mu     sync.Mutex // guards all but like
	*world            // its seqno, lt and lastHash are the chain's
	like   guard.Case // what requests are made from
	asked  uint32
	live   []guard.Case
	unread []ton.Executed
	kept   [][32]byte // payloads, by age, that may still be remembered
	left   []departure
}

func newRacer(t *testing.T, g *guard.Guard, document string, highload bool) *racer {
	var r racer
	if highload {
		r.world = worldWith(t, accountingConfig(), highloadRecord(t))
		r.used = map[uint32]time.Time{}
		r.deposit()
		r.like = r.query("like", 0, "1")
	} else {
		r.world = worldOf(t, accountingConfig())
		r.deposit()
		r.like = r.request("like", "1")
	}
	r.applyPolicy(document)
	r.g = g
	return &r
}

// seen is the account's state as the chain has it now.
func (r *racer) seen() ton.Account {
	a := r.like.Account
	a.LastLT, a.LastHash, a.Seqno, a.MCSeqno, a.Time = r.lt, r.lastHash, r.seqno, r.mc, r.now
	return a
}

// ask makes a request that fits the account as it is now; until it is decided, others may have moved on.
func (r *racer) ask(amount uint64, valid time.Duration) guard.Case {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	c := r.like
	c.Account = r.seen()
	c.Facts = slices.Clone(c.Facts)
	c.Facts[0].Account.Time = r.now
	c.Intent = c.Intent.For("agent-1", fmt.Sprint(r.asked), nil)
	c.Intent.Amount, c.Intent.Expires = ton.NanoOf(amount), r.now.Add(time.Hour)
	c.Tx.SigningHash = sha256.Sum256(fmt.Append(nil, r.asked))
	c.Tx.Messages = slices.Clone(c.Tx.Messages)
	c.Tx.Messages[0].Value = c.Intent.Amount
	c.Tx.Seqno, c.Tx.ValidUntil = r.seqno, r.now.Add(valid)
	if r.w.Highload() {
		c.Tx.QueryID, c.Tx.NotBefore, c.Tx.Seqno = (r.asked%8192)<<10|r.asked>>13, r.created(valid), 0
		c.Intent.Query = &guard.Query{ID: c.Tx.QueryID, Created: c.Tx.NotBefore}
	}
	c.Outcome = outcomeOf(c.Tx)
	return c
}

// decide has the ledger answer one request.
func (r *racer) decide(c guard.Case) (guard.Decision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, err := r.g.Decide(r.tx, r.now, c)
	r.tx.Entries = r.tx.Entries[:0]
	if r.kept = append(r.kept, c.Tx.SigningHash); d.Reserved {
		r.live = append(r.live, c)
	}
	return d, err
}

// run has the chain take any live payload that it would take, and says whether a limit was exceeded by it.
func (r *racer) run(rng *rand.Rand) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live = slices.DeleteFunc(r.live, func(c guard.Case) bool {
		return !r.now.Before(c.Tx.ValidUntil) || !r.w.Highload() && c.Tx.Seqno != r.seqno
	})
	if len(r.live) == 0 {
		return nil
	}
	n := rng.IntN(len(r.live))
	c := r.live[n]
	r.live = slices.Delete(r.live, n, n+1)
	e := r.next(c)
	r.lt, r.lastHash = e.LT, e.Hash
	if !r.w.Highload() {
		r.seqno++
	}
	r.unread = append(r.unread, e)
	return r.leaves(departure{e.Time, c.Intent.Amount})
}

// next is the account's next transaction, which runs a payload.
func (r *racer) next(c guard.Case) ton.Executed {
	e := executed(c)
	e.PrevLT, e.PrevHash, e.LT, e.Time = r.lt, r.lastHash, r.lt+10, r.now
	e.Hash = sha256.Sum256(fmt.Append(nil, "transaction", e.LT))
	return e
}

// leaves is the accountant, who knows nothing but what left and when.
func (r *racer) leaves(d departure) error {
	r.left = append(slices.DeleteFunc(r.left, func(old departure) bool { return d.at.Sub(old.at) > 32*24*time.Hour }), d)
	day, week, month := 24*time.Hour, 7*24*time.Hour, 30*24*time.Hour
	there := d.at.In(berlin)
	year, number := there.ISOWeek()
	for limit, within := range map[uint64]func(departure) bool{
		50:  func(x departure) bool { return d.at.Sub(x.at) < day },
		100: func(x departure) bool { return d.at.Sub(x.at) < week },
		150: func(x departure) bool { return d.at.Sub(x.at) < month },
		45:  func(x departure) bool { return x.at.In(berlin).YearDay() == there.YearDay() },
		95:  func(x departure) bool { y, n := x.at.In(berlin).ISOWeek(); return y == year && n == number },
		110: func(x departure) bool { return x.at.In(berlin).Month() == there.Month() },
	} {
		var sum ton.Nano
		for _, x := range r.left {
			if within(x) {
				sum = must(sum.Add(x.amount))
			}
		}
		if sum.Cmp(ton.NanoOf(limit*coin)) > 0 {
			return fmt.Errorf("%s left by %s, the limit is %d", sum, d.at, limit)
		}
	}
	return nil
}

var berlin = must(time.LoadLocation("Europe/Berlin"))

// read has the mirror catch up after a time, and forgets what may be forgotten.
func (r *racer) read(pass time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.mc = r.now.Add(pass), r.mc+1
	err := r.g.Observe(r.tx, r.now, "wallet-1", r.unread, r.seen())
	r.unread, r.tx.Entries = nil, r.tx.Entries[:0]
	for err == nil && len(r.kept) > 0 {
		var remembered bool
		if remembered, err = r.g.Forget(r.tx, r.kept[0]); remembered {
			break
		}
		r.kept = r.kept[1:]
	}
	return err
}

// passes are the times between two looks at the chain: within a payload's life, past it, and past what a window holds.
var passes = []time.Duration{0, time.Second, 5 * time.Second, 20 * time.Second, time.Minute + limits.Lag, 20 * time.Minute, 7 * time.Hour, 3 * 24 * time.Hour}

// call is one caller's request at one wallet, and what happens there meanwhile.
func (r *racer) call(rng *rand.Rand) (guard.Decision, error) {
	c := r.ask(1+rng.Uint64N(10*coin), time.Minute)
	runtime.Gosched()
	d, err := r.decide(c)
	for _, happens := range []struct {
		one int // in
		do  func() error
	}{
		{2, func() error { return r.run(rng) }},
		{2, func() error { return r.read(passes[rng.IntN(3)]) }},
		{8, func() error { return r.read(passes[rng.IntN(len(passes))]) }},
		{400, func() error { return r.read(guard.KeepSettled + time.Hour) }},
	} {
		if err == nil && rng.IntN(happens.one) == 0 {
			err = happens.do()
		}
	}
	return d, err
}

// TestNoRaceExceedsALimit: 64 callers ask for payments from many wallets, every fourth without a seqno. Whatever is
// allowed and executed in whichever order, early, late or never, an accountant who only looks at the chain finds every limit
// kept. scripts/race.sh runs it with a million requests over a thousand wallets.
func TestNoRaceExceedsALimit(t *testing.T) {
	g := must(guard.New(accountingConfig()))
	wallets := make([]*racer, *raceWallets)
	for n := range wallets {
		wallets[n] = newRacer(t, g, raced, n%4 == 0)
	}
	begin, given := time.Now(), map[guard.Reason]*atomic.Int64{}
	for _, r := range guard.Reasons() {
		given[r] = new(atomic.Int64)
	}
	var allowed atomic.Int64
	var asked atomic.Int64
	var callers sync.WaitGroup
	for n := range uint64(64) {
		callers.Go(func() {
			rng := rand.New(rand.NewPCG(n, 0))
			for asked.Add(1) <= int64(*raceRequests) && !t.Failed() {
				d, err := wallets[rng.IntN(len(wallets))].call(rng)
				if err != nil {
					t.Error(err)
				}
				if d.Effect == guard.Allow {
					allowed.Add(1)
				}
				for _, v := range d.Refusals() {
					given[v.Reason].Add(1)
				}
			}
		})
	}
	callers.Wait()
	if t.Logf("%8d allowed", allowed.Load()); allowed.Load() == 0 {
		t.Error("nothing was allowed: the test proves little")
	}
	for _, r := range []guard.Reason{guard.ReasonLimitDay, guard.ReasonLimitWeek, guard.ReasonLimitMonth,
		guard.ReasonCalendarDay, guard.ReasonCalendarWeek, guard.ReasonCalendarMonth, guard.ReasonMirrorBehind, guard.ReasonWalletBusy} {
		t.Logf("%8d %s", given[r].Load(), r)
		if given[r].Load() == 0 {
			t.Errorf("no answer was %q: the test proves little", r)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d requests over %d wallets in %s, %d MB of memory", *raceRequests, *raceWallets, time.Since(begin), m.Sys>>20)
}
