// Package devchain is a local TON chain for development and tests: the transaction emulator behind a real ADNL
// liteserver, which an unmodified tonutils-go client uses as it uses a public one, proofs included: a validator of the
// chain's own signs its masterchain blocks, and accounts, configuration and blocks are proven from the first one on.
//
//	c, err := devchain.New(devchain.Config{Now: time.Now, BlockEvery: devchain.DefaultBlockEvery})
//	s, err := c.Serve("127.0.0.1:0")           // for other processes: s.Addr, s.PublicKey
//	h, err := c.ServeToncenter("127.0.0.1:0")  // for wallets, over HTTP as toncenter.com serves it: h.URL
//	api := tonutils.NewAPIClient(c.LiteClient(), tonutils.ProofCheckPolicySecure) // in this process, without sockets
//	api.SetTrustedBlock(c.InitBlock())
//
// Every accepted external message is executed at once, with the messages it causes, and sealed in a masterchain block of
// its own; so several blocks may carry the same second. An external message that isn't accepted is an error to its
// sender and seals nothing. All state is in memory, and in a directory too if Config.Dir names one. There is one shard;
// messages between accounts take no time; no validators are paid, and none change. Blocks list transactions, but no
// messages and no flow of value; the hash of a block's file is that of its root's hash. It is no test of real networks'
// fees, delays, forks or elections.
package devchain

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/tvm"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// DefaultBlockEvery is the pace of empty blocks of a network that people use: the public ones'. A block costs 70 µs.
const DefaultBlockEvery = 400 * time.Millisecond

// Config is what a chain is made of. The zero value is a chain on the local clock that makes a block only for a message
// or a Tick.
type Config struct {
	Now        func() time.Time // the chain's clock, read once a block; nil: time.Now
	ConfigBoC  []byte           // the blockchain configuration's dictionary; nil: ton.DevConfig()
	GlobalID   int32            // network id that blocks and contracts see
	BlockEvery time.Duration    // seals an empty block this often; 0: never
	KeyEvery   uint32           // every how many blocks is a key block, all of which are kept; 0: the first alone
	Logger     *slog.Logger     // nil: silent

	// ValidatorKey signs the blocks; nil: a new one. Chains with the same key, configuration and clock begin with the
	// same block, so each is a fork of the other.
	ValidatorKey ed25519.PrivateKey

	// Dir keeps the chain: whoever opens it again goes on with it, with its keys, after a crash too; "": in memory. Clock,
	// pace and lies may be others then, GlobalID and KeyEvery must be the same, and ConfigBoC and ValidatorKey too unless
	// they are nil.
	Dir string

	// Lie changes answers before they are sent, for tests of clients; nil: the truth. It may return tl.Raw, a whole
	// answer in bytes. It is called from many goroutines.
	Lie func(query, answer any) any
}

// Chain is the chain. Its methods may be called from any goroutine.
type Chain struct {
	cfg    Config
	config *tvm.PreparedBlockchainConfig
	tvm    *tvm.TVM
	key    ed25519.PrivateKey // of its liteservers

	plainConfig *cell.Cell // without the validator
	validator   *validator
	keeper      *keeper // nil: in memory. Guarded by sealing
	zeroState   lite.ZeroStateIDExt
	first       *lite.BlockIDExt // a key block

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	closed  func() error // end, once
	ticking sync.WaitGroup

	// sealing is held while a block is made. Whoever holds it may read state without mu, which only a sealer changes.
	sealing sync.Mutex
	queue   []*tvm.PreparedMessage // internal messages that wait for the next block

	// mu guards the fields below. It is held to read, or to swap in a finished block, and never during emulation.
	mu       sync.RWMutex
	accounts map[ton.Address]*account
	history  history
	blocks   [keepBlocks]*block // by seqno modulo keepBlocks
	keys     map[uint32]*block  // all key blocks by seqno: proofs start from them
	newest   *block
	sealed   chan struct{} // closed and replaced when a block is sealed
}

// New starts a chain with its first block, seqno 1, or goes on with the one that Config.Dir keeps. Close ends it.
func New(cfg Config) (*Chain, error) {
	c, err := open(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.BlockEvery > 0 {
		c.ticking.Go(c.tick)
	}
	return c, nil
}

func open(cfg Config) (*Chain, error) {
	if cfg.Dir == "" {
		return fresh(cfg)
	}
	k, err := openKeeper(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open chain: %w", err)
	}
	c, err := k.chain(cfg)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open chain in %s: %w", cfg.Dir, err), k.close())
	}
	return c, nil
}

