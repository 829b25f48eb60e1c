package contracts

import (
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Order is the body of an owner's message to the wallet. It is one of SetPolicy, SetSpender, Freeze, Unfreeze,
// OwnerSend.
type Order interface {
	// Cell returns the body.
	Cell() *cell.Cell
	// Check refuses what the contract would.
	Check(State) error
}

// SetPolicy replaces limits and destinations. What was spent still counts: the contract carries the windows of jettons
// over from the rules in force, whatever is sent.
//
//	set_policy#706f6c31 query_id:uint64 config:^Config rules:(HashmapE 256 ^Rule)
type SetPolicy struct {
	QueryID uint64
	Config  Config // wallet id and spender as they are
	Rules   Rules
}

// SetSpender replaces the key, and uses up a seqno so that nothing that was signed before counts any more.
//
//	set_spender#706f6c32 query_id:uint64 spender:bits256
type SetSpender struct {
	QueryID uint64
	Spender [32]byte
}

// Freeze stops all spends. The guardian may send it too.
//
//	freeze#706f6c33 query_id:uint64
type Freeze struct{ QueryID uint64 }

// Unfreeze ends a freeze.
//
//	unfreeze#706f6c34 query_id:uint64
type Unfreeze struct{ QueryID uint64 }

// OwnerSend sends any message, with any mode but those that destroy the account.
//
//	owner_send#706f6c35 query_id:uint64 mode:uint8 msg:^Cell
type OwnerSend struct {
	QueryID uint64
	Mode    uint8
	Msg     *cell.Cell // MessageRelaxed (block.tlb)
}

const modeDestroy = 32

func order(op, queryID uint64) *cell.Builder {
	return cell.BeginCell().MustStoreUInt(op, 32).MustStoreUInt(queryID, 64)
}

func (o SetPolicy) Cell() *cell.Cell {
	return order(ton.OrderSetPolicy, o.QueryID).MustStoreRef(o.Config.cell()).MustStoreMaybeRef(o.Rules.root()).EndCell()
}

func (o SetSpender) Cell() *cell.Cell {
	return order(ton.OrderSetSpender, o.QueryID).MustStoreSlice(o.Spender[:], 256).EndCell()
}

func (o Freeze) Cell() *cell.Cell   { return order(ton.OrderFreeze, o.QueryID).EndCell() }
func (o Unfreeze) Cell() *cell.Cell { return order(ton.OrderUnfreeze, o.QueryID).EndCell() }

func (o OwnerSend) Cell() *cell.Cell {
	return order(ton.OrderOwnerSend, o.QueryID).MustStoreUInt(uint64(o.Mode), 8).MustStoreRef(o.Msg).EndCell()
}

func (o SetPolicy) Check(s State) error {
	if o.Config.WalletID != s.Config.WalletID || o.Config.Spender != s.Config.Spender {
		return refuse(ExitBadPolicy, "wallet id or spender differ from those in force")
	}
	if err := o.Config.Check(); err != nil {
		return err
	}
	return o.Rules.Check()
}

func (o SetSpender) Check(State) error {
	if o.Spender == [32]byte{} {
		return refuse(ExitBadPolicy, "spender's key is missing")
	}
	return nil
}

func (o Freeze) Check(State) error   { return nil }
func (o Unfreeze) Check(State) error { return nil }

func (o OwnerSend) Check(State) error {
	if o.Msg == nil {
		return refuse(ExitCut, "message is missing")
	}
	if o.Mode&modeDestroy != 0 {
		return refuse(ExitMode, "mode %d destroys the account: its seqno would begin again, and old spends with it", o.Mode)
	}
	return nil
}

// OrderName names an order by its operation.
func OrderName(op uint32) string {
	names := [...]string{"set_policy", "set_spender", "freeze", "unfreeze", "owner_send"}
	if i := op - ton.OrderSetPolicy; i < uint32(len(names)) {
		return names[i]
	}
	return fmt.Sprintf("%08x", op)
}

// DecodeOrder reads the body of an owner's message completely or refuses it.
func DecodeOrder(body *cell.Cell) (o Order, err error) {
	defer contain(&err)
	if err := checkTree(body, maxOrderCells); err != nil {
		return nil, fmt.Errorf("decode order: %w", err)
	}
	if o, err = readOrder(body); err != nil {
		return nil, fmt.Errorf("decode order: %w", err)
	}
	if o.Cell().HashKey() != body.HashKey() {
		return nil, errors.New("decode order: it is not written canonically")
	}
	return o, nil
}

func readOrder(body *cell.Cell) (o Order, err error) {
	r := read(body)
	op, queryID := r.uint(32), r.uint(64)
	switch op {
	case ton.OrderSetPolicy:
		return readSetPolicy(r, queryID)
	case ton.OrderSetSpender:
		o = SetSpender{QueryID: queryID, Spender: r.bits256()}
	case ton.OrderFreeze:
		o = Freeze{QueryID: queryID}
	case ton.OrderUnfreeze:
		o = Unfreeze{QueryID: queryID}
	case ton.OrderOwnerSend:
		o = OwnerSend{QueryID: queryID, Mode: uint8(r.uint(8)), Msg: r.ref()}
	default:
		return nil, fmt.Errorf("operation %08x is not an order", op)
	}
	return o, r.end()
}

func readSetPolicy(r *reader, queryID uint64) (o SetPolicy, err error) {
	o.QueryID = queryID
	config, rules := r.ref(), r.maybeRef()
	if err := r.end(); err != nil {
		return o, err
	}
	if o.Config, err = readConfig(config); err != nil {
		return o, err
	}
	o.Rules, err = readRules(rules)
	return o, err
}
