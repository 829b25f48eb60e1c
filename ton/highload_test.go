package ton

import (
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// rawQuery is a HighloadV3 payload with every field open.
type rawQuery struct {
	id, mode, query, created, timeout uint64
	msg                               *cell.Cell
	tail                              func(*cell.Builder)
}

func (q rawQuery) cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(q.id, 32).MustStoreRef(q.msg).MustStoreUInt(q.mode, 8).MustStoreUInt(q.query, 23).
		MustStoreUInt(q.created, 64).MustStoreUInt(q.timeout, 22)
	if q.tail != nil {
		q.tail(b)
	}
	return b.EndCell()
}

func validQuery(w Wallet) rawQuery {
	return rawQuery{id: uint64(w.ID), mode: 3, query: 7, created: uint64(until.Unix()) - 3600, timeout: 3600, msg: validMsg().cell()}
}

// carrierOf is a message of w to itself with that body.
func carrierOf(w Wallet, body *cell.Cell) rawMsg {
	m := validMsg()
	m.dest, m.body, m.inRef = stdAddress(0, w.Address.Hash), body, true
	return m
}

func transferBody(op, query uint64, list *cell.Cell) *cell.Cell {
	return cell.BeginCell().MustStoreUInt(op, 32).MustStoreUInt(query, 64).MustStoreRef(list).EndCell()
}

func TestHighloadAlwaysRefused(t *testing.T) {
	w := walletOf(t, HighloadV3)
	one := rawAction(tagSendMsg, 3, emptyCell(), validMsg().cell())
	batch := func(list *cell.Cell) func(*rawQuery) {
		return func(q *rawQuery) { q.msg = carrierOf(w, transferBody(opInternalSend, 7, list)).cell() }
	}
	for name, c := range map[string]struct {
		change func(*rawQuery)
		code   Code
		says   string
	}{
		"mode 1":              {func(q *rawQuery) { q.mode = 1 }, CodeSendMode, "lacks 2"},
		"mode 131":            {func(q *rawQuery) { q.mode = 131 }, CodeSendMode, "balance"},
		"another id":          {func(q *rawQuery) { q.id++ }, CodeWalletID, ""},
		"bit 1023":            {func(q *rawQuery) { q.query = 1023 }, CodeNotCanonical, "1022"},
		"another timeout":     {func(q *rawQuery) { q.timeout = 60 }, CodeWallet, "60 s"},
		"created in 2106":     {func(q *rawQuery) { q.created = 1<<32 - 3600 }, CodeWallet, "created"},
		"surplus bit":         {func(q *rawQuery) { q.tail = putBits(0, 1) }, CodeNotCanonical, ""},
		"surplus reference":   {func(q *rawQuery) { q.tail = storeRef }, CodeNotCanonical, ""},
		"empty batch":         {batch(emptyCell()), CodeNoMessage, ""},
		"set_code in batch":   {batch(rawAction(0xad4de08e, 3, emptyCell(), validMsg().cell())), CodeOperationUnknown, "set_code"},
		"reserve in batch":    {batch(rawAction(0x36e6b809, 3, emptyCell(), validMsg().cell())), CodeOperationUnknown, "reserve"},
		"mode 64 in batch":    {batch(rawAction(tagSendMsg, 64, emptyCell(), validMsg().cell())), CodeSendMode, "incoming"},
		"255 messages":        {batch(manyActions(255)), CodeTooLarge, "254"},
		"batch in batch":      {batch(rawAction(tagSendMsg, 3, emptyCell(), carrierOf(w, transferBody(opInternalSend, 7, one)).cell())), CodeOperationUnknown, "batch within"},
		"library as list":     {batch(library(t)), CodeExoticCell, ""},
		"query id of carrier": {func(q *rawQuery) { q.msg = carrierOf(w, transferBody(opInternalSend, 8, one)).cell() }, CodeNotCanonical, "query id"},
		"carrier with surplus": {func(q *rawQuery) {
			q.msg = carrierOf(w, transferBody(opInternalSend, 7, one).ToBuilder().MustStoreUInt(0, 1).EndCell()).cell()
		}, CodeNotCanonical, "exactly"},
		"carrier cut": {func(q *rawQuery) {
			q.msg = carrierOf(w, cell.BeginCell().MustStoreUInt(opInternalSend, 32).EndCell()).cell()
		}, CodeNotCanonical, "exactly"},
		"carrier with StateInit": {func(q *rawQuery) {
			m := carrierOf(w, transferBody(opInternalSend, 7, one))
			m.init = func(b *cell.Builder) { b.MustStoreUInt(0b11, 2).MustStoreRef(w.StateInit()) }
			q.msg = m.cell()
		}, CodeNotCanonical, "exactly"},
		"StateInit directly": {func(q *rawQuery) {
			m := validMsg()
			m.dest = stdAddress(0, [32]byte(walletOf(t, V4R2).StateInit().HashKey()))
			m.init = func(b *cell.Builder) { b.MustStoreUInt(0b11, 2).MustStoreRef(walletOf(t, V4R2).StateInit()) }
			q.msg = m.cell()
		}, CodeStateInit, "batch"},
	} {
		t.Run(name, func(t *testing.T) {
			q := validQuery(w)
			c.change(&q)
			mustRefuse(t, w, q.cell(), c.code, c.says)
		})
	}
	if _, err := Decode(w, validQuery(w).cell().ToBOC()); err != nil {
		t.Errorf("the payload that every row changes is not valid: %v", err)
	}
	_, err := Build(w, 1<<23, until, manyTransfers(1))
	wantCode(t, err, CodeNotCanonical)
	_, err = Build(w, 1023, until, manyTransfers(1))
	wantCode(t, err, CodeNotCanonical)
}

