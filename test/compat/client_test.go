// Package compat holds an older client to the dev chain: tonutils-go v1.16.0, unmodified, which programs still use. It is a
// module of its own, since the program around it uses another version.
package compat

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tlb"
	"github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/ton/wallet"
)

func newWallet(t *testing.T, api wallet.TonAPI, v wallet.VersionConfig) *wallet.Wallet {
	t.Helper()
	w, err := wallet.FromPrivateKeyWithOptions(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{6}, 32)), v, wallet.WithAPI(api))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newest(t *testing.T, api *ton.APIClient) *ton.BlockIDExt {
	t.Helper()
	b, err := api.GetMasterchainInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOlderClientPaysWithProofs(t *testing.T) {
	c := start(t)
	to := address.NewAddress(0, 0, bytes.Repeat([]byte{9}, 32))
	for name, v := range map[string]wallet.VersionConfig{"V5R1": wallet.ConfigV5R1Final{NetworkGlobalID: c.GlobalID}, "V4R2": wallet.V4R2, "V3R2": wallet.V3R2} {
		t.Run(name, func(t *testing.T) {
			api := c.secure(t)
			w := newWallet(t, api, v)
			c.fund(t, w.WalletAddress(), "5")
			if b, err := w.GetBalance(t.Context(), newest(t, api)); err != nil || b.String() != "5" {
				t.Fatalf("balance %v, %v", b, err)
			}
			for seqno := range int64(2) {
				pay(t, newWallet(t, c.secure(t), v), to) // a client keeps the newest block for a second, with the seqno there
				if got := seqnoOf(t, api, w.WalletAddress()); got != seqno+1 {
					t.Fatalf("seqno %d after %d payments", got, seqno+1)
				}
			}
			history(t, api, w.WalletAddress())
		})
	}
}

// pay sends a message and waits until its transaction is in a block.
func pay(t *testing.T, w *wallet.Wallet, to *address.Address) {
	t.Helper()
	m, err := w.BuildTransfer(to, tlb.MustFromTON("1"), false, "older")
	if err != nil {
		t.Fatal(err)
	}
	tx, b, err := w.SendWaitTransaction(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if n := tx.OutMsgCount; n != 1 || b.SeqNo <= 1 {
		t.Fatalf("%d messages in block %d", n, b.SeqNo)
	}
}

func seqnoOf(t *testing.T, api *ton.APIClient, a *address.Address) int64 {
	t.Helper()
	r, err := api.RunGetMethod(t.Context(), newest(t, api), a, "seqno")
	if err != nil {
		t.Fatal(err)
	}
	return r.MustInt(0).Int64()
}

// history has the deposit and two payments, newest first.
func history(t *testing.T, api *ton.APIClient, a *address.Address) {
	t.Helper()
	acc, err := api.GetAccount(t.Context(), newest(t, api), a)
	if err != nil || !acc.IsActive {
		t.Fatalf("account %+v, %v", acc, err)
	}
	list, err := api.ListTransactions(t.Context(), a, 10, acc.LastTxLT, acc.LastTxHash)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d transactions, %v", len(list), err)
	}
	if first := list[0].IO.In; first == nil || first.MsgType != tlb.MsgTypeInternal { // oldest first, as the client sorts them
		t.Errorf("the oldest is %v", list[0])
	}
}

func TestOlderClientFollowsProofsFromTheFirstBlock(t *testing.T) {
	c := start(t)
	api := c.secure(t)
	for range 5 {
		c.fund(t, address.NewAddress(0, 0, make([]byte, 32)), "1")
	}
	b := newest(t, api)
	if b.SeqNo < 6 {
		t.Fatalf("block %d", b.SeqNo)
	}
	if err := api.VerifyProofChain(t.Context(), c.init(), b); err != nil {
		t.Error(err)
	}
	if found, err := api.LookupBlock(t.Context(), b.Workchain, b.Shard, b.SeqNo-1); err != nil || found.SeqNo != b.SeqNo-1 {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := api.GetBlockchainConfig(t.Context(), b, 34); err != nil {
		t.Error(err)
	}
	stranger := c.secure(t)
	wrong := c.init()
	wrong.RootHash = bytes.Repeat([]byte{1}, 32)
	stranger.SetTrustedBlock(wrong)
	if _, err := stranger.GetMasterchainInfo(t.Context()); err == nil {
		t.Error("a chain that doesn't begin with the trusted block is believed")
	}
}
