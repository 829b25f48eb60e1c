package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// Operation is what a request declares besides amount, destination and memo. Which of the fields a type has, kinds says;
// the others are zero.
type Operation struct {
	Attached       ton.Nano    // coins that the message carries, where they are not the amount
	Forward        ton.Nano    // coins of these that go on to the destination
	ForwardPayload [32]byte    // hash of what goes on with them; zero: nothing but the memo
	Item           ton.Address // the collectible
	Collection     ton.Address // of the item; zero: it is proven in another way
	Price          ton.Nano    // what buys the item
	Fees           ton.Nano    // what of the price others than the seller get
	Program        ton.Program // kind of staking contract
	Withdraw       ton.Nano    // what is taken out of a pool; 0: all
	Venue          ton.Venue   // exchange
	Ask            string      // asset id of what a swap gives
	MinOut         ton.Nano    // the least of it, in its smallest unit
	Referral       ton.Address // who may be paid for the swap by the exchange; zero: nobody
	Jetton         string      // asset id of what is voted with; "": coins in a pool
	Relayer        ton.Address // who may carry the payload to the chain and be paid for it
	MaxFee         ton.Nano    // the most of that, in the jetton's smallest unit
	Opcode         uint32      // of the body
	BodyHash       [32]byte    // representation hash of the body's cell
}

// The coins that a message carries to a jetton wallet unless the request says otherwise, and those of them that go on to
// the receiver. What isn't used comes back to the wallet.
var (
	defaultAttached = ton.NanoOf(50_000_000) // enough for a transfer that deploys the receiver's jetton wallet
	defaultForward  = ton.NanoOf(1)          // the least with which the receiver is told
)

// operationFields reads each field of an operation.
var operationFields = map[string]func(o *Operation, s string, testnet bool) error{
	"attached":        coins(func(o *Operation) *ton.Nano { return &o.Attached }),
	"forward":         coins(func(o *Operation) *ton.Nano { return &o.Forward }),
	"price":           coins(func(o *Operation) *ton.Nano { return &o.Price }),
	"fees":            coins(func(o *Operation) *ton.Nano { return &o.Fees }),
	"withdraw":        coins(func(o *Operation) *ton.Nano { return &o.Withdraw }),
	"min_out":         units(func(o *Operation) *ton.Nano { return &o.MinOut }),
	"max_fee":         units(func(o *Operation) *ton.Nano { return &o.MaxFee }),
	"item":            account(func(o *Operation) *ton.Address { return &o.Item }),
	"collection":      account(func(o *Operation) *ton.Address { return &o.Collection }),
	"referral":        account(func(o *Operation) *ton.Address { return &o.Referral }),
	"relayer":         account(func(o *Operation) *ton.Address { return &o.Relayer }),
	"ask":             assetID(func(o *Operation) *string { return &o.Ask }),
	"jetton":          assetID(func(o *Operation) *string { return &o.Jetton }),
	"forward_payload": hash(func(o *Operation) *[32]byte { return &o.ForwardPayload }),
	"body_hash":       hash(func(o *Operation) *[32]byte { return &o.BodyHash }),
	"program":         func(o *Operation, s string, _ bool) error { return name(&o.Program, s) },
	"venue":           func(o *Operation, s string, _ bool) error { return name(&o.Venue, s) },
	"opcode":          func(o *Operation, s string, _ bool) error { return o.opcode(s) },
}

// operation reads the fields that the type has, in the order of their names, and no others.
func (b body) operation(i *Intent, testnet bool) error {
	k := kinds[i.Type]
	for _, field := range slices.Sorted(maps.Keys(b.Operation)) {
		read, ok := operationFields[field]
		if !ok || !k.has(field) {
			return &FieldError{"operation." + clip(field), "there is no such field here: " + k.fields()}
		}
		if err := read(&i.Operation, b.Operation[field], testnet); err != nil {
			return &FieldError{"operation." + field, err.Error()}
		}
	}
	for _, field := range k.required {
		if _, ok := b.Operation[field]; !ok {
			return &FieldError{"operation." + field, "missing: " + k.fields()}
		}
	}
	b.defaults(i)
	return nil
}

// defaults fills in what a request for a payload that nodes build may leave out, so that every node reads the same.
func (b body) defaults(i *Intent) {
	k := kinds[i.Type]
	if !k.built {
		return
	}
	if _, said := b.Operation["attached"]; !said && k.has("attached") && i.Asset != ton.Native {
		i.Operation.Attached = defaultAttached
	}
	if _, said := b.Operation["forward"]; !said && k.has("forward") {
		i.Operation.Forward = defaultForward
	}
}

func coins(of func(*Operation) *ton.Nano) func(*Operation, string, bool) error {
	return func(o *Operation, s string, _ bool) (err error) {
		*of(o), err = ton.ParseAmount(ton.Native, s)
		return err
	}
}

// units are smallest units of an asset, whichever it is: also coins are written so where a swap gives them.
func units(of func(*Operation) *ton.Nano) func(*Operation, string, bool) error {
	return func(o *Operation, s string, _ bool) (err error) {
		if *of(o), err = ton.ParseNano(s, 0); err != nil {
			return fmt.Errorf("%w: want a whole number of smallest units", err)
		}
		return nil
	}
}

func account(of func(*Operation) *ton.Address) func(*Operation, string, bool) error {
	return func(o *Operation, s string, testnet bool) (err error) {
		*of(o), _, err = ton.ParseAddress(s, testnet)
		return err
	}
}

func assetID(of func(*Operation) *string) func(*Operation, string, bool) error {
	return func(o *Operation, s string, _ bool) (err error) {
		*of(o), err = policy.ParseAsset(s)
		return err
	}
}

func hash(of func(*Operation) *[32]byte) func(*Operation, string, bool) error {
	return func(o *Operation, s string, _ bool) error {
		h, err := hex.DecodeString(s)
		if err != nil || len(h) != 32 {
			return errors.New("want the hash of a cell, 64 hex digits")
		}
		*of(o) = [32]byte(h)
		return nil
	}
}

func name[T ~string](to *T, s string) error {
	if !validName.MatchString(s) {
		return errors.New("want a name such as tonstakers or ston_v2")
	}
	*to = T(s)
	return nil
}

func (o *Operation) opcode(s string) error {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || len(s) != 8 {
		return errors.New("want the first 32 bits of the body, 8 hex digits")
	}
	o.Opcode = uint32(n)
	return nil
}
