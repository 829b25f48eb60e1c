package devchain

import (
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// accountBlocks is ShardAccountBlocks (block.tlb): what this block did, by account and logical time.
func (d *draft) accountBlocks(workchain int32) (*cell.Cell, error) {
	blocks, err := tlb.NewShardAccountBlocksAugDict()
	if err != nil {
		return nil, err
	}
	for a := range d.changed {
		if int32(a.Workchain) != workchain {
			continue
		}
		one, err := d.accountBlock(a)
		if err != nil {
			return nil, err
		}
		if err := blocks.Set(accountKey(a.Hash[:]), one); err != nil {
			return nil, err
		}
	}
	return blocks.ToCell()
}

// accountBlock is AccountBlock (block.tlb).
func (d *draft) accountBlock(a ton.Address) (*cell.Cell, error) {
	list, err := tlb.NewAccountTransactionsAugDict()
	if err != nil {
		return nil, err
	}
	for _, e := range d.done {
		if e.address != a {
			continue
		}
		key := cell.BeginCell().MustStoreUInt(e.transaction.lt, 64).EndCell()
		if err := list.Set(key, cell.BeginCell().MustStoreRef(e.transaction.cell).EndCell()); err != nil {
			return nil, err
		}
	}
	inline, err := list.InlineCell()
	if err != nil {
		return nil, err
	}
	was := none().Account
	if s := d.chain.accounts[a].newest(); s != nil {
		was = s.prepared.ShardAccount().Account
	}
	update := slices.Concat([]byte{magicHashUpdate}, was.Hash(), d.changed[a].prepared.ShardAccount().Account.Hash())
	return cell.BeginCell().MustStoreUInt(5, 4).MustStoreSlice(a.Hash[:], 256). // acc_trans#5
											MustStoreBuilder(inline.ToBuilder()).
											MustStoreRef(cell.BeginCell().MustStoreSlice(update, 8+512).EndCell()).EndCell(), nil
}
