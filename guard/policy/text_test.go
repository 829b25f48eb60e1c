package policy

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tonaiagent/mpcnode/ton"
)

// readBack is what a replay sees of values.
func readBack(t testing.TB, v Values) Given {
	t.Helper()
	g, err := ParseGiven(Texts(v.Text()))
	if err != nil {
		t.Fatalf("%v\n%s", err, v.Text())
	}
	return g
}

// Each field comes back as it was, and so does that it has no value.
func TestTextKeepsEveryField(t *testing.T) {
	for _, f := range registry {
		v := Values{Asset: new(ton.Native)}
		sampled[f.name].set(&v)
		if got, want := readBack(t, v).facts, *v.facts(); !sameFacts(got, want) {
			t.Errorf("%s: %q is %+v, was %+v", f.name, v.Text(), got.of, want.of)
		}
	}
}

func sameFacts(a, b facts) bool {
	for i := range registry {
		x, y := a.of[i], b.of[i]
		if (x == nil) != (y == nil) || len(x) != len(y) {
			return false
		}
		for n := range x {
			if x[n] != y[n] {
				return false
			}
		}
	}
	return a.unit == b.unit
}

func TestTextIsWhatPeopleType(t *testing.T) {
	v := Values{Type: new("transfer"), Asset: new(ton.Native), Amount: new(ton.NanoOf(1_500_000_000)), Hour: new(0), Weekday: new(time.Monday),
		RiskScore: new(12.34), DestinationAge: new(time.Duration(0)), Patterns: []string{"rapid_drain", "round_numbers"}}
	want := "type=transfer,asset=native,amount=1.5,destinationAge=0s,hour=0,weekday=monday,riskScore=12.34,patterns=rapid_drain round_numbers"
	if got := v.Text(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// drawAny makes values of any size, within what the fields can be.
func drawAny(t *rapid.T) Values {
	v := Values{Asset: new(rapid.SampledFrom([]string{ton.Native, dollar}).Draw(t, "asset"))}
	nano := func(name string) *ton.Nano { return new(ton.NanoOf(rapid.Uint64().Draw(t, name))) }
	share := func(name string) *Permille { return new(Permille(rapid.IntRange(0, 1000).Draw(t, name))) }
	age := func(name string) *time.Duration {
		return new(time.Duration(rapid.Int64Range(-5, int64(10*365*24*time.Hour)).Draw(t, name)))
	}
	for _, set := range []func(){
		func() { v.Type = new(rapid.SampledFrom([]string{"transfer", "nft_buy"}).Draw(t, "type")) },
		func() { v.Amount, v.TotalOut = nano("amount"), nano("totalOut") },
		func() { v.Spent24h, v.Spent7d, v.Spent30d = nano("day"), nano("week"), nano("month") },
		func() { v.Destination, v.IsNewDestination = &bob, new(rapid.Bool().Draw(t, "new")) },
		func() { v.DestinationAge, v.ValidFor = age("age"), age("validFor") },
		func() {
			v.Opcode, v.SendMode = new(rapid.Uint32().Draw(t, "opcode")), new(rapid.Uint8().Draw(t, "mode"))
		},
		func() { v.MessageCount, v.TxLastHour = new(rapid.IntRange(0, 255).Draw(t, "messages")), new(7) },
		func() { v.Hour = new(rapid.IntRange(-1, 23).Draw(t, "hour")) },
		func() { v.Weekday = new(time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))) },
		func() { v.AgentID, v.WalletID = new("agent-1"), new("main") },
		func() {
			v.Strategy = new(rapid.SampledFrom([]string{"dca_ton", "", "buy low, sell=high", "Ä"}).Draw(t, "strategy"))
		},
		func() {
			v.Confidence, v.Slippage, v.BalanceShare = share("confidence"), share("slippage"), share("share")
		},
		func() {
			v.RiskScore = new(rapid.SampledFrom([]float64{0, 33.3333, 99.9996, 100, -1, math.NaN()}).Draw(t, "score"))
		},
		func() { v.RiskLevel = new(rapid.SampledFrom([]string{"low", "critical", "dire"}).Draw(t, "level")) },
		func() { v.Patterns = patterns[:rapid.IntRange(0, len(patterns)).Draw(t, "patterns")] },
		func() { v.IsWalletAdmin = new(rapid.Bool().Draw(t, "admin")) },
	} {
		if rapid.Bool().Draw(t, "known") {
			set()
		}
	}
	return v
}

// A bundle says of what is read back what it says of the values, rule for rule.
func TestEveryRuleJudgesTheTextAsTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawAny(t)
		b := Bundle{rules: parseDrawn(t, drawRules(t))}
		g, err := ParseGiven(Texts(v.Text()))
		if err != nil {
			t.Fatalf("%v: %s", err, v.Text())
		}
		if !sameFacts(g.facts, *v.facts()) {
			t.Fatalf("%s: read back as %+v", v.Text(), g.facts)
		}
		before, after := b.ExplainRules(v), b.Explain(g)
		for i := range before {
			if before[i] != after[i] {
				t.Fatalf("%s: %+v, by the text %+v", v.Text(), before[i], after[i])
			}
		}
	})
}

// The audit log keeps the text of every decision, so it has to stay short.
func TestTextIsBounded(t *testing.T) {
	id, most, age := strings.Repeat("a", 64), ton.MaxNano, 10*365*24*time.Hour-time.Nanosecond
	v := Values{
		Type: new("jetton_transfer"), Asset: new("jetton:-128:" + strings.Repeat("f", 64)), Amount: &most, Destination: &ton.Address{Workchain: -128},
		IsNewDestination: new(false), DestinationAge: &age, Opcode: new(uint32(1)), SendMode: new(uint8(255)), MessageCount: new(255), TotalOut: &most,
		Hour: new(23), Weekday: new(time.Wednesday), AgentID: &id, WalletID: &id, Strategy: &id, Confidence: new(Permille(999)), Slippage: new(Permille(999)),
		RiskScore: new(99.999), RiskLevel: new("critical"), Patterns: patterns, Spent24h: &most, Spent7d: &most, Spent30d: &most, TxLastHour: new(1 << 30),
		BalanceShare: new(Permille(999)), ValidFor: &age, IsWalletAdmin: new(false),
	}
	if n := len(v.Text()); n > 2048 {
		t.Errorf("%d bytes: %s", n, v.Text())
	}
	for _, f := range registry {
		if !strings.Contains(","+v.Text(), ","+f.name+"=") {
			t.Errorf("%s is not there", f.name)
		}
	}
}

func BenchmarkText(b *testing.B) {
	var v Values
	for _, f := range registry {
		sampled[f.name].set(&v)
	}
	b.ReportAllocs()
	for b.Loop() {
		v.Text()
	}
}
