package guard

import (
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/guard/blacklist"
)

// listSource is the record of a source of published lists. Generations number what was ever begun to be imported of it, so that rows of a
// list that never came to its end can't be taken for another's, and a row is written once and never changed.
type listSource struct {
	Sequence  uint64 `cbor:"sequence"`
	Generated int64  `cbor:"generated"`
	Rows      uint64 `cbor:"rows"`
	Current   uint64 `cbor:"current"` // generation in force; 0: none
	Last      uint64 `cbor:"last"`    // generation that was begun last
	Swept     uint64 `cbor:"swept"`   // of the generations up to this only those in force have rows left

	Pending *pendingList `cbor:"pending"` // nil: nothing is being imported
}

// pendingList is an import under way. It goes on after a restart.
type pendingList struct {
	List [32]byte `cbor:"list"` // digest of its header
	Rows uint64   `cbor:"rows"` // taken in
	Hash []byte   `cbor:"hash"` // state of the SHA-256 over them
}

// ListChunk is a part of a published list: its header, and some of its rows. Only ReadListChunk makes one with rows.
type ListChunk struct {
	Header blacklist.Header
	First  uint64 // number of the first row
	text   []byte
	rows   []blacklist.Row
}

// ReadListChunk reads rows as they stand in the list's file, of which the first is number first. The error names their line.
func ReadListChunk(h blacklist.Header, first uint64, text []byte) (ListChunk, error) {
	rows, err := blacklist.ParseRows(text, first)
	return ListChunk{h, first, text, rows}, err
}

// Split returns the chunk in parts of as many rows as one call of ImportList takes; a chunk without rows is one part.
func (c ListChunk) Split() (parts []ListChunk) {
	for len(c.rows) > maxListRows {
		size := 0
		for _, r := range c.rows[:maxListRows] {
			size += len(r.String())
		}
		parts = append(parts, ListChunk{c.Header, c.First, c.text[:size], c.rows[:maxListRows]})
		c.First, c.text, c.rows = c.First+maxListRows, c.text[size:], c.rows[maxListRows:]
	}
	return append(parts, c)
}

// ListProgress says how far the import of a list is.
type ListProgress struct {
	Rows     uint64 // taken in: the next one's number
	Complete bool   // the list is in force
}

// ImportList takes in the next rows of a list whose source the bundle names. It begins with the first chunk, which may have no rows; a
// chunk that isn't the next one changes nothing, and the progress says which is. Until the last row is in and all of them are what
// was signed, the source's earlier list stays in force; then every row of that goes. Entries of other sources are not touched.
//
// A list that turns out not to be the signed one is refused and dropped, which is no error: the transaction must be kept.
func (g *Guard) ImportList(tx Tx, now time.Time, c ListChunk) (p ListProgress, refused, err error) {
	s, err := g.openSource(tx, now, c.Header)
	if err == nil && len(c.rows) > maxListRows {
		err = fmt.Errorf("%d rows at once, at most %d are taken", len(c.rows), maxListRows)
	}
	if err == nil && c.First == s.Pending.Rows {
		refused, err = s.take(tx, now, c)
	}
	if err != nil {
		return p, nil, fmt.Errorf("import list %d of %s: %w", c.Header.Sequence, c.Header.Source, err)
	}
	put(tx, keySource(c.Header.Source), s)
	if s.Pending != nil {
		p.Rows = s.Pending.Rows
	} else if refused == nil {
		p = ListProgress{s.Rows, true}
	}
	return p, refused, nil
}

// openSource reads the record of a header's source, with that list pending: what has come of it, or nothing yet.
func (g *Guard) openSource(tx Tx, now time.Time, h blacklist.Header) (s listSource, err error) {
	b, err := g.Policy(tx)
	if err != nil {
		return s, err
	}
	if b == nil {
		return s, errors.New("there is no policy, which would name the source and its key")
	}
	key, named := b.List(h.Source)
	if !named {
		return s, errors.New("the policy's lists do not name the source")
	}
	if err := h.Verify(key); err != nil {
		return s, err
	}
	if s, err = readSource(tx, h.Source); err != nil {
		return s, err
	}
	switch {
	case h.Sequence <= s.Sequence:
		return s, fmt.Errorf("sequence %d is not above %d, which is in force", h.Sequence, s.Sequence)
	case fromUnix(h.Generated).After(now.Add(maxSkew)):
		return s, fmt.Errorf("generated at %s, which is in the future", fromUnix(h.Generated).Format(time.RFC3339))
	}
	if s.Pending == nil || s.Pending.List != h.Digest() {
		s.Last++
		s.Pending = &pendingList{List: h.Digest()}
		s.Pending.Hash, err = sha256.New().(encoding.BinaryMarshaler).MarshalBinary()
	}
	return s, err
}

// take writes the rows of the next chunk and, after the last one, puts the list into force or drops it.
func (s *listSource) take(tx Tx, now time.Time, c ListChunk) (refused, err error) {
	if s.Pending.Rows+uint64(len(c.rows)) > c.Header.Count {
		s.Pending = nil
		return fmt.Errorf("has more rows than the %d that were signed", c.Header.Count), nil
	}
	for _, r := range c.rows {
		putListed(tx, r.Address, c.Header.Source, s.Last, listed{Severity: r.Severity, Reason: r.Reason, Added: now.Unix()})
	}
	sum, err := s.Pending.add(c)
	if err != nil || s.Pending.Rows < c.Header.Count {
		return nil, err
	}
	s.Pending = nil
	if sum != c.Header.Rows {
		return errors.New("its rows are not those that were signed: fetch the file anew"), nil
	}
	s.Current, s.Sequence, s.Generated, s.Rows = s.Last, c.Header.Sequence, c.Header.Generated, c.Header.Count
	tx.Append(audit.Entry{
		V: audit.Version, TS: audit.At(now), EventType: audit.BlacklistImported, Action: "blacklist",
		Actor:    audit.Actor{Type: "publisher", ID: c.Header.Source},
		Resource: audit.Resource{Type: "list", ID: fmt.Sprintf("%x", c.Header.Digest())},
		Outcome:  audit.Success, Severity: audit.Info,
		Details: audit.KV("sequence", fmt.Sprint(s.Sequence), "rows", fmt.Sprint(s.Rows), "generated", fmt.Sprint(s.Generated)),
	})
	return nil, nil
}

// add counts and hashes a chunk, and returns the hash of all rows so far.
func (p *pendingList) add(c ListChunk) (sum [32]byte, err error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.Hash); err != nil {
		return sum, err
	}
	h.Write(c.text)
	p.Rows += uint64(len(c.rows))
	p.Hash, err = h.(encoding.BinaryMarshaler).MarshalBinary()
	return [32]byte(h.Sum(nil)), err
}

// keeps reports whether a generation is the list in force, or the one that is being imported.
func (s listSource) keeps(generation uint64) bool {
	return generation == s.Current || s.Pending != nil && generation == s.Last
}

func readSource(tx Tx, source string) (s listSource, err error) {
	_, err = get(tx, keySource(source), &s)
	return s, err
}
