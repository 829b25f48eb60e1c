package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tonaiagent/mpcnode/digest"
	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

// A mirror that has yet to begin, or is far behind, is brought up by a walk. It goes back along the account's list and
// leaves a mark in the ledger every walkStep transactions, the first after lookStep, until it meets the mirror's position or,
// where there is none, has passed guard.Backfill. Then it goes forward from mark to mark: what lies between two of them is read again, checked
// by its hashes again, given to the guard, and the mark is taken away in the same ledger transaction. So wherever the node
// stops, nothing is counted twice and nothing forgotten, and no more than walkStep transactions are ever in memory.

const (
	// walkStep is how many transactions are taken in at once: the guard takes at most a thousand.
	walkStep = 512

	// lookStep is how many are taken in while somebody waits: eight pages, which a far liteserver sends within callTimeout.
	lookStep = 128

	// maxMarks bounds a walk: 13 transactions a second for a month. A wallet with more stays refused.
	maxMarks = 1 << 16
)

// trail says how far a wallet's walk is, under walk/<wallet>.
type trail struct {
	V      uint8  `cbor:"0,keyasint"`
	Marks  uint32 `cbor:"1,keyasint"` // 0: there is no walk
	Oldest int64  `cbor:"2,keyasint"` // unix seconds, of the oldest transaction that was read
}

// mark is a transaction that hashes lead to from a proven state, under walk/<wallet>/<number>.
type mark struct {
	V    uint8    `cbor:"0,keyasint"`
	LT   uint64   `cbor:"1,keyasint"`
	Hash [32]byte `cbor:"2,keyasint"`
}

// walkVersion is the version byte of trail and mark. A change of their fields needs the next.
const walkVersion = 1

func trailKey(wallet string) guard.Key { return guard.Key("walk/" + wallet) }

func markKey(wallet string, number uint32) guard.Key {
	return guard.Key(fmt.Sprintf("walk/%s/%08x", wallet, number))
}

// behind is how many transactions are known and not taken in, at least.
func (t trail) behind() int {
	if t.Marks < 2 {
		return 0
	}
	return lookStep + (int(t.Marks)-2)*walkStep
}

func readTrail(tx guard.Tx, wallet string) (t trail, err error) {
	_, err = readRecord(tx, trailKey(wallet), &t)
	return t, err
}

// push leaves marks, each older than the one before it.
func (t *trail) push(tx guard.Tx, wallet string, oldest time.Time, marks ...mark) error {
	for _, m := range marks {
		if t.Marks == maxMarks {
			return fmt.Errorf("more than %d transactions are to be taken in", t.behind())
		}
		t.Marks++
		m.V = walkVersion
		tx.Set(markKey(wallet, t.Marks), digest.Encode(m))
	}
	t.Oldest = oldest.Unix()
	t.write(tx, wallet)
	return nil
}

// pop takes the last mark away, if there is one.
func (t *trail) pop(tx guard.Tx, wallet string) {
	if t.Marks == 0 {
		return
	}
	tx.Set(markKey(wallet, t.Marks), nil)
	t.Marks--
	t.write(tx, wallet)
}

func (t *trail) write(tx guard.Tx, wallet string) {
	if t.Marks == 0 {
		tx.Set(trailKey(wallet), nil)
		return
	}
	t.V = walkVersion
	tx.Set(trailKey(wallet), digest.Encode(*t))
}

// leg is what lies between the mirror's position and the last mark, or acc if there is none.
type leg struct {
	trail
	pos guard.Position
	to  ton.Account
}

