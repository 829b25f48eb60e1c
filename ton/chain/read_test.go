package chain

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

func TestFalseAccountStatesAreRefused(t *testing.T) {
	chain := newChain(t)
	s, other := newSigner(t, 1), newSigner(t, 2)
	fund(t, chain, s.Address, "1")
	fund(t, chain, other.Address, "1000")
	var theirs lite.AccountState
	account(t, lying(chain, func(a *lite.AccountState) { theirs = *a }), other.Address)
	for name, lie := range map[string]func(*lite.AccountState){
		"of another block":       func(a *lite.AccountState) { a.ID = a.ID.Copy(); a.ID.SeqNo-- },
		"of another account":     func(a *lite.AccountState) { a.Proof, a.State = theirs.Proof, theirs.State },
		"hidden":                 func(a *lite.AccountState) { a.State = nil },
		"another than the shard": func(a *lite.AccountState) { a.State = theirs.State },
		"not in the shard":       func(a *lite.AccountState) { a.Proof = theirs.Proof },
		"without proof":          func(a *lite.AccountState) { a.Proof = nil },
		"proof of nothing":       func(a *lite.AccountState) { a.Proof = []*cell.Cell{a.Proof[0], a.Proof[0]} },
		"proof of a leaf": func(a *lite.AccountState) {
			a.Proof[1] = cell.BeginCell().MustStoreRef(a.Proof[0]).EndCell()
		},
	} {
		acc, err := lying(chain, lie).Account(t.Context(), s.Address)
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %+v, %v", name, acc, err)
		}
	}
}

func TestStateOfAnotherNetworkIsRefused(t *testing.T) {
	cfg := config
	cfg.GlobalID = -239
	if _, err := New(newChain(t).LiteClient(), cfg).Account(t.Context(), ton.Address{}); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
}

func TestStateBehindTheNewestBlockIsRefused(t *testing.T) {
	chain := newChain(t)
	for ahead, refused := range map[uint32]bool{60: false, 61: true} {
		c := lying(chain, func(i *lite.MasterchainInfoExt) { i.LastUTime += ahead })
		if _, err := c.Account(t.Context(), ton.Address{}); errors.Is(err, ErrUnavailable) != refused {
			t.Errorf("%d seconds: %v", ahead, err)
		}
	}
}

// deposits makes a wallet with n transactions.
func deposits(t testing.TB, n int) (*devchain.Chain, ton.Wallet) {
	t.Helper()
	chain, s := newChain(t), newSigner(t, 1)
	for range n {
		fund(t, chain, s.Address, "1")
	}
	return chain, s.Wallet
}

func TestWalkLeadsToThePositionAcrossPages(t *testing.T) {
	chain, w := deposits(t, 3*perPage+2)
	c := New(chain.LiteClient(), config)
	acc := account(t, c, w.Address)
	all, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, MaxWalk)
	if err != nil || len(all) != 3*perPage+2 {
		t.Fatalf("%d transactions, %v", len(all), err)
	}
	for i, e := range all {
		if i > 0 && (e.PrevHash != all[i-1].Hash || e.PrevLT != all[i-1].LT) {
			t.Fatalf("transaction %d doesn't follow the one before it", i)
		}
	}
	for _, from := range []int{0, 1, 17, 33, len(all) - 1} {
		rest, err := c.Transactions(t.Context(), w, acc, all[from].LT, all[from].Hash, MaxWalk)
		if err != nil || len(rest) != len(all)-1-from || len(rest) > 0 && rest[0].PrevHash != all[from].Hash {
			t.Errorf("after %d: %d transactions, %v", from, len(rest), err)
		}
	}
}

func TestWalkThatStopsAtItsLimitCanGoOn(t *testing.T) {
	chain, w := deposits(t, 20)
	c := New(chain.LiteClient(), config)
	acc := account(t, c, w.Address)
	newest, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, 18)
	if !errors.Is(err, ErrIncomplete) || errors.Is(err, ErrUnavailable) || len(newest) != 18 {
		t.Fatalf("%d transactions, %v", len(newest), err)
	}
	if newest[17].Hash != acc.LastHash {
		t.Error("the newest are not returned")
	}
	acc.LastLT, acc.LastHash = newest[0].PrevLT, newest[0].PrevHash
	oldest, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, 18)
	if err != nil || len(oldest) != 2 || oldest[1].Hash != newest[0].PrevHash {
		t.Fatalf("%d older transactions, %v", len(oldest), err)
	}
}

