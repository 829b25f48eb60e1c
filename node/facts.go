package node

import (
	"context"
	"errors"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// prove fills in what the messages of c go to, and on which policy's word that rests. Plain transfers to accounts that have
// no other meaning are told by states that were read lately; the rest is proven anew.
func (n *Node) prove(ctx context.Context, w guard.WalletRecord, c *guard.Case) error {
	bundle, err := n.bundle(ctx)
	if err != nil {
		return err
	}
	facts := make([]ton.Facts, len(c.Tx.Messages))
	plain, err := n.plain(ctx, c)
	if err != nil {
		return err
	}
	var rest []ton.Message
	for i, m := range c.Tx.Messages {
		if facts[i].Account = plain[m.To]; ton.Meaning(m, plain[m.To]) != ton.OpTransfer {
			rest = append(rest, m)
		}
	}
	if len(rest) > 0 {
		proven, err := n.chain.FactsOf(ctx, w.Address, rest, c.Intent.Claim(), bundle.Contracts())
		if err != nil {
			return err
		}
		for i, m := range c.Tx.Messages {
			if ton.Meaning(m, plain[m.To]) != ton.OpTransfer {
				facts[i], proven = proven[0], proven[1:]
			}
		}
	}
	c.Facts, c.Policy = facts, bundle.Hash
	return nil
}

// plain reads the states of the accounts that get nothing but coins and a comment.
func (n *Node) plain(ctx context.Context, c *guard.Case) (map[ton.Address]ton.Account, error) {
	var to []ton.Address
	for _, m := range c.Tx.Messages {
		if m.Op == ton.OpTransfer {
			to = append(to, m.To)
		}
	}
	states, err := n.destinations(ctx, to, c.Account.Time)
	byAddress := make(map[ton.Address]ton.Account, len(to))
	for i, a := range to {
		byAddress[a] = states[i]
	}
	return byAddress, err
}

// deliveries runs what the payload's messages do at own jetton wallets and items.
func (n *Node) deliveries(w guard.WalletRecord, c guard.Case) ([]ton.Delivery, error) {
	defer n.metrics.stage("emulate")()
	e := n.emulator.Load()
	if e == nil {
		return nil, errors.New("the blockchain's configuration was not read yet")
	}
	return e.Deliver(w.TON(), *c.Outcome, c.Facts, c.Account.Time)
}

// bundle returns the policy in force, an empty one if there is none.
func (n *Node) bundle(ctx context.Context) (b *policy.Bundle, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		b, err = n.guard.Policy(tx)
		return err
	})
	if b == nil {
		b = &policy.Bundle{}
	}
	return b, err
}
