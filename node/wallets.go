package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
)

// maxWalletsListed bounds what is loaded of wallets and agents.
const maxListed = 10_000

// wallets holds the records of this node's wallets in memory: every step of a request needs them.
type wallets struct {
	mu   sync.RWMutex
	byID map[string]guard.WalletRecord // guarded by mu
}

func (w *wallets) find(id string) (guard.WalletRecord, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.byID[id]
	return r, ok
}

// get returns a wallet that is known to exist.
func (w *wallets) get(id string) guard.WalletRecord {
	r, _ := w.find(id)
	return r
}

func (w *wallets) put(r guard.WalletRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[r.ID] = r
}

func (w *wallets) all() []guard.WalletRecord {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []guard.WalletRecord
	for _, r := range w.byID {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b guard.WalletRecord) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// AddWallet enters a wallet that this node's operator signed.
func (n *Node) AddWallet(ctx context.Context, s guard.Signed[guard.WalletRecord]) error {
	if s.Body.Custody.Shared() { // the guard refuses any other but the owner's
		if err := n.checkKey(s.Body); err != nil {
			return err
		}
	}
	if err := n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.AddWallet(tx, n.env.Now(), s) }); err != nil {
		return recordProblem(err)
	}
	n.wallets.put(s.Body)
	return nil
}

// checkKey refuses a wallet of a key that is not ready: generated, active at every party, and tested by every set of
// signers.
func (n *Node) checkKey(w guard.WalletRecord) error {
	c, ok := n.ready(w.Key)
	if !ok {
		return problemf(409, "key_not_ready", "key %q is not ready at %s: see `mpcctl keygen status`", w.Key, n.self)
	}
	if pub, err := PublicKey(c); err != nil || pub != w.PublicKey || w.Epoch != c.Keygen.Epoch {
		return problemf(400, "wrong_key", "the wallet's public key or epoch are not those of key %q", w.Key)
	}
	return nil
}

// Wallet returns a wallet and its account.
func (n *Node) Wallet(ctx context.Context, id string) (guard.WalletRecord, ton.Account, error) {
	w, ok := n.wallets.find(id)
	if !ok {
		return w, ton.Account{}, problemf(404, "unknown_wallet", "no wallet %.80q at %s", id, n.self)
	}
	acc, err := n.lately(ctx, w)
	if err != nil {
		return w, acc, chainProblem(err)
	}
	return w, acc, nil
}

// Wallets returns all wallets by id.
func (n *Node) Wallets() []guard.WalletRecord { return n.wallets.all() }

// LastSeen returns a wallet's account as the mirror saw it last, without asking the chain; its status is unknown before
// the first time.
func (n *Node) LastSeen(wallet string) ton.Account {
	v := n.mirror.view(wallet)
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.account
}

// AddAgent enrols an agent, or changes its enrolment, as this node's operator signed it.
func (n *Node) AddAgent(ctx context.Context, s guard.Signed[guard.AgentRecord]) error {
	return recordProblem(n.ledger.Do(ctx, func(tx guard.Tx) error { return n.guard.AddAgent(tx, n.env.Now(), s) }))
}

// Agents returns all agents enrolled here, by id.
func (n *Node) Agents(ctx context.Context) (agents []guard.AgentRecord, err error) {
	var ids []string
	err = n.ledger.Scan(ctx, guard.PrefixAgents, "", maxListed, func(k guard.Key, _ []byte) bool {
		ids = append(ids, strings.TrimPrefix(string(k), string(guard.PrefixAgents)))
		return true
	})
	if err != nil {
		return nil, err
	}
	b, err := n.bundle(ctx)
	if err != nil {
		return nil, err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(append(ids, b.Enrolled()...))))
	return agents, n.ledger.View(ctx, func(tx guard.Tx) error {
		for _, id := range ids {
			a, _, err := n.guard.Agent(tx, id)
			if err != nil {
				return err
			}
			agents = append(agents, a)
		}
		return nil
	})
}

// loadWallets reads the wallets once at start.
func (n *Node) loadWallets(ctx context.Context) error {
	var ids []string
	err := n.ledger.Scan(ctx, guard.PrefixWallets, "", maxListed, func(k guard.Key, _ []byte) bool {
		ids = append(ids, strings.TrimPrefix(string(k), string(guard.PrefixWallets)))
		return true
	})
	if err != nil {
		return err
	}
	return n.ledger.View(ctx, func(tx guard.Tx) error {
		for _, id := range ids {
			w, ok, err := n.guard.Wallet(tx, id)
			if err != nil || !ok {
				return errors.Join(fmt.Errorf("load wallet %s: not readable", id), err)
			}
			n.wallets.put(w)
		}
		return nil
	})
}

// recordProblem turns the guard's refusal of a signed record into an answer; a fault of the disk stays an error.
func recordProblem(err error) error {
	if err == nil || isStorage(err) {
		return err
	}
	return &Problem{Status: 403, Code: "record_refused", Detail: err.Error()}
}

// isStorage reports whether err is the disk's fault, and no refusal.
func isStorage(err error) bool {
	return errors.Is(err, store.ErrStorage) || errors.Is(err, store.ErrDiskFull) || errors.Is(err, store.ErrClosed)
}

// clip keeps text short that goes into a record or a message.
func clip(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}
