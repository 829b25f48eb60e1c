package risk

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

func TestTransactionRisk(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Request)
		want   float64
	}{
		"next to nothing":      {func(r *Request) { r.Amount = ton.Nano{} }, 0},
		"half the limit":       {func(r *Request) { r.Amount = tons(50) }, 12.5},
		"the limit":            {func(r *Request) { r.Amount = tons(100) }, 50},
		"more than the limit":  {func(r *Request) { r.Amount = tons(1000) }, 50},
		"a tenth of all":       {func(r *Request) { r.Amount, r.PerTransaction = tons(1000), ton.MaxNano }, 0},
		"three tenths of all":  {func(r *Request) { r.Amount, r.PerTransaction = tons(3000), ton.MaxNano }, 30},
		"half of all":          {func(r *Request) { r.Amount, r.PerTransaction = tons(5000), ton.MaxNano }, 60},
		"more than all":        {func(r *Request) { r.Amount, r.PerTransaction = tons(50_000), ton.MaxNano }, 60},
		"no limit known":       {func(r *Request) { r.Amount, r.PerTransaction = ton.NanoOf(1), ton.Nano{} }, 50},
		"no balance known":     {func(r *Request) { r.Amount, r.Balance = ton.NanoOf(1), ton.Nano{} }, 60},
		"nothing known":        {func(r *Request) { *r = Request{} }, 80},
		"the largest amount":   {func(r *Request) { r.Amount, r.Balance = ton.MaxNano, ton.NanoOf(1) }, 80},
		"new destination":      {func(r *Request) { r.Amount, r.Payments[0].Dest = ton.Nano{}, Dest{} }, 35},
		"unknown opcode":       {func(r *Request) { r.Amount, r.Undecoded = ton.Nano{}, true }, 50},
		"unlisted jetton":      {func(r *Request) { r.Amount, r.UnlistedJetton = ton.Nano{}, true }, 40},
		"state init":           {func(r *Request) { r.Amount, r.StateInit = ton.Nano{}, true }, 30},
		"sweep":                {func(r *Request) { r.Amount, r.Sweep = ton.Nano{}, true }, 60},
		"look-alike":           {func(r *Request) { r.Amount, r.Payments[0].LooksLike = ton.Nano{}, true }, 95},
		"wallet-admin":         {func(r *Request) { r.Amount, r.WalletAdmin = ton.Nano{}, true }, 100},
		"limit and opcode":     {func(r *Request) { r.Amount, r.Undecoded = tons(100), true }, 75},
		"sweep and state init": {func(r *Request) { r.Amount, r.Sweep, r.StateInit = ton.Nano{}, true, true }, 72},
	} {
		r := asks()
		c.change(&r)
		if got := Assess(steady(20), Market{}, Default(), r).Breakdown.Transaction; got != c.want {
			t.Errorf("%s: T = %v, want %v", name, got, c.want)
		}
	}
}

func TestOneRiskyPaymentOfABatchCounts(t *testing.T) {
	r := asks()
	r.Payments = append(r.Payments, Payment{To: bob, LooksLike: true})
	a := Assess(steady(20), Market{}, Default(), r)
	for _, name := range []string{"new_destination", "look_alike"} {
		i := slices.IndexFunc(a.Factors, func(f Factor) bool { return f.Name == name })
		if i < 0 || a.Factors[i].Value != 1 {
			t.Errorf("%s: %+v", name, a.Factors)
		}
	}
}

func TestDeviationRisk(t *testing.T) {
	for _, c := range [][2]float64{{0, 0}, {1, 0}, {1.5, 20}, {2, 40}, {2.5, 55}, {3, 70}, {3.5, 80}, {4, 90}, {5, 95}, {6, 100}, {50, 100}} {
		if got := riskOfDeviation(c[0]); got != c[1] {
			t.Errorf("%v standard deviations: %v, want %v", c[0], got, c[1])
		}
	}
}

