package guard

import (
	"slices"
	"time"
)

// jettonWallets is the record sj/<wallet>: the own jetton wallets of which spending is kept, at most maxJettons. What is
// not listed has sent nothing within the longest window, unless it was missed.
type jettonWallets struct {
	List   []jettonWallet `cbor:"list"`
	Missed int64          `cbor:"missed"` // when jettons left last for which the list had no place; Unix seconds, 0: never
}

type jettonWallet struct {
	Address string `cbor:"address"` // raw
	Asset   string `cbor:"asset"`   // as which it was proven last; "": it was only seen on the chain, and counts for every jetton
	Last    int64  `cbor:"last"`    // when jettons left it or were reserved last; Unix seconds
}

// note takes down that jettons left a jetton wallet, or were reserved, at a chain time not after at, the window time. It
// returns false if there is no place to count them, and the jetton wallets that it has forgotten for the place.
func (j *jettonWallets) note(w jettonWallet, at time.Time) (listed bool, lapsed []string) {
	if n := j.find(w.Address); n >= 0 {
		old := &j.List[n]
		if old.Last = max(old.Last, w.Last); w.Asset != "" {
			old.Asset = w.Asset
		}
		return true, nil
	}
	if len(j.List) >= maxJettons {
		lapsed = j.lapse(at)
	}
	if len(j.List) >= maxJettons {
		j.Missed = max(j.Missed, w.Last)
		return false, lapsed
	}
	j.List = append(j.List, w)
	return true, lapsed
}

func (j jettonWallets) find(address string) int {
	return slices.IndexFunc(j.List, func(w jettonWallet) bool { return w.Address == address })
}

// idle reports whether the longest window that ends at at begins after a time.
func idle(last int64, at time.Time) bool { return time.Unix(last, 0).Before(at.Add(-Backfill)) }

// lapse forgets what has sent nothing within the longest window.
func (j *jettonWallets) lapse(at time.Time) (lapsed []string) {
	j.List = slices.DeleteFunc(j.List, func(w jettonWallet) bool {
		if idle(w.Last, at) {
			lapsed = append(lapsed, w.Address)
		}
		return idle(w.Last, at)
	})
	return lapsed
}

// counts reports whether everything that left a jetton wallet lately is known, and can go on being counted.
func (j jettonWallets) counts(address string, at time.Time) bool {
	if j.find(address) >= 0 {
		return true
	}
	place := len(j.List) < maxJettons || slices.ContainsFunc(j.List, func(w jettonWallet) bool { return idle(w.Last, at) })
	return place && (j.Missed == 0 || idle(j.Missed, at))
}

// of returns the jetton wallets whose spending counts for an asset: the one that it is in now, those in which it was before
// its master was upgraded, and those that may be one of these.
func (j jettonWallets) of(asset, address string) []string {
	all := []string{address}
	for _, w := range j.List {
		if (w.Asset == asset || w.Asset == "") && w.Address != address {
			all = append(all, w.Address)
		}
	}
	return all
}

// name takes down which jetton a wallet holds that was only seen on the chain, and reports whether it is one of these.
func (j *jettonWallets) name(address, asset string) bool {
	n := j.find(address)
	if n < 0 || j.List[n].Asset != "" {
		return false
	}
	j.List[n].Asset = asset
	return true
}

// forget drops the windows of jetton wallets that are listed no more.
func forget(tx Tx, wallet string, lapsed []string) {
	for _, address := range lapsed {
		tx.Set(keySpend(wallet, address), nil)
	}
}
