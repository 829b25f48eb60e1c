// Package node is one party: it puts the guard, the vault, the threshold protocol, the network and the chain together
// into the one request flow. Read sign.go from top to bottom; its steps 1 to 10 are the whole way of a request.
//
//	1 admit     admit.go        5 open      attempt.go, contribute.go
//	2 build     build.go        6 permit    contribute.go
//	3 propose   propose.go      7, 8 sign   contribute.go
//	  decide    decide.go       9 record    receipts.go
//	4 choose    propose.go     10 finish    finish.go
//
// A coordinator is a courier: every node verifies the agent's signature, reads the bytes, looks at the chain and decides
// for itself. Only Node reads the clock.
package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/node/ceremony"
	"github.com/tonaiagent/mpcnode/node/validate"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/p2p"
	"github.com/tonaiagent/mpcnode/store"
	"github.com/tonaiagent/mpcnode/ton"
)

// drain is how long attempts may go on once the node is told to stop.
const drain = 5 * time.Second

// Env is all that is injected: time as it has meaning, the network between parties, and the chain. Deadlines and
// heartbeats, which are mechanics, use package time.
type Env struct {
	Now   func() time.Time
	Net   p2p.Network
	Chain Chain
	Log   *slog.Logger
	// IntentValidators and StrategyValidators are built in, by the ids under which the policy names them without a URL.
	IntentValidators   map[string]IntentValidator
	StrategyValidators map[string]StrategyValidator
	// Fatal is called when the disk has failed: the process must end at once. Nil panics.
	Fatal func(error)
}

// Node is one party's node. Its methods may be called from several goroutines.
type Node struct {
	cfg      Config
	env      Env
	self     string
	manifest wire.Manifest
	network  [32]byte // network id
	identity ed25519.PrivateKey
	log      *slog.Logger
	metrics  *metrics

	guard    *guard.Guard
	store    *store.Store
	ledger   *store.Ledger
	vault    *store.Vault
	chain    Chain
	emulator atomic.Pointer[ton.Emulator] // nil until the blockchain's configuration was read

	validators *validate.Client

	configuration configuration
	net           p2p.Host
	online        chan struct{} // closed once net is set: its callbacks may come before

	wallets  wallets
	mirror   mirror
	jobs     jobs
	attempts attempts
	tokens   tokens
	faults   faults
	clocks   clocks
	warnings warnings
	heard    heard

	meeting sync.Map // parties with which trips are being exchanged

	keygenMu sync.Mutex
	keygens  keygens

	// gate is held for reading from a release's last look at the trips until its message has left, and taken for writing
	// before a trip is acknowledged.
	gate sync.RWMutex

	ctx    context.Context // ends when the node closes
	cancel context.CancelFunc

	spawnMu  sync.Mutex
	stopping bool // guarded by spawnMu
	running  sync.WaitGroup
}

