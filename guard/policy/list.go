package policy

import (
	"encoding/hex"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// listFields are one publisher of a blacklist whose signed lists this node takes.
type listFields struct {
	// PublicKey is the key that signs the lists, 64 hex digits. Required.
	PublicKey publicKey `yaml:"publicKey"`
}

// List returns the key that signs the lists of a source, and whether the bundle names the source.
func (b *Bundle) List(source string) (key [32]byte, ok bool) {
	key, ok = b.lists[source]
	return key, ok
}

// Lists returns the sources of lists that the bundle names, sorted.
func (b *Bundle) Lists() []string { return slices.Sorted(maps.Keys(b.lists)) }

// readLists takes in the publishers of blacklists.
func (d document) readLists(b *Bundle) (problems []problem) {
	if len(d.Lists) > maxLists {
		problems = append(problems, tooMany("lists", len(d.Lists), maxLists))
	}
	b.lists = make(map[string][32]byte, len(d.Lists))
	for id, f := range d.Lists { // in any order: the mistakes are sorted
		if !agentID.MatchString(id) || f == nil || f.PublicKey == (publicKey{}) {
			problems = append(problems, problem{"lists." + clip(id), "want an id (a-z, 0-9 and -, at most 64) with a publicKey"})
			continue
		}
		b.lists[id] = f.PublicKey
	}
	return problems
}

// publicKey is an ed25519 public key (RFC 8032) in hex.
type publicKey [32]byte

func (k *publicKey) UnmarshalYAML(n ast.Node) error {
	raw, err := hex.DecodeString(n.GetToken().Value)
	if err != nil || len(raw) != len(k) {
		return at(n, "want the 64 hex digits of an ed25519 public key")
	}
	*k = publicKey(raw)
	return nil
}
