package devchain

import (
	"crypto/ed25519"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"

	"github.com/xssnick/tonutils-go/adnl/keys"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Configuration parameters that a proof of a block reads (block.tlb).
const (
	paramCatchain   = 28
	paramValidators = 34
)

// catchainSeqno is the round of the only validators, which never end.
const catchainSeqno = 1

// validator signs the chain's masterchain blocks; it is the whole set.
type validator struct {
	key     ed25519.PrivateKey
	id      []byte // the short name of its public key
	setHash uint32 // validator_list_hash_short
}

// newValidator is the set of one key, a new one for nil.
func newValidator(key ed25519.PrivateKey) (*validator, error) {
	if key == nil {
		_, made, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, err
		}
		key = made
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("key has %d bytes, not %d", len(key), ed25519.PrivateKeySize)
	}
	public := key.Public().(ed25519.PublicKey)
	id, err := tl.Hash(keys.PublicKeyED25519{Key: public})
	if err != nil {
		return nil, err
	}
	set, err := tl.Serialize(lite.ValidatorSetHashable{CCSeqno: catchainSeqno, Validators: []lite.ValidatorItemHashable{
		{Key: public, Weight: 1, Addr: make([]byte, 32)},
	}}, true)
	if err != nil {
		return nil, err
	}
	return &validator{key, id, crc32.Checksum(set, crc32.MakeTable(crc32.Castagnoli))}, nil
}

// install writes the set into a configuration, over any that is there.
func (v *validator) install(config *cell.Cell) (*cell.Cell, error) {
	member, err := tlb.ToCell(&tlb.ValidatorAddr{
		PublicKey: tlb.SigPubKeyED25519{Key: v.key.Public().(ed25519.PublicKey)}, Weight: 1, ADNLAddr: make([]byte, 32),
	})
	if err != nil {
		return nil, err
	}
	list := cell.NewDict(16)
	if err := list.SetIntKey(big.NewInt(0), member); err != nil {
		return nil, err
	}
	set, err := tlb.ToCell(&tlb.ValidatorSetExt{UTimeUntil: math.MaxUint32, Total: 1, Main: 1, TotalWeight: 1, List: list})
	if err != nil {
		return nil, err
	}
	catchain, err := tlb.ToCell(&tlb.CatchainConfigV2{
		McCatchainLifetime: 250, ShardCatchainLifetime: 250, ShardValidatorsLifetime: 1000, ShardValidatorsNum: 1,
	})
	if err != nil {
		return nil, err
	}
	params := config.AsDict(32)
	for number, value := range map[int64]*cell.Cell{paramCatchain: catchain, paramValidators: set} {
		if err := params.SetIntKey(big.NewInt(number), cell.BeginCell().MustStoreRef(value).EndCell()); err != nil {
			return nil, fmt.Errorf("set parameter %d: %w", number, err)
		}
	}
	return params.AsCell(), nil
}

// sign is the set's signature of a block.
func (v *validator) sign(id *lite.BlockIDExt) (lite.SignatureSetOrdinary, error) {
	signed, err := tl.Serialize(lite.BlockID{RootHash: id.RootHash, FileHash: id.FileHash}, true)
	if err != nil {
		return lite.SignatureSetOrdinary{}, err
	}
	return lite.SignatureSetOrdinary{
		ValidatorSetHash: int32(v.setHash), CatchainSeqno: catchainSeqno,
		Signatures: []lite.Signature{{NodeIDShort: v.id, Signature: ed25519.Sign(v.key, signed)}},
	}, nil
}
