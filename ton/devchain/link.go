package devchain

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// blockProof answers getBlockProof from a block that the client knows to its target, or to the newest: back by a state's
// list of earlier blocks, forward from key block to key block by the validator's signatures. A way that is too long for
// one answer ends at a key block.
func (c *Chain) blockProof(q lite.GetBlockProof) (tl.Serializable, error) {
	known, target, err := c.ends(q)
	if err != nil {
		return nil, err
	}
	answer := lite.PartialBlockProof{From: known.master().id}
	at := known
	if to := back(known, target); to != nil {
		link, err := backward(known, to)
		if err != nil {
			return nil, err
		}
		answer.Steps, at = append(answer.Steps, link), to
	}
	for _, to := range ahead(at, target) {
		link, err := c.forward(at, to)
		if err != nil {
			return nil, err
		}
		answer.Steps, at = append(answer.Steps, link), to
	}
	answer.To, answer.Complete = at.master().id, at == target
	return answer, nil
}

// back returns where a proof first has to go back to, nil for nowhere: to an earlier target, or to the key block from
// which signatures lead on.
func back(known, target *block) *block {
	switch {
	case target.seqno < known.seqno:
		return target
	case target.seqno > known.seqno && !known.key:
		return known.lastKey
	}
	return nil
}

// ahead lists the blocks on the way from a key block to a later one, which every key block between is on.
func ahead(key, target *block) []*block {
	var way []*block
	for b := target; b.seqno > key.seqno; b = b.lastKey {
		way = append(way, b)
	}
	slices.Reverse(way)
	return way[:min(len(way), linksPerAnswer)]
}

func (c *Chain) ends(q lite.GetBlockProof) (known, target *block, err error) {
	if known, err = c.find(q.KnownBlock); err != nil {
		return nil, nil, err
	}
	if q.TargetBlock == nil {
		target, _ = c.head()
		return known, target, nil
	}
	target, err = c.find(q.TargetBlock)
	return known, target, err
}

// backward links a block to an earlier one, which its state names.
func backward(from, to *block) (lite.BlockLinkBackward, error) {
	dest, err := to.master().proof()
	if err != nil {
		return lite.BlockLinkBackward{}, err
	}
	proof, err := proveState(from.master(), func(state *tlb.ShardStateUnsplit) error {
		return readPrevious(state, to.seqno)
	})
	if err != nil {
		return lite.BlockLinkBackward{}, fmt.Errorf("prove block %d from %d: %w", to.seqno, from.seqno, err)
	}
	return lite.BlockLinkBackward{
		ToKeyBlock: to.key, From: from.master().id, To: to.master().id,
		DestProof: dest.ToBOC(), Proof: proof[0].ToBOC(), StateProof: proof[1].ToBOC(),
	}, nil
}

// readPrevious visits the entry of one block in the list of earlier ones.
func readPrevious(state *tlb.ShardStateUnsplit, seqno uint32) error {
	extra, err := readExtra(state)
	if err != nil {
		return err
	}
	s, err := extra.Info.BeginParse()
	if err != nil {
		return err
	}
	var info tlb.McStateExtraBlockInfo
	if err := tlb.LoadFromCellAsProof(&info, s); err != nil {
		return err
	}
	_, _, err = info.PrevBlocks.LoadValueExtraByIntKey(big.NewInt(int64(seqno)))
	return err
}

// forward links a key block to a later one, which the validators that it names have signed.
func (c *Chain) forward(key, to *block) (lite.BlockLinkForward, error) {
	dest, err := to.master().proof()
	if err != nil {
		return lite.BlockLinkForward{}, err
	}
	config, err := prove(key.master().root, readValidators)
	if err != nil {
		return lite.BlockLinkForward{}, err
	}
	signatures, err := c.validator.sign(to.master().id)
	if err != nil {
		return lite.BlockLinkForward{}, err
	}
	return lite.BlockLinkForward{
		ToKeyBlock: to.key, From: key.master().id, To: to.master().id,
		DestProof: dest.ToBOC(), ConfigProof: config.ToBOC(), SignatureSet: signatures,
	}, nil
}

// readValidators visits the parameters of a key block's configuration that say who signs.
func readValidators(root *cell.Slice) error {
	b, err := readBlock(root)
	if err != nil {
		return err
	}
	for _, number := range []int64{paramCatchain, paramValidators} {
		value, err := b.Extra.Custom.ConfigParams.Config.Params.LoadValueByIntKey(big.NewInt(number))
		if err != nil {
			return err
		}
		param, err := value.LoadRefCell()
		if err != nil {
			return err
		}
		if err := visit(param); err != nil {
			return err
		}
	}
	return nil
}
