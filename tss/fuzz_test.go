package tss

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/bnb-chain/tss-lib/v2/common"

	"github.com/tonaiagent/mpcnode/digest"
)

// puppet is a Link whose other end is a function: it answers each round knowing what was sent to it.
type puppet struct {
	rounds int
	answer func(round int) []byte // a whole message
	sent   map[int][]byte         // bodies, by round
	next   int
}

var errOver = errors.New("the puppet has nothing more to say")

func newPuppet(rounds int) *puppet { return &puppet{rounds: rounds, sent: map[int][]byte{}} }

func (p *puppet) Send(_ context.Context, _ string, b []byte) error {
	p.sent[int(b[1])] = b[headerSize:]
	return nil
}

func (p *puppet) Recv(context.Context) (string, []byte, error) {
	if p.next++; p.next > p.rounds {
		return "", nil, errOver
	}
	return mallory, p.answer(p.next), nil
}

var fuzzCommittee = Committee{
	Network: [32]byte{1}, Session: [32]byte{2}, Key: "main", Epoch: 1,
	Need: 2, Parties: []string{"user", mallory}, Self: "user",
}

// commitmentTo is the library's commitment to what an opening or a nonce holds, as far as it decodes.
func commitmentTo(body []byte, points int) []byte {
	f := slices.Collect(slices.Chunk(body, fieldSize))
	list := []*big.Int{bigFromBE(f[0])}
	for _, b := range f[1 : 1+points] {
		if p, err := parsePoint(b); err == nil {
			x, y := toAffine(p)
			list = append(list, x, y)
		}
	}
	return common.SHA512_256i(list...).FillBytes(make([]byte, fieldSize))
}

// fill makes data as long as a body, so that the bytes get past the check of lengths.
func fill(data []byte, size int) []byte {
	return append(slices.Clone(data), make([]byte, size)...)[:size]
}

// FuzzKeygenMessage has a hostile member send any bytes as one of its messages. For the opening the commitments and
// the echoes are right, so that the bytes reach the library; there a panic ends the process.
func FuzzKeygenMessage(f *testing.F) {
	sizes := keygenSizes(2, 2)
	f.Add(uint8(0), []byte{})
	f.Add(uint8(3), slices.Concat(make([]byte, 32), generator, generator, generator, generator))
	f.Add(uint8(3), slices.Concat(groupOrder, generator, withTorsion, lowOrder, generator))
	f.Add(uint8(3), slices.Concat(generator, offCurve, notCanonical))
	f.Add(uint8(1), libraryWire)
	f.Fuzz(func(t *testing.T, round uint8, data []byte) {
		p := newPuppet(4)
		x := newExchange(nil, protocolKeygen, fuzzCommittee.Session, nil, sizes...)
		opening := fill(data, sizes[2])
		reveal := digest.Sum(digest.Reveal, fuzzCommittee.Session, mallory, opening[5*fieldSize:6*fieldSize])
		bodies := map[int][]byte{1: append(commitmentTo(opening, 2), reveal[:]...), 3: opening}
		p.answer = func(r int) []byte {
			if r == int(round) && r != 3 {
				return data
			}
			if r%2 == 0 {
				bodies[r] = echoOf(p.sent[r-1], bodies[r-1], r-1)
			}
			return x.seal(r, bodies[r])
		}
		g, err := Keygen(t.Context(), fuzzCommittee, p)
		if err == nil && g.Public == [32]byte{} {
			t.Error("a key without a public key")
		}
	})
}

func echoOf(user, own []byte, round int) []byte {
	if round == 3 {
		user, own = user[:openingSize(2)], own[:openingSize(2)]
	}
	a := digest.Sum(digest.Broadcast, fuzzCommittee.Session, round, "user", user)
	b := digest.Sum(digest.Broadcast, fuzzCommittee.Session, round, mallory, own)
	return append(a[:], b[:]...)
}

// FuzzSignMessage does the same in a signing.
func FuzzSignMessage(f *testing.F) {
	s := shares(f, 2, 3)["user"]
	f.Add(uint8(0), []byte{}, []byte{})
	f.Add(uint8(2), slices.Concat(make([]byte, 32), generator, generator, generator), generator)
	f.Add(uint8(2), slices.Concat(generator, offCurve, lowOrder, groupOrder), groupOrder)
	f.Add(uint8(2), slices.Concat(generator, withTorsion, notCanonical), []byte{1})
	f.Add(uint8(1), libraryWire, []byte{})
	f.Fuzz(func(t *testing.T, round uint8, data, last []byte) {
		p := newPuppet(3)
		x := newExchange(nil, protocolSign, testSession, nil, signSizes...)
		nonce := fill(data, signSizes[1])
		bodies := map[int][]byte{1: commitmentTo(nonce, 1), 2: nonce, 3: fill(last, fieldSize)}
		p.answer = func(r int) []byte {
			if r == int(round) && r != 2 {
				return data
			}
			return x.seal(r, bodies[r])
		}
		h, err := Begin(t.Context(), s, testSession, []string{"user", mallory}, testHash, p)
		if err != nil {
			return
		}
		if err := h.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sig, err := h.Signature(t.Context()); err == nil && !Verify(s.Public(), testHash, sig) {
			t.Error("a signature that doesn't verify")
		}
	})
}

func FuzzParseShare(f *testing.F) {
	f.Add([]byte{})
	for _, s := range shares(f, 2, 3) {
		f.Add(s.Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseShare(b)
		if err == nil && !slices.Equal(s.Marshal(), b) {
			t.Error("two encodings of one share")
		}
	})
}

func FuzzCheckConfirm(f *testing.F) {
	f.Add([]byte{})
	f.Add(runKeygen(2, 3, nil)["user"].value.Confirm)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := CheckConfirm(b)
		if err == nil && !slices.Equal(digest.Encode(c), b) {
			t.Error("two encodings of one body")
		}
	})
}
