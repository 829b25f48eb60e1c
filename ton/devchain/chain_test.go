package devchain

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestBlockTimeNeverFalls(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	c := newChain(t, Config{Now: func() time.Time { return clock }})
	for _, at := range []struct{ now, want int64 }{
		{1_800_000_010, 1_800_000_010}, {1_800_000_005, 1_800_000_010}, {1_800_000_011, 1_800_000_011}, {-5, 1_800_000_011},
	} {
		clock = time.Unix(at.now, 0)
		last, _ := c.head()
		c.Tick()
		next, _ := c.head()
		if next.seqno != last.seqno+1 || next.lt <= last.lt || int64(next.time) != at.want {
			t.Fatalf("at %d: block %d of %d follows %d of %d", at.now, next.seqno, next.time, last.seqno, last.time)
		}
	}
}

func TestLogicalTimeRisesAcrossAccountsAndBlocks(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "5")
	to := ton.Address{Hash: [32]byte{1}}
	until := time.Now().Add(time.Minute)
	for seqno := range uint32(3) {
		if err := c.Send(s.message(t, seqno, until, ton.Transfer{To: to, Value: nano(t, "0.1")})); err != nil {
			t.Fatal(err)
		}
	}
	sent, received := c.accounts[s.Address].transactions, c.accounts[to].transactions
	for i, tx := range received {
		if tx.lt <= sent[i+1].lt || i+2 < len(sent) && tx.lt >= sent[i+2].lt {
			t.Errorf("transfer %d was received at %d, between %d and the next", i, tx.lt, sent[i+1].lt)
		}
	}
	if len(received) != 3 || len(sent) != 4 {
		t.Fatalf("%d received, %d sent", len(received), len(sent))
	}
}

// A wallet's 255 messages fill a block with it; their 255 bounces wait for the next ones, and no coin is lost.
func TestFullBlockLeavesTheRestToTheNext(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "100")
	var all []ton.Transfer
	for i := range byte(255) {
		all = append(all, ton.Transfer{To: ton.Address{Hash: [32]byte{1, i}}, Value: nano(t, "0.1"), Bounce: true})
	}
	if err := c.Send(s.message(t, 0, time.Now().Add(time.Minute), all...)); err != nil {
		t.Fatal(err)
	}
	if n := c.Executed(s.Address); n != 2 || len(c.queue) != 255 {
		t.Fatalf("after one block the wallet has %d transactions and %d messages wait", n, len(c.queue))
	}
	c.Tick()
	if n := c.Executed(s.Address); n != 2+255 || len(c.queue) != 0 {
		t.Fatalf("after two blocks the wallet has %d transactions and %d messages wait", n, len(c.queue))
	}
	if b := c.Balance(s.Address); b.Cmp(nano(t, "95")) < 0 {
		t.Fatalf("the wallet has %v", b)
	}
}

// A message that nobody takes comes back in the same block, less what its way cost; without the flag it stays.
func TestMessagesToNobodyBounce(t *testing.T) {
	for bounce, least := range map[bool]string{true: "8.99", false: "7.99"} {
		c := newChain(t, Config{})
		s, absent := newSigner(t, 1), ton.Address{Hash: [32]byte{7}}
		fund(t, c, s.Address, "9")
		if err := c.Send(s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: absent, Value: nano(t, "1"), Bounce: bounce})); err != nil {
			t.Fatal(err)
		}
		mine, theirs := c.Balance(s.Address), c.Balance(absent)
		if mine.Cmp(nano(t, least)) < 0 || theirs.IsZero() != bounce {
			t.Errorf("bounce %t: %s here, %s there", bounce, mine, theirs)
		}
		if n := c.Executed(s.Address); bounce && n != 3 || !bounce && n != 2 {
			t.Errorf("bounce %t: the wallet has %d transactions", bounce, n)
		}
	}
}

