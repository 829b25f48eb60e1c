package chain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// compiled is the code of a contract in testdata, which scripts/build-contracts.sh compiles.
func compiled(t testing.TB, name string) *cell.Cell {
	t.Helper()
	boc, err := os.ReadFile("testdata/" + name + ".boc")
	if err != nil {
		t.Fatal(err)
	}
	code, err := cell.FromBOC(boc)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// deploy puts a contract on the chain and returns its address.
func (m *market) deploy(t testing.TB, name string, data *cell.Builder) ton.Address {
	t.Helper()
	init, err := tlb.ToCell(&tlb.StateInit{Code: compiled(t, name), Data: data.EndCell()})
	if err != nil {
		t.Fatal(err)
	}
	a := ton.Address{Hash: [32]byte(init.HashKey())}
	if err := m.Deliver(devchain.Message{From: m.issuer, To: a, Value: ton.NanoOf(1e9), Init: init}); err != nil {
		t.Fatal(err)
	}
	return a
}

// tell sends a contract a message.
func (m *market) tell(t testing.TB, a ton.Address, body *cell.Builder) {
	t.Helper()
	if err := m.Deliver(devchain.Message{From: m.issuer, To: a, Value: ton.NanoOf(1e8), Body: body.EndCell()}); err != nil {
		t.Fatal(err)
	}
}

// lie is what a contract says of itself, however it is asked (testdata/liar.tolk).
type lie struct {
	how  uint64
	a, b ton.Address
	n    uint64
}

const (
	says = iota
	throws
	loops
	leavesNumbers
	leavesCells
	leavesMore
	isLocked
)

func (l lie) data() *cell.Builder {
	return cell.BeginCell().MustStoreUInt(l.how, 8).MustStoreAddr(optional(l.a)).MustStoreAddr(optional(l.b)).
		MustStoreUInt(0, 64).MustStoreUInt(l.n, 64)
}

// optional is nil, which is written as addr_none, for the zero value.
func optional(a ton.Address) *address.Address {
	if a.IsZero() {
		return nil
	}
	return friendly(a)
}

func (m *market) liar(t testing.TB, l lie) ton.Address {
	t.Helper()
	return m.deploy(t, "liar", l.data())
}

// addresses is a dictionary of addresses by 256 bits.
func addresses(t testing.TB, entries map[[32]byte]ton.Address) *cell.Dictionary {
	t.Helper()
	d := cell.NewDict(256)
	for k, a := range entries {
		key := cell.BeginCell().MustStoreSlice(k[:], 256).EndCell()
		if err := d.Set(key, cell.BeginCell().MustStoreAddr(friendly(a)).EndCell()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// ordered are a pool's two sides in the order of STON.fi: the wallet with the greater hash is the first.
func ordered(a, b ton.Address) (first, second ton.Address) {
	if bytes.Compare(a.Hash[:], b.Hash[:]) > 0 {
		return a, b
	}
	return b, a
}

func xor(a, b ton.Address) (k [32]byte) {
	for i := range k {
		k[i] = a.Hash[i] ^ b.Hash[i]
	}
	return k
}

// counted is a liteserver whose answers are counted by their type.
type counted struct {
	lite.LiteClient
	mu      *sync.Mutex // guards answers
	answers map[string]int
}

func (c counted) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	if err := c.LiteClient.QueryLiteserver(ctx, query, result); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[fmt.Sprintf("%T", *result.(*tl.Serializable))]++
	return nil
}
