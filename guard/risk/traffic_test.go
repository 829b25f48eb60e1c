package risk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tonaiagent/mpcnode/guard/risk"
)

// The bounds that the formulas have to hold on honest traffic and under attack, whatever the seed.
const (
	mostAlarms = 10   // of 1,000 honest requests of all kinds, by each pattern, after a wallet's first week
	mostDenied = 1    // of 1,000 honest requests of all kinds, in all their life
	mostLoss   = 0.05 // of the balance at the begin of an attack, in every single one
)

// settling is how long a wallet's first destinations keep new_dest_large busy: they are all new, and that a person looks at
// them is what it is for. How many alarms that makes doesn't depend on how long the wallet lives, so they are told apart.
const settling = 7

// lives is how many agents of each kind one seed draws.
const lives = 6

var patternNames = []string{risk.RapidDrain, risk.NewDestLarge, risk.GradualIncrease, risk.RoundNumbers, risk.TimingAttack}

// tally counts what honest requests came to.
type tally struct {
	requests  int
	alarms    map[string]int // by pattern
	anomalies int
	escalated int // by layers 3 and 7, for whatever reason
	denied    int
	limited   int // by layer 5: not judged further, and no request of the above
}

func newTally() tally { return tally{alarms: map[string]int{}} }

func (t *tally) add(o tally) {
	for name, n := range o.alarms {
		t.alarms[name] += n
	}
	t.requests += o.requests
	t.anomalies += o.anomalies
	t.escalated += o.escalated
	t.denied += o.denied
	t.limited += o.limited
}

// per1000 is n of 1,000 requests.
func (t *tally) per1000(n int) float64 { return 1000 * float64(n) / float64(max(1, t.requests)) }

// live runs an agent to the end of its days. A person approves what escalates; what is denied is not sent.
func live(a agent) (w *wallet, first, later tally, end time.Time) {
	w, first, later = newWallet(a.working), newTally(), newTally()
	var due []deposit
	at := epoch
	for day := range a.days {
		if w.balance < a.refill*a.working {
			w.balance = a.working
		}
		out, back := a.day(day, at, w.balance)
		due = append(due, back...)
		slices.SortStableFunc(out, func(x, y payment) int { return x.at.Compare(y.at) })
		for _, p := range out {
			due = w.receive(due, p.at)
			if day < settling {
				w.pay(p, &first)
			} else {
				w.pay(p, &later)
			}
		}
		at = at.Add(24 * time.Hour)
	}
	return w, first, later, at
}

// receive takes in what has arrived by now, and returns the rest.
func (w *wallet) receive(due []deposit, now time.Time) []deposit {
	return slices.DeleteFunc(due, func(d deposit) bool {
		if d.at.After(now) {
			return false
		}
		w.balance += d.amount
		return true
	})
}

// pay judges one honest request.
func (w *wallet) pay(p payment, t *tally) {
	if !w.withinLimits(p) {
		t.limited++
		return
	}
	t.requests++
	a, c := w.assess(p), risk.Default()
	for _, m := range a.Patterns {
		t.alarms[m.Name]++
	}
	if a.Anomaly.IsAnomaly {
		t.anomalies++
	}
	if a.Denies(c) {
		t.denied++
		return
	}
	if a.Escalates(c) {
		t.escalated++
	}
	w.execute(p)
}

// suffer attacks a copy of a wallet until the first request that layer 3, 5 or 7 denies or escalates, and returns what
// share of the balance has been sent by then. ok: there was such a request.
func suffer(r *rand.Rand, w *wallet, begin time.Time, a attack) (loss float64, ok bool) {
	w = w.clone()
	before := w.balance
	next := a.next(r, w, begin)
	at := begin
	for i := range 2000 {
		p := next(i, at)
		at = p.at
		judged, c := w.assess(p), risk.Default()
		if judged.Denies(c) || judged.Escalates(c) || !w.withinLimits(p) {
			return 1 - w.balance/before, true
		}
		w.execute(p)
	}
	return 1, false
}