// What a contract refuses bounces with the beginning of its body, and the contract keeps nothing.
func TestRefusedMessageBounces(t *testing.T) {
	c := newChain(t, Config{})
	refusing := cell.BeginCell().MustStoreSlice([]byte{0x30, 0xd7, 0x49, 0xf2, 0x6a}, 40).EndCell() // DROP SBITS 42 THROWIF: an empty body alone
	x, from := stateInit(t, refusing), ton.Address{Hash: [32]byte{7}}
	to := x.address
	if err := c.Deliver(Message{From: from, To: to, Value: nano(t, "1"), Init: x.init}); err != nil {
		t.Fatal(err)
	}
	before := c.Balance(to)
	body := cell.BeginCell().MustStoreUInt(0x0f8a7ea5, 32).MustStoreUInt(5, 64).EndCell()
	if err := c.Deliver(Message{From: from, To: to, Value: nano(t, "1"), Bounce: true, Body: body}); err != nil {
		t.Fatal(err)
	}
	if c.Balance(to) != before || c.Balance(from).Cmp(nano(t, "0.99")) < 0 {
		t.Errorf("the contract has %s after %s, the sender %s", c.Balance(to), before, c.Balance(from))
	}
	m := newestTo(t, c, from)
	if s := m.Body.MustBeginParse(); !m.Bounced || s.MustLoadUInt(32) != math.MaxUint32 || s.MustLoadUInt(32) != 0x0f8a7ea5 {
		t.Errorf("%+v", m)
	}
}

// contract is one that isn't on a chain yet.
type contract struct {
	address ton.Address
	init    *cell.Cell
}

// stateInit is a contract of some code without data.
func stateInit(t *testing.T, code *cell.Cell) contract {
	t.Helper()
	init, err := tlb.ToCell(&tlb.StateInit{Code: code, Data: empty})
	if err != nil {
		t.Fatal(err)
	}
	return contract{ton.Address{Hash: [32]byte(init.HashKey())}, init}
}

// newestTo is the newest message to an address.
func newestTo(t *testing.T, c *Chain, a ton.Address) *tlb.InternalMessage {
	t.Helper()
	list := c.accounts[a].transactions
	if len(list) == 0 {
		t.Fatal("nothing came")
	}
	var tx tlb.Transaction
	if err := tlb.Parse(&tx, list[len(list)-1].cell); err != nil {
		t.Fatal(err)
	}
	return tx.IO.In.AsInternal()
}

func TestFullQueueTakesNoNewMessage(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "5")
	root, err := cell.FromBOC(internalMessage(t, ton.Address{Hash: [32]byte{1}}))
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := tvm.PrepareMessage(root)
	if err != nil {
		t.Fatal(err)
	}
	c.queue = slices.Repeat([]*tvm.PreparedMessage{waiting}, maxQueue)
	before, _ := c.head()
	m := s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: minter, Value: nano(t, "1")})
	if err := c.Send(m); err == nil {
		t.Error("a message that causes one more is taken")
	}
	if after, _ := c.head(); after != before || len(c.queue) != maxQueue {
		t.Errorf("block %d is sealed, %d messages wait", after.seqno, len(c.queue))
	}
	c.Tick()
	if len(c.queue) != maxQueue-maxPerBlock {
		t.Errorf("after a block %d messages wait", len(c.queue))
	}
	if err := c.Send(m); err != nil {
		t.Errorf("with room: %v", err)
	}
}

