package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Transfer is one payment to build.
type Transfer struct {
	To      Address
	Value   Nano
	Bounce  bool       // see Bounces
	Comment string     // UTF-8, at most 1,024 bytes; "" for an empty body
	Mode    uint8      // 0 means 3, the only one that is built
	Body    *cell.Cell // an operation instead of a comment; nil for none
	Init    *cell.Cell // a StateInit whose hash is To's; nil for none
}

// Build returns the payload of w that sends t in this order, as many messages as its version takes: a bag of cells of
// the cell whose hash is signed. validUntil is cut to whole seconds. What Decode would refuse is refused here too, with
// its Refusal. Only the coordinator builds, and once; everyone else decodes.
//
// seqno is the query id of a HighloadV3 wallet, whose payload is created as long before validUntil as that wallet's
// timeout is: the contract takes it only from then on, so validUntil is at most an hour ahead.
func Build(w Wallet, seqno uint32, validUntil time.Time, t []Transfer) (payload []byte, err error) {
	if payload, err = build(w, sendOp(w.Version), seqno, validUntil, t); err != nil {
		return nil, err
	}
	if _, err := Decode(w, payload); err != nil {
		return nil, err
	}
	return payload, nil
}

// build writes what its caller has yet to decode.
func build(w Wallet, op, seqno uint32, validUntil time.Time, t []Transfer) (payload []byte, err error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	until := validUntil.Unix()
	if until < 0 || until > 1<<32-1 || w.Version == HighloadV3 && until < highloadTimeout {
		return nil, fmt.Errorf("build payload: valid_until %s does not fit", validUntil)
	}
	l := layoutOf(w.Version)
	if len(t) > l.maxMessages {
		return nil, refuse(CodeTooLarge, "%d messages, at most %d fit", len(t), l.maxMessages)
	}
	o := order{op: op, walletID: w.ID, validUntil: uint32(until), seqno: seqno, msgs: make([]outMsg, len(t))}
	for i, x := range t {
		if o.msgs[i], err = newOutMsg(x); err != nil {
			return nil, err
		}
	}
	if err := o.pack(w); err != nil {
		return nil, err
	}
	return l.encode(w, o).ToBOC(), nil
}

func sendOp(v Version) uint32 {
	switch v {
	case V5R1:
		return opExternalSigned
	case PolicyV1:
		return opSpend
	}
	return 0
}

// pack brings messages into the form of w's version, and refuses what can't be written at all.
func (o *order) pack(w Wallet) error {
	switch w.Version {
	case HighloadV3:
		return o.packHighload(w)
	case PolicyV1:
		return o.checkPolicy()
	}
	return nil
}

// packHighload adds the message that brings a batch.
func (o *order) packHighload(w Wallet) error {
	if o.seqno >= 1<<23 {
		return refuse(CodeNotCanonical, "query id %d has more than 23 bits", o.seqno)
	}
	if len(o.msgs) == 0 {
		return refuse(CodeNoMessage, "payload sends no message")
	}
	if len(o.msgs) > 1 {
		o.carrier = &outMsg{Message: Message{Mode: sendMode, To: w.Address, Value: NanoOf(highloadCarrier)}}
	}
	return nil
}

func newOutMsg(t Transfer) (outMsg, error) {
	if len(t.Comment) > maxCommentBytes {
		return outMsg{}, refuse(CodeComment, "comment has %d bytes, at most %d are sent", len(t.Comment), maxCommentBytes)
	}
	m := outMsg{Message: Message{Mode: t.Mode, Bounce: t.Bounce, To: t.To, Value: t.Value}, body: t.Body, init: t.Init, initInRef: true}
	if m.body == nil {
		m.body = commentBody(t.Comment)
	} else if t.Comment != "" {
		return outMsg{}, refuse(CodeComment, "a message has either a comment or a body")
	}
	for _, c := range []*cell.Cell{t.Body, t.Init} {
		if c == nil {
			continue
		}
		if err := CheckCells(c, maxMessageCells); err != nil { // an exotic cell's bits would be copied like an ordinary one's
			return outMsg{}, err
		}
	}
	if m.Mode == 0 {
		m.Mode = sendMode
	}
	m.inRef = m.body.RefsNum() > 2 || headerBits+8*valueBytes(t.Value)+m.body.BitsSize() > 1023
	return m, nil
}

