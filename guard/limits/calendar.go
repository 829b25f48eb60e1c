package limits

import (
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Calendar returns what has left since the calendar's day, week and month began in a time zone, at the window time now. Weeks
// begin on Monday (ISO 8601). A bucket that a beginning falls into counts in full.
func (s Spend) Calendar(now time.Time, zone *time.Location) (sum Spent, err error) {
	begun := calendarAt(now, zone)
	for _, w := range []struct {
		span  Span
		ring  ring
		begun time.Time
		sum   *ton.Nano
	}{
		{Day, s.day, begun.day, &sum.Day},
		{Week, s.week, begun.week, &sum.Week},
		{Month, s.month, begun.month, &sum.Month},
	} {
		first := w.span.index(w.begun)
		if first < w.span.kept(now) {
			return Spent{}, fmt.Errorf("sum spending since %s: %w", w.begun, errNotKept)
		}
		if *w.sum, err = w.ring.sumSince(first); err != nil {
			return Spent{}, fmt.Errorf("sum spending since %s: %w", w.begun, err)
		}
	}
	return sum, nil
}

// errNotKept says that less would be counted than what left.
var errNotKept = errors.New("the calendar's day, week or month is longer than what is kept")

// beginnings are when a day, its week and its month began.
type beginnings struct{ day, week, month time.Time }

// calendarAt turns Lag late: until then a block of the day before may still appear, and what is allowed now be dated in it.
func calendarAt(now time.Time, zone *time.Location) beginnings {
	now = now.Add(-Lag).In(zone)
	year, month, day := now.Date()
	sinceMonday := int(now.Weekday()+6) % 7
	return beginnings{
		day:   midnight(year, month, day, zone),
		week:  midnight(year, month, day-sinceMonday, zone),
		month: midnight(year, month, 1, zone),
	}
}

// midnight returns the first moment of a date: where the clock is put back over midnight, the earlier of the two, and where
// it is put forward over it, the moment of the change. time.Date promises neither.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	utc := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	later := time.Date(year, month, day, 4, 0, 0, 0, zone)
	change, _ := later.ZoneBounds()
	at := func(clock time.Time) time.Time {
		_, east := clock.Zone()
		return utc.Add(-time.Duration(east) * time.Second)
	}
	if before := at(change.Add(-time.Second)); before.Before(change) {
		return before
	}
	if after := at(later); after.After(change) {
		return after
	}
	return change.UTC()
}
