package kill

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
)

// maxLifted bounds the ids of one lift: 64 open trips of each of five parties.
const maxLifted = 5 * 64

// maxSigners bounds the signatures of one lift: a few people of each party.
const maxSigners = 32

var tripID = regexp.MustCompile(`^t-[0-9a-f]{32}$`)

// Lift names trips that end, once people of two parties have signed it. It can be sent again without harm: an id
// stands for one trip, and lifted it stays lifted.
type Lift struct {
	IDs        []string    `cbor:"ids"`
	Expires    time.Time   `cbor:"expires"` // whole seconds
	Signatures []Signature `cbor:"signatures"`
}

// Signature is one operator's signature over Lift.Digest.
type Signature struct {
	By        By     `cbor:"by"`
	Signature []byte `cbor:"signature"`
}

// Digest returns what is signed.
func (l Lift) Digest(network [32]byte) [32]byte {
	ids := slices.Clone(l.IDs)
	slices.Sort(ids)
	return digest.Sum(digest.Lift, network, ids, l.Expires.Unix())
}

// Verify reports what keeps l from taking effect at party self: it needs an operator of self and one of another party.
func (l Lift) Verify(network [32]byte, now time.Time, self string, operator func(By) bool) error {
	switch {
	case len(l.IDs) == 0 || len(l.IDs) > maxLifted || len(l.Signatures) > maxSigners:
		return fmt.Errorf("lift: wants 1 to %d trips and at most %d signatures", maxLifted, maxSigners)
	case slices.ContainsFunc(l.IDs, func(id string) bool { return !tripID.MatchString(id) }):
		return errors.New("lift: names what is no id of a trip")
	case l.Expires.Nanosecond() != 0:
		return errors.New("lift: times are whole seconds")
	case !now.Before(l.Expires):
		return errors.New("lift: has expired")
	}
	d := l.Digest(network)
	var own, other bool
	for _, s := range l.Signatures {
		if !operator(s.By) || len(s.Signature) != ed25519.SignatureSize || !ed25519.Verify(s.By.Key[:], d[:], s.Signature) {
			return fmt.Errorf("lift: a signature in the name of party %q is not by one of its operators", s.By.Party)
		}
		own, other = own || s.By.Party == self, other || s.By.Party != self
	}
	if !own || !other {
		return fmt.Errorf("lift: wants an operator of %s and one of another party", self)
	}
	return nil
}
