package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/limits"
	"github.com/tonaiagent/mpcnode/ton"
)

// calendared is a policy with a calendar beside the rolling windows of coins.
func calendared(calendar string) string {
	return strings.Replace(permissive, `monthly: "5000"`, `monthly: "5000", calendar: `+calendar, 1)
}

// until moves the clocks to a time.
func (w *world) until(at string) {
	w.Helper()
	to, err := time.Parse(time.RFC3339, at)
	w.must(err)
	w.advance(to.Sub(w.now))
}

func TestCalendarDayEndsAtMidnightThere(t *testing.T) {
	w := newWorld(t, calendared(`{timeZone: Europe/Berlin, daily: "100"}`))
	w.until("2026-09-21T21:00:00Z") // 23:00 in Berlin
	first := w.request("k1", "100")
	w.allow(first)
	w.execute(first)
	w.deny(w.request("k2", "0.000000001"), guard.ReasonCalendarDay)
	w.until("2026-09-21T22:00:29Z") // a block of before midnight may still appear
	w.deny(w.request("k2", "0.000000001"), guard.ReasonCalendarDay)
	w.until("2026-09-21T22:00:30Z")
	w.allow(w.request("k2", "100"))
}

// The rolling windows stay what they are, whatever the calendar allows.
func TestCalendarOnlyTightens(t *testing.T) {
	w := newWorld(t, calendared(`{timeZone: UTC, daily: "100000", monthly: "100000"}`))
	w.chain(ton.Executed{External: true, Out: []ton.Message{{To: bob, Value: tons(t, "500")}}})
	w.until("2026-09-22T00:10:00Z")
	w.deny(w.request("k1", "0.000000001"), guard.ReasonLimitDay)
}

func TestLiveQueriesCountInTheCalendar(t *testing.T) {
	w := queryWorld(t)
	w.applyPolicy(replaced(`monthly: "5000"`, `monthly: "5000", calendar: {timeZone: UTC, daily: "150", weekly: "250"}`))
	w.allow(w.query("k1", 1, "100"))
	w.allow(w.query("k2", 2, "50"))
	w.deny(w.query("k3", 3, "0.000000001"), guard.ReasonCalendarDay)
	w.until("2026-09-22T12:00:00Z") // both are dead
	w.allow(w.query("k4", 4, "100"))
}

// Each asset has its own calendar. A jetton's counts what left from all of its wallets, in its smallest units.
func TestJettonsHaveACalendarOfTheirOwn(t *testing.T) {
	document := strings.Replace(everything, `monthly: "50000"}`, `monthly: "50000", calendar: {timeZone: Asia/Tokyo, daily: "700"}}`, 1)
	w := newWorld(t, document)
	w.until("2026-09-21T14:30:00Z") // 23:30 in Tokyo
	w.chain(sentJettons(purse, 100))
	w.chain(sentJettons(ton.Address{Hash: [32]byte{0xdd}}, 100)) // from a wallet of which it isn't known what it holds
	w.deny(w.payUnits("k1", 501), guard.ReasonCalendarDay)
	w.allow(w.payUnits("k2", 500))
	w.until("2026-09-21T15:01:00Z")
	w.allow(w.payUnits("k3", 700))
}

// Whatever the order of requests, executions and time: no day, week or month of the calendar ever holds more than its limit.
// A block of the account may be dated up to limits.Lag before the state on which its payload was allowed.
func TestNoCalendarWindowIsExceeded(t *testing.T) {
	const day, week, month = 20, 50, 100
	document := strings.Replace(calendared(fmt.Sprintf(`{timeZone: Europe/Berlin, daily: "%d", weekly: "%d", monthly: "%d"}`, day, week, month)),
		`daily: "500"`, `daily: "400"`, 1)
	berlin := must(time.LoadLocation("Europe/Berlin"))
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, document)
		w.until("2026-10-23T21:59:00Z") // before the weekend on which the clock is put back
		left := map[string]uint64{}
		for n := range rapid.IntRange(10, 60).Draw(r, "steps") {
			w.advance(time.Duration(rapid.SampledFrom([]int{1, 20, 40, 600, 3600, 86_340}).Draw(r, "seconds")) * time.Second)
			amount := rapid.Uint64Range(1, day).Draw(r, "amount")
			c := w.request(fmt.Sprint("k", n), fmt.Sprint(amount))
			if w.decide(c).Effect != guard.Allow {
				continue
			}
			if rapid.IntRange(0, 3).Draw(r, "dies") == 0 {
				w.advance(time.Minute + limits.Lag)
				continue
			}
			x := executed(c)
			x.Time = w.now.Add(-time.Duration(rapid.IntRange(0, int(limits.Lag/time.Second)-1).Draw(r, "late")) * time.Second)
			w.chain(x)
			there := x.Time.In(berlin)
			year, number := there.ISOWeek()
			for window, limit := range map[string]uint64{
				there.Format(time.DateOnly): day, fmt.Sprint(year, " week ", number): week, there.Format("2006-01"): month,
			} {
				if left[window] += amount; left[window] > limit {
					r.Fatalf("%d left in %s", left[window], window)
				}
			}
		}
	})
}