func TestPositionThatIsNotInTheListIsRefused(t *testing.T) {
	chain, w := deposits(t, 3)
	c := New(chain.LiteClient(), config)
	acc := account(t, c, w.Address)
	all, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, MaxWalk)
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]position{
		"another hash":        {all[1].LT, [32]byte{1}},
		"between two":         {all[1].LT + 1, all[1].Hash},
		"after the last":      {acc.LastLT + 1, acc.LastHash},
		"before the first":    {1, [32]byte{1}},
		"no lt, but a hash":   {0, [32]byte{1}},
		"the last, not quite": {acc.LastLT, [32]byte{1}},
	} {
		if list, err := c.Transactions(t.Context(), w, acc, at.lt, at.hash, MaxWalk); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %d transactions, %v", name, len(list), err)
		}
	}
}

func TestWalkRefusesWrongArguments(t *testing.T) {
	chain, w := deposits(t, 1)
	c := New(chain.LiteClient(), config)
	acc := account(t, c, w.Address)
	for _, limit := range []int{-1, 0, MaxWalk + 1} {
		if _, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, limit); err == nil {
			t.Errorf("limit %d", limit)
		}
	}
	if _, err := c.Transactions(t.Context(), newSigner(t, 2).Wallet, acc, 0, [32]byte{}, 1); err == nil {
		t.Error("the state of another account")
	}
}

