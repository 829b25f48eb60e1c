package ton

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Decode reads the whole meaning of a payload of w, or refuses it with a *Refusal. What it returns is everything that
// the signature would cover: encoding it again gives the same hash, which Decode checks.
func Decode(w Wallet, payload []byte) (Transaction, error) {
	if err := w.check(); err != nil {
		return Transaction{}, err
	}
	root, err := readCells(payload)
	if err != nil {
		return Transaction{}, err
	}
	head, list, err := readPayload(w, root)
	if err != nil {
		return Transaction{}, err
	}
	msgs, err := readOutList(list)
	if err != nil {
		return Transaction{}, err
	}
	if encodePayload(w.ID, head.seqno, head.validUntil, msgs).HashKey() != root.HashKey() {
		return Transaction{}, refuse(CodeNotCanonical, "payload holds more than it says: surplus bits or references, or a number written longer than needed")
	}
	t := Transaction{
		Wallet: w.Address, Version: w.Version, WalletID: w.ID, Seqno: head.seqno,
		ValidUntil: time.Unix(int64(head.validUntil), 0).UTC(), SigningHash: [32]byte(root.HashKey()),
	}
	for _, m := range msgs {
		t.Messages = append(t.Messages, m.Message)
	}
	return t, nil
}

// payloadHead is what a V5R1 payload begins with.
type payloadHead struct {
	op, walletID, validUntil, seqno uint32
}

func readHead(r *reader) (h payloadHead) {
	for _, field := range []*uint32{&h.op, &h.walletID, &h.validUntil, &h.seqno} {
		*field = uint32(r.uint(32))
	}
	return h
}

// readPayload reads external_signed of V5R1 without its signature and returns the head and the action list:
//
//	signed_request$_ op:uint32 wallet_id:uint32 valid_until:uint32 seqno:uint32
//	  out_actions:(Maybe ^OutList) has_other_actions:(## 1) …
func readPayload(w Wallet, root *cell.Cell) (payloadHead, *cell.Cell, error) {
	r := read(root)
	head := readHead(r)
	hasList := r.bit()
	hasOther := r.bit()
	if r.err != nil {
		return head, nil, refuse(CodeUndecodable, "payload is too short for %s: %v", w.Version, r.err)
	}
	switch {
	case head.op != opExternalSigned:
		return head, nil, refuse(CodeOperationUnknown, "payload is %s, want external_signed (%08x)", opName(head.op), opExternalSigned)
	case head.walletID != w.ID:
		return head, nil, refuse(CodeWalletID, "payload is for wallet id %08x, this wallet is %08x", head.walletID, w.ID)
	case hasOther:
		return head, nil, refuse(CodeOperationUnknown, "payload has an extended action: %s", extendedName(r))
	case !hasList:
		return head, nil, refuse(CodeNoMessage, "payload sends no message")
	}
	list := r.ref()
	if r.err != nil {
		return head, nil, refuse(CodeUndecodable, "action list is missing: %v", r.err)
	}
	return head, list, nil
}

// readOutList returns the messages of an action list in order of execution, which is from the innermost cell outwards.
//
//	out_list_empty$_ = OutList 0;
//	out_list$_ {n:#} prev:^(OutList n) action:OutAction = OutList (n + 1);
//	action_send_msg#0ec3c86d mode:(## 8) out_msg:^(MessageRelaxed Any) = OutAction;
func readOutList(list *cell.Cell) (msgs []outMsg, err error) {
	for list.BitsSize() > 0 || list.RefsNum() > 0 {
		if len(msgs) == maxMessages {
			return nil, refuse(CodeTooLarge, "more than %d messages", maxMessages)
		}
		r := read(list)
		list = r.ref()
		tag, mode := uint32(r.uint(32)), uint8(r.uint(8))
		if name, ok := otherActions[tag]; ok {
			return nil, refuse(CodeOperationUnknown, "action %08x is %s, only messages are sent", tag, name)
		}
		if tag != tagSendMsg && r.err == nil {
			return nil, refuse(CodeOperationUnknown, "action %08x is not known, only messages are sent", tag)
		}
		m := r.ref()
		if r.err != nil {
			return nil, refuse(CodeUndecodable, "action list is cut: %v", r.err)
		}
		out, err := readOutMsg(m, mode)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, out)
	}
	if len(msgs) == 0 {
		return nil, refuse(CodeNoMessage, "payload sends no message")
	}
	slices.Reverse(msgs)
	return msgs, nil
}

// The actions that a payload may hold besides messages, all refused.
var otherActions = map[uint32]string{0xad4de08e: "set_code", 0x36e6b809: "reserve_currency", 0x26fa1dd4: "change_library"}

// extendedName names a V5R1 extended action by its 8-bit tag.
func extendedName(r *reader) string {
	tag := r.uint(8)
	if r.err != nil {
		return "cut short"
	}
	names := map[uint64]string{2: "add_extension", 3: "remove_extension", 4: "set_signature_allowed"}
	if name, ok := names[tag]; ok {
		return fmt.Sprintf("%02x %s", tag, name)
	}
	return fmt.Sprintf("%02x is not known", tag)
}

// sendMode is the one mode that is signed: fees are paid from the balance, so that the value arrives as declared (1),
// and a message that can't be sent is left out, so that the seqno is used up all the same (2). Without 2 V5R1 spends
// the seqno and sends nothing.
const sendMode = 1 | 2

func checkMode(mode uint8) error {
	if mode == sendMode {
		return nil
	}
	var flags []string
	for _, f := range []struct {
		bit  uint8
		name string
	}{{128, "carry all of the balance"}, {64, "carry the incoming value"}, {32, "destroy the account"}, {16, "bounce on failure"}, {12, "undefined"}} {
		if mode&f.bit != 0 {
			flags = append(flags, fmt.Sprintf("has %d (%s)", mode&f.bit, f.name))
		}
	}
	if mode&1 == 0 {
		flags = append(flags, "lacks 1 (pay fees separately)")
	}
	if mode&2 == 0 {
		flags = append(flags, "lacks 2 (ignore errors)")
	}
	return refuse(CodeSendMode, "send mode is %d, want exactly %d: %s", mode, sendMode, strings.Join(flags, ", "))
}
