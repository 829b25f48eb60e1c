package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

// Transfer writes j as the body of a transfer, without a custom payload, and with nothing but its comment for the
// receiver.
func (j Jetton) Transfer() *cell.Cell {
	return storeComment(j.transfer(), j.Payload.Comment).EndCell()
}

// TransferFee writes j as the transfer of a relayer's fee, which says so in its forward payload.
func (j Jetton) TransferFee() *cell.Cell {
	fee := cell.BeginCell().MustStoreUInt(opRelayerFee, 32).EndCell()
	return j.transfer().MustStoreBoolBit(true).MustStoreRef(fee).EndCell()
}

func (j Jetton) transfer() *cell.Builder {
	b := cell.BeginCell().MustStoreUInt(opJettonTransfer, 32).MustStoreUInt(j.QueryID, 64).MustStoreBigCoins(j.Amount.Big())
	storeAddress(b, j.Destination)
	storeAddress(b, j.Response)
	return b.MustStoreBoolBit(false).MustStoreBigCoins(j.Forward.Big())
}

// Burn writes j as the body of a burn.
func (j Jetton) Burn() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(opJettonBurn, 32).MustStoreUInt(j.QueryID, 64).MustStoreBigCoins(j.Amount.Big())
	storeAddress(b, j.Response)
	return b.MustStoreBoolBit(false).EndCell()
}

// Transfer writes n as the body of a transfer, with nothing but its comment for the new owner.
func (n NFT) Transfer() *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(opNFTTransfer, 32).MustStoreUInt(n.QueryID, 64)
	storeAddress(b, n.NewOwner)
	storeAddress(b, n.Response)
	b.MustStoreBoolBit(false).MustStoreBigCoins(n.Forward.Big())
	return storeComment(b, n.Payload.Comment).EndCell()
}

// storeComment writes forward_payload:(Either Cell ^Cell).
func storeComment(b *cell.Builder, text string) *cell.Builder {
	if text == "" {
		return b.MustStoreBoolBit(false)
	}
	return b.MustStoreBoolBit(true).MustStoreRef(commentBody(text))
}