// fresh is a new chain with its first block.
func fresh(cfg Config) (*Chain, error) {
	c, err := assemble(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.begin(); err != nil {
		return nil, fmt.Errorf("make the first block: %w", err)
	}
	return c, nil
}

// assemble makes a chain without blocks.
func assemble(cfg Config) (*Chain, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.ConfigBoC == nil {
		cfg.ConfigBoC = ton.DevConfig()
	}
	c := &Chain{cfg: cfg, tvm: tvm.NewTVM(), accounts: map[ton.Address]*account{}, keys: map[uint32]*block{}}
	if err := c.configure(); err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make liteserver key: %w", err)
	}
	c.key = key
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.closed = sync.OnceValue(c.end)
	return c, nil
}

// configure reads the blockchain's configuration and installs the validator in it.
func (c *Chain) configure() (err error) {
	if c.plainConfig, err = cell.FromBOC(c.cfg.ConfigBoC); err != nil {
		return fmt.Errorf("read blockchain config: %w", err)
	}
	if c.validator, err = newValidator(c.cfg.ValidatorKey); err != nil {
		return fmt.Errorf("make validator: %w", err)
	}
	root, err := c.validator.install(c.plainConfig)
	if err != nil {
		return fmt.Errorf("install validator: %w", err)
	}
	if c.config, err = tvm.PrepareBlockchainConfig(root); err != nil {
		return fmt.Errorf("prepare blockchain config: %w", err)
	}
	return nil
}

// begin seals the first block on the zero state.
func (c *Chain) begin() (err error) {
	if c.newest, err = c.zero(); err != nil {
		return err
	}
	c.zeroState = lite.ZeroStateIDExt{
		Workchain: masterchain, RootHash: c.newest.master().id.RootHash, FileHash: c.newest.master().id.FileHash,
	}
	d := &draft{chain: c, block: c.next(c.clock())}
	if err := d.finish(); err != nil {
		return err
	}
	c.commit(d)
	c.first = d.block.master().id
	return nil
}

// InitBlock names the first block, from which a client that checks proofs starts.
func (c *Chain) InitBlock() *lite.BlockIDExt { return c.first.Copy() }

// tick seals empty blocks until the chain is closed.
func (c *Chain) tick() {
	t := time.NewTicker(c.cfg.BlockEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			c.Tick()
		case <-c.ctx.Done():
			return
		}
	}
}

// Close stops empty blocks and ends queries that wait for one, and leaves the directory, if there is one, to the next.
// Liteservers are closed by whoever opened them.
func (c *Chain) Close() error { return c.closed() }

func (c *Chain) end() error {
	c.stop()
	c.ticking.Wait()
	return c.leave()
}

// Balance returns what an account has; zero when there is none.
func (c *Chain) Balance(a ton.Address) ton.Nano {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.accounts[a].newest()
	if s == nil {
		return ton.Nano{}
	}
	n, err := ton.NanoFromBig(s.prepared.State().Balance.Nano())
	if err != nil {
		panic(fmt.Sprintf("balance of %v: %v", a, err)) // the format of an account allows no other
	}
	return n
}

// Executed returns how many transactions an account has had.
func (c *Chain) Executed(a ton.Address) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if acc := c.accounts[a]; acc != nil {
		return acc.executed
	}
	return 0
}

// head returns the newest block and a channel that is closed when there is a newer one.
func (c *Chain) head() (*block, <-chan struct{}) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.newest, c.sealed
}

// await returns when block seqno is sealed, and false when the timeout, ctx or the chain ends first.
func (c *Chain) await(ctx context.Context, seqno uint32, timeout time.Duration) bool {
	t := time.NewTimer(min(timeout, maxWait))
	defer t.Stop()
	for {
		newest, sealed := c.head()
		if newest.seqno >= seqno {
			return true
		}
		select {
		case <-sealed:
		case <-t.C:
			return false
		case <-ctx.Done():
			return false
		case <-c.ctx.Done():
			return false
		}
	}
}