// EncodeMessage returns the cell of one message, MessageRelaxed (block.tlb), for who sends it in another way than by a
// payload of a wallet: the owner of a policy wallet.
func EncodeMessage(t Transfer) (*cell.Cell, error) {
	m, err := newOutMsg(t)
	if err != nil {
		return nil, err
	}
	return m.encode(), nil
}

// DecodeMessage reads what EncodeMessage writes, and refuses what no payload may hold.
func DecodeMessage(c *cell.Cell) (Message, error) {
	m, err := readOutMsg(c, sendMode)
	if err == nil && m.encode().HashKey() != c.HashKey() {
		err = refuse(CodeNotCanonical, "message holds more than it says")
	}
	return m.Message, err
}

// headerBits is the size of an internal message's header in its own cell, the bytes of its value apart: flags 4,
// source 2, destination 267, length of value 4, currencies 1, fees 4 + 4, created_lt 64, created_at 32, init 2 (a second bit says that it is in a reference), body 1.
const headerBits = 4 + 2 + 267 + 4 + 1 + 4 + 4 + 64 + 32 + 2 + 1

func valueBytes(n Nano) uint { return uint(n.Big().BitLen()+7) / 8 }

// commentBody returns an empty cell, or op 0 and the text as a snake: inline, the rest in a chain of references.
func commentBody(text string) *cell.Cell {
	b := cell.BeginCell()
	if text != "" {
		b.MustStoreUInt(0, 32).MustStoreStringSnake(text)
	}
	return b.EndCell()
}

// outMsg is a message together with what its encoder was free to choose.
type outMsg struct {
	Message
	body      *cell.Cell
	inRef     bool       // the body is in a cell of its own, else in the message's
	init      *cell.Cell // StateInit; nil for none
	initInRef bool
}

// encode writes the one cell this message has: every field that isn't the message's own is fixed.
func (m outMsg) encode() *cell.Cell {
	b := cell.BeginCell().
		MustStoreUInt(0b01, 2). // int_msg_info$0, ihr_disabled:1 as every SDK writes it
		MustStoreBoolBit(m.Bounce).
		MustStoreUInt(0b0_00, 3). // bounced:0 src:addr_none
		MustStoreUInt(0b10_0, 3). // dest:addr_std, no anycast
		MustStoreInt(int64(m.To.Workchain), 8).
		MustStoreSlice(m.To.Hash[:], 256).
		MustStoreBigCoins(m.Value.Big()).
		MustStoreBoolBit(false). // no extra currencies
		MustStoreUInt(0, 4+4).   // extra_flags (ihr_fee before global version 12), fwd_fee
		MustStoreUInt(0, 64).    // created_lt
		MustStoreUInt(0, 32)     // created_at
	m.storeInit(b)
	b.MustStoreBoolBit(m.inRef) // body: Either X ^X
	if m.inRef {
		return b.MustStoreRef(m.body).EndCell()
	}
	return b.MustStoreBuilder(m.body.ToBuilder()).EndCell()
}

// storeInit writes (Maybe (Either StateInit ^StateInit)).
func (m outMsg) storeInit(b *cell.Builder) {
	b.MustStoreBoolBit(m.init != nil)
	if m.init == nil {
		return
	}
	if b.MustStoreBoolBit(m.initInRef); m.initInRef {
		b.MustStoreRef(m.init)
		return
	}
	b.MustStoreBuilder(m.init.ToBuilder())
}

// outList writes an action list of messages, the last outermost (block.tlb OutList).
func outList(msgs []outMsg) *cell.Cell {
	list := cell.BeginCell().EndCell()
	for _, m := range msgs {
		list = cell.BeginCell().
			MustStoreRef(list).
			MustStoreUInt(tagSendMsg, 32).
			MustStoreUInt(uint64(m.Mode), 8).
			MustStoreRef(m.encode()).
			EndCell()
	}
	return list
}
