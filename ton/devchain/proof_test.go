package devchain

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestProvingClientReadsBlocks(t *testing.T) {
	eachClient(t, func(t *testing.T, c *Chain, api *lite.APIClient) {
		a := ton.Address{Hash: [32]byte{7}}
		fund(t, c, a, "1")
		b := newestBlock(t, api)
		acc := getAccount(t, api, b, friendly(a))
		found, err := api.LookupBlock(t.Context(), masterchain, math.MinInt64, b.SeqNo)
		if err != nil || !found.Equals(b) {
			t.Fatalf("lookup: %v, %v", found, err)
		}
		if _, err := api.LookupBlock(t.Context(), masterchain, math.MinInt64, b.SeqNo+1); !errors.Is(err, lite.ErrBlockNotFound) {
			t.Errorf("a block to come: %v", err)
		}
		header, err := api.GetBlockHeader(t.Context(), b)
		if err != nil || header.SeqNo != b.SeqNo || header.PrevRef.Prev1.SeqNo != b.SeqNo-1 {
			t.Fatalf("header: %+v, %v", header, err)
		}
		shards, err := api.GetBlockShardsInfo(t.Context(), b)
		if err != nil || len(shards) != 1 {
			t.Fatalf("shards: %v, %v", shards, err)
		}
		data, err := api.GetBlockData(t.Context(), shards[0])
		if err != nil {
			t.Fatal(err)
		}
		txs, err := data.ListTransactions()
		if err != nil || len(txs) != 1 || !bytes.Equal(txs[0].Hash, acc.LastTxHash) {
			t.Fatalf("transactions of the block: %v, %v", txs, err)
		}
		tx, err := api.GetTransaction(t.Context(), shards[0], friendly(a), acc.LastTxLT)
		if err != nil || !bytes.Equal(tx.Hash, acc.LastTxHash) {
			t.Fatalf("transaction: %v, %v", tx, err)
		}
		if _, err := api.GetTransaction(t.Context(), shards[0], friendly(a), acc.LastTxLT+1); err == nil {
			t.Error("a transaction that never was is answered")
		}
	})
}

func TestProvingClientWaits(t *testing.T) {
	eachClient(t, func(t *testing.T, c *Chain, api *lite.APIClient) {
		b := newestBlock(t, api)
		go c.Tick()
		next, err := api.WaitForBlock(b.SeqNo + 1).GetMasterchainInfo(t.Context())
		if err != nil || next.SeqNo != b.SeqNo+1 {
			t.Fatalf("%v, %v", next, err)
		}
	})
}

func TestProvingClientReadsAccountsOfTheMasterchain(t *testing.T) {
	c := newChain(t, Config{})
	api := secure(c, c.LiteClient())
	a := ton.Address{Workchain: masterchain, Hash: [32]byte{3}}
	fund(t, c, a, "2")
	if got := getAccount(t, api, newestBlock(t, api), friendly(a)).State.Balance.String(); got != "2" {
		t.Fatalf("balance is %s", got)
	}
	if acc := getAccount(t, api, newestBlock(t, api), friendly(ton.Address{Hash: a.Hash})); acc.State != nil {
		t.Fatal("the account is in the other workchain too")
	}
}

// Every pair of blocks is linked, in both directions, over any number of key blocks between.
func TestBlocksAreProvenFromEachOther(t *testing.T) {
	for _, every := range []uint32{0, 1, 3} {
		c := newChain(t, Config{KeyEvery: every})
		api := secure(c, c.LiteClient())
		blocks := []*lite.BlockIDExt{c.InitBlock()}
		for range 8 {
			c.Tick()
			blocks = append(blocks, newestBlock(t, api))
		}
		for _, from := range blocks {
			for _, to := range blocks {
				if err := api.VerifyProofChain(t.Context(), from, to); err != nil {
					t.Errorf("key blocks every %d: from %d to %d: %v", every, from.SeqNo, to.SeqNo, err)
				}
			}
		}
		stranger := newChain(t, Config{KeyEvery: every})
		if err := api.VerifyProofChain(t.Context(), stranger.InitBlock(), blocks[3]); err == nil {
			t.Error("another chain's block leads here")
		}
	}
}

func TestLongWaysAreProvenInParts(t *testing.T) {
	c := newChain(t, Config{KeyEvery: 1})
	for range 3 * linksPerAnswer {
		c.Tick()
	}
	p, ok := query(t, c, lite.GetBlockProof{KnownBlock: c.InitBlock()}).(lite.PartialBlockProof)
	if !ok || len(p.Steps) != linksPerAnswer || p.Complete || p.To.SeqNo != linksPerAnswer+1 {
		t.Fatalf("%d links to %v, complete: %v", len(p.Steps), p.To, p.Complete)
	}
	newestBlock(t, secure(c, c.LiteClient()))
}

