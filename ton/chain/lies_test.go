package chain

import (
	"bytes"
	"slices"
	"testing"
	"time"

	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

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
		_, err = c.TransactionsSince(t.Context(), w.wallet.Wallet, acc, w.now.Add(-time.Hour), 16)
		refused(t, name+", since a time", err)
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
