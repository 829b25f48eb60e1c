package devchain

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/liteclient"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/ton/wallet"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// eachClient runs a test with tonutils-go's own client, as it comes and proving, over TCP and in process.
func eachClient(t *testing.T, test func(t *testing.T, c *Chain, api *lite.APIClient)) {
	t.Run("tcp", func(t *testing.T) {
		c := newChain(t, Config{})
		test(t, c, secure(c, dial(t, serve(t, c, "127.0.0.1:0"))))
	})
	t.Run("in process", func(t *testing.T) {
		c := newChain(t, Config{})
		test(t, c, secure(c, c.LiteClient()))
	})
}

// secure is the client that checks everything it can, from the chain's first block on.
func secure(c *Chain, l lite.LiteClient) *lite.APIClient {
	api := lite.NewAPIClient(l, lite.ProofCheckPolicySecure)
	api.SetTrustedBlock(c.InitBlock())
	return api
}

func serve(t testing.TB, c *Chain, addr string) *Server {
	t.Helper()
	s, err := c.Serve(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t testing.TB, s *Server) *liteclient.ConnectionPool {
	t.Helper()
	p := liteclient.NewConnectionPool()
	p.SetOnDisconnect(nil)
	t.Cleanup(p.Stop)
	if err := p.AddConnection(t.Context(), s.Addr, base64.StdEncoding.EncodeToString(s.PublicKey)); err != nil {
		t.Fatal(err)
	}
	return p
}

func newWallet(t *testing.T, api wallet.TonAPI) *wallet.Wallet {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))
	w, err := wallet.FromPrivateKeyWithOptions(key, wallet.ConfigV5R1Final{NetworkGlobalID: globalID}, wallet.WithAPI(api))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func ours(t *testing.T, a *address.Address) ton.Address {
	t.Helper()
	converted, err := standard(a)
	if err != nil {
		t.Fatal(err)
	}
	return converted
}

