package assets

import (
	"fmt"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// NewSale deploys a sale of one item at a fixed price, in the name of a market, which gets the fee of it, and returns its address.
// The item is listed when its owner transfers it there, with at least 0.03 TON to forward.
func NewSale(c *devchain.Chain, market, item ton.Address, price, fee ton.Nano) (ton.Address, error) {
	to := friendly(market)
	fees := cell.BeginCell().MustStoreAddr(to).MustStoreBigCoins(fee.Big()).MustStoreAddr(to).MustStoreCoins(0).EndCell()
	const complete, created, external = false, 0, false // can_deploy_by_external
	x := newContract(saleCode, cell.BeginCell().MustStoreBoolBit(complete).MustStoreUInt(created, 32).
		MustStoreAddr(to).MustStoreAddr(friendly(item)).MustStoreAddr(nil).
		MustStoreBigCoins(price.Big()).MustStoreRef(fees).MustStoreBoolBit(external))
	if err := x.deploy(c, market); err != nil {
		return ton.Address{}, fmt.Errorf("deploy sale: %w", err)
	}
	return x.address, nil
}
