package chain

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// world is a chain that is asked, and what a liar can take from: a fork of it that its own validator signed, and a chain
// of the same content that a stranger signed.
type world struct {
	*devchain.Chain
	fork, stranger *devchain.Chain
	now            *time.Time
	lie            func(query, answer any) any // nil: the truth
	wallet         signer
	before         lite.AccountState // of the wallet, a block ago
	elsewhere      lite.AccountState // of an account that isn't there, far from the wallet
}

// newWorld funds and deploys a wallet. On the fork it is richer.
func newWorld(t testing.TB) *world {
	t.Helper()
	clock := time.Now()
	w := &world{now: &clock, wallet: newSigner(t, 1)}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	start := func(key ed25519.PrivateKey, lie func(query, answer any) any) *devchain.Chain {
		c, err := devchain.New(devchain.Config{
			GlobalID: globalID, Now: func() time.Time { return clock }, ValidatorKey: key, Lie: lie,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	w.Chain = start(key, func(query, answer any) any {
		if w.lie != nil {
			return w.lie(query, answer)
		}
		return answer
	})
	w.fork, w.stranger = start(key, nil), start(nil, nil)
	w.populate(t, w.Chain, "10")
	w.populate(t, w.fork, "1000")
	w.populate(t, w.stranger, "10")
	w.before = w.state(t, w.Chain, w.wallet.Address)
	for _, c := range []*devchain.Chain{w.Chain, w.fork, w.stranger} {
		fund(t, c, w.wallet.Address, "1")
	}
	far := w.wallet.Address
	far.Hash[0] ^= 0x80
	w.elsewhere = w.state(t, w.Chain, far)
	return w
}

func (w *world) populate(t testing.TB, c *devchain.Chain, coins string) {
	t.Helper()
	fund(t, c, w.wallet.Address, coins)
	for i := range 32 {
		fund(t, c, ton.Address{Hash: [32]byte{byte(i * 8)}}, "1")
	}
	if err := c.Send(w.wallet.message(t, 0, ton.Transfer{To: ton.Address{Hash: [32]byte{8}}, Value: nano(t, "1")})); err != nil {
		t.Fatal(err)
	}
}

// answered is what a chain says, as it is read from the wire.
func answered[A any](t testing.TB, c *devchain.Chain, query any) A {
	t.Helper()
	var answer tl.Serializable
	if err := c.LiteClient().QueryLiteserver(t.Context(), query, &answer); err != nil {
		t.Fatal(err)
	}
	a, ok := answer.(A)
	if !ok {
		t.Fatalf("%T: %+v", answer, answer)
	}
	return a
}

func head(t testing.TB, c *devchain.Chain) lite.MasterchainInfoExt {
	t.Helper()
	return answered[lite.MasterchainInfoExt](t, c, lite.GetMasterchainInfoExt{})
}

func (w *world) state(t testing.TB, c *devchain.Chain, a ton.Address) lite.AccountState {
	t.Helper()
	return answered[lite.AccountState](t, c, lite.GetAccountState{ID: head(t, c).Last, Account: accountID(a)})
}

// proof is a chain's proof of its own newest block.
func (w *world) proof(t testing.TB, c *devchain.Chain) lite.PartialBlockProof {
	t.Helper()
	return answered[lite.PartialBlockProof](t, c, lite.GetBlockProof{KnownBlock: c.InitBlock()})
}

// on lies about answers of type A alone.
func on[A any](lie func(query any, a *A)) func(query, answer any) any {
	return func(query, answer any) any {
		if a, ok := answer.(A); ok {
			lie(query, &a)
			return a
		}
		return answer
	}
}

// aboutStates are lies about an account at a block that is true.
func aboutStates(t *testing.T, w *world) map[string]func(query, answer any) any {
	theirs, richer := w.state(t, w.stranger, w.wallet.Address), w.state(t, w.fork, w.wallet.Address)
	changed := func(lie func(*lite.AccountState)) func(query, answer any) any {
		return on(func(_ any, s *lite.AccountState) { lie(s) })
	}
	return map[string]func(query, answer any) any{
		"invented":                 changed(func(s *lite.AccountState) { s.State = richer.State }),
		"invented with its proof":  changed(func(s *lite.AccountState) { s.State, s.Proof = richer.State, richer.Proof }),
		"a fork's":                 changed(func(s *lite.AccountState) { id := s.ID; *s = richer; s.ID = id }),
		"a stranger's":             changed(func(s *lite.AccountState) { id := s.ID; *s = theirs; s.ID = id }),
		"older":                    changed(func(s *lite.AccountState) { id := s.ID; *s = w.before; s.ID = id }),
		"older by its shard":       changed(func(s *lite.AccountState) { s.Shard, s.Proof, s.State = w.before.Shard, w.before.Proof, w.before.State }),
		"of an older block":        changed(func(s *lite.AccountState) { *s = w.before }),
		"of another shard":         changed(func(s *lite.AccountState) { shard := *s.Shard; shard.Workchain = 1; s.Shard = &shard }),
		"of a shard of other name": changed(func(s *lite.AccountState) { shard := *s.Shard; shard.SeqNo++; s.Shard = &shard }),
		"hidden":                   changed(func(s *lite.AccountState) { s.State = nil }),
		"hidden by pruning":        changed(func(s *lite.AccountState) { s.State, s.Proof = nil, w.elsewhere.Proof }),
		"hidden by pruning all":    changed(func(s *lite.AccountState) { s.State, s.Proof[1] = nil, w.pruneAccounts(t, s.Proof[1]) }),
		"without proof":            changed(func(s *lite.AccountState) { s.Proof = nil }),
		"without proof of shard":   changed(func(s *lite.AccountState) { s.ShardProof = nil }),
		"proofs changed round":     changed(func(s *lite.AccountState) { slices.Reverse(s.Proof) }),
		"proof of the masterchain": changed(func(s *lite.AccountState) { s.Proof = s.ShardProof }),
	}
}

// pruneAccounts hides all accounts of a proof of a shard's state, which keeps its hash.
func (w *world) pruneAccounts(t testing.TB, proof *cell.Cell) *cell.Cell {
	t.Helper()
	body := proof.MustPeekRef(0)
	accounts, err := cell.CreatePrunedBranch(body.MustPeekRef(1), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := body.RebuildWithRefs([]*cell.Cell{body.MustPeekRef(0), accounts, body.MustPeekRef(2)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := cell.CreateMerkleProof(rebuilt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(rebuilt.Hash(0), body.Hash(0)) {
		t.Fatal("pruning changed the hash")
	}
	return out
}

// aboutHeads are lies about which block is the newest.
func aboutHeads(t *testing.T, w *world) map[string]func(query, answer any) any {
	named := func(lie func(id *lite.BlockIDExt)) func(query, answer any) any {
		return func(_, answer any) any {
			switch a := answer.(type) {
			case lite.MasterchainInfoExt:
				a.Last = a.Last.Copy()
				lie(a.Last)
				return a
			case lite.MasterchainInfo:
				a.Last = a.Last.Copy()
				lie(a.Last)
				return a
			}
			return answer
		}
	}
	proven := func(lie func(*lite.PartialBlockProof)) func(query, answer any) any {
		return on(func(_ any, p *lite.PartialBlockProof) { lie(p) })
	}
	link := func(lie func(*lite.BlockLinkForward)) func(query, answer any) any {
		return proven(func(p *lite.PartialBlockProof) {
			for i, step := range p.Steps {
				if f, ok := step.(lite.BlockLinkForward); ok {
					lie(&f)
					p.Steps[i] = f
				}
			}
		})
	}
	signed := func(lie func(*lite.SignatureSetOrdinary)) func(query, answer any) any {
		return link(func(f *lite.BlockLinkForward) {
			s := f.SignatureSet.(lite.SignatureSetOrdinary)
			lie(&s)
			f.SignatureSet = s
		})
	}
	theirs := w.proof(t, w.stranger).Steps[0].(lite.BlockLinkForward)
	back := answered[lite.PartialBlockProof](t, w.Chain, lite.GetBlockProof{
		Mode: 1, KnownBlock: head(t, w.Chain).Last, TargetBlock: w.InitBlock()})
	return map[string]func(query, answer any) any{
		"root that is not there":  named(func(id *lite.BlockIDExt) { id.RootHash[0] ^= 1 }),
		"file that is not there":  named(func(id *lite.BlockIDExt) { id.FileHash[0] ^= 1 }),
		"number that is to come":  named(func(id *lite.BlockIDExt) { id.SeqNo++ }),
		"a stranger's":            named(func(id *lite.BlockIDExt) { *id = *head(t, w.stranger).Last.Copy() }),
		"a stranger's, and proof": everything(t, w.stranger),
		"of the basechain":        named(func(id *lite.BlockIDExt) { id.Workchain = 0 }),
		"no links":                proven(func(p *lite.PartialBlockProof) { p.Steps = nil }),
		"links of a stranger":     proven(func(p *lite.PartialBlockProof) { p.Steps = w.proof(t, w.stranger).Steps }),
		"links that lead back":    proven(func(p *lite.PartialBlockProof) { p.Steps = back.Steps }),
		"another block's header":  link(func(f *lite.BlockLinkForward) { f.DestProof = theirs.DestProof }),
		"other validators":        link(func(f *lite.BlockLinkForward) { f.ConfigProof = theirs.ConfigProof }),
		"a key block":             link(func(f *lite.BlockLinkForward) { f.ToKeyBlock = true }),
		"no signatures":           signed(func(s *lite.SignatureSetOrdinary) { s.Signatures = nil }),
		"a stranger's signature": signed(func(s *lite.SignatureSetOrdinary) {
			s.Signatures = theirs.SignatureSet.(lite.SignatureSetOrdinary).Signatures
		}),
		"a signature changed": signed(func(s *lite.SignatureSetOrdinary) { s.Signatures[0].Signature[5] ^= 1 }),
		"a signature twice":   signed(func(s *lite.SignatureSetOrdinary) { s.Signatures = append(s.Signatures, s.Signatures[0]) }),
		"another round":       signed(func(s *lite.SignatureSetOrdinary) { s.CatchainSeqno++ }),
		"another set":         signed(func(s *lite.SignatureSetOrdinary) { s.ValidatorSetHash++ }),
	}
}

// everything answers from another chain altogether.
func everything(t *testing.T, other *devchain.Chain) func(query, answer any) any {
	return func(query, _ any) any {
		var answer tl.Serializable
		if err := other.LiteClient().QueryLiteserver(t.Context(), query, &answer); err != nil {
			t.Error(err)
		}
		return answer
	}
}

func TestLiesAboutStatesAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, lie := range aboutStates(t, w) {
		t.Run(name, func(t *testing.T) {
			w.lie = lie
			defer func() { w.lie = nil }()
			_, err := New(w.LiteClient(), provenBy(w.Chain)).Account(t.Context(), w.wallet.Address)
			refused(t, name, err)
		})
	}
	if got := account(t, New(w.LiteClient(), provenBy(w.Chain)), w.wallet.Address); !got.Proven || got.Seqno != 1 {
		t.Fatalf("the truth: %+v", got)
	}
}

// The library's own client is fooled by none but pruning: an account that is hidden looks absent to it.
func TestLiesAboutStatesAreRefusedByTheUnmodifiedClient(t *testing.T) {
	w := newWorld(t)
	for name, lie := range aboutStates(t, w) {
		t.Run(name, func(t *testing.T) {
			api := w.secure()
			b, err := api.GetMasterchainInfo(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w.lie = lie
			defer func() { w.lie = nil }()
			acc, err := api.GetAccount(t.Context(), b, friendly(w.wallet.Address))
			if fooled := name == "hidden by pruning"; (err == nil) != fooled || fooled && acc.State != nil {
				t.Errorf("%+v, %v", acc, err)
			}
		})
	}
}

func (w *world) secure() *lite.APIClient {
	api := lite.NewAPIClient(w.LiteClient(), lite.ProofCheckPolicySecure)
	api.SetTrustedBlock(w.InitBlock())
	return api
}

func friendly(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

func TestLiesAboutHeadsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, lie := range aboutHeads(t, w) {
		t.Run(name, func(t *testing.T) {
			w.lie = lie
			defer func() { w.lie = nil }()
			c := New(w.LiteClient(), provenBy(w.Chain))
			_, err := c.Head(t.Context())
			refused(t, name, err)
			if c.Trusted() != blockOf(w.InitBlock()) {
				t.Errorf("trusts block %s now", c.Trusted())
			}
			if _, err := w.secure().GetMasterchainInfo(t.Context()); err == nil {
				t.Error("the unmodified client believes it")
			}
		})
	}
}

// A validator that signs two blocks of one number is believed once: whatever came first.
func TestForkIsRefusedOnceTheOtherWasSeen(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	acc := account(t, c, w.wallet.Address)
	w.lie = everything(t, w.fork)
	_, err := c.Head(t.Context())
	refused(t, "a fork of the same length", err)
	if got := account(t, New(w.LiteClient(), provenBy(w.Chain)), w.wallet.Address); got.Balance == acc.Balance {
		t.Fatal("the fork is no fork")
	}
}

func TestStaleHeadIsRefused(t *testing.T) {
	w := newWorld(t)
	cfg, now := provenBy(w.Chain), time.Now()
	cfg.Now = func() time.Time { return now }
	c := New(w.LiteClient(), cfg)
	made := head(t, w.Chain)
	for away, ok := range map[time.Duration]bool{
		0: true, 60 * time.Second: true, 61 * time.Second: false, -60 * time.Second: true, -61 * time.Second: false,
	} {
		now = time.Unix(int64(made.LastUTime), 0).Add(away)
		_, err := c.Account(t.Context(), w.wallet.Address)
		if ok && err != nil {
			t.Errorf("%s: %v", away, err)
		} else if !ok {
			refused(t, away.String(), err)
		}
	}
}

// What the liteserver says of a block's time counts for nothing: its header does.
func TestTimeIsThatOfTheProvenHeader(t *testing.T) {
	w := newWorld(t)
	w.lie = on(func(_ any, i *lite.MasterchainInfoExt) { i.LastUTime += 30 })
	h, err := New(w.LiteClient(), provenBy(w.Chain)).Head(t.Context())
	if err != nil || h.Time.Unix() != w.now.Unix() {
		t.Fatalf("%v, %v", h, err)
	}
}

func TestOlderHeadsAreRefused(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	before := head(t, w.Chain)
	w.Tick()
	if _, err := c.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.lie = on(func(_ any, i *lite.MasterchainInfoExt) { *i = before })
	_, err := c.Head(t.Context())
	refused(t, "a block before the one seen", err)
	cfg := provenBy(w.Chain)
	cfg.Trusted = blockOf(before.Last)
	w.lie = on(func(_ any, i *lite.MasterchainInfoExt) { i.Last = w.InitBlock() })
	_, err = New(w.LiteClient(), cfg).Head(t.Context())
	refused(t, "a block before the trusted one", err)
}

func TestProofsStartAtAnyTrustedBlock(t *testing.T) {
	w := newWorld(t)
	newest := head(t, w.Chain).Last
	cfg := provenBy(w.Chain)
	cfg.Trusted = blockOf(newest)
	if h, err := New(w.LiteClient(), cfg).Head(t.Context()); err != nil || h.Seqno != newest.SeqNo {
		t.Errorf("the newest block itself: %v, %v", h, err)
	}
	w.Tick()
	c := New(w.LiteClient(), cfg)
	if h, err := c.Head(t.Context()); err != nil || h.Seqno != newest.SeqNo+1 {
		t.Errorf("a block on, by way of the key block: %v, %v", h, err)
	}
	if c.Trusted() != cfg.Trusted {
		t.Errorf("trusts %s, which no signature was seen for", c.Trusted())
	}
	cfg.Trusted.FileHash[0] ^= 1
	_, err := New(w.LiteClient(), cfg).Head(t.Context())
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

func TestLiesAboutTransactionsAreRefused(t *testing.T) {
	w := newWorld(t)
	c := New(w.LiteClient(), provenBy(w.Chain))
	acc := account(t, c, w.wallet.Address)
	list := func(lie func([]*cell.Cell) []*cell.Cell) func(query, answer any) any {
		return on(func(_ any, l *lite.TransactionList) {
			cells, err := cell.FromBOCMultiRoot(l.Transactions)
			if err != nil {
				t.Error(err)
			}
			l.Transactions = cell.ToBOCWithOptions(lie(cells), cell.BOCSerializeOptions{})
		})
	}
	richer := account(t, New(w.fork.LiteClient(), provenBy(w.Chain)), w.wallet.Address)
	theirs := answered[lite.TransactionList](t, w.fork, lite.GetTransactions{
		Limit: 16, AccID: &lite.AccountID{ID: w.wallet.Address.Hash[:]}, LT: int64(richer.LastLT), TxHash: richer.LastHash[:]})
	for name, lie := range map[string]func(query, answer any) any{
		"forged":         on(func(_ any, l *lite.TransactionList) { l.Transactions = theirs.Transactions }),
		"reordered":      list(func(c []*cell.Cell) []*cell.Cell { slices.Reverse(c); return c }),
		"one left out":   list(func(c []*cell.Cell) []*cell.Cell { return slices.Delete(c, 1, 2) }),
		"the last first": list(func(c []*cell.Cell) []*cell.Cell { return c[1:] }),
		"none":           on(func(_ any, l *lite.TransactionList) { l.Transactions = nil }),
	} {
		w.lie = lie
		_, err := c.Transactions(t.Context(), w.wallet.Wallet, acc, 0, [32]byte{}, 16)
		refused(t, name, err)
		_, err = w.secure().ListTransactions(t.Context(), friendly(w.wallet.Address), 16, acc.LastLT, acc.LastHash[:])
		if err == nil {
			t.Errorf("%s: the unmodified client believes it", name)
		}
	}
	w.lie = list(func(c []*cell.Cell) []*cell.Cell { return c[:1] })
	if txs, err := c.Transactions(t.Context(), w.wallet.Wallet, acc, 0, [32]byte{}, 16); err != nil || len(txs) != 3 {
		t.Errorf("pages cut short: %d transactions, %v", len(txs), err)
	}
}

func TestLiesAboutConfigAreRefused(t *testing.T) {
	w := newWorld(t)
	theirs := answered[lite.ConfigAll](t, w.stranger, lite.GetConfigAll{BlockID: head(t, w.stranger).Last})
	for name, lie := range map[string]func(*lite.ConfigAll){
		"a stranger's":       func(c *lite.ConfigAll) { c.StateProof, c.ConfigProof = theirs.StateProof, theirs.ConfigProof },
		"a stranger's state": func(c *lite.ConfigAll) { c.ConfigProof = theirs.ConfigProof },
		"of another block":   func(c *lite.ConfigAll) { c.ID = theirs.ID },
	} {
		w.lie = on(func(_ any, c *lite.ConfigAll) { lie(c) })
		_, err := New(w.LiteClient(), provenBy(w.Chain)).BlockchainConfig(t.Context())
		refused(t, name, err)
		api := w.secure()
		b, err := api.GetMasterchainInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := api.GetBlockchainConfig(t.Context(), b); err == nil && name != "of another block" {
			t.Errorf("%s: the unmodified client believes it", name)
		}
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
