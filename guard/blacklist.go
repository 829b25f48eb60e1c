package guard

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
	"github.com/tonaiagent/mpcnode/guard/policy"
	"github.com/tonaiagent/mpcnode/ton"
)

// OwnSource is the source of what this node's own people have listed. It is no id, so no published list can bear the name.
const OwnSource = "this node"

// UnlistDelay is how long an entry that a policy admin takes off the blacklist goes on counting, by window time: whoever has the key for
// a moment can't clear the way for a payment in it.
const UnlistDelay = 24 * time.Hour

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

// listed is what one source says of an address. The record bl/<address> has one of each source, and a second of a source whose next list
// is being imported.
type listed struct {
	_          struct{} `cbor:",toarray"`
	Source     string
	Generation uint64 // of a published list; the revision of an own entry
	Severity   blacklist.Severity
	Reason     string
	Added      int64
	Until      int64 // of an own entry that was taken off: counts until then; 0: without end
}

// Listing is what the blacklist says of an address.
type Listing struct {
	Address   ton.Address // that is listed
	LookAlike bool        // not the address that was asked for, but one that it could be taken for
	Severity  blacklist.Severity
	Reason    string
	Source    string
	Added     time.Time
	Until     time.Time // when it ceases to count, zero for never
}

// Denies reports whether nothing may go to the address that was asked for. A look-alike is only to be flagged.
func (l Listing) Denies() bool { return !l.LookAlike && l.Severity.Denies() }

// Listed returns the gravest entry of an address, else the gravest of those that it could be taken for, and whether there is one. What
// it reads doesn't grow with the blacklist.
func (g *Guard) Listed(tx Tx, a ton.Address) (Listing, bool, error) {
	r, err := g.openBlacklist(tx)
	if err != nil {
		return Listing{}, false, fmt.Errorf("look up %s: %w", a, err)
	}
	l, found, err := r.gravest(a)
	if err != nil || found {
		return l, found, err
	}
	alike, err := r.alike(a)
	for _, b := range alike {
		other, is, err := r.gravest(b)
		if err != nil {
			return Listing{}, false, err
		}
		if is && (!found || other.Severity.Above(l.Severity)) {
			l, found = other, true
		}
	}
	l.LookAlike = found
	return l, found, err
}

// blacklistReader judges which entries count. It reads the state of each source once.
type blacklistReader struct {
	tx      Tx
	at      time.Time // window time
	bundle  *policy.Bundle
	current map[string]uint64 // generations in force, by source
}

func (g *Guard) openBlacklist(tx Tx) (r blacklistReader, err error) {
	r = blacklistReader{tx: tx, current: map[string]uint64{}}
	if r.at, err = windowTime(tx); err != nil {
		return r, err
	}
	r.bundle, err = g.Policy(tx)
	return r, err
}

func (r blacklistReader) gravest(a ton.Address) (l Listing, found bool, err error) {
	entries, err := readListed(r.tx, a)
	if err != nil {
		return l, false, err
	}
	for _, e := range entries {
		counts, err := r.counts(e)
		if err != nil {
			return l, false, err
		}
		if counts && (!found || e.Severity.Above(l.Severity)) {
			l, found = Listing{Address: a, Severity: e.Severity, Reason: e.Reason, Source: e.Source, Added: fromUnix(e.Added)}, true
			if e.Until != 0 {
				l.Until = fromUnix(e.Until)
			}
		}
	}
	return l, found, nil
}

// counts reports whether an entry is of the list in force of a source that the bundle names, or of this node's people and not taken off.
func (r blacklistReader) counts(e listed) (bool, error) {
	if e.Source == OwnSource {
		return e.Until == 0 || r.at.Unix() < e.Until, nil
	}
	if r.bundle == nil {
		return false, nil // and nothing is allowed either
	}
	if _, named := r.bundle.List(e.Source); !named {
		return false, nil
	}
	if _, known := r.current[e.Source]; !known {
		s, err := readSource(r.tx, e.Source)
		if err != nil {
			return false, err
		}
		r.current[e.Source] = s.Current
	}
	return e.Generation == r.current[e.Source], nil
}

// alike returns listed addresses that a could be taken for.
func (r blacklistReader) alike(a ton.Address) (all []ton.Address, err error) {
	for _, k := range keysAlike(a) {
		var some []ton.Address
		if _, err := get(r.tx, k, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return slices.DeleteFunc(all, func(b ton.Address) bool { return b == a }), nil
}

// SetBlacklist adds an address to this node's blacklist at once, or takes it off UnlistDelay from now.
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
	entries, err := readListed(tx, s.Body.Address)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(entries, func(e listed) bool { return e.Source == OwnSource })
	if i < 0 {
		i, entries = len(entries), append(entries, listed{Source: OwnSource, Until: -1})
	}
	if entries[i], err = r.replace(entries[i], s.Body, now); err != nil {
		return err
	}
	put(tx, keyListed(s.Body.Address), entries)
	return index(tx, s.Body.Address)
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

// replace returns the own entry that follows from a record. One that was never there has ended long ago.
func (r blacklistReader) replace(old listed, b BlacklistRecord, now time.Time) (listed, error) {
	stands, err := r.counts(old)
	switch {
	case err != nil:
		return old, err
	case b.Revision <= old.Generation:
		return old, fmt.Errorf("revision %d is not above %d", b.Revision, old.Generation)
	case b.Remove && (!stands || old.Until != 0):
		return old, errors.New("is not on the list of this node's people, or is taken off already")
	case b.Remove && r.at.Unix() <= 0:
		return old, errors.New("this node has not seen the chain's time yet, by which the delay runs")
	case b.Remove:
		old.Generation, old.Until = b.Revision, r.at.Add(UnlistDelay).Unix()
		return old, nil
	case stands && old.Severity.Above(b.Severity):
		return old, fmt.Errorf("is listed as %s: a policy admin takes it off first, then it can be added as %s", old.Severity, b.Severity)
	}
	return listed{Source: OwnSource, Generation: b.Revision, Severity: b.Severity, Reason: b.Reason, Added: now.Unix()}, nil
}
