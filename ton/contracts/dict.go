package contracts

import (
	"fmt"
	"maps"
	"slices"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// loadDict returns the entries of a HashmapE with keys of keyBits, at most limit.
func loadDict(root *cell.Cell, keyBits uint, limit int) ([]cell.DictKV, error) {
	if root == nil {
		return nil, nil
	}
	all, err := root.AsDict(keyBits).LoadAll()
	if err != nil {
		return nil, err
	}
	if len(all) > limit {
		return nil, fmt.Errorf("%d entries, at most %d", len(all), limit)
	}
	return all, nil
}

// readSet reads a HashmapE whose values are all the bit 1. A 0 would be an entry that the contract takes for one.
func readSet(root *cell.Cell, keyBits uint, limit int) (keys [][]byte, err error) {
	all, err := loadDict(root, keyBits, limit)
	for _, kv := range all {
		if bit, err := kv.Value.LoadBoolBit(); err != nil || !bit || kv.Value.BitsLeft() != 0 || kv.Value.RefsNum() != 0 {
			return nil, fmt.Errorf("a value of the set is not the bit 1")
		}
		key, err := kv.Key.LoadSlice(keyBits)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
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
