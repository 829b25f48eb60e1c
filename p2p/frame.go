package p2p

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// form says what a frame is for.
type form uint8

const (
	formNone    form = iota // refused, so that a zeroed frame is
	formHello               // the first frame each way
	formRefuse              // in place of, or in answer to, a hello: the reason
	formBeat                // id is the sender's clock
	formEcho                // id is that of the heartbeat it answers
	formRequest             // opens the call id
	formReply               // settles the call id
	formFailure             // settles it with the handler's error
	formBusy                // settles it unhandled
	formSession             // a frame of the session
	forms
)

// frame is one message on a link.
//
// On the wire, big-endian: kind (1 byte), form (1), length of the body (4); then by form a session (32), or an id (8)
// and for requests the milliseconds left (4); then the body. A new form or field needs a new protocol id.
type frame struct {
	form    form
	kind    Kind
	left    uint32 // milliseconds until the caller's deadline
	id      uint64
	session [32]byte
	body    []byte
}

const headerSize = 6

// idSizes is how many bytes of ids follow the header of each form.
var idSizes = [forms]int{
	formBeat: 8, formEcho: 8, formRequest: 12, formReply: 8, formFailure: 8, formBusy: 8, formSession: 32,
}

// errProtocol is wrapped by errors that only a peer that breaks the protocol causes.
var errProtocol = errors.New("protocol violation")

// kinds are the declared kinds with their caps.
type kinds map[Kind]Limit

// bound returns the largest body a frame of that form and kind may have.
func (k kinds) bound(f form, kind Kind) (int, error) {
	switch f {
	case formHello:
		return helloCap, nil
	case formRefuse, formFailure:
		return reasonCap, nil
	case formBeat:
		return heartbeatCap, nil
	case formEcho, formBusy:
		return 0, nil
	case formRequest, formSession, formReply:
		limit, ok := k[kind]
		if !ok {
			return 0, fmt.Errorf("%w: unknown kind %d", errProtocol, kind)
		}
		if f == formReply {
			return limit.Reply, nil
		}
		return limit.Request, nil
	}
	return 0, fmt.Errorf("%w: unknown form %d", errProtocol, f)
}

// check refuses a frame of unknown form or kind, or with more than its cap in its body.
func (k kinds) check(f form, kind Kind, size uint64) error {
	limit, err := k.bound(f, kind)
	if err != nil {
		return err
	}
	if size > uint64(limit) {
		return fmt.Errorf("%w: kind %d: body of %d bytes, at most %d", errProtocol, kind, size, limit)
	}
	return nil
}

// readFrame reads one frame from a peer. Nothing is allocated before form, kind and length are found good. The buffer
// of r holds at least the header and the ids.
func readFrame(r *bufio.Reader, k kinds) (frame, error) {
	head, err := r.Peek(headerSize)
	if err != nil {
		return frame{}, err
	}
	f := frame{kind: Kind(head[0]), form: form(head[1])}
	size := binary.BigEndian.Uint32(head[2:])
	if err := k.check(f.form, f.kind, uint64(size)); err != nil {
		return frame{}, err
	}
	ids, err := r.Peek(headerSize + idSizes[f.form])
	if err != nil {
		return frame{}, err
	}
	f.setIDs(ids[headerSize:])
	if _, err := r.Discard(len(ids)); err != nil {
		return frame{}, err
	}
	f.body = make([]byte, size)
	_, err = io.ReadFull(r, f.body)
	return f, err
}

func (f *frame) setIDs(ids []byte) {
	switch f.form {
	case formSession:
		copy(f.session[:], ids)
	case formRequest:
		f.left = binary.BigEndian.Uint32(ids[8:])
		fallthrough
	case formBeat, formEcho, formReply, formFailure, formBusy:
		f.id = binary.BigEndian.Uint64(ids)
	}
}

// appendHead appends the header and the ids of f to b.
func (f *frame) appendHead(b []byte) []byte {
	b = append(b, byte(f.kind), byte(f.form))
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.body)))
	switch f.form {
	case formSession:
		b = append(b, f.session[:]...)
	case formRequest:
		b = binary.BigEndian.AppendUint64(b, f.id)
		b = binary.BigEndian.AppendUint32(b, f.left)
	case formBeat, formEcho, formReply, formFailure, formBusy:
		b = binary.BigEndian.AppendUint64(b, f.id)
	}
	return b
}

// writeFrame is the inverse of readFrame; w may hold the bytes back.
func writeFrame(w *bufio.Writer, f *frame) error {
	if _, err := w.Write(f.appendHead(w.AvailableBuffer())); err != nil {
		return err
	}
	_, err := w.Write(f.body)
	return err
}
