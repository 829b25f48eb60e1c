package ton

import (
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func devEmulator(t testing.TB) *Emulator {
	t.Helper()
	e, err := NewEmulator(DevConfig())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// apply runs a message on an account for real, signatures checked.
func apply(t testing.TB, e *Emulator, acc Account, msg *cell.Cell) (*tvm.TransactionExecutionResult, error) {
	t.Helper()
	return applyAt(t, e, acc, msg, 5000)
}

func applyAt(t testing.TB, e *Emulator, acc Account, msg *cell.Cell, lt int64) (*tvm.TransactionExecutionResult, error) {
	t.Helper()
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := tvm.PrepareAccount(acc.shard, toTonutils(acc.Address))
	if err != nil {
		t.Fatal(err)
	}
	block, err := e.config.NewBlockContext(tvm.BlockOptions{Now: uint32(testNow.Unix()), BlockLT: lt})
	if err != nil {
		t.Fatal(err)
	}
	return e.vm.EmulateTransaction(block, prepared, in, tvm.TransactionOptions{LogicalTime: lt})
}

func TestRunShowsATransfer(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent", Bounce: true}, Transfer{To: w.Address, Value: NanoOf(5)})
	tx, err := Decode(w, payload)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Run(w, active(t, w, NanoOf(5e9), 7), payload, testNow)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tx.Messages { // what only the payload says
		tx.Messages[i].Op, tx.Messages[i].Mode = OpUnknown, 0
	}
	if !reflect.DeepEqual(got.Messages, tx.Messages) {
		t.Errorf("emitted %+v, decoded %+v", got.Messages, tx.Messages)
	}
	if got.GasUsed == 0 || got.Fees.IsZero() {
		t.Errorf("free of charge: %+v", got)
	}
	got.Messages, got.sent, got.GasUsed, got.Fees = nil, nil, 0, Nano{}
	if want := (Outcome{Accepted: true, SeqnoBefore: 7, SeqnoAfter: 8}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What Run shows before signing is what happens after it: same messages, seqno and balance, with a real signature.
func TestRunAgreesWithTheSignedMessage(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	for name, acc := range map[string]Account{"active": active(t, w, NanoOf(5e9), 0), "deployed by it": uninit(t, w.Address, NanoOf(5e9))} {
		payload := mustBuild(t, w, 0, Transfer{To: bob, Value: ton1})
		shown, err := e.Run(w, acc, payload, testNow)
		if err != nil {
			t.Fatal(err)
		}
		res, err := apply(t, e, acc, mustCell(t, mustAssemble(t, w, payload, acc.Status != StatusActive)))
		if err != nil || !res.Accepted {
			t.Fatalf("%s: accepted %t, %v", name, res.Accepted, err)
		}
		after := mustAccount(t, w.Address, res.NextAccount.ShardAccount())
		left, err := after.Balance.Add(ton1)
		if err != nil {
			t.Fatal(err)
		}
		if left, err = left.Add(shown.Fees); err != nil || left != acc.Balance {
			t.Errorf("%s: %s is left after 1 TON and fees of %s", name, after.Balance, shown.Fees)
		}
		if after.Seqno != 1 || shown.SeqnoAfter != 1 || shown.DataChanged || shown.CodeChanged {
			t.Errorf("%s: seqno %d, shown %+v", name, after.Seqno, shown)
		}
	}
}

// Fees are what the transaction says it cost and what is still to be paid for forwarding its messages.
func TestFeesAreThoseOfTheTransaction(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 3, Transfer{To: bob, Value: ton1}, Transfer{To: bob, Value: NanoOf(7), Comment: "x"})
	shown, err := e.Run(w, active(t, w, NanoOf(5e9), 3), payload, testNow)
	if err != nil {
		t.Fatal(err)
	}
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 3), mustCell(t, mustAssemble(t, w, payload, false)))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := res.ParseTransaction()
	if err != nil {
		t.Fatal(err)
	}
	want := tx.TotalFees.Coins.Nano()
	for _, m := range res.OutMessages {
		want.Add(want, m.Msg.AsInternal().FwdFee.Nano())
	}
	if shown.Fees.Big().Cmp(want) != 0 {
		t.Errorf("fees are %s, the transaction says %s", shown.Fees.Big(), want)
	}
}

func TestRunShowsWhatGoesWrong(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1})
	for name, c := range map[string]struct {
		acc  Account
		at   time.Time
		want Outcome
	}{
		"seqno used":     {active(t, w, NanoOf(5e9), 8), testNow, Outcome{ComputeExit: 133, ActionExit: -1, SeqnoBefore: 8, SeqnoAfter: 8}},
		"seqno ahead":    {active(t, w, NanoOf(5e9), 6), testNow, Outcome{ComputeExit: 133, ActionExit: -1, SeqnoBefore: 6, SeqnoAfter: 6}},
		"expired":        {active(t, w, NanoOf(5e9), 7), until, Outcome{ComputeExit: 136, ActionExit: -1, SeqnoBefore: 7, SeqnoAfter: 7}},
		"too little":     {active(t, w, NanoOf(5e8), 7), testNow, Outcome{Accepted: true, Skipped: 1, SeqnoBefore: 7, SeqnoAfter: 8}},
		"nothing at all": {active(t, w, Nano{}, 7), testNow, Outcome{ActionExit: -1, SeqnoBefore: 7, SeqnoAfter: 7}},
		"not there":      {mustAccount(t, w.Address, nil), testNow, Outcome{ActionExit: -1}},
	} {
		got, err := e.Run(w, c.acc, payload, c.at)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got.GasUsed, got.Fees = 0, Nano{}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}