// TestTraffic lets agents live, counts the false alarms, and attacks each at the end of its life. SEED draws others; -v
// shows the figures.
func TestTraffic(t *testing.T) {
	seed := seed(t)
	alarms, losses := newTable(), newTable()
	alarms.row("alarms of 1,000", "requests", patternNames, "anomaly", "escalated", "denied", "limited")
	losses.row("worst loss, %", attackNames())
	first, later, all := newTally(), newTally(), newTally()
	for k, kind := range kinds {
		name, week, rest, worst := population(t, kind, seed, uint64(k))
		alarms.row(name+", first week", week.cells())
		alarms.row(name+", later", rest.cells())
		losses.row(name, worst)
		first.add(week)
		later.add(rest)
	}
	all.add(first)
	all.add(later)
	alarms.row("all, first week", first.cells())
	alarms.row("all, later", later.cells())
	alarms.row("all", all.cells())
	t.Logf("seed %d\n%s\n%s", seed, alarms, losses)
	for _, name := range patternNames {
		if got := later.per1000(later.alarms[name]); got > mostAlarms {
			t.Errorf("%s: %.1f false alarms of 1,000 requests, more than %d", name, got, mostAlarms)
		}
	}
	if got := all.per1000(all.denied); got > mostDenied {
		t.Errorf("%.1f of 1,000 honest requests are denied, more than %d", got, mostDenied)
	}
}

// population lets agents of one kind live and be attacked. worst is the largest loss by each attack, in per cent.
func population(t *testing.T, kind func(*rand.Rand) agent, seed, k uint64) (name string, first, later tally, worst []float64) {
	first, later, worst = newTally(), newTally(), make([]float64, len(attacks))
	for life := range uint64(lives) {
		r := rand.New(rand.NewPCG(seed, k*lives+life))
		a := kind(r)
		w, week, rest, end := live(a)
		first.add(week)
		later.add(rest)
		for i, loss := range w.attacked(t, r, a.kind, end) {
			worst[i] = max(worst[i], 100*loss)
		}
		name = a.kind
	}
	return name, first, later, worst
}

// attacked attacks a wallet in every way, and returns the losses.
func (w *wallet) attacked(t *testing.T, r *rand.Rand, kind string, end time.Time) (losses []float64) {
	for _, a := range attacks {
		loss, stopped := suffer(r, w, end, a)
		if !stopped || loss > a.most {
			t.Errorf("%s of a %s wallet: %.1f %% are lost, more than %.0f %%", a.name, kind, 100*loss, 100*a.most)
		}
		losses = append(losses, loss)
	}
	return losses
}

func attackNames() (names []string) {
	for _, a := range attacks {
		names = append(names, a.name)
	}
	return names
}

// cells is a row of the table of alarms.
func (t *tally) cells() []float64 {
	c := []float64{float64(t.requests)}
	for _, name := range patternNames {
		c = append(c, t.per1000(t.alarms[name]))
	}
	return append(c, t.per1000(t.anomalies), t.per1000(t.escalated), t.per1000(t.denied), t.per1000(t.limited))
}

// table is figures for people.
type table struct {
	text strings.Builder
	w    *tabwriter.Writer
}

func newTable() *table {
	t := &table{}
	t.w = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', tabwriter.AlignRight)
	return t
}

// row takes strings, figures and rows of them.
func (t *table) row(cells ...any) {
	for _, c := range cells {
		switch c := c.(type) {
		case []string:
			fmt.Fprint(t.w, strings.Join(c, "\t")+"\t")
		case []float64:
			for _, x := range c {
				fmt.Fprintf(t.w, "%.4g\t", x)
			}
		default:
			fmt.Fprintf(t.w, "%v\t", c)
		}
	}
	fmt.Fprintln(t.w)
}

func (t *table) String() string {
	t.w.Flush()
	return t.text.String()
}

func seed(t *testing.T) uint64 {
	t.Helper()
	s := os.Getenv("SEED")
	if s == "" {
		return 20261126
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(fmt.Errorf("SEED: %w", err))
	}
	return n
}