func TestBrokenLinksAreRefused(t *testing.T) {
	chain, w := deposits(t, 8)
	stranger := newSigner(t, 2)
	fund(t, chain, stranger.Address, "1")
	foreign := roots(t, New(chain.LiteClient(), config), stranger.Wallet)[0]
	for name, lie := range map[string]func([]*cell.Cell) []*cell.Cell{
		"one left out":    func(r []*cell.Cell) []*cell.Cell { return slices.Delete(r, 3, 4) },
		"two swapped":     func(r []*cell.Cell) []*cell.Cell { r[2], r[3] = r[3], r[2]; return r },
		"oldest first":    func(r []*cell.Cell) []*cell.Cell { slices.Reverse(r); return r },
		"the newest cut":  func(r []*cell.Cell) []*cell.Cell { return r[1:] },
		"one repeated":    func(r []*cell.Cell) []*cell.Cell { return slices.Insert(r, 3, r[3]) },
		"another account": func(r []*cell.Cell) []*cell.Cell { r[4] = foreign; return r },
		"no transaction":  func(r []*cell.Cell) []*cell.Cell { r[4] = cell.BeginCell().EndCell(); return r },
		"more than asked": func(r []*cell.Cell) []*cell.Cell { return append(r, slices.Repeat(r[7:], perPage)...) },
		"none":            func([]*cell.Cell) []*cell.Cell { return nil },
	} {
		c := lying(chain, func(l *lite.TransactionList) { l.Transactions = bag(lie(unbag(t, l.Transactions))) })
		list, err := c.Transactions(t.Context(), w, account(t, c, w.Address), 0, [32]byte{}, MaxWalk)
		if !errors.Is(err, ErrUnavailable) || list != nil {
			t.Errorf("%s: %d transactions, %v", name, len(list), err)
		}
	}
	for name, raw := range map[string][]byte{"garbage": []byte("garbage"), "too much": make([]byte, maxPage+1)} {
		c := lying(chain, func(l *lite.TransactionList) { l.Transactions = raw })
		if _, err := c.Transactions(t.Context(), w, account(t, c, w.Address), 0, [32]byte{}, MaxWalk); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A true list that ends early is only shorter; the walk asks again from there.
func TestShortPagesAreContinued(t *testing.T) {
	chain, w := deposits(t, 20)
	c := lying(chain, func(l *lite.TransactionList) { l.Transactions = bag(unbag(t, l.Transactions)[:1]) })
	list, err := c.Transactions(t.Context(), w, account(t, c, w.Address), 0, [32]byte{}, MaxWalk)
	if err != nil || len(list) != 20 {
		t.Fatalf("%d transactions, %v", len(list), err)
	}
}

func unbag(t testing.TB, boc []byte) []*cell.Cell {
	t.Helper()
	r, err := cell.FromBOCMultiRoot(boc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bag(r []*cell.Cell) []byte { return cell.ToBOCWithOptions(r, cell.BOCSerializeOptions{}) }

// roots returns the newest transactions of a wallet as they are sent.
func roots(t testing.TB, c *Client, w ton.Wallet) []*cell.Cell {
	t.Helper()
	acc, id := account(t, c, w.Address), accountID(w.Address)
	var answer tl.Serializable
	query := lite.GetTransactions{Limit: perPage, AccID: &id, LT: int64(acc.LastLT), TxHash: acc.LastHash[:]}
	if err := c.lite.QueryLiteserver(t.Context(), query, &answer); err != nil {
		t.Fatal(err)
	}
	return unbag(t, answer.(lite.TransactionList).Transactions)
}

// parsing answers every query with the same bytes, read on the caller's goroutine.
type parsing struct {
	lite.LiteClient
	answer []byte
}

func (p parsing) QueryLiteserver(_ context.Context, _, result tl.Serializable) error {
	_, err := tl.Parse(result, p.answer, true)
	return err
}

// The library's parser panics when a proof hasn't two roots.
func TestAnswerThatPanicsTheParserIsRefused(t *testing.T) {
	id := &lite.BlockIDExt{RootHash: make([]byte, 32), FileHash: make([]byte, 32)}
	raw, err := tl.Serialize(lite.AccountState{ID: id, Shard: id}, true)
	if err != nil {
		t.Fatal(err)
	}
	none := make([]byte, 4) // no bytes: proof of the shard, proof of the account, state
	one := new(bytes.Buffer)
	if err := tl.ToBytesToBuffer(one, cell.BeginCell().EndCell().ToBOC()); err != nil {
		t.Fatal(err)
	}
	raw = slices.Concat(raw[:len(raw)-3*len(none)], one.Bytes(), none, none)
	if h, err := New(parsing{answer: raw}, config).Head(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%+v, %v", h, err)
	}
}

// scripted answers every query with the same value.
type scripted struct {
	lite.LiteClient
	answer tl.Serializable
}

func (s scripted) QueryLiteserver(_ context.Context, _, result tl.Serializable) error {
	*result.(*tl.Serializable) = s.answer
	return nil
}

// parse reads an answer as the library does; false also when that panics.
func parse(b []byte) (answer tl.Serializable, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := tl.Parse(&answer, b, true)
	return answer, err == nil
}

// recorded keeps the bytes of each answer.
type recorded struct {
	lite.LiteClient
	answers *[][]byte
}

func (r recorded) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	if err := r.LiteClient.QueryLiteserver(ctx, query, result); err != nil {
		return err
	}
	b, err := tl.Serialize(*result.(*tl.Serializable), true)
	*r.answers = append(*r.answers, b)
	return err
}

// FuzzAnswer reads whatever a liteserver may answer, once the library has parsed it. Nothing of that panics, not even to
// be recovered.
func FuzzAnswer(f *testing.F) {
	chain, w := deposits(f, 3)
	var answers [][]byte
	c := New(recorded{chain.LiteClient(), &answers}, config)
	acc := account(f, c, w.Address)
	c.Transactions(f.Context(), w, acc, 0, [32]byte{}, MaxWalk)
	c.BlockchainConfig(f.Context())
	c.Send(f.Context(), nil)
	for _, a := range answers {
		f.Add(a)
	}
	newest := c.seen()
	panicked := slog.New(panics{f})
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer, ok := parse(raw)
		if !ok {
			return
		}
		cfg := config
		cfg.Logger = panicked
		c := New(scripted{answer: answer}, cfg)
		c.Head(t.Context())
		c.newest = newest // so that answers about it are read
		c.Send(t.Context(), nil)
		c.Transactions(t.Context(), w, acc, 0, [32]byte{}, MaxWalk)
		ask(t.Context(), c, wait{}, lite.GetAccountState{}, func(s lite.AccountState) (ton.Account, error) {
			return c.readAccount(w.Address, newest, s)
		})
		ask(t.Context(), c, wait{}, lite.GetConfigAll{}, func(a lite.ConfigAll) ([]byte, error) {
			return readConfig(newest, a)
		})
	})
}

// panics is a log in which nothing may be written.
type panics struct{ tb testing.TB }

func (p panics) Enabled(context.Context, slog.Level) bool { return true }
func (p panics) Handle(_ context.Context, r slog.Record) error {
	panic(r.Message)
}
func (p panics) WithAttrs([]slog.Attr) slog.Handler { return p }
func (p panics) WithGroup(string) slog.Handler      { return p }
