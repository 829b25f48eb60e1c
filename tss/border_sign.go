package tss

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"github.com/bnb-chain/tss-lib/v2/crypto/commitments"
	"github.com/bnb-chain/tss-lib/v2/crypto/schnorr"
	"github.com/bnb-chain/tss-lib/v2/eddsa/signing"
)

// The lengths of the bodies of signing, in fields of 32 bytes.
//
//	round 1  commitment to the nonce point R
//	round 2  the commitment's blinding, R, Schnorr proof (alpha, T)
//	round 3  s, the signature share
var signSizes = []int{fieldSize, 4 * fieldSize, fieldSize}

// nonce is a checked round 2 in the library's terms, and R.
type nonce struct {
	decommit []*big.Int
	proof    *schnorr.ZKProof
	r        *edwards25519.Point
}

// parseNonce reads a body that has the length of its round and checks it against the commitment of round 1, as the
// library names nobody for one that doesn't open.
func parseNonce(body, commitment []byte) (*nonce, error) {
	f := slices.Collect(slices.Chunk(body, fieldSize))
	r, err := parsePrimePoint(f[1])
	if err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	proof, err := parseProof(f[2], f[3])
	if err != nil {
		return nil, err
	}
	x, y := toAffine(r)
	opened := commitments.HashCommitDecommit{C: bigFromBE(commitment), D: []*big.Int{bigFromBE(f[0]), x, y}}
	if !opened.Verify() {
		return nil, errors.New("nonce isn't the committed one")
	}
	return &nonce{decommit: opened.D, proof: proof, r: r}, nil
}

// encodeNonce writes our own round 2.
func encodeNonce(m *signing.SignRound2Message) ([]byte, error) {
	proof, err := m.UnmarshalZKProof(ed25519Curve)
	if err != nil {
		return nil, fmt.Errorf("own proof: %w", err)
	}
	return append(encodeDecommit(m.UnmarshalDeCommitment()), encodeProof(proof)...), nil
}
