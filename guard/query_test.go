package guard_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

// accountingConfig is config in a network in which user and backup account for wallets without a seqno.
func accountingConfig() guard.Config {
	c := config()
	c.Accounting = []string{"backup", "user"}
	return c
}

func highloadRecord(t testing.TB) guard.WalletRecord {
	t.Helper()
	r, err := guard.NewWalletRecord("wallet-1", "key-1", 1, ton.HighloadV3, pub("group"), globalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// queryWorld is a world on a deployed Highload V3 wallet.
func queryWorld(t testing.TB) *world {
	t.Helper()
	w := worldWith(t, accountingConfig(), highloadRecord(t))
	w.used = map[uint32]time.Time{}
	w.applyPolicy(permissive)
	w.deposit()
	return w
}

// queryShard is the wallet's account, which remembers the ids that ran within a timeout: no longer than it has to.
func (w *world) queryShard() *tlb.ShardAccount {
	w.Helper()
	var init tlb.StateInit
	w.must(tlb.Parse(&init, w.w.TON().StateInit()))
	bits := map[uint32][]bool{}
	for id, at := range w.used {
		if w.now.Sub(at) > ton.HighloadTimeout {
			continue
		}
		if bits[id>>10] == nil {
			bits[id>>10] = make([]bool, 1023)
		}
		bits[id>>10][id&1023] = true
	}
	dict := cell.NewDict(13)
	for shift, row := range bits {
		b := cell.BeginCell()
		for _, bit := range row {
			b.MustStoreBoolBit(bit)
		}
		w.must(dict.SetIntKey(big.NewInt(int64(shift)), cell.BeginCell().MustStoreRef(b.EndCell()).EndCell()))
	}
	of := w.w.TON()
	data := cell.BeginCell().MustStoreSlice(of.PublicKey[:], 256).MustStoreUInt(uint64(of.ID), 32).MustStoreDict(nil).MustStoreDict(dict).
		MustStoreUInt(uint64(w.now.Unix()), 64).MustStoreUInt(uint64(ton.HighloadTimeout/time.Second), 22).EndCell()
	return w.shardOf(of.Address, init.Code, data)
}

// created is when a payload must have been created to live for so long from now on.
func (w *world) created(valid time.Duration) time.Time { return w.now.Add(valid - ton.HighloadTimeout) }

func withQuery(body []byte, id uint32, created time.Time) []byte {
	return edit(body, `"type"`, fmt.Sprintf(`"query_id":%d,"created_at":%q,"type"`, id, created.Format(time.RFC3339)))
}

// query is a case in which everything fits: query id, amount to bob, valid for a minute.
func (w *world) query(idempotency string, id uint32, amounts ...string) guard.Case {
	w.Helper()
	body := w.batchBody(amounts...)
	if len(amounts) == 1 {
		body = w.body(amounts[0], "hi")
	}
	body = withQuery(body, id, w.created(time.Minute))
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return w.queryPayload(i.For("agent-1", idempotency, body), id, i.Query.Created)
}

// queryPayload builds and decodes what the intent asks for, with any query.
func (w *world) queryPayload(i guard.Intent, id uint32, created time.Time) guard.Case {
	w.Helper()
	c := guard.Case{Intent: i, Account: w.account()}
	var transfers []ton.Transfer
	for _, p := range i.Payments() {
		dest := w.state(p.Destination, nil)
		c.Facts = append(c.Facts, ton.Facts{Account: dest})
		transfers = append(transfers, ton.Transfer{To: p.Destination, Value: p.Amount, Comment: p.Memo, Bounce: ton.Bounces(p.Form, dest)})
	}
	c.Tx = must(ton.Decode(w.w.TON(), must(ton.Build(w.w.TON(), id, created.Add(ton.HighloadTimeout), transfers))))
	c.Outcome = outcomeOf(c.Tx)
	return c
}

// carry lets the chain run the first transaction of a batch, and run the second.
func (w *world) carry(c guard.Case) {
	w.Helper()
	e := executed(c)
	e.Carries, e.Out = true, nil
	w.chain(e)
}

func (w *world) run(c guard.Case) {
	w.Helper()
	w.chain(ton.Executed{Batch: true, QueryID: c.Tx.QueryID, Success: true, Out: c.Outcome.Messages})
}

func (w *world) wantState(c guard.Case, want guard.State) {
	w.Helper()
	if p, _, err := w.g.Payload(w.tx, c.Tx.SigningHash); err != nil || p.State != want {
		w.Fatalf("the payload is %q, want %q: %v", p.State, want, err)
	}
}

func TestQueryIsRead(t *testing.T) {
	w := queryWorld(t)
	created := w.created(time.Minute)
	i, err := w.g.ParseIntent(withQuery(w.body("1", ""), 8191<<10|1022, created))
	if err != nil || i.Query == nil || *i.Query != (guard.Query{ID: 8191<<10 | 1022, Created: created}) {
		t.Fatalf("%+v, %v", i.Query, err)
	}
	if i, err := w.g.ParseIntent(w.body("1", "")); err != nil || i.Query != nil {
		t.Errorf("none: %+v, %v", i.Query, err)
	}
	at := created.Format(time.RFC3339)
	for name, bad := range map[string][3]string{ // query_id, created_at, what says so
		"bit 1023":            {"1023", at, "query_id"},
		"24 bits":             {"8388608", at, "query_id"},
		"a negative id":       {"-1", at, "query_id"},
		"an id as text":       {`"7"`, at, "query_id"},
		"a fraction":          {"7.0", at, "query_id"},
		"an exponent":         {"1e3", at, "query_id"},
		"null":                {"null", at, "query_id"},
		"an id alone":         {"7", "", "created_at"},
		"a time with offset":  {"7", strings.Replace(at, "Z", "+00:00", 1), "created_at"},
		"parts of a second":   {"7", strings.Replace(at, "Z", ".5Z", 1), "created_at"},
		"a time that is none": {"7", "now", "created_at"},
	} {
		body := edit(w.body("1", ""), `"type"`, fmt.Sprintf(`"query_id":%s,"created_at":%q,"type"`, bad[0], bad[1]))
		if i, err := w.g.ParseIntent(body); err == nil || !strings.Contains(err.Error(), "request: "+bad[2]) {
			t.Errorf("%s: %+v, %v", name, i.Query, err)
		}
	}
	if _, err := w.g.ParseIntent(edit(w.body("1", ""), `"type"`, `"created_at":"`+at+`","type"`)); err == nil {
		t.Error("a creation time alone was taken")
	}
}

func TestWalletWithoutASeqnoNeedsAnAccountingSet(t *testing.T) {
	r := highloadRecord(t)
	g, err := guard.New(config())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t}
	err = g.AddWallet(newWorld(t, permissive).tx, start, w.signWallet(r))
	if err == nil || !strings.Contains(err.Error(), "network.accounting") {
		t.Errorf("without an accounting set: %v", err)
	}
	owned, err := guard.NewOwnedWallet("wallet-1", ton.HighloadV3, pub("owner"), globalID, 0)
	w.must(err)
	if g, err = guard.New(accountingConfig()); err != nil {
		t.Fatal(err)
	}
	err = g.AddWallet(newWorld(t, permissive).tx, start, w.signWallet(owned))
	if err == nil || !strings.Contains(err.Error(), "key of the parties") {
		t.Errorf("of an owner: %v", err)
	}
}

func TestPayloadHasTheQueryOfItsRequest(t *testing.T) {
	w := queryWorld(t)
	good := w.query("k1", 7, "1")
	id, created := good.Intent.Query.ID, good.Intent.Query.Created
	w.deny(w.queryPayload(good.Intent, id+1, created), guard.ReasonIntentQuery)
	w.deny(w.queryPayload(good.Intent, id, created.Add(time.Second)), guard.ReasonIntentQuery)
	undeclared := good
	undeclared.Intent.Query = nil
	w.deny(undeclared, guard.ReasonIntentQuery)
	w.allow(good)
}

// What the contract would take for an hour holds its amount for as long, if it is never sent: the policy's bound is for it too.
func TestQueryLivesNoLongerThanThePolicyAllows(t *testing.T) {
	w := queryWorld(t)
	long := w.query("k1", 7, "1")
	long.Intent.Query = &guard.Query{ID: 7, Created: w.now.Add(-30 * time.Second)}
	w.deny(w.queryPayload(long.Intent, 7, long.Intent.Query.Created), guard.ReasonIntentValidity)
}

func TestLiveQueriesAddUp(t *testing.T) {
	w := queryWorld(t)
	var live []guard.Case
	for n := range 5 { // 500 a day, 100 each
		live = append(live, w.query(fmt.Sprint("k", n), uint32(n), "100"))
		w.allow(live[n])
	}
	w.deny(w.query("over", 10, "0.000000001"), guard.ReasonLimitDay)
	w.allow(live[0]) // the same again counts once
	w.execute(live[0])
	w.deny(w.query("over", 10, "0.000000001"), guard.ReasonLimitDay) // spent now, and no longer live
	w.advance(time.Minute)
	w.deny(w.query("over", 11, "0.000000001"), guard.ReasonLimitDay) // valid_until has come, but a block dated before it may still appear
	w.advance(limits.Lag)
	w.allow(w.query("k9", 12, "100"))
	for n, want := range []guard.State{guard.Executed, guard.Dead, guard.Dead, guard.Dead, guard.Dead} {
		w.wantState(live[n], want)
	}
}

// Each asset has its own windows, and live payloads count in those of what they send.
func TestLiveQueriesAddUpInEachAsset(t *testing.T) {
	w := queryWorld(t)
	w.applyPolicy(strings.Replace(everything, "version: 1", "version: 2\nparent: "+parentOf(permissive), 1))
	dollars := func(id uint32, amount uint64) guard.Case {
		w.seqno = id // what do builds with
		j := w.payDollars()
		j.amount = fmt.Sprint(amount)
		j.body = ton.Jetton{Amount: ton.NanoOf(amount), Destination: bob, Response: w.w.Address, Forward: ton.NanoOf(1),
			Payload: ton.Payload{Comment: "rent"}}.Transfer()
		c := w.do(fmt.Sprint("dollars", id), j)
		c.Intent.Query = &guard.Query{ID: id, Created: c.Tx.NotBefore}
		return c
	}
	for n := range uint32(5) { // 5,000 units a day, 1,000 each
		w.allow(dollars(n, 1000))
	}
	w.deny(dollars(5, 1), guard.ReasonLimitDay)
	for n := range uint32(4) { // and 500 TON, of which each of the five carries 0.05
		w.allow(w.query(fmt.Sprint("coins", n), 10+n, "100"))
	}
	w.deny(w.query("over", 20, "99.750000001"), guard.ReasonLimitDay)
	w.allow(w.query("equal", 20, "99.75"))
}

func TestQueryIDIsOneRequests(t *testing.T) {
	w := queryWorld(t)
	first := w.query("k1", 7, "1")
	w.allow(first)
	w.deny(w.query("k2", 7, "1"), guard.ReasonQueryUsed)
	w.execute(first)
	w.deny(w.query("k2", 7, "1"), guard.ReasonQueryUsed)
	w.deny(first, guard.ReasonRequestUsed)
	w.used = map[uint32]time.Time{} // even if the contract had forgotten it
	w.advance(2 * time.Hour)
	w.deny(w.query("k2", 7, "1"), guard.ReasonQueryUsed)
	w.advance(time.Minute)
	w.allow(w.query("k2", 7, "1"))
}

func TestQueryIDOfADeadPayloadStaysTaken(t *testing.T) {
	w := queryWorld(t)
	first := w.query("k1", 7, "1")
	w.allow(first)
	w.advance(time.Minute + limits.Lag)
	w.wantState(first, guard.Dead)
	w.deny(w.query("k2", 7, "1"), guard.ReasonQueryUsed)
	w.deny(first, guard.ReasonIntentValidity)
}

// The chain's own memory counts where this node's has a gap.
func TestQueryIDThatTheContractRemembersIsUsed(t *testing.T) {
	w := queryWorld(t)
	w.used[7] = w.now
	w.deny(w.query("k1", 7, "1"), guard.ReasonQueryUsed)
	w.allow(w.query("k1", 8, "1"))
}

func TestSecondPayloadOfAQuery(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "1")
	w.allow(c)
	other := c.Intent
	other.Amount = tons(t, "2")
	w.deny(w.queryPayload(other, 7, c.Intent.Query.Created), guard.ReasonEffectsDiffer)
	same := c
	same.Tx.SigningHash[0]++ // the same in another encoding
	w.allow(same)
	w.execute(same)
	w.wantState(c, guard.Dead)
	w.wantState(same, guard.Executed)
	if l, err := w.g.Live(w.tx, "wallet-1", 0); err != nil || l.Any {
		t.Errorf("%+v is live, %v", l, err)
	}
}

