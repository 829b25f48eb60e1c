package risk_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// agent is the life of one honest agent.
type agent struct {
	kind    string
	days    int
	working float64 // balance in TON that its owner means it to have
	refill  float64 // share of it below which the owner fills it up, in the morning
	day     func(day int, at time.Time, balance float64) (out []payment, back []deposit)
}

type deposit struct {
	at     time.Time
	amount float64
}

// epoch is a Monday.
var epoch = time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC)

// The four kinds. Each draws its size and habits from r, so every seed is another firm.
var kinds = []func(*rand.Rand) agent{payroll, trader, averaging, micro}

// payroll pays a staff every Friday, one after another, in the order of its list; expenses on working days.
func payroll(r *rand.Rand) agent {
	f := firm{r: r, median: 50 * math.Exp(r.NormFloat64())}
	week := 0.0
	for range 15 + r.IntN(26) {
		week += f.hire()
	}
	return agent{"payroll", 7 * 30, week * (5 + 4*r.Float64()), 0.5, func(day int, at time.Time, _ float64) (out []payment, _ []deposit) {
		if weekday := day % 7; weekday < 5 {
			for range poisson(r, 0.4) {
				e := f.staff[r.IntN(len(f.staff))]
				out = append(out, payment{at: hours(r, at, 9, 18), to: e.to, amount: cents(f.median * 0.3 * lognormal(r, 0.7))})
			}
		}
		if day%7 == 4 {
			f.change(day / 7)
			out = append(out, f.payday(at)...)
		}
		return out, nil
	}}
}

type firm struct {
	r      *rand.Rand
	median float64 // of a week's salary
	staff  []employee
}

type employee struct {
	to     ton.Address
	salary float64
	hourly bool
}

func (f *firm) hire() (salary float64) {
	e := employee{newAddress(f.r), roundTo(f.median*lognormal(f.r, 0.35), 5), f.r.Float64() < 0.4}
	f.staff = append(f.staff, e)
	return e.salary
}

// change lets people come and go, and get more every quarter.
func (f *firm) change(week int) {
	if f.r.IntN(3) == 0 {
		f.hire()
	}
	if f.r.IntN(5) == 0 {
		i := f.r.IntN(len(f.staff))
		f.staff = slices.Delete(f.staff, i, i+1)
	}
	if week%13 == 12 {
		for i := range f.staff {
			f.staff[i].salary = roundTo(f.staff[i].salary*(1.02+0.04*f.r.Float64()), 1)
		}
	}
}

func (f *firm) payday(day time.Time) (out []payment) {
	at := hours(f.r, day, 9, 11)
	for _, e := range f.staff {
		amount := e.salary
		if e.hourly {
			amount = cents(amount * (0.75 + 0.375*f.r.Float64())) // 30 to 45 of 40 hours
		}
		out = append(out, payment{at: at, to: e.to, amount: amount})
		at = at.Add(seconds(60 + 180*f.r.Float64()))
	}
	return out
}

// trader buys from a few pools by day and sells some hours later.
func trader(r *rand.Rand) agent {
	pools := addresses(r, 4+r.IntN(5))
	working := 1000 * lognormal(r, 1)
	busy, open := 8+12*r.Float64(), float64(5+r.IntN(6))
	share := 0.002 + 0.002*r.Float64()
	return agent{"trader", 7 * 10, working, 0.3, func(day int, at time.Time, balance float64) (out []payment, back []deposit) {
		if r.IntN(10) == 0 {
			pools = append(pools, newAddress(r))
		}
		rate := busy
		if day%7 > 4 {
			rate /= 3
		}
		for range poisson(r, rate) {
			p := payment{at: hours(r, at, open, open+12), to: pools[r.IntN(len(pools))]}
			p.amount = min(cents(balance*share*lognormal(r, 0.7)), perTxShare*working)
			if r.Float64() < 0.15 {
				p.amount = oneDigit(p.amount)
			}
			out = append(out, p)
			back = append(back, deposit{p.at.Add(seconds(6 * 3600 * r.ExpFloat64())), p.amount * (1.0005 + 0.02*r.NormFloat64())})
		}
		return out, back
	}}
}

