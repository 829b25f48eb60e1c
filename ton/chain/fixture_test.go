package chain

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
)

const globalID = -3

var config = Config{Network: Dev, GlobalID: globalID}

// newChain makes a chain whose clock stands still, so that nobody pays for storage.
func newChain(t testing.TB) *devchain.Chain {
	t.Helper()
	now := time.Now()
	c, err := devchain.New(devchain.Config{GlobalID: globalID, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func serve(t testing.TB, c *devchain.Chain, addr string) *devchain.Server {
	t.Helper()
	s, err := c.Serve(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t testing.TB, cfg Config, servers ...*devchain.Server) *Client {
	t.Helper()
	for _, s := range servers {
		cfg.Liteservers = append(cfg.Liteservers, Liteserver{s.Addr, base64.StdEncoding.EncodeToString(s.PublicKey)})
	}
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// eachTransport runs a test over TCP and in process, with proofs and without.
func eachTransport(t *testing.T, test func(t *testing.T, chain *devchain.Chain, c *Client)) {
	t.Run("tcp", func(t *testing.T) {
		chain := newChain(t)
		test(t, chain, dial(t, config, serve(t, chain, "127.0.0.1:0")))
	})
	t.Run("in process", func(t *testing.T) {
		chain := newChain(t)
		test(t, chain, New(chain.LiteClient(), config))
	})
	t.Run("tcp, proven", func(t *testing.T) {
		chain := newChain(t)
		test(t, chain, dial(t, provenBy(chain), serve(t, chain, "127.0.0.1:0")))
	})
	t.Run("in process, proven", func(t *testing.T) {
		chain := newChain(t)
		test(t, chain, New(chain.LiteClient(), provenBy(chain)))
	})
}

// provenBy is the configuration of a client that believes only what follows from the chain's first block.
func provenBy(c *devchain.Chain) Config {
	return Config{Network: "testnet", GlobalID: globalID, Trusted: blockOf(c.InitBlock())}
}

// signer is a V5R1 wallet with its key.
type signer struct {
	ton.Wallet
	key ed25519.PrivateKey
}

func newSigner(t testing.TB, seed byte) signer {
	t.Helper()
	key := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
	w, err := ton.NewWallet(ton.V5R1, [32]byte(key.Public().(ed25519.PublicKey)), globalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return signer{w, key}
}

// message returns a complete signed external message; that of seqno 0 deploys the wallet.
func (s signer) message(t testing.TB, seqno uint32, transfers ...ton.Transfer) []byte {
	t.Helper()
	payload, err := ton.Build(s.Wallet, seqno, time.Now().Add(time.Hour), transfers)
	if err != nil {
		t.Fatal(err)
	}
	meaning, err := ton.Decode(s.Wallet, payload)
	if err != nil {
		t.Fatal(err)
	}
	sig := ed25519.Sign(s.key, meaning.SigningHash[:])
	boc, err := ton.Assemble(s.Wallet, payload, [64]byte(sig), seqno == 0)
	if err != nil {
		t.Fatal(err)
	}
	return boc
}

func nano(t testing.TB, coins string) ton.Nano {
	t.Helper()
	v, err := ton.ParseNano(coins, ton.NativeDecimals)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func fund(t testing.TB, c *devchain.Chain, a ton.Address, coins string) {
	t.Helper()
	if err := c.Fund(a, nano(t, coins)); err != nil {
		t.Fatal(err)
	}
}

func account(t testing.TB, c *Client, a ton.Address) ton.Account {
	t.Helper()
	acc, err := c.Account(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return acc
}

// refused checks that an answer was understood and not believed: a panic would be refused too, but isn't a reason.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%s: %v", what, err)
	}
}

// liar is a liteserver whose answers are changed on their way.
type liar struct {
	lite.LiteClient
	lie func(answer any) any
}

func (l liar) QueryLiteserver(ctx context.Context, query, result tl.Serializable) error {
	if err := l.LiteClient.QueryLiteserver(ctx, query, result); err != nil {
		return err
	}
	to := result.(*tl.Serializable)
	*to = l.lie(*to)
	return nil
}

// lying changes answers of type A alone.
func lying[A any](chain *devchain.Chain, lie func(*A)) *Client {
	return New(liar{chain.LiteClient(), func(answer any) any {
		if a, ok := answer.(A); ok {
			lie(&a)
			return a
		}
		return answer
	}}, config)
}

// silent is a liteserver that never answers.
type silent struct{ lite.LiteClient }

func (silent) QueryLiteserver(ctx context.Context, _, _ tl.Serializable) error {
	<-ctx.Done()
	return ctx.Err()
}