// The first block stays answerable when blocks as old are forgotten: clients start from it.
func TestFirstBlockIsNeverForgotten(t *testing.T) {
	c := newChain(t, Config{})
	for range 2 * keepBlocks {
		c.Tick()
	}
	if len(c.keys) != 1 {
		t.Fatalf("%d key blocks", len(c.keys))
	}
	api := secure(c, c.LiteClient())
	b := newestBlock(t, api)
	if b.SeqNo != 2*keepBlocks+1 {
		t.Fatalf("newest is %d", b.SeqNo)
	}
	first, err := api.LookupBlock(t.Context(), masterchain, math.MinInt64, 1)
	if err != nil || !first.Equals(c.InitBlock()) {
		t.Errorf("%v, %v", first, err)
	}
}

func TestProofGrowsWithDepthNotAccounts(t *testing.T) {
	c := newChain(t, Config{})
	for i := range 512 {
		fund(t, c, ton.Address{Hash: [32]byte{byte(i), byte(i >> 8), 1}}, "1")
	}
	b, _ := c.head()
	for name, id := range map[string][]byte{"there": make([]byte, 32), "absent": bytes.Repeat([]byte{0xfe}, 32)} {
		id[2] |= 1
		s, ok := query(t, c, lite.GetAccountState{ID: b.master().id, Account: lite.AccountID{ID: id}}).(lite.AccountState)
		if !ok {
			t.Fatalf("%s: %T", name, s)
		}
		boc := cell.ToBOCWithOptions(s.Proof, cell.BOCSerializeOptions{})
		if len(boc) < 500 || len(boc) > 4000 {
			t.Errorf("%s: proof has %d bytes", name, len(boc))
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	for name, accounts := range map[string]int{"accounts=1": 1, "accounts=20000": 20000} {
		b.Run(name, func(b *testing.B) {
			c, err := New(Config{})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			for i := range accounts {
				fund(b, c, ton.Address{Hash: [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}}, "1")
			}
			for b.Loop() {
				fund(b, c, ton.Address{Hash: [32]byte{}}, "0.001")
			}
		})
	}
}

func BenchmarkAccountQuery(b *testing.B) {
	c, err := New(Config{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for i := range 1000 {
		fund(b, c, ton.Address{Hash: [32]byte{byte(i), byte(i >> 8)}}, "1")
	}
	h, _ := c.head()
	q := lite.GetAccountState{ID: h.master().id, Account: lite.AccountID{ID: make([]byte, 32)}}
	for b.Loop() {
		var answer tl.Serializable
		if err := c.LiteClient().QueryLiteserver(b.Context(), q, &answer); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBlockKeepsFewProofs(t *testing.T) {
	c := newChain(t, Config{})
	api := secure(c, c.LiteClient())
	b := newestBlock(t, api)
	for range 2 {
		for i := range 2 * keepProofs {
			if acc := getAccount(t, api, b, friendly(ton.Address{Hash: [32]byte{byte(i)}})); acc.State != nil {
				t.Fatalf("account %d: %+v", i, acc.State)
			}
		}
	}
	if newest, _ := c.head(); len(newest.proofs) != keepProofs {
		t.Fatalf("%d proofs are kept", len(newest.proofs))
	}
}

// The list of earlier blocks doesn't grow with the chain, and every link that is asked for is still there.
func TestForgottenBlocksAreOffTheList(t *testing.T) {
	c := newChain(t, Config{KeyEvery: keepBlocks / 2})
	for range 2*keepBlocks + 10 {
		c.Tick()
	}
	newest, _ := c.head()
	if n, err := newest.before.Count(); err != nil || n != keepBlocks+3 { // with three key blocks from before them
		t.Errorf("%d blocks are on the list, %v", n, err)
	}
	api := secure(c, c.LiteClient())
	for _, seqno := range []uint32{1, newest.oldestKept(), newest.seqno - 1} {
		c.mu.RLock()
		known := c.numbered(seqno).master().id
		c.mu.RUnlock()
		if err := api.VerifyProofChain(t.Context(), newest.master().id, known); err != nil {
			t.Errorf("back to %d: %v", seqno, err)
		}
		if err := api.VerifyProofChain(t.Context(), known, newest.master().id); err != nil {
			t.Errorf("on from %d: %v", seqno, err)
		}
	}
}
