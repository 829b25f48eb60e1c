package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// OwnSource is the source of what this node's own people have listed. It is no id, so no published list can bear the name.
const OwnSource = "this node"

// BlacklistRecord puts an address on this node's blacklist, or takes it off. An operator or policy admin may add, and raise the severity;
// to take off, or to lower, which is to take off and to add again, is a policy admin's alone.
type BlacklistRecord struct {
	Address  ton.Address        `cbor:"address"`
	Revision uint64             `cbor:"revision"` // rises with every record of the address, so that an old one can't come back
	Remove   bool               `cbor:"remove"`
	Severity blacklist.Severity `cbor:"severity"` // none if Remove
	Reason   string             `cbor:"reason"`   // for people; none if Remove
}

func (BlacklistRecord) kind() string { return "blacklist" }

// listed is what one source says of an address.
type listed struct {
	_        struct{} `cbor:",toarray"`
	Severity blacklist.Severity
	Reason   string
	Added    int64
	Revision uint64 // of an own entry
	Until    int64  // of an own entry that was taken off: counts until then; 0: without end
}

// Listing is what the blacklist says of an address.
type Listing struct {
	Asked     ton.Address // in a decision: who would be paid
	Address   ton.Address // that is listed
	LookAlike bool        // not the address that was asked for, but one that it could be taken for
	Severity  blacklist.Severity
	Reason    string
	Source    string
	Added     time.Time
	Until     time.Time // when it ceases to count, zero for never
}

// String says it to operators.
func (l Listing) String() string {
	if l.LookAlike {
		return fmt.Sprintf("%s looks like %s, %s by %s: %s", l.Asked, l.Address, l.Severity, l.Source, l.Reason)
	}
	return fmt.Sprintf("%s is %s by %s: %s", l.Address, l.Severity, l.Source, l.Reason)
}

// Denies reports whether nothing may go to the address that was asked for. A look-alike is only to be flagged.
func (l Listing) Denies() bool { return !l.LookAlike && l.Severity.Denies() }

// Listed returns the gravest entry of an address, else that of one that it could be taken for, and whether there is one. What it reads
// doesn't grow with the lists: a record of each source that the bundle names.
func (g *Guard) Listed(tx Tx, a ton.Address) (l Listing, found bool, err error) {
	r, err := g.openBlacklist(tx)
	if err != nil {
		return l, false, fmt.Errorf("look up %s: %w", a, err)
	}
	return r.look(a)
}

func (r blacklistReader) look(a ton.Address) (l Listing, found bool, err error) {
	if l, found, err = r.gravest(a); err != nil || found {
		return l, found, err
	}
	for _, k := range keysAlike(a) {
		var b ton.Address
		if is, err := get(r.tx, k, &b); err != nil || !is || b == a {
			if err != nil {
				return l, false, err
			}
			continue
		}
		other, is, err := r.gravest(b)
		if err != nil {
			return l, false, err
		}
		if is && (!found || other.Severity.Above(l.Severity)) {
			l, found = other, true
		}
	}
	l.LookAlike = found
	return l, found, nil
}

// blacklistReader reads the entries that count.
type blacklistReader struct {
	tx     Tx
	at     time.Time     // window time
	policy bool          // there is one
	delay  time.Duration // after which what an admin has taken off ceases to count
	lists  []listInForce
}

// listInForce is the list of a source that the bundle names.
type listInForce struct {
	source     string
	generation uint64
}

func (g *Guard) openBlacklist(tx Tx) (r blacklistReader, err error) {
	at, err := windowTime(tx)
	if err != nil {
		return r, err
	}
	b, err := g.Policy(tx)
	if err != nil {
		return r, err
	}
	return blacklistBy(tx, at, b)
}

// blacklistBy reads what counts under a bundle, which may be nil: then nothing is allowed either.
func blacklistBy(tx Tx, at time.Time, b *policy.Bundle) (r blacklistReader, err error) {
	if r.tx, r.at = tx, at; b == nil {
		return r, nil
	}
	r.policy, r.delay = true, b.LoosenDelay
	for _, source := range b.Lists() {
		s, err := readSource(tx, source)
		if err != nil {
			return r, err
		}
		if s.Current > 0 {
			r.lists = append(r.lists, listInForce{source, s.Current})
		}
	}
	return r, nil
}

func (r blacklistReader) gravest(a ton.Address) (l Listing, found bool, err error) {
	own, err := r.own(a)
	if err != nil {
		return l, false, err
	}
	if r.stands(own) {
		l, found = own.listing(a, OwnSource), true
	}
	for _, list := range r.lists {
		var e listed
		is, err := get(r.tx, keyListed(a, list.source, list.generation), &e)
		if err != nil {
			return l, false, err
		}
		if is && (!found || e.Severity.Above(l.Severity)) {
			l, found = e.listing(a, list.source), true
		}
	}
	return l, found, nil
}

