package guard

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

// ListState is what is known of a source that the bundle names.
type ListState struct {
	Source    string
	Sequence  uint64
	Rows      uint64
	Generated time.Time
	Importing uint64 // rows of the next list that have come
	Sweep     uint64 // generation up to which rows of earlier lists may take up room, until SweepBlacklist has seen every record; 0: none do
}

// Lists returns the state of every source that the bundle names, by rising name.
func (g *Guard) Lists(tx Tx) (all []ListState, err error) {
	b, err := g.Policy(tx)
	if err != nil || b == nil {
		return nil, err
	}
	for _, source := range b.Lists() {
		s, err := readSource(tx, source)
		if err != nil {
			return nil, err
		}
		l := ListState{Source: source, Sequence: s.Sequence, Rows: s.Rows, Generated: fromUnix(s.Generated)}
		if s.Pending != nil {
			l.Importing = s.Pending.Rows
		}
		if s.Pending == nil && s.Swept < s.Last {
			l.Sweep = s.Last
		}
		all = append(all, l)
	}
	return all, nil
}

// SweepBlacklist deletes, of some records of the blacklist, those that are of a list no longer in force of a source of those states.
func (g *Guard) SweepBlacklist(tx Tx, states []ListState, records []Key) error {
	r, err := g.openBlacklist(tx)
	if err != nil {
		return err
	}
	sources := make(map[string]listSource, len(states))
	for _, state := range states {
		if sources[state.Source], err = readSource(tx, state.Source); err != nil {
			return err
		}
	}
	for _, k := range records {
		a, source, generation, err := parseListed(k)
		if err != nil {
			return err
		}
		s, known := sources[source]
		if !known || s.keeps(generation) {
			continue
		}
		tx.Set(k, nil)
		if err := r.unindex(a); err != nil {
			return err
		}
	}
	return nil
}

// unindex makes an address that nobody lists any more no longer findable by its ends.
func (r blacklistReader) unindex(a ton.Address) error {
	_, found, err := r.gravest(a)
	if err != nil || found {
		return err
	}
	for _, k := range keysAlike(a) {
		var b ton.Address
		if _, err := get(r.tx, k, &b); err != nil {
			return err
		}
		if a == b {
			r.tx.Set(k, nil)
		}
	}
	return nil
}

// Swept notes that SweepBlacklist has seen every record since those states were read.
func (g *Guard) Swept(tx Tx, sources []ListState) error {
	for _, state := range sources {
		s, err := readSource(tx, state.Source)
		if err != nil {
			return err
		}
		if state.Sweep > s.Swept {
			s.Swept = state.Sweep
			put(tx, keySource(state.Source), s)
		}
	}
	return nil
}

// ListedAddress returns the address that a record of the blacklist is about.
func ListedAddress(k Key) (ton.Address, error) {
	a, _, _, err := parseListed(k)
	return a, err
}

// FirstListed returns the key from which on the records of all addresses stand that come after a.
func FirstListed(after ton.Address) Key {
	b, _ := after.MarshalBinary()         // never fails
	return PrefixBlacklist + Key(b) + "0" // a key of the address goes on with a slash, which is the character before
}

// parseListed is the inverse of keyListed.
func parseListed(k Key) (a ton.Address, source string, generation uint64, err error) {
	const size = 33 // of an address
	rest, ok := strings.CutPrefix(string(k), string(PrefixBlacklist))
	if !ok || len(rest) <= size || a.UnmarshalBinary([]byte(rest[:size])) != nil {
		return a, "", 0, fmt.Errorf("%q is no record of the blacklist", k)
	}
	source, number, _ := strings.Cut(rest[size+1:], "/")
	generation, err = strconv.ParseUint(number, 10, 64)
	return a, source, generation, err
}
