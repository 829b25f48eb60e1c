package devchain

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
)

const globalID = -3

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

// message returns a complete signed external message; the first one, of seqno 0, deploys the wallet.
func (s signer) message(t testing.TB, seqno uint32, until time.Time, transfers ...ton.Transfer) []byte {
	t.Helper()
	payload, err := ton.Build(s.Wallet, seqno, until, transfers)
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

// newChain makes a chain whose clock stands still, so that nobody pays for storage, unless cfg has one.
func newChain(t testing.TB, cfg Config) *Chain {
	t.Helper()
	if now := time.Now(); cfg.Now == nil {
		cfg.Now = func() time.Time { return now }
	}
	cfg.GlobalID = globalID
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func fund(t testing.TB, c *Chain, a ton.Address, coins string) {
	t.Helper()
	v, err := ton.ParseNano(coins, ton.NativeDecimals)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Fund(a, v); err != nil {
		t.Fatal(err)
	}
}

func nano(t testing.TB, coins string) ton.Nano {
	t.Helper()
	v, err := ton.ParseNano(coins, ton.NativeDecimals)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
