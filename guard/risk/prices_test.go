package risk

import (
	"math"
	"testing"
	"time"
)

// priced adds a price every step for so long, ending at noon; f gives the price by how long before noon it is.
func priced(t *testing.T, p *Prices, step, length time.Duration, f func(before time.Duration) float64) {
	t.Helper()
	for before := length; before >= 0; before -= step {
		if err := p.Add(noon.Add(-before), f(before)); err != nil {
			t.Fatal(err)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.01 }

func TestScoreOfTheHoursReturn(t *testing.T) {
	for change, want := range map[float64]float64{0: 0, 0.01: 10, 0.05: 50, -0.05: 50, 0.075: 75, 0.1: 100, -0.1: 100, 0.3: 100, -0.9: 100} {
		var p Prices
		priced(t, &p, time.Minute, 61*time.Minute, func(before time.Duration) float64 {
			if before == 0 {
				return 2 * (1 + change)
			}
			return 2
		})
		if m := p.Market(noon); !m.Available || !near(m.Score, want) {
			t.Errorf("%+.0f %% in an hour: %+v, want %v", 100*change, m, want)
		}
	}
}

// wave goes up and down by r each step, so that its volatility is r for each √step.
func wave(step time.Duration, r float64) func(time.Duration) float64 {
	return func(before time.Duration) float64 {
		if before/step%2 == 0 {
			return 1
		}
		return math.Exp(r)
	}
}

func TestScoreOfVolatility(t *testing.T) {
	const hourly = 0.006 // of each hour; of each minute it is less by √60
	for ratio, want := range map[float64]float64{0.5: 0, 1: 0, 2: 30, 3: 60, 4: 80, 5: 100, 6: 100} {
		var p Prices
		for before := 10 * 24 * time.Hour; before > 70*time.Minute; before -= time.Hour {
			if err := p.Add(noon.Add(-before), wave(time.Hour, hourly)(before)); err != nil {
				t.Fatal(err)
			}
		}
		minute := hourly / math.Sqrt(60) * ratio
		// the return of an hour is nought, so that only volatility counts
		priced(t, &p, time.Minute, 60*time.Minute, wave(time.Minute, minute))
		if m := p.Market(noon); !m.Available || math.Abs(m.Score-want) > 1.5 { // the last hour is one of the hours of 30 days
			t.Errorf("%v times the usual volatility: %+v, want %v", ratio, m, want)
		}
	}
	for r, want := range map[float64]float64{0: 0, 1: 0, 2: 30, 3: 60, 4: 80, 5: 100, 50: 100} {
		if got := ratioScore(r); !near(got, want) {
			t.Errorf("ratioScore(%v) = %v, want %v", r, got, want)
		}
	}
}

func TestQuietCoinsNoiseIsNoStorm(t *testing.T) {
	var p Prices
	priced(t, &p, time.Hour, 10*24*time.Hour, func(time.Duration) float64 { return 1 })
	priced(t, &p, time.Minute, 60*time.Minute, wave(time.Minute, 0.0001))
	if m := p.Market(noon); !m.Available || m.Score > 1 {
		t.Errorf("%+v, want nearly nought", m)
	}
}

func TestTermWithoutHistoryIsNotCounted(t *testing.T) {
	for name, c := range map[string]struct {
		step, length time.Duration
		available    bool
	}{
		"one price":                    {time.Minute, 0, false},
		"half an hour":                 {time.Minute, 30 * time.Minute, false},
		"54 minutes":                   {time.Minute, 54 * time.Minute, false},
		"55 minutes":                   {time.Minute, 55 * time.Minute, true},
		"an hour":                      {time.Minute, time.Hour, true},
		"an hour of two prices":        {time.Hour, time.Hour, true},
		"two hours of a price in two":  {2 * time.Hour, 2 * time.Hour, false},
		"hours without a last one":     {90 * time.Minute, 9 * time.Hour, false},
		"days of hours, of which last": {time.Hour, 8 * 24 * time.Hour, true},
	} {
		var p Prices
		priced(t, &p, c.step, c.length, func(time.Duration) float64 { return 1 })
		if m := p.Market(noon); m.Available != c.available || m.Score != 0 {
			t.Errorf("%s: %+v", name, m)
		}
	}
	// six days of hours say nothing of the usual volatility, eight do
	for days, want := range map[time.Duration]bool{6: false, 8: true} {
		var p Prices
		priced(t, &p, time.Hour, days*24*time.Hour, wave(time.Hour, 0.01))
		priced(t, &p, time.Minute, 40*time.Minute, wave(time.Minute, 0.01)) // the hour's return isn't known
		if m := p.Market(noon); m.Available != true && days == 8 {
			t.Errorf("%d days: %+v", days, m)
		}
		if _, known := p.volatilityRatio(noon.Unix()); known != want {
			t.Errorf("%d days: known is %t", days, known)
		}
	}
}

func TestFewSamplesSayNothingOfVolatility(t *testing.T) {
	for step, want := range map[time.Duration]bool{4 * time.Minute: false, 3 * time.Minute: true} {
		var p Prices
		priced(t, &p, time.Hour, 10*24*time.Hour, wave(time.Hour, 0.01))
		p.recent = nil
		priced(t, &p, step, time.Hour, wave(step, 0.01))
		if _, known := p.volatilityRatio(noon.Unix()); known != want {
			t.Errorf("a price every %s: known is %t", step, known)
		}
	}
}

func TestHistoryWithoutRecentSamplesIsRefused(t *testing.T) {
	var p Prices
	priced(t, &p, time.Minute, 0, func(time.Duration) float64 { return 1 })
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	b = b[:2+2*sampleSize] // the newest, and what was the recent one as an hourly one
	b[1] = 0
	if p.UnmarshalBinary(b) == nil {
		t.Error("taken")
	}
}

func TestNothingIsKnownOfOldPrices(t *testing.T) {
	var p Prices
	if m := p.Market(noon); m.Available {
		t.Errorf("of no price: %+v", m)
	}
	priced(t, &p, time.Minute, 2*time.Hour, func(time.Duration) float64 { return 1 })
	for after, want := range map[time.Duration]bool{-time.Second: false, 0: true, time.Minute: true, 5 * time.Minute: true, 15*time.Minute + time.Second: false} {
		if m := p.Market(noon.Add(after)); m.Available != want {
			t.Errorf("%s after the last price: %+v", after, m)
		}
	}
}

func TestSamplesKeepTheirDistanceAndTheNewestCounts(t *testing.T) {
	var p Prices
	priced(t, &p, time.Second, 2*time.Hour, func(time.Duration) float64 { return 1 })
	if len(p.recent) > maxRecent || len(p.hourly) != 3 {
		t.Errorf("%d and %d samples", len(p.recent), len(p.hourly))
	}
	if err := p.Add(noon.Add(time.Second), 1.1); err != nil {
		t.Fatal(err)
	}
	if m := p.Market(noon.Add(time.Second)); !near(m.Score, 100) {
		t.Errorf("a fall within the minute is not seen: %+v", m)
	}
}

func TestClockSetBackForgetsWhatIsAfterIt(t *testing.T) {
	var p Prices
	priced(t, &p, time.Minute, 2*time.Hour, func(time.Duration) float64 { return 1 })
	if err := p.Add(noon.Add(365*24*time.Hour), 5); err != nil {
		t.Fatal(err)
	}
	if len(p.recent) != 1 || len(p.hourly) != 1 {
		t.Errorf("a year later %d and %d samples are left", len(p.recent), len(p.hourly))
	}
	if err := p.Add(noon, 2); err != nil || len(p.recent) != 1 || p.newest.price != 2 || p.recent[0].price != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if p.Add(noon, bad) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestPricesAreReadAsTheyWereWritten(t *testing.T) {
	var p Prices
	priced(t, &p, time.Hour, 40*24*time.Hour, wave(time.Hour, 0.01))
	priced(t, &p, time.Minute, 2*time.Hour, wave(time.Minute, 0.01))
	b, err := p.MarshalBinary()
	if err != nil || len(b) > 16<<10 || len(p.hourly) < 700 {
		t.Fatalf("%d bytes, %d hours, %v", len(b), len(p.hourly), err)
	}
	var q Prices
	if err := q.UnmarshalBinary(b); err != nil || q.Market(noon) != p.Market(noon) {
		t.Errorf("%v", err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":            func([]byte) []byte { return nil },
		"cut":              func(b []byte) []byte { return b[:len(b)-1] },
		"one more":         func(b []byte) []byte { return append(b, b[len(b)-sampleSize:]...) },
		"no recent ones":   func(b []byte) []byte { b[0], b[1] = 0, 0; return b },
		"all recent":       func(b []byte) []byte { b[0], b[1] = 3, 3; return b },
		"a price of 0":     func(b []byte) []byte { clear(b[2+8 : 2+16]); return b },
		"NaN":              func(b []byte) []byte { b[2+8], b[2+9] = 0x7f, 0xff; return b },
		"a later sample":   func(b []byte) []byte { b[2+sampleSize+3]++; return b },
		"an earlier one":   func(b []byte) []byte { b[len(b)-sampleSize+4]--; return b },
		"samples too near": func(b []byte) []byte { copy(b[2+2*sampleSize:], b[2+sampleSize:2+2*sampleSize]); return b },
	} {
		c := append([]byte(nil), b...)
		if q.UnmarshalBinary(spoil(c)) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	var p Prices
	for i := range 90 {
		if err := p.Add(noon.Add(time.Duration(i)*time.Minute), 1+float64(i%3)); err != nil {
			f.Fatal(err)
		}
	}
	b, _ := p.MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Prices
		if p.UnmarshalBinary(b) != nil {
			return
		}
		if m := p.Market(time.Unix(p.newest.at, 0)); m.Score < 0 || m.Score > 100 || m.Score != m.Score {
			t.Errorf("%+v", m)
		}
	})
}
