package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
)

const (
	// viewAge is how old an account's state may be when a request is judged by it. What happened since can only have
	// used up the seqno, and then the payload is dead.
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

	// walkStep is how many transactions are taken in at once, and maxPages how many steps a walk may have: a wallet that
	// signs once a second is caught up with after a day and a half.
	walkStep = 512
	maxPages = 256
)

// Chain is this node's own view of TON. ton/chain implements it.
type Chain interface {
	Head(ctx context.Context) (chain.Head, error)
	WaitHead(ctx context.Context, after uint32) (chain.Head, error)
	Account(ctx context.Context, a ton.Address) (ton.Account, error)
	Transactions(ctx context.Context, w ton.Wallet, acc ton.Account, afterLT uint64, afterHash [32]byte, limit int) ([]ton.Executed, error)
	BlockchainConfig(ctx context.Context) ([]byte, error)
	Send(ctx context.Context, boc []byte) error
}

// mirror holds the newest state of every wallet's account up to which this node has read all transactions, and the
// states of destinations.
type mirror struct {
	mu       sync.Mutex
	views    map[string]*view // by wallet; guarded by mu
	followed map[string]bool  // wallets that have a follower; guarded by mu

	destMu       sync.Mutex
	destinations map[ton.Address]ton.Account // guarded by destMu
}

// follows begins or ends following a wallet. It returns false when it is followed already.
func (m *mirror) follows(wallet string, begin bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if begin && m.followed[wallet] {
		return false
	}
	m.followed[wallet] = begin
	if !begin {
		delete(m.followed, wallet)
	}
	return true
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
	v := n.mirror.view(w.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	acc := v.account
	if acc.Proven && time.Since(v.at) < viewAge && n.env.Now().Sub(acc.Time) < maxBehind && acc.Seqno >= seqno {
		live, err := n.live(ctx, w, acc.Seqno)
		if err != nil || !live.Known {
			return acc, err
		}
	}
	return n.refresh(ctx, v, w)
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
	v := n.mirror.view(w.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	return n.refresh(ctx, v, w)
}

// lately returns the account as it was within the last second: for people and agents who look again and again.
func (n *Node) lately(ctx context.Context, w guard.WalletRecord) (ton.Account, error) {
	v := n.mirror.view(w.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.account.Proven && time.Since(v.at) < time.Second {
		return v.account, nil
	}
	return n.refresh(ctx, v, w)
}

// refresh reads the account and takes in every transaction up to it. The caller holds v.mu.
func (n *Node) refresh(ctx context.Context, v *view, w guard.WalletRecord) (ton.Account, error) {
	acc, err := n.chain.Account(ctx, w.Address)
	if err != nil {
		return ton.Account{}, err
	}
	if err := n.catchUp(ctx, w, acc); err != nil {
		return ton.Account{}, fmt.Errorf("mirror wallet %s: %w", w.ID, err)
	}
	v.account, v.at = acc, time.Now()
	n.metrics.mirrored(w.ID, acc, n.env.Now())
	return acc, nil
}

// catchUp takes in transactions, step by step, until the mirror has reached acc.
func (n *Node) catchUp(ctx context.Context, w guard.WalletRecord, acc ton.Account) error {
	pos, due, err := n.position(ctx, w.ID, acc)
	if err != nil {
		return err
	}
	if pos.Complete(acc) && pos.MCSeqno > 0 && !due {
		return n.afterObserving(ctx, w)
	}
	pages, err := n.walkBack(ctx, w, acc, pos)
	if err != nil {
		return err
	}
	for _, page := range slices.Backward(pages) {
		if err := n.observe(ctx, w, page, acc); err != nil {
			return err
		}
	}
	return n.afterObserving(ctx, w)
}

// walkBack returns the transactions between the mirror's position and acc, the newest page first, each page oldest
// first, all linked by hash.
func (n *Node) walkBack(ctx context.Context, w guard.WalletRecord, acc ton.Account, pos guard.Position) (pages [][]ton.Executed, err error) {
	if pos.Complete(acc) {
		return [][]ton.Executed{nil}, nil
	}
	for range maxPages {
		page, err := n.chain.Transactions(ctx, w.TON(), acc, pos.LT, pos.Hash, walkStep)
		if err != nil && !errors.Is(err, chain.ErrIncomplete) {
			return nil, err
		}
		pages = append(pages, page)
		if err == nil {
			return pages, nil
		}
		acc.LastLT, acc.LastHash = page[0].PrevLT, page[0].PrevHash
	}
	return nil, fmt.Errorf("more than %d transactions since the mirror's position", maxPages*walkStep)
}

// observe gives the guard one page of transactions.
func (n *Node) observe(ctx context.Context, w guard.WalletRecord, page []ton.Executed, acc ton.Account) error {
	return n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.Observe(tx, n.env.Now(), w.ID, page, acc) })
}

// position returns how far the mirror is, and whether acc should be observed even if it shows no new transaction: it
// proves a payload dead, or it moves on the time by which windows and pauses go.
func (n *Node) position(ctx context.Context, wallet string, acc ton.Account) (pos guard.Position, due bool, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		if pos, _, err = n.guard.Position(tx, wallet); err != nil {
			return err
		}
		at, err := n.guard.WindowTime(tx)
		if err != nil {
			return err
		}
		live, err := n.guard.Live(tx, wallet, acc.Seqno)
		due = live.Expired(acc.Time) || acc.Time.Sub(at) >= timeStep
		return err
	})
	return pos, due, err
}