// own returns what this node's people say of an address; the zero entry if they never said anything.
func (r blacklistReader) own(a ton.Address) (e listed, err error) {
	_, err = get(r.tx, keyListed(a, OwnSource, 0), &e)
	return e, err
}

// stands reports whether an own entry counts.
func (r blacklistReader) stands(own listed) bool {
	return own.Revision > 0 && (own.Until == 0 || r.at.Unix() < own.Until)
}

func (e listed) listing(a ton.Address, source string) Listing {
	l := Listing{Address: a, Severity: e.Severity, Reason: e.Reason, Source: source, Added: fromUnix(e.Added)}
	if e.Until != 0 {
		l.Until = fromUnix(e.Until)
	}
	return l
}

// SetBlacklist adds an address to this node's blacklist at once, or takes it off, which takes effect after the loosenDelay of
// the policy in force: whoever has an admin's key for a moment can't clear the way for a payment in it.
func (g *Guard) SetBlacklist(tx Tx, now time.Time, s Signed[BlacklistRecord]) error {
	if err := g.setBlacklist(tx, now, s); err != nil {
		return fmt.Errorf("blacklist %s: %w", s.Body.Address, err)
	}
	event := audit.BlacklistAdded
	if s.Body.Remove {
		event = audit.BlacklistRemoved
	}
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: event, Action: "blacklist",
		Actor:    audit.Actor{Type: "person", ID: hex.EncodeToString(s.Operator[:])},
		Resource: audit.Resource{Type: "address", ID: s.Body.Address.String()},
		Outcome:  audit.Success, Severity: audit.Warning,
		Details: audit.KV("revision", fmt.Sprint(s.Body.Revision), "severity", string(s.Body.Severity), "reason", s.Body.Reason),
	})
	return nil
}

func (g *Guard) setBlacklist(tx Tx, now time.Time, s Signed[BlacklistRecord]) error {
	if err := g.checkBlacklist(s); err != nil {
		return err
	}
	r, err := g.openBlacklist(tx)
	if err != nil {
		return err
	}
	old, err := r.own(s.Body.Address)
	if err != nil {
		return err
	}
	next, err := r.replace(old, s.Body, now)
	if err == nil {
		putListed(tx, s.Body.Address, OwnSource, 0, next)
	}
	return err
}

func (g *Guard) checkBlacklist(s Signed[BlacklistRecord]) error {
	b, self := s.Body, g.self()
	admin := verifyBy(g, s, self.PolicyAdmins, "policy admin")
	if b.Remove {
		if b.Severity != "" || b.Reason != "" {
			return errors.New("what is taken off has no severity and no reason")
		}
		return admin
	}
	if admin != nil {
		if err := verify(g, s); err != nil {
			return err
		}
	}
	return blacklist.Row{Address: b.Address, Severity: b.Severity, Reason: b.Reason}.Check()
}

// replace returns the own entry that follows from a record.
func (r blacklistReader) replace(old listed, b BlacklistRecord, now time.Time) (listed, error) {
	stands := r.stands(old)
	switch {
	case checkRevision(b.Revision, old.Revision, now) != nil:
		return old, checkRevision(b.Revision, old.Revision, now)
	case b.Revision <= old.Revision:
		return old, fmt.Errorf("revision %d is not above %d", b.Revision, old.Revision)
	case b.Remove && (!stands || old.Until != 0):
		return old, errors.New("is not on the list of this node's people, or is taken off already")
	case b.Remove && !r.policy:
		return old, errors.New("this node has no policy yet, by which the delay runs")
	case b.Remove && r.at.Unix() <= 0:
		return old, errors.New("this node has not seen the chain's time yet, by which the delay runs")
	case b.Remove:
		old.Revision, old.Until = b.Revision, latest(r.at, now).Add(r.delay).Unix()
		return old, nil
	case stands && old.Severity.Above(b.Severity):
		return old, fmt.Errorf("is listed as %s: a policy admin takes it off first, then it can be added as %s", old.Severity, b.Severity)
	}
	return listed{Severity: b.Severity, Reason: b.Reason, Added: now.Unix(), Revision: b.Revision}, nil
}

// putListed writes what a source says of an address, and makes the address findable by its ends. Of several that have the same, the last
// one is found. Nothing is read, so that a list of a million rows is written in its time.
func putListed(tx Tx, a ton.Address, source string, generation uint64, e listed) {
	put(tx, keyListed(a, source, generation), e)
	for _, k := range keysAlike(a) {
		put(tx, k, a)
	}
}
