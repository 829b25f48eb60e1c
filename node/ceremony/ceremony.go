// Package ceremony is one party's view of one key generation: a proposal with all its terms, the operators' approvals,
// the parties' confirms and activations, the test signatures. It is a value that only grows, whoever's news comes in
// and in whatever order; what a party must do next follows from it alone. It does no I/O.
//
// Activation is atomic for honest parties. An honest party either confirms or aborts, never both, and makes its choice
// durable before it says it; a share is active once its holder has every party's confirm of the same body, and any holder
// of them can pass them on. A party that says both is caught with two signed statements, and its confirm counts: whoever
// holds all confirms may have made its share active already, and all others must follow.
package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/node/wire"
)

// Limits of a proposal, against lists that never end.
const (
	MaxWait = 24 * time.Hour // how far ahead a proposal may expire
	maxText = 200            // bytes of an abort's reason
)

// State is how far a ceremony got, as this party sees it.
type State string

const (
	Proposed State = "proposed" // waits for operators
	Approved State = "approved" // every party's operator approved: generate
	Prepared State = "prepared" // this party confirmed, others' confirms are missing
	Active   State = "active"   // every confirm is here
	Ready    State = "ready"    // every party is active and every set of signers has signed the test message
	Aborted  State = "aborted"  // a party that has not confirmed said that it never will
	Expired  State = "expired"  // not approved in time
	Disputed State = "disputed" // parties confirmed different bodies: no key
)

// Ceremony is what one party knows.
type Ceremony struct{ wire.CeremonyNews }

// ErrNews is wrapped by every error of Merge.
var ErrNews = errors.New("ceremony news")

// New checks a proposal against the manifest. A proposal that expires later than MaxWait from now is refused.
func New(m wire.Manifest, k wire.Keygen, now time.Time) (Ceremony, error) {
	switch {
	case k.Network != m.ID():
		return Ceremony{}, fmt.Errorf("%w: proposal is for another network", ErrNews)
	case !wire.ValidID(k.Key):
		return Ceremony{}, fmt.Errorf("%w: key id %.80q is not of the form [a-z0-9-]", ErrNews, k.Key)
	case k.Epoch != 1:
		return Ceremony{}, fmt.Errorf("%w: a new key starts with epoch 1, not %d", ErrNews, k.Epoch)
	case k.Need != m.Need:
		return Ceremony{}, fmt.Errorf("%w: threshold %d is not the network's, %d", ErrNews, k.Need, m.Need)
	case !slices.Equal(k.Parties, m.Names()):
		return Ceremony{}, fmt.Errorf("%w: committee %v is not the network's, %v", ErrNews, k.Parties, m.Names())
	case !slices.Equal(k.Required, m.Required):
		return Ceremony{}, fmt.Errorf("%w: required parties %v are not the network's, %v", ErrNews, k.Required, m.Required)
	case !slices.Contains(k.Parties, k.Proposer):
		return Ceremony{}, fmt.Errorf("%w: proposer %.64q is no party", ErrNews, k.Proposer)
	case now.Unix() > k.Expires:
		return Ceremony{}, fmt.Errorf("%w: proposal has expired", ErrNews)
	case time.Unix(k.Expires, 0).After(now.Add(MaxWait)):
		return Ceremony{}, fmt.Errorf("%w: proposal expires more than %s ahead", ErrNews, MaxWait)
	}
	return Ceremony{wire.CeremonyNews{Keygen: k}}, nil
}

// ID is the digest that operators approve.
func (c Ceremony) ID() [32]byte { return c.Keygen.ID() }

// State derives how far the ceremony got for party self at time now.
func (c Ceremony) State(self string, now time.Time) State {
	all := len(c.Keygen.Parties)
	switch {
	case all == 0:
		return Expired // the zero value is no ceremony
	case c.disputed():
		return Disputed
	case len(c.Confirms) == all && len(c.Actives) == all && len(c.Tests) == len(c.Sets()):
		return Ready
	case len(c.Confirms) == all:
		return Active
	case len(c.Aborts) > 0:
		return Aborted
	case said(c.Confirms, self):
		return Prepared
	case len(c.Approvals) == all:
		return Approved
	case now.Unix() > c.Keygen.Expires:
		return Expired
	}
	return Proposed
}

