package wire

import (
	"fmt"

	"github.com/tonaiagent/mpcnode/digest"
)

// Kind numbers the frames between nodes. A number is never used again for something else.
type Kind uint8

const (
	FramePropose  Kind = 1 // Proposal → Statement(Answer)
	FrameNonce    Kind = 2 // NonceRequest → 32 bytes
	FrameOpen     Kind = 3 // Open → Opened
	FrameTSS      Kind = 4 // rounds of a signing or keygen session
	FrameReceipt  Kind = 5 // Statement(Receipt) → empty
	FrameTrips    Kind = 6 // trips → trips
	FrameCeremony Kind = 7 // CeremonyNews → CeremonyNews
	FrameEvidence Kind = 8 // payload hash → Evidence
)

// Limit caps the bytes of a frame and of its reply; they are checked before anything is allocated.
type Limit struct{ Request, Reply int }

// Limits gives each kind its cap. A proposal carries a body of at most 96 KiB, whose payload option is base64, and the
// payload itself of at most 60 KiB.
var Limits = map[Kind]Limit{
	FramePropose:  {192 << 10, 8 << 10},
	FrameNonce:    {1 << 10, 1 << 10},
	FrameOpen:     {16 << 10, 8 << 10},
	FrameTSS:      {1 << 10, 0},
	FrameReceipt:  {16 << 10, 1 << 10},
	FrameTrips:    {64 << 10, 64 << 10},
	FrameCeremony: {64 << 10, 64 << 10},
	FrameEvidence: {1 << 10, 224 << 10},
}

// Decode reads one frame's body of at most limit bytes.
func Decode[T any](b []byte) (v T, err error) {
	if err = digest.Decode(b, &v); err != nil {
		return v, fmt.Errorf("decode %T: %w", v, err)
	}
	return v, nil
}

// Encode writes a frame's body.
func Encode(v any) []byte { return digest.Encode(v) }