// A payload that Decode refuses can still be run, to see that what it does would be noticed.
func TestRunShowsChangedData(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	p := validRaw(w, validMsg())
	p.list, p.extended = nil, func(b *cell.Builder) { b.MustStoreUInt(2, 8); stdAddress(0, bob.Hash)(b); b.MustStoreUInt(0, 0) }
	got, err := e.Run(w, active(t, w, NanoOf(5e9), 7), p.cell().ToBOC(), testNow)
	if err != nil || !got.Accepted || got.ComputeExit != 0 || !got.DataChanged || got.CodeChanged {
		t.Errorf("an added extension was shown as %+v, %v", got, err)
	}
}

// event is an external outbound message, which carries no value to anyone.
func event() *cell.Cell {
	return cell.BeginCell().MustStoreUInt(0b11, 2).MustStoreUInt(0, 2+2).MustStoreUInt(0, 64+32).MustStoreUInt(0, 2).EndCell()
}

// An emitted message that a Message can't hold must not go unseen.
func TestRunRefusesAnEvent(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	p := validRaw(w, validMsg())
	p.list = rawAction(tagSendMsg, 3, p.list, event())
	if got, err := e.Run(w, active(t, w, NanoOf(5e9), 7), p.cell().ToBOC(), testNow); err == nil {
		t.Errorf("shown as %+v", got)
	}
}

func TestRunRefuses(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload := mustBuild(t, w, 0, Transfer{To: bob, Value: ton1})
	_, err := e.Run(w, uninit(t, bob, ton1), payload, testNow)
	wantCode(t, err, CodeWallet)
	_, err = e.Run(w, Account{}, payload, testNow)
	wantCode(t, err, CodeWallet)
	_, err = e.Run(w, active(t, w, ton1, 0), []byte("x"), testNow)
	wantCode(t, err, CodeUndecodable)
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1<<32, 0)} {
		if got, err := e.Run(w, active(t, w, ton1, 0), payload, at); err == nil {
			t.Errorf("run at %s: %+v", at, got)
		}
	}
	made := Account{Address: w.Address, Status: StatusUninit, Balance: ton1} // not by NewAccount: there is no state to run on
	if got, err := e.Run(w, made, payload, testNow); err == nil {
		t.Errorf("run without a state: %+v", got)
	}
}

func TestNewEmulatorRefuses(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "no dictionary": emptyCell().ToBOC()} {
		if _, err := NewEmulator(b); err == nil {
			t.Errorf("%s was taken for a configuration", name)
		}
	}
	if _, err := NewEmulator(make([]byte, maxConfigBytes+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a configuration that is too large was read: %v", err)
	}
}

func TestFeesAreNeverNegative(t *testing.T) {
	sent := []Message{{Value: NanoOf(10)}}
	if got, err := fees(NanoOf(20), NanoOf(7), sent); err != nil || got != NanoOf(3) {
		t.Errorf("20 to 7 with 10 sent: fees %s, %v", got, err)
	}
	for name, c := range map[string]struct {
		before, after Nano
		sent          []Message
	}{
		"balance grew":  {NanoOf(1), NanoOf(2), nil},
		"sent too much": {NanoOf(20), NanoOf(11), sent},
		"sum overflows": {MaxNano, Nano{}, []Message{{Value: MaxNano}, {Value: NanoOf(1)}}},
	} {
		if got, err := fees(c.before, c.after, c.sent); err == nil {
			t.Errorf("%s: fees %s", name, got)
		}
	}
}

func TestEmulatorIsSafeForConcurrentUse(t *testing.T) {
	w, e := testWallet(t), devEmulator(t)
	payload, acc := mustBuild(t, w, 7, Transfer{To: bob, Value: ton1, Comment: "rent"}), active(t, w, NanoOf(5e9), 7)
	want, err := e.Run(w, acc, payload, testNow)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got, err := e.Run(w, acc, payload, testNow); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func coins(n int64) tlb.Coins { return tlb.FromNanoTON(big.NewInt(n)) }
