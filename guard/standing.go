package guard

import (
	"errors"
	"fmt"

	"github.com/tonaiagent/mpcnode/guard/policy"
)

// errUnreadable is of a document that was signed and taken in, and that this release can't read.
var errUnreadable = errors.New("this release can't read a policy that was taken in before: nothing is signed by it")

// Standing is the bundle in force.
type Standing struct {
	Hash    [32]byte
	Version uint64
	Bundle  *policy.Bundle // nil if this release can't read it
	Unread  error          // why

	succession succession
}

// unreadDelay and all policy admins are what a bundle asks of its successor that can't be read, and was taken in before
// that was kept.
const unreadDelay = 24 * 60 * 60 // seconds

// Standing returns what is in force, nil when nothing is. A release that can't read it can still be told what comes after.
func (g *Guard) Standing(tx Tx) (*Standing, error) {
	var current currentPolicy
	if ok, err := get(tx, keyPolicy, &current); err != nil || !ok {
		return nil, err
	}
	s := &Standing{Hash: current.Hash, Version: current.Version, succession: current.succession}
	b, err := readBundle(tx, keyDocument(current.Hash), current.Hash, &g.bundle)
	switch {
	case errors.Is(err, errUnreadable):
		if s.Unread = err; s.succession.Quorum == 0 {
			s.succession = succession{len(g.self().PolicyAdmins), unreadDelay}
		}
	case err != nil:
		return nil, err
	default:
		s.Bundle, s.succession = b, successionOf(b)
	}
	return s, nil
}

// Policy returns the bundle in force, nil when there is none. A bundle that can't be read is an error: nothing is
// decided without it.
func (g *Guard) Policy(tx Tx) (*policy.Bundle, error) {
	s, err := g.Standing(tx)
	if err != nil || s == nil {
		return nil, err
	}
	return s.Bundle, s.Unread
}

// loosens returns in what a successor allows more; one of a bundle that can't be read may in all.
func (s *Standing) loosens(b *policy.Bundle) []policy.Change {
	if s.Bundle == nil {
		return []policy.Change{{Path: "document", Old: "one that this release can't read", New: fmt.Sprint("version ", b.Version)}}
	}
	return policy.Loosens(s.Bundle, b)
}
