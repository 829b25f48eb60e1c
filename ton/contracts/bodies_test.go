package contracts

import (
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// transfer is a jetton transfer, good but for what change does to it.
func (w *wallet) transfer(units uint64, change func(*jettonBody)) *cell.Cell {
	j := jettonBody{amount: units, to: ton.Address{Hash: payee}, response: w.addr, forward: 1}
	if change != nil {
		change(&j)
	}
	b := cell.BeginCell().MustStoreUInt(opJettonTransfer, 32).MustStoreUInt(7, 64)
	storeCoins(b, ton.NanoOf(j.amount))
	storeMaybeAddress(storeMaybeAddress(b, j.to), j.response)
	storeCoins(b.MustStoreMaybeRef(j.custom), ton.NanoOf(j.forward))
	return b.MustStoreBoolBit(false).EndCell()
}

type jettonBody struct {
	amount, forward uint64
	to, response    ton.Address
	custom          *cell.Cell
}

func op(code uint64) *cell.Cell { return cell.BeginCell().MustStoreUInt(code, 32).EndCell() }

func comment(text string) *cell.Cell {
	return cell.BeginCell().MustStoreUInt(0, 32).MustStoreStringSnake(text).EndCell()
}
