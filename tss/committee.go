package tss

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"filippo.io/edwards25519"

	"github.com/tonaiagent/mpcnode/digest"
)

// Link carries the messages of one session between its parties. From is the authenticated sender, never a field of the
// message; messages between two parties may be delayed, reordered and doubled. Send must not wait for the receiver to
// call Recv. Both return when ctx ends.
type Link interface {
	Send(ctx context.Context, to string, b []byte) error
	Recv(ctx context.Context) (from string, b []byte, err error)
}

// Committee says whose key is made, and in which session. All parties must be given equal values but for Self.
type Committee struct {
	Network [32]byte // digest of the manifest
	Session [32]byte // fresh for each ceremony: never used before
	Key     string   // key id
	Epoch   uint32   // from 1
	Need    int      // how many sign: 2 ≤ Need ≤ len(Parties)
	Parties []string // the whole committee, in the order of the manifest
	Self    string
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// check refuses a committee that no key can have. Session is the ceremony's own: a share's committee has none.
func (c Committee) check() error {
	n := len(c.Parties)
	switch {
	case c.Network == [32]byte{}:
		return errors.New("committee: no network")
	case !idPattern.MatchString(c.Key):
		return fmt.Errorf("committee: key id %q", c.Key)
	case c.Epoch == 0:
		return errors.New("committee: epochs start at 1")
	case n > maxParties:
		return fmt.Errorf("committee: %d parties, at most %d", n, maxParties)
	case c.Need < 2 || c.Need > n: // one of n is no threshold; more than n could never sign, though tss-lib accepts it
		return fmt.Errorf("committee: need %d of %d parties", c.Need, n)
	case !slices.Contains(c.Parties, c.Self):
		return fmt.Errorf("committee: %q is not in it", c.Self)
	}
	for i, p := range c.Parties {
		if !idPattern.MatchString(p) || slices.Contains(c.Parties[:i], p) {
			return fmt.Errorf("committee: party %q is malformed or named twice", p)
		}
	}
	return nil
}

// others returns parties without self.
func others(parties []string, self string) []string {
	return slices.DeleteFunc(slices.Clone(parties), func(p string) bool { return p == self })
}

// shareID is the abscissa at which a party's share evaluates the secret polynomial: derived, so that no peer can
// propose one that collides modulo the group order.
func (c Committee) shareID(party string) *edwards25519.Scalar {
	sum := digest.Sum(digest.ShareID, c.Network, c.Key, c.Epoch, party)
	return reduce(sum[:])
}

// shareIDs returns the ShareIDs in party order, nonzero and distinct.
func (c Committee) shareIDs() ([]*edwards25519.Scalar, error) {
	ids := make([]*edwards25519.Scalar, len(c.Parties))
	for i, p := range c.Parties {
		ids[i] = c.shareID(p)
		taken := slices.ContainsFunc(ids[:i], func(o *edwards25519.Scalar) bool { return o.Equal(ids[i]) == 1 })
		if taken || ids[i].Equal(edwards25519.NewScalar()) == 1 {
			return nil, fmt.Errorf("committee: share id of %s can't be used", p) // about 2^-250
		}
	}
	return ids, nil
}
