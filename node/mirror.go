package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

const (
	// viewAge is how old an account's state may be when a request is judged by it. What happened since can only have
	// used up the seqno, and then the payload is dead; or query ids, and what they send is counted either way.
	viewAge = 10 * time.Second

	// maxBehind is how far behind the local clock such a state may be dated; the guard refuses above a minute.
	maxBehind = 30 * time.Second

	// watchEvery is how often wallets with a live payload are looked at, and idleEvery all others.
	watchEvery = time.Second
	idleEvery  = 20 * time.Second

	// timeStep is by how much the window time may lag behind while nothing happens: an observation costs a sync.
	timeStep = 15 * time.Second

	// destinationAge is how long the state of a destination is used again, in chain time.
	destinationAge  = 60 * time.Second
	maxDestinations = 4096
)

// Chain is this node's own view of TON. ton/chain implements it.
type Chain interface {
	Head(ctx context.Context) (chain.Head, error)
	WaitHead(ctx context.Context, after uint32) (chain.Head, error)
	Account(ctx context.Context, a ton.Address) (ton.Account, error)
	AccountAfter(ctx context.Context, a ton.Address, after uint32) (ton.Account, error)
	Transactions(ctx context.Context, w ton.Wallet, acc ton.Account, afterLT uint64, afterHash [32]byte, limit int) ([]ton.Executed, error)
	TransactionsSince(ctx context.Context, w ton.Wallet, acc ton.Account, since time.Time, limit int) ([]ton.Executed, error)
	FactsOf(ctx context.Context, own ton.Address, messages []ton.Message, claim ton.Claim, vouched []ton.Vouched) ([]ton.Facts, error)
	JettonWallet(ctx context.Context, master, owner ton.Address) (ton.Address, error)
	BlockchainConfig(ctx context.Context) ([]byte, error)
	Send(ctx context.Context, boc []byte) error
	Sent() []chain.Sent
	Sightings(ctx context.Context, a ton.Address) []chain.Sighting
}

// mirror holds the newest state of every wallet's account up to which this node has read all transactions, and the
// states of destinations.
type mirror struct {
	mu    sync.Mutex
	views map[string]*view // by wallet; guarded by mu

	follows  tasks // one follower a wallet
	explains tasks
	walks    tasks

	destMu       sync.Mutex
	destinations map[ton.Address]ton.Account // guarded by destMu
}

// tasks are the wallets for which one thing is being done. The zero value is ready.
type tasks struct {
	mu    sync.Mutex
	under map[string]chan struct{} // by wallet, closed at the end; guarded by mu
}

// begin returns nil when the caller may begin, and what is closed at the end when it is being done already.
func (t *tasks) begin(wallet string) (underWay <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under == nil {
		t.under = map[string]chan struct{}{}
	}
	if c := t.under[wallet]; c != nil {
		return c
	}
	t.under[wallet] = make(chan struct{})
	return nil
}

func (t *tasks) end(wallet string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.under[wallet])
	delete(t.under, wallet)
}

// view is one wallet's account. Its mutex is held while the chain is asked, so that many requests ask once.
type view struct {
	mu      sync.Mutex
	account ton.Account
	at      time.Time // when it was read, by package time
}

// seqno returns the account's, as it was read last.
func (v *view) seqno() uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.account.Seqno
}

// block returns the masterchain seqno as of which the account was read, 0 if it wasn't.
func (v *view) block() uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.account.MCSeqno
}

func (m *mirror) view(wallet string) *view {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.views[wallet]
	if v == nil {
		v = &view{}
		m.views[wallet] = v
	}
	return v
}

// account returns the wallet's account with a complete mirror, in which the seqno has reached the given one if the chain
// has. A state that was read lately is used again unless a payload was proposed for its seqno: that may have executed.
func (n *Node) account(ctx context.Context, w guard.WalletRecord, seqno uint32) (ton.Account, error) {
	return n.read(ctx, w, n.chain.Account, func(acc ton.Account, age time.Duration) (bool, error) {
		if age >= n.custodyOf(w).maxAge() || n.env.Now().Sub(acc.Time) >= maxBehind || acc.Seqno < seqno {
			return false, nil
		}
		if w.Highload() {
			return true, nil
		}
		live, err := n.live(ctx, w, acc.Seqno)
		return !live.Known, err
	})
}

// live returns what this node counts as live for a wallet's seqno.
func (n *Node) live(ctx context.Context, w guard.WalletRecord, seqno uint32) (l guard.Live, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		l, err = n.guard.Live(tx, w.ID, seqno)
		return err
	})
	return l, err
}

// look asks the chain for the wallet's account now.
func (n *Node) look(ctx context.Context, w guard.WalletRecord) (ton.Account, error) {
	return n.read(ctx, w, n.chain.Account, never)
}

