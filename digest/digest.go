// Package digest is the one way this project hashes structured values: SHA-256 over the deterministic CBOR
// (RFC 8949 section 4.2.1) of the array [tag, fields…]. A tag names one meaning and is used for no other, so a
// signature over one kind of statement can never be passed off as another. The golden file in testdata freezes
// every tag: changing what a tag covers needs a new tag.
package digest

import (
	"crypto/sha256"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Tag separates the domains of digests. Only the constants of tags.go are in use.
type Tag string

// Sum returns SHA-256 of the deterministic CBOR array [tag, fields…]. Fields are strings, byte slices, byte arrays,
// integers, booleans, and slices or structs of those; floats, maps and nil interfaces have no place in a statement
// that must encode in one way only. It panics on a value CBOR can't encode, which is a bug of the caller.
func Sum(tag Tag, fields ...any) [32]byte {
	list := make([]any, 0, len(fields)+1)
	list = append(list, string(tag))
	list = append(list, fields...)
	return sha256.Sum256(Encode(list))
}

// Encode returns the deterministic CBOR of v. It panics on a value CBOR can't encode.
func Encode(v any) []byte {
	b, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("digest: encode %T: %v", v, err))
	}
	return b
}

// Decode reads CBOR into v strictly: unknown fields, duplicate keys, indefinite lengths, tags and trailing bytes are
// errors, so that bytes decode in one way only.
func Decode(b []byte, v any) error { return decMode.Unmarshal(b, v) }

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   16,
		MaxArrayElements:  4096,
		MaxMapPairs:       256,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
