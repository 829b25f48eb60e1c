package ton

import (
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashV5R1 is the representation hash of the code of W5 revision 1
// (github.com/ton-blockchain/wallet-contract-v5, build/wallet_v5.compiled.json).
const codeHashV5R1 = "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f"

// Operations and tags of the V5R1 layout (wallet-contract-v5 types.tlb; block.tlb OutAction).
const (
	opExternalSigned = 0x7369676e
	opInternalSigned = 0x73696e74
	opExtension      = 0x6578746e
	tagSendMsg       = 0x0ec3c86d
)

// layoutV5 sends an action list:
//
//	signed_request$_ op:uint32 wallet_id:uint32 valid_until:uint32 seqno:uint32
//	  out_actions:(Maybe ^OutList) has_other_actions:(## 1) …
var layoutV5 = layout{
	code: codeOf(V5R1, codeHashV5R1, wallet.ConfigV5R1Final{}), maxMessages: maxMessages,
	ids: ids{of: walletID, subwallet: subwalletOf, count: 1 << 15}, data: dataV5R1,
	head: headV5, read: readV5, encode: encodeV5, join: joinBehind, split: splitBehind,
}

// walletID packs client context 1, workchain 0, version 0 and the subwallet, and binds the network by exclusive or
// (wallet-contract-v5, "wallet_id"). The binding holds for one subwallet only: subwallet 0 of mainnet has the id, the
// address and so the signatures of subwallet 236 of testnet. A key must not be used on two networks. A subwallet has
// 15 bits: one more would run into the version.
func walletID(globalID int32, subwallet uint16) uint32 {
	return (1<<31 | uint32(subwallet)) ^ uint32(globalID)
}

func subwalletOf(globalID int32, id uint32) uint32 { return id ^ walletID(globalID, 0) }

func headV5(r *reader) (o order) {
	for _, field := range []*uint32{&o.op, &o.walletID, &o.validUntil, &o.seqno} {
		*field = uint32(r.uint(32))
	}
	return o
}

// readV5 reads a signed request without its signature; which of its two operations is allowed is the caller's affair.
func readV5(w Wallet, root *cell.Cell) (order, error) {
	r := read(root)
	o := headV5(r)
	hasList := r.bit()
	hasOther := r.bit()
	if r.err != nil {
		return o, refuse(CodeUndecodable, "payload is too short for %s: %v", w.Version, r.err)
	}
	switch {
	case o.op != opExternalSigned && o.op != opInternalSigned:
		return o, refuse(CodeOperationUnknown, "payload is %s, want external_signed (%08x)", opName(o.op), opExternalSigned)
	case o.walletID != w.ID:
		return o, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", o.walletID, w.ID)
	case hasOther:
		return o, refuse(CodeOperationUnknown, "payload has an extended action: %s", extendedName(r))
	case !hasList:
		return o, refuse(CodeNoMessage, "payload sends no message")
	}
	list := r.ref()
	if r.err != nil {
		return o, refuse(CodeUndecodable, "action list is missing: %v", r.err)
	}
	var err error
	o.msgs, err = readOutList(list, maxMessages)
	return o, err
}

// encodeV5 writes the one V5R1 payload that says this.
func encodeV5(w Wallet, o order) *cell.Cell {
	return cell.BeginCell().
		MustStoreUInt(uint64(o.op), 32).
		MustStoreUInt(uint64(w.ID), 32).
		MustStoreUInt(uint64(o.validUntil), 32).
		MustStoreUInt(uint64(o.seqno), 32).
		MustStoreMaybeRef(outList(o.msgs)).
		MustStoreBoolBit(false). // no extended actions
		EndCell()
}

// dataV5R1 is the data of a V5R1 wallet without extensions.
func dataV5R1(id, seqno uint32, pub [32]byte) *cell.Cell {
	return cell.BeginCell().
		MustStoreBoolBit(true).
		MustStoreUInt(uint64(seqno), 32).
		MustStoreUInt(uint64(id), 32).
		MustStoreSlice(pub[:], 256).
		MustStoreBoolBit(false).
		EndCell()
}
