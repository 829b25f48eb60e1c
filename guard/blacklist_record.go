package guard

import (
	"slices"

	"github.com/tonaiagent/mpcnode/ton"
)

func readListed(tx Tx, a ton.Address) (entries []listed, err error) {
	_, err = get(tx, keyListed(a), &entries)
	return entries, err
}

func readSource(tx Tx, source string) (s listSource, err error) {
	_, err = get(tx, keySource(source), &s)
	return s, err
}

// index makes an address findable by its ends. Where too many have the same, those that are findable already will do.
func index(tx Tx, a ton.Address) error {
	for _, k := range keysAlike(a) {
		var all []ton.Address
		if _, err := get(tx, k, &all); err != nil {
			return err
		}
		if slices.Contains(all, a) {
			continue
		}
		if len(all) < maxAlike {
			put(tx, k, append(all, a))
		}
	}
	return nil
}

// unindex is index taken back.
func unindex(tx Tx, a ton.Address) error {
	for _, k := range keysAlike(a) {
		var all []ton.Address
		if _, err := get(tx, k, &all); err != nil {
			return err
		}
		switch all = slices.DeleteFunc(all, func(b ton.Address) bool { return a == b }); len(all) {
		case 0:
			tx.Set(k, nil)
		default:
			put(tx, k, all)
		}
	}
	return nil
}
