package ton

import (
	"crypto/ed25519"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// signed appends a signature over payload to it.
func signed(payload *cell.Cell, key ed25519.PrivateKey) *cell.Cell {
	return payload.ToBuilder().MustStoreSlice(ed25519.Sign(key, payload.Hash()), 512).EndCell()
}

func external(t testing.TB, w Wallet, body *cell.Cell, deploy bool) *cell.Cell {
	t.Helper()
	msg := tlb.ExternalMessage{DstAddr: toTonutils(w.Address), Body: body}
	if deploy {
		msg.StateInit = &tlb.StateInit{Code: layoutV5.code, Data: dataV5R1(w.ID, 0, w.PublicKey)}
	}
	c, err := tlb.ToCell(&msg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func internal(t testing.TB, to Address, value int64, body *cell.Cell) *cell.Cell {
	t.Helper()
	c, err := tlb.ToCell(&tlb.InternalMessage{
		IHRDisabled: true, Bounce: true, SrcAddr: toTonutils(bob), DstAddr: toTonutils(to), Amount: coins(value),
		CreatedLT: 4000, CreatedAt: uint32(testNow.Unix()), Body: body,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReadExecutedTransfer(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent", Bounce: true}, Transfer{To: w.Address, Value: NanoOf(5)})
	tx, err := Decode(w, payload)
	if err != nil {
		t.Fatal(err)
	}
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), mustCell(t, mustAssemble(t, w, payload, false)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	if err != nil {
		t.Fatal(err)
	}
	want := Executed{
		LT: 5000, Hash: [32]byte(res.TransactionCell.HashKey()), PrevLT: 1000, PrevHash: [32]byte{7}, Time: testNow,
		External: true, Payload: tx.SigningHash, Seqno: 7, Consumed: true, Success: true,
	}
	for _, m := range tx.Messages {
		m.Op, m.Mode = OpUnknown, 0
		want.Out = append(want.Out, m)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestConsumedIsWhatTheStateSays runs every way a payload can end and compares with the account's next seqno, which is
// the truth. Low balances run out of gas at each place, before and after the contract's COMMIT.
func TestConsumedIsWhatTheStateSays(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	raw := func(change func(*rawPayload)) *cell.Cell {
		p := validRaw(w, validMsg())
		change(&p)
		return p.cell()
	}
	payloads := map[string]*cell.Cell{
		"transfer":          raw(func(*rawPayload) {}),
		"without mode 2":    raw(func(p *rawPayload) { p.list = rawAction(tagSendMsg, 1, emptyCell(), validMsg().cell()) }),
		"set_code":          raw(func(p *rawPayload) { p.list = rawAction(0xad4de08e, 3, emptyCell(), validMsg().cell()) }),
		"no message":        raw(func(p *rawPayload) { p.list = rawAction(tagSendMsg, 3, emptyCell(), emptyCell()) }),
		"too many actions":  raw(func(p *rawPayload) { p.list = manyActions(256) }),
		"broken list":       raw(func(p *rawPayload) { p.list = cellOf(1) }),
		"unknown extension": raw(func(p *rawPayload) { p.list, p.extended = nil, putBits(9, 8) }),
		"empty":             raw(func(p *rawPayload) { p.list = nil }),
		"wrong id":          raw(func(p *rawPayload) { p.id ^= 1 }),
		"seqno used":        raw(func(p *rawPayload) { p.seqno = 6 }),
	}
	var balances []Nano
	for n := uint64(1_000_000); n < 6_000_000; n += 20_000 { // 1,000 nanotons buy one unit of gas here: steps of 20
		balances = append(balances, NanoOf(n))
	}
	balances = append(balances, ton1, NanoOf(5e9))
	kept, used := 0, 0
	for name, payload := range payloads {
		for _, balance := range balances {
			res, err := apply(t, e, active(t, w, balance, 7), external(t, w, signed(payload, testKey), false))
			if err != nil || !res.Accepted {
				continue // not in any block
			}
			got, err := ReadExecuted(w, res.TransactionCell)
			if err != nil {
				t.Fatalf("%s with %s: %v", name, balance, err)
			}
			seqno := mustAccount(t, w.Address, res.NextAccount.ShardAccount()).Seqno
			if got.Consumed != (seqno == 8) || got.Seqno != 7 || got.Payload != [32]byte(payload.HashKey()) || !got.External {
				t.Errorf("%s with %s: seqno became %d, exit %d, read as %+v", name, balance, seqno, res.ExitCode, got)
			}
			if sent := len(got.Out) == 1 && res.ExitCode == 0; got.Success != sent && name == "transfer" {
				t.Errorf("%s with %s: %d messages, success %t", name, balance, len(got.Out), got.Success)
			}
			if got.Consumed {
				used++
			} else {
				kept++
			}
		}
	}
	if kept == 0 || used == 0 {
		t.Errorf("%d transactions kept the seqno, %d used it: both must occur", kept, used)
	}
	t.Logf("%d transactions kept the seqno, %d used it", kept, used)
}

func manyActions(n int) *cell.Cell {
	c := emptyCell()
	for range n {
		c = rawAction(tagSendMsg, 3, c, validMsg().cell())
	}
	return c
}

// Anyone can send internal_signed to the wallet; only with the key's signature it uses the seqno up and sends.
func TestInternalSignedIsSeen(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	other := ed25519.NewKeyFromSeed(append(make([]byte, 31), 1))
	p := validRaw(w, validMsg())
	p.op = opInternalSigned
	good := p.cell()
	p.seqno = 6
	used := p.cell()
	p.op, p.seqno = opExternalSigned, 7
	wrongOp := p.cell()
	bounces := 0
	for name, c := range map[string]struct {
		body     *cell.Cell
		payload  *cell.Cell // as it is read, nil for none
		consumed bool
	}{
		"signed":               {signed(good, testKey), good, true},
		"signed, seqno used":   {signed(used, testKey), used, false},
		"signed by another":    {signed(good, other), nil, false},
		"external op":          {signed(wrongOp, testKey), nil, false},
		"signed, cut short":    {signed(cell.BeginCell().MustStoreUInt(opInternalSigned, 32).EndCell(), testKey), nil, false},
		"a deposit":            {emptyCell(), nil, false},
		"a long comment":       {commentBody("This is a deposit that is longer than a signature of sixty-four bytes, much longer."), nil, false},
		"cut behind signature": {cell.BeginCell().MustStoreSlice(make([]byte, 64), 512).EndCell(), nil, false},
	} {
		res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), internal(t, w.Address, 1e9, c.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadExecuted(w, res.TransactionCell)
		if err != nil {
			t.Fatal(err)
		}
		seqno := mustAccount(t, w.Address, res.NextAccount.ShardAccount()).Seqno
		if got.Consumed != c.consumed || got.External || (seqno == 8) != c.consumed {
			t.Errorf("%s: seqno became %d, read as %+v", name, seqno, got)
		}
		want := [32]byte{}
		if c.payload != nil {
			want = [32]byte(c.payload.HashKey())
		}
		if got.Payload != want {
			t.Errorf("%s: payload %x, want %x", name, got.Payload, want)
		}
		if !c.consumed && len(got.Out) != 0 {
			t.Errorf("%s: emitted %+v", name, got.Out)
		}
		if len(res.OutMessages) > 0 && !c.consumed {
			bounces++
		}
		if c.consumed && (len(got.Out) != 1 || got.Out[0].To != bob) {
			t.Errorf("%s: emitted %+v", name, got.Out)
		}
	}
	if bounces == 0 {
		t.Error("nothing bounced: the test doesn't show that bounces are left out")
	}
}

func TestDepositBeforeDeployIsNotConsumption(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	res, err := apply(t, e, mustAccount(t, w.Address, nil), internal(t, w.Address, 1e9, emptyCell()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	if err != nil || got.Consumed || got.External || got.Payload != [32]byte{} {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDeployConsumes(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 0, Transfer{To: bob, Value: ton1})
	res, err := apply(t, e, uninit(t, w.Address, NanoOf(5e9)), mustCell(t, mustAssemble(t, w, payload, true)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	if err != nil || !got.Consumed || !got.Success || got.Seqno != 0 || len(got.Out) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A skipped message is no success: what was signed did not happen, though the seqno is used up.
func TestSkippedMessageIsNoSuccess(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1})
	res, err := apply(t, e, active(t, w, NanoOf(5e8), 7), mustCell(t, mustAssemble(t, w, payload, false)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	if err != nil || !got.Consumed || got.Success || len(got.Out) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadExecutedRefuses(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	res, err := apply(t, e, mustAccount(t, w.Address, nil), internal(t, w.Address, 1e9, emptyCell()))
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewWallet(V5R1, w.PublicKey, mainnet, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadExecuted(other, res.TransactionCell); err == nil {
		t.Errorf("another account's transaction was read: %+v", got)
	}
	for name, c := range map[string]*cell.Cell{"nil": nil, "empty": emptyCell(), "no transaction": cellOf(1)} {
		if got, err := ReadExecuted(w, c); err == nil {
			t.Errorf("%s was read as %+v", name, got)
		}
	}
}

// A contract can't pass off what it sends as a bounce: else spending could be hidden from the mirror.
func TestForgedBounceIsSeen(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	m := validMsg()
	m.bounced = true
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), external(t, w, signed(validRaw(w, m).cell(), testKey), false))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadExecuted(w, res.TransactionCell); err != nil || len(got.Out) != 1 || got.Out[0].To != bob {
		t.Errorf("got %+v, %v", got.Out, err)
	}
}

func TestEventsAreLeftOut(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	p := validRaw(w, validMsg())
	p.list = rawAction(tagSendMsg, 3, p.list, event())
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), external(t, w, signed(p.cell(), testKey), false))
	if err != nil || len(res.OutMessages) != 2 {
		t.Fatalf("emitted %d messages, %v", len(res.OutMessages), err)
	}
	if got, err := ReadExecuted(w, res.TransactionCell); err != nil || len(got.Out) != 1 || got.Out[0].To != bob {
		t.Errorf("got %+v, %v", got.Out, err)
	}
}

// A liteserver could show transactions that no validator makes. They are errors, or at least consume nothing.
func TestMadeUpTransactions(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1})
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), mustCell(t, mustAssemble(t, w, payload, false)))
	if err != nil {
		t.Fatal(err)
	}
	emit := func(c *cell.Cell) func(*tlb.Transaction) {
		return func(tx *tlb.Transaction) {
			list := cell.NewDict(15)
			if err := list.SetIntKey(big.NewInt(0), cell.BeginCell().MustStoreRef(c).EndCell()); err != nil {
				t.Fatal(err)
			}
			tx.IO.Out = &tlb.MessagesList{List: list}
		}
	}
	castMsg := validMsg()
	castMsg.dest, castMsg.body = anycast, emptyCell()
	for name, c := range map[string]struct {
		change func(*tlb.Transaction)
		read   bool
	}{
		"unchanged":        {func(*tlb.Transaction) {}, true},
		"emits no message": {emit(emptyCell()), false},
		"emits to anycast": {emit(castMsg.cell()), false},
		"no action phase":  {func(tx *tlb.Transaction) { d := ordinary(tx); d.ActionPhase = nil; tx.Description = d }, true},
		"storage transaction": {func(tx *tlb.Transaction) {
			tx.Description = tlb.TransactionDescriptionStorage{StoragePhase: *ordinary(tx).StoragePhase}
		}, true},
		"external message of another operation": {func(tx *tlb.Transaction) {
			p := validRaw(w, validMsg())
			p.op = opInternalSigned
			tx.IO.In.AsExternalIn().Body = signed(p.cell(), testKey)
		}, true},
	} {
		tx, err := res.ParseTransaction()
		if err != nil {
			t.Fatal(err)
		}
		c.change(tx)
		made, err := tx.ToCell()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadExecuted(w, made)
		if (err == nil) != c.read {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if want := name == "unchanged"; got.Consumed != want || got.Success && !got.External {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func ordinary(tx *tlb.Transaction) tlb.TransactionDescriptionOrdinary {
	return tx.Description.(tlb.TransactionDescriptionOrdinary)
}

func TestExecutedTimeIsUTC(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	res, err := apply(t, e, mustAccount(t, w.Address, nil), internal(t, w.Address, 1e9, emptyCell()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadExecuted(w, res.TransactionCell); err != nil || got.Time.Location() != time.UTC || !got.Time.Equal(testNow) {
		t.Errorf("time is %s, %v", got.Time, err)
	}
}