// newestBlock asks past the client's cache of a second.
func newestBlock(t *testing.T, api *lite.APIClient) *lite.BlockIDExt {
	t.Helper()
	b, err := api.GetMasterchainInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func getAccount(t *testing.T, api *lite.APIClient, b *lite.BlockIDExt, a *address.Address) *tlb.Account {
	t.Helper()
	acc, err := api.GetAccount(t.Context(), b, a)
	if err != nil {
		t.Fatal(err)
	}
	return acc
}

func TestUnmodifiedClientDeploysSendsAndLists(t *testing.T) {
	eachClient(t, func(t *testing.T, c *Chain, api *lite.APIClient) {
		w := newWallet(t, api)
		to := address.NewAddress(0, 0, bytes.Repeat([]byte{9}, 32))
		if acc := getAccount(t, api, newestBlock(t, api), w.WalletAddress()); acc.State != nil || acc.IsActive {
			t.Fatalf("before anything happened: %+v", acc)
		}
		fund(t, c, ours(t, w.WalletAddress()), "3")
		if b, err := w.GetBalance(t.Context(), newestBlock(t, api)); err != nil || b.String() != "3" {
			t.Fatalf("balance is %v, %v", b, err)
		}
		for i, comment := range []string{"deploys", "again"} {
			m, err := w.BuildTransfer(to, tlb.MustFromTON("0.5"), false, comment)
			if err != nil {
				t.Fatal(err)
			}
			// A client keeps the newest block for a second; this chain has gone on since, so each message takes a new one.
			w := newWallet(t, secure(c, api.Client()))
			tx, b, err := w.SendWaitTransaction(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if tx.OutMsgCount != 1 {
				t.Fatalf("transaction in block %d has %d messages", b.SeqNo, tx.OutMsgCount)
			}
			r, err := api.RunGetMethod(t.Context(), newestBlock(t, api), w.WalletAddress(), "seqno")
			if err != nil || r.MustInt(0).Int64() != int64(i+1) {
				t.Fatalf("seqno: %v, %v", r, err)
			}
		}
		if acc := getAccount(t, api, newestBlock(t, api), to); acc.State.Balance.String() != "1" {
			t.Fatalf("destination has %s", acc.State.Balance)
		}
		acc := getAccount(t, api, newestBlock(t, api), w.WalletAddress())
		txs, err := api.ListTransactions(t.Context(), w.WalletAddress(), 10, acc.LastTxLT, acc.LastTxHash)
		if err != nil || len(txs) != 3 {
			t.Fatalf("%d transactions, %v", len(txs), err)
		}
		if in := txs[0].IO.In.AsInternal(); in.Amount.String() != "3" || !in.SrcAddr.Equals(friendly(minter)) {
			t.Fatalf("the first transaction has %s from %s, not the deposit", in.Amount, in.SrcAddr)
		}
	})
}

func TestUnmodifiedClientReadsProvenConfig(t *testing.T) {
	eachClient(t, func(t *testing.T, c *Chain, api *lite.APIClient) {
		b := newestBlock(t, api)
		all, err := api.GetBlockchainConfig(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(all.Root.Hash(), c.config.Root().Hash()) {
			t.Fatal("another configuration than the chain runs with")
		}
		some, err := api.GetBlockchainConfig(t.Context(), b, 21)
		if err != nil || some.Get(21) == nil || some.Get(20) != nil {
			t.Fatalf("parameter 21 alone: %v, %v", some, err)
		}
	})
}

func TestTimeAndVersionAnswered(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	c := newChain(t, Config{Now: func() time.Time { return clock }})
	now, err := lite.NewAPIClient(c.LiteClient()).GetTime(t.Context())
	if err != nil || int64(now) != clock.Unix() {
		t.Fatalf("%d, %v", now, err)
	}
	if v, ok := query(t, c, lite.GetVersion{}).(lite.Version); !ok || v.Now != now {
		t.Fatalf("version: %+v", v)
	}
}

// query asks in process.
func query(t testing.TB, c *Chain, q any) any {
	t.Helper()
	var answer tl.Serializable
	if err := c.LiteClient().QueryLiteserver(t.Context(), q, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestRefusedMessageSealsNothing(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "1")
	until := time.Now().Add(time.Minute)
	first := s.message(t, 0, until, ton.Transfer{To: minter, Value: nano(t, "0.1")})
	if err := c.Send(first); err != nil {
		t.Fatal(err)
	}
	forged := signer{s.Wallet, newSigner(t, 2).key}
	before, _ := c.head()
	for name, m := range map[string][]byte{
		"replayed":          first,
		"expired":           s.message(t, 1, time.Now().Add(-time.Minute), ton.Transfer{To: minter, Value: nano(t, "0.1")}),
		"a seqno too early": s.message(t, 2, until, ton.Transfer{To: minter, Value: nano(t, "0.1")}),
		"forged":            forged.message(t, 1, until, ton.Transfer{To: minter, Value: nano(t, "0.1")}),
		"to nobody":         newSigner(t, 3).message(t, 0, until, ton.Transfer{To: minter, Value: nano(t, "0.1")}),
		"no bag of cells":   []byte("hello"),
		"not a message":     cell.BeginCell().MustStoreUInt(7, 8).EndCell().ToBOC(),
		"internal":          internalMessage(t, s.Address),
		"too large":         make([]byte, maxExternal+1),
	} {
		if err := c.Send(m); name == "too large" && !strings.Contains(err.Error(), "65536 are allowed") {
			t.Errorf("%s: %v", name, err)
		}
		answer, ok := query(t, c, lite.SendMessage{Body: m}).(lite.LSError)
		if !ok || answer.Code != 0 || !strings.HasPrefix(answer.Text, "cannot apply external message to current state : ") {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	if after, _ := c.head(); after != before || c.Executed(s.Address) != 2 {
		t.Fatalf("block %d follows %d, the wallet has %d transactions", after.seqno, before.seqno, c.Executed(s.Address))
	}
}

// internalMessage is a message that only contracts can send.
func internalMessage(t *testing.T, to ton.Address) []byte {
	t.Helper()
	m, err := tlb.ToCell(&tlb.InternalMessage{
		SrcAddr: friendly(minter), DstAddr: friendly(to), Amount: tlb.MustFromTON("1000"), Body: cell.BeginCell().EndCell(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.ToBOC()
}

func TestBounceComesBackInTheSameBlock(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "5")
	to := ton.Address{Hash: [32]byte{1}}
	before, _ := c.head()
	err := c.Send(s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: to, Value: nano(t, "2"), Bounce: true}))
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := c.head(); after.seqno != before.seqno+1 {
		t.Fatalf("block %d follows %d", after.seqno, before.seqno)
	}
	if b := c.Balance(s.Address); b.Cmp(nano(t, "4.9")) < 0 || c.Executed(s.Address) != 3 || !c.Balance(to).IsZero() {
		t.Fatalf("sender has %v after %d transactions, destination %v", b, c.Executed(s.Address), c.Balance(to))
	}
	api := secure(c, c.LiteClient())
	if acc := getAccount(t, api, newestBlock(t, api), friendly(to)); acc.State != nil {
		t.Fatalf("a bounced message left an account: %+v", acc.State)
	}
}

func TestAccountIsAnsweredExactlyAtItsBlock(t *testing.T) {
	c := newChain(t, Config{})
	api := secure(c, c.LiteClient())
	a := ton.Address{Hash: [32]byte{5}}
	empty := newestBlock(t, api)
	fund(t, c, a, "1")
	one := newestBlock(t, api)
	c.Tick()
	fund(t, c, a, "2")
	three := newestBlock(t, api)
	if acc := getAccount(t, api, empty, friendly(a)); acc.State != nil {
		t.Errorf("before the first deposit: %+v", acc.State)
	}
	for want, b := range map[string]*lite.BlockIDExt{"1": one, "3": three} {
		if got := getAccount(t, api, b, friendly(a)).State.Balance.String(); got != want {
			t.Errorf("at block %d: %s, want %s", b.SeqNo, got, want)
		}
	}
	forged := one.Copy()
	forged.RootHash[0] ^= 1
	if _, err := api.GetAccount(t.Context(), forged, friendly(a)); err == nil {
		t.Error("a block that never was is answered")
	}
	for range keepBlocks - 1 {
		c.Tick()
	}
	if got := getAccount(t, api, three, friendly(a)).State.Balance.String(); got != "3" {
		t.Errorf("at the oldest block kept: %s", got)
	}
	if _, err := api.GetAccount(t.Context(), one, friendly(a)); err == nil {
		t.Error("a block that is forgotten is answered, from another state")
	}
}

func TestAccountsOfImpossibleWorkchainsAreRefused(t *testing.T) {
	c := newChain(t, Config{})
	fund(t, c, ton.Address{}, "1")
	b, _ := c.head()
	id := lite.AccountID{Workchain: 256, ID: make([]byte, 32)} // 0 in eight bits
	for _, q := range []any{
		lite.GetAccountState{ID: b.master().id, Account: id}, lite.RunSmcMethod{ID: b.master().id, Account: id},
		lite.GetTransactions{Limit: 1, AccID: &id, TxHash: make([]byte, 32)},
	} {
		if answer, ok := query(t, c, q).(lite.LSError); !ok || answer.Code != codeProtocol {
			t.Errorf("%T: %+v", q, answer)
		}
	}
}

func TestMethodArgumentsAndErrors(t *testing.T) {
	c := newChain(t, Config{})
	api := secure(c, c.LiteClient())
	w := newWallet(t, api)
	fund(t, c, ours(t, w.WalletAddress()), "1")
	if _, err := api.RunGetMethod(t.Context(), newestBlock(t, api), w.WalletAddress(), "seqno"); err == nil {
		t.Error("an account without code has a get method")
	}
	m, err := w.BuildTransfer(friendly(minter), tlb.MustFromTON("0.1"), false, "")
	if err == nil {
		err = w.Send(t.Context(), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := newestBlock(t, api)
	key, err := api.RunGetMethod(t.Context(), b, w.WalletAddress(), "get_public_key")
	if err != nil || !bytes.Equal(key.MustInt(0).Bytes(), w.PrivateKey().Public().(ed25519.PublicKey)) {
		t.Errorf("public key: %v, %v", key, err)
	}
	if r, err := api.RunGetMethod(t.Context(), b, w.WalletAddress(), "seqno", 11, 12); err != nil || r.MustInt(2).Int64() != 1 {
		t.Errorf("arguments stay below the result: %v, %v", r, err)
	}
	if _, err := api.RunGetMethod(t.Context(), b, w.WalletAddress(), "no_such_method"); err == nil {
		t.Error("a method that doesn't exist answers")
	}
	if _, err := api.RunGetMethod(t.Context(), b, w.WalletAddress(), "seqno", make([]any, maxArguments+1)...); err == nil {
		t.Error("any number of arguments is taken")
	}
}

func TestEndedContextSendsNothingInProcess(t *testing.T) {
	c := newChain(t, Config{})
	s := newSigner(t, 1)
	fund(t, c, s.Address, "1")
	m := s.message(t, 0, time.Now().Add(time.Minute), ton.Transfer{To: minter, Value: nano(t, "0.1")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var answer tl.Serializable
	if err := c.LiteClient().QueryLiteserver(ctx, lite.SendMessage{Body: m}, &answer); err == nil || c.Executed(s.Address) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
}
