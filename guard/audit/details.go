package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Details are named values in the order they were observed. Names are unique, so that the JSON object made of them says
// the same to every reader.
type Details []Detail

// Detail is one named value.
type Detail struct {
	_ struct{} `cbor:",toarray"`
	K string
	V string
}

// KV returns details from pairs: KV("amount", "1.5", "asset", "native"). An odd number of strings is a bug and panics.
func KV(pairs ...string) Details {
	if len(pairs)%2 != 0 {
		panic("audit: KV needs pairs")
	}
	d := make(Details, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, Detail{K: pairs[i], V: pairs[i+1]})
	}
	return d
}

// Get returns the value named k, "" when there is none.
func (d Details) Get(k string) string {
	for _, p := range d {
		if p.K == k {
			return p.V
		}
	}
	return ""
}

// MarshalJSON writes an object with the names in their order.
func (d Details) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(p.K)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(p.V)
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (d Details) check() error {
	if len(d) > maxDetails {
		return fmt.Errorf("%d names, the most is %d", len(d), maxDetails)
	}
	seen := make(map[string]bool, len(d))
	for _, p := range d {
		if p.K == "" || seen[p.K] {
			return fmt.Errorf("name %q is empty or used twice", p.K)
		}
		if !utf8.ValidString(p.K) || !utf8.ValidString(p.V) {
			return fmt.Errorf("%q is not UTF-8", p.K)
		}
		seen[p.K] = true
	}
	return nil
}
