package tss

import (
	"encoding/hex"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// Encodings that a border must know.
var (
	generator    = edwards25519.NewGeneratorPoint().Bytes()
	offCurve     = unhex("0200000000000000000000000000000000000000000000000000000000000000") // y = 2: no x
	notCanonical = unhex("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f") // y = p + 3, of y = 3's point
	lowOrder     = unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a") // order 8
	withTorsion  = torsion()
	groupOrder   = littleEndian(params.N)
	libraryWire  = wireOfLibrary()
)

// torsion is the generator plus a point of order 8.
func torsion() []byte {
	low, err := new(edwards25519.Point).SetBytes(lowOrder)
	if err != nil {
		panic(err)
	}
	return low.Add(low, edwards25519.NewGeneratorPoint()).Bytes()
}

// wireOfLibrary is a message as the library itself would send it, padded to the length of a round.
func wireOfLibrary() []byte {
	id := lib.NewPartyID("backup", "backup", big.NewInt(1))
	b, _, err := keygen.NewKGRound1Message(id, big.NewInt(7)).WireBytes()
	if err != nil {
		panic(err)
	}
	return slices.Concat(b, make([]byte, headerSize+2*fieldSize-len(b)))
}
