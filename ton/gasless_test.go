package ton

import (
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// gasless is a payload that a relayer may carry, with those messages.
func gasless(valid time.Duration, msgs ...rawMsg) *cell.Cell {
	list := emptyCell()
	for _, m := range msgs {
		list = rawAction(tagSendMsg, 3, list, m.cell())
	}
	p := validRaw(walletOfKey(V5R1), validMsg())
	p.op, p.list, p.until = opInternalSigned, list, uint64(testNow.Add(valid).Unix())
	return p.cell()
}

func jettonMsg(body *cell.Cell) rawMsg {
	m := validMsg()
	m.bounce, m.inRef, m.body, m.dest = true, true, body, stdAddress(0, pool.Hash)
	return m
}

func feeBody(to Address, amount uint64) *cell.Cell {
	return jettonBody(amount, 1, to, ally, yes, putRef(put(putBits(opRelayerFee, 32))))
}

func TestGasless(t *testing.T) {
	w := walletOf(t, V5R1)
	pay, fee := jettonMsg(jettonBody(5, 1, bob, own, no)), jettonMsg(feeBody(ally, 2))
	for name, c := range map[string]struct {
		payload *cell.Cell
		code    Code // "" for none
	}{
		"payment":              {gasless(time.Minute, pay), ""},
		"payment and fee":      {gasless(time.Minute, pay, fee), ""},
		"five minutes":         {gasless(300*time.Second, pay, fee), ""},
		"longer":               {gasless(301*time.Second, pay, fee), CodeGasless},
		"over":                 {gasless(0, pay, fee), CodeGasless},
		"one second":           {gasless(time.Second, pay, fee), ""},
		"fee only":             {gasless(time.Minute, fee), CodeGasless},
		"two fees":             {gasless(time.Minute, pay, fee, fee), CodeGasless},
		"two payments":         {gasless(time.Minute, pay, pay), CodeGasless},
		"coins":                {gasless(time.Minute, validMsg()), CodeGasless},
		"burn":                 {gasless(time.Minute, jettonMsg(operations()["jetton burn"].body)), CodeGasless},
		"swap":                 {gasless(time.Minute, jettonMsg(operations()["STON 1"].body)), CodeGasless},
		"fee in other jettons": {gasless(time.Minute, pay, func() rawMsg { m := fee; m.dest = stdAddress(0, bob.Hash); return m }()), CodeGasless},
		"no bounce":            {gasless(time.Minute, func() rawMsg { m := pay; m.bounce = false; return m }()), CodeBounce},
		"external":             {validRaw(w, pay).cell(), CodeOperationUnknown},
		"nothing":              {gasless(time.Minute), CodeNoMessage},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeGasless(w, c.payload.ToBOC(), testNow)
			if c.code != "" {
				wantCode(t, err, c.code)
				return
			}
			if err != nil || got.Kind != Gasless {
				t.Errorf("%+v, %v", got, err)
			}
			_, err = Decode(w, c.payload.ToBOC())
			wantCode(t, err, CodeOperationUnknown)
		})
	}
	for _, v := range []Version{V3R2, V4R2, HighloadV3} {
		other := walletOf(t, v)
		_, err := DecodeGasless(other, mustBuild(t, other, 7, Transfer{To: bob, Value: ton1}), testNow)
		wantCode(t, err, CodeOperationUnknown)
	}
}

