package contracts

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestStateIsReadAsWritten(t *testing.T) {
	for seed := range uint64(200) {
		s := randomState(rand.New(rand.NewPCG(seed, 3)))
		got, err := ReadState(s.Data())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(got, s) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, s)
		}
	}
}

// rebuilt is the data of s with one part replaced.
func rebuilt(s State, change func(*parts)) *cell.Cell {
	p := parts{config: s.Config.cell(), rules: s.Rules.root(), owner: s.Owner}
	change(&p)
	b := cell.BeginCell().MustStoreRef(p.config).MustStoreMaybeRef(p.rules).MustStoreUInt(p.flags, 8).MustStoreUInt(0, 32)
	storeMaybeAddress(storeMaybeAddress(p.window.store(b), p.owner), s.Guardian)
	if p.surplus {
		b.MustStoreBoolBit(true)
	}
	return b.EndCell()
}

type parts struct {
	config, rules *cell.Cell
	flags         uint64
	window        Window
	owner         ton.Address
	surplus       bool
}

func dictWith(key [32]byte, value *cell.Cell) *cell.Cell {
	d := cell.NewDict(256)
	mustSet(d, key[:], value)
	return d.AsCell()
}

func TestReadStateRefuses(t *testing.T) {
	s := testState()
	good, err := ReadState(rebuilt(s, func(*parts) {}))
	if err != nil || !reflect.DeepEqual(good, s) {
		t.Fatalf("%+v, %v", good, err)
	}
	config := func(change func(*Config)) func(*parts) {
		return func(p *parts) { c := s.Config; change(&c); p.config = c.cell() }
	}
	rule := func(r *cell.Cell) func(*parts) {
		return func(p *parts) { p.rules = dictWith(bob, cell.BeginCell().MustStoreRef(r).EndCell()) }
	}
	longAmount := cell.BeginCell().MustStoreUInt(uint64(s.Config.WalletID), 32).MustStoreSlice(s.Config.Spender[:], 256).
		MustStoreUInt(2, 4).MustStoreUInt(1, 16)
	storeCoins(storeCoins(longAmount, s.Config.PerDay), s.Config.Reserve)
	longAmount.MustStoreUInt(1, 16).MustStoreUInt(1, 32).MustStoreMaybeRef(nil)
	falseOp := cell.NewDict(32)
	mustSet(falseOp, []byte{0, 0, 0, 1}, cell.BeginCell().MustStoreBoolBit(false).EndCell())
	base := func(ops *cell.Cell) *cell.Cell {
		b := cell.BeginCell().MustStoreUInt(1, 32).MustStoreSlice(s.Config.Spender[:], 256)
		return storeCoins(storeCoins(storeCoins(b, s.Config.PerTx), s.Config.PerDay), s.Config.Reserve).
			MustStoreUInt(1, 16).MustStoreUInt(1, 32).MustStoreMaybeRef(ops).EndCell()
	}
	for name, change := range map[string]func(*parts){
		"surplus":              func(p *parts) { p.surplus = true },
		"unknown flag":         func(p *parts) { p.flags = 2 },
		"two flags":            func(p *parts) { p.flags = 3 },
		"no owner":             func(p *parts) { p.owner = ton.Address{} },
		"counts that overflow": func(p *parts) { p.window.Slots[0].Count, p.window.Slots[1].Count = 1<<16-1, 1 },
		"library config":       func(p *parts) { p.config = libraryCell(p.config) },
		"empty config":         func(p *parts) { p.config = op(1) },
		"long number":          func(p *parts) { p.config = longAmount.EndCell() },
		"operation set to 0":   func(p *parts) { p.config = base(falseOp.AsCell()) },
		"operations no dict":   func(p *parts) { p.config = base(op(5)) },
		"no spender":           config(func(c *Config) { c.Spender = [32]byte{} }),
		"no reserve":           config(func(c *Config) { c.Reserve = ton.Nano{} }),
		"transfer as an op":    config(func(c *Config) { c.Ops = []uint32{opJettonTransfer} }),
		"too many operations":  config(func(c *Config) { c.Ops = manyOps(MaxOps + 1) }),
		"rules no dict":        func(p *parts) { p.rules = op(0) },
		"rule without cell":    func(p *parts) { p.rules = dictWith(bob, op(0)) },
		"rule and surplus":     func(p *parts) { p.rules = dictWith(bob, op(0).ToBuilder().MustStoreRef(s.Rules[bob].cell()).EndCell()) },
		"rule cut":             rule(cell.BeginCell().MustStoreUInt(1, 8).EndCell()),
		"rule of no kind":      rule(Rule{}.cell()),
		"jetton cut":           rule(cell.BeginCell().MustStoreUInt(4, 8).MustStoreMaybeRef(op(0)).EndCell()),
		"library rule":         rule(libraryCell(s.Rules[bob].cell())),
		"too many rules":       func(p *parts) { p.rules = withRules(testState(), MaxRules+1).Rules.root() },
	} {
		if got, err := ReadState(rebuilt(s, change)); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	if _, err := ReadState(nil); err == nil {
		t.Error("no data was read")
	}
}

func manyOps(n int) (ops []uint32) {
	for i := range n {
		ops = append(ops, uint32(i+1)<<20)
	}
	return ops
}

// A cell that refers to two equal ones, sixty levels down, has 2^60 paths.
func TestReadersDontWalkPaths(t *testing.T) {
	c := op(ton.OrderSetPolicy)
	for range 60 {
		c = cell.BeginCell().MustStoreRef(c).MustStoreRef(c).EndCell()
	}
	if _, err := ReadState(c); err == nil {
		t.Error("read as a state")
	}
	s := testState()
	if _, err := ReadState(rebuilt(s, func(p *parts) { p.rules = c })); err == nil {
		t.Error("read as a list of destinations")
	}
	if _, err := DecodeOrder(order(ton.OrderSetPolicy, 1).MustStoreRef(s.Config.cell()).MustStoreMaybeRef(c).EndCell()); err == nil {
		t.Error("read as an order")
	}
	if _, err := ton.DecodeSpend(c.ToBOC()); err == nil {
		t.Error("read as a spend")
	}
}

func TestDeployRefuses(t *testing.T) {
	for name, change := range map[string]func(*State){
		"seqno": func(s *State) { s.Seqno = 1 }, "frozen": func(s *State) { s.Frozen = true }, "spent": func(s *State) { s.Window.Number = 1 },
		"no owner": func(s *State) { s.Owner = ton.Address{} }, "no spender": func(s *State) { s.Config.Spender = [32]byte{} },
		"no validity": func(s *State) { s.Config.MaxValidity = 0 }, "no kind": func(s *State) { s.Rules[bob] = Rule{} },
		"zero value": func(s *State) { *s = State{} },
	} {
		s := testState()
		change(&s)
		if a, err := s.Address(); err == nil {
			t.Errorf("%s: deploys at %s", name, a)
		}
	}
}

// The address depends on everything that the owner chose, and is pinned: a change of code or layout moves every wallet.
func TestAddressIsPinned(t *testing.T) {
	a, err := testState().Address()
	if err != nil {
		t.Fatal(err)
	}
	const want = "0:76123b2649086cc25240f5c9b6b90ad1d71372ec2e27883a9df80303a23f906f"
	if a.String() != want {
		t.Errorf("address is %s, want %s", a, want)
	}
}

// A dictionary whose forks share their branches holds 2^256 entries in 257 cells.
func TestReadersStopAtTheLimitOfADictionary(t *testing.T) {
	shared := cell.BeginCell().MustStoreUInt(0, 2).MustStoreRef(testState().Rules[bob].cell()).EndCell() // an empty label, and the value
	for range 256 {
		shared = cell.BeginCell().MustStoreUInt(0, 2).MustStoreRef(shared).MustStoreRef(shared).EndCell()
	}
	if _, err := readRules(shared); err == nil || !strings.Contains(err.Error(), "more than 256 entries") {
		t.Errorf("destinations: %v", err)
	}
	body := order(ton.OrderSetPolicy, 1).MustStoreRef(testState().Config.cell()).MustStoreMaybeRef(shared).EndCell()
	if o, err := DecodeOrder(body); err == nil {
		t.Errorf("order: %+v", o)
	}
}
