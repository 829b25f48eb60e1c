package contracts

import (
	"fmt"
	"testing"

	"github.com/xssnick/tonutils-go/tvm/cell"
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

// The deepest tree that set_policy takes can still be spent through.
func TestGasAtTheDeepest(t *testing.T) {
	for name, c := range map[string]struct {
		rules Rules
		limit int64
		body  func(*wallet) *cell.Cell
	}{
		"plain": {plain(deepHashes(maxRulesDepth)), maxGasBeforeAccept, func(*wallet) *cell.Cell { return comment("rent") }},
		"jetton": {deepWithPayees(maxRulesDepth-maxPayeesDepth-3, maxPayeesDepth), maxGasBeforeJetton, func(w *wallet) *cell.Cell {
			return w.transfer(1, func(j *jettonBody) { j.to.Hash = [32]byte{1: 0x80 >> (maxPayeesDepth - 1 - 8)} })
		}},
	} {
		w := newWallet(t, testState(), 50*one)
		w.wantOrder(owner, SetPolicy{Config: testState().Config, Rules: c.rules}, 0)
		r := w.wantExit(w.spend([32]byte{}, one, c.body(w)), 0)
		fmt.Printf("gas: %s spend through the deepest list: %d, %d before accept\n", name, r.gas, r.beforeAccept)
		if r.beforeAccept > c.limit || r.beforeAccept == 0 {
			t.Errorf("%s: %d gas before accept", name, r.beforeAccept)
		}
	}
}

func TestGasOfAListedOperation(t *testing.T) {
	s := withRules(testState(), MaxRules)
	s.Config.Ops = deepOps(maxOpsDepth + 1)
	w := newWallet(t, s, 5*one)
	r := w.wantExit(w.spend(pool, one, op(uint64(s.Config.Ops[0]))), 0)
	fmt.Printf("gas: listed operation among %d destinations: %d, %d before accept\n", MaxRules, r.gas, r.beforeAccept)
	if r.beforeAccept > maxGasBeforeAccept || r.beforeAccept == 0 {
		t.Errorf("%d gas before accept", r.beforeAccept)
	}
}
