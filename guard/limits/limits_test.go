package limits

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/ton"
)

var noon = time.Unix(1_790_000_000, 0)

func TestWindowsHoldWhatFellIntoThem(t *testing.T) {
	var s Spend
	for _, age := range []time.Duration{0, 23 * time.Hour, 25 * time.Hour, 6 * 24 * time.Hour, 8 * 24 * time.Hour, 29 * 24 * time.Hour, 32 * 24 * time.Hour} {
		if err := s.Add(noon.Add(-age), noon, ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.At(noon)
	if want := (Spent{ton.NanoOf(2), ton.NanoOf(4), ton.NanoOf(6)}); err != nil || got != want {
		t.Errorf("At = %+v, %v, want %+v", got, err, want)
	}
	later, _ := s.At(noon.Add(25 * time.Hour))
	if !later.Day.IsZero() || later.Week != ton.NanoOf(3) {
		t.Errorf("a day later: %+v", later)
	}
}

func TestOldestBucketCountsInFull(t *testing.T) {
	begin := noon.Truncate(Day.Bucket)
	var s Spend
	if err := s.Add(begin, begin, ton.NanoOf(1)); err != nil {
		t.Fatal(err)
	}
	last := begin.Add(Day.Bucket + Day.Length + Lag - time.Second) // the bucket's end is still within 24 h and the lag
	if got, _ := s.At(last); got.Day.IsZero() {
		t.Error("forgotten too early")
	}
	if got, _ := s.At(last.Add(time.Second)); !got.Day.IsZero() {
		t.Error("held for ever")
	}
}

func TestAmountFromTheFutureIsAnError(t *testing.T) {
	var s Spend
	if err := s.Add(noon.Add(time.Second), noon, ton.NanoOf(1)); !errors.Is(err, ErrFuture) {
		t.Errorf("err = %v", err)
	}
	if s.Buckets() != 0 {
		t.Error("it was counted")
	}
}

func TestWhatIsOldOrNothingTakesNoRoom(t *testing.T) {
	var s Spend
	for n := range 40 {
		if err := s.Add(noon.Add(-time.Duration(40+n)*24*time.Hour), noon, ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(noon, noon, ton.Nano{}); err != nil {
		t.Fatal(err)
	}
	if s.Buckets() != 0 {
		t.Errorf("%d buckets", s.Buckets())
	}
}

func TestOverflowIsAnError(t *testing.T) {
	var s Spend
	if err := s.Add(noon, noon, ton.MaxNano); err != nil {
		t.Fatal(err)
	}
	if s.Add(noon, noon, ton.NanoOf(1)) == nil {
		t.Error("one bucket overflowed")
	}
	if err := s.Add(noon.Add(time.Hour), noon.Add(time.Hour), ton.NanoOf(1)); err != nil {
		return // the coarser windows share a bucket
	}
	if _, err := s.At(noon.Add(time.Hour)); err == nil {
		t.Error("the sum overflowed")
	}
}

func TestSizeIsBounded(t *testing.T) {
	var s Spend
	at := noon
	for range 60 * 24 * 20 { // 60 days, every 3 minutes
		at = at.Add(3 * time.Minute)
		if err := s.Add(at, at, ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := s.MarshalBinary()
	if most := Day.capacity() + Week.capacity() + Month.capacity(); s.Buckets() > most || len(b) > 12_246 {
		t.Errorf("%d buckets, at most %d; %d bytes", s.Buckets(), most, len(b))
	}
}

func TestDamagedRecordIsAnError(t *testing.T) {
	var s Spend
	for n := range 3 {
		if err := s.Add(noon.Add(time.Duration(n)*time.Hour), noon.Add(time.Duration(n)*time.Hour), ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	good, _ := s.MarshalBinary()
	var again Spend
	if err := again.UnmarshalBinary(good); err != nil || again.Buckets() != s.Buckets() {
		t.Fatalf("round trip: %v", err)
	}
	for n := range good {
		if again.UnmarshalBinary(good[:n]) == nil {
			t.Errorf("cut to %d bytes was read", n)
		}
	}
	if again.UnmarshalBinary(append(good, 0)) == nil {
		t.Error("a surplus byte was read")
	}
	reversed := append([]byte(nil), good...)
	copy(reversed[2:22], good[22:42])
	copy(reversed[22:42], good[2:22])
	if again.UnmarshalBinary(reversed) == nil {
		t.Error("buckets out of order were read")
	}
	endless := append([]byte{0xff, 0xff}, make([]byte, 0xffff*bucketSize+4)...)
	if again.UnmarshalBinary(endless) == nil {
		t.Error("more buckets than the window has were read")
	}
	huge := append([]byte(nil), good...)
	huge[6] = 0xff // an amount above 2^120−1
	if again.UnmarshalBinary(huge) == nil {
		t.Error("an impossible amount was read")
	}
}

func TestRateCountsAnHourAndTheLast(t *testing.T) {
	var r Rate
	if _, any := r.Since(noon); any {
		t.Error("a last request before the first")
	}
	for n := range 3 {
		if err := r.Add(noon.Add(time.Duration(n) * 10 * time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := r.MarshalBinary()
	var again Rate
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	now := noon.Add(time.Hour + 5*time.Minute)
	if n, err := again.InHour(now); err != nil || n != 2 {
		t.Errorf("InHour = %d, %v", n, err)
	}
	if since, any := again.Since(now); !any || since != 45*time.Minute {
		t.Errorf("Since = %s, %t", since, any)
	}
	for n := range b {
		if again.UnmarshalBinary(b[:n]) == nil {
			t.Errorf("cut to %d bytes was read", n)
		}
	}
}

// A window never holds less than what really fell into it, nor anything older than one bucket and the lag before it.
func TestWindowIsNeverShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type event struct {
			at time.Time
			n  uint64
		}
		var s Spend
		var events []event
		now := noon
		for range rapid.IntRange(1, 80).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 12*3600).Draw(t, "gap")) * time.Second)
			e := event{now, rapid.Uint64Range(1, 1000).Draw(t, "amount")}
			events = append(events, e)
			if err := s.Add(e.at, now, ton.NanoOf(e.n)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.At(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []struct {
			span Span
			got  ton.Nano
		}{{Day, got.Day}, {Week, got.Week}, {Month, got.Month}} {
			var least, most uint64
			for _, e := range events {
				if age := now.Sub(e.at); age < w.span.Length+Lag {
					least += e.n
				}
				if age := now.Sub(e.at); age < w.span.Length+Lag+w.span.Bucket {
					most += e.n
				}
			}
			if w.got.Cmp(ton.NanoOf(least)) < 0 || w.got.Cmp(ton.NanoOf(most)) > 0 {
				t.Fatalf("%s: %s, want %d to %d", w.span.Length, w.got.Format(0), least, most)
			}
		}
	})
}
