package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

// termsOf is what binds a policy wallet's spender, whatever was spent: the record xc/<wallet>, as this node saw it last.
func termsOf(s contracts.State) [32]byte { return [32]byte(s.Terms().Data().HashKey()) }

// seeTerms notes the terms of a policy wallet in acc, and writes to the audit log when its owner has changed them.
func (o *observation) seeTerms(acc ton.Account) error {
	w, _, err := wallet(o.tx, o.wallet)
	if err != nil || w.Custody != CustodyContract {
		return err
	}
	state, err := w.ContractAt(acc)
	if err != nil {
		return nil // Decide refuses it, and people have to see why
	}
	var last [32]byte
	known, err := get(o.tx, keyTerms(w.ID), &last)
	if err != nil {
		return err
	}
	if !known {
		initial, err := w.Contract()
		if err != nil {
			return err
		}
		last = termsOf(initial)
	}
	now := termsOf(state)
	if known && now == last {
		return nil
	}
	put(o.tx, keyTerms(w.ID), now)
	if now != last {
		o.auditTerms(last, now, state)
	}
	return nil
}

func (o *observation) auditTerms(before, after [32]byte, s contracts.State) {
	o.tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(o.now), EventType: audit.ContractChanged, Action: "observe",
		Actor:    audit.Actor{Type: "chain", ID: "chain"},
		Resource: audit.Resource{Type: "wallet", ID: o.wallet},
		Outcome:  audit.Success, Severity: audit.Warning,
		Details: audit.KV("before", hex.EncodeToString(before[:]), "after", hex.EncodeToString(after[:]),
			"frozen", fmt.Sprint(s.Frozen), "spender", hex.EncodeToString(s.Config.Spender[:]),
			"per_tx", s.Config.PerTx.String(), "per_day", s.Config.PerDay.String(), "reserve", s.Config.Reserve.String(),
			"max_count", fmt.Sprint(s.Config.MaxCount), "max_validity", (time.Duration(s.Config.MaxValidity) * time.Second).String(),
			"destinations", fmt.Sprint(len(s.Rules)), "operations", fmt.Sprint(len(s.Config.Ops))),
	})
}

// order takes in what a policy wallet's owner or guardian ordered. A new spender uses up a seqno without a payload: what
// was signed for it is dead.
func (o *observation) order(e ton.Executed) error {
	if e.Order == 0 {
		return nil
	}
	o.tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(o.now), EventType: audit.ContractOrdered, Action: "observe",
		Actor:    audit.Actor{Type: "chain", ID: "chain"},
		Resource: audit.Resource{Type: "wallet", ID: o.wallet},
		Outcome:  audit.Success, Severity: audit.Warning,
		Details: audit.KV("order", contracts.OrderName(e.Order), "lt", fmt.Sprint(e.LT), "transaction", hex.EncodeToString(e.Hash[:])),
	})
	if e.Order != ton.OrderSetSpender || !o.pos.SeqnoKnown {
		return nil
	}
	used := o.pos.Seqno
	o.pos.Seqno++
	return o.buryAll(used, [32]byte{})
}

// checkContract refuses a payload of a policy wallet that was frozen, or bound otherwise, after the payload was decided.
func checkContract(tx Tx, p Payload) error {
	var seen [32]byte
	if _, err := get(tx, keyTerms(p.Wallet), &seen); err != nil {
		return err
	}
	if seen != p.Terms {
		return errors.New("the policy wallet was frozen since the decision, or its policy has changed")
	}
	return nil
}
