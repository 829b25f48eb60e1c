package guard_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

// to returns the n-th of many addresses that have nothing but a number.
func to(n int) ton.Address { return ton.Address{Hash: [32]byte{0xb0, byte(n), byte(n >> 8)}} }

// batchBody asks for payments of so many TON each, to one address after another.
func (w *world) batchBody(amounts ...string) []byte {
	var list []string
	for n, a := range amounts {
		list = append(list, fmt.Sprintf(`{"amount":%q,"destination":%q,"memo":"no. %d"}`, a, to(n), n))
	}
	return fmt.Appendf(nil, `{"network":"%x","wallet":"wallet-1","coordinator":"user","expires":%q,"type":"transfer","asset":"native","payments":[%s]}`,
		networkID, w.now.Add(time.Hour).Format(time.RFC3339), strings.Join(list, ","))
}

// batch is a case in which everything fits.
func (w *world) batch(idempotency string, amounts ...string) guard.Case {
	w.Helper()
	body := w.batchBody(amounts...)
	i, err := w.g.ParseIntent(body)
	w.must(err)
	return w.payloadOf(i.For("agent-1", idempotency, body), i.Batch)
}

// payloadOf builds and decodes what carries payments, whatever the intent says.
func (w *world) payloadOf(i guard.Intent, payments []guard.Payment) guard.Case {
	w.Helper()
	c := guard.Case{Intent: i, Account: w.account()}
	var transfers []ton.Transfer
	for _, p := range payments {
		dest := w.state(p.Destination, nil)
		c.Facts = append(c.Facts, ton.Facts{Account: dest})
		transfers = append(transfers, ton.Transfer{To: p.Destination, Value: p.Amount, Comment: p.Memo, Bounce: ton.Bounces(p.Form, dest)})
	}
	w.built = must(ton.Build(w.w.TON(), w.seqno, w.now.Add(time.Minute), transfers))
	c.Tx = must(ton.Decode(w.w.TON(), w.built))
	c.Outcome = outcomeOf(c.Tx)
	return c
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBatchIsJudgedByEveryMessageAndTheSum(t *testing.T) {
	w := newWorld(t, permissive)
	w.allow(w.batch("k1", "1", "2", "3"))
	w = newWorld(t, permissive)
	w.allow(w.batch("k1", slices.Repeat([]string{"0.1"}, 255)...))
	w = newWorld(t, permissive)
	w.deny(w.batch("k1", "40", "40", "40"), guard.ReasonLimitTransaction)
}

func TestBatchDoesWhatWasDeclared(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p []guard.Payment) []guard.Payment
		want   guard.Reason
	}{
		"one more":            {func(p []guard.Payment) []guard.Payment { return append(p, p[0]) }, guard.ReasonIntentMessages},
		"one less":            {func(p []guard.Payment) []guard.Payment { return p[:2] }, guard.ReasonIntentMessages},
		"two exchanged":       {func(p []guard.Payment) []guard.Payment { p[1], p[2] = p[2], p[1]; return p }, guard.ReasonIntentAmount},
		"the last to another": {func(p []guard.Payment) []guard.Payment { p[2].Destination = bob; return p }, guard.ReasonIntentDestination},
		"the last more":       {func(p []guard.Payment) []guard.Payment { p[2].Amount = p[1].Amount; return p }, guard.ReasonIntentAmount},
		"another memo":        {func(p []guard.Payment) []guard.Payment { p[2].Memo = "no. 3"; return p }, guard.ReasonIntentMemo},
		"the same sum":        {func(p []guard.Payment) []guard.Payment { p[0].Amount, p[1].Amount = p[1].Amount, p[0].Amount; return p }, guard.ReasonIntentAmount},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, permissive)
			i := w.batch("k1", "1", "2", "3").Intent
			w.deny(w.payloadOf(i, c.change(slices.Clone(i.Batch))), c.want)
		})
	}
}

func TestBatchIsRefusedForOneDestination(t *testing.T) {
	listed := strings.Replace(permissive, "    allowedTokens", fmt.Sprintf("    allowedDestinations: [%q, %q]\n    allowedTokens", to(0), to(1)), 1)
	w := newWorld(t, listed)
	w.allow(w.batch("k1", "1", "2"))
	w = newWorld(t, listed)
	w.deny(w.batch("k1", "1", "2", "3"), guard.ReasonDestinationDenied)

	w = newWorld(t, permissive)
	c := w.batch("k1", "1", "2", "3")
	c.Facts[2] = ton.Facts{}
	w.deny(c, guard.ReasonDestinationUnknown)
	c.Facts = c.Facts[:2]
	w.deny(c, guard.ReasonDestinationUnknown)
}

func TestBatchBodyIsReadStrictly(t *testing.T) {
	w := newWorld(t, permissive)
	good := string(w.batchBody("1", "2"))
	for name, c := range map[string]struct{ old, new, field, says string }{
		"amount as well":   {`"payments"`, `"amount":"3","payments"`, "payments", "either payments, or amount"},
		"none":             {good[strings.Index(good, `[{`) : strings.Index(good, `}]`)+2], `[]`, "payments", "0 payments, want 1 to 255"},
		"nothing to pay":   {`"amount":"2"`, `"amount":"0"`, "payments.1.amount", "above zero"},
		"a number":         {`"amount":"2"`, `"amount":2`, "payments.1.amount", "wrong JSON type"},
		"no destination":   {`"destination":"` + to(1).String() + `"`, `"destination":""`, "payments.1.destination", "48 characters"},
		"a field too many": {`"memo":"no. 1"`, `"memo":"no. 1","mode":128`, "payments.1.mode", "there is no such field"},
		"a long memo":      {"no. 1", strings.Repeat("x", 1025), "payments.1.memo", "longer than 1024"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.g.ParseIntent([]byte(strings.Replace(good, c.old, c.new, 1)))
			var f *guard.FieldError
			if !errors.As(err, &f) || f.Field != c.field || !strings.Contains(f.Problem, c.says) {
				t.Errorf("error %v, want one of field %s with %q", err, c.field, c.says)
			}
		})
	}
	if _, err := w.g.ParseIntent(w.batchBody(slices.Repeat([]string{"1"}, 256)...)); err == nil {
		t.Error("256 payments were taken")
	}
}

// BenchmarkBatch judges a full batch of plain transfers, decoding included: docs/ton.md names the figure.
func BenchmarkBatch(b *testing.B) {
	w := newWorld(b, permissive)
	c := w.batch("k1", slices.Repeat([]string{"0.1"}, 255)...)
	for b.Loop() {
		t, err := ton.Decode(w.w.TON(), w.built)
		w.must(err)
		c.Tx = t
		w.decide(c)
	}
}