// averaging runs plans that each buy for a fixed amount, of TON or of dollars, and pays something out now and then.
func averaging(r *rand.Rand) agent {
	type plan struct {
		to     ton.Address
		amount float64
		every  int // hours
		usd    bool
		offset float64
	}
	base := 5 * lognormal(r, 0.8)
	start := func() plan {
		return plan{newAddress(r), oneDigit(base * lognormal(r, 0.5)), []int{4, 6, 8, 12, 24}[r.IntN(5)], r.IntN(2) == 0, 24 * r.Float64()}
	}
	var plans []plan
	spend := 0.0
	for range 4 + r.IntN(5) {
		p := start()
		plans = append(plans, p)
		spend += p.amount * 24 / float64(p.every)
	}
	owner, price, working := newAddress(r), 1.0, spend*30
	return agent{"averaging", 7 * 16, working, 0.35, func(day int, at time.Time, balance float64) (out []payment, _ []deposit) {
		price *= lognormal(r, 0.03)
		if r.IntN(21) == 0 {
			plans = append(plans, start())
		}
		if day%30 == 29 {
			i := r.IntN(len(plans))
			plans[i].amount *= 1.1
			out = append(out, payment{at: hours(r, at, 8, 22), to: owner, amount: cents(balance * (0.01 + 0.02*r.Float64()))})
		}
		for _, p := range plans {
			for h := math.Mod(p.offset, float64(p.every)); h < 24; h += float64(p.every) {
				amount := p.amount
				if p.usd {
					amount = cents(amount / price * lognormal(r, 0.005))
				}
				out = append(out, payment{at: at.Add(seconds(3600*h + 120*r.Float64())), to: p.to, amount: amount})
			}
		}
		return out, nil
	}}
}

// micro pays services by the call, round the clock but more by day, and tries a new one now and then.
func micro(r *rand.Rand) agent {
	services := addresses(r, 30+r.IntN(60))
	price, rate := 0.05*lognormal(r, 0.5), 30+50*r.Float64()
	return agent{"micro", 7 * 10, price * rate * 30, 0.4, func(_ int, at time.Time, _ float64) (out []payment, _ []deposit) {
		for range poisson(r, 0.7) {
			services = append(services, newAddress(r))
		}
		rate *= 1.005
		for range poisson(r, rate) {
			h := 24 * r.Float64()
			if r.Float64() < 0.6 {
				h = 7 + 14*r.Float64()
			}
			i := int(float64(len(services)) * math.Pow(r.Float64(), 2)) // some are called more than others
			out = append(out, payment{at: at.Add(seconds(3600 * h)), to: services[i], amount: math.Ceil(price*lognormal(r, 0.8)*1e4) / 1e4})
		}
		return out, nil
	}}
}

func addresses(r *rand.Rand, n int) (all []ton.Address) {
	for range n {
		all = append(all, newAddress(r))
	}
	return all
}

func lognormal(r *rand.Rand, spread float64) float64 { return math.Exp(spread * r.NormFloat64()) }

// hours is a moment of the day between two hours of it.
func hours(r *rand.Rand, day time.Time, from, to float64) time.Time {
	return day.Add(seconds(3600 * (from + (to-from)*r.Float64())))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func poisson(r *rand.Rand, mean float64) (n int) {
	for left := mean - r.ExpFloat64(); left > 0; left -= r.ExpFloat64() {
		n++
	}
	return n
}

// cents, roundTo and oneDigit are how people write amounts; none is zero.
func cents(x float64) float64 { return math.Ceil(x*100) / 100 }

func roundTo(x, step float64) float64 { return max(1, math.Round(x/step)) * step }

func oneDigit(x float64) float64 { return roundTo(x, math.Pow10(int(math.Floor(math.Log10(x))))) }
