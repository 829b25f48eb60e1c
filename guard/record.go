package guard

import (
	"fmt"
	"strings"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
)

// recordVersion leads every value of the guard. A change of a record's fields needs a new version and a reader of the
// old one; a version this release doesn't know is an error, never a guess.
const recordVersion = 1

// put writes a record: the version byte and deterministic CBOR.
func put(tx Tx, k Key, v any) { tx.Set(k, append([]byte{recordVersion}, digest.Encode(v)...)) }

// get reads a record into v and reports whether there is one.
func get(tx Tx, k Key, v any) (bool, error) {
	b, err := tx.Get(k)
	if err != nil || b == nil {
		return false, err
	}
	if len(b) == 0 || b[0] != recordVersion {
		return false, fmt.Errorf("read %s: its version is not known to this release", k)
	}
	if err := digest.Decode(b[1:], v); err != nil {
		return false, fmt.Errorf("read %s: %w", k, err)
	}
	return true, nil
}

// fromUnix reads a time as records carry it.
func fromUnix(s int64) time.Time { return time.Unix(s, 0).UTC() }

// clip keeps text from outside short, and readable: what is not UTF-8 could be written to the audit log but not read back.
func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxNote)], "") }
