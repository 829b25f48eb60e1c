package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
)

// nft proves an item, and what is known of who receives it.
func (p *prover) nft(ctx context.Context, n ton.NFT, f *ton.Facts) error {
	if err := p.item(ctx, f); err != nil {
		return err
	}
	acc, err := p.account(ctx, n.NewOwner)
	if err != nil {
		return err
	}
	f.Receiver = ton.Receiver{Account: acc}
	return p.receiver(ctx, f)
}

// item proves that the account is an item of the collection that was claimed or is vouched for: the collection says so,
// whose word is what makes an item its own (TEP-62). One that the policy vouches for needs no collection.
func (p *prover) item(ctx context.Context, f *ton.Facts) error {
	acc, err := p.contract(ctx, f.Account.Address)
	if err != nil {
		return err
	}
	top, err := p.run(ctx, acc.Address, "get_nft_data")
	if err != nil {
		return err
	}
	item, err := ton.ReadItem(top)
	if err != nil {
		return err
	}
	role := ton.RoleNFTItem
	v, vouched := p.vouches(acc, ton.RoleNFTItem, ton.RoleTelemint)
	if vouched {
		role = v.Role
	}
	switch err := p.member(ctx, acc.Address, item); {
	case err == nil:
		f.Collection = item.Collection
	case !vouched || errors.Is(err, ErrUnavailable):
		return err
	}
	f.Account, f.Role, f.Owner = acc, role, item.Owner
	return nil
}

// member asks the collection that an item names for the item's address.
func (p *prover) member(ctx context.Context, a ton.Address, item ton.Item) error {
	if item.Collection.IsZero() {
		return fmt.Errorf("item %s has no collection, and nobody vouches for it", a)
	}
	collection, err := p.account(ctx, item.Collection)
	if err != nil {
		return err
	}
	if _, ok := p.vouches(collection, ton.RoleCollection); !ok && item.Collection != p.claim.Collection {
		return fmt.Errorf("item %s says that it is of collection %s, which was neither named nor vouched for", a, item.Collection)
	}
	r, err := p.results(ctx, item.Collection, "get_nft_address_by_index", item.Index)
	if err != nil {
		return err
	}
	if own := r.Address(); r.Err() == nil && own != a {
		return fmt.Errorf("collection %s denies item %s: number %s is %s", item.Collection, a, item.Index, own)
	}
	return r.Err()
}