// The contract takes a payload from created_at until created_at + timeout, which is what Decode shows as ValidUntil.
func TestHighloadValidity(t *testing.T) {
	w, e := walletOf(t, HighloadV3), devEmulator(t)
	for left, want := range map[time.Duration]bool{0: false, time.Second: true, time.Hour: true, time.Hour + time.Second: false} {
		payload, err := Build(w, 7, testNow.Add(left), []Transfer{{To: bob, Value: ton1}})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := Decode(w, payload)
		if err != nil || want != (!testNow.Before(tx.NotBefore) && testNow.Before(tx.ValidUntil)) {
			t.Errorf("%s before its end: valid from %s to %s, %v", left, tx.NotBefore, tx.ValidUntil, err)
		}
		if got, err := e.Run(w, activeOf(t, w, NanoOf(5e9), 0), payload, testNow); err != nil || got.Accepted != want {
			t.Errorf("%s before its end: accepted %t, %v", left, got.Accepted, err)
		}
	}
}

// QueryUsed says the same as the contract: now, and after it forgot.
func TestQueryUsedAgreesWithTheContract(t *testing.T) {
	w, e := walletOf(t, HighloadV3), devEmulator(t)
	acc := activeOf(t, w, NanoOf(5e9), 0)
	for _, id := range []uint32{0, 7, 1022, 5<<10 | 3, 8191<<10 | 1022} {
		res, err := apply(t, e, acc, mustCell(t, mustAssemble(t, w, mustBuild(t, w, id, Transfer{To: bob, Value: NanoOf(1e6)}), false)))
		if err != nil || !res.Accepted {
			t.Fatalf("query %d: %v", id, err)
		}
		acc = mustAccount(t, w.Address, res.NextAccount.ShardAccount())
	}
	for _, later := range []time.Duration{0, 59 * time.Minute, time.Hour, time.Hour + time.Second, 2 * time.Hour, 2*time.Hour + time.Second, 9 * time.Hour} {
		now, used := testNow.Add(later), 0
		for _, id := range []uint32{0, 1, 7, 1022, 5<<10 | 3, 5<<10 | 4, 8191<<10 | 1022, 8190 << 10} {
			payload, err := Build(w, id, now.Add(time.Minute), []Transfer{{To: bob, Value: NanoOf(1e6)}})
			if err != nil {
				t.Fatal(err)
			}
			shown, err := e.Run(w, acc, payload, now)
			if err != nil || shown.Accepted == acc.QueryUsed(id, now) {
				t.Errorf("query %d after %s: accepted %t, used %t, %v", id, later, shown.Accepted, acc.QueryUsed(id, now), err)
			}
			if !shown.Accepted {
				used++
			}
		}
		if want := map[bool]int{true: 5, false: 0}[later <= 2*time.Hour]; used != want {
			t.Errorf("after %s %d of 5 ids are used, want %d", later, used, want)
		}
	}
}

