package tss

import (
	"context"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"filippo.io/edwards25519"
)

// Half is a signing in which all is done but the last message: with it and those of the other signers the signature
// exists. It is used by one goroutine at a time. Dropping it ends the signing.
type Half struct {
	share   *shareData
	signers []string // in committee order
	hash    [32]byte
	x       *exchange
	nonces  map[string]*edwards25519.Point // R_j of every signer
	nonce   *edwards25519.Point            // R, their sum
	own     *edwards25519.Scalar           // our signature share, s_i: secret until released

	released bool
}

// Release sends our signature share to the other signers, to nobody else. It works once: after an error some may have
// it, and the signing must count as released.
func (h *Half) Release(ctx context.Context) error {
	if h.released {
		return errors.New("release: already released")
	}
	h.released = true
	if err := h.x.broadcast(ctx, 3, h.own.Bytes()); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// Signature waits for the other signers' shares and returns the signature, RFC 8032 and verified with crypto/ed25519.
// It refuses before Release: what it waits for could complete the signature here. A [Fault] names who sent a bad share,
// a [Silent] who sent none; after the latter it may be called again.
func (h *Half) Signature(ctx context.Context) ([64]byte, error) {
	if !h.released {
		return [64]byte{}, errors.New("signature: not released")
	}
	ctx, cancel := context.WithTimeout(ctx, maxSigning)
	defer cancel()
	bodies, err := h.x.gather(ctx, 3)
	if err != nil {
		return [64]byte{}, fmt.Errorf("signature: %w", err)
	}
	sum := new(edwards25519.Scalar).Set(h.own)
	shares := make(map[string]*edwards25519.Scalar, len(bodies))
	for _, p := range h.x.peers {
		if shares[p], err = parseScalar(bodies[p]); err != nil {
			return [64]byte{}, fmt.Errorf("signature: %w", h.x.fault(p, fmt.Errorf("round 3: %w", err)))
		}
		sum.Add(sum, shares[p])
	}
	sig := [64]byte(slices.Concat(h.nonce.Bytes(), sum.Bytes()))
	if ed25519.Verify(h.share.rec.Public[:], h.hash[:], sig[:]) {
		return sig, nil
	}
	return [64]byte{}, fmt.Errorf("signature: %w", h.culprit(shares))
}

// culprit finds the bad shares of a signature that doesn't verify: a good one has s_j·B = R_j + c·λ_j·X_j.
func (h *Half) culprit(shares map[string]*edwards25519.Scalar) error {
	ids, points := h.shareIDs()
	c := h.challenge()
	var faults []error
	for i, p := range h.signers {
		if p == h.share.rec.Self {
			continue
		}
		k := lagrange(ids, i)
		k.Negate(k.Multiply(k, c))
		r := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(k, points[i], shares[p])
		if r.Equal(h.nonces[p]) != 1 {
			faults = append(faults, h.x.fault(p, errors.New("round 3: bad signature share")))
		}
	}
	if len(faults) == 0 {
		return errors.New("shares of all others are good, the own one isn't")
	}
	return errors.Join(faults...)
}

// shareIDs returns the signers' ShareIDs and verification shares.
func (h *Half) shareIDs() (ids []*edwards25519.Scalar, points []*edwards25519.Point) {
	for _, p := range h.signers {
		i := slices.Index(h.share.rec.Parties, p)
		ids, points = append(ids, h.share.ids[i]), append(points, h.share.points[i])
	}
	return ids, points
}

// challenge is c = SHA-512(R ‖ A ‖ M) modulo the group order, RFC 8032 5.1.7.
func (h *Half) challenge() *edwards25519.Scalar {
	sum := sha512.Sum512(slices.Concat(h.nonce.Bytes(), h.share.rec.Public[:], h.hash[:]))
	c, err := new(edwards25519.Scalar).SetUniformBytes(sum[:])
	if err != nil {
		panic(err) // only for another length than 64
	}
	return c
}

func (h *Half) String() string {
	return fmt.Sprintf("signing of key %q by %q (secret redacted)", h.share.rec.Key, h.signers)
}

func (h *Half) GoString() string             { return h.String() }
func (h *Half) Format(f fmt.State, _ rune)   { fmt.Fprint(f, h.String()) }
func (h *Half) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
func (h *Half) LogValue() slog.Value         { return slog.StringValue(h.String()) }