func TestOnlyStandardAddressesHaveAccounts(t *testing.T) {
	anycast := friendly(minter)
	anycast.SetAnycast(address.NewAnycast(1, []byte{0}))
	for name, a := range map[string]*address.Address{
		"missing": nil, "none": address.NewAddressNone(), "external": address.NewAddressExt(0, 8, []byte{1}),
		"variable": address.NewAddressVar(0, 0, 256, make([]byte, 32)), "anycast": anycast,
	} {
		if _, err := standard(a); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if a, err := standard(friendly(minter)); err != nil || a != minter {
		t.Errorf("standard: %v, %v", a, err)
	}
}

func TestOldestTransactionsAreForgottenFirst(t *testing.T) {
	var h history
	one, two := &account{}, &account{}
	for lt := range uint64(keepTransactions) {
		h.add(one, transaction{lt: lt})
	}
	for lt := range uint64(3) {
		h.add(two, transaction{lt: keepTransactions + lt})
	}
	if len(one.transactions) != keepTransactions-3 || one.transactions[0].lt != 3 || len(two.transactions) != 3 {
		t.Fatalf("%d from %d and %d are kept", len(one.transactions), one.transactions[0].lt, len(two.transactions))
	}
	if one.executed != keepTransactions || two.executed != 3 {
		t.Fatalf("%d and %d were executed", one.executed, two.executed)
	}
}

func TestStatesThatNoKeptBlockNeedsAreForgotten(t *testing.T) {
	c := newChain(t, Config{})
	busy, quiet := ton.Address{Hash: [32]byte{1}}, ton.Address{Hash: [32]byte{2}}
	fund(t, c, quiet, "1")
	for range keepBlocks + 10 {
		fund(t, c, busy, "1")
	}
	if n := len(c.accounts[busy].states); n != keepBlocks {
		t.Errorf("%d states are kept for %d blocks", n, keepBlocks)
	}
	if c.Balance(quiet) != nano(t, "1") {
		t.Error("the only state of a quiet account is forgotten")
	}
	fund(t, c, quiet, "1")
	if n := len(c.accounts[quiet].states); n != 2 {
		t.Errorf("%d states, want the last before the oldest kept block and the newest", n)
	}
}

func TestTransactionsPagedNewestFirst(t *testing.T) {
	c := newChain(t, Config{})
	a := ton.Address{Hash: [32]byte{1}}
	for range 20 {
		fund(t, c, a, "1")
	}
	all := c.accounts[a].transactions
	list := func(lt uint64, hash []byte, limit int32) any {
		id := lite.AccountID{ID: a.Hash[:]}
		return query(t, c, lite.GetTransactions{Limit: limit, AccID: &id, LT: int64(lt), TxHash: hash})
	}
	page, ok := list(all[18].lt, all[18].cell.Hash(), 100).(lite.TransactionList)
	if !ok || len(page.IDs) != transactionsPerAnswer {
		t.Fatalf("%d transactions, at most %d are sent at once", len(page.IDs), transactionsPerAnswer)
	}
	if page, ok := list(all[1].lt, all[1].cell.Hash(), 16).(lite.TransactionList); !ok || len(page.IDs) != 2 {
		t.Fatalf("%d transactions up to the second", len(page.IDs))
	}
	for name, answer := range map[string]any{
		"another hash": list(all[18].lt, all[17].cell.Hash(), 16),
		"unknown lt":   list(all[18].lt+1, all[18].cell.Hash(), 16),
		"none":         list(all[18].lt, all[18].cell.Hash(), 0),
		"less":         list(all[18].lt, all[18].cell.Hash(), -5),
	} {
		if e, ok := answer.(lite.LSError); !ok || e.Text == "cannot read query" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestEmptyBlocksComeAtTheirPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain(t, Config{BlockEvery: DefaultBlockEvery})
		time.Sleep(10*time.Second + time.Millisecond) // of the bubble's clock
		if b, _ := c.head(); b.seqno != 26 {
			t.Fatalf("after ten seconds the newest block is %d", b.seqno)
		}
		fund(t, c, newSigner(t, 1).Address, "1")
		if b, _ := c.head(); b.seqno != 27 {
			t.Fatalf("a message waits: the newest block is %d", b.seqno)
		}
		c.Close()
		time.Sleep(10 * time.Second)
		if b, _ := c.head(); b.seqno != 27 {
			t.Fatalf("a closed chain goes on to block %d", b.seqno)
		}
	})
}

