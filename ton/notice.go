package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

const (
	opInternalTransfer  = 0x178d4519 // TEP-74: a jetton wallet to the receiver's
	opBurnNotification  = 0x7bdd97de // TEP-74: a jetton wallet to its master
	opOwnershipAssigned = 0x05138d91 // TEP-62: an item to its new owner
	opExcesses          = 0xd53276db // the coins that are left
)

// Notice is what one contract of a jetton or an item tells the next about what it was asked to do.
type Notice struct {
	QueryID  uint64
	Amount   Nano    // of jettons
	From     Address // who sent or burned them, or owned the item before
	Response Address // who gets the coins that are left; zero: nobody
	Forward  Nano    // coins that go on to the receiver
	Payload  Payload // what goes on to the receiver
}

func (Notice) own() []party { return nil }

// notices are those that are read. A burn's may say more: that is between contracts of one jetton.
var notices = map[uint32]func(*reader) Notice{
	opInternalTransfer: func(r *reader) Notice {
		return Notice{QueryID: r.uint(64), Amount: r.amount(), From: r.address(), Response: r.address(), Forward: r.amount(), Payload: readForward(r)}
	},
	opBurnNotification: func(r *reader) Notice {
		n := Notice{QueryID: r.uint(64), Amount: r.amount(), From: r.address(), Response: r.address()}
		r.takeRest()
		return n
	},
	opOwnershipAssigned: func(r *reader) Notice {
		return Notice{QueryID: r.uint(64), From: r.address(), Payload: readForward(r)}
	},
	opExcesses: func(r *reader) Notice { return Notice{QueryID: r.uint(64)} },
}

// readNotice reads the body of an emitted message. Its detail is nil for another one, or one that isn't in its layout.
func readNotice(body *cell.Cell) (opcode uint32, detail Detail) {
	r := read(body)
	opcode = uint32(r.uint(32))
	layout, ok := notices[opcode]
	if r.err != nil || !ok {
		return opcode, nil
	}
	n := layout(r)
	if r.end("a notice") != nil {
		return opcode, nil
	}
	return opcode, n
}
