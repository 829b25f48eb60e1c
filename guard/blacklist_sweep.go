package guard

import (
	"slices"
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

// SweepBlacklist drops from the records of some addresses what a source of those states said in a list that is no longer in force.
func (g *Guard) SweepBlacklist(tx Tx, states []ListState, addresses []ton.Address) error {
	sources := make(map[string]listSource, len(states))
	for _, state := range states {
		s, err := readSource(tx, state.Source)
		if err != nil {
			return err
		}
		sources[state.Source] = s
	}
	for _, a := range addresses {
		entries, err := readListed(tx, a)
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(entries), func(e listed) bool {
			s, known := sources[e.Source]
			return known && !s.keeps(e)
		})
		if len(kept) == len(entries) {
			continue
		}
		if err := keep(tx, a, kept); err != nil {
			return err
		}
	}
	return nil
}

// keep writes what is left of an address's entries.
func keep(tx Tx, a ton.Address, entries []listed) error {
	if len(entries) > 0 {
		put(tx, keyListed(a), entries)
		return nil
	}
	tx.Set(keyListed(a), nil)
	return unindex(tx, a)
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
