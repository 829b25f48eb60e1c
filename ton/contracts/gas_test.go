package contracts

import (
	"fmt"
	"testing"
)

// Bounds on what a spend may cost, far enough from gas_credit (10,000) that a change of the machine doesn't lock a
// wallet.
const (
	maxGasBeforeAccept = 8_500
	maxGasBeforeJetton = 9_500 // a destination that needs more can't be used; the others and the owner's orders can
	maxGasAt16         = 9_000
	maxGasAt256        = 9_500
)

func TestGasOfAPlainSpend(t *testing.T) {
	for _, c := range []struct {
		rules int
		limit int64
	}{{16, maxGasAt16}, {MaxRules, maxGasAt256}} {
		var worst, before int64
		s := withRules(testState(), c.rules)
		for to, rule := range s.Rules {
			if rule.Kinds != KindPlain {
				continue
			}
			r := newWallet(t, s, 5*one).execute(newWallet(t, s, 5*one).spend(to, one, comment("rent")))
			if r.exit != 0 || len(r.out) != 1 {
				t.Fatalf("exit %d, %d messages", r.exit, len(r.out))
			}
			worst, before = max(worst, r.gas), max(before, r.beforeAccept)
		}
		fmt.Printf("gas: plain spend among %d destinations: %d at most, %d before accept\n", c.rules, worst, before)
		if worst > c.limit || before > maxGasBeforeAccept || before == 0 {
			t.Errorf("%d destinations: %d gas, %d before accept", c.rules, worst, before)
		}
	}
}

func TestGasOfAJettonSpend(t *testing.T) {
	s := withRules(testState(), MaxRules)
	for i := 0; len(s.Rules[jettons].Jetton.Payees) < MaxPayees; i++ {
		s.Rules[jettons].Jetton.Payees[numbered(i)] = true
	}
	var worst, before int64
	for to := range s.Rules[jettons].Jetton.Payees {
		w := newWallet(t, s, 5*one)
		r := w.execute(w.spend(jettons, 50*milli, w.transfer(usdt, func(j *jettonBody) { j.to.Hash = to })))
		if r.exit != 0 || len(r.out) != 1 {
			t.Errorf("exit %d, %d messages", r.exit, len(r.out))
		}
		worst, before = max(worst, r.gas), max(before, r.beforeAccept)
	}
	fmt.Printf("gas: jetton spend among %d destinations and %d payees: %d at most, %d before accept\n", MaxRules, MaxPayees, worst, before)
	if before > maxGasBeforeJetton || before == 0 {
		t.Errorf("%d gas before accept", before)
	}
}
