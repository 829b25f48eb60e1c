package risk

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/ton"
)

func TestNothingIsNoTransaction(t *testing.T) {
	var s State
	s.Add(Paid{At: noon})
	if s != (State{}) {
		t.Errorf("%+v", s)
	}
}

func TestStateIsNotChangedByAssessing(t *testing.T) {
	s := steady(70)
	before := s
	r := pays(bob, 5000, Dest{})
	r.Pending = []Pending{pending(alice, 5)}
	Assess(s, Market{}, Default(), r)
	if s != before {
		t.Error("the request has taught the wallet something")
	}
}

func TestOldBucketsMakeRoom(t *testing.T) {
	w := make(window, minuteSlots)
	for i := range int64(1000) {
		w.add(i, ton.NanoOf(1))
	}
	w.add(5, ton.NanoOf(1)) // long past
	if n, sum := w.since(0); n != minuteSlots || sum != ton.NanoOf(minuteSlots) {
		t.Errorf("%d, %s", n, sum)
	}
	if n, _ := w.since(999); n != 1 {
		t.Errorf("%d in the last", n)
	}
}

func TestCountsDontWrap(t *testing.T) {
	w := window{{count: math.MaxUint32, sum: ton.MaxNano}}
	w.add(0, ton.NanoOf(1))
	if w[0].count != math.MaxUint32 || w[0].sum != ton.MaxNano {
		t.Errorf("%+v", w[0])
	}
	d := Dest{Count: math.MaxUint32}
	if d.Add(noon, ton.NanoOf(1)); d.Count != math.MaxUint32 {
		t.Errorf("%+v", d)
	}
}

func TestDamagedStateIsAnError(t *testing.T) {
	s := steady(30)
	s.Add(Paid{At: noon, Amount: tons(1), New: tons(1)})
	good, _ := s.MarshalBinary()
	var again State
	if err := again.UnmarshalBinary(good); err != nil || again != s {
		t.Fatalf("round trip: %v", err)
	}
	for n := range good {
		if again.UnmarshalBinary(good[:n]) == nil {
			t.Fatalf("cut to %d bytes was read", n)
		}
	}
	if again.UnmarshalBinary(append(good, 0)) == nil {
		t.Error("a surplus byte was read")
	}
	minute := (noon.Unix() / 60) % minuteSlots
	for name, change := range map[string]func(*State){
		"no transactions":          func(s *State) { s.n = 0 },
		"more than kept":           func(s *State) { s.n++ },
		"a first after the last":   func(s *State) { s.first = s.last + 1 },
		"a first before 1970":      func(s *State) { s.first = -1 },
		"a mean that is none":      func(s *State) { s.mean = math.NaN() },
		"a negative mean":          func(s *State) { s.mean = -1 },
		"an impossible mean":       func(s *State) { s.mean = 85 },
		"a negative variance":      func(s *State) { s.variance = -1e-9 },
		"an impossible variance":   func(s *State) { s.variance = math.Inf(1) },
		"a variance that is none":  func(s *State) { s.variance = math.NaN() },
		"a negative hour":          func(s *State) { s.hours[3] = -1 },
		"an hour that is none":     func(s *State) { s.hours[3] = math.NaN() },
		"more hours than there is": func(s *State) { s.hours[3] = 31 },
		"round ones beyond all":    func(s *State) { s.round |= 1 << 31 },
		"a bucket in another slot": func(s *State) { s.spent[(minute+1)%minuteSlots] = s.spent[minute] },
		"a bucket of none":         func(s *State) { s.spent[minute].count = 0 },
		"a bucket with nothing":    func(s *State) { s.spent[minute].sum = ton.Nano{} },
		"a bucket before 1970":     func(s *State) { s.fresh[0] = bucket{-hourSlots, 1, tons(1)} },
	} {
		bad := s
		change(&bad)
		b, _ := bad.MarshalBinary()
		if again.UnmarshalBinary(b) == nil {
			t.Errorf("%s was read", name)
		}
	}
	for name, amount := range map[string]string{
		"above 2^120−1": "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "longer than any": "\x11" + strings.Repeat("\x01", 17),
		"with a leading zero": "\x05\x00\x3b\x9a\xca\x00",
	} {
		bad := strings.Replace(string(good), "\x04\x3b\x9a\xca\x00", amount, 1) // a ton
		if bad == string(good) || again.UnmarshalBinary([]byte(bad)) == nil {
			t.Errorf("an amount %s was read", name)
		}
	}
	for i := range good { // another byte means another state, or none
		for _, by := range []byte{1, 0x80, 0xff} {
			other, read := append([]byte(nil), good...), State{}
			other[i] ^= by
			if read.UnmarshalBinary(other) != nil {
				continue
			}
			if written, _ := read.MarshalBinary(); !bytes.Equal(written, other) || read == s {
				t.Fatalf("byte %d changed by %#x was read as something that is written otherwise", i, by)
			}
		}
	}
	if again != s {
		t.Error("what was refused left something behind")
	}
}