// The dictionary before the present one counts until one timeout after the exchange, to the second.
func TestQueryUsedAtTheEdgeOfTheOldDictionary(t *testing.T) {
	w, e := walletOf(t, HighloadV3), devEmulator(t)
	acc, now := activeOf(t, w, NanoOf(5e9), 0), testNow
	for _, id := range []uint32{7, 99} {
		payload, err := Build(w, id, now.Add(time.Minute), []Transfer{{To: bob, Value: NanoOf(1e6)}})
		if err != nil {
			t.Fatal(err)
		}
		x := &run{e: e, w: w, now: now, lt: int64(acc.LastLT) + 100}
		msg := mustCell(t, mustAssemble(t, w, payload, false))
		if shown, err := x.outcome(acc, msg, mustCell(t, payload), Nano{}); err != nil || !shown.Accepted {
			t.Fatalf("query %d: %+v, %v", id, shown, err)
		}
		acc = mustAccount(t, w.Address, x.last.NextAccount.ShardAccount())
		now = now.Add(time.Hour + time.Second) // by then the first dictionary is the old one
	}
	exchanged := testNow.Add(time.Hour + time.Second)
	for later, want := range map[time.Duration]bool{0: true, time.Hour: true, time.Hour + time.Second: false} {
		at := exchanged.Add(later)
		payload, err := Build(w, 7, at.Add(time.Minute), []Transfer{{To: bob, Value: NanoOf(1e6)}})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := e.Run(w, acc, payload, at)
		if err != nil || shown.Accepted == want || acc.QueryUsed(7, at) != want {
			t.Errorf("%s after the exchange: accepted %t, used %t, %v", later, shown.Accepted, acc.QueryUsed(7, at), err)
		}
	}
}

