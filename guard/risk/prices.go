package risk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// How the history of a price is kept, and when there is enough of it to say something.
const (
	recentEvery  = time.Minute      // between two samples of the last hour
	recentLength = 70 * time.Minute // so that there is one from an hour ago
	hourlyEvery  = time.Hour
	hourlyLength = 30 * 24 * time.Hour

	hourAgo    = 5 * time.Minute    // how far from an hour ago a sample may be that the return of an hour is measured from
	minReturns = 20                 // samples of the last hour, less one, from which its volatility is taken
	minHour    = 30 * time.Minute   // that they span
	minHourly  = 120                // hourly samples, less one, from which the volatility of 30 days is taken
	minDays    = 7 * 24 * time.Hour // that they span
	maxQuiet   = 15 * time.Minute   // age of the newest price beyond which nothing is known
	quietest   = 0.001 / 60         // volatility that counts as none, per √s: 0.1 % an hour; a pegged coin's noise is no storm
	maxRecent  = int(recentLength/recentEvery) + 1
	maxHourly  = int(hourlyLength/hourlyEvery) + 1
	sampleSize = 8 + 8
)

// Prices are the agreed prices of one asset: of each minute of the last hour, and of each hour of 30 days. The zero value is empty.
type Prices struct {
	newest sample
	recent []sample // by rising time, at least recentEvery apart
	hourly []sample // by rising time, at least hourlyEvery apart
}

type sample struct {
	at    int64 // Unix seconds
	price float64
}

// Add takes in the price at a time. It errs on what is no price. When a clock was set back, what lies after at is forgotten: nobody knows
// any more when it was.
func (p *Prices) Add(at time.Time, price float64) error {
	s := sample{at.Unix(), price}
	if err := s.check(); err != nil {
		return err
	}
	p.newest = s
	p.recent = appended(p.recent, s, recentEvery, recentLength)
	p.hourly = appended(p.hourly, s, hourlyEvery, hourlyLength)
	return nil
}

func (s sample) check() error {
	if s.at <= 0 || !(s.price > 0) || math.IsInf(s.price, 0) {
		return fmt.Errorf("price %v at %d: want one above 0 at a time after 1970", s.price, s.at)
	}
	return nil
}

// appended returns the samples with s, if it is far enough from the last, without those after it and those that are too old.
func appended(all []sample, s sample, every, length time.Duration) []sample {
	all = slices.Clone(all)
	for len(all) > 0 && all[len(all)-1].at > s.at {
		all = all[:len(all)-1]
	}
	if len(all) == 0 || s.at-all[len(all)-1].at >= seconds(every) {
		all = append(all, s)
	}
	for all[0].at < s.at-seconds(length) {
		all = all[1:]
	}
	return all
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// Market returns the risk at a time: the larger of that of the last hour's return and that of its volatility against the one of 30 days.
// What there isn't enough history for is left out; if nothing is left, or the newest price is old, no market is available.
func (p *Prices) Market(at time.Time) Market {
	age := at.Unix() - p.newest.at
	if p.newest.price == 0 || age < 0 || age > seconds(maxQuiet) {
		return Market{}
	}
	var m Market
	if r, known := p.hourReturn(at.Unix()); known {
		m = m.or(returnScore(r))
	}
	if r, known := p.volatilityRatio(at.Unix()); known {
		m = m.or(ratioScore(r))
	}
	return m
}

func (m Market) or(score float64) Market { return Market{true, max(m.Score, score)} }

// hourReturn is the change against the price an hour ago, as a share of that.
func (p *Prices) hourReturn(at int64) (r float64, known bool) {
	best, distance := sample{}, seconds(hourAgo)+1
	for _, s := range p.recent {
		if d := max(at-3600-s.at, s.at-(at-3600)); d < distance {
			best, distance = s, d
		}
	}
	if best.price == 0 {
		return 0, false
	}
	return p.newest.price/best.price - 1, true
}

// returnScore is 50 for 5 % and 100 from 10 % on, up or down, and linear between.
func returnScore(r float64) float64 { return min(100, math.Abs(r)*1000) }

// volatilityRatio is the volatility of the last hour as a multiple of that of 30 days.
func (p *Prices) volatilityRatio(at int64) (r float64, known bool) {
	hour := since(p.recent, at-3600)
	if p.newest.at > p.recent[len(p.recent)-1].at {
		hour = append(slices.Clone(hour), p.newest)
	}
	now, known := volatility(hour, minReturns, minHour)
	usual, old := volatility(since(p.hourly, at-seconds(hourlyLength)), minHourly, minDays)
	return now / max(usual, quietest), known && old
}

// ratioScore is 0 up to 1, 60 for 3 and 100 from 5 on, and linear between.
func ratioScore(r float64) float64 {
	switch {
	case r <= 1:
		return 0
	case r <= 3:
		return (r - 1) * 30
	}
	return min(100, 60+(r-3)*20)
}

func since(all []sample, first int64) []sample {
	for len(all) > 0 && all[0].at < first {
		all = all[1:]
	}
	return all
}

// volatility is the standard deviation of the logarithmic returns for each √s, with a mean of zero, so that samples of any distance, and
// gaps between them, can be compared. It is known from that many returns on, over that much time.
func volatility(all []sample, returns int, span time.Duration) (sigma float64, known bool) {
	if len(all)-1 < returns || all[len(all)-1].at-all[0].at < seconds(span) {
		return 0, false
	}
	var squares float64
	for i := range all[1:] {
		r := math.Log(all[i+1].price / all[i].price)
		squares += r * r
	}
	return math.Sqrt(squares / float64(all[len(all)-1].at-all[0].at)), true
}

// MarshalBinary writes at most 13 KB.
func (p Prices) MarshalBinary() ([]byte, error) {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(p.recent)))
	for _, s := range slices.Concat([]sample{p.newest}, p.recent, p.hourly) {
		b = binary.BigEndian.AppendUint64(b, uint64(s.at))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(s.price))
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. A history out of order, too long or with what is no price is an error: a record that was
// damaged is not counted on.
func (p *Prices) UnmarshalBinary(b []byte) error {
	if len(b) < 2+sampleSize || (len(b)-2)%sampleSize != 0 || len(b) > 2+(1+maxRecent+maxHourly)*sampleSize {
		return errors.New("prices: cut short or too long")
	}
	recent := int(binary.BigEndian.Uint16(b))
	var all []sample
	for b = b[2:]; len(b) > 0; b = b[sampleSize:] {
		all = append(all, sample{int64(binary.BigEndian.Uint64(b)), math.Float64frombits(binary.BigEndian.Uint64(b[8:]))})
	}
	if recent < 1 || recent > maxRecent || recent >= len(all)-1 || len(all)-1-recent > maxHourly {
		return errors.New("prices: fewer or more samples than are kept")
	}
	q := Prices{all[0], all[1 : 1+recent], all[1+recent:]}
	if err := errors.Join(ordered(q.recent, q.newest, recentEvery), ordered(q.hourly, q.newest, hourlyEvery)); err != nil {
		return err
	}
	*p = q
	return nil
}

// ordered refuses samples that are no prices, too near to each other, or after the newest.
func ordered(all []sample, newest sample, every time.Duration) error {
	for i, s := range append(slices.Clone(all), newest) {
		if err := s.check(); err != nil {
			return err
		}
		if i > 0 && s.at < all[i-1].at || i > 0 && i < len(all) && s.at-all[i-1].at < seconds(every) {
			return errors.New("prices: samples out of order")
		}
	}
	return nil
}
