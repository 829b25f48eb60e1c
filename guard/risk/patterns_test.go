package risk

import (
	"math"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

func TestRapidDrain(t *testing.T) {
	ago := func(d time.Duration, amounts ...float64) (s State) {
		for _, x := range amounts {
			s.Add(Paid{At: noon.Add(-d), Amount: tons(x)})
		}
		return s
	}
	// What has left is no longer in the balance: 100 before, whatever is sent.
	asks := func(balance, amount float64) Request {
		r := pays(alice, amount, old)
		r.Balance = tons(balance)
		return r
	}
	waiting := asks(100, 6)
	for range 4 {
		waiting.Pending = append(waiting.Pending, pending(bob, 6))
	}
	for name, c := range map[string]struct {
		s    State
		r    Request
		want bool
	}{
		"five with 30 %":                {ago(10*time.Minute, 6, 6, 6, 6), asks(76, 6), true},
		"four with 30 %":                {ago(0, 8, 8, 8), asks(76, 8), false},
		"five with less":                {ago(0, 6, 6, 6, 6), asks(76, 5.9), false},
		"five in eleven minutes":        {ago(11*time.Minute, 6, 6, 6, 6), asks(76, 6), false},
		"three with 50 %":               {ago(time.Hour, 17, 17), asks(66, 16), true},
		"two with 50 %":                 {ago(0, 25), asks(75, 25), false},
		"three with less":               {ago(0, 17, 17), asks(66, 15.9), false},
		"three in an hour and a minute": {ago(61*time.Minute, 17, 17), asks(66, 16), false},
		"five that are to come":         {State{}, waiting, true},
		"four that have been":           {ago(0, 6, 6, 6, 6, 6), asks(70, 0), true},
		"after a deposit":               {ago(0, 6, 6, 6, 6), asks(176, 6), false},
		"of a wallet with nothing":      {ago(0, 1, 1), asks(0, 1), true},
		"one from nothing":              {State{}, asks(0, 1), false},
		"dated after now":               {ago(-2*time.Hour, 17, 17), asks(66, 16), true},
		"dated in its own slot":         {ago(-minuteSlots*time.Minute, 17, 17), asks(66, 16), true},
	} {
		m, ok := found(c.s, c.r, RapidDrain)
		if ok != c.want {
			t.Errorf("%s: %t", name, ok)
		}
		if ok && (m.Action != Block || m.Risk != 100 || m.Confidence < 0.3 || m.Confidence > 1 || m.Details == "") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestDrainOfMoreThanThereCanBe(t *testing.T) {
	var s State
	for range 5 {
		s.Add(Paid{At: noon, Amount: ton.MaxNano, New: ton.MaxNano})
	}
	r := asks()
	r.Balance = ton.MaxNano
	if m, ok := found(s, r, RapidDrain); !ok || m.Confidence != 1 {
		t.Errorf("%+v", m)
	}
}

func TestNewDestLarge(t *testing.T) {
	ramp := make([]float64, 100)
	for i := range ramp {
		ramp[i] = float64(1000-i) + 0.5 // of the last 64, 901.5 to 964.5, the 61st is 961.5
	}
	usual := history(ramp...)
	paid := func(s State, to float64, before time.Duration) State { // by the hour, whoever got it
		s.Add(Paid{At: noon.Add(-before), Amount: tons(to), New: tons(to)})
		return s
	}
	got := func(amount float64, before time.Duration) (d Dest) {
		d.Add(noon.Add(-before), tons(amount))
		return d
	}
	with := func(r Request, change func(*Request)) Request {
		change(&r)
		return r
	}
	rich := func(r *Request) { r.Balance = tons(200_000) } // 1 % is 2,000, 5 % 10,000
	poor := func(r *Request) { r.Balance = tons(90_000) }  // 1 % is 900, 5 % 4,500
	for name, c := range map[string]struct {
		s    State
		r    Request
		want bool
	}{
		"cold, a quarter of the limit": {steady(19), pays(bob, 25, Dest{}), false},
		"cold, more":                   {steady(19), pays(bob, 25.01, Dest{}), true},
		"cold, without a limit":        {steady(19), with(pays(bob, 0.1, Dest{}), func(r *Request) { r.PerTransaction = ton.Nano{} }), true},
		"the 95th percentile":          {usual, with(pays(bob, 961.5, Dest{}), poor), false},
		"more":                         {usual, with(pays(bob, 961.6, Dest{}), poor), true},
		"1 % of the balance":           {usual, with(pays(bob, 2000, Dest{}), rich), false},
		"more than that":               {usual, with(pays(bob, 2000.1, Dest{}), rich), true},
		"to a known one":               {usual, with(pays(bob, 9000, old), poor), false},
		"with what it got":             {usual, with(pays(bob, 500, got(461.6, 23*time.Hour)), poor), true},
		"a day after it got it":        {usual, with(pays(bob, 961, got(961, 24*time.Hour)), poor), false},
		"together in a batch":          {usual, with(pays(bob, 500, Dest{}), func(r *Request) { poor(r); r.Payments = append(r.Payments, r.Payments[0]) }), true},
		"with what waits":              {usual, with(pays(bob, 500, Dest{}), func(r *Request) { poor(r); r.Pending = []Pending{pending(bob, 461.6)} }), true},
		"with what waits for others":   {usual, with(pays(bob, 500, Dest{}), func(r *Request) { poor(r); r.Pending = []Pending{pending(alice, 461.6)} }), false},
		"beside much for a known one": {usual, with(pays(bob, 100, Dest{}), func(r *Request) {
			poor(r)
			r.Amount = tons(4100)
			r.Payments = append(r.Payments, Payment{alice, tons(4000), old, false})
		}), false},
		"three times to all":              {paid(usual, 2000, time.Hour), with(pays(bob, 884.5, Dest{}), poor), false},
		"more to all":                     {paid(usual, 2000, time.Hour), with(pays(bob, 884.6, Dest{}), poor), true},
		"more to all, the new one little": {paid(usual, 3000, time.Hour), with(pays(bob, 0.1, Dest{}), poor), true},
		"more to all, but a known one":    {paid(usual, 3000, time.Hour), with(pays(bob, 0.1, old), poor), false},
		"more to all yesterday":           {paid(usual, 3000, 25*time.Hour), with(pays(bob, 1, Dest{}), poor), false},
		"more to all with what waits":     {usual, with(pays(bob, 900, Dest{}), func(r *Request) { poor(r); r.Pending = []Pending{pending(alice, 2000)} }), true},
		"5 % of the balance to all":       {paid(usual, 500, time.Hour), with(pays(bob, 500, Dest{}), func(r *Request) { r.Balance = tons(20_000) }), false},
		"more than that to all":           {paid(usual, 500, time.Hour), with(pays(bob, 500.1, Dest{}), func(r *Request) { r.Balance = tons(20_000) }), true},
		"all there is of what is none":    {usual, with(pays(bob, 0.1, Dest{}), func(r *Request) { r.Balance = ton.Nano{} }), true},
		"more than there can be":          {paid(usual, 1, time.Hour), with(pays(bob, 1, Dest{Count: 1, First: noon.Unix(), Last: noon.Unix(), Sum: ton.MaxNano}), poor), true},
	} {
		m, ok := found(c.s, c.r, NewDestLarge)
		if ok != c.want {
			t.Errorf("%s: %t", name, ok)
		}
		if ok && (m.Action != Escalate || m.Risk != 70 || m.Confidence <= 0 || m.Confidence > 1 || m.Details == "") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestRoundAmounts(t *testing.T) {
	for text, want := range map[string]bool{
		"1": true, "9": true, "10": true, "0.3": true, "15": true, "0.025": true, "7500": true, "0.000000001": true,
		"1329227995784": false, "11": false, "35": false, "150.1": false, "151": false, "0.0155": false, "105": false,
		"200000000000000000000000000": true,
	} {
		n, err := ton.ParseNano(text, ton.NativeDecimals)
		if err != nil {
			t.Fatal(err)
		}
		if isRound(n) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
	if isRound(ton.MaxNano) {
		t.Error("2^120−1")
	}
}

func TestBinomialTail(t *testing.T) {
	for _, c := range []struct {
		k       int
		p, want float64
	}{{0, 0.2, 1}, {5, 0.2, 0.01040640}, {6, 0.2, 0.00123136}, {8, 0.5, 1. / 256}, {7, 0.5, 9. / 256}, {8, 1, 1}, {1, 0, 0}} {
		if got := binomialTail(c.k, 8, c.p); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("P(X ≥ %d) with p = %v: %v, want %v", c.k, c.p, got, c.want)
		}
	}
}

// of8 is a history of n amounts of which the first are round as often as one in every says, and of the last 7 so many.
func of8(n, every, last int) State {
	amounts := make([]float64, n)
	for i := range amounts {
		amounts[i] = 7.77
		if every > 0 && i%every == 0 || i >= n-last {
			amounts[i] = 8
		}
		if i >= n-7 && i < n-last {
			amounts[i] = 7.77
		}
	}
	return history(amounts...)
}

func TestRoundNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		s    State
		want bool
	}{
		"six of eight":                       {of8(64, 0, 5), true},
		"five of eight: 1.04 % by chance":    {of8(64, 0, 4), false},
		"too early":                          {of8(19, 0, 7), false},
		"as early as can be":                 {of8(20, 0, 7), true},
		"six of a wallet with a third":       {of8(64, 3, 5), false},
		"seven of a wallet with a third":     {of8(64, 3, 6), true},
		"all of a wallet with half":          {of8(64, 2, 7), true},
		"all of a wallet that always does":   {of8(64, 1, 7), false},
		"after a million":                    {of8(5000, 0, 7), true},
		"what is long past doesn't speak up": {of8(64+7, 0, 0), false},
	} {
		r := pays(alice, 8, old)
		m, ok := found(c.s, r, RoundNumbers)
		if ok != c.want {
			t.Errorf("%s: %t", name, ok)
		}
		if ok && (m.Action != Flag || m.Risk != 20 || m.Confidence <= 0.99 || m.Confidence > 1 || m.Details == "") {
			t.Errorf("%s: %+v", name, m)
		}
	}
	r := asks()
	if _, ok := found(of8(64, 0, 6), r, RoundNumbers); !ok {
		t.Error("six before one that is not")
	}
	r.Pending = []Pending{pending(bob, 7.77), pending(bob, 7.77)}
	if _, ok := found(of8(64, 0, 6), r, RoundNumbers); ok {
		t.Error("what waits doesn't push out what was")
	}
}

func TestTimingAttack(t *testing.T) {
	at := func(n int, from time.Time, every time.Duration) (s State) {
		for i := range n {
			s.Add(Paid{At: from.Add(time.Duration(i) * every), Amount: tons(7.77)})
		}
		return s
	}
	daily := at(100, noon.Add(-99*24*time.Hour), 24*time.Hour)
	many := func(n int, last time.Time) State { // one early enough, and the others lately
		s := at(1, noon.Add(-14*24*time.Hour), 0)
		for range n - 1 {
			s.Add(Paid{At: last, Amount: tons(7.77)})
		}
		return s
	}
	midnight := many(50, noon.Add(-30*time.Minute-12*time.Hour)) // 23:30
	once := daily
	once.Add(Paid{At: noon.Add(12 * time.Hour), Amount: tons(7.77)})
	for name, c := range map[string]struct {
		s    State
		at   time.Time
		want bool
	}{
		"the hour":                    {daily, noon.Add(24 * time.Hour), false},
		"the hour before":             {daily, noon.Add(23 * time.Hour), false},
		"the hour after":              {daily, noon.Add(25*time.Hour + 59*time.Minute), false},
		"two hours before":            {daily, noon.Add(22 * time.Hour), true},
		"two hours after":             {daily, noon.Add(26 * time.Hour), true},
		"another zone":                {daily, noon.Add(24 * time.Hour).In(time.FixedZone("", 8*3600)), false},
		"fifty":                       {many(50, noon), noon.Add(12 * time.Hour), true},
		"forty-nine":                  {many(49, noon), noon.Add(12 * time.Hour), false},
		"fourteen days":               {at(500, noon, 0), noon.Add(14*24*time.Hour + 12*time.Hour), true},
		"less":                        {at(500, noon, 0), noon.Add(13*24*time.Hour + 12*time.Hour), false},
		"before midnight":             {midnight, noon.Add(11 * time.Hour), false},
		"after midnight":              {midnight, noon.Add(12 * time.Hour), false},
		"two hours past":              {midnight, noon.Add(14 * time.Hour), true},
		"seen there once":             {once, noon.Add(36 * time.Hour), false},
		"fades":                       {daily, noon.Add(400*24*time.Hour + 12*time.Hour), false},
		"before everything that was":  {daily, time.Unix(-5, 0), false},
		"seen there once, long since": {at(100, noon.Add(-10*24*time.Hour), 0), noon.Add(21*24*time.Hour + 12*time.Hour), true},
	} {
		r := asks()
		r.At = c.at
		m, ok := found(c.s, r, TimingAttack)
		if ok != c.want {
			t.Errorf("%s: %t", name, ok)
		}
		if ok && (m.Action != Monitor || m.Risk != 30 || m.Confidence <= 0.97 || m.Confidence > 1 || m.Details == "") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestGradualIncrease(t *testing.T) {
	for name, c := range map[string]struct {
		amounts []float64 // the last is the request's
		want    bool
	}{
		"steps":                     {[]float64{10, 11, 12, 13, 15, 16, 18, 20}, true},
		"steps, not twice":          {[]float64{10, 11, 12, 13, 15, 16, 18, 19.9}, false},
		"seven steps":               {[]float64{11, 12, 13, 15, 16, 18, 22}, false},
		"four inversions: 20 of 28": {[]float64{11, 10, 13, 12, 15, 14, 22.5, 22}, true},
		"five: 18 of 28":            {[]float64{12, 11, 10, 13, 15, 14, 24.5, 24}, false},
		"ties":                      {[]float64{10, 10, 10, 10, 10, 10, 10, 20}, false},
		"a few ties":                {[]float64{10, 10, 12, 12, 15, 15, 20, 20}, true},
		"falling":                   {[]float64{40, 35, 30, 25, 20, 15, 10, 80}, false},
		"what was before is past":   {[]float64{90, 1, 10, 11, 12, 13, 15, 16, 18, 20}, true},
	} {
		last := len(c.amounts) - 1
		r := pays(alice, c.amounts[last], old)
		m, ok := found(history(c.amounts[:last]...), r, GradualIncrease)
		if ok != c.want {
			t.Errorf("%s: %t", name, ok)
		}
		if ok && (m.Action != Alert || m.Risk != 50 || m.Confidence < 0.7 || m.Confidence > 1 || m.Details == "") {
			t.Errorf("%s: %+v", name, m)
		}
		if last < 2 {
			continue
		}
		r.Pending = []Pending{pending(alice, c.amounts[last-1])}
		if _, ok := found(history(c.amounts[:last-1]...), r, GradualIncrease); ok != c.want {
			t.Errorf("%s, one of them pending: %t", name, ok)
		}
	}
}
