package chain

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

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

// What is older than the one before since may be gone from every liteserver, so it isn't asked for.
func TestWalkSinceATimeEndsWithTheOneBefore(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	start := now
	chain, err := devchain.New(devchain.Config{GlobalID: globalID, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	w := newSigner(t, 1).Wallet
	for range 3 * perPage {
		fund(t, chain, w.Address, "1")
		now = now.Add(time.Hour)
	}
	pages := 0
	c := lying(chain, func(*lite.TransactionList) { pages++ })
	acc := account(t, c, w.Address)
	for since, want := range map[time.Duration]int{-time.Second: 48, 0: 48, time.Hour: 47, 30 * time.Hour: 18, 31*time.Hour - 1: 18, 1000 * time.Hour: 1} {
		pages = 0
		list, err := c.TransactionsSince(t.Context(), w, acc, start.Add(since), MaxWalk)
		if err != nil || len(list) != want || pages != (want+perPage-1)/perPage {
			t.Errorf("since %s: %d transactions on %d pages, %v; want %d", since, len(list), pages, err, want)
		}
	}
	if list, err := c.TransactionsSince(t.Context(), w, acc, start, perPage); !errors.Is(err, ErrIncomplete) || len(list) != perPage {
		t.Errorf("up to the limit: %d, %v", len(list), err)
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
	_, err := c.Transactions(t.Context(), newSigner(t, 2).Wallet, acc, 0, [32]byte{}, 1)
	if err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("the state of another account: %v", err)
	}
}

// A position that isn't there costs no more than the walk to where it would be.
func TestWalkStopsBehindThePosition(t *testing.T) {
	chain, w := deposits(t, 3*perPage)
	pages := 0
	c := lying(chain, func(*lite.TransactionList) { pages++ })
	acc := account(t, c, w.Address)
	_, err := c.Transactions(t.Context(), w, acc, acc.LastLT-1, [32]byte{1}, MaxWalk)
	if refused(t, "between the last two", err); pages != 1 {
		t.Errorf("%d pages were read", pages)
	}
}

// An account's state may name any hash; the transaction behind it must be where its follower says.
func TestTransactionOutOfPlaceIsRefused(t *testing.T) {
	chain, w := deposits(t, 3)
	c := New(chain.LiteClient(), config)
	newest := roots(t, c, w)[0]
	acc := account(t, c, w.Address)
	forged := altered(t, newest, func(tx *tlb.Transaction) { tx.PrevTxLT = tx.LT })
	for name, at := range map[string]struct {
		tx *cell.Cell
		lt uint64
	}{"another lt": {newest, acc.LastLT + 1}, "follows itself": {forged, acc.LastLT}} {
		acc := acc
		acc.LastLT, acc.LastHash = at.lt, at.tx.HashKey()
		c := New(scripted{answer: lite.TransactionList{Transactions: bag([]*cell.Cell{at.tx})}}, config)
		_, err := c.Transactions(t.Context(), w, acc, 0, [32]byte{}, 1)
		refused(t, name, err)
	}
}

func altered(t testing.TB, c *cell.Cell, change func(*tlb.Transaction)) *cell.Cell {
	t.Helper()
	var tx tlb.Transaction
	if err := tlb.Parse(&tx, c); err != nil {
		t.Fatal(err)
	}
	change(&tx)
	out, err := tlb.ToCell(&tx)
	if err != nil {
		t.Fatal(err)
	}
	return out
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
		"one altered": func(r []*cell.Cell) []*cell.Cell {
			r[4] = altered(t, r[4], func(tx *tlb.Transaction) { tx.Now++ })
			return r
		},
		"no transaction":  func(r []*cell.Cell) []*cell.Cell { r[4] = cell.BeginCell().EndCell(); return r },
		"more than asked": func(r []*cell.Cell) []*cell.Cell { return append(r, distinct(perPage)...) },
		"none":            func([]*cell.Cell) []*cell.Cell { return nil },
	} {
		c := lying(chain, func(l *lite.TransactionList) { l.Transactions = bag(lie(unbag(t, l.Transactions))) })
		list, err := c.Transactions(t.Context(), w, account(t, c, w.Address), 0, [32]byte{}, MaxWalk)
		if refused(t, name, err); list != nil {
			t.Errorf("%s: %d transactions", name, len(list))
		}
	}
	for name, raw := range map[string][]byte{"garbage": []byte("garbage"), "too much": make([]byte, maxPage+1)} {
		c := lying(chain, func(l *lite.TransactionList) { l.Transactions = raw })
		_, err := c.Transactions(t.Context(), w, account(t, c, w.Address), 0, [32]byte{}, MaxWalk)
		if refused(t, name, err); len(raw) > maxPage && !strings.Contains(err.Error(), "at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// distinct makes cells that are no transactions.
func distinct(n int) (cells []*cell.Cell) {
	for i := range n {
		cells = append(cells, cell.BeginCell().MustStoreUInt(uint64(i), 8).EndCell())
	}
	return cells
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
