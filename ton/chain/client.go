// Package chain reads and feeds a TON network through liteservers: the newest block, the state of accounts, their
// transactions, and sending a signed message. A node judges what it reads here with package ton.
//
//	c, err := chain.Dial(ctx, chain.Config{Network: "dev", Liteservers: []chain.Liteserver{{Addr: addr, Key: key}}})
//	acc, err := c.Account(ctx, wallet.Address)
//	txs, err := c.Transactions(ctx, wallet, acc, mirror.LT, mirror.Hash, chain.MaxWalk)
//
// A Client that is given a trusted block believes nobody: the newest block is proven from it by validators' signatures,
// and must be at most a minute old; accounts, configuration and what getters return follow from that block by Merkle
// proofs, transactions by hashes from the account's state down. On the network "dev" alone the trusted block may be
// missing; the liteserver is then trusted not to lie. In both cases a Client never goes back: blocks that it answers from
// have seqnos and times that don't fall. An answer that breaks any of this is refused with ErrUnavailable, as is silence.
//
// FactsOf proves what the accounts are that a payload's messages go to: contracts' own getters may say anything, so what
// something is follows from masters, collections and what the party's policy vouches for.
//
// It doesn't promise that a message reaches a validator, and what liteservers withhold for less than a minute is not
// noticed.
package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	lite "github.com/xssnick/tonutils-go/ton"
)

// Dev is the name of local networks, the only ones that may be used without a trusted block.
const Dev = "dev"

var (
	// ErrUnavailable is wrapped when the liteservers can't be reached in time, or answer what can't be true. Nothing is
	// known about the chain then, and nothing may be signed.
	ErrUnavailable = errors.New("chain unavailable")

	// ErrRejected is wrapped by Send when a liteserver answered that the account doesn't accept the message now. That
	// proves nothing: it may have executed already, and it may still execute later.
	ErrRejected = errors.New("message rejected")

	// ErrIncomplete is wrapped by Transactions when the position lies further back than limit.
	ErrIncomplete = errors.New("more transactions than asked for")

	errTrusted = errors.New("a trusted block is needed: without one, liteservers' answers can't be proven")
)

// Config says which network to use and through whom.
type Config struct {
	Network     string           // "dev" may be used without proofs
	GlobalID    int32            // network id, −239 mainnet, −3 testnet; what the network's blocks must carry
	Trusted     Block            // what proofs start from; none: nothing is proven, only on "dev"
	OnTrusted   func(Block)      // told of every newer key block, to start from next time; nil: nobody
	Liteservers []Liteserver     // one is asked while it answers well; for Dial only, 1 to 16
	Toncenters  []Toncenter      // take messages too, and are seen by Sightings; at most 8, each passes Check
	Now         func() time.Time // the clock that a proven block is held against; nil: time.Now
	Logger      *slog.Logger     // nil: silent
}

// Liteserver is one liteserver's address and identity.
type Liteserver struct {
	Addr string // host:port
	Key  string // its Ed25519 public key, 32 bytes in base64
}

// Client is a view of one network. Its methods may be called from any goroutine.
type Client struct {
	cfg   Config
	lite  lite.LiteClient
	close func()

	proving chan struct{} // holds one token while a newest block is being proven

	mu       sync.Mutex // guards the fields below
	newest   header
	newestAt time.Time // when a liteserver named it last
	trusted  Block     // the newest key block that is proven

	configured configured

	http    *http.Client
	sending sync.WaitGroup
	sends   sends
}

// New returns a client over any connection to liteservers, which the caller closes.
func New(l lite.LiteClient, cfg Config) *Client {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{cfg: cfg, lite: l, close: func() {}, proving: make(chan struct{}, 1), trusted: cfg.Trusted, http: newHTTP()}
}

// Dial returns a client over TCP. It tries every liteserver once, within ctx, and keeps trying those that don't answer or
// go away; until one is connected every call fails with ErrUnavailable. An error means a configuration that can't work.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("dial liteservers: %w", err)
	}
	c := New(nil, cfg)
	p := newPool(c.cfg)
	c.lite, c.close = p, p.stop
	p.start(ctx)
	return c, nil
}

// Close drops the connections. Calls under way fail.
func (c *Client) Close() error {
	c.close()
	c.sending.Wait()
	c.http.CloseIdleConnections()
	return nil
}
