package tss

import (
	"errors"
	"fmt"
)

// protocol separates the two protocols' messages.
type protocol uint8

const (
	_ protocol = iota
	protocolKeygen
	protocolSign
)

// headerSize is the length of what precedes every body: protocol, round, session. The session is in it although a Link
// is one session already: a frame that a transport delivers to the wrong one must not be blamed on its content.
const headerSize = 1 + 1 + 32

// fieldSize is the length of every field of every body: a hash, a point or a scalar.
const fieldSize = 32

func (x *exchange) seal(round int, body []byte) []byte {
	b := append([]byte{byte(x.protocol), byte(round)}, x.session[:]...)
	return append(b, body...)
}

// open checks a frame's header and that its length is the one its round has, and returns the round.
func (x *exchange) open(frame []byte) (round int, err error) {
	if len(frame) < headerSize {
		return 0, errors.New("message is shorter than its header")
	}
	round = int(frame[1])
	switch {
	case protocol(frame[0]) != x.protocol:
		return 0, errors.New("message of another protocol")
	case [32]byte(frame[2:headerSize]) != x.session:
		return 0, errors.New("message of another session")
	case round < 1 || round > len(x.sizes):
		return 0, fmt.Errorf("message of round %d, there are %d", round, len(x.sizes))
	case len(frame)-headerSize != x.sizes[round-1]:
		return 0, fmt.Errorf("round %d: body of %d bytes, want %d", round, len(frame)-headerSize, x.sizes[round-1])
	}
	return round, nil
}