func TestDeviationIsOfTheLogarithmAndUpwardsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		s      State
		amount float64
		want   float64
	}{
		"as always":                  {steady(20), 7.77, 0},
		"a wallet may vary a little": {steady(20), 7.77 * math.Exp(2*minSpread), 2},
		"too early to say":           {steady(19), 7770, 0},
		"nothing":                    {steady(20), 0, 0},
		"a small amount":             {steady(20), 0.001, 0},
		"a wide spread":              {history(1, 100, 1, 100, 1, 100, 1, 100, 1, 100, 1, 100, 1, 100, 1, 100, 1, 100, 1, 100), 1000, 2},
	} {
		r := asks()
		r.Amount = tons(c.amount)
		if got := Assess(c.s, Market{}, Default(), r).Anomaly.Deviation; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAnomalyIsAboveTheThreshold(t *testing.T) {
	r := asks()
	r.Amount = tons(7.77 * math.Exp(2.5*minSpread))
	c := Default()
	for threshold, want := range map[int]bool{2400: true, 2600: false} {
		c.AnomalyThreshold = threshold
		a := Assess(steady(20), Market{}, c, r)
		if a.Anomaly.IsAnomaly != want || want != (a.Anomaly.Type == AmountAnomaly) || want != (a.Anomaly.Details != "") {
			t.Errorf("threshold %d: %+v", threshold, a.Anomaly)
		}
		if a.Escalates(c) != want {
			t.Errorf("threshold %d: escalates is %t", threshold, !want)
		}
	}
}

func TestMeanIsExactThenDecays(t *testing.T) {
	s := steady(memory)
	mean := math.Log(7.77e9)
	if math.Abs(s.mean-mean) > 1e-9 || s.variance > 1e-9 {
		t.Errorf("mean %v, variance %v of equal amounts", s.mean, s.variance)
	}
	s.Add(Paid{At: noon, Amount: tons(77.7)})
	d := math.Log(10)
	if wantMean, wantVar := mean+d/64, 63./64*d*d/64; math.Abs(s.mean-wantMean) > 1e-9 || math.Abs(s.variance-wantVar) > 1e-9 {
		t.Errorf("mean %v, variance %v, want %v, %v", s.mean, s.variance, wantMean, wantVar)
	}
	few := history(1, math.E, math.E*math.E)
	if math.Abs(few.mean-math.Log(1e9)-1) > 1e-6 || math.Abs(few.variance-2./3) > 1e-6 {
		t.Errorf("mean %v, variance %v of three", few.mean, few.variance)
	}
}

func TestColdStart(t *testing.T) {
	for n, want := range map[int]float64{0: 30, 19: 30, 20: 0} {
		if got := Assess(steady(n), Market{}, Default(), asks()).Breakdown.Behavioral; got != want {
			t.Errorf("after %d: B = %v, want %v", n, got, want)
		}
	}
}

func TestBehaviouralRiskIsTheWorstOfPatterns(t *testing.T) {
	r := pays(alice, 200, Dest{})
	if got := Assess(steady(0), Market{}, Default(), r).Breakdown.Behavioral; got != 70 {
		t.Errorf("new_dest_large: B = %v, want 70", got)
	}
	for range 4 {
		r.Pending = append(r.Pending, pending(bob, 3000))
	}
	a := Assess(steady(0), Market{}, Default(), r)
	if a.Breakdown.Behavioral != 100 || a.Level < High {
		t.Errorf("rapid_drain: %+v", a)
	}
	c := Default()
	c.FraudDetection = false
	if a := Assess(steady(0), Market{}, c, r); a.Breakdown.Behavioral != 30 || a.Patterns != nil {
		t.Errorf("without fraud detection: %+v", a)
	}
}

func TestScoreIsWeighted(t *testing.T) {
	half := asks() // T = 50, B = 0
	half.Amount, half.Undecoded = ton.Nano{}, true
	for name, c := range map[string]struct {
		m      Market
		want   float64
		market float64
	}{
		"without a market":         {Market{}, 28.571428571, 0},
		"with a calm market":       {Market{Available: true}, 20, 0},
		"with a nervous market":    {Market{true, 90}, 47, 90},
		"with a market beyond all": {Market{true, 101}, 50, 100},
		"with a negative market":   {Market{true, -1}, 50, 100},
		"with no number":           {Market{true, math.NaN()}, 50, 100},
		"with a score of nothing":  {Market{false, 90}, 28.571428571, 0},
	} {
		a := Assess(steady(20), c.m, Default(), half)
		if a.Score != c.want || a.Breakdown.Market != c.market || a.Breakdown.MarketAvailable != c.m.Available {
			t.Errorf("%s: %+v, want %v", name, a, c.want)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		score   float64
		extreme float64
		want    Level
	}{
		{0, 0, Low}, {29.9, 0, Low}, {30, 0, Medium}, {59.9, 0, Medium}, {60, 0, High}, {80, 0, High}, {80.1, 0, Critical}, {100, 0, Critical},
		{10, 94.9, Low}, {10, 95, High}, {59, 95, High}, {81, 95, Critical},
	} {
		for i, b := range []Breakdown{{Transaction: c.extreme}, {Behavioral: c.extreme}, {Market: c.extreme}} {
			if got := level(c.score, b); got != c.want {
				t.Errorf("score %v, component %d at %v: %s, want %s", c.score, i, c.extreme, got, c.want)
			}
		}
	}
	if Level(9).String() != "unknown" || Critical.String() != "critical" {
		t.Error("levels are not named")
	}
}

func TestLookAlikeIsEscalatedWhateverTheRest(t *testing.T) {
	r := asks()
	r.Payments[0].LooksLike = true
	if a := Assess(steady(100), Market{Available: true}, Default(), r); a.Level != High || !a.Escalates(Default()) || a.Denies(Default()) {
		t.Errorf("%+v", a)
	}
}

func TestVerdicts(t *testing.T) {
	at := func(score float64, l Level, acts ...Action) Assessment {
		a := Assessment{Score: score, Level: l}
		for _, act := range acts {
			a.Patterns = append(a.Patterns, Match{Action: act})
		}
		return a
	}
	disabled := Default()
	disabled.Enabled = false
	for name, c := range map[string]struct {
		a                 Assessment
		c                 Config
		denies, escalates bool
	}{
		"low":                 {at(10, Low), Default(), false, false},
		"medium":              {at(59, Medium, Alert, Flag, Monitor), Default(), false, false},
		"high":                {at(60, High), Default(), false, true},
		"at the limit":        {at(80, High), Default(), false, true},
		"above the limit":     {at(80.1, Critical), Default(), true, true},
		"a blocked pattern":   {at(10, Low, Block), Default(), true, false},
		"an escalated one":    {at(10, Low, Monitor, Escalate), Default(), false, true},
		"switched off":        {at(100, Critical, Block, Escalate), disabled, false, false},
		"nothing assessed":    {Assessment{}, Default(), true, false},
		"nothing configured":  {at(10, Low), Config{}, true, false},
		"nothing, and off":    {Assessment{}, disabled, true, false},
		"of no configuration": {Assess(steady(20), Market{}, Config{}, asks()), Default(), true, true},
	} {
		if d, e := c.a.Denies(c.c), c.a.Escalates(c.c); d != c.denies || e != c.escalates {
			t.Errorf("%s: denies %t, escalates %t", name, d, e)
		}
	}
}

func TestConfigIsRefused(t *testing.T) {
	if err := Default().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"nothing":                func(c *Config) { *c = Config{} },
		"no maximum":             func(c *Config) { c.MaxScore = 0 },
		"a maximum above 100":    func(c *Config) { c.MaxScore = 101 },
		"no threshold":           func(c *Config) { c.AnomalyThreshold = 0 },
		"a threshold beyond use": func(c *Config) { c.AnomalyThreshold = 10_001 },
		"weights below one":      func(c *Config) { c.Weights.Market-- },
		"weights above one":      func(c *Config) { c.Weights.Behavioral++ },
		"a negative weight":      func(c *Config) { c.Weights = Weights{-100, 600, 500} },
		"weights that wrap":      func(c *Config) { c.Weights = Weights{math.MaxInt, math.MaxInt, 1002} },
		"only the market":        func(c *Config) { c.Weights = Weights{0, 0, 1000} },
	} {
		c := Default()
		change(&c)
		if c.Check() == nil {
			t.Errorf("%s was taken", name)
		}
		if a := Assess(steady(100), Market{}, c, asks()); a.Level != Critical || a.Score != 100 || !a.Denies(c) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestDestinationIsNewForADay(t *testing.T) {
	var d Dest
	if !d.IsNew(noon) {
		t.Error("one that was never paid is not new")
	}
	for _, after := range []time.Duration{0, time.Hour, 24*time.Hour - time.Second, 24 * time.Hour, 48 * time.Hour} {
		if got := after < 24*time.Hour; after > 0 && d.IsNew(noon.Add(after)) != got {
			t.Errorf("after %s: new is %t", after, !got)
		}
		d.Add(noon.Add(after), tons(1))
	}
	if want := (Dest{noon.Unix(), noon.Unix() + 48*3600, 5, tons(3)}); d != want {
		t.Errorf("%+v, want %+v", d, want)
	}
	d.Add(noon.Add(-time.Hour), ton.MaxNano)
	if d.First != noon.Unix()-3600 || d.Last != noon.Unix()+48*3600 || d.Sum != ton.MaxNano {
		t.Errorf("a payment from before the first: %+v", d)
	}
}
