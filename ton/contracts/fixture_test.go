package contracts

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
	"github.com/xssnick/tonutils-go/tvm/tuple"
	"github.com/xssnick/tonutils-go/tvm/vm"
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

func walletWith(t testing.TB, addr ton.Address, data *cell.Cell, balance uint64) *wallet {
	t.Helper()
	st := tlb.AccountState{IsValid: true, Address: library(addr)}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(40), BitsUsed: big.NewInt(20_000)},
		StorageExtra: tlb.StorageExtraNone{}, LastPaid: uint32(testNow.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{
		Status: tlb.AccountStatusActive, LastTransactionLT: 1001, Balance: tlb.FromNanoTON(new(big.Int).SetUint64(balance)),
		StateInit: &tlb.StateInit{Code: code, Data: data},
	}
	c, err := st.ToCell()
	if err != nil {
		t.Fatal(err)
	}
	shard := &tlb.ShardAccount{Account: c, LastTransHash: make([]byte, 32), LastTransLT: 1000}
	acc, err := tvm.PrepareAccount(shard, library(addr))
	if err != nil {
		t.Fatal(err)
	}
	return &wallet{t: t, addr: addr, account: acc, now: testNow, lt: 5000}
}

func library(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

// result is what one message did.
type result struct {
	accepted, aborted bool
	exit              Exit
	action            int32 // result code of the action phase, −1 without one
	gas, beforeAccept int64
	out               []*tlb.InternalMessage
	outCells          []*cell.Cell
}

// deliver runs a message on the account and keeps what becomes of it.
func (w *wallet) deliver(msg *cell.Cell) (r result) {
	w.t.Helper()
	before := w.account
	in, err := tvm.PrepareMessage(msg)
	if err != nil {
		w.t.Fatal(err)
	}
	block, err := config.NewBlockContext(tvm.BlockOptions{Now: uint32(w.now.Unix()), BlockLT: w.lt, GlobalID: -239})
	if err != nil {
		w.t.Fatal(err)
	}
	first := int64(-1)
	res, err := machine.EmulateTransaction(block, w.account, in, tvm.TransactionOptions{LogicalTime: w.lt, TraceHook: func(s vm.TraceStep) {
		if first < 0 {
			first = s.GasRemaining
		}
		if s.Opcode == "ACCEPT" && r.beforeAccept == 0 {
			r.beforeAccept = first - s.GasRemaining
		}
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	r.accepted, r.exit, r.gas, r.action = res.Accepted, Exit(res.ExitCode), res.GasUsed, -1
	if res.Accepted {
		w.readResult(&r, res)
	}
	record(w, before, msg, r)
	w.lt += 100
	return r
}

func (w *wallet) readResult(r *result, res *tvm.TransactionExecutionResult) {
	w.t.Helper()
	tx, err := res.ParseTransaction()
	if err != nil {
		w.t.Fatal(err)
	}
	if d, ok := tx.Description.(tlb.TransactionDescriptionOrdinary); ok {
		r.aborted = d.Aborted
		if d.ActionPhase != nil {
			r.action = d.ActionPhase.ResultCode
		}
	}
	for _, m := range res.OutMessages {
		r.out, r.outCells = append(r.out, m.Msg.AsInternal()), append(r.outCells, m.Cell)
	}
	w.account = res.NextAccount
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

// execute signs s and brings it to the chain.
func (w *wallet) execute(s Spend) result {
	w.t.Helper()
	return w.deliver(mustCell(w.t, Assemble(s, sign(s), nil)))
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

// get runs a get method.
func (w *wallet) get(name string, args ...any) *vm.Stack {
	w.t.Helper()
	stack := vm.NewStack()
	for _, a := range args {
		if err := stack.PushAny(a); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := stack.PushInt(new(big.Int).SetUint64(tlb.MethodNameHash(name))); err != nil {
		w.t.Fatal(err)
	}
	zero := new(big.Int)
	env := tuple.NewTupleValue(tuple.NewTupleValue(
		big.NewInt(0x076ef1ea), zero, zero, big.NewInt(w.now.Unix()), zero, zero, zero,
		tuple.NewTupleValue(w.account.State().Balance.Nano(), nil), cell.BeginCell().MustStoreAddr(library(w.addr)).ToSlice(), config.Root()))
	r, err := machine.ExecuteGetMethod(code, w.data(), env, vm.GasWithLimit(1_000_000), stack, tvm.ExecutionConfig{Config: config})
	if err != nil || r.ExitCode != 0 {
		w.t.Fatalf("%s: exit %v, %v", name, r, err)
	}
	recordMethod(w, name, args, r.Stack)
	return r.Stack
}

func mustCell(t testing.TB, boc []byte) *cell.Cell {
	t.Helper()
	c, err := cell.FromBOC(boc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// transfer is a jetton transfer, good but for what change does to it.
func (w *wallet) transfer(units uint64, change func(*jettonBody)) *cell.Cell {
	j := jettonBody{amount: units, to: ton.Address{Hash: payee}, response: w.addr, forward: 1}
	if change != nil {
		change(&j)
	}
	b := cell.BeginCell().MustStoreUInt(opJettonTransfer, 32).MustStoreUInt(7, 64)
	storeCoins(b, ton.NanoOf(j.amount))
	storeMaybeAddress(storeMaybeAddress(b, j.to), j.response)
	storeCoins(b.MustStoreMaybeRef(j.custom), ton.NanoOf(j.forward))
	return b.MustStoreBoolBit(false).EndCell()
}

type jettonBody struct {
	amount, forward uint64
	to, response    ton.Address
	custom          *cell.Cell
}

func op(code uint64) *cell.Cell { return cell.BeginCell().MustStoreUInt(code, 32).EndCell() }

func comment(text string) *cell.Cell {
	return cell.BeginCell().MustStoreUInt(0, 32).MustStoreStringSnake(text).EndCell()
}

// uninit takes the code away from the account, as before its first message.
func (w *wallet) uninit(balance uint64) {
	w.t.Helper()
	st := tlb.AccountState{IsValid: true, Address: library(w.addr)}
	st.StorageInfo = tlb.StorageInfo{
		StorageUsed:  tlb.StorageUsed{CellsUsed: big.NewInt(1), BitsUsed: big.NewInt(100)},
		StorageExtra: tlb.StorageExtraNone{}, LastPaid: uint32(testNow.Unix()),
	}
	st.AccountStorage = tlb.AccountStorage{
		Status: tlb.AccountStatusUninit, LastTransactionLT: 1001, Balance: tlb.FromNanoTON(new(big.Int).SetUint64(balance)),
	}
	c, err := st.ToCell()
	if err != nil {
		w.t.Fatal(err)
	}
	shard := &tlb.ShardAccount{Account: c, LastTransHash: make([]byte, 32), LastTransLT: 1000}
	if w.account, err = tvm.PrepareAccount(shard, library(w.addr)); err != nil {
		w.t.Fatal(err)
	}
}