// waitFor asks for the newest block once block seqno is there, as the client's WaitForBlock does.
func waitFor(t testing.TB, ctx context.Context, c *Chain, seqno, timeout int32) any {
	t.Helper()
	sent, ok := received(serialized(t, lite.WaitMasterchainSeqno{Seqno: seqno, Timeout: timeout}, lite.GetMasterchainInf{}))
	if !ok {
		t.Fatal("query is not parsed")
	}
	return c.answer(ctx, sent)
}

// serialized writes queries one after the other, as one.
func serialized(t testing.TB, queries ...any) (raw []byte) {
	t.Helper()
	for _, q := range queries {
		b, err := tl.Serialize(q, true)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b...)
	}
	return raw
}

func TestQueryMayOnlyHaveAWaitBeforeIt(t *testing.T) {
	c := newChain(t, Config{})
	wait := lite.WaitMasterchainSeqno{Seqno: 1, Timeout: 1}
	for name, queries := range map[string][]any{
		"two queries":             {lite.GetTime{}, lite.GetTime{}},
		"a wait and two queries":  {wait, lite.GetTime{}, lite.GetTime{}},
		"two waits":               {wait, wait},
		"a wait":                  {wait},
		"something else entirely": {lite.CurrentTime{}},
	} {
		sent, ok := received(serialized(t, queries...))
		if answer, refused := c.answer(t.Context(), sent).(lite.LSError); !ok || !refused {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestWaitEndsWithTheBlockTheTimeoutTheContextOrTheChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain(t, Config{})
		start := time.Now()
		ask := func(ctx context.Context, seqno, timeout int32) <-chan any {
			got := make(chan any, 1)
			go func() { got <- waitFor(t, ctx, c, seqno, timeout) }()
			synctest.Wait()
			return got
		}
		block := ask(t.Context(), 2, 5000)
		c.Tick()
		if info, ok := (<-block).(lite.MasterchainInfo); !ok || info.Last.SeqNo != 2 || time.Since(start) != 0 {
			t.Errorf("block 2: %+v after %v", info, time.Since(start))
		}
		if answer, ok := (<-ask(t.Context(), 9, 5000)).(lite.LSError); !ok || answer.Code != codeTimeout || time.Since(start) != 5*time.Second {
			t.Errorf("timeout: %+v after %v", answer, time.Since(start))
		}
		if <-ask(t.Context(), 9, 1<<30); time.Since(start) != 5*time.Second+maxWait {
			t.Errorf("an endless wait took %v", time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancelled, closed := ask(ctx, 9, 5000), ask(t.Context(), 9, 5000)
		cancel()
		<-cancelled
		c.Close()
		<-closed
		if time.Since(start) != 5*time.Second+maxWait {
			t.Errorf("context and chain ended waits only after %v", time.Since(start))
		}
	})
}

func TestBadConfigurationIsRefused(t *testing.T) {
	for name, boc := range map[string][]byte{"not a bag of cells": []byte("x"), "without parameters": none().Account.ToBOC()} {
		if _, err := New(Config{ConfigBoC: boc}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFundRefusesNothing(t *testing.T) {
	c := newChain(t, Config{})
	if err := c.Fund(ton.Address{}, ton.Nano{}); err == nil {
		t.Fatal("a deposit of zero is accepted")
	}
}

func BenchmarkSend(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%t", kept), func(b *testing.B) {
			var cfg Config
			if kept {
				cfg.Dir = b.TempDir()
			}
			c := newChain(b, cfg)
			s := newSigner(b, 1)
			fund(b, c, s.Address, "1000000000")
			to, until := ton.Address{Hash: [32]byte{7}}, time.Now().Add(time.Hour)
			var messages [][]byte
			for i := range b.N {
				messages = append(messages, s.message(b, uint32(i), until, ton.Transfer{To: to, Value: nano(b, "0.01")}))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, m := range messages {
				if err := c.Send(m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func BenchmarkTick(b *testing.B) {
	c := newChain(b, Config{})
	for b.Loop() {
		c.Tick()
	}
}
