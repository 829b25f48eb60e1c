package ton

import (
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashV4R2 is the representation hash of wallet V4, revision 2.
const codeHashV4R2 = "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0"

// layoutV4 is V3 with an operation, of which only sending is read: a plugin can take coins without a signature.
//
//	subwallet_id:uint32 valid_until:uint32 seqno:uint32 op:uint8 (mode:uint8 ^MessageRelaxed)*
var layoutV4 = layout{
	code: codeOf(V4R2, codeHashV4R2, wallet.V4R2), maxMessages: maxRefs,
	ids: plainIDs(subwalletV3), data: dataV4,
	head: headV4, read: readV4, encode: encodeV4, join: joinFront, split: splitFront,
}

func headV4(r *reader) order {
	o := headV3(r)
	o.op = uint32(r.uint(8))
	return o
}

func readV4(w Wallet, root *cell.Cell) (order, error) {
	r := read(root)
	o := headV4(r)
	switch {
	case r.err != nil:
		return o, refuse(CodeUndecodable, "payload is too short for %s: %v", w.Version, r.err)
	case o.walletID != w.ID:
		return o, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", o.walletID, w.ID)
	case o.op != 0:
		return o, refuse(CodeOperationUnknown, "payload is a plugin operation: %s", pluginName(o.op))
	}
	return o, o.readInline(r)
}

func pluginName(op uint32) string {
	names := [...]string{1: "1 deploy_and_install", 2: "2 install", 3: "3 remove"}
	if int(op) < len(names) {
		return names[op]
	}
	return "not known"
}

func encodeV4(w Wallet, o order) *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(uint64(w.ID), 32).MustStoreUInt(uint64(o.validUntil), 32).
		MustStoreUInt(uint64(o.seqno), 32).MustStoreUInt(uint64(o.op), 8)
	return o.storeInline(b).EndCell()
}

func dataV4(id, seqno uint32, pub [32]byte) *cell.Cell {
	return dataV3(id, seqno, pub).ToBuilder().MustStoreBoolBit(false).EndCell() // no plugins
}
