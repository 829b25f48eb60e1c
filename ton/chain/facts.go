package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tonaiagent/mpcnode/ton"
)

// FactsOf proves what the accounts are that messages of own go to, one after another in the order of the messages, all
// on one block, the newest or a newer one than any before. What a contract says about itself is believed only where it
// is vouched for or was derived from what the claim names: a jetton's master, an item's collection. What can't be proven
// has no role, on which ton.Facts.Meaning understands no operation; an error, which wraps ErrUnavailable, says that the
// chain can't be read.
func (c *Client) FactsOf(ctx context.Context, own ton.Address, messages []ton.Message, claim ton.Claim, vouched []ton.Vouched) ([]ton.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	l, err := c.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("prove destinations: %w", err)
	}
	p := &prover{look: l, own: own, claim: claim, vouched: vouched}
	facts := make([]ton.Facts, len(messages))
	var asked errgroup.Group
	asked.SetLimit(factsAtOnce)
	for i, m := range messages {
		asked.Go(func() (err error) {
			facts[i], err = p.facts(ctx, m)
			return err
		})
	}
	if err := asked.Wait(); err != nil {
		return nil, fmt.Errorf("prove destinations: %w", err)
	}
	return facts, nil
}

// prover proves what one wallet's messages go to, under one policy.
type prover struct {
	*look
	own     ton.Address
	claim   ton.Claim
	vouched []ton.Vouched

	wallets memo[[2]ton.Address, ton.Address] // jetton wallets by master and owner
}

// facts has no role where none can be proven.
func (p *prover) facts(ctx context.Context, m ton.Message) (ton.Facts, error) {
	acc, err := p.account(ctx, m.To)
	if err != nil {
		return ton.Facts{}, err
	}
	f := ton.Facts{Account: acc}
	switch err := p.prove(ctx, m, &f); {
	case errors.Is(err, ErrUnavailable):
		return ton.Facts{}, err
	case err != nil:
		return ton.Facts{Account: acc, Unproven: clip(err.Error())}, nil
	}
	return f, nil
}

// prove looks for what gives m a meaning: an empty or comment body, and what is asked of sales and staking pools, means
// something only where somebody vouches for it.
func (p *prover) prove(ctx context.Context, m ton.Message, f *ton.Facts) error {
	switch d := m.Detail.(type) {
	case ton.Jetton:
		return p.jetton(ctx, d, f)
	case ton.Vote:
		return p.jettonWallet(ctx, f)
	case ton.NFT:
		return p.nft(ctx, d, f)
	case ton.Swap:
		return p.coins(ctx, d, f)
	}
	return p.place(ctx, f)
}

// vouches returns what the policy says that acc is: the first entry about it with one of the roles.
func (p *prover) vouches(acc ton.Account, roles ...ton.Role) (ton.Vouched, bool) {
	for _, v := range p.vouched {
		if v.Is(acc) && (len(roles) == 0 || slices.Contains(roles, v.Role)) {
			return v, true
		}
	}
	return ton.Vouched{}, false
}

// roots are the addresses that the policy vouches for in a role, of an exchange.
func (p *prover) roots(ctx context.Context, role ton.Role, venue ton.Venue) (out []ton.Address, err error) {
	for _, v := range p.vouched {
		if v.Role != role || v.Venue != venue {
			continue
		}
		acc, err := p.account(ctx, v.Address)
		if err != nil {
			return nil, err
		}
		if v.Is(acc) {
			out = append(out, v.Address)
		}
	}
	return out, nil
}

// results runs a get method.
func (p *prover) results(ctx context.Context, a ton.Address, method string, args ...any) (*ton.Results, error) {
	out, err := p.run(ctx, a, method, args...)
	if err != nil {
		return nil, err
	}
	return ton.ReadResults(out), nil
}
