package ton

import (
	"crypto/ed25519"
	"math/big"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

const mainnet, testnet int32 = -239, -3

var (
	testKey = ed25519.NewKeyFromSeed(make([]byte, 32))
	testNow = time.Unix(1_790_000_000, 0).UTC()
	until   = testNow.Add(time.Minute)
	bob     = Address{Hash: [32]byte{0xb0, 0xb0}}
	ton1    = NanoOf(1_000_000_000)
)

func testWallet(t testing.TB) Wallet {
	t.Helper()
	w, err := NewWallet(V5R1, [32]byte(testKey.Public().(ed25519.PublicKey)), mainnet, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func mustBuild(t testing.TB, w Wallet, seqno uint32, transfers ...Transfer) []byte {
	t.Helper()
	payload, err := Build(w, seqno, until, transfers)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func mustCell(t testing.TB, boc []byte) *cell.Cell {
	t.Helper()
	c, err := cell.FromBOC(boc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shardOf writes the state of an account: active with code and data, or uninit without them.
func shardOf(t testing.TB, a Address, balance Nano, code, data *cell.Cell) *tlb.ShardAccount {
	t.Helper()
	st := tlb.AccountState{IsValid: true, Address: toTonutils(a)}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(22), BitsUsed: big.NewInt(5500)},
		StorageExtra: tlb.StorageExtraNone{},
		LastPaid:     uint32(testNow.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{Status: tlb.AccountStatusUninit, LastTransactionLT: 1001, Balance: tlb.FromNanoTON(balance.Big())}
	if code != nil {
		st.Status, st.StateInit = tlb.AccountStatusActive, &tlb.StateInit{Code: code, Data: data}
	}
	c, err := st.ToCell()
	if err != nil {
		t.Fatal(err)
	}
	hash := [32]byte{7}
	return &tlb.ShardAccount{Account: c, LastTransHash: hash[:], LastTransLT: 1000}
}

func mustAccount(t testing.TB, a Address, shard *tlb.ShardAccount) Account {
	t.Helper()
	acc, err := NewAccount(a, shard, 42, testNow, true)
	if err != nil {
		t.Fatal(err)
	}
	return acc
}

// active is w's own account as it looks after seqno messages.
func active(t testing.TB, w Wallet, balance Nano, seqno uint32) Account {
	t.Helper()
	return mustAccount(t, w.Address, shardOf(t, w.Address, balance, layoutV5.code, dataV5R1(w.ID, seqno, w.PublicKey)))
}

func uninit(t testing.TB, a Address, balance Nano) Account {
	t.Helper()
	return mustAccount(t, a, shardOf(t, a, balance, nil, nil))
}
