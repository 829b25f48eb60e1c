package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/xssnick/tonutils-go/address"
	lite "github.com/xssnick/tonutils-go/ton"
)

// Block is the full name of a masterchain block. The zero value is none. As text it is seqno:root hash:file hash, the
// hashes in hexadecimal.
type Block struct {
	Seqno    uint32
	RootHash [32]byte
	FileHash [32]byte
}

// IsZero reports whether b names no block.
func (b Block) IsZero() bool { return b == Block{} }

func (b Block) String() string {
	return fmt.Sprintf("%d:%x:%x", b.Seqno, b.RootHash, b.FileHash)
}

// MarshalText writes b so that UnmarshalText reads it.
func (b Block) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what MarshalText writes. It refuses a name without hashes.
func (b *Block) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return errors.New("read block: want seqno:root hash:file hash")
	}
	seqno, err := strconv.ParseUint(parts[0], 10, 32)
	if err != nil {
		return fmt.Errorf("read block: seqno: %w", err)
	}
	root, err := readHash(parts[1])
	if err != nil {
		return fmt.Errorf("read block: root hash: %w", err)
	}
	file, err := readHash(parts[2])
	if err != nil {
		return fmt.Errorf("read block: file hash: %w", err)
	}
	*b = Block{uint32(seqno), root, file}
	return nil
}

func readHash(s string) (h [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return h, err
	}
	if len(b) != 32 || [32]byte(b) == h {
		return h, errors.New("not 32 bytes, or all zero")
	}
	return [32]byte(b), nil
}

// id is b as the library names it.
func (b Block) id() *lite.BlockIDExt {
	return &lite.BlockIDExt{
		Workchain: address.MasterchainID, Shard: math.MinInt64, SeqNo: b.Seqno,
		RootHash: b.RootHash[:], FileHash: b.FileHash[:],
	}
}

// blockOf is the opposite of id. The library reads hashes of 32 bytes only.
func blockOf(id *lite.BlockIDExt) Block {
	return Block{id.SeqNo, [32]byte(id.RootHash), [32]byte(id.FileHash)}
}

func isMasterchain(id *lite.BlockIDExt) bool {
	return id != nil && id.Workchain == address.MasterchainID && id.Shard == math.MinInt64
}
