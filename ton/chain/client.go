// Package chain reads and feeds a TON network through liteservers: the newest block, the state of accounts, their
// transactions, and sending a signed message. A node judges what it reads here with package ton.
//
//	c, err := chain.Dial(ctx, chain.Config{Network: "dev", Liteservers: []chain.Liteserver{{Addr: addr, Key: key}}})
//	acc, err := c.Account(ctx, wallet.Address)
//	txs, err := c.Transactions(ctx, wallet, acc, mirror.LT, mirror.Hash, chain.MaxWalk)
//
// A Client never goes back: blocks that it answers from have seqnos and times that don't fall, transactions are linked by
// hash from the account's state down, and an answer that breaks this is refused with ErrUnavailable, as is silence. It
// doesn't check proofs yet, so a lying liteserver can still invent an account's state; therefore only the network "dev"
// is accepted, where the liteserver is trusted: not to lie, and not to crash this process either, since tonutils-go v1.18.0
// reads answers on a goroutine of its own and panics there on an account's proof that hasn't two roots (tl.executeParse).
package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	lite "github.com/xssnick/tonutils-go/ton"
)

// Dev is the name of local networks, the only ones that may be used without proofs.
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

	errNetwork = errors.New("only network \"dev\" can be used: liteservers' answers are not proven yet")
)

// Config says which network to use and through whom.
type Config struct {
	Network     string       // "dev"; others refuse until proofs are checked
	GlobalID    int32        // network id, −239 mainnet, −3 testnet; what the network's blocks must carry
	Liteservers []Liteserver // asked in turn; for Dial only, 1 to 16
	Logger      *slog.Logger // nil: silent
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

	mu     sync.Mutex // guards newest
	newest header
}

// New returns a client over any connection to liteservers, which the caller closes.
func New(l lite.LiteClient, cfg Config) *Client {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, lite: l, close: func() {}}
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
	return nil
}