func TestDamagedDestinationIsAnError(t *testing.T) {
	d := Dest{5, 7, 2, tons(3)}
	good, _ := d.MarshalBinary()
	var again Dest
	if err := again.UnmarshalBinary(good); err != nil || again != d {
		t.Fatalf("round trip: %v", err)
	}
	if len(good) > 128 {
		t.Errorf("%d bytes", len(good))
	}
	for n := range good {
		if again.UnmarshalBinary(good[:n]) == nil {
			t.Errorf("cut to %d bytes was read", n)
		}
	}
	if again.UnmarshalBinary(append(good, 0)) == nil {
		t.Error("a surplus byte was read")
	}
	for name, bad := range map[string]Dest{
		"never paid, with a time": {First: 5, Last: 5},
		"never paid, with a sum":  {Sum: tons(1)},
		"last before first":       {7, 5, 1, tons(1)},
		"before 1970":             {-1, 5, 1, tons(1)},
	} {
		b, _ := bad.MarshalBinary()
		if again.UnmarshalBinary(b) == nil {
			t.Errorf("%s was read", name)
		}
	}
	huge := append([]byte(nil), good...)
	binary.BigEndian.PutUint64(huge[20:], math.MaxUint64)
	if again.UnmarshalBinary(huge) == nil {
		t.Error("an impossible sum was read")
	}
}

func TestSizeIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s, again State
	at := noon
	for range 100_000 {
		at = at.Add(time.Duration(r.ExpFloat64() * float64(10*time.Minute)))
		s.Add(Paid{At: at, Amount: ton.NanoOf(r.Uint64()), New: ton.NanoOf(r.Uint64N(2))})
	}
	b, _ := s.MarshalBinary()
	if len(b) > 8<<10 {
		t.Errorf("%d bytes", len(b))
	}
	if err := again.UnmarshalBinary(b); err != nil || again != s {
		t.Errorf("round trip: %v", err)
	}
}

var (
	anyAmount = rapid.Custom(func(t *rapid.T) ton.Nano {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return ton.Nano{}
		case 1:
			return ton.MaxNano
		case 2:
			n, _ := ton.NanoOf(rapid.Uint64().Draw(t, "a")).Add(ton.NanoOf(rapid.Uint64().Draw(t, "b")))
			return n
		}
		return ton.NanoOf(rapid.Uint64Range(0, 1e12).Draw(t, "amount"))
	})
	anyTime = rapid.Custom(func(t *rapid.T) time.Time { // backwards too, and before 1970
		return time.Unix(rapid.OneOf(rapid.Int64Range(0, 60*24*3600), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, "at"), 0)
	})
	anyDest = rapid.Custom(func(t *rapid.T) (d Dest) {
		for range rapid.IntRange(0, 3).Draw(t, "uses") {
			d.Add(anyTime.Draw(t, "use"), anyAmount.Draw(t, "sum"))
		}
		return d
	})
	anyState = rapid.Custom(func(t *rapid.T) (s State) {
		for range rapid.IntRange(0, 100).Draw(t, "transactions") {
			s.Add(Paid{anyTime.Draw(t, "at"), anyAmount.Draw(t, "amount"), anyAmount.Draw(t, "new")})
		}
		return s
	})
	anyPayment = rapid.Custom(func(t *rapid.T) Payment {
		return Payment{rapid.SampledFrom([]ton.Address{alice, bob}).Draw(t, "to"), anyAmount.Draw(t, "amount"), anyDest.Draw(t, "dest"), rapid.Bool().Draw(t, "like")}
	})
	anyPending = rapid.Custom(func(t *rapid.T) Pending {
		return Pending{anyAmount.Draw(t, "amount"), rapid.SliceOfN(anyPayment, 0, 2).Draw(t, "payments")}
	})
	anyRequest = rapid.Custom(func(t *rapid.T) Request {
		return Request{
			At: anyTime.Draw(t, "at"), Amount: anyAmount.Draw(t, "amount"), Payments: rapid.SliceOfN(anyPayment, 0, 2).Draw(t, "payments"),
			PerTransaction: anyAmount.Draw(t, "limit"), Balance: anyAmount.Draw(t, "balance"), Pending: rapid.SliceOfN(anyPending, 0, 2).Draw(t, "pending"),
			Undecoded: rapid.Bool().Draw(t, "undecoded"), Sweep: rapid.Bool().Draw(t, "sweep"), WalletAdmin: rapid.Bool().Draw(t, "admin"),
		}
	})
)

func TestScoreIsAlwaysOne(t *testing.T) {
	within := func(x, most float64) bool { return x >= 0 && x <= most } // no NaN is
	rapid.Check(t, func(t *rapid.T) {
		m := Market{rapid.Bool().Draw(t, "available"), rapid.Float64().Draw(t, "market")}
		a := Assess(anyState.Draw(t, "state"), m, Default(), anyRequest.Draw(t, "request"))
		if !within(a.Score, 100) || !within(a.Breakdown.Transaction, 100) || !within(a.Breakdown.Behavioral, 100) || !within(a.Breakdown.Market, 100) ||
			!within(a.Anomaly.Deviation, 1e4) || a.Level == Unknown {
			t.Fatalf("%+v", a)
		}
		for _, p := range a.Patterns {
			if p.Confidence <= 0 || !within(p.Confidence, 1) {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func TestMoreIsNeverLessRisky(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest.Draw(t, "request")
		more := r
		more.Amount = anyAmount.Draw(t, "more")
		if more.Amount.Cmp(r.Amount) < 0 {
			r, more = more, r
		}
		if less, T := transactionRisk(factors(r)), transactionRisk(factors(more)); T < less {
			t.Fatalf("T falls from %v to %v", less, T)
		}
	})
}

func TestRecordsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, d := anyState.Draw(t, "state"), anyDest.Draw(t, "destination")
		var s2 State
		var d2 Dest
		b, _ := s.MarshalBinary()
		if err := s2.UnmarshalBinary(b); err != nil || s2 != s {
			t.Fatalf("state: %v", err)
		}
		b, _ = d.MarshalBinary()
		if err := d2.UnmarshalBinary(b); err != nil || d2 != d {
			t.Fatalf("destination: %v", err)
		}
	})
}
