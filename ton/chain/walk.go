package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// Transactions returns the transactions of w's account that came after the position (afterLT, afterHash) up to the last
// one in acc, oldest first. The position 0 with a zero hash is before the first. Every transaction has the hash that its
// follower, or acc, gives for it; a list that doesn't lead back to the position is refused with ErrUnavailable.
//
// When more than limit (1 to MaxWalk) lie between, the newest limit of them are returned with ErrIncomplete; the walk goes
// on from the first one's PrevLT and PrevHash, put in place of acc's last transaction. Each page, of 16 but for
// the first, has its own deadline.
func (c *Client) Transactions(ctx context.Context, w ton.Wallet, acc ton.Account, afterLT uint64, afterHash [32]byte, limit int) ([]ton.Executed, error) {
	l := walk{client: c, wallet: w, next: position{acc.LastLT, acc.LastHash}, end: position{afterLT, afterHash}, limit: limit}
	return l.list(ctx, acc)
}

// TransactionsSince is Transactions for an account that is known from nowhere: it returns those that came after since, and
// the one before them, or all from the first on. No more is asked for, as few liteservers keep what is older than a month.
func (c *Client) TransactionsSince(ctx context.Context, w ton.Wallet, acc ton.Account, since time.Time, limit int) ([]ton.Executed, error) {
	l := walk{client: c, wallet: w, next: position{acc.LastLT, acc.LastHash}, since: since, limit: limit}
	return l.list(ctx, acc)
}

// position names a transaction of an account; the zero value is before the first.
type position struct {
	lt   uint64
	hash [32]byte
}

// walk goes back along an account's list of transactions.
type walk struct {
	client *Client
	wallet ton.Wallet
	next   position // to be read, by what follows it
	end    position
	since  time.Time // the walk ends at a transaction that isn't later; zero: at end alone
	limit  int
	found  []ton.Executed // newest first
}

// list walks from acc's last transaction, and returns what was found in the order in which it happened.
func (l *walk) list(ctx context.Context, acc ton.Account) ([]ton.Executed, error) {
	err := l.check(acc)
	if err == nil {
		err = l.run(ctx)
	}
	if err != nil && !errors.Is(err, ErrIncomplete) {
		return nil, fmt.Errorf("list transactions of %s: %w", l.wallet.Address, err)
	}
	slices.Reverse(l.found)
	return l.found, err
}

func (l *walk) check(acc ton.Account) error {
	if l.limit < 1 || l.limit > MaxWalk {
		return fmt.Errorf("limit %d is not 1 to %d", l.limit, MaxWalk)
	}
	if acc.Address != l.wallet.Address {
		return fmt.Errorf("state is that of %s", acc.Address)
	}
	return nil
}

// ended reports whether nothing older is wanted.
func (l *walk) ended() bool {
	n := len(l.found)
	return l.next == l.end || n > 0 && !l.since.IsZero() && !l.found[n-1].Time.After(l.since)
}

func (l *walk) run(ctx context.Context) error {
	for !l.ended() {
		switch {
		case l.next.lt <= l.end.lt:
			return fmt.Errorf("%w: transaction %d is not in the account's list", ErrUnavailable, l.end.lt)
		case len(l.found) == l.limit:
			return ErrIncomplete
		}
		if err := l.page(ctx); err != nil {
			return err
		}
	}
	return nil
}

// page asks for the next transactions. A liteserver may send fewer than asked for, but one at least.
func (l *walk) page(ctx context.Context) error {
	id := accountID(l.wallet.Address)
	count := min(l.pageSize(), l.limit-len(l.found))
	query := lite.GetTransactions{Limit: int32(count), AccID: &id, LT: int64(l.next.lt), TxHash: l.next.hash[:]}
	from, found := l.next, len(l.found)
	_, err := ask(ctx, l.client, wait{}, query, func(t lite.TransactionList) (struct{}, error) {
		l.next, l.found = from, l.found[:found] // what another answered in part is no part of this one
		return struct{}{}, l.read(t.Transactions, count)
	})
	return err
}

// pageSize is how many transactions to ask for: few at first where a position is known, for most looks find one that is new.
func (l *walk) pageSize() int {
	if l.end.lt > 0 && len(l.found) == 0 {
		return firstPage
	}
	return perPage
}

func (l *walk) read(boc []byte, count int) error {
	if len(boc) > maxPage {
		return fmt.Errorf("transactions take %d bytes, at most %d are read", len(boc), maxPage)
	}
	cells, err := cell.FromBOCMultiRoot(boc)
	if err != nil {
		return fmt.Errorf("read transactions: %w", err)
	}
	if len(cells) < 1 || len(cells) > count {
		return fmt.Errorf("got %d transactions, asked for %d", len(cells), count)
	}
	for _, tx := range cells {
		if l.ended() {
			return nil // the page goes on with what is known already, or not wanted
		}
		if err := l.take(tx); err != nil {
			return err
		}
	}
	return nil
}

// take adds one transaction if it is the one that its follower names.
func (l *walk) take(tx *cell.Cell) error {
	if tx.HashKey() != l.next.hash {
		return fmt.Errorf("transaction %d has another hash than its follower says", l.next.lt)
	}
	e, err := ton.ReadExecuted(l.wallet, tx)
	if err != nil {
		return err
	}
	if e.LT != l.next.lt || e.PrevLT >= e.LT {
		return fmt.Errorf("transaction %d has lt %d and follows %d", l.next.lt, e.LT, e.PrevLT)
	}
	l.found = append(l.found, e)
	l.next = position{e.PrevLT, e.PrevHash}
	return nil
}