// Open starts a node over its data directory. It returns once the node can be asked; whether it is ready to sign, Health
// tells.
func Open(ctx context.Context, cfg Config, env Env) (*Node, error) {
	n, err := newNode(cfg, env)
	if err != nil {
		return nil, err
	}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func newNode(cfg Config, env Env) (*Node, error) {
	m := cfg.Manifest()
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	identity, err := LoadIdentity(cfg.Data)
	if err != nil {
		return nil, err
	}
	self, _ := m.Party(cfg.Party)
	if self.Identity != wire.Key(identity.Public().(ed25519.PublicKey)) {
		return nil, fmt.Errorf("identity: the key in %s is not the one that the network lists for %q: did two nodes swap directories?", cfg.Data, cfg.Party)
	}
	g, err := guard.New(guardConfig(cfg, m))
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, env: env, self: cfg.Party, manifest: m, network: m.ID(), identity: identity, guard: g, chain: env.Chain,
		online:   make(chan struct{}),
		wallets:  wallets{byID: map[string]guard.WalletRecord{}},
		mirror:   mirror{views: map[string]*view{}, destinations: map[ton.Address]ton.Account{}},
		jobs:     jobs{byID: map[string]*job{}, byWallet: map[string]*job{}},
		attempts: attempts{open: map[[32]byte]attempt{}},
		tokens:   tokens{buckets: newBuckets()},
		faults:   faults{until: map[string]time.Time{}},
		clocks:   clocks{skew: map[string]time.Duration{}},
		keygens:  keygens{byID: map[[32]byte]*ceremony.Ceremony{}, running: map[[32]byte]bool{}},
	}
	if n.log = env.Log; n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.validators = validate.New(validate.Config{Party: cfg.Party, Key: identity, Now: env.Now, Hosts: cfg.ValidatorHosts})
	n.metrics = newMetrics(n)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// open brings up the parts in the order in which they need each other.
func (n *Node) open(ctx context.Context) (err error) {
	secret, err := n.cfg.secret()
	if err != nil {
		return err
	}
	defer secret.Destroy()
	n.store, err = store.Open(ctx, store.Config{Dir: n.cfg.Data, Secret: secret, Party: n.self, Network: n.network,
		OnFatal: n.env.Fatal, Logger: n.log})
	if err != nil {
		return err
	}
	n.ledger, n.vault = n.store.Ledger(), n.store.Vault()
	if err := n.loadConfiguration(ctx); err != nil {
		return err
	}
	if err := errors.Join(n.loadWallets(ctx), n.loadCeremonies(ctx)); err != nil {
		return err
	}
	if err := n.openNetwork(); err != nil {
		return err
	}
	if err := n.resumeDeliveries(ctx); err != nil {
		return err
	}
	n.resumeCeremonies()
	n.spawn(n.watch)
	n.spawn(n.prune)
	n.spawn(n.sweepBlacklist)
	if n.cfg.Feeds.File != "" {
		n.spawn(n.watchFeedFile)
	}
	if len(n.cfg.Chain.Toncenter) > 0 {
		n.spawn(n.watchToncenters)
	}
	return nil
}

// Close stops taking work, lets attempts end, and closes what Open opened, in reverse order.
func (n *Node) Close() error {
	n.spawnMu.Lock()
	first := !n.stopping
	n.stopping = true
	n.spawnMu.Unlock()
	if !first {
		return nil
	}
	timer := time.AfterFunc(drain, n.cancel)
	n.jobs.drained(drain)
	timer.Stop()
	n.cancel()
	var errs []error
	if n.net != nil {
		errs = append(errs, n.net.Close())
	}
	n.running.Wait()
	n.validators.Close()
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	return errors.Join(errs...)
}

// spawn runs f in a goroutine that Close waits for. It returns false, and runs nothing, when the node is stopping. A bug
// in f ends f and is an error in the log: it must not take down a node that others need to sign.
func (n *Node) spawn(f func()) bool {
	n.spawnMu.Lock()
	defer n.spawnMu.Unlock()
	if n.stopping {
		return false
	}
	n.running.Go(func() {
		defer n.contain()
		f()
	})
	return true
}

// contained makes an error of a panic, on a goroutine that somebody waits for.
func contained(err *error) {
	if bug := recover(); bug != nil {
		*err = fmt.Errorf("a task panicked: %v\n%s", bug, debug.Stack())
	}
}

func (n *Node) contain() {
	if bug := recover(); bug != nil {
		n.log.Error("a task panicked", "bug", bug, "stack", string(debug.Stack()))
	}
}

// state signs a statement as this party.
func (n *Node) state(kind string, body any) wire.Statement {
	s := wire.State(n.network, kind, n.self, n.identity, body)
	n.heard.add(s.ID())
	return s
}

func guardConfig(cfg Config, m wire.Manifest) guard.Config {
	g := guard.Config{Party: cfg.Party, Network: m.ID(), Need: m.Need, Required: m.Required, Accounting: m.Accounting, GlobalID: m.GlobalID,
		MaxTransaction: cfg.MaxTransaction, MaxDaily: cfg.MaxDaily, MaxRiskScore: cfg.MaxRiskScore}
	for _, p := range m.Parties {
		g.Parties = append(g.Parties, guard.Party{Name: p.Name, Identity: p.Identity,
			Operators: plain(p.Operators), PolicyAdmins: plain(p.PolicyAdmins), Trippers: plain(p.Trippers)})
	}
	return g
}

func plain(keys []wire.Key) (out [][32]byte) {
	for _, k := range keys {
		out = append(out, k)
	}
	return out
}

// Gatherer serves the node's metrics.
func (n *Node) Gatherer() prometheus.Gatherer { return n.metrics.registry }