// Merge takes in another party's news of the same ceremony, every part verified, and reports whether it held anything
// new. On an error nothing is taken in.
func (c *Ceremony) Merge(m wire.Manifest, news wire.CeremonyNews, test func(wire.KeyTest) error) (changed bool, err error) {
	if news.Keygen.ID() != c.ID() {
		return false, fmt.Errorf("%w: about another ceremony", ErrNews)
	}
	next := Ceremony{wire.CeremonyNews{
		Keygen: c.Keygen, Approvals: slices.Clone(c.Approvals), Confirms: slices.Clone(c.Confirms),
		Aborts: slices.Clone(c.Aborts), Actives: slices.Clone(c.Actives), Tests: slices.Clone(c.Tests),
	}}
	before := next.size()
	for _, a := range news.Approvals {
		if err := next.approve(m, a); err != nil {
			return false, err
		}
	}
	for _, add := range []struct {
		kind  string
		have  *[]wire.Statement
		news  []wire.Statement
		check func(wire.Statement) error
	}{
		{wire.KindConfirm, &next.Confirms, news.Confirms, next.checkConfirm},
		{wire.KindAbort, &next.Aborts, news.Aborts, next.checkAbort},
		{wire.KindActive, &next.Actives, news.Actives, next.checkActive},
	} {
		for _, s := range add.news {
			if err := addStatement(m, add.have, add.kind, s, add.check); err != nil {
				return false, err
			}
		}
	}
	for _, t := range news.Tests {
		if err := next.addTest(t, test); err != nil {
			return false, err
		}
	}
	*c = next
	return next.size() > before, nil
}

// approve adds one operator's approval.
func (c *Ceremony) approve(m wire.Manifest, a wire.Approval) error {
	if a.Ceremony != c.ID() {
		return fmt.Errorf("%w: approval of another ceremony", ErrNews)
	}
	if slices.ContainsFunc(c.Approvals, func(b wire.Approval) bool { return a.Party == b.Party }) {
		return nil
	}
	if err := a.Verify(m); err != nil {
		return fmt.Errorf("%w: %w", ErrNews, err)
	}
	c.Approvals = append(c.Approvals, a)
	return nil
}

func addStatement(m wire.Manifest, have *[]wire.Statement, kind string, s wire.Statement, check func(wire.Statement) error) error {
	if said(*have, s.Party) {
		return nil
	}
	if err := s.Verify(m, kind); err != nil {
		return fmt.Errorf("%w: %w", ErrNews, err)
	}
	if err := check(s); err != nil {
		return fmt.Errorf("%w: %w", ErrNews, err)
	}
	*have = append(*have, s)
	return nil
}

// checkConfirm refuses a confirm that doesn't name this ceremony's session: a body for another one proves nothing here.
func (c *Ceremony) checkConfirm(s wire.Statement) error {
	if session := c.Session(); !bytes.Contains(s.Body, session[:]) {
		return fmt.Errorf("%s's confirm is for another session", s.Party)
	}
	return nil
}

func (c *Ceremony) checkAbort(s wire.Statement) error {
	var a wire.Abort
	if err := s.Read(&a); err != nil {
		return err
	}
	if a.Ceremony != c.ID() || len(a.Reason) > maxText {
		return fmt.Errorf("%s's abort is for another ceremony", s.Party)
	}
	return nil
}

func (c *Ceremony) checkActive(s wire.Statement) error {
	var a wire.Active
	if err := s.Read(&a); err != nil {
		return err
	}
	if certificate, ok := c.Certificate(); a.Ceremony != c.ID() || !ok || a.Certificate != certificate {
		return fmt.Errorf("%s says it is active without every confirm", s.Party)
	}
	return nil
}

