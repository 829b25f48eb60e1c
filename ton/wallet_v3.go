package ton

import (
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// codeHashV3R2 is the representation hash of wallet V3, revision 2.
const codeHashV3R2 = "84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599"

// subwalletV3 is the id that every wallet application gives the first V3 and V4 wallet of a key in workchain 0.
const subwalletV3 = 698983191

// maxRefs is how many messages a V3 or V4 payload can refer to: the references of one cell.
const maxRefs = 4

// layoutV3 sends up to four messages, which its payload refers to directly:
//
//	subwallet_id:uint32 valid_until:uint32 seqno:uint32 (mode:uint8 ^MessageRelaxed)*
//
// The contract sends whatever mode says, and keeps its seqno if that fails: mode 3 is what makes a payload run once.
var layoutV3 = layout{
	code: codeOf(V3R2, codeHashV3R2, wallet.V3R2), maxMessages: maxRefs,
	ids: plainIDs(subwalletV3), data: dataV3,
	head: headV3, read: readV3, encode: encodeV3, join: joinFront, split: splitFront,
}

func headV3(r *reader) (o order) {
	o.walletID, o.validUntil, o.seqno = uint32(r.uint(32)), uint32(r.uint(32)), uint32(r.uint(32))
	return o
}

func readV3(w Wallet, root *cell.Cell) (order, error) {
	r := read(root)
	o := headV3(r)
	switch {
	case r.err != nil:
		return o, refuse(CodeUndecodable, "payload is too short for %s: %v", w.Version, r.err)
	case o.walletID != w.ID:
		return o, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", o.walletID, w.ID)
	}
	return o, o.readInline(r)
}

func encodeV3(w Wallet, o order) *cell.Cell {
	b := cell.BeginCell().MustStoreUInt(uint64(w.ID), 32).MustStoreUInt(uint64(o.validUntil), 32).MustStoreUInt(uint64(o.seqno), 32)
	return o.storeInline(b).EndCell()
}

func dataV3(id, seqno uint32, pub [32]byte) *cell.Cell {
	return cell.BeginCell().MustStoreUInt(uint64(seqno), 32).MustStoreUInt(uint64(id), 32).MustStoreSlice(pub[:], 256).EndCell()
}

// readInline reads pairs of a mode and a referenced message up to the payload's end. The contracts stop at the last
// reference and ignore bits behind it; the comparison of hashes refuses those.
func (o *order) readInline(r *reader) error {
	for r.s.RefsNum() > 0 {
		mode, m := uint8(r.uint(8)), r.ref()
		if r.err != nil {
			return refuse(CodeUndecodable, "a message's mode is missing: %v", r.err)
		}
		out, err := readOutMsg(m, mode)
		if err != nil {
			return err
		}
		o.msgs = append(o.msgs, out)
	}
	if len(o.msgs) == 0 {
		return refuse(CodeNoMessage, "payload sends no message")
	}
	return nil
}

func (o order) storeInline(b *cell.Builder) *cell.Builder {
	for _, m := range o.msgs {
		b.MustStoreUInt(uint64(m.Mode), 8).MustStoreRef(m.encode())
	}
	return b
}