func TestWalletHoldsSoManyLiveQueries(t *testing.T) {
	w := queryWorld(t)
	const most = 256
	first := w.query("k0", 0, "1")
	for n := range most {
		w.allow(w.query(fmt.Sprint("k", n), uint32(n), "1"))
	}
	w.deny(w.query("more", most, "1"), guard.ReasonWalletBusy)
	w.allow(first)
	w.execute(first)
	w.allow(w.query("more", most, "1"))
}

// Between the two transactions of a batch nothing has left yet, and nothing can be taken back.
func TestBatchCountsUntilItIsRun(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "50", "50")
	w.allow(c)
	w.allow(w.query("k2", 8, "100"))
	w.carry(c)
	w.wantState(c, guard.Carried)
	w.advance(time.Hour) // its time passes, and that of k2: a batch under way can't die
	w.wantState(c, guard.Carried)
	for n := range 4 {
		w.allow(w.query(fmt.Sprint("n", n), uint32(20+n), "100"))
	}
	w.deny(w.query("over", 9, "0.000000001"), guard.ReasonLimitDay)
	w.run(c)
	w.wantState(c, guard.Executed)
	w.deny(w.query("over", 9, "0.000000001"), guard.ReasonLimitDay)
	w.advance(25 * time.Hour)
	w.allow(w.query("next", 10, "100"))
}

