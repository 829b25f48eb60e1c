package contracts

import (
	"fmt"
	"math"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Kinds says which messages a destination may get. The zero value is none.
type Kinds uint8

const (
	KindPlain  Kinds = 1 // an empty body or a comment
	KindOps    Kinds = 2 // an operation of Config.Ops
	KindJetton Kinds = 4 // a jetton transfer within the rule's limits

	allKinds = KindPlain | KindOps | KindJetton
)

// Names are the words for k, as they are written and shown.
func (k Kinds) Names() (names []string) {
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// ParseKind reads one of Names.
func ParseKind(name string) (Kinds, error) {
	for _, n := range kindNames {
		if n.name == name {
			return n.kind, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no kind of message: want transfer, operation or jetton", name)
}

var kindNames = []struct {
	kind Kinds
	name string
}{{KindPlain, "transfer"}, {KindOps, "operation"}, {KindJetton, "jetton"}}

// Rule is what one destination may get.
//
//	kinds:uint8 jetton:(Maybe ^JettonRule)
type Rule struct {
	Kinds  Kinds
	Jetton *JettonRule // with KindJetton, and only then
}

// JettonRule limits one jetton, in its smallest units. The destination is the wallet's own jetton wallet.
//
//	per_tx:Coins per_day:Coins window:Window payees:(HashmapE 256 Bool)
type JettonRule struct {
	PerTx  ton.Nano
	PerDay ton.Nano // in any 24 hours, below 2^64
	Window Window
	Payees map[[32]byte]bool // owners in workchain 0 who may receive; all are true
}

// Rules is the list of destinations in workchain 0.
type Rules map[[32]byte]Rule

// Destinations are the keys of r in a fixed order.
func (r Rules) Destinations() [][32]byte { return sortedHashes(r) }

// Owners are those of Payees in a fixed order.
func (j *JettonRule) Owners() [][32]byte { return sortedHashes(j.Payees) }

// Check refuses a list that the contract would refuse in set_policy, or that would be useless.
func (r Rules) Check() error {
	jettons := 0
	for to, rule := range r {
		if err := rule.check(); err != nil {
			return refuse(ExitBadPolicy, "rule of 0:%x: %v", to, err)
		}
		if rule.Jetton != nil {
			jettons++
		}
	}
	switch {
	case len(r) > MaxRules:
		return refuse(ExitBadPolicy, "%d destinations, at most %d", len(r), MaxRules)
	case jettons > MaxJettonRules:
		return refuse(ExitBadPolicy, "%d destinations with jettons, at most %d", jettons, MaxJettonRules)
	case depth(r.root()) > maxRulesDepth:
		return refuse(ExitBadPolicy, "list of destinations is %d deep, at most %d", depth(r.root()), maxRulesDepth)
	}
	return nil
}

func (r Rule) check() error {
	switch {
	case r.Kinds == 0 || r.Kinds > allKinds:
		return fmt.Errorf("kinds are %d", r.Kinds)
	case r.Kinds&KindJetton != 0 != (r.Jetton != nil):
		return fmt.Errorf("kinds are %d, jetton limits present: %t", r.Kinds, r.Jetton != nil)
	case r.Jetton != nil:
		return r.Jetton.check()
	}
	return nil
}

func (j *JettonRule) check() error {
	switch {
	case j.PerTx.Cmp(j.PerDay) > 0:
		return fmt.Errorf("jetton's per_tx is more than its per_day")
	case j.PerDay.Cmp(ton.NanoOf(math.MaxUint64)) > 0:
		return fmt.Errorf("jetton's per_day does not fit 64 bits")
	case len(j.Payees) > MaxPayees || depth(j.payees()) > maxPayeesDepth:
		return fmt.Errorf("%d payees, at most %d", len(j.Payees), MaxPayees)
	}
	return j.Window.check()
}

func (j *JettonRule) payees() *cell.Cell {
	var keys [][]byte
	for _, h := range sortedHashes(j.Payees) {
		if j.Payees[h] {
			keys = append(keys, h[:])
		}
	}
	return setOf(keys)
}

func (r Rules) root() *cell.Cell {
	if len(r) == 0 {
		return nil
	}
	d := cell.NewDict(256)
	for _, to := range sortedHashes(r) {
		mustSet(d, to[:], cell.BeginCell().MustStoreRef(r[to].cell()).EndCell())
	}
	return d.AsCell()
}

func (r Rule) cell() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(uint64(r.Kinds), 8)
	if r.Jetton == nil {
		return b.MustStoreMaybeRef(nil).EndCell()
	}
	return b.MustStoreMaybeRef(r.Jetton.cell()).EndCell()
}

func (j *JettonRule) cell() *cell.Cell {
	b := storeCoins(storeCoins(cell.BeginCell(), j.PerTx), j.PerDay)
	return j.Window.store(b).MustStoreMaybeRef(j.payees()).EndCell()
}

func readRules(root *cell.Cell) (Rules, error) {
	all, err := loadDict(root, 256, MaxRules)
	if err != nil {
		return nil, fmt.Errorf("read destinations: %w", err)
	}
	rules := make(Rules, len(all))
	for _, e := range all {
		value, to := &reader{s: e.value}, [32]byte(e.key)
		packed := value.ref()
		if value.end() != nil {
			return nil, fmt.Errorf("read destinations: an entry is not one reference")
		}
		if rules[to], err = readRule(packed); err != nil {
			return nil, fmt.Errorf("read rule of 0:%x: %w", to, err)
		}
	}
	return rules, nil
}

func readRule(root *cell.Cell) (rule Rule, err error) {
	r := read(root)
	rule.Kinds = Kinds(r.uint(8))
	limits := r.maybeRef()
	if err := r.end(); err != nil || limits == nil {
		return rule, err
	}
	rule.Jetton, err = readJettonRule(limits)
	return rule, err
}

func readJettonRule(root *cell.Cell) (*JettonRule, error) {
	r := read(root)
	j := &JettonRule{PerTx: r.coins(), PerDay: r.coins(), Window: r.window(), Payees: make(map[[32]byte]bool)}
	payees := r.maybeRef()
	if err := r.end(); err != nil {
		return nil, err
	}
	keys, err := readSet(payees, 256, MaxPayees)
	if err != nil {
		return nil, fmt.Errorf("payees: %w", err)
	}
	for _, k := range keys {
		j.Payees[[32]byte(k)] = true
	}
	return j, nil
}
