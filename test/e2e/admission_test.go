package e2e

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/reqsig"
	"github.com/tonaiagent/mpcnode/ton"
)

// TestWhatIsNotAdmittedLeavesNoTrace sends what must not get past the door: each is told what is wrong, nothing is
// decided, reserved or signed, and the same idempotency key is still free.
func TestWhatIsNotAdmittedLeavesNoTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		good := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "k"}
		edit := func(old, new string) reqsig.Envelope {
			body := strings.Replace(string(w.envelope(good).Body), old, new, 1)
			return reqsig.New("POST", "http://user.example/v1/requests", "k", []byte(body), "agent:agent-1", seed("agent agent-1"), w.now())
		}
		body := w.envelope(good).Body
		cases := map[string]struct {
			e    reqsig.Envelope
			code string
		}{
			"unsigned":            {reqsig.Envelope{Method: "POST", TargetURI: "http://user.example/v1/requests", IdempotencyKey: "k", Body: body}, "bad_signature"},
			"signed by a person":  {reqsig.New("POST", "http://user.example/v1/requests", "k", body, "key:"+public("operator user").String(), seed("operator user"), w.now()), "not_an_agent"},
			"another agent's key": {reqsig.New("POST", "http://user.example/v1/requests", "k", body, "agent:agent-1", seed("agent agent-2"), w.now()), "bad_signature"},
			"an unknown agent":    {reqsig.New("POST", "http://user.example/v1/requests", "k", body, "agent:agent-9", seed("agent agent-9"), w.now()), "unknown_key"},
			"an old signature":    {reqsig.New("POST", "http://user.example/v1/requests", "k", body, "agent:agent-1", seed("agent agent-1"), w.now().Add(-2*time.Minute)), "signature_stale"},
			"signed to be tried":  {w.envelopeTo(good, "/v1/requests:simulate"), "wrong_target"},
			"an unknown field":    {edit(`"type"`, `"color":"red","type"`), "bad_request"},
			"a field twice":       {edit(`"type"`, `"asset":"native","type"`), "bad_request"},
			"a number as amount":  {edit(`"1"`, `1`), "bad_request"},
			"a bad address":       {edit(`"0:11`, `"0:1`), "bad_request"},
			"trailing data":       {edit(`}`, `}{}`), "bad_request"},
			"another network":     {edit(`"network":"`, `"network":"00`), "bad_request"},
			"another coordinator": {edit(`"coordinator":"user"`, `"coordinator":"backup"`), "wrong_coordinator"},
			"an expired request":  {edit(`"expires":"2`, `"expires":"1`), "expired"},
			"expiry next year":    {edit(`"expires":"20`, `"expires":"21`), "expires_too_late"},
			"a strange wallet":    {edit(`"wallet":"w1"`, `"wallet":"w2"`), "wallet_forbidden"},
			"too large":           {reqsig.New("POST", "http://user.example/v1/requests", "k", make([]byte, 97<<10), "agent:agent-1", seed("agent agent-1"), w.now()), "too_large"},
		}
		before, err := w.node("user").Health(context.Background())
		w.must(err)
		for what, c := range cases {
			_, err := w.node("user").Sign(context.Background(), c.e, node.DeliverSigned)
			var p *node.Problem
			if !errors.As(err, &p) || p.Code != c.code || p.Detail == "" {
				t.Errorf("%s: %v, want %s", what, err, c.code)
			}
		}
		after, err := w.node("user").Health(context.Background())
		w.must(err)
		if after.Audit != before.Audit {
			t.Errorf("%d audit entries were made", after.Audit-before.Audit)
		}
		if r, err := w.send(good); err != nil || r.State != node.StateSigned {
			t.Errorf("the same key was not free: %s, %v", r.State, err)
		}
	})
}

// TestLiteserverDown: without the chain nothing is admitted, nothing is reserved, and it goes on by itself.
func TestLiteserverDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		for _, name := range names {
			w.parties[name].chain.cut(true)
		}
		time.Sleep(time.Minute)
		o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "k"}
		_, err := w.send(o)
		var p *node.Problem
		if !errors.As(err, &p) || p.Status != 503 || p.Code != "chain_unavailable" {
			t.Fatalf("%v", err)
		}
		h, err := w.node("user").Health(context.Background())
		w.must(err)
		if len(h.Missing) == 0 || !strings.Contains(h.Missing[0], "chain") {
			t.Errorf("not ready for want of %v", h.Missing)
		}
		for _, name := range names {
			w.parties[name].chain.cut(false)
		}
		if r, err := w.send(o); err != nil || r.State != node.StateSigned {
			t.Errorf("once it is back: %s, %v", r.State, err)
		}
	})
}

// TestOneSignatureForManyResends: the same request sixteen times at once is signed once.
func TestOneSignatureForManyResends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		e := w.envelope(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "k"})
		var mu sync.Mutex
		signatures := map[string]bool{}
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				r, err := w.node("user").Sign(context.Background(), e, node.DeliverConfirmed)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				signatures[string(r.Signature)] = true
			})
		}
		wg.Wait()
		if len(signatures) != 1 || signatures[""] {
			t.Errorf("%d different answers", len(signatures))
		}
		if got := w.chain.Executed(w.address("w1")); got != 2 { // the faucet's deposit and the transfer
			t.Errorf("%d transactions", got)
		}
	})
}

// TestRaceAtTheLimit: two wallets' worth of requests at once through all three nodes; what executes stays within the
// limit of 100.
func TestRaceAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				o := order{wallet: "w1", agent: "agent-1", to: destination, amount: "30", ask: names[i%3],
					key: "k" + string(rune('a'+i)), deliver: node.DeliverConfirmed}
				for range 5 {
					ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
					_, err := w.node(o.ask).Sign(ctx, w.envelope(o), o.deliver)
					cancel()
					var p *node.Problem
					if !errors.As(err, &p) || p.Code != "wallet_busy" {
						return
					}
					time.Sleep(30*time.Second + time.Duration(i)*5*time.Second) // each when the others have had their turn
				}
			})
		}
		wg.Wait()
		to, _, err := ton.ParseAddress(destination, false)
		w.must(err)
		got := w.chain.Balance(to)
		if got.Cmp(ton.NanoOf(90e9)) > 0 {
			t.Errorf("%s left the wallet", got)
		}
		if got.IsZero() {
			t.Error("nothing left the wallet: the test proves nothing")
		}
	})
}

// TestDeliveryGoesOnAfterARestart: a coordinator that stops between signing and delivery delivers once it is back.
func TestDeliveryGoesOnAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.parties["user"].chain.mute.Store(true)
		r, err := w.send(order{wallet: "w1", agent: "agent-1", to: destination, amount: "1", ask: "user", key: "k", deliver: node.DeliverConfirmed})
		if err != nil || r.State != node.StateSigned {
			t.Fatalf("%s, %v", r.State, err)
		}
		w.down("user")
		w.up("user")
		w.eventually("the transfer is confirmed", func() bool {
			again, err := w.node("user").RequestOf(context.Background(), "agent-1", r.ID, 0)
			w.must(err)
			return again.State == node.StateConfirmed
		})
	})
}
