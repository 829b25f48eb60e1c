package ton

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

var fixturePath = flag.String("fixture", "", "write what scripts/crosscheck compares with the C++ emulator to this file")

// crosscheckWallet and crosscheckRun are what scripts/crosscheck/emulation.mjs reads: bags of cells in base64, hashes
// and keys in hex, amounts in nanotons.
type crosscheckWallet struct {
	Version   Version `json:"version"`
	GlobalID  int32   `json:"globalID"`
	Subwallet uint16  `json:"subwallet"`
	PublicKey string  `json:"publicKey"`
	Address   string  `json:"address"`
	Init      string  `json:"init"`
}

type crosscheckRun struct {
	Version   Version `json:"version"`
	Operation string  `json:"operation"`
	State     string  `json:"state"` // of the account: active, uninit, second message of a batch
	Shard     string  `json:"shard"`
	Message   string  `json:"message"`
	Now       int64   `json:"now"`
	LT        uint64  `json:"lt"`
	Accepted  bool    `json:"accepted"`
	Exit      int64   `json:"exit"`
	Tx        string  `json:"tx"` // this and what follows: of what was accepted
	Account   string  `json:"account"`
	Gas       string  `json:"gas"`
	Fees      string  `json:"fees"`
	Out       int     `json:"out"`
}

func base64Of(c *cell.Cell) string { return base64.StdEncoding.EncodeToString(c.ToBOC()) }

