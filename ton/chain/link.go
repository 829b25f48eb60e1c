package chain

import (
	"errors"
	"fmt"

	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// readForward checks a link from a key block to a later block, which the validators that the key block names have signed.
func (c *Client) readForward(from *lite.BlockIDExt, l lite.BlockLinkForward) (header, error) {
	if !isMasterchain(l.From) || !isMasterchain(l.To) || !l.From.Equals(from) {
		return header{}, errors.New("link leads from another block")
	}
	dest, config, err := readCells(l.DestProof, l.ConfigProof)
	if err != nil {
		return header{}, err
	}
	if err := lite.CheckForwardBlockProof(from, l.To, l.ToKeyBlock, config, dest, l.SignatureSet); err != nil {
		return header{}, fmt.Errorf("link to block %d: %w", l.To.SeqNo, err)
	}
	return c.proven(l.To, dest)
}

// readBackward checks a link to the key block that is in force at from. Validators of any earlier one may long have
// given away their keys. The hash of its file isn't proven, so it is never kept.
func (c *Client) readBackward(from *lite.BlockIDExt, l lite.BlockLinkBackward) (header, error) {
	if !isMasterchain(l.From) || !isMasterchain(l.To) || !l.From.Equals(from) {
		return header{}, errors.New("link leads from another block")
	}
	dest, state, err := readCells(l.DestProof, l.StateProof)
	if err != nil {
		return header{}, err
	}
	block, err := cell.FromBOC(l.Proof)
	if err != nil {
		return header{}, fmt.Errorf("read link: %w", err)
	}
	at, err := c.proven(from, block)
	if err != nil {
		return header{}, err
	}
	if at.key != l.To.SeqNo {
		return header{}, fmt.Errorf("link leads back to block %d, in force is %d", l.To.SeqNo, at.key)
	}
	if err := lite.CheckBackwardBlockProof(from, l.To, l.ToKeyBlock, state, dest, block); err != nil {
		return header{}, fmt.Errorf("link to block %d: %w", l.To.SeqNo, err)
	}
	return c.proven(l.To, dest)
}

func readCells(first, second []byte) (*cell.Cell, *cell.Cell, error) {
	a, err := cell.FromBOC(first)
	if err != nil {
		return nil, nil, fmt.Errorf("read link: %w", err)
	}
	b, err := cell.FromBOC(second)
	if err != nil {
		return nil, nil, fmt.Errorf("read link: %w", err)
	}
	return a, b, nil
}

// proven reads a block's header from a proof of it.
func (c *Client) proven(id *lite.BlockIDExt, proof *cell.Cell) (header, error) {
	b, err := lite.CheckBlockProof(proof, id.RootHash)
	if err != nil {
		return header{}, err
	}
	if err := c.checkBlock(id, b); err != nil {
		return header{}, err
	}
	h := header{id: id, time: b.BlockInfo.GenUtime, key: b.BlockInfo.PrevKeyBlockSeqno}
	if b.BlockInfo.KeyBlock {
		h.key = id.SeqNo
	}
	return h, nil
}

func (c *Client) checkBlock(id *lite.BlockIDExt, b *tlb.Block) error {
	info := b.BlockInfo
	switch {
	case b.GlobalID != c.cfg.GlobalID:
		return fmt.Errorf("block is of the network with global id %d, not %d", b.GlobalID, c.cfg.GlobalID)
	case info.SeqNo != id.SeqNo || info.NotMaster || info.Shard.WorkchainID != id.Workchain:
		return fmt.Errorf("block named %d is block %d of workchain %d", id.SeqNo, info.SeqNo, info.Shard.WorkchainID)
	case info.GenUtime == 0:
		return fmt.Errorf("block %d has no time", id.SeqNo)
	}
	return nil
}