func TestPayloadThatRunsTwiceIsUnexplained(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "50", "50")
	w.allow(c)
	w.carry(c)
	w.carry(c)
	w.deny(w.query("k2", 8, "1"), guard.ReasonUnexplained)
}

// A batch that could not be carried has used up its id, and sends nothing.
func TestBatchThatWasNotCarriedIsOver(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "50", "50")
	w.allow(c)
	e := executed(c)
	e.Success, e.Out = false, nil
	w.chain(e)
	w.wantState(c, guard.Executed)
	for n := range 5 {
		w.allow(w.query(fmt.Sprint("n", n), uint32(20+n), "100"))
	}
}

// What nobody here knows and has yet to send its batch could send anything.
func TestUnknownBatchStopsTheWalletUntilItIsRun(t *testing.T) {
	w := queryWorld(t)
	foreign := w.query("k1", 7, "50", "50")
	w.carry(foreign)
	w.deny(w.query("k2", 8, "1"), guard.ReasonUnexplained)
	w.must(w.g.Explain(w.tx, w.now, guard.Explanation{Intent: foreign.Intent, Tx: foreign.Tx, Signers: []string{"platform", "backup"}}))
	w.deny(w.query("k2", 8, "1"), guard.ReasonLimitDay)
	w.run(foreign)
	w.allow(w.query("k2", 8, "100"))
	w.deny(w.query("k3", 7, "1"), guard.ReasonQueryUsed)
	w.deny(foreign, guard.ReasonRequestUsed)
}