// TestCrosscheckFixture runs every operation from every version for real; with -fixture it leaves them for the comparison.
func TestCrosscheckFixture(t *testing.T) {
	var out struct {
		Wallets []crosscheckWallet `json:"wallets"`
		Runs    []crosscheckRun    `json:"runs"`
	}
	for _, v := range ownVersions {
		out.Wallets = append(out.Wallets, crosscheckWallets(t, v)...)
		out.Runs = append(out.Runs, crosscheckRuns(t, walletOf(t, v), activeOf(t, walletOf(t, v), NanoOf(50e9), 0))...)
	}
	policy := policyForAll(t)
	out.Wallets = append(out.Wallets, walletFixture(policy, 0))
	out.Runs = append(out.Runs, crosscheckRuns(t, policy, mustAccount(t, policy.Address, shardOf(t, policy.Address, NanoOf(50e9), layoutPolicy.code, policy.Data)))...)
	out.Runs = append(out.Runs, crosscheckGasless(t)...)
	if *fixturePath == "" {
		return
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*fixturePath, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func crosscheckWallets(t *testing.T, v Version) (list []crosscheckWallet) {
	t.Helper()
	for _, network := range []int32{mainnet, testnet} {
		for _, subwallet := range []uint16{0, 1, 32767} {
			w, err := NewWallet(v, [32]byte(testKey[32:]), network, subwallet)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, walletFixture(w, subwallet))
		}
	}
	return list
}

func walletFixture(w Wallet, subwallet uint16) crosscheckWallet {
	return crosscheckWallet{w.Version, w.GlobalID, subwallet, hex.EncodeToString(w.PublicKey[:]), w.Address.String(), base64Of(w.StateInit())}
}

// crosscheckTransfers are all operations that are read, one each, and what moves coins alone.
func crosscheckTransfers(w Wallet) map[string]Transfer {
	child := walletOfKey(V4R2)
	list := map[string]Transfer{
		"transfer": {To: bob, Value: ton1, Bounce: true}, "transfer, comment": {To: bob, Value: ton1, Comment: "rent", Bounce: true},
		"more than there is": {To: bob, Value: NanoOf(60e9), Bounce: true}, "deploy": {To: child.Address, Value: ton1, Init: child.StateInit()},
		"contract call":     {To: pool, Value: NanoOf(1e8), Bounce: true, Body: put(putBits(0xdeadbeef, 32), query)},
		"nominator pool, d": {To: pool, Value: ton1, Comment: "d", Bounce: true}, "nominator pool, w": {To: pool, Value: ton1, Comment: "w", Bounce: true},
		"own jetton transfer": {To: pool, Value: NanoOf(1e8), Bounce: true, Body: jettonBody(5, 1, bob, w.Address, no)},
		"DeDust jetton":       {To: pool, Value: NanoOf(1e8), Bounce: true, Body: jettonBody(5, 1, ally, own, yes, putRef(jettonDedust(own, step(90, nil))))},
	}
	for name, o := range operations() {
		list[name] = Transfer{To: pool, Value: NanoOf(1e8), Bounce: true, Body: o.body}
	}
	return list
}

// crosscheckRuns sends every operation alone from an active account, and batches; what deploys the wallet too.
func crosscheckRuns(t *testing.T, w Wallet, active Account) (list []crosscheckRun) {
	t.Helper()
	none := uninit(t, w.Address, NanoOf(50e9))
	var all []Transfer
	transfers := crosscheckTransfers(w)
	for _, name := range slices.Sorted(maps.Keys(transfers)) {
		all = append(all, transfers[name])
		payload, err := Build(w, 0, until, []Transfer{transfers[name]})
		if _, refused := errors.AsType[*Refusal](err); refused && name == "deploy" && (w.Version == PolicyV1 || w.Version == HighloadV3) {
			continue // the one deploys nothing, the other in batches alone
		}
		if err != nil {
			t.Fatalf("%s, %s: %v", w.Version, name, err)
		}
		list = append(list, crosscheckBoth(t, crosscheckRun{Version: w.Version, Operation: name}, w, payload, active, none)...)
	}
	if w.Version != PolicyV1 {
		batch := mustBuild(t, w, 0, manyTransfers(mostOf[w.Version])...)
		list = append(list, crosscheckBoth(t, crosscheckRun{Version: w.Version, Operation: "batch of the most"}, w, batch, active, none)...)
		mixed := mustBuild(t, w, 0, all[:min(len(all), mostOf[w.Version])]...)
		list = append(list, crosscheckBoth(t, crosscheckRun{Version: w.Version, Operation: "batch of operations"}, w, mixed, active, none)...)
	}
	return list
}

// crosscheckBoth sends a payload from the active account, and from one that it deploys. Highload's batches come back to it.
func crosscheckBoth(t *testing.T, x crosscheckRun, w Wallet, payload []byte, active, none Account) (list []crosscheckRun) {
	t.Helper()
	for _, s := range []struct {
		name   string
		from   Account
		deploy bool
	}{{"active", active, false}, {"uninit", none, true}} {
		x.State = s.name
		run, next, first := crosscheckOne(t, x, s.from, mustCell(t, mustAssemble(t, w, payload, s.deploy)))
		list = append(list, run)
		if w.Version == HighloadV3 && strings.HasPrefix(x.Operation, "batch") {
			x.State += ", delivered"
			run, _, _ = crosscheckOne(t, x, next, first)
			list = append(list, run)
		}
	}
	return list
}

// crosscheckGasless has a relayer deliver what a V5R1 wallet signed for it.
func crosscheckGasless(t *testing.T) (list []crosscheckRun) {
	t.Helper()
	w := walletOf(t, V5R1)
	pay, fee := jettonMsg(jettonBody(5, 1, bob, own, no)), jettonMsg(feeBody(ally, 2))
	for name, payload := range map[string]*cell.Cell{
		"gasless payment": gasless(time.Minute, pay), "gasless payment and fee": gasless(time.Minute, pay, fee),
	} {
		body, err := joinBehind(payload, sign(t, payload.ToBOC()))
		if err != nil {
			t.Fatal(err)
		}
		m := tlb.InternalMessage{
			IHRDisabled: true, Bounce: true, SrcAddr: toTonutils(ally), DstAddr: toTonutils(w.Address), Amount: tlb.FromNanoTON(ton1.Big()),
			CreatedLT: 4000, CreatedAt: uint32(testNow.Unix()), Body: body,
		}
		msg, err := tlb.ToCell(&m)
		if err != nil {
			t.Fatal(err)
		}
		run, _, first := crosscheckOne(t, crosscheckRun{Version: V5R1, Operation: name, State: "active"}, activeOf(t, w, NanoOf(50e9), 7), msg)
		if first == nil {
			t.Errorf("%s: the wallet sent nothing", name)
		}
		list = append(list, run)
	}
	return list
}

// policyForAll is a policy wallet that may send every operation, its state written by hand: those that it refuses, jettons
// whose excesses go elsewhere, are compared by their exit code.
func policyForAll(t *testing.T) Wallet {
	t.Helper()
	window := func(b *cell.Builder) { b.MustStoreSlice(make([]byte, 4+5*10), (4+5*10)*8) }
	ops, payees, rules := cell.NewDict(32), cell.NewDict(256), cell.NewDict(256)
	for _, transfer := range crosscheckTransfers(Wallet{}) {
		if transfer.Body != nil {
			set(t, ops, put(putBits(transfer.Body.MustBeginParse().MustLoadUInt(32), 32)), put(yes))
		}
	}
	hashOf := func(a Address) *cell.Cell { return cell.BeginCell().MustStoreSlice(a.Hash[:], 256).EndCell() }
	set(t, payees, hashOf(bob), put(yes))
	jetton := put(putCoins(1e9), putCoins(1e9), window, func(b *cell.Builder) { b.MustStoreDict(payees) })
	const kinds = 1 | 2 | 4 // plain, listed operations, jetton
	set(t, rules, hashOf(pool), put(putRef(put(putBits(kinds, 8), yes, putRef(jetton)))))
	set(t, rules, hashOf(bob), put(putRef(put(putBits(1, 8), no))))
	id := layoutPolicy.ids.of(mainnet, 0)
	config := put(putBits(uint64(id), 32), func(b *cell.Builder) { b.MustStoreSlice(testKey[32:], 256) }, putCoins(70e9), putCoins(70e9), putCoins(5e7),
		putBits(100, 16), putBits(3600, 32), func(b *cell.Builder) { b.MustStoreDict(ops) })
	data := put(putRef(config), func(b *cell.Builder) { b.MustStoreDict(rules) }, putBits(0, 8), putBits(0, 32), window, putAddress(ally), nobody)
	w, err := NewPolicyWallet(data, mainnet)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func set(t *testing.T, d *cell.Dictionary, key, value *cell.Cell) {
	t.Helper()
	if err := d.Set(key, value); err != nil {
		t.Fatal(err)
	}
}

// crosscheckOne runs one message, and returns the account after it and the first message it emitted. What wasn't accepted
// leaves the account as it was.
func crosscheckOne(t *testing.T, x crosscheckRun, acc Account, msg *cell.Cell) (crosscheckRun, Account, *cell.Cell) {
	t.Helper()
	shard, err := tlb.ToCell(acc.shard)
	if err != nil {
		t.Fatal(err)
	}
	x.Shard, x.Message, x.Now, x.LT = base64Of(shard), base64Of(msg), testNow.Unix(), acc.LastLT+4000
	res, err := applyAt(t, devEmulator(t), acc, msg, int64(x.LT))
	if err != nil {
		t.Fatalf("%s, %s, %s: %v", x.Version, x.Operation, x.State, err)
	}
	x.Accepted, x.Exit = res.Accepted, res.ExitCode
	if !res.Accepted {
		if x.Version != PolicyV1 {
			t.Errorf("%s, %s, %s: exit code %d", x.Version, x.Operation, x.State, x.Exit)
		}
		return x, acc, nil
	}
	tx, err := res.ParseTransaction()
	if err != nil {
		t.Fatal(err)
	}
	after := res.NextAccount.ShardAccount()
	x.Tx, x.Account = hex.EncodeToString(res.TransactionCell.Hash()), hex.EncodeToString(after.Account.Hash())
	x.Gas = ordinary(tx).ComputePhase.Phase.(tlb.ComputePhaseVM).Details.GasUsed.String()
	x.Fees, x.Out = tx.TotalFees.Coins.Nano().String(), len(res.OutMessages)
	if x.Out == 0 {
		return x, mustAccount(t, acc.Address, after), nil
	}
	return x, mustAccount(t, acc.Address, after), res.OutMessages[0].Cell
}
