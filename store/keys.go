package store

import (
	"encoding/binary"
	"strings"

	"github.com/tonaiagent/mpcnode/guard"
)

// The store's own records. Numbers are big endian, so that their order is badger's.
const (
	headKey     guard.Key = "m/head" // head: size and right edge of the audit tree, number of commits
	entryPrefix guard.Key = "l/"     // l/<seq>: an encoded audit entry
	edgePrefix  guard.Key = "e/"     // e/<size>: the tree at each edgeEvery entries
	indexPrefix guard.Key = "i/"     // i/<request>/<seq>: the entries of a request
)

func entryKey(seq uint64) guard.Key { return numbered(entryPrefix, seq) }
func edgeKey(size uint64) guard.Key { return numbered(edgePrefix, size) }

func indexKey(request string, seq uint64) guard.Key { return numbered(requestPrefix(request), seq) }

func requestPrefix(request string) guard.Key { return indexPrefix + guard.Key(request) + "/" }

func numbered(prefix guard.Key, n uint64) guard.Key {
	return guard.Key(binary.BigEndian.AppendUint64([]byte(prefix), n))
}

// number is the inverse of numbered.
func number(k guard.Key) uint64 { return binary.BigEndian.Uint64([]byte(k[len(k)-8:])) }

func ours(k guard.Key) bool {
	for _, p := range []guard.Key{headKey, entryPrefix, edgePrefix, indexPrefix} {
		if strings.HasPrefix(string(k), string(p)) {
			return true
		}
	}
	return false
}