func TestHighloadBodyIsExactlySignatureAndPayload(t *testing.T) {
	w := walletOf(t, HighloadV3)
	body, err := joinAround(validQuery(w).cell(), [64]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if payload, sig, err := splitAround(body); err != nil || sig != [64]byte{1} || payload.HashKey() != validQuery(w).cell().HashKey() {
		t.Errorf("split into %x and %x, %v", payload.HashKey(), sig, err)
	}
	for _, c := range []*cell.Cell{body.ToBuilder().MustStoreUInt(0, 1).EndCell(), body.ToBuilder().MustStoreRef(emptyCell()).EndCell(), emptyCell()} {
		_, _, err := splitAround(c)
		wantCode(t, err, CodeUndecodable)
	}
}

// What can't be sent directly is refused by the contract after it has used up the id: Consumed, but no success.
func TestHighloadConsumesWhatItRefuses(t *testing.T) {
	w, e := walletOf(t, HighloadV3), devEmulator(t)
	q := validQuery(w)
	q.msg = event()
	sig := sign(t, q.cell().ToBOC())
	body, err := joinAround(q.cell(), sig)
	if err != nil {
		t.Fatal(err)
	}
	res, err := apply(t, e, activeOf(t, w, NanoOf(5e9), 0), external(t, w, body, false))
	if err != nil || !res.Accepted {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	used := mustAccount(t, w.Address, res.NextAccount.ShardAccount()).QueryUsed(7, testNow)
	if err != nil || got.Consumed != used || !used || got.Success || got.QueryID != 7 || got.Payload != [32]byte(q.cell().HashKey()) {
		t.Errorf("used %t, read as %+v, %v", used, got, err)
	}
}

// The second transaction of a batch is caused by the wallet's own message; its payload was used up by the first.
func TestHighloadSecondTransactionConsumesNothing(t *testing.T) {
	w, e := walletOf(t, HighloadV3), devEmulator(t)
	payload := mustBuild(t, w, 9, manyTransfers(3)...)
	first, err := apply(t, e, activeOf(t, w, NanoOf(5e9), 0), mustCell(t, mustAssemble(t, w, payload, false)))
	if err != nil || len(first.OutMessages) != 1 {
		t.Fatalf("%d messages, %v", len(first.OutMessages), err)
	}
	one, err := ReadExecuted(w, first.TransactionCell)
	if err != nil || one.QueryID != 9 || len(one.Out) != 0 || !one.Carries || one.Batch {
		t.Errorf("first: %+v, %v", one, err)
	}
	second, err := apply(t, e, mustAccount(t, w.Address, first.NextAccount.ShardAccount()), first.OutMessages[0].Cell)
	if err != nil {
		t.Fatal(err)
	}
	two, err := ReadExecuted(w, second.TransactionCell)
	if err != nil || two.Consumed || two.External || !two.Success || len(two.Out) != 3 || !two.Batch || two.QueryID != 9 || two.Carries {
		t.Errorf("second: %+v, %v", two, err)
	}
}

// A batch is one only from the wallet to itself: anyone may send a message with its layout, and the wallet may pay itself.
func TestHighloadBatchIsTheWalletsOwn(t *testing.T) {
	w := walletOf(t, HighloadV3)
	own, other := toTonutils(w.Address), toTonutils(bob)
	batch := transferBody(opInternalSend, 9, emptyCell())
	for name, c := range map[string]struct {
		m    tlb.InternalMessage
		want bool
	}{
		"the wallet's": {tlb.InternalMessage{SrcAddr: own, DstAddr: own, Body: batch}, true},
		"from another": {tlb.InternalMessage{SrcAddr: other, DstAddr: own, Body: batch}, false},
		"to another":   {tlb.InternalMessage{SrcAddr: own, DstAddr: other, Body: batch}, false},
		"bounced":      {tlb.InternalMessage{SrcAddr: own, DstAddr: own, Body: batch, Bounced: true}, false},
		"a payment":    {tlb.InternalMessage{SrcAddr: own, DstAddr: own, Body: emptyCell()}, false},
	} {
		if id, got := w.batchOf(&c.m); got != c.want || got && id != 9 {
			t.Errorf("%s: batch %t of query %d", name, got, id)
		}
	}
	w.Version = V5R1
	if _, got := w.batchOf(&tlb.InternalMessage{SrcAddr: own, DstAddr: own, Body: batch}); got {
		t.Error("a batch of another version")
	}
}

func TestV3AndV4AlwaysRefused(t *testing.T) {
	inline := func(v Version, id, op uint64, rest func(*cell.Builder)) *cell.Cell {
		b := cell.BeginCell().MustStoreUInt(id, 32).MustStoreUInt(uint64(until.Unix()), 32).MustStoreUInt(7, 32)
		if v == V4R2 {
			b.MustStoreUInt(op, 8)
		}
		rest(b)
		return b.EndCell()
	}
	send := func(mode uint64, m *cell.Cell) func(*cell.Builder) {
		return func(b *cell.Builder) { b.MustStoreUInt(mode, 8).MustStoreRef(m) }
	}
	good := validMsg().cell()
	for _, v := range []Version{V3R2, V4R2} {
		w := walletOf(t, v)
		id := uint64(w.ID)
		if _, err := Decode(w, inline(v, id, 0, send(3, good)).ToBOC()); err != nil {
			t.Errorf("%s: a valid payload: %v", v, err)
		}
		for _, mode := range []uint64{0, 1, 2, 19, 35, 67, 130, 131} {
			mustRefuse(t, w, inline(v, id, 0, send(mode, good)), CodeSendMode, "")
		}
		mustRefuse(t, w, inline(v, id+1, 0, send(3, good)), CodeWalletID, "")
		mustRefuse(t, w, inline(v, id, 0, func(*cell.Builder) {}), CodeNoMessage, "")
		mustRefuse(t, w, inline(v, id, 0, storeRef), CodeUndecodable, "mode")
		mustRefuse(t, w, inline(v, id, 0, send(3, library(t))), CodeExoticCell, "")
		mustRefuse(t, w, inline(v, id, 0, func(b *cell.Builder) { send(3, good)(b); b.MustStoreUInt(3, 8) }), CodeNotCanonical, "")
		mustRefuse(t, w, emptyCell(), CodeUndecodable, "short")
	}
	for op, name := range map[uint64]string{1: "deploy_and_install", 2: "install", 3: "remove", 4: "not known"} {
		mustRefuse(t, walletOf(t, V4R2), inline(V4R2, subwalletV3, op, send(3, good)), CodeOperationUnknown, name)
	}
}
