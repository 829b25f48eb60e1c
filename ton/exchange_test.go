package ton

import (
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// What a router is told is what would be read from a payload that says it.
func TestOrdersAreThoseOfPayloads(t *testing.T) {
	for venue, h := range map[Venue]Hop{
		STON1: {Pool: pool, Recipient: own, Referral: ally},
		STON2: {Pool: pool, Recipient: own, Refund: own, Excess: own, Referral: ally, Fee: 30},
	} {
		for _, referral := range []Address{ally, {}} {
			h.Referral = referral
			body := h.Order(venue, NanoOf(77), own, 99)
			r := read(body)
			if op, id, amount, from, inRef := r.uint(32), r.uint(64), r.amount(), r.address(), r.bit(); op != opNotification || id != 0 || amount != NanoOf(77) || from != own || !inRef {
				t.Errorf("%s: %x %d %s %s", venue, op, id, amount, from)
			}
			p, err := readPayload(r.ref())
			if err != nil || p.Swap.Venue != venue || p.Swap.Count != 1 || p.Swap.Hops[0] != h {
				t.Errorf("%s: %+v, %v, want %+v", venue, p.Swap, err, h)
			}
		}
	}
	if (Hop{}).Order(DeDust, NanoOf(1), own, 1) != nil {
		t.Error("an order for another exchange")
	}
}

func TestPaidIsReadToTheLastBit(t *testing.T) {
	amounts := []func(*cell.Builder){putCoins(5), putAddress(bob), putCoins(0), putAddress(ally)}
	v1 := []func(*cell.Builder){putBits(opPayTo1, 32), query, putAddress(own), putBits(1, 32), yes, putRef(put(amounts...))}
	v2 := []func(*cell.Builder){putBits(opPayTo2, 32), query, putAddress(own), putAddress(own), putAddress(own), putBits(1, 32), no,
		putRef(put(append([]func(*cell.Builder){putCoins(9)}, amounts...)...))}
	want := Paid{To: own, Amounts: [2]Nano{NanoOf(5)}, Wallets: [2]Address{bob, ally}}
	for name, c := range map[string]struct {
		venue Venue
		body  *cell.Cell
		ok    bool
	}{
		"version 1":           {STON1, put(v1...), true},
		"version 2":           {STON2, put(v2...), true},
		"2 for 1":             {STON1, put(v2...), false},
		"1 for 2":             {STON2, put(v1...), false},
		"another exchange":    {DeDust, put(v1...), false},
		"another operation":   {STON1, put(append([]func(*cell.Builder){putBits(opPayTo1+1, 32)}, v1[1:]...)...), false},
		"surplus":             {STON1, put(append(v1, yes)...), false},
		"surplus of amounts":  {STON1, put(append(v1[:5:5], putRef(put(append(amounts, yes)...)))...), false},
		"no amounts":          {STON1, put(v1[:5]...), false},
		"nothing":             {STON1, emptyCell(), false},
		"version 2, a custom": {STON2, put(append(append(v2[:6:6], yes, putRef(emptyCell())), v2[7])...), true},
	} {
		got, err := ReadPaid(c.venue, c.body)
		if (err == nil) != c.ok || c.ok && got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestAssetsAsDeDustNamesThem(t *testing.T) {
	asset := func(id string) any {
		s, err := AssetSlice(id)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, id := range []string{Native, JettonID(bob), JettonID(Address{Workchain: -1, Hash: [32]byte{1}})} {
		r := ReadResults([]any{asset(id)})
		if got := r.Asset(); got != id || r.Err() != nil {
			t.Errorf("%s: %s, %v", id, got, r.Err())
		}
	}
	for name, v := range map[string]any{
		"extra currency": cell.BeginCell().MustStoreUInt(2, 4).MustStoreUInt(7, 32).ToSlice(),
		"unknown":        cell.BeginCell().MustStoreUInt(2, 4).ToSlice(),
		"surplus":        cell.BeginCell().MustStoreUInt(0, 5).ToSlice(),
		"cut":            cell.BeginCell().MustStoreUInt(1, 4).MustStoreUInt(0, 8).ToSlice(),
		"nothing":        nil,
		"a cell":         emptyCell(),
	} {
		r := ReadResults([]any{v})
		if got := r.Asset(); r.Err() == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, id := range []string{"", "TON", "jetton:" + bob.Friendly(true, false)} {
		if _, err := AssetSlice(id); err == nil {
			t.Errorf("%q has a name", id)
		}
	}
}

func TestWhatFailsSendsNothing(t *testing.T) {
	e, x := devEmulator(t), newToken(t, false)
	acc := x.facts(t, 9, bob).Account
	send := func(from Address, value Nano) ([]Internal, error) {
		return e.Send(acc, mainnet, Internal{From: from, To: acc.Address, Value: value, Body: jettonBody(5, 0, bob, own, no)}, testNow)
	}
	sent, err := send(own, ton1)
	if err != nil || len(sent) != 1 || sent[0].To != x.wallet(t, bob) || sent[0].From != acc.Address || sent[0].Body == nil {
		t.Errorf("%+v, %v", sent, err)
	}
	if sent, err := send(ally, ton1); err == nil {
		t.Errorf("another's order: %+v", sent)
	}
	if sent, err := send(own, NanoOf(1)); err == nil {
		t.Errorf("without coins for gas: %+v", sent)
	}
}
