package audit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tonaiagent/mpcnode/digest"
)

// Version is the V of entries written now.
const Version = 1

// Entry is one record of the audit log. Its encoding is what the Merkle log hashes, so the format of a version never
// changes: a new field needs a new V, and old entries keep decoding as they were.
type Entry struct {
	V          uint8     `cbor:"v"`
	Seq        uint64    `cbor:"seq"` // position in the log, from 0; filled in by the store
	TS         Millis    `cbor:"ts"`
	Party      string    `cbor:"party"` // whose log; filled in by the store
	EventType  EventType `cbor:"eventType"`
	Actor      Actor     `cbor:"actor"`
	Action     string    `cbor:"action"`
	Resource   Resource  `cbor:"resource"`
	Outcome    Outcome   `cbor:"outcome"`
	Severity   Severity  `cbor:"severity"`
	Request    string    `cbor:"request,omitempty"`   // request id; indexed
	PolicyHash [32]byte  `cbor:"policyHash,omitzero"` // the bundle that decided
	Details    Details   `cbor:"details,omitempty"`   // what was observed, in the order of evaluation
	Context    Details   `cbor:"context,omitempty"`   // where it came from: sessionId, peer, remote address
	Salt       [16]byte  `cbor:"salt"`                // random, so that a pruned body can't be guessed from its hash; filled in by the store
}

// Actor is who did it: an agent, an operator, a party, the node itself.
type Actor struct {
	Type string `cbor:"type" json:"type"`
	ID   string `cbor:"id" json:"id"`
}

// Resource is what it was done to: a wallet, a key, an agent, a policy.
type Resource struct {
	Type string `cbor:"type" json:"type"`
	ID   string `cbor:"id" json:"id"`
}

// Millis is a time in milliseconds since the Unix epoch: as fine as anybody needs, and encoded in one way only.
type Millis int64

// At returns t in milliseconds; finer parts are cut off.
func At(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the UTC time.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Encode returns the canonical encoding of e, whose hash is the leaf of the log. The error says which part breaks the
// rules: a log that can't be read back later is no log.
func (e Entry) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("audit entry: %w", err)
	}
	b := digest.Encode(e)
	if len(b) > maxEntry {
		return nil, fmt.Errorf("audit entry: %d bytes, the most is %d", len(b), maxEntry)
	}
	return b, nil
}

// Decode reads one encoded entry. Bytes that aren't the canonical encoding of what they say are refused.
func Decode(b []byte) (Entry, error) {
	if len(b) > maxEntry {
		return Entry{}, fmt.Errorf("decode audit entry: %d bytes, the most is %d", len(b), maxEntry)
	}
	var e Entry
	if err := digest.Decode(b, &e); err != nil {
		return Entry{}, fmt.Errorf("decode audit entry: %w", err)
	}
	again, err := e.Encode()
	if err != nil {
		return Entry{}, fmt.Errorf("decode %w", err)
	}
	if !bytes.Equal(again, b) {
		return Entry{}, errors.New("decode audit entry: not in canonical form")
	}
	return e, nil
}

// text is all of the entry's text but details and context. What isn't UTF-8 would encode and never decode again.
func (e Entry) text() string {
	return e.Party + string(e.EventType) + e.Actor.Type + e.Actor.ID + e.Action + e.Resource.Type + e.Resource.ID +
		string(e.Outcome) + string(e.Severity) + e.Request
}

func (e Entry) check() error {
	switch {
	case e.V != Version:
		return fmt.Errorf("version %d is not %d", e.V, Version)
	case e.EventType == "" || e.Action == "" || e.Actor.Type == "":
		return errors.New("eventType, action or actor is missing")
	case e.Outcome == "" || e.Severity == "":
		return errors.New("outcome or severity is missing")
	case len(e.Request) > maxRequest || strings.Contains(e.Request, "/"):
		return fmt.Errorf("request %q is no id", e.Request)
	case !utf8.ValidString(e.text()):
		return errors.New("text is not UTF-8")
	}
	if err := e.Details.check(); err != nil {
		return fmt.Errorf("details: %w", err)
	}
	if err := e.Context.check(); err != nil {
		return fmt.Errorf("context: %w", err)
	}
	return nil
}
