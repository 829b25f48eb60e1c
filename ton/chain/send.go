package chain

import (
	"context"
	"errors"
	"fmt"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Send gives a signed external message, as a BoC of at most 64 KiB, to a liteserver. No error means that the account
// would accept it now, not that it is executed: its transaction says that. The same message may be sent again.
func (c *Client) Send(ctx context.Context, externalBoC []byte) error {
	if len(externalBoC) > maxExternal {
		return fmt.Errorf("send message: it has %d bytes, at most %d are allowed", len(externalBoC), maxExternal)
	}
	_, err := ask(ctx, c, wait{}, lite.SendMessage{Body: externalBoC}, func(s lite.SendMessageStatus) (struct{}, error) {
		if s.Status != 1 {
			return struct{}{}, fmt.Errorf("status of the message is %d, not 1", s.Status)
		}
		return struct{}{}, nil
	})
	if s, ok := errors.AsType[*serverError](err); ok && s.code == codeNone {
		return fmt.Errorf("send message: %w: %w", ErrRejected, s)
	}
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// BlockchainConfig returns the dictionary of configuration parameters of the newest block as a BoC, which is what
// ton.NewEmulator takes. It is checked against that block's hash.
func (c *Client) BlockchainConfig(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h, err := c.header(ctx, wait{seqno: c.seen().seqno(), atMost: catchUp})
	if err != nil {
		return nil, fmt.Errorf("read blockchain config: %w", err)
	}
	boc, err := ask(ctx, c, wait{seqno: h.seqno(), atMost: catchUp}, lite.GetConfigAll{BlockID: h.id},
		func(answer lite.ConfigAll) ([]byte, error) { return readConfig(h, answer) })
	if err != nil {
		return nil, fmt.Errorf("read blockchain config: %w", err)
	}
	return boc, nil
}

func readConfig(h header, answer lite.ConfigAll) ([]byte, error) {
	if !answer.ID.Equals(h.id) {
		return nil, fmt.Errorf("answer is about block %d", answer.ID.SeqNo)
	}
	block, err := cell.FromBOC(answer.StateProof)
	if err != nil {
		return nil, fmt.Errorf("read block proof: %w", err)
	}
	state, err := cell.FromBOC(answer.ConfigProof)
	if err != nil {
		return nil, fmt.Errorf("read state proof: %w", err)
	}
	extra, err := lite.CheckShardMcStateExtraProof(h.id, []*cell.Cell{block, state})
	if err != nil {
		return nil, err
	}
	return extra.ConfigParams.Config.Params.AsCell().ToBOC(), nil
}
