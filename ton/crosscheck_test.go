package ton

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

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
	Name    string `json:"name"`
	Shard   string `json:"shard"`
	Message string `json:"message"`
	Now     int64  `json:"now"`
	LT      uint64 `json:"lt"`
	Tx      string `json:"tx"`
	Account string `json:"account"`
	Gas     string `json:"gas"`
	Fees    string `json:"fees"`
	Out     int    `json:"out"`
}

func base64Of(c *cell.Cell) string { return base64.StdEncoding.EncodeToString(c.ToBOC()) }

// TestCrosscheckFixture runs messages of every version for real; with -fixture it leaves them for the comparison.
func TestCrosscheckFixture(t *testing.T) {
	var out struct {
		Wallets []crosscheckWallet `json:"wallets"`
		Runs    []crosscheckRun    `json:"runs"`
	}
	for _, v := range ownVersions {
		out.Wallets = append(out.Wallets, crosscheckWallets(t, v)...)
		out.Runs = append(out.Runs, crosscheckRuns(t, walletOf(t, v))...)
	}
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
			list = append(list, crosscheckWallet{v, network, subwallet, hex.EncodeToString(w.PublicKey[:]), w.Address.String(), base64Of(w.StateInit())})
		}
	}
	return list
}

func crosscheckRuns(t *testing.T, w Wallet) (list []crosscheckRun) {
	t.Helper()
	jetton := Transfer{To: pool, Value: NanoOf(1e8), Bounce: true, Body: operations()["jetton transfer, comment"].body}
	for name, transfers := range map[string][]Transfer{
		"transfer": {{To: bob, Value: ton1, Comment: "rent"}}, "batch": manyTransfers(mostOf[w.Version]), "jetton transfer": {jetton},
		"more than there is": {{To: bob, Value: NanoOf(60e9)}},
	} {
		for state, acc := range map[string]Account{"active": activeOf(t, w, NanoOf(50e9), 0), "uninit": uninit(t, w.Address, NanoOf(50e9))} {
			msg := mustCell(t, mustAssemble(t, w, mustBuild(t, w, 0, transfers...), state == "uninit"))
			run, next, batch := crosscheckOne(t, string(w.Version)+", "+name+", "+state, acc, msg)
			list = append(list, run)
			if w.Version == HighloadV3 && name == "batch" {
				run, _, _ = crosscheckOne(t, run.Name+", second", next, batch)
				list = append(list, run)
			}
		}
	}
	return list
}

// crosscheckOne runs one message and returns the account after it and the first message it emitted.
func crosscheckOne(t *testing.T, name string, acc Account, msg *cell.Cell) (crosscheckRun, Account, *cell.Cell) {
	t.Helper()
	shard, err := tlb.ToCell(acc.shard)
	if err != nil {
		t.Fatal(err)
	}
	res, err := applyAt(t, devEmulator(t), acc, msg, int64(acc.LastLT)+4000)
	if err != nil || !res.Accepted {
		t.Fatalf("%s: accepted %t, %v", name, res.Accepted, err)
	}
	tx, err := res.ParseTransaction()
	if err != nil {
		t.Fatal(err)
	}
	var first *cell.Cell
	if len(res.OutMessages) > 0 {
		first = res.OutMessages[0].Cell
	}
	after := res.NextAccount.ShardAccount()
	return crosscheckRun{
		Name: name, Shard: base64Of(shard), Message: base64Of(msg), Now: testNow.Unix(), LT: acc.LastLT + 4000,
		Tx: hex.EncodeToString(res.TransactionCell.Hash()), Account: hex.EncodeToString(after.Account.Hash()),
		Gas: ordinary(tx).ComputePhase.Phase.(tlb.ComputePhaseVM).Details.GasUsed.String(), Fees: tx.TotalFees.Coins.Nano().String(), Out: len(res.OutMessages),
	}, mustAccount(t, acc.Address, after), first
}
