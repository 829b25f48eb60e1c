package chain

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton/devchain"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestProofsStartAtAnyTrustedBlock(t *testing.T) {
	w := newWorld(t)
	newest := head(t, w.Chain).Last
	cfg := provenBy(w.Chain)
	cfg.Trusted = blockOf(newest)
	if h, err := New(w.LiteClient(), cfg).Head(t.Context()); err != nil || h.Seqno != newest.SeqNo {
		t.Errorf("the newest block itself: %v, %v", h, err)
	}
	never := cfg
	never.Trusted.FileHash[0] ^= 1
	_, err := New(w.LiteClient(), never).Head(t.Context())
	refused(t, "another block of the trusted one's number", err)
	w.Tick()
	c := New(w.LiteClient(), cfg)
	if h, err := c.Head(t.Context()); err != nil || h.Seqno != newest.SeqNo+1 {
		t.Errorf("a block on, by way of the key block: %v, %v", h, err)
	}
	if c.Trusted() != cfg.Trusted {
		t.Errorf("trusts %s, which no signature was seen for", c.Trusted())
	}
	cfg.Trusted.FileHash[0] ^= 1
	_, err = New(w.LiteClient(), cfg).Head(t.Context())
	refused(t, "a trusted block that never was", err)
}

// newKeyed is a chain whose every second block is a key block, forty blocks on.
func newKeyed(t *testing.T) *devchain.Chain {
	t.Helper()
	c, err := devchain.New(devchain.Config{GlobalID: globalID, KeyEvery: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for range 80 {
		c.Tick()
	}
	return c
}

func TestNewestKeyBlockIsTrustedAndTold(t *testing.T) {
	chain := newKeyed(t)
	var told []Block
	cfg := provenBy(chain)
	cfg.OnTrusted = func(b Block) { told = append(told, b) }
	c := New(chain.LiteClient(), cfg)
	h, err := c.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Trusted().Seqno != h.Seqno || len(told) != 3 || told[2] != c.Trusted() {
		t.Fatalf("newest is %d, trusted %d; told %v", h.Seqno, c.Trusted().Seqno, told)
	}
	cfg.Trusted = c.Trusted()
	chain.Tick()
	again := New(chain.LiteClient(), cfg)
	if h, err := again.Head(t.Context()); err != nil || h.Seqno != cfg.Trusted.Seqno+1 || again.Trusted() != cfg.Trusted {
		t.Fatalf("from the newest key block: %v, %v", h, err)
	}
}

func TestProofThatNeverEndsIsRefused(t *testing.T) {
	chain := newKeyed(t)
	proof := answered[lite.PartialBlockProof](t, chain, lite.GetBlockProof{KnownBlock: chain.InitBlock()})
	c := New(chain.LiteClient(), provenBy(chain))
	h := header{id: head(t, chain).Last}
	for name, change := range map[string]func(*lite.PartialBlockProof){
		"no links":       func(p *lite.PartialBlockProof) { p.Steps = nil },
		"too many links": func(p *lite.PartialBlockProof) { p.Steps = slices.Repeat(p.Steps, 5) },
		"past the end":   func(p *lite.PartialBlockProof) { h = header{id: proof.Steps[3].(lite.BlockLinkForward).To} },
		"another block of that number": func(p *lite.PartialBlockProof) {
			h = header{id: proof.To.Copy()}
			h.id.FileHash[0] ^= 1
		},
	} {
		p := proof
		h = header{id: head(t, chain).Last}
		change(&p)
		if path, err := c.readPath(chain.InitBlock(), h, p); err == nil {
			t.Errorf("%s: leads to %d", name, path.end.seqno())
		} else if name == "too many links" && !strings.Contains(err.Error(), "at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProvenBlocksOfAnotherNetworkAreRefused(t *testing.T) {
	chain := newChain(t)
	cfg := provenBy(chain)
	cfg.GlobalID = -239
	chain.Tick()
	_, err := New(chain.LiteClient(), cfg).Head(t.Context())
	refused(t, "global id", err)
}

// A header says itself which block it is; its name could say another.
func TestHeaderUnderAnotherNameIsRefused(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	id := head(t, w.Chain).Last
	boc := answered[lite.BlockHeader](t, w.Chain, lite.GetBlockHeader{ID: id}).HeaderProof
	proof, err := cell.FromBOC(boc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.proven(id, proof); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*lite.BlockIDExt){
		"number": func(b *lite.BlockIDExt) { b.SeqNo++ }, "workchain": func(b *lite.BlockIDExt) { b.Workchain = 0 },
	} {
		other := id.Copy()
		change(other)
		if _, err := c.proven(other, proof); err == nil {
			t.Errorf("another %s", name)
		}
	}
}

// Validators of a key block before the one in force may have given away their keys.
func TestLinkBackPastTheKeyBlockInForceIsRefused(t *testing.T) {
	w := newWorld(t)
	from := answered[lite.BlockHeader](t, w.Chain, lite.LookupBlock{Mode: 1, ID: &lite.BlockInfoShort{
		Workchain: -1, Shard: head(t, w.Chain).Last.Shard, Seqno: 5}}).ID
	link := answered[lite.PartialBlockProof](t, w.Chain, lite.GetBlockProof{
		Mode: 1, KnownBlock: head(t, w.Chain).Last, TargetBlock: from}).Steps[0].(lite.BlockLinkBackward)
	c := New(w.LiteClient(), provenBy(w.Chain))
	if _, err := c.readBackward(link.From, link); err == nil {
		t.Error("a link back to a block that isn't the key block is followed")
	}
	good := answered[lite.PartialBlockProof](t, w.Chain, lite.GetBlockProof{
		Mode: 1, KnownBlock: link.From, TargetBlock: w.InitBlock()}).Steps[0].(lite.BlockLinkBackward)
	if h, err := c.readBackward(good.From, good); err != nil || h.seqno() != 1 {
		t.Errorf("%v, %v", h, err)
	}
}

func TestLinksLeadFromTheBlockThatIsProven(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	link := w.proof(t, w.Chain).Steps[0].(lite.BlockLinkForward)
	if _, err := c.readForward(link.From, link); err != nil {
		t.Fatal(err)
	}
	from := link.From.Copy()
	from.FileHash[0] ^= 1
	if _, err := c.readForward(from, link); err == nil {
		t.Error("a link from a block of another file is followed")
	}
	sideways := link
	sideways.To = link.To.Copy()
	sideways.To.Shard = 1 << 62
	if _, err := c.readForward(link.From, sideways); err == nil {
		t.Error("a link to half the chain is followed")
	}
	back := answered[lite.PartialBlockProof](t, w.Chain, lite.GetBlockProof{
		Mode: 1, KnownBlock: link.To, TargetBlock: w.InitBlock()}).Steps[0].(lite.BlockLinkBackward)
	forged := back
	forged.To = w.stranger.InitBlock()
	forged.DestProof = answered[lite.BlockHeader](t, w.stranger, lite.GetBlockHeader{ID: forged.To}).HeaderProof
	if _, err := c.readBackward(back.From, forged); err == nil {
		t.Error("a link back to a stranger's key block is followed")
	}
	if _, err := c.readBackward(from, back); err == nil {
		t.Error("a link back from another block is followed")
	}
}

func BenchmarkProvenAccount(b *testing.B) {
	w := newWorld(b)
	for name, cfg := range map[string]Config{"served": config, "proven": provenBy(w.Chain)} {
		cfg.Now = func() time.Time { return *w.now }
		b.Run(name+"/same block", func(b *testing.B) {
			c := New(w.LiteClient(), cfg)
			for b.Loop() {
				account(b, c, w.wallet.Address)
			}
		})
		b.Run(name+"/new block", func(b *testing.B) {
			c := New(w.LiteClient(), cfg)
			for b.Loop() {
				w.Tick()
				account(b, c, w.wallet.Address)
			}
		})
	}
}

// Calls side by side prove a block once, and each is answered from it or a later one.
func TestCallsSideBySideShareOneProof(t *testing.T) {
	w := newWorld(t)
	var proofs atomic.Int32
	w.lie = func(_, answer any) any {
		if _, ok := answer.(lite.PartialBlockProof); ok {
			proofs.Add(1)
		}
		return answer
	}
	c := New(w.LiteClient(), provenBy(w.Chain))
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := c.Account(t.Context(), w.wallet.Address); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if proofs.Load() != 1 {
		t.Errorf("%d proofs of one block", proofs.Load())
	}
}
