package tss

import (
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"github.com/bnb-chain/tss-lib/v2/crypto"
	"github.com/bnb-chain/tss-lib/v2/crypto/schnorr"
	"github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
)

// The bodies of keygen, in fields of 32 bytes. Points are RFC 8032 encodings, scalars are little-endian.
//
//	round 1  commitment to the polynomial, commitment to the chain code's contribution
//	round 2  for each party, in order: hash of its round 1
//	round 3  the commitment's blinding, need coefficients (points), Schnorr proof (alpha, T), chain code contribution;
//	         last the receiver's share, which is its alone and not part of the broadcast
//	round 4  for each party, in order: hash of its round 3 without the share
func keygenSizes(n, need int) []int {
	return []int{2 * fieldSize, n * fieldSize, openingSize(need) + fieldSize, n * fieldSize}
}

// openingSize is the length of the part of round 3 that is the same for all.
func openingSize(need int) int { return (1 + need + 2 + 1) * fieldSize }

// opening is a checked round 3 in the library's terms.
type opening struct {
	decommit []*big.Int // blinding, then the coefficients' coordinates
	proof    *schnorr.ZKProof
	reveal   []byte
	share    *edwards25519.Scalar
}

// parseOpening reads a body that has the length of its round.
func parseOpening(body []byte, need int) (*opening, error) {
	f := slices.Collect(slices.Chunk(body, fieldSize))
	o := &opening{decommit: []*big.Int{new(big.Int).SetBytes(f[0])}, reveal: f[need+3]}
	for i, b := range f[1 : 1+need] {
		p, err := parsePrimePoint(b)
		if err != nil {
			return nil, fmt.Errorf("coefficient %d: %w", i, err)
		}
		x, y := toAffine(p)
		o.decommit = append(o.decommit, x, y)
	}
	var err error
	if o.proof, err = parseProof(f[need+1], f[need+2]); err != nil {
		return nil, err
	}
	if o.share, err = parseScalar(f[need+4]); err != nil {
		return nil, fmt.Errorf("share: %w", err)
	}
	return o, nil
}

// parseProof reads a Schnorr proof. Its equation makes sure of the prime-order group for alpha.
func parseProof(alpha, t []byte) (*schnorr.ZKProof, error) {
	p, err := parsePoint(alpha)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	s, err := parseScalar(t)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return &schnorr.ZKProof{Alpha: libPoint(p), T: bigScalar(s)}, nil
}

// encodeOpening writes our own round 3 without the share.
func encodeOpening(m *keygen.KGRound2Message2, reveal [32]byte) ([]byte, error) {
	proof, err := m.UnmarshalZKProof(ed25519Curve)
	if err != nil {
		return nil, fmt.Errorf("own proof: %w", err)
	}
	b := append(encodeDecommit(m.UnmarshalDeCommitment()), encodeProof(proof)...)
	return append(b, reveal[:]...), nil
}

// encodeDecommit writes blinding and points. The commitment is over integers, so the blinding's leading zeros carry
// no meaning.
func encodeDecommit(d []*big.Int) []byte {
	b := d[0].FillBytes(make([]byte, fieldSize))
	for c := range slices.Chunk(d[1:], 2) {
		b = append(b, encodePoint(c[0], c[1])...)
	}
	return b
}

func encodeProof(p *schnorr.ZKProof) []byte {
	return append(encodeECPoint(p.Alpha), littleEndian(p.T)...)
}

func encodeECPoint(p *crypto.ECPoint) []byte { return encodePoint(p.X(), p.Y()) }
