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
	f.Role, f.Owner, f.Item = role, l.Seller, l.Item
	if role == ton.RoleSale {
		f.Price = l.Price
	}
	return nil
}

// listed reads at what a sale or an auction would put up the item that it receives.
func (p *prover) listed(ctx context.Context, to *ton.Receiver) error {
	l, err := p.listing(ctx, to.Account.Address, to.Role)
	if err != nil {
		return err
	}
	market, err := p.account(ctx, l.Market)
	if err != nil {
		return err
	}
	if _, ok := p.vouches(market, ton.RoleMarket); !ok {
		return fmt.Errorf("marketplace %s may take what is sent there, and nobody vouches for it", l.Market)
	}
	if l.Seller.IsZero() {
		l.Seller = p.own // a sale takes who sends it its item for the seller
	}
	to.Owner, to.Item, to.Price, to.Fees, to.Jettons = l.Seller, l.Item, l.Price, l.Fees, l.Jettons
	return nil
}

// listing asks a sale or an auction, whose code is vouched for.
func (p *prover) listing(ctx context.Context, a ton.Address, role ton.Role) (ton.Listing, error) {
	return ton.ReadListing(role, func(method string) ([]any, error) { return p.run(ctx, a, method) })
}
