package chain

import (
	"context"
	"fmt"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// BlockchainConfig returns the dictionary of configuration parameters of the newest block as a BoC, which is what
// ton.NewEmulator takes. It is checked against that block's hash.
func (c *Client) BlockchainConfig(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	h, err := c.header(ctx, 0, catchUp)
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
