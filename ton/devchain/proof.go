package devchain

import (
	"errors"
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// prove is the Merkle proof of the cells below root that read visits; the rest is pruned.
func prove(root *cell.Cell, read func(root *cell.Slice) error) (*cell.Cell, error) {
	b := cell.NewMerkleProofBuilder(root)
	s, err := b.Root().BeginParse()
	if err != nil {
		return nil, err
	}
	if err := read(s); err != nil {
		return nil, err
	}
	return b.CreateProof()
}

// proveBlock shows the header of a block and the hashes of the states around it.
func proveBlock(s *sealed) (*cell.Cell, error) {
	return prove(s.root, func(root *cell.Slice) error {
		_, err := readBlock(root)
		return err
	})
}

// readBlock visits what every proof of a block shows.
func readBlock(root *cell.Slice) (*tlb.Block, error) {
	var b tlb.Block
	if err := tlb.LoadFromCellAsProof(&b, root); err != nil {
		return nil, err
	}
	_, err := b.StateUpdate.BeginParse()
	return &b, err
}

// proveState shows what read visits of a state, behind the proof of the block that leads to it.
func proveState(s *sealed, read func(*tlb.ShardStateUnsplit) error) ([]*cell.Cell, error) {
	block, err := s.proof()
	if err != nil {
		return nil, err
	}
	state, err := prove(s.state, func(root *cell.Slice) error {
		var state tlb.ShardStateUnsplit
		if err := tlb.LoadFromCellAsProof(&state, root); err != nil {
			return err
		}
		return read(&state)
	})
	return []*cell.Cell{block, state}, err
}

// accountProof is proveAccount's, kept for the next who asks.
func (b *block) accountProof(a ton.Address) ([]*cell.Cell, error) {
	b.proving.Lock()
	defer b.proving.Unlock()
	if p, ok := b.proofs[a]; ok {
		return slices.Clone(p), nil
	}
	p, err := b.proveAccount(a)
	if err == nil && len(b.proofs) < keepProofs {
		b.proofs[a] = slices.Clone(p)
	}
	return p, err
}

// proveAccount shows an account, or that there is none, in the state of its chain.
func (b *block) proveAccount(a ton.Address) ([]*cell.Cell, error) {
	return proveState(b.of(int32(a.Workchain)), func(state *tlb.ShardStateUnsplit) error {
		_, _, err := state.Accounts.ShardAccounts.LoadValueExtra(accountKey(a.Hash[:]))
		if errors.Is(err, cell.ErrNoSuchKeyInDict) {
			return nil // what was visited shows that
		}
		return err
	})
}

// proveShard shows the shard's block in the masterchain's state.
func (b *block) proveShard() ([]*cell.Cell, error) {
	return proveState(b.master(), func(state *tlb.ShardStateUnsplit) error {
		extra, err := readExtra(state)
		if err != nil {
			return err
		}
		_, err = lite.LoadShardsFromHashes(extra.ShardHashes, false)
		return err
	})
}

// leadsTo shows the block with the account in the block it is asked for at. A block of its own chain needs nothing.
func (b *block) leadsTo(a ton.Address, asked *lite.BlockIDExt) ([]*cell.Cell, error) {
	if asked.Workchain != masterchain || int32(a.Workchain) == masterchain {
		return nil, nil
	}
	return b.shardProof()
}

func readExtra(state *tlb.ShardStateUnsplit) (*tlb.McStateExtra, error) {
	var extra tlb.McStateExtra
	return &extra, tlb.Parse(&extra, state.McStateExtra)
}

// proveConfig shows the whole configuration in the masterchain's state.
func (b *block) proveConfig() (*cell.Cell, error) {
	proof, err := proveState(b.master(), func(state *tlb.ShardStateUnsplit) error {
		extra, err := readExtra(state)
		if err != nil {
			return err
		}
		return visit(extra.ConfigParams.Config.Params.AsCell())
	})
	if err != nil {
		return nil, err
	}
	return proof[1], nil
}

// visit visits a whole tree of cells.
func visit(root *cell.Cell) error {
	s, err := root.BeginParse()
	if err != nil {
		return err
	}
	for s.RefsNum() > 0 {
		ref, err := s.LoadRefCell()
		if err != nil {
			return err
		}
		if err := visit(ref); err != nil {
			return err
		}
	}
	return nil
}

// proveMethod adds what the query's mode asks for: where the account is, and what the method could read of it.
func (b *block) proveMethod(answer *lite.RunMethodResult, q lite.RunSmcMethod, a ton.Address, s *state) (err error) {
	answer.Mode = q.Mode & (1<<0 | 1<<1 | 1<<2)
	if q.Mode&(1<<0) != 0 {
		if answer.ShardProof, err = b.leadsTo(a, q.ID); err != nil {
			return err
		}
		if answer.Proof, err = b.accountProof(a); err != nil {
			return err
		}
	}
	if q.Mode&(1<<1) != 0 && s != nil {
		answer.StateProof, err = cell.CreateMerkleProof(s.prepared.ShardAccount().Account)
	}
	return err
}
