package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
)

// Passphrase is the secret that the page of file keys is sealed under. Whatever prints it prints a placeholder. Where fmt
// calls no methods, on unexported fields, it finds a function: it would follow a pointer.
type Passphrase struct{ get func() []byte }

// NewPassphrase takes over b.
func NewPassphrase(b []byte) Passphrase { return Passphrase{get: func() []byte { return b }} }

func (p Passphrase) bytes() []byte {
	if p.get == nil {
		return nil
	}
	return p.get()
}

// ReadPassphrase reads a file that only this user can read; one line end at its end is not part of the passphrase.
func ReadPassphrase(path string) (Passphrase, error) {
	f, err := os.Open(path)
	if err != nil {
		return Passphrase{}, fmt.Errorf("read passphrase: %w", err)
	}
	defer f.Close()
	b, err := readPrivate(f, maxSmallFile)
	if err != nil {
		return Passphrase{}, fmt.Errorf("read passphrase: %w", err)
	}
	b = bytes.TrimSuffix(b, []byte("\n"))
	return NewPassphrase(bytes.TrimSuffix(b, []byte("\r"))), nil
}

// Check refuses a passphrase that is too short.
func (p Passphrase) Check() error {
	if n := len(p.bytes()); n < minPassphrase {
		return fmt.Errorf("passphrase of %d bytes: use at least %d", n, minPassphrase)
	}
	return nil
}

// Destroy overwrites the passphrase in memory, in all copies of the value.
func (p Passphrase) Destroy() { clear(p.bytes()) }

const redacted = "[passphrase]"

// String returns a placeholder, as all that could print it does.
func (Passphrase) String() string { return redacted }

// GoString returns a placeholder.
func (Passphrase) GoString() string { return redacted }

// Format writes a placeholder, whatever the verb.
func (Passphrase) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText returns a placeholder; encoding/json and YAML use it.
func (Passphrase) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns a placeholder.
func (Passphrase) LogValue() slog.Value { return slog.StringValue(redacted) }
