package limits

import (
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// Spend holds what left one wallet in one asset, in three windows. The zero value is empty. Its encoding is at most
// 12,246 bytes, whatever the history. A record that was written before calendar windows were counted holds no more than 24 h,
// 7 d and 30 d: for the first 26 hours after, the end of a long day or month may lack its beginning.
type Spend struct{ day, week, month ring }

// Spent is what the windows that end at one moment hold.
type Spent struct{ Day, Week, Month ton.Nano }

// And returns what both hold together.
func (s Spent) And(o Spent) (sum Spent, err error) {
	var errs [3]error
	sum.Day, errs[0] = s.Day.Add(o.Day)
	sum.Week, errs[1] = s.Week.Add(o.Week)
	sum.Month, errs[2] = s.Month.Add(o.Month)
	return sum, errors.Join(errs[:]...)
}

// Add counts v, which left at a chain time not after now, the window time.
func (s *Spend) Add(at, now time.Time, v ton.Nano) error {
	day, err1 := s.day.add(Day, at, now, v)
	week, err2 := s.week.add(Week, at, now, v)
	month, err3 := s.month.add(Month, at, now, v)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("count spending: %w", err)
	}
	*s = Spend{day, week, month}
	return nil
}

// At returns what the windows ending at the window time now hold.
func (s Spend) At(now time.Time) (Spent, error) {
	day, err1 := s.day.sum(Day, now)
	week, err2 := s.week.sum(Week, now)
	month, err3 := s.month.sum(Month, now)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Spent{}, fmt.Errorf("sum spending: %w", err)
	}
	return Spent{day, week, month}, nil
}

// Buckets returns how many buckets are kept.
func (s Spend) Buckets() int { return len(s.day) + len(s.week) + len(s.month) }

// MarshalBinary writes the three windows one after another.
func (s Spend) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 6+s.Buckets()*bucketSize)
	return s.month.append(s.week.append(s.day.append(b))), nil
}

// UnmarshalBinary reads them back strictly.
func (s *Spend) UnmarshalBinary(b []byte) (err error) {
	var r Spend
	if r.day, b, err = parseRing(Day, b); err != nil {
		return fmt.Errorf("day window: %w", err)
	}
	if r.week, b, err = parseRing(Week, b); err != nil {
		return fmt.Errorf("week window: %w", err)
	}
	if r.month, b, err = parseRing(Month, b); err != nil {
		return fmt.Errorf("month window: %w", err)
	}
	if len(b) != 0 {
		return errShort
	}
	*s = r
	return nil
}