// Refused here, signed by others: it is known, but not added up, and could send anything until it has.
func TestSeenQueryIsExplainedWhenItExecutes(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "60", "60")
	w.deny(c, guard.ReasonLimitTransaction)
	if l, err := w.g.Live(w.tx, "wallet-1", 0); err != nil || l.Any {
		t.Errorf("%+v is live, %v", l, err)
	}
	w.carry(c)
	w.deny(w.query("n", 8, "1"), guard.ReasonLimitDay)
	w.run(c)
	for n := range 3 {
		w.allow(w.query(fmt.Sprint("n", n), uint32(20+n), "100"))
	}
	w.deny(w.query("over", 9, "80.000000001"), guard.ReasonLimitDay)
	w.allow(w.query("equal", 10, "80"))
}

func TestUnknownQueryIsUnexplained(t *testing.T) {
	w := queryWorld(t)
	w.execute(w.query("k1", 7, "1"))
	w.deny(w.query("k2", 8, "1"), guard.ReasonUnexplained)
}

// Another request's look at the chain may have moved the mirror on since this one's.
func TestMirrorMayBePastTheStateOfAQuery(t *testing.T) {
	w := queryWorld(t)
	first, second := w.query("k1", 7, "1"), w.query("k2", 8, "1")
	w.allow(first)
	w.execute(first)
	w.allow(second)
	third := w.query("k3", 9, "1")
	third.Account.LastLT++
	w.deny(third, guard.ReasonMirrorBehind)
}

