package ton

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Detail holds the fields of a body that is understood: a Jetton, NFT, Sale, Stake, Swap or Vote, by value, so that
// messages are compared with ==. It is nil for plain transfers and unknown operations.
type Detail interface {
	// own returns who gets what is left, sent back or bought, each by name: they must be the wallet itself.
	own() []party
}

// party is an address in a body, with what it is for.
type party struct {
	name     string
	address  Address
	optional bool // none stands for the sender
}

// content is what a body says by itself.
type content struct {
	op      Op
	opcode  uint32
	comment string
	detail  Detail
}

// bodies are the operations that are read to their last bit. The numbers are those of the contracts' own sources; what
// a number means at a contract that is none of these is found out by Facts.
var bodies = map[uint32]func(*reader) (Op, Detail){
	opJettonTransfer: readJettonTransfer, opJettonBurn: readJettonBurn, opNFTTransfer: readNFTTransfer,
	opSaleBuy: readSaleAct(OpNFTBuy, "buy"), opSaleCancel: readSaleAct(OpNFTCancel, "cancel"),
	opSalePriceV4: readSalePriceV4, opSalePriceV3: readSalePriceV3,
	opAuctionBid: readSaleAct(OpNFTBuy, "bid"), opAuctionFinish: readSaleAct(OpContractCall, "finish"), opAuctionCancel: readSaleAct(OpNFTCancel, "cancel"),
	opTelemintStart: readTelemintStart, opTelemintCancel: readSaleAct(OpNFTCancel, "cancel"), opTelemintDNS: readTelemintDNS,
	opSingleWithdraw: readSingleWithdraw, opTonstakers: readTonstakers, opWhalesDeposit: readWhalesDeposit,
	opWhalesWithdraw: readWhalesWithdraw, opBemo: readBemo, opHipo: readHipo, opJettonVote: readVote,
	opDedustNative: readDedustNative, opPTON: readPTON,
}

// forbidden move a nominator's coins or code at the owner's word; no policy can allow them.
var forbidden = map[uint32]string{0x7702: "send_raw_message of a single nominator", 0x9903: "upgrade of a single nominator"}

// readBody says what a body means by itself. An operation that isn't known is OpContractCall; one that is known must
// have exactly its layout.
func readBody(body *cell.Cell) (content, error) {
	if body.BitsSize() == 0 && body.RefsNum() == 0 {
		return content{op: OpTransfer}, nil
	}
	r := read(body)
	op := uint32(r.uint(32))
	if r.err != nil {
		return content{}, refuse(CodeOperationUnknown, "a body is shorter than an operation")
	}
	if op == 0 {
		text, err := readSnake(r.s)
		return content{op: OpTransfer, comment: text}, err
	}
	if name, ok := forbidden[op]; ok {
		return content{}, refuse(CodeOperationUnknown, "a body is %s (%x)", name, op)
	}
	layout, ok := bodies[op]
	if !ok {
		return content{op: OpContractCall, opcode: op}, nil
	}
	meaning, detail := layout(r)
	if err := r.end(opName(op)); err != nil {
		return content{}, err
	}
	return content{op: meaning, opcode: op, detail: detail}, nil
}

// end refuses what is cut, and what goes on behind its last field.
func (r *reader) end(name string) error {
	if r.err != nil {
		if ref := r.refusal(name); ref.Code != CodeUndecodable {
			return ref
		}
		return refuse(CodeBody, "a body of %s is cut: %v", name, r.err)
	}
	if !r.done() {
		return refuse(CodeNotCanonical, "a body of %s has surplus bits or references", name)
	}
	return nil
}

// amount reads a VarUInteger 16 in its shortest form, the only one that is signed.
func (r *reader) amount() Nano {
	if r.err != nil {
		return Nano{}
	}
	before := r.s.BitsLeft()
	n := r.coins()
	if r.err == nil && before-r.s.BitsLeft() != 4+8*valueBytes(n) {
		r.err = refuse(CodeNotCanonical, "an amount in a body is written longer than needed")
	}
	return n
}

// address reads addr_none, as the zero value, or addr_std without anycast.
func (r *reader) address() (a Address) {
	if r.err != nil {
		return a
	}
	if kind, err := r.s.PreloadUInt(2); err == nil && kind == 0 {
		r.uint(2)
		return a
	}
	a, err := readAddress(r)
	if r.err == nil && err != nil {
		r.err = err
	}
	if r.err == nil && a.IsZero() {
		r.err = refuse(CodeAddress, "an address in a body is zero, which stands for none")
	}
	return a
}

// std reads an address that must be there.
func (r *reader) std() Address {
	a := r.address()
	if r.err == nil && a.IsZero() {
		r.err = refuse(CodeAddress, "an address in a body is missing")
	}
	return a
}

// none reads a (Maybe ^Cell) that must be empty: nothing here may tell another contract to do more.
func (r *reader) none(name string) {
	if r.bit() && r.err == nil {
		r.err = refuse(CodeBody, "a body has a %s", name)
	}
}

// inner reads the cell that a reference leads to with f, to its last bit.
func (r *reader) inner(name string, f func(*reader)) {
	c := r.ref()
	if r.err != nil {
		return
	}
	in := read(c)
	f(in)
	if err := in.end(name); err != nil {
		r.err = err
	}
}

// opName names the operations that someone is likely to send by mistake.
func opName(op uint32) string {
	names := map[uint32]string{
		opExternalSigned: "external_signed", opInternalSigned: "internal_signed", opExtension: "extension action",
		opJettonTransfer: "jetton transfer", opJettonBurn: "jetton burn", opNFTTransfer: "NFT transfer", 0x2167da4b: "encrypted comment",
	}
	if name, ok := names[op]; ok {
		return fmt.Sprintf("%s (%08x)", name, op)
	}
	return fmt.Sprintf("operation %08x", op)
}
