package guard

import (
	"time"

	"github.com/tonaiagent/mpcnode/guard/risk"
	"github.com/tonaiagent/mpcnode/ton"
)

// payees is the record yp/<payload>: whom a payload pays. It is kept until the chain has shown what became of it.
type payees struct {
	Asset string
	List  []payee
}

type payee struct {
	_      struct{}    `cbor:",toarray"`
	To     ton.Address // zero: nobody, what is burned
	Amount ton.Nano
}

func payeesOf(i Intent) payees {
	p := payees{Asset: i.Asset}
	for _, x := range i.Payments() {
		p.List = append(p.List, payee{To: x.Destination, Amount: x.Amount})
	}
	return p
}

// learnPayees takes what a payload has paid into the wallet's statistics. They follow from what the chain executed and from
// nothing else, so an agent can't shape them with payloads that it never sends.
//
// Of one operation of the ledger at most room destinations are remembered. What the others get counts among what went to new
// destinations, if they are, and not as theirs.
func learnPayees(tx Tx, wallet string, p payees, at time.Time, room *int) error {
	paid := risk.Paid{At: at}
	for _, x := range p.List {
		if err := learnPayee(tx, wallet, x, &paid, room); err != nil {
			return err
		}
	}
	var s risk.State
	k := keyStatistics(wallet, p.Asset)
	if _, err := get(tx, k, &s); err != nil {
		return err
	}
	s.Add(paid)
	put(tx, k, s)
	return nil
}

func learnPayee(tx Tx, wallet string, x payee, paid *risk.Paid, room *int) error {
	paid.Amount = atMost(paid.Amount.Add(x.Amount))
	if x.To.IsZero() {
		return nil
	}
	var d risk.Dest
	k := keyDestination(wallet, x.To)
	known, err := get(tx, k, &d)
	if err != nil {
		return err
	}
	if d.IsNew(paid.At) {
		paid.New = atMost(paid.New.Add(x.Amount))
	}
	if *room == 0 {
		return nil
	}
	*room--
	d.Add(paid.At, x.Amount)
	put(tx, k, d)
	if known {
		return nil
	}
	return rememberLook(tx, wallet, x.To)
}

// atMost is a sum, or what is above every limit.
func atMost(sum ton.Nano, err error) ton.Nano {
	if err != nil {
		return ton.MaxNano
	}
	return sum
}

// rememberLook keeps the first address with each ends that the wallet has paid.
func rememberLook(tx Tx, wallet string, a ton.Address) error {
	for _, k := range keysLook(wallet, a) {
		taken, err := tx.Get(k)
		if err != nil {
			return err
		}
		if taken == nil {
			put(tx, k, a)
		}
	}
	return nil
}

// looksLike returns an address that the wallet has paid and that to could be taken for, zero if there is none.
func looksLike(tx Tx, wallet string, to ton.Address) (known ton.Address, err error) {
	for _, k := range keysLook(wallet, to) {
		if ok, err := get(tx, k, &known); err != nil || ok && known != to {
			return known, err
		}
	}
	return ton.Address{}, nil
}

// settlePayees takes what a payload has paid into the statistics, once, if it did all that it asked for.
func (o *observation) settlePayees(hash [32]byte, at time.Time, success bool) error {
	var p payees
	known, err := get(o.tx, keyPayees(hash), &p)
	if err != nil || !known {
		return err
	}
	o.tx.Set(keyPayees(hash), nil)
	if !success {
		return nil
	}
	return learnPayees(o.tx, o.wallet, p, at, &o.room)
}
