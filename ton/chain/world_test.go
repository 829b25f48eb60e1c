package chain

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tl"
	lite "github.com/xssnick/tonutils-go/ton"
)

// world is a chain that is asked, and what a liar can take from: a fork of it that its own validator signed, and a chain
// of the same content that a stranger signed.
type world struct {
	*devchain.Chain
	fork, stranger *devchain.Chain
	now            *time.Time
	lie            func(query, answer any) any // nil: the truth
	wallet         signer
	before         lite.AccountState // of the wallet, a block ago
	elsewhere      lite.AccountState // of an account that isn't there, far from the wallet
}

// newWorld funds and deploys a wallet. On the fork it is richer.
func newWorld(t testing.TB) *world {
	t.Helper()
	clock := time.Now()
	w := &world{now: &clock, wallet: newSigner(t, 1)}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	start := func(key ed25519.PrivateKey, lie func(query, answer any) any) *devchain.Chain {
		c, err := devchain.New(devchain.Config{
			GlobalID: globalID, Now: func() time.Time { return clock }, ValidatorKey: key, Lie: lie,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	w.Chain = start(key, func(query, answer any) any {
		if w.lie != nil {
			return w.lie(query, answer)
		}
		return answer
	})
	w.fork, w.stranger = start(key, nil), start(nil, nil)
	w.populate(t, w.Chain, "10")
	w.populate(t, w.fork, "1000")
	w.populate(t, w.stranger, "10")
	w.before = w.state(t, w.Chain, w.wallet.Address)
	for _, c := range []*devchain.Chain{w.Chain, w.fork, w.stranger} {
		fund(t, c, w.wallet.Address, "1")
	}
	far := w.wallet.Address
	far.Hash[0] ^= 0x80
	w.elsewhere = w.state(t, w.Chain, far)
	return w
}

func (w *world) populate(t testing.TB, c *devchain.Chain, coins string) {
	t.Helper()
	fund(t, c, w.wallet.Address, coins)
	for i := range 32 {
		fund(t, c, ton.Address{Hash: [32]byte{byte(i * 8)}}, "1")
	}
	if err := c.Send(w.wallet.message(t, 0, ton.Transfer{To: ton.Address{Hash: [32]byte{8}}, Value: nano(t, "1")})); err != nil {
		t.Fatal(err)
	}
}

// answered is what a chain says, as it is read from the wire.
func answered[A any](t testing.TB, c *devchain.Chain, query any) A {
	t.Helper()
	var answer tl.Serializable
	if err := c.LiteClient().QueryLiteserver(t.Context(), query, &answer); err != nil {
		t.Fatal(err)
	}
	a, ok := answer.(A)
	if !ok {
		t.Fatalf("%T: %+v", answer, answer)
	}
	return a
}

func head(t testing.TB, c *devchain.Chain) lite.MasterchainInfoExt {
	t.Helper()
	return answered[lite.MasterchainInfoExt](t, c, lite.GetMasterchainInfoExt{})
}

func (w *world) state(t testing.TB, c *devchain.Chain, a ton.Address) lite.AccountState {
	t.Helper()
	return answered[lite.AccountState](t, c, lite.GetAccountState{ID: head(t, c).Last, Account: accountID(a)})
}

// proof is a chain's proof of its own newest block.
func (w *world) proof(t testing.TB, c *devchain.Chain) lite.PartialBlockProof {
	t.Helper()
	return answered[lite.PartialBlockProof](t, c, lite.GetBlockProof{KnownBlock: c.InitBlock()})
}

// on lies about answers of type A alone.
func on[A any](lie func(query any, a *A)) func(query, answer any) any {
	return func(query, answer any) any {
		if a, ok := answer.(A); ok {
			lie(query, &a)
			return a
		}
		return answer
	}
}

// everything answers from another chain altogether.
func everything(t *testing.T, other *devchain.Chain) func(query, answer any) any {
	return func(query, _ any) any {
		var answer tl.Serializable
		if err := other.LiteClient().QueryLiteserver(t.Context(), query, &answer); err != nil {
			t.Error(err)
		}
		return answer
	}
}

func (w *world) secure() *lite.APIClient {
	api := lite.NewAPIClient(w.LiteClient(), lite.ProofCheckPolicySecure)
	api.SetTrustedBlock(w.InitBlock())
	return api
}

func friendly(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}
