package blacklist

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tonaiagent/mpcnode/digest"
)

const (
	// MaxRows bounds a list: ten times the largest public ones, and minutes of a node's time.
	MaxRows = 1_000_000

	// HeaderLines is how many lines of the file come before the first row, the empty one included.
	HeaderLines = 8

	// MaxHeader bounds the header, in bytes; ours are below 400.
	MaxHeader = 1024
)

// magic is the first line of a list. Another form needs another number.
const magic = "mpcnode-blacklist/v1"

// Header says which list of which publisher the rows are, and signs them.
type Header struct {
	Source    string   // the publisher, as the party's policy names it
	Sequence  uint64   // rises with every list of a source
	Generated int64    // Unix seconds
	Count     uint64   // of rows
	Rows      [32]byte // SHA-256 of the rows' lines
	Signature []byte   // ed25519 over Digest
}

// Digest returns what the publisher signs. No network is in it: one list is for all.
func (h Header) Digest() [32]byte {
	return digest.Sum(digest.Blacklist, h.Source, h.Sequence, h.Generated, h.Count, h.Rows)
}

// Sign returns the header with its signature.
func (h Header) Sign(key ed25519.PrivateKey) Header {
	d := h.Digest()
	h.Signature = ed25519.Sign(key, d[:])
	return h
}

// Verify says what is wrong with a header that is to be of the publisher with that key.
func (h Header) Verify(key [32]byte) error {
	d := h.Digest()
	if err := h.check(); err != nil {
		return err
	}
	if len(h.Signature) != ed25519.SignatureSize || !ed25519.Verify(key[:], d[:], h.Signature) {
		return fmt.Errorf("the signature does not fit: it is not by the key that the policy lists for %s, or the header was changed", h.Source)
	}
	return nil
}

func (h Header) check() error {
	switch {
	case !sourceID.MatchString(h.Source):
		return fmt.Errorf("source %.70q is no id (a-z, 0-9 and -, at most 64)", h.Source)
	case h.Sequence == 0:
		return errors.New("sequence is 0; the first is 1")
	case h.Count > MaxRows:
		return fmt.Errorf("%d rows, at most %d are taken", h.Count, MaxRows)
	}
	return nil
}

var sourceID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// String returns the header's lines, the empty one included.
func (h Header) String() string {
	return fmt.Sprintf("%s\nsource\t%s\nsequence\t%d\ngenerated\t%d\ncount\t%d\nrows\t%x\nsignature\t%x\n\n",
		magic, h.Source, h.Sequence, h.Generated, h.Count, h.Rows, h.Signature)
}

// ParseHeader reads what String writes, and nothing else. Whether the signature fits, Verify tells.
func ParseHeader(text string) (h Header, err error) {
	if len(text) > MaxHeader {
		return h, fmt.Errorf("header has more than %d bytes", MaxHeader)
	}
	lines := strings.Split(text, "\n")
	if lines[0] != magic {
		return h, fmt.Errorf("line 1: want %s", magic)
	}
	fields := []struct {
		name string
		read func(string) error
	}{
		{"source", func(s string) error { h.Source = s; return nil }},
		{"sequence", func(s string) (err error) { h.Sequence, err = strconv.ParseUint(s, 10, 64); return err }},
		{"generated", func(s string) (err error) { h.Generated, err = strconv.ParseInt(s, 10, 64); return err }},
		{"count", func(s string) (err error) { h.Count, err = strconv.ParseUint(s, 10, 64); return err }},
		{"rows", func(s string) error { return unhex(h.Rows[:], s) }},
		{"signature", func(s string) error { h.Signature = make([]byte, ed25519.SignatureSize); return unhex(h.Signature, s) }},
	}
	for i, f := range fields {
		value, named := "", false
		if i+1 < len(lines) {
			value, named = strings.CutPrefix(lines[i+1], f.name+"\t")
		}
		if !named {
			return h, fmt.Errorf("line %d: want %s, a tab and its value", i+2, f.name)
		}
		if err := f.read(value); err != nil {
			return h, fmt.Errorf("line %d: %s can't be read: %w", i+2, f.name, err)
		}
	}
	if h.String() != text {
		return h, fmt.Errorf("the header's %d lines are not as they are written: no spaces, no leading zeros, lower case, and an empty line at the end", HeaderLines)
	}
	return h, h.check()
}

func unhex(to []byte, s string) error {
	if len(s) != 2*len(to) {
		return fmt.Errorf("want %d hex digits", 2*len(to))
	}
	_, err := hex.Decode(to, []byte(s))
	return err
}
