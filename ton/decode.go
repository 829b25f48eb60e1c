package ton

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Decode reads the whole meaning of a payload of w, or refuses it with a *Refusal. What it returns is everything that
// the signature would cover: encoding it again gives the same hash, which Decode checks. It reads what the owner sends
// to the chain; what a relayer may carry there is read by DecodeGasless alone.
func Decode(w Wallet, payload []byte) (Transaction, error) { return decode(w, payload, External) }

func decode(w Wallet, payload []byte, kind Kind) (Transaction, error) {
	if err := w.check(); err != nil {
		return Transaction{}, err
	}
	root, err := readCells(payload)
	if err != nil {
		return Transaction{}, err
	}
	l := layoutOf(w.Version)
	o, err := l.read(w, root)
	if err != nil {
		return Transaction{}, err
	}
	if got := kindOf(w, o); got != kind {
		return Transaction{}, refuse(CodeOperationUnknown, "payload is %s (%s), want %s", opName(o.op), got, kind)
	}
	if l.encode(w, o).HashKey() != root.HashKey() {
		return Transaction{}, refuse(CodeNotCanonical, "payload holds more than it says: surplus bits or references, or a number written longer than needed")
	}
	return o.transaction(w, kind, [32]byte(root.HashKey())), nil
}

func kindOf(w Wallet, o order) Kind {
	if w.Version == V5R1 && o.op == opInternalSigned {
		return Gasless
	}
	return External
}

func (o order) transaction(w Wallet, kind Kind, signingHash [32]byte) Transaction {
	t := Transaction{
		Kind: kind, Wallet: w.Address, Version: w.Version, WalletID: w.ID,
		ValidUntil: unix(o.validUntil), SigningHash: signingHash,
	}
	if w.Version == HighloadV3 {
		t.QueryID, t.NotBefore = o.seqno, t.ValidUntil.Add(-highloadTimeout*time.Second)
	} else {
		t.Seqno = o.seqno
	}
	if o.carrier != nil {
		t.Carrier = o.carrier.Message
	}
	for _, m := range o.msgs {
		t.Messages = append(t.Messages, m.Message)
	}
	return t
}

func unix(seconds uint32) time.Time { return time.Unix(int64(seconds), 0).UTC() }

// readOutList returns the messages of an action list in order of execution, which is from the innermost cell outwards.
//
//	out_list_empty$_ = OutList 0;
//	out_list$_ {n:#} prev:^(OutList n) action:OutAction = OutList (n + 1);
//	action_send_msg#0ec3c86d mode:(## 8) out_msg:^(MessageRelaxed Any) = OutAction;
func readOutList(list *cell.Cell, most int) (msgs []outMsg, err error) {
	for list.BitsSize() > 0 || list.RefsNum() > 0 {
		if len(msgs) == most {
			return nil, refuse(CodeTooLarge, "more than %d messages", most)
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
