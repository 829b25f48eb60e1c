package assets

import (
	"context"
	"fmt"
	"math/big"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton/nft"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Collection is a collection of NFTs on a chain.
type Collection struct {
	Address, Admin ton.Address

	chain *devchain.Chain
}

// NewCollection deploys a collection without items. Those of one admin differ in their URL.
func NewCollection(c *devchain.Chain, admin ton.Address, url string) (*Collection, error) {
	content, err := (&nft.ContentOffchain{URI: url}).ContentCell()
	if err != nil {
		return nil, fmt.Errorf("describe collection: %w", err)
	}
	contents := cell.BeginCell().MustStoreRef(content).MustStoreRef(cell.BeginCell().EndCell()).EndCell()
	royalty := cell.BeginCell().MustStoreUInt(5, 16).MustStoreUInt(100, 16).MustStoreAddr(friendly(admin)).EndCell()
	const next = 0 // item
	x := newContract(collectionCode, cell.BeginCell().MustStoreAddr(friendly(admin)).MustStoreUInt(next, 64).
		MustStoreRef(contents).MustStoreRef(itemCode).MustStoreRef(royalty))
	if err := x.deploy(c, admin); err != nil {
		return nil, fmt.Errorf("deploy collection: %w", err)
	}
	return &Collection{x.address, admin, c}, nil
}

// Mint makes an item, which must be the next: indices start at 0 and leave none out.
func (n *Collection) Mint(index uint64, owner ton.Address) error {
	content := cell.BeginCell().MustStoreAddr(friendly(owner)).MustStoreRef(cell.BeginCell().EndCell()).EndCell()
	body, err := tlb.ToCell(&nft.ItemMintPayload{
		Index: new(big.Int).SetUint64(index), TonAmount: coins(passed), Content: content,
	})
	if err != nil {
		return fmt.Errorf("mint item %d: %w", index, err)
	}
	if err := n.chain.Deliver(devchain.Message{From: n.Admin, To: n.Address, Value: attached, Bounce: true, Body: body}); err != nil {
		return fmt.Errorf("mint item %d: %w", index, err)
	}
	got, err := n.Owner(context.Background(), index)
	if err == nil && got != owner {
		err = fmt.Errorf("it belongs to %v", got)
	}
	if err != nil {
		return fmt.Errorf("mint item %d: the collection refused: %w", index, err)
	}
	return nil
}

// Item is the address of an item, whether or not it is there yet.
func (n *Collection) Item(index uint64) ton.Address {
	return newContract(itemCode, cell.BeginCell().MustStoreUInt(index, 64).MustStoreAddr(friendly(n.Address))).address
}

// Owner is who an item says that it belongs to.
func (n *Collection) Owner(ctx context.Context, index uint64) (ton.Address, error) {
	r, err := get(ctx, n.chain, n.Item(index), "get_nft_data")
	if err != nil {
		return ton.Address{}, fmt.Errorf("read item %d: %w", index, err)
	}
	s, err := r.Slice(3) // init?, index, collection, owner, content
	if err != nil {
		return ton.Address{}, fmt.Errorf("read item %d: %w", index, err)
	}
	a, err := s.LoadAddr()
	if err != nil {
		return ton.Address{}, fmt.Errorf("read item %d: %w", index, err)
	}
	return ton.Address{Workchain: int8(a.Workchain()), Hash: [32]byte(a.Data())}, nil
}
