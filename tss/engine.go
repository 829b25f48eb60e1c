package tss

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"filippo.io/edwards25519"
	lib "github.com/bnb-chain/tss-lib/v2/tss"
)

// The rules of entering tss-lib: from the caller's goroutine only, through enter only, and never again after an error,
// as a panic leaves the library's mutex locked. Callers return the error, which drops the library's party with it.

// roster makes the library's identities of one session, by name. They are made here and nowhere else, so that a
// message's sender in the library is always the authenticated one.
func roster(names []string, ids []*edwards25519.Scalar) map[string]*lib.PartyID {
	r := make(map[string]*lib.PartyID, len(names))
	for i, name := range names {
		r[name] = lib.NewPartyID(name, name, bigScalar(ids[i]))
	}
	lib.SortPartyIDs(slices.Collect(maps.Values(r))) // sets the index of each
	return r
}

// parameters are the library's for one party of a roster; its t is one less than the number that must sign.
func parameters(r map[string]*lib.PartyID, self string, need int) *lib.Parameters {
	sorted := lib.SortPartyIDs(slices.Collect(maps.Values(r)))
	return lib.NewParameters(ed25519Curve, lib.NewPeerContext(sorted), r[self], len(r), need-1)
}

// enter calls the library. Its *Error becomes a proper error here: a nil one in an error interface isn't nil.
func (x *exchange) enter(call func() *lib.Error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("tss-lib panicked: %v", v)
		}
	}()
	if e := call(); e != nil {
		return x.blame(e)
	}
	return nil
}

// deliver hands one checked message to the library.
func (x *exchange) deliver(p lib.Party, m lib.ParsedMessage) error {
	return x.enter(func() *lib.Error {
		_, err := p.Update(m)
		return err
	})
}

// blame turns the library's culprits into a Fault for each. An error of its own, or about this party, names nobody.
func (x *exchange) blame(e *lib.Error) error {
	reason := strings.Join(strings.Fields(e.Cause().Error()), " ") // some come as a list over several lines
	var faults []error
	for _, id := range e.Culprits() {
		if slices.Contains(x.peers, id.Id) {
			faults = append(faults, x.fault(id.Id, errors.New(reason)))
		}
	}
	if len(faults) == 0 {
		return fmt.Errorf("tss-lib: %w", e)
	}
	return errors.Join(faults...)
}

// next takes the message that the library must have put out by now, which must be of the type T: one of another type,
// above all one that completes a signature, never gets past the step that waits for it.
func next[T any](out <-chan lib.Message) (content T, m lib.Message, err error) {
	select {
	case m = <-out:
	default:
		return content, nil, fmt.Errorf("tss-lib put out nothing where %T is due", content)
	}
	content, ok := m.(lib.ParsedMessage).Content().(T)
	if !ok {
		return content, nil, fmt.Errorf("tss-lib put out %s where %T is due", m.Type(), content)
	}
	return content, m, nil
}
