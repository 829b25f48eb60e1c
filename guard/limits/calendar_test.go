package limits

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the same rules wherever the tests run

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/ton"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCalendarBeginsAtMidnight(t *testing.T) {
	for name, c := range map[string]struct{ zone, now, day, week, month string }{
		"at noon":                        {"UTC", "2026-11-26T12:00:00Z", "2026-11-26T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-01T00:00:00Z"},
		"before the day turns":           {"Europe/Berlin", "2026-11-26T23:00:29Z", "2026-11-25T23:00:00Z", "2026-11-22T23:00:00Z", "2026-10-31T23:00:00Z"},
		"when it turns":                  {"Europe/Berlin", "2026-11-26T23:00:30Z", "2026-11-26T23:00:00Z", "2026-11-22T23:00:00Z", "2026-10-31T23:00:00Z"},
		"on Sunday night":                {"UTC", "2026-11-30T00:00:29Z", "2026-11-29T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-01T00:00:00Z"},
		"on Monday":                      {"UTC", "2026-11-30T00:00:30Z", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-11-01T00:00:00Z"},
		"a week over New Year":           {"UTC", "2027-01-02T12:00:00Z", "2027-01-02T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-01T00:00:00Z"},
		"the last day of 31":             {"UTC", "2026-12-31T23:59:59Z", "2026-12-31T00:00:00Z", "2026-12-28T00:00:00Z", "2026-12-01T00:00:00Z"},
		"the first of a month":           {"UTC", "2026-07-01T00:00:30Z", "2026-07-01T00:00:00Z", "2026-06-29T00:00:00Z", "2026-07-01T00:00:00Z"},
		"a leap day":                     {"UTC", "2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z", "2028-02-28T00:00:00Z", "2028-02-01T00:00:00Z"},
		"after a leap day":               {"UTC", "2028-03-01T12:00:00Z", "2028-03-01T00:00:00Z", "2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z"},
		"half an hour off":               {"Asia/Kolkata", "2026-11-26T18:30:30Z", "2026-11-26T18:30:00Z", "2026-11-22T18:30:00Z", "2026-10-31T18:30:00Z"},
		"a day of 23 hours":              {"Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-28T23:00:00Z", "2026-03-22T23:00:00Z", "2026-02-28T23:00:00Z"},
		"after it":                       {"Europe/Berlin", "2026-03-29T22:00:30Z", "2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z", "2026-02-28T23:00:00Z"},
		"a day of 25 hours":              {"Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z", "2026-10-18T22:00:00Z", "2026-09-30T22:00:00Z"},
		"a day of 26 hours":              {"Antarctica/Troll", "2026-10-25T23:59:59Z", "2026-10-24T22:00:00Z", "2026-10-18T22:00:00Z", "2026-09-30T22:00:00Z"},
		"no midnight, 00:00 is 01:00":    {"Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-19T22:00:00Z", "2026-03-31T22:00:00Z"},
		"midnight twice, 01:00 is 00:00": {"America/Havana", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-10-26T04:00:00Z", "2026-11-01T04:00:00Z"},
		"23:00 twice, 00:00 is 23:00":    {"Africa/Cairo", "2026-10-30T12:00:00Z", "2026-10-29T22:00:00Z", "2026-10-25T21:00:00Z", "2026-09-30T21:00:00Z"},
	} {
		got := calendarAt(at(t, c.now), zone(t, c.zone))
		want := beginnings{at(t, c.day), at(t, c.week), at(t, c.month)}
		if !got.day.Equal(want.day) || !got.week.Equal(want.week) || !got.month.Equal(want.month) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// The longest month there is, with a change of the clock, is counted from its first second to its last.
func TestLongMonthIsCountedWhole(t *testing.T) {
	first, last := at(t, "2026-09-30T22:00:00Z"), at(t, "2026-11-01T00:00:29Z") // October at Troll: 31 days and 2 hours, and the lag
	var s Spend
	for _, x := range []time.Time{first, last.Add(-time.Hour)} {
		if err := s.Add(x, x, ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Calendar(last, zone(t, "Antarctica/Troll"))
	if want := (Spent{ton.NanoOf(1), ton.NanoOf(1), ton.NanoOf(2)}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if rolling, err := s.At(last); err != nil || rolling.Month != ton.NanoOf(1) {
		t.Errorf("the 30 days hold %s, %v", rolling.Month.Format(0), err)
	}
}

func TestDayLongerThanWhatIsKeptIsAnError(t *testing.T) {
	var s Spend // on 30 September 1969 Kwajalein went back by 23 hours
	if _, err := s.Calendar(at(t, "1969-10-01T00:00:00Z"), zone(t, "Pacific/Kwajalein")); !errors.Is(err, errNotKept) {
		t.Errorf("err = %v", err)
	}
}

func TestCalendarOverflowIsAnError(t *testing.T) {
	s := Spend{day: ring{{Day.index(noon), ton.MaxNano}, {Day.index(noon) + 1, ton.NanoOf(1)}}}
	if _, err := s.Calendar(noon, time.UTC); err == nil {
		t.Error("the sum overflowed")
	}
}

// A record as it was written before: as many buckets as the rolling windows have.
func TestRecordOfRollingWindowsIsRead(t *testing.T) {
	var s Spend
	for n := range 290 {
		x := noon.Add(time.Duration(n) * Day.Bucket)
		if err := s.Add(x, x, ton.NanoOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := s.MarshalBinary()
	var again Spend
	if err := again.UnmarshalBinary(b); err != nil || len(again.day) != 290 {
		t.Errorf("%d buckets, %v", len(again.day), err)
	}
}

// Never less than all payments of the calendar's day, week and month together, and at most those of one bucket more. The
// beginnings are looked for step by step, where the date changes.
func TestCalendarIsNeverShort(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe",
		"Antarctica/Troll", "America/Santiago", "Pacific/Chatham"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		var s Spend
		var times []time.Time
		now := noon.Add(time.Duration(rapid.Int64Range(0, 3*365*24*3600).Draw(t, "start")) * time.Second)
		for range rapid.IntRange(1, 60).Draw(t, "payments") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 24*3600).Draw(t, "gap")) * time.Second)
			times = append(times, now)
			if err := s.Add(now, now, ton.NanoOf(1)); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Duration(rapid.Int64Range(0, 3600).Draw(t, "wait")) * time.Second)
		got, err := s.Calendar(now, z)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []struct {
			span Span
			date func(time.Time) [2]int
			got  ton.Nano
		}{{Day, dayOf, got.Day}, {Week, weekOf, got.Week}, {Month, monthOf, got.Month}} {
			begun := naively(now, z, w.date)
			var least, most uint64
			for _, x := range times {
				if !x.Before(begun) {
					least++
				}
				if x.After(begun.Add(-w.span.Bucket)) {
					most++
				}
			}
			if w.got.Cmp(ton.NanoOf(least)) < 0 || w.got.Cmp(ton.NanoOf(most)) > 0 {
				t.Fatalf("since %s: %s, want %d to %d", begun, w.got.Format(0), least, most)
			}
		}
	})
}

func TestDaysBeginRightAroundEveryChangeOfTheClock(t *testing.T) {
	changes := 0
	for _, name := range []string{"Europe/Lisbon", "America/Sao_Paulo", "Africa/Cairo", "America/Havana", "Asia/Beirut", "Asia/Gaza", "America/Asuncion",
		"America/Santiago", "America/Scoresbysund", "Atlantic/Azores", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca"} {
		z := zone(t, name)
		for x := at(t, "2015-01-01T00:00:00Z").In(z); x.Year() < 2036; {
			_, x = x.ZoneBounds()
			if x.IsZero() {
				break
			}
			changes++
			for n := range 240 {
				now := x.Add(time.Duration(n-120) * 15 * time.Minute)
				if got, want := calendarAt(now, z).day, naively(now, z, dayOf); !got.Equal(want) {
					t.Fatalf("%s at %s: %s, want %s", name, now, got.In(z), want)
				}
			}
		}
	}
	if changes < 300 {
		t.Errorf("only %d changes were met", changes)
	}
}

// naively goes back in steps of a quarter of an hour, which no change of a clock divides, until the date is another.
func naively(now time.Time, z *time.Location, date func(time.Time) [2]int) time.Time {
	const step = 15 * time.Minute
	x := now.Add(-Lag).In(z)
	today := date(x)
	for x = x.Truncate(step); date(x.Add(-step)) == today; {
		x = x.Add(-step)
	}
	return x
}

func dayOf(t time.Time) [2]int   { return [2]int{t.Year(), t.YearDay()} }
func weekOf(t time.Time) [2]int  { y, w := t.ISOWeek(); return [2]int{y, w} }
func monthOf(t time.Time) [2]int { return [2]int{t.Year(), int(t.Month())} }
