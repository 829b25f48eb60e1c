package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

// layout is what differs between the wallet contracts that an own wallet may have. There is one file for each.
type layout struct {
	code        *cell.Cell
	maxMessages int
	ids         ids
	data        func(id, seqno uint32, pub [32]byte) *cell.Cell // nil: it follows from more than these
	read        func(w Wallet, root *cell.Cell) (order, error)
	encode      func(w Wallet, o order) *cell.Cell
	head        func(r *reader) order // up to seqno or query id, without judging
	join        func(payload *cell.Cell, sig [64]byte) (*cell.Cell, error)
	split       func(body *cell.Cell) (payload *cell.Cell, sig [64]byte, err error)
}

// order is what a payload of any version says, with what its encoder was free to choose.
type order struct {
	op         uint32 // V5R1: which of its requests; V4R2: 0 for sending
	walletID   uint32
	validUntil uint32
	seqno      uint32 // HighloadV3: the query id
	msgs       []outMsg
	carrier    *outMsg // HighloadV3: the message to itself that brings the batch; nil for a single message
}

// layoutOf returns nil for a version that no own wallet may have.
func layoutOf(v Version) *layout {
	switch v {
	case V3R2:
		return &layoutV3
	case V4R2:
		return &layoutV4
	case V5R1:
		return &layoutV5
	case HighloadV3:
		return &layoutHighload
	case PolicyV1:
		return &layoutPolicy
	}
	return nil
}

// ids are the wallet ids of a version: that of a subwallet, its inverse, and how many subwallets there are.
type ids struct {
	of        func(globalID int32, subwallet uint16) uint32
	subwallet func(globalID int32, id uint32) uint32
	count     uint32
}

// plainIDs count from base on and don't bind the network.
func plainIDs(base uint32) ids {
	return ids{
		of:        func(_ int32, subwallet uint16) uint32 { return base + uint32(subwallet) },
		subwallet: func(_ int32, id uint32) uint32 { return id - base },
		count:     1 << 16,
	}
}
