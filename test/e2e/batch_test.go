package e2e

import (
	"fmt"
	"testing"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
)

// payees returns payments of so many TON each, to one address after another.
func payees(amounts ...string) (all []client.Payment) {
	for n, a := range amounts {
		all = append(all, client.Payment{Amount: a, Destination: ton.Address{Hash: [32]byte{0xb0, byte(n)}}.String(), Memo: fmt.Sprint("no. ", n)})
	}
	return all
}

func TestBatchIsOnePayloadAndEveryPaymentArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		o := order{wallet: "w1", agent: "agent-1", ask: "user", deliver: node.DeliverConfirmed, payments: payees("1", "2", "3", "4", "5")}
		r, err := w.send(o)
		if err != nil || r.State != node.StateConfirmed || r.Payments != 5 || r.Amount != ton.NanoOf(15_000_000_000) {
			t.Fatalf("%s %s, %d payments of %s, %v", r.State, r.Reason.Code, r.Payments, r.Amount, err)
		}
		for n, p := range o.payments {
			if got := w.chain.Balance(mustAddress(w, p.Destination)); got != ton.NanoOf(uint64(n+1)*1_000_000_000) {
				t.Errorf("payment %d: %s arrived", n, got)
			}
		}
		o.payments = payees("40", "50")
		if r, err = w.send(o); err != nil || r.Reason.Code != string(guard.ReasonLimitDay) {
			t.Errorf("15 and 90 of 100 a day: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

// A wallet sends no more at once than its contract can.
func TestBatchFitsTheWallet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := ready(t)
		w.enter("w4", ton.V4R2)
		w.fund("w4", "100")
		o := order{wallet: "w4", agent: "agent-1", ask: "user", deliver: node.DeliverConfirmed, payments: payees("1", "2", "3", "4", "5")}
		if _, err := w.send(o); err == nil || node.ProblemOf(err).Status != 400 {
			t.Errorf("five payments from V4R2: %v", err)
		}
		o.payments = o.payments[:4]
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Errorf("four payments from V4R2: %s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}
