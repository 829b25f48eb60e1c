package ton

import (
	"fmt"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Operations and tags of the V5R1 layout (wallet-contract-v5 types.tlb; block.tlb OutAction).
const (
	opExternalSigned = 0x7369676e
	opInternalSigned = 0x73696e74
	opExtension      = 0x6578746e
	tagSendMsg       = 0x0ec3c86d
)

// Transfer is one payment to build.
type Transfer struct {
	To      Address
	Value   Nano
	Bounce  bool   // see Bounces
	Comment string // UTF-8, at most 1,024 bytes; "" for an empty body
	Mode    uint8  // 0 means 3, the only one that is built
}

// Build returns the payload of w that sends t, 1 to 255 messages, in this order: a bag of cells of the cell whose hash
// is signed, which is the external message's body without its signature. validUntil is cut to whole seconds. What
// Decode would refuse is refused here too, with its Refusal. Only the coordinator builds, and once; everyone else
// decodes.
func Build(w Wallet, seqno uint32, validUntil time.Time, t []Transfer) (payload []byte, err error) {
	until := validUntil.Unix()
	if until < 0 || until > 1<<32-1 {
		return nil, fmt.Errorf("build payload: valid_until %s does not fit 32 bits", validUntil)
	}
	if len(t) > maxMessages {
		return nil, refuse(CodeTooLarge, "%d messages, at most %d fit", len(t), maxMessages)
	}
	msgs := make([]outMsg, len(t))
	for i, x := range t {
		if msgs[i], err = newOutMsg(x); err != nil {
			return nil, err
		}
	}
	payload = encodePayload(w.ID, seqno, uint32(until), msgs).ToBOC()
	if _, err := Decode(w, payload); err != nil {
		return nil, err
	}
	return payload, nil
}

func newOutMsg(t Transfer) (outMsg, error) {
	if len(t.Comment) > maxCommentBytes {
		return outMsg{}, refuse(CodeComment, "comment has %d bytes, at most %d are sent", len(t.Comment), maxCommentBytes)
	}
	m := outMsg{Message: Message{Mode: t.Mode, Bounce: t.Bounce, To: t.To, Value: t.Value}, body: commentBody(t.Comment)}
	if m.Mode == 0 {
		m.Mode = sendMode
	}
	m.inRef = headerBits+8*valueBytes(t.Value)+m.body.BitsSize() > 1023
	return m, nil
}

// headerBits is the size of an internal message's header in its own cell, the bytes of its value apart: flags 4,
// source 2, destination 267, length of value 4, currencies 1, fees 4 + 4, created_lt 64, created_at 32, init 1, body 1.
const headerBits = 4 + 2 + 267 + 4 + 1 + 4 + 4 + 64 + 32 + 1 + 1

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
	body  *cell.Cell
	inRef bool // the body is in a cell of its own, else in the message's
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
		MustStoreBoolBit(false).  // no extra currencies
		MustStoreUInt(0, 4+4).    // extra_flags (ihr_fee before global version 12), fwd_fee
		MustStoreUInt(0, 64).     // created_lt
		MustStoreUInt(0, 32).     // created_at
		MustStoreBoolBit(false).  // no StateInit
		MustStoreBoolBit(m.inRef) // body: Either X ^X
	if m.inRef {
		return b.MustStoreRef(m.body).EndCell()
	}
	return b.MustStoreBuilder(m.body.ToBuilder()).EndCell()
}

// encodePayload writes the one V5R1 payload that says this.
func encodePayload(id, seqno, validUntil uint32, msgs []outMsg) *cell.Cell {
	list := cell.BeginCell().EndCell()
	for _, m := range msgs {
		list = cell.BeginCell().
			MustStoreRef(list).
			MustStoreUInt(tagSendMsg, 32).
			MustStoreUInt(uint64(m.Mode), 8).
			MustStoreRef(m.encode()).
			EndCell()
	}
	return cell.BeginCell().
		MustStoreUInt(opExternalSigned, 32).
		MustStoreUInt(uint64(id), 32).
		MustStoreUInt(uint64(validUntil), 32).
		MustStoreUInt(uint64(seqno), 32).
		MustStoreMaybeRef(list).
		MustStoreBoolBit(false). // no extended actions
		EndCell()
}
