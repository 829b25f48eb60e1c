package contracts

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

const (
	milli   = 1_000_000 // nanotons
	one     = 1000 * milli
	opStake = 0x47d54391 // Tonstakers deposit
	usdt    = 1_000_000
)

var (
	spenderKey = ed25519.NewKeyFromSeed(make([]byte, 32))
	testNow    = time.Unix(21_600*82_870+1000, 0).UTC() // a thousand seconds into a slot
	owner      = ton.Address{Hash: hashOf("owner")}
	guardian   = ton.Address{Hash: hashOf("guardian")}
	stranger   = ton.Address{Hash: hashOf("stranger")}
	bob        = hashOf("bob")
	pool       = hashOf("pool")
	jettons    = hashOf("jetton wallet")
	payee      = hashOf("payee")
)

func hashOf(name string) [32]byte { return sha256.Sum256([]byte(name)) }

func numbered(i int) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// testState is a wallet with a destination of every kind: 1 TON a spend, 10 a day, 20 spends.
func testState() State {
	id, err := WalletID(-239, 0)
	if err != nil {
		panic(err)
	}
	return State{
		Config: Config{
			WalletID: id, Spender: [32]byte(spenderKey.Public().(ed25519.PublicKey)), PerTx: ton.NanoOf(one), PerDay: ton.NanoOf(10 * one),
			Reserve: ton.NanoOf(100 * milli), MaxCount: 20, MaxValidity: 300, Ops: []uint32{opStake},
		},
		Rules: Rules{
			bob:  {Kinds: KindPlain},
			pool: {Kinds: KindOps},
			jettons: {Kinds: KindJetton, Jetton: &JettonRule{
				PerTx: ton.NanoOf(5 * usdt), PerDay: ton.NanoOf(20 * usdt), Payees: map[[32]byte]bool{payee: true},
			}},
		},
		Owner: owner, Guardian: guardian,
	}
}

// withRules adds plain destinations until there are n.
func withRules(s State, n int) State {
	for i := 0; len(s.Rules) < n; i++ {
		s.Rules[numbered(i)] = Rule{Kinds: KindPlain}
	}
	return s
}

// wallet is a policy wallet's account on the emulator.
type wallet struct {
	t       testing.TB
	addr    ton.Address
	account *tvm.PreparedAccount
	now     time.Time
	lt      int64
}

var (
	machine = tvm.NewTVM()
	config  = func() *tvm.PreparedBlockchainConfig {
		root, err := cell.FromBOC(ton.DevConfig())
		if err != nil {
			panic(err)
		}
		c, err := tvm.PrepareBlockchainConfig(root)
		if err != nil {
			panic(err)
		}
		return c
	}()
)

// newWallet puts s on the chain with a balance, at the address of its initial state.
func newWallet(t testing.TB, s State, balance uint64) *wallet {
	t.Helper()
	initial := s
	initial.Seqno, initial.Frozen, initial.Window = 0, false, Window{}
	addr, err := initial.Address()
	if err != nil {
		t.Fatal(err)
	}
	return walletWith(t, addr, s.Data(), balance)
}

func (w *wallet) data() *cell.Cell { return w.account.State().StateInit.Data }

func (w *wallet) state() State {
	w.t.Helper()
	s, err := ReadState(w.data())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *wallet) balance() ton.Nano {
	n, err := ton.NanoFromBig(w.account.State().Balance.Nano())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// spend returns a good spend of the wallet as it is.
func (w *wallet) spend(to [32]byte, amount uint64, body *cell.Cell) Spend {
	s := w.state()
	return Spend{
		WalletID: s.Config.WalletID, ValidUntil: w.now.Add(time.Minute), Seqno: s.Seqno, Account: w.addr.Hash, To: to,
		Amount: ton.NanoOf(amount), Body: body,
	}
}

func sign(s Spend) (sig [64]byte) {
	h := s.SigningHash()
	return [64]byte(ed25519.Sign(spenderKey, h[:]))
}

// assemble is the external message that carries s, whoever's it is: what only a contract in order is sent is ton's.
func assemble(s Spend, sig [64]byte, init *cell.Cell) []byte {
	body := cell.BeginCell().MustStoreSlice(sig[:], 512).MustStoreRef(s.Cell()).EndCell()
	b := cell.BeginCell().MustStoreUInt(0b1000, 4) // ext_in_msg_info, no source
	storeAddress(b, ton.Address{Hash: s.Account}).MustStoreUInt(0, 4)
	if init == nil {
		b.MustStoreBoolBit(false)
	} else {
		b.MustStoreUInt(0b11, 2).MustStoreRef(init)
	}
	return b.MustStoreBoolBit(true).MustStoreRef(body).EndCell().ToBOC()
}

// execute signs s and brings it to the chain.
func (w *wallet) execute(s Spend) result {
	w.t.Helper()
	return w.deliver(mustCell(w.t, assemble(s, sign(s), nil)))
}

// external brings any body to the chain.
func (w *wallet) external(body *cell.Cell) result {
	w.t.Helper()
	b := cell.BeginCell().MustStoreUInt(0b1000, 4)
	storeAddress(b, w.addr).MustStoreUInt(0, 4).MustStoreUInt(0b01, 2)
	return w.deliver(b.MustStoreRef(body).EndCell())
}

// internal sends a bounceable message from an account.
func (w *wallet) internal(from ton.Address, value uint64, body *cell.Cell) result {
	w.t.Helper()
	return w.deliver(w.message(&tlb.InternalMessage{
		IHRDisabled: true, Bounce: true, SrcAddr: library(from), DstAddr: library(w.addr), Amount: tlb.FromNanoTON(new(big.Int).SetUint64(value)),
		CreatedLT: uint64(w.lt), CreatedAt: uint32(w.now.Unix()), Body: body,
	}))
}

func (w *wallet) message(m *tlb.InternalMessage) *cell.Cell {
	c, err := m.ToCell()
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *wallet) order(from ton.Address, o Order) result {
	w.t.Helper()
	return w.internal(from, one, o.Cell())
}

func mustCell(t testing.TB, boc []byte) *cell.Cell {
	t.Helper()
	c, err := cell.FromBOC(boc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
