package contracts

import (
	"fmt"
	"maps"
	"slices"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// entry is one of a HashmapE.
type entry struct {
	key   []byte
	value *cell.Slice
}

// loadDict returns the entries of a HashmapE with keys of keyBits, at most limit. It stops at the limit: a dictionary
// whose forks share their branches holds 2^n entries in n cells.
func loadDict(root *cell.Cell, keyBits uint, limit int) (all []entry, err error) {
	if root == nil {
		return nil, nil
	}
	it, err := root.AsDict(keyBits).Iterator(false, false)
	if err != nil {
		return nil, err
	}
	for it.Next() {
		if len(all) == limit {
			return nil, fmt.Errorf("more than %d entries", limit)
		}
		s, err := it.Item().Key.BeginParse()
		if err != nil {
			return nil, err
		}
		key, err := s.LoadSlice(keyBits)
		if err != nil {
			return nil, err
		}
		all = append(all, entry{key: key, value: it.Item().Value.Copy()})
	}
	return all, it.Err()
}

// readSet reads a HashmapE whose values are all the bit 1. A 0 would be an entry that the contract takes for one.
func readSet(root *cell.Cell, keyBits uint, limit int) (keys [][]byte, err error) {
	all, err := loadDict(root, keyBits, limit)
	for _, e := range all {
		if bit, err := e.value.LoadBoolBit(); err != nil || !bit || e.value.BitsLeft() != 0 || e.value.RefsNum() != 0 {
			return nil, fmt.Errorf("a value of the set is not the bit 1")
		}
		keys = append(keys, e.key)
	}
	return keys, err
}

// setOf is the root of the HashmapE with these keys, nil for none.
func setOf(keys [][]byte) *cell.Cell {
	var d *cell.Dictionary
	for _, k := range keys {
		if d == nil {
			d = cell.NewDict(uint(len(k)) * 8)
		}
		mustSet(d, k, cell.BeginCell().MustStoreBoolBit(true).EndCell())
	}
	if d == nil {
		return nil
	}
	return d.AsCell()
}

func mustSet(d *cell.Dictionary, key []byte, value *cell.Cell) {
	if err := d.Set(cell.BeginCell().MustStoreSlice(key, uint(len(key))*8).EndCell(), value); err != nil {
		panic(fmt.Sprintf("contracts: set dictionary entry: %v", err)) // the key has the dictionary's size
	}
}

// depth is that of the contract's instruction CDEPTH: 0 for nothing.
func depth(c *cell.Cell) int {
	if c == nil {
		return 0
	}
	return int(c.Depth())
}

// sortedHashes returns the keys of a set in a fixed order.
func sortedHashes[V any](m map[[32]byte]V) [][32]byte {
	return slices.SortedFunc(maps.Keys(m), func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
}