func (n *Node) leg(ctx context.Context, wallet string, acc ton.Account) (l leg, err error) {
	l.to = acc
	return l, n.ledger.View(ctx, func(tx guard.Tx) error {
		if l.pos, _, err = n.guard.Position(tx, wallet); err != nil {
			return err
		}
		if l.trail, err = readTrail(tx, wallet); err != nil || l.Marks == 0 {
			return err
		}
		var m mark
		found, err := readRecord(tx, markKey(wallet, l.Marks), &m)
		if err == nil && !found {
			err = fmt.Errorf("mark %d of the walk of wallet %s is missing", l.Marks, wallet)
		}
		l.to.LastLT, l.to.LastHash = m.LT, m.Hash
		return err
	})
}

// transactions reads the leg's, oldest first; those next to its end with chain.ErrIncomplete when there are more than limit.
func (n *Node) transactions(ctx context.Context, w guard.WalletRecord, l leg, limit int) ([]ton.Executed, error) {
	switch {
	case l.pos.Complete(l.to):
		return nil, nil
	case l.pos.MCSeqno == 0: // the mirror has yet to begin
		return n.chain.TransactionsSince(ctx, w.TON(), l.to, l.to.Time.Add(-guard.Backfill), limit)
	}
	return n.chain.Transactions(ctx, w.TON(), l.to, l.pos.LT, l.pos.Hash, limit)
}

// walkLeg takes in one leg of up to limit transactions, or marks a shorter one, and returns what is left of the walk;
// without marks the mirror has reached where the walk began. acc is a proven state.
func (n *Node) walkLeg(ctx context.Context, w guard.WalletRecord, acc ton.Account, limit int) (trail, error) {
	l, err := n.leg(ctx, w.ID, acc)
	if err != nil {
		return l.trail, err
	}
	page, err := n.transactions(ctx, w, l, limit)
	if err != nil && !errors.Is(err, chain.ErrIncomplete) {
		return l.trail, err
	}
	more := err != nil
	err = n.ledger.Do(ctx, func(tx guard.Tx) error {
		if more {
			return l.goBack(tx, w.ID, page[0])
		}
		if err := n.guard.Observe(tx, n.env.Now(), w.ID, page, acc); err != nil {
			return err
		}
		l.pop(tx, w.ID)
		return nil
	})
	if err == nil {
		n.walked(w.ID, l.trail)
	}
	return l.trail, err
}

// goBack marks where the next leg ends. The first mark of a walk is where it began.
func (l *leg) goBack(tx guard.Tx, wallet string, oldest ton.Executed) error {
	next := mark{LT: oldest.PrevLT, Hash: oldest.PrevHash}
	if l.Marks > 0 {
		return l.push(tx, wallet, oldest.Time, next)
	}
	return l.push(tx, wallet, oldest.Time, mark{LT: l.to.LastLT, Hash: l.to.LastHash}, next)
}

// walked tells how far a walk is.
func (n *Node) walked(wallet string, t trail) {
	n.metrics.behind.WithLabelValues(wallet).Set(float64(t.behind()))
	text := ""
	if t.Marks > 0 {
		text = fmt.Sprintf("wallet %s: its mirror is %d transactions behind, read back to %s: its requests are refused until they are taken in",
			wallet, t.behind(), time.Unix(t.Oldest, 0).UTC().Format(time.RFC3339))
	}
	n.warnings.set("walk "+wallet, text)
}

// walk goes on with a wallet's walk to its end, unless that is being done. A fault ends it too; whoever looks at the
// wallet next begins it again, from the last mark.
func (n *Node) walk(w guard.WalletRecord) {
	if n.mirror.walks.begin(w.ID) != nil {
		return
	}
	defer n.mirror.walks.end(w.ID)
	acc, err := n.chain.Account(n.ctx, w.Address)
	left := trail{Marks: 1}
	for err == nil && left.Marks > 0 {
		left, err = n.walkLeg(n.ctx, w, acc, walkStep)
	}
	switch {
	case err == nil:
		n.log.Info("mirror has caught up", "wallet", w.ID)
	case n.ctx.Err() == nil:
		n.log.Warn("mirror is behind, and its walk stands still", "wallet", w.ID, "transactions", left.behind(), "err", err)
	}
}