func (c *Ceremony) addTest(t wire.KeyTest, verify func(wire.KeyTest) error) error {
	known := slices.ContainsFunc(c.Tests, func(o wire.KeyTest) bool { return slices.Equal(o.Signers, t.Signers) })
	if known {
		return nil
	}
	if !slices.ContainsFunc(c.Sets(), func(s []string) bool { return slices.Equal(s, t.Signers) }) {
		return fmt.Errorf("%w: %v is no set of signers", ErrNews, t.Signers)
	}
	if err := verify(t); err != nil {
		return fmt.Errorf("%w: test signature of %v: %w", ErrNews, t.Signers, err)
	}
	c.Tests = append(c.Tests, t)
	return nil
}

// Session returns the id of the generation's one session. A ceremony is run once: after a failure another is proposed.
func (c Ceremony) Session() [32]byte {
	return digest.Sum(digest.Session, "keygen", c.ID())
}

// Certificate returns the digest of the confirmed body once every party has confirmed the same one.
func (c Ceremony) Certificate() (sum [32]byte, ok bool) {
	if len(c.Confirms) == 0 || len(c.Confirms) != len(c.Keygen.Parties) || c.disputed() {
		return sum, false
	}
	return digest.Sum(digest.Confirm, c.Confirms[0].Body), true
}

// Sets returns every set of parties that may sign: `need` of them, the required ones included, in a fixed order.
func (c Ceremony) Sets() (sets [][]string) {
	missing := func(set []string) bool {
		return slices.ContainsFunc(c.Keygen.Required, func(r string) bool { return !slices.Contains(set, r) })
	}
	var pick func(from int, set []string)
	pick = func(from int, set []string) {
		if len(set) == c.Keygen.Need {
			if !missing(set) {
				sets = append(sets, slices.Clone(set))
			}
			return
		}
		for i := from; i < len(c.Keygen.Parties); i++ {
			pick(i+1, append(set, c.Keygen.Parties[i]))
		}
	}
	pick(0, nil)
	return sets
}

// Untested returns the sets that party self starts and that have not signed the test message: a set's first party
// starts it.
func (c Ceremony) Untested(self string) (sets [][]string) {
	for _, s := range c.Sets() {
		done := slices.ContainsFunc(c.Tests, func(t wire.KeyTest) bool { return slices.Equal(t.Signers, s) })
		if s[0] == self && !done {
			sets = append(sets, s)
		}
	}
	return sets
}

// EveryoneActive reports whether all parties have said that their share is active.
func (c Ceremony) EveryoneActive() bool { return len(c.Actives) == len(c.Keygen.Parties) }

// Equivocators returns the parties that have both confirmed and aborted.
func (c Ceremony) Equivocators() (parties []string) {
	for _, a := range c.Aborts {
		if said(c.Confirms, a.Party) {
			parties = append(parties, a.Party)
		}
	}
	return parties
}

// Proposed reports whether the proposer's own operator has approved: without that anyone could propose in its name.
func (c Ceremony) Proposed() bool { return !slices.Contains(c.Waiting(), c.Keygen.Proposer) }

// Waiting returns the parties whose approval is missing.
func (c Ceremony) Waiting() (parties []string) {
	for _, p := range c.Keygen.Parties {
		if !slices.ContainsFunc(c.Approvals, func(a wire.Approval) bool { return a.Party == p }) {
			parties = append(parties, p)
		}
	}
	return parties
}

func (c Ceremony) disputed() bool {
	return slices.ContainsFunc(c.Confirms, func(s wire.Statement) bool { return !bytes.Equal(s.Body, c.Confirms[0].Body) })
}

func (c Ceremony) size() int {
	return len(c.Approvals) + len(c.Confirms) + len(c.Aborts) + len(c.Actives) + len(c.Tests)
}

func said(list []wire.Statement, party string) bool {
	return slices.ContainsFunc(list, func(s wire.Statement) bool { return s.Party == party })
}

// Said reports whether party has made a statement of that kind.
func (c Ceremony) Said(kind, party string) bool {
	switch kind {
	case wire.KindConfirm:
		return said(c.Confirms, party)
	case wire.KindAbort:
		return said(c.Aborts, party)
	}
	return said(c.Actives, party)
}
