package ton

import (
	"math/big"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"
)

// queries is a HighloadV3 wallet's memory of what it has run: dictionaries of bits by the 13 high bits of query ids,
// the present one and the one before it, and when the one became the other.
type queries struct {
	old, current *cell.Cell // nil for an empty one
	cleaned      uint64     // Unix seconds
}

const queryKeyBits = 13

// readHighloadData reads what dataHighload writes. Another timeout than every own wallet's makes another wallet.
func readHighloadData(data *cell.Cell) (d walletData, err error) {
	r := read(data)
	d.publicKey, d.walletID = r.bits256(), uint32(r.uint(32))
	d.queries.old, d.queries.current = r.maybeRef(), r.maybeRef()
	d.queries.cleaned = r.uint(64)
	if timeout := r.uint(22); !r.done() || timeout != highloadTimeout {
		return walletData{}, errWalletData
	}
	return d, nil
}

// QueryUsed reports whether a HighloadV3 wallet would refuse a query id in a block at the time now because it has run.
// The contract forgets an id one to two timeouts after; an id within its memory that can't be read counts as used.
func (a Account) QueryUsed(id uint32, now time.Time) bool {
	q, unix := a.data.queries, uint64(max(now.Unix(), 0))
	if q.cleaned+highloadTimeout < unix { // the contract exchanges them before it looks
		q.old, q.current = q.current, nil
		if q.cleaned+2*highloadTimeout < unix {
			q.old = nil
		}
	}
	return queryBit(q.old, id) || queryBit(q.current, id)
}

func queryBit(dict *cell.Cell, id uint32) bool {
	if dict == nil {
		return false
	}
	value, err := dict.AsDict(queryKeyBits).LoadValueByIntKey(big.NewInt(int64(id >> 10)))
	if err != nil {
		return err != cell.ErrNoSuchKeyInDict
	}
	bits, err := value.LoadRefCell()
	if err != nil {
		return true
	}
	r := read(bits)
	if skip := uint(id & 1023); skip > 0 && r.err == nil {
		_, r.err = r.s.LoadSlice(skip)
	}
	return r.bit() || r.err != nil
}

func (r *reader) maybeRef() *cell.Cell {
	if !r.bit() {
		return nil
	}
	return r.ref()
}