// lookAfter asks for it in any block after the given one.
func (n *Node) lookAfter(ctx context.Context, w guard.WalletRecord, seen uint32) (ton.Account, error) {
	return n.read(ctx, w, func(ctx context.Context, a ton.Address) (ton.Account, error) {
		return n.chain.AccountAfter(ctx, a, seen)
	}, func(acc ton.Account, _ time.Duration) (bool, error) { return seen > 0 && acc.MCSeqno > seen, nil })
}

func never(ton.Account, time.Duration) (bool, error) { return false, nil }

// lately returns the account as it was within the last second: for people and agents who look again and again.
func (n *Node) lately(ctx context.Context, w guard.WalletRecord) (ton.Account, error) {
	return n.read(ctx, w, n.chain.Account, func(_ ton.Account, age time.Duration) (bool, error) { return age < time.Second, nil })
}

// askChain reads an account from the chain.
type askChain func(ctx context.Context, a ton.Address) (ton.Account, error)

// read returns the account as it was read last, if that suffices, or as the chain has it now, and has what this node has no
// record of explained, if anyone can.
func (n *Node) read(ctx context.Context, w guard.WalletRecord, ask askChain, suffices func(acc ton.Account, age time.Duration) (bool, error)) (ton.Account, error) {
	acc, err := n.readView(ctx, w, ask, suffices)
	if err != nil {
		return acc, err
	}
	return acc, n.afterObserving(ctx, w)
}

// readView is read's look at the view, under its mutex.
func (n *Node) readView(ctx context.Context, w guard.WalletRecord, ask askChain, suffices func(ton.Account, time.Duration) (bool, error)) (ton.Account, error) {
	v := n.mirror.view(w.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.account.Proven {
		if ok, err := suffices(v.account, time.Since(v.at)); ok || err != nil {
			return v.account, err
		}
	}
	return n.refresh(ctx, v, w, ask)
}

// refresh reads the account and takes in every transaction up to it, or begins to when they are many. The caller holds v.mu.
func (n *Node) refresh(ctx context.Context, v *view, w guard.WalletRecord, ask askChain) (ton.Account, error) {
	acc, err := ask(ctx, w.Address)
	if err != nil {
		return ton.Account{}, err
	}
	complete, err := n.catchUp(ctx, w, acc)
	if err != nil {
		return ton.Account{}, fmt.Errorf("mirror wallet %s: %w", w.ID, err)
	}
	if !complete {
		return acc, nil // the guard sees that its mirror is behind
	}
	v.account, v.at = acc, time.Now()
	n.metrics.mirrored(w.ID, acc, n.env.Now())
	return acc, nil
}

// catchUp takes in transactions until the mirror has reached acc. What is too much for one step is left to a walk, and the
// mirror is not complete then.
func (n *Node) catchUp(ctx context.Context, w guard.WalletRecord, acc ton.Account) (complete bool, err error) {
	l, due, err := n.behind(ctx, w.ID, acc)
	if err != nil || l.pos.Complete(acc) && l.pos.MCSeqno > 0 && !due {
		return err == nil, err
	}
	if l.Marks == 0 {
		if l.trail, err = n.walkLeg(ctx, w, acc, lookStep); err != nil {
			return false, err
		}
	}
	if l.Marks > 0 {
		n.spawn(func() { n.walk(w) })
	}
	return l.Marks == 0, nil
}

// behind returns what the mirror lacks of acc, and whether acc should be observed even if it shows no new transaction: it
// proves a payload dead, or it moves on the time by which windows and pauses go.
func (n *Node) behind(ctx context.Context, wallet string, acc ton.Account) (l leg, due bool, err error) {
	if l, err = n.leg(ctx, wallet, acc); err != nil {
		return l, false, err
	}
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		at, err := n.guard.WindowTime(tx)
		if err != nil {
			return err
		}
		live, err := n.guard.Live(tx, wallet, acc.Seqno)
		due = live.Expired(acc.Time) || acc.Time.Sub(at) >= timeStep
		return err
	})
	return l, due, err
}

// watch keeps the mirror of wallets up to date: those that wait for a payload often, all others now and then.
func (n *Node) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
		n.refreshConfiguration()
		for _, w := range n.wallets.all() {
			v := n.mirror.view(w.ID)
			v.mu.Lock()
			age, acc := time.Since(v.at), v.account
			v.mu.Unlock()
			if age > idleEvery || age > watchEvery && n.waiting(w, acc) {
				n.lookLogged(w)
			}
		}
	}
}

func (n *Node) lookLogged(w guard.WalletRecord) {
	ctx, cancel := context.WithTimeout(n.ctx, callTimeout)
	defer cancel()
	if _, err := n.look(ctx, w); err != nil && n.ctx.Err() == nil {
		n.log.Warn("mirror is behind", "wallet", w.ID, "err", err)
	}
}

// waiting reports whether a payload of the wallet may still execute.
func (n *Node) waiting(w guard.WalletRecord, acc ton.Account) bool {
	live, err := n.live(n.ctx, w, acc.Seqno)
	return err == nil && live.Any
}
