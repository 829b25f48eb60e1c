package ton

import (
	"fmt"
	"unicode/utf8"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// readOutMsg reads a message of a payload: int_msg_info$0 of MessageRelaxed (block.tlb), with nothing in it but a
// destination, a value, the bounce flag and a body.
func readOutMsg(c *cell.Cell, mode uint8) (outMsg, error) {
	if err := CheckCells(c, maxMessageCells); err != nil {
		return outMsg{}, err
	}
	m, err := readEnvelope(c, mode)
	if err != nil {
		return outMsg{}, err
	}
	body, err := readBody(m.body)
	m.Op, m.Opcode, m.Comment, m.Detail = body.op, body.opcode, body.comment, body.detail
	if err == nil && m.init != nil {
		m.Op = OpDeploy
	}
	return m, err
}

// readEnvelope reads all of a message but the meaning of its body.
func readEnvelope(c *cell.Cell, mode uint8) (outMsg, error) {
	if err := checkMode(mode); err != nil {
		return outMsg{}, err
	}
	r := read(c)
	m, err := readHeader(r)
	if err != nil {
		return outMsg{}, err
	}
	m.Mode = mode
	if err := m.readInit(r); err != nil {
		return outMsg{}, err
	}
	if m.inRef = r.bit(); m.inRef {
		m.body = r.ref()
	} else {
		m.body = r.rest()
	}
	if r.err != nil {
		return outMsg{}, refuse(CodeUndecodable, "a message's body is cut: %v", r.err)
	}
	m.Body = [32]byte(m.body.HashKey())
	return m, nil
}

// readHeader reads up to the body. Fields of which only one value is canonical and that mean nothing are left to the
// comparison of hashes.
func readHeader(r *reader) (m outMsg, err error) {
	external := r.bit()
	r.bit() // ihr_disabled
	m.Bounce = r.bit()
	bounced, src := r.bit(), r.uint(2)
	if r.err == nil && external {
		return m, refuse(CodeOperationUnknown, "a message is external: it would be an event, not a transfer")
	}
	if r.err == nil && (bounced || src != 0) {
		return m, refuse(CodeMessageHeader, "a message claims to be bounced or to come from another account")
	}
	if m.To, err = readAddress(r); err != nil {
		return m, err
	}
	m.Value = r.coins()
	currencies, flags, fee := r.bit(), r.coins(), r.coins()
	lt, at := r.uint(64), r.uint(32)
	switch {
	case r.err != nil:
		return m, refuse(CodeUndecodable, "a message's header is cut: %v", r.err)
	case currencies:
		return m, refuse(CodeExtraCurrency, "a message carries extra currencies")
	case !flags.IsZero() || !fee.IsZero() || lt != 0 || at != 0:
		return m, refuse(CodeMessageHeader, "a message sets extra_flags, fees or creation time, which the chain sets")
	}
	return m, nil
}

// readInit reads (Maybe (Either StateInit ^StateInit)). The only one allowed is the destination's own: code and data
// whose hash is the address, and no more. It deploys what anyone could deploy there.
func (m *outMsg) readInit(r *reader) error {
	if !r.bit() {
		return nil
	}
	if m.initInRef = r.bit(); m.initInRef {
		m.init = r.ref()
	} else {
		m.init = r.stateInit()
	}
	if r.err != nil {
		return refuse(CodeStateInit, "a message's StateInit is cut: %v", r.err)
	}
	i := read(m.init)
	if flags := i.uint(5); flags != 0b00110 || i.ref() == nil || i.ref() == nil || !i.done() {
		return refuse(CodeStateInit, "a message's StateInit has other than code and data")
	}
	m.Init = [32]byte(m.init.HashKey())
	if m.Init != m.To.Hash {
		return refuse(CodeStateInit, "a message's StateInit is that of %x, it goes to %s", m.Init, m.To)
	}
	return nil
}

// stateInit returns an inline StateInit of code and data as a cell of its own; one with more has no other meaning here.
func (r *reader) stateInit() *cell.Cell {
	flags, code, data := r.uint(5), r.ref(), r.ref()
	if r.err != nil {
		return nil
	}
	return cell.BeginCell().MustStoreUInt(flags, 5).MustStoreRef(code).MustStoreRef(data).EndCell()
}

// readAddress reads a destination, which must be addr_std without anycast: with anycast it prints like the plain
// address and is another account. One that is cut leaves its error in r.
func readAddress(r *reader) (a Address, err error) {
	kind, anycast := r.uint(2), r.bit()
	if r.err == nil && kind != 0b10 {
		return a, refuse(CodeAddress, "a destination is not a standard address")
	}
	if r.err == nil && anycast {
		return a, refuse(CodeAddress, "a destination is an anycast address")
	}
	a.Workchain, a.Hash = int8(r.uint(8)), r.bits256()
	if a.Workchain != 0 && a.Workchain != -1 {
		return a, refuse(CodeAddress, "a destination is in workchain %d", a.Workchain)
	}
	return a, nil
}

// readSnake reads text that begins in s and goes on in a chain of single references, whole bytes in each cell and no
// cell empty (TEP-0, comment).
func readSnake(s *cell.Slice) (string, error) {
	var text []byte
	for {
		bits := s.BitsLeft()
		if bits%8 != 0 || s.RefsNum() > 1 {
			return "", refuse(CodeComment, "a comment has broken bytes or more than one continuation")
		}
		if len(text)+int(bits/8) > maxCommentBytes {
			return "", refuse(CodeComment, "a comment is longer than %d bytes", maxCommentBytes)
		}
		part, err := s.LoadSlice(bits)
		if err != nil {
			return "", refuse(CodeUndecodable, "a comment is cut: %v", err)
		}
		text = append(text, part...)
		if s.RefsNum() == 0 {
			break
		}
		if s, err = s.LoadRef(); err != nil || s.BitsLeft() == 0 {
			return "", refuse(CodeComment, "a comment goes on in an empty or missing cell")
		}
	}
	if !utf8.Valid(text) {
		return "", refuse(CodeComment, "a comment is not UTF-8")
	}
	return string(text), nil
}

// emitted reads a message as the chain carries it: source, fees and creation time are set by then, and a mode is no
// longer to be seen.
func emitted(m *tlb.InternalMessage) (out Message, err error) {
	out.Bounce = m.Bounce
	if out.To, err = fromTonutils(m.DstAddr); err != nil {
		return Message{}, err
	}
	if out.Value, err = NanoFromBig(m.Amount.Nano()); err != nil {
		return Message{}, err
	}
	out.Body = [32]byte(m.Body.HashKey())
	if body, err := readBody(m.Body); err == nil {
		out.Opcode, out.Comment, out.Detail = body.opcode, body.comment, body.detail
	} else if j, ok := jettonsIn(m.Body); ok {
		out.Detail = j
	}
	if m.StateInit == nil {
		return out, nil
	}
	init, err := m.StateInit.ToCell()
	if err != nil {
		return Message{}, fmt.Errorf("encode StateInit: %w", err)
	}
	out.Init = [32]byte(init.HashKey())
	return out, nil
}