// afterObserving asks the other parties about what this node has no record of.
func (n *Node) afterObserving(ctx context.Context, w guard.WalletRecord) error {
	var unexplained uint64
	err := n.ledger.View(ctx, func(tx guard.Tx) (err error) {
		unexplained, err = n.guard.Unexplained(tx, w.ID)
		return err
	})
	if err != nil || unexplained == 0 {
		return err
	}
	n.log.Error("wallet has executed payloads that this node has no record of: it is refused until they are explained",
		"wallet", w.ID, "count", unexplained)
	n.explainAll(ctx, w)
	return nil
}

// destination returns a destination's account, read lately.
func (n *Node) destination(ctx context.Context, a ton.Address, at time.Time) (ton.Account, error) {
	n.mirror.destMu.Lock()
	acc, ok := n.mirror.destinations[a]
	n.mirror.destMu.Unlock()
	if ok && at.Sub(acc.Time).Abs() < destinationAge {
		return acc, nil
	}
	acc, err := n.chain.Account(ctx, a)
	if err != nil {
		return ton.Account{}, err
	}
	n.mirror.destMu.Lock()
	defer n.mirror.destMu.Unlock()
	if len(n.mirror.destinations) >= maxDestinations {
		clear(n.mirror.destinations)
	}
	n.mirror.destinations[a] = acc
	return acc, nil
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

// explainAll asks the other parties for what explains the unexplained payloads of a wallet.
func (n *Node) explainAll(ctx context.Context, w guard.WalletRecord) {
	var payloads [][32]byte
	err := n.ledger.Scan(ctx, guard.UnexplainedOf(w.ID), "", 256, func(k guard.Key, _ []byte) bool {
		if hash, ok := guard.UnexplainedPayload(k); ok {
			payloads = append(payloads, hash)
		}
		return true
	})
	if err != nil {
		n.log.Error("list unexplained payloads", "wallet", w.ID, "err", err)
	}
	for _, hash := range payloads {
		if err := n.explain(ctx, w, hash); err != nil {
			n.log.Error("payload stays unexplained", "wallet", w.ID, "payload", fmt.Sprintf("%x", hash), "err", err)
		}
	}
}

// explain asks one party after another until one has evidence that holds.
func (n *Node) explain(ctx context.Context, w guard.WalletRecord, payload [32]byte) error {
	errs := []error{errors.New("no other party has a record of it")}
	for _, party := range n.peers() {
		e, err := callPeer[wire.Evidence](ctx, n, party, wire.FrameEvidence, wire.Encode(payload))
		if err == nil && e.Found {
			if err = n.accept(ctx, w, payload, e); err == nil {
				n.log.Info("payload explained", "wallet", w.ID, "payload", fmt.Sprintf("%x", payload), "peer", party)
				return nil
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", party, err))
		}
	}
	return errors.Join(errs...)
}

// accept verifies all of the evidence here: the agent's signature over the request, the payload's bytes, and the
// statements of as many parties as sign.
func (n *Node) accept(ctx context.Context, w guard.WalletRecord, payload [32]byte, e wire.Evidence) error {
	in, err := n.verified(ctx, e.Proposal.Request)
	if err != nil {
		return err
	}
	if err := addressed(e.Proposal.Request, pathRequests); err != nil {
		return err
	}
	t, err := ton.Decode(w.TON(), e.Proposal.Payload)
	if err != nil {
		return err
	}
	if in.Wallet != w.ID || t.SigningHash != payload {
		return errors.New("evidence is for another wallet or payload")
	}
	var signers []string
	for _, s := range e.Answers {
		signers = append(signers, s.Party)
	}
	if err := n.checkAnswers(signers, e.Answers, in.Request, payload); err != nil {
		return err
	}
	return n.ledger.Do(ctx, func(tx guard.Tx) error {
		return n.guard.Explain(tx, n.env.Now(), guard.Explanation{Intent: in, Tx: t, Signers: signers})
	})
}

// giveEvidence answers another party that asks what explains a payload.
func (n *Node) giveEvidence(ctx context.Context, payload [32]byte) (e wire.Evidence, err error) {
	err = n.ledger.View(ctx, func(tx guard.Tx) error {
		e, err = readEvidence(tx, payload)
		return err
	})
	if len(e.Answers) == 0 {
		return wire.Evidence{}, err // reserved or seen here, but not known to be signed
	}
	return e, err
}
