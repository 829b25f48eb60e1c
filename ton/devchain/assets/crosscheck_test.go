package assets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/ton/jetton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

var fixturePath = flag.String("fixture", "", "write what scripts/crosscheck compares with the C++ emulator to this file")

// crosscheckRun is a transaction as scripts/crosscheck/emulation.mjs reads it: what package ton's tests write.
type crosscheckRun struct {
	Version   string `json:"version"`
	Operation string `json:"operation"`
	State     string `json:"state"` // whose transaction it is
	Shard     string `json:"shard"`
	Message   string `json:"message"`
	Now       uint32 `json:"now"`
	LT        uint64 `json:"lt"`
	Accepted  bool   `json:"accepted"`
	Exit      int32  `json:"exit"`
	Tx        string `json:"tx"`
	Account   string `json:"account"`
	Gas       string `json:"gas"`
	Fees      string `json:"fees"`
	Out       uint16 `json:"out"`
}

// recorder takes down the transactions of a chain's accounts, block by block.
type recorder struct {
	t     *testing.T
	chain *devchain.Chain
	names map[ton.Address]string
	runs  []crosscheckRun
}

func base64Of(c *cell.Cell) string { return base64.StdEncoding.EncodeToString(c.ToBOC()) }

// step runs what seals one block, and takes down the only transaction of every account that had one.
func (r *recorder) step(operation string, do func()) {
	r.t.Helper()
	before := r.newest()
	do()
	for a, name := range r.names {
		was, is := r.account(a, before), r.account(a, r.newest())
		list, err := proven(r.chain).ListTransactions(r.t.Context(), friendly(a), 2, is.LastTransLT, is.LastTransHash)
		if is.LastTransLT == was.LastTransLT {
			continue
		}
		if err != nil || len(list) == 2 && list[0].LT != was.LastTransLT {
			r.t.Fatalf("%s: %s had more than one transaction, %v", operation, name, err)
		}
		r.record(crosscheckRun{Version: "tokens", Operation: operation, State: name, Accepted: true}, was, is, list[len(list)-1])
	}
}

// record takes down one transaction in which the contract ran.
func (r *recorder) record(x crosscheckRun, was, is *tlb.ShardAccount, tx *tlb.Transaction) {
	r.t.Helper()
	phase, ran := tx.Description.(tlb.TransactionDescriptionOrdinary).ComputePhase.Phase.(tlb.ComputePhaseVM)
	if !ran {
		return
	}
	shard, err := tlb.ToCell(was)
	if err != nil {
		r.t.Fatal(err)
	}
	message := r.message(tx)
	x.Shard, x.Message, x.Now, x.LT = base64Of(shard), base64Of(message), tx.Now, tx.LT
	x.Exit, x.Tx, x.Account = phase.Details.ExitCode, hex.EncodeToString(tx.Hash), hex.EncodeToString(is.Account.Hash())
	x.Gas, x.Fees, x.Out = phase.Details.GasUsed.String(), tx.TotalFees.Coins.Nano().String(), tx.OutMsgCount
	r.runs = append(r.runs, x)
}

// message is the cell of a transaction's inbound message: parsed and written again, it could be another.
func (r *recorder) message(tx *tlb.Transaction) *cell.Cell {
	r.t.Helper()
	var answer tl.Serializable
	query := lite.GetTransactions{Limit: 1, AccID: &lite.AccountID{ID: tx.AccountAddr}, LT: int64(tx.LT), TxHash: tx.Hash}
	if err := r.chain.LiteClient().QueryLiteserver(r.t.Context(), query, &answer); err != nil {
		r.t.Fatal(err)
	}
	roots, err := cell.FromBOCMultiRoot(answer.(lite.TransactionList).Transactions)
	if err != nil {
		r.t.Fatal(err)
	}
	return roots[0].MustPeekRef(0).MustPeekRef(0) // transaction ^[in_msg:(Maybe ^Message) …]
}

func (r *recorder) newest() *lite.BlockIDExt {
	r.t.Helper()
	b, err := proven(r.chain).GetMasterchainInfo(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// account is an account at a block, with the cell that its state is in.
func (r *recorder) account(a ton.Address, b *lite.BlockIDExt) *tlb.ShardAccount {
	r.t.Helper()
	acc, err := proven(r.chain).GetAccount(r.t.Context(), b, friendly(a))
	if err != nil {
		r.t.Fatal(err)
	}
	if acc.State == nil {
		return &tlb.ShardAccount{Account: cell.BeginCell().MustStoreBoolBit(false).EndCell(), LastTransHash: make([]byte, 32)}
	}
	var answer tl.Serializable
	query := lite.GetAccountState{ID: b, Account: lite.AccountID{ID: a.Hash[:]}}
	if err := r.chain.LiteClient().QueryLiteserver(r.t.Context(), query, &answer); err != nil {
		r.t.Fatal(err)
	}
	return &tlb.ShardAccount{Account: answer.(lite.AccountState).State, LastTransHash: acc.LastTxHash, LastTransLT: acc.LastTxLT}
}

// TestCrosscheckFixture has tokens move on a dev chain; with -fixture it leaves every transaction of their contracts, the
// refused ones too, for the comparison.
func TestCrosscheckFixture(t *testing.T) {
	c := newChain(t)
	r := &recorder{t: t, chain: c, names: map[ton.Address]string{}}
	j, n := newJetton(t, c), newItem(t, c)
	r.names[j.Master], r.names[j.Wallet(alice)], r.names[j.Wallet(bob)] = "jetton master", "alice's jettons", "bob's jettons"
	r.names[n.Address], r.names[n.Item(0)], r.names[n.Item(1)] = "collection", "item 0", "item 1"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.step("mint jettons", func() { must(j.Mint(alice, ton.NanoOf(7))) })
	r.step("jetton transfer", func() { send(t, c, alice, j.Wallet(alice), 1e8, transfer(2, bob, alice)) })
	r.step("jetton transfer, too much", func() { send(t, c, alice, j.Wallet(alice), 1e8, transfer(1e10, bob, alice)) })
	r.step("jetton transfer, another's", func() { send(t, c, bob, j.Wallet(alice), 1e8, transfer(1, bob, bob)) })
	r.step("jetton burn", func() {
		send(t, c, bob, j.Wallet(bob), 1e8, &jetton.BurnPayload{Amount: coins(ton.NanoOf(1)), ResponseDestination: friendly(bob)})
	})
	r.step("mint NFT", func() { must(n.Mint(1, bob)) })
	r.step("NFT transfer, another's", func() { send(t, c, bob, n.Item(0), 1e8, give(bob)) })
	var sale ton.Address
	r.step("deploy sale", func() {
		var err error
		sale, err = NewSale(c, admin, n.Item(0), ton.NanoOf(10e9), ton.Nano{})
		must(err)
		r.names[sale] = "sale"
	})
	r.step("NFT list", func() { send(t, c, alice, n.Item(0), 1e9, give(sale)) })
	r.step("sale buy, too little", func() { send(t, c, bob, sale, 10e9, &saleOrder{Op: opBuy}) })
	r.step("sale buy", func() { send(t, c, bob, sale, 11e9, &saleOrder{Op: opBuy}) })
	if len(r.runs) < 15 {
		t.Errorf("%d transactions are too few", len(r.runs))
	}
	if *fixturePath == "" {
		return
	}
	raw, err := json.MarshalIndent(map[string]any{"wallets": []any{}, "runs": r.runs}, "", " ")
	must(err)
	must(os.WriteFile(*fixturePath, raw, 0o600))
}