func TestQueryMustBeUsedUp(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "1")
	c.Outcome.QueryUsed = false
	w.deny(c, guard.ReasonSimulationSeqno)
}

// reservations are what the accounting set has said about a case.
func reservations(c guard.Case, parties ...string) (all []guard.Reservation) {
	for _, p := range parties {
		all = append(all, guard.Reservation{Party: p, Request: c.Intent.Request, Payload: c.Tx.SigningHash})
	}
	return all
}

func TestPermitWantsTheWholeAccountingSet(t *testing.T) {
	w := queryWorld(t)
	c, other := w.query("k1", 7, "1"), w.query("k2", 8, "1")
	w.allow(c)
	for name, r := range map[string][]guard.Reservation{
		"nobody":            nil,
		"one":               reservations(c, "user"),
		"one twice":         reservations(c, "user", "user"),
		"another party":     reservations(c, "user", "platform"),
		"another payload":   append(reservations(c, "user"), guard.Reservation{Party: "backup", Request: c.Intent.Request, Payload: other.Tx.SigningHash}),
		"another request":   append(reservations(c, "user"), guard.Reservation{Party: "backup", Request: other.Intent.Request, Payload: c.Tx.SigningHash}),
		"nothing of theirs": append(reservations(c, "user"), guard.Reservation{Party: "backup"}),
	} {
		terms := w.terms(c, 1)
		terms.Reservations = r
		if _, err := w.g.Permit(w.tx, w.now, terms); err == nil || !strings.Contains(err.Error(), "accounting party backup") && len(r) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	terms := w.terms(c, 1)
	terms.Reservations = reservations(c, "platform", "backup", "user")
	p, err := w.g.Permit(w.tx, w.now, terms)
	w.must(err)
	w.must(w.g.Release(w.tx, w.now, p))
	unreserved := w.terms(other, 1)
	unreserved.Reservations = reservations(other, "backup", "user")
	if _, err := w.g.Permit(w.tx, w.now, unreserved); err == nil {
		t.Error("others' reservations stood in for this node's own")
	}
}

// A ledger that was taken to a network without an accounting set.
func TestNothingIsPermittedWithoutAnAccountingSet(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "1")
	w.allow(c)
	g, err := guard.New(config())
	w.must(err)
	terms := w.terms(c, 1)
	terms.Reservations = reservations(c, "backup", "user")
	if _, err := g.Permit(w.tx, w.now, terms); err == nil || !strings.Contains(err.Error(), "no accounting set") {
		t.Error(err)
	}
}

func TestDeadQueryIsNotPermitted(t *testing.T) {
	w := queryWorld(t)
	c := w.query("k1", 7, "1")
	same := c
	same.Tx.SigningHash[0]++
	w.allow(c)
	w.allow(same)
	terms := w.terms(c, 1)
	terms.Reservations = reservations(c, "backup", "user")
	p, err := w.g.Permit(w.tx, w.now, terms)
	w.must(err)
	w.execute(same)
	if w.g.Release(w.tx, w.now, p) == nil {
		t.Error("released although another payload has used up the query id")
	}
	terms.Attempt, terms.Session = 2, [32]byte{2}
	if _, err := w.g.Permit(w.tx, w.now, terms); err == nil {
		t.Error("permitted although another payload has used up the query id")
	}
}

// What is refused of a wallet without a seqno is remembered for as long as it could be met on the chain, and no longer.
func TestSeenPayloadsOfQueryIdsAreForgotten(t *testing.T) {
	w := queryWorld(t)
	w.deny(w.query("k0", 7, "101"), guard.ReasonLimitTransaction) // makes what was there before it
	before := len(w.tx.M)
	c := w.query("k1", 8, "101")
	w.deny(c, guard.ReasonLimitTransaction)
	if left, err := w.g.Forget(w.tx, c.Tx.SigningHash); err != nil || !left {
		t.Errorf("forgotten at once: %v", err)
	}
	w.advance(guard.KeepSettled + time.Hour)
	if left, err := w.g.Forget(w.tx, c.Tx.SigningHash); err != nil || left {
		t.Errorf("left %v, %v", left, err)
	}
	if n := len(w.tx.M); n != before {
		t.Errorf("%d records more than before", n-before)
	}
}
