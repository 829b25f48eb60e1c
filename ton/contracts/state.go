package contracts

import (
	"errors"
	"fmt"
	"maps"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// State is what a policy wallet keeps.
//
//	config:^Config rules:(HashmapE 256 ^Rule) flags:uint8 seqno:uint32 window:Window owner:MsgAddressInt
//	  guardian:MsgAddress
type State struct {
	Config   Config
	Rules    Rules
	Frozen   bool
	Seqno    uint32
	Window   Window
	Owner    ton.Address
	Guardian ton.Address // may freeze, and nothing else; the zero value is nobody
}

const flagFrozen = 1

// Check refuses a state that no policy wallet should be in: it would be unusable, or promise what it can't keep.
func (s State) Check() error {
	if s.Owner.IsZero() {
		return refuse(ExitBadPolicy, "owner is missing: nobody could change the policy or get the money out")
	}
	if err := s.Config.Check(); err != nil {
		return err
	}
	if err := s.Rules.Check(); err != nil {
		return err
	}
	return s.Window.check()
}

// Data is the account's data cell.
func (s State) Data() *cell.Cell {
	var flags uint64
	if s.Frozen {
		flags = flagFrozen
	}
	b := cell.BeginCell().MustStoreRef(s.Config.cell()).MustStoreMaybeRef(s.Rules.root())
	s.Window.store(b.MustStoreUInt(flags, 8).MustStoreUInt(uint64(s.Seqno), 32))
	return storeMaybeAddress(storeAddress(b, s.Owner), s.Guardian).EndCell()
}

// ReadState reads the data cell of an account whose code is Code. It reads all of it or none: what it returns encodes
// to the same cell.
func ReadState(data *cell.Cell) (s State, err error) {
	defer contain(&err)
	if err := checkTree(data, maxStateCells); err != nil {
		return State{}, fmt.Errorf("read policy wallet: %w", err)
	}
	if s, err = readState(data); err != nil {
		return State{}, fmt.Errorf("read policy wallet: %w", err)
	}
	if s.Data().HashKey() != data.HashKey() {
		return State{}, errors.New("read policy wallet: data is not written canonically")
	}
	if err := s.Check(); err != nil {
		return State{}, fmt.Errorf("read policy wallet: %w", err)
	}
	return s, nil
}

func readState(data *cell.Cell) (s State, err error) {
	r := read(data)
	config, rules := r.ref(), r.maybeRef()
	flags := r.uint(8)
	s.Frozen, s.Seqno, s.Window = flags == flagFrozen, uint32(r.uint(32)), r.window()
	s.Owner, s.Guardian = r.address(), r.maybeAddress()
	if err := r.end(); err != nil {
		return s, err
	}
	if s.Config, err = readConfig(config); err != nil {
		return s, err
	}
	s.Rules, err = readRules(rules)
	return s, err
}

// Terms is the state without what spends change: two that are equal bind the spender alike. Of a wallet as it was
// deployed, and not changed since, it is the state that its address follows from.
func (s State) Terms() State {
	s.Seqno, s.Window, s.Rules = 0, Window{}, maps.Clone(s.Rules)
	for to, rule := range s.Rules {
		if rule.Jetton != nil {
			unspent := *rule.Jetton
			unspent.Window = Window{}
			s.Rules[to] = Rule{Kinds: rule.Kinds, Jetton: &unspent}
		}
	}
	return s
}

// StateInit returns what deploys a wallet that begins in s. Its hash is the address, so anyone may deploy it and nobody
// anything else. A wallet begins with nothing spent, or it would be another one each time.
func (s State) StateInit() (*cell.Cell, error) {
	if s.Seqno != 0 || s.Frozen || s.Window != (Window{}) {
		return nil, errors.New("deploy policy wallet: it begins with seqno 0, not frozen, with nothing spent")
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("deploy policy wallet: %w", err)
	}
	return cell.BeginCell().
		MustStoreUInt(0b00110, 5). // no split_depth, no special, code, data, no libraries (block.tlb StateInit)
		MustStoreRef(code).
		MustStoreRef(s.Data()).
		EndCell(), nil
}

// Address returns where a wallet that begins in s is, in workchain 0.
func (s State) Address() (ton.Address, error) {
	init, err := s.StateInit()
	if err != nil {
		return ton.Address{}, err
	}
	return ton.Address{Hash: [32]byte(init.HashKey())}, nil
}
