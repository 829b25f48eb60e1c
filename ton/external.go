package ton

import (
	"fmt"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Assemble returns the complete external message that carries payload and sig to the chain, as a bag of cells. deploy
// adds the StateInit, which a wallet's first message needs. Neither the signature nor the payload's meaning is checked:
// sign what Decode returned, and verify before.
func Assemble(w Wallet, payload []byte, sig [64]byte, deploy bool) (boc []byte, err error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	root, err := readCells(payload)
	if err != nil {
		return nil, err
	}
	msg, err := assemble(w, root, sig, deploy)
	if err != nil {
		return nil, err
	}
	return msg.ToBOC(), nil
}

func assemble(w Wallet, payload *cell.Cell, sig [64]byte, deploy bool) (*cell.Cell, error) {
	l := layoutOf(w.Version)
	body, err := l.join(payload, sig)
	if err != nil {
		return nil, err
	}
	msg := tlb.ExternalMessage{DstAddr: toTonutils(w.Address), Body: body}
	if deploy {
		msg.StateInit = &tlb.StateInit{Code: l.code, Data: w.deployed(l)}
	}
	c, err := tlb.ToCell(&msg)
	if err != nil {
		return nil, fmt.Errorf("encode external message: %w", err)
	}
	return c, nil
}

// ExternalHash returns the normalised hash of an external message (TEP-467): it is the same whoever wrote the message
// down and whether it carries the StateInit, so it is what a transaction is looked up by.
func ExternalHash(boc []byte) ([32]byte, error) {
	if len(boc) > maxExternalBytes {
		return [32]byte{}, refuse(CodeTooLarge, "external message has %d bytes, the chain takes %d", len(boc), maxExternalBytes)
	}
	root, err := cell.FromBOCWithOptions(boc, cell.BOCParseOptions{MaxCells: maxPayloadCells})
	if err != nil {
		return [32]byte{}, refuse(CodeUndecodable, "external message is not a bag of cells with one root: %v", err)
	}
	var msg tlb.ExternalMessage
	if err := tlb.Parse(&msg, root); err != nil {
		return [32]byte{}, refuse(CodeUndecodable, "not an external message: %v", err)
	}
	if _, err := fromTonutils(msg.DstAddr); err != nil {
		return [32]byte{}, err
	}
	return [32]byte(msg.NormalizedHash()), nil
}
