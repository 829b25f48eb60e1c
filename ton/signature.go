package ton

import "github.com/xssnick/tonutils-go/tvm/cell"

const signatureBits = 512

// joinBehind puts the signature behind the payload's bits, as V5R1 wants it.
func joinBehind(payload *cell.Cell, sig [64]byte) (*cell.Cell, error) {
	body := payload.ToBuilder()
	if err := body.StoreSlice(sig[:], signatureBits); err != nil {
		return nil, refuse(CodeUndecodable, "payload leaves no room for the signature: %v", err)
	}
	return body.EndCell(), nil
}

// joinFront puts it in front of them, as V3 and V4 want it.
func joinFront(payload *cell.Cell, sig [64]byte) (*cell.Cell, error) {
	body := cell.BeginCell().MustStoreSlice(sig[:], signatureBits)
	if err := body.StoreBuilder(payload.ToBuilder()); err != nil {
		return nil, refuse(CodeUndecodable, "payload leaves no room for the signature: %v", err)
	}
	return body.EndCell(), nil
}

// joinAround puts the payload in a cell of its own, as HighloadV3 wants it.
func joinAround(payload *cell.Cell, sig [64]byte) (*cell.Cell, error) {
	return cell.BeginCell().MustStoreSlice(sig[:], signatureBits).MustStoreRef(payload).EndCell(), nil
}

// splitBehind cuts a signed V5R1 body into the cell that was signed and the signature behind it.
func splitBehind(body *cell.Cell) (payload *cell.Cell, sig [64]byte, err error) {
	r := read(body)
	if r.err != nil || r.s.BitsLeft() < signatureBits {
		return nil, sig, refuse(CodeUndecodable, "body is too short for a signature")
	}
	signed, err := r.s.FetchSubslice(r.s.BitsLeft()-signatureBits, r.s.RefsNum())
	if err != nil {
		return nil, sig, refuse(CodeUndecodable, "cut signature: %v", err)
	}
	if err := r.s.LoadSliceInto(sig[:], signatureBits); err != nil {
		return nil, sig, refuse(CodeUndecodable, "read signature: %v", err)
	}
	if payload, err = signed.ToCell(); err != nil {
		return nil, sig, refuse(CodeUndecodable, "cut signature: %v", err)
	}
	return payload, sig, nil
}

func splitFront(body *cell.Cell) (payload *cell.Cell, sig [64]byte, err error) {
	r := read(body)
	sig = r.signature()
	payload = r.rest()
	if r.err != nil {
		return nil, sig, refuse(CodeUndecodable, "body is too short for a signature")
	}
	return payload, sig, nil
}

func splitAround(body *cell.Cell) (payload *cell.Cell, sig [64]byte, err error) {
	r := read(body)
	sig = r.signature()
	payload = r.ref()
	if !r.done() {
		return nil, sig, refuse(CodeUndecodable, "body is not a signature and a payload")
	}
	return payload, sig, nil
}

func (r *reader) signature() (sig [64]byte) {
	if r.err == nil {
		r.err = r.s.LoadSliceInto(sig[:], signatureBits)
	}
	return sig
}