func TestRelayer(t *testing.T) {
	w := walletOf(t, V5R1)
	pay := jettonMsg(jettonBody(5, 1, bob, own, no))
	all := jettonMsg(jettonBody(5, 1_500_000_000, bob, own, no)) // as much as is attached
	for name, c := range map[string]struct {
		payload *cell.Cell
		code    Code
	}{
		"fee":               {gasless(time.Minute, pay, jettonMsg(feeBody(ally, 2))), ""},
		"fee too high":      {gasless(time.Minute, pay, jettonMsg(feeBody(ally, 3))), CodeGasless},
		"fee to another":    {gasless(time.Minute, pay, jettonMsg(feeBody(bob, 2))), CodeGasless},
		"excess to another": {gasless(time.Minute, jettonMsg(jettonBody(5, 1, bob, bob, no))), CodeForeignAddress},
		"forward of all":    {gasless(time.Minute, all), CodeForward},
	} {
		got, err := DecodeGasless(w, c.payload.ToBOC(), testNow)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := got.CheckRelayer(ally, NanoOf(2)); c.code != "" {
			wantCode(t, err, c.code)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, Transaction{Kind: External}.CheckRelayer(ally, NanoOf(2)), CodeGasless)
}

// What a relayer delivers is what was decoded, and is read back as its execution.
func TestGaslessIsExecuted(t *testing.T) {
	w, e := walletOf(t, V5R1), devEmulator(t)
	payload := gasless(time.Minute, jettonMsg(jettonBody(5, 1, bob, own, no)), jettonMsg(feeBody(ally, 2)))
	tx, err := DecodeGasless(w, payload.ToBOC(), testNow)
	if err != nil {
		t.Fatal(err)
	}
	res, err := apply(t, e, active(t, w, NanoOf(5e9), 7), internal(t, w.Address, 1e9, signed(payload, testKey)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExecuted(w, res.TransactionCell)
	if err != nil || !got.Consumed || !got.Success || got.External || got.Payload != tx.SigningHash || len(got.Out) != 2 {
		t.Errorf("read as %+v, %v", got, err)
	}
	for i, m := range got.Out {
		if d := tx.Messages[i]; m.To != d.To || m.Value != d.Value || m.Body != d.Body {
			t.Errorf("message %d: emitted %+v, decoded %+v", i, m, d)
		}
	}
}

// What RunGasless shows before signing is what a relayer's delivery does after it.
func TestRunGaslessAgreesWithTheDelivery(t *testing.T) {
	w, e := walletOf(t, V5R1), devEmulator(t)
	payload := gasless(time.Minute, jettonMsg(jettonBody(5, 1, bob, own, no)), jettonMsg(feeBody(ally, 2)))
	tx, err := DecodeGasless(w, payload.ToBOC(), testNow)
	if err != nil {
		t.Fatal(err)
	}
	for balance, accepted := range map[Nano]bool{NanoOf(5e9): true, NanoOf(1): true} {
		acc := active(t, w, balance, 7)
		shown, err := e.RunGasless(w, acc, payload.ToBOC(), NanoOf(1e8), testNow)
		if err != nil || shown.Accepted != accepted || shown.SeqnoAfter != 8 || shown.DataChanged || shown.CodeChanged {
			t.Fatalf("%+v, %v", shown, err)
		}
		res, err := apply(t, e, acc, internal(t, w.Address, 1e8, signed(payload, testKey)))
		if err != nil {
			t.Fatal(err)
		}
		done, err := ReadExecuted(w, res.TransactionCell)
		if err != nil || done.Success != (shown.ActionExit == 0 && shown.Skipped == 0) || len(done.Out) != len(shown.Messages) {
			t.Errorf("balance %s: done %+v, shown %+v, %v", balance, done, shown, err)
		}
		if balance == NanoOf(5e9) && (len(shown.Messages) != 2 || shown.Messages[0].Body != tx.Messages[0].Body || shown.Fees.IsZero()) {
			t.Errorf("shown %+v", shown)
		}
	}
	fresh := validRaw(w, jettonMsg(jettonBody(5, 1, bob, own, no)))
	fresh.op, fresh.seqno = opInternalSigned, 0
	shown, err := e.RunGasless(w, uninit(t, w.Address, NanoOf(5e9)), fresh.cell().ToBOC(), NanoOf(1e8), testNow)
	if err != nil || !shown.Accepted || len(shown.Messages) != 1 {
		t.Errorf("deployed by it: %+v, %v", shown, err)
	}
}

func TestRunGaslessShowsWhatIsNotTaken(t *testing.T) {
	w, e := walletOf(t, V5R1), devEmulator(t)
	payload := gasless(time.Minute, jettonMsg(jettonBody(5, 1, bob, own, no))).ToBOC()
	for name, c := range map[string]struct {
		acc Account
		at  time.Time
	}{"seqno used": {active(t, w, NanoOf(5e9), 8), testNow}, "expired": {active(t, w, NanoOf(5e9), 7), testNow.Add(time.Minute)}} {
		if got, err := e.RunGasless(w, c.acc, payload, NanoOf(1e8), c.at); err != nil || got.Accepted || got.SeqnoAfter != c.acc.Seqno {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := e.Run(w, active(t, w, NanoOf(5e9), 7), payload, testNow); err != nil || got.Accepted {
		t.Errorf("taken from outside: %+v, %v", got, err)
	}
	_, err := e.RunGasless(walletOf(t, V4R2), active(t, w, NanoOf(5e9), 7), payload, NanoOf(1e8), testNow)
	wantCode(t, err, CodeGasless)
	_, err = e.RunGasless(w, uninit(t, bob, ton1), payload, NanoOf(1e8), testNow)
	wantCode(t, err, CodeWallet)
}
