package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
)

// place proves a contract that the policy vouches for itself.
func (p *prover) place(ctx context.Context, f *ton.Facts) error {
	v, ok := p.vouches(f.Account, ton.RolePool, ton.RoleSale, ton.RoleAuction, ton.RoleTelemint)
	if !ok {
		return nil
	}
	switch v.Role {
	case ton.RolePool:
		return p.pool(ctx, v.Program, f)
	case ton.RoleTelemint:
		return p.item(ctx, f)
	}
	return p.sale(ctx, v.Role, f)
}

// pool is vouched for; who may withdraw from a single nominator, it says itself (github.com/orbs-network/single-nominator).
func (p *prover) pool(ctx context.Context, program ton.Program, f *ton.Facts) error {
	if program == ton.SingleNominator {
		r, err := p.results(ctx, f.Account.Address, "get_roles")
		if err != nil {
			return err
		}
		if f.Owner = r.Address(); r.Err() != nil {
			return r.Err()
		}
	}
	f.Role, f.Program = ton.RolePool, program
	return nil
}

// sale reads what is sold, which must be there: an item that the sale owns.
func (p *prover) sale(ctx context.Context, role ton.Role, f *ton.Facts) error {
	l, err := p.listing(ctx, f.Account.Address, role)
	if err != nil {
		return err
	}
	if l.Seller.IsZero() {
		return errors.New("nothing is for sale there yet")
	}
	acc, err := p.account(ctx, l.Item)
	if err != nil {
		return err
	}
	item := ton.Facts{Account: acc}
	if err := p.item(ctx, &item); err != nil {
		return err
	}
	if item.Owner != f.Account.Address {
		return fmt.Errorf("item %s is %s's, not the sale's", l.Item, item.Owner)
	}
	f.Collection = item.Collection
	f.Role, f.Owner, f.Item, f.Price = role, l.Seller, l.Item, l.Price
	return nil
}

// listing asks a sale or an auction, whose code is vouched for.
func (p *prover) listing(ctx context.Context, a ton.Address, role ton.Role) (ton.Listing, error) {
	return ton.ReadListing(role, func(method string) ([]any, error) { return p.run(ctx, a, method) })
}
