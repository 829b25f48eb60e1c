package contracts_test

import (
	"crypto/ed25519"
	"math/big"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/chain"
	"github.com/tonaiagent/mpcnode/ton/contracts"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

const globalID = -239

// onChain is a policy wallet on a local chain, with the wallets of its owner and of a payee.
type onChain struct {
	*testing.T
	chain        *devchain.Chain
	client       *chain.Client
	wallet       ton.Wallet
	owner, payee ton.Wallet
	spender      ed25519.PrivateKey
	ownerKey     ed25519.PrivateKey
}

func newOnChain(t *testing.T) *onChain {
	t.Helper()
	c := &onChain{T: t, spender: keyOf(1), ownerKey: keyOf(2)}
	var err error
	c.chain, err = devchain.New(devchain.Config{GlobalID: globalID})
	c.must(err)
	t.Cleanup(func() { c.chain.Close() })
	c.client = chain.New(c.chain.LiteClient(), chain.Config{Network: "dev", GlobalID: globalID, Now: time.Now})
	c.owner, c.payee = c.plain(keyOf(2)), c.plain(keyOf(3))
	id, err := contracts.WalletID(globalID, 0)
	c.must(err)
	s := contracts.State{
		Config: contracts.Config{WalletID: id, Spender: public(c.spender), PerTx: coins(10), PerDay: coins(20), Reserve: coins(1),
			MaxCount: 9, MaxValidity: 300},
		Rules: contracts.Rules{c.payee.Address.Hash: {Kinds: contracts.KindPlain}}, Owner: c.owner.Address,
	}
	c.wallet, err = ton.NewPolicyWallet(s.Data(), globalID)
	c.must(err)
	for _, a := range []ton.Address{c.wallet.Address, c.owner.Address, c.payee.Address} {
		c.must(c.chain.Fund(a, coins(100)))
	}
	c.send(c.owner, c.ownerKey, ton.Transfer{To: c.payee.Address, Value: coins(1)})
	c.send(c.payee, keyOf(3), ton.Transfer{To: c.owner.Address, Value: coins(1), Bounce: true}) // what is deployed keeps what it gets
	return c
}

func keyOf(n byte) ed25519.PrivateKey      { return ed25519.NewKeyFromSeed(append(make([]byte, 31), n)) }
func public(k ed25519.PrivateKey) [32]byte { return [32]byte(k.Public().(ed25519.PublicKey)) }
func coins(n int64) ton.Nano               { v, _ := ton.NanoFromBig(big.NewInt(n * 1_000_000_000)); return v }
func (c *onChain) plain(k ed25519.PrivateKey) ton.Wallet {
	w, err := ton.NewWallet(ton.V5R1, public(k), globalID, 0)
	c.must(err)
	return w
}

func (c *onChain) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *onChain) account(a ton.Address) ton.Account {
	c.Helper()
	acc, err := c.client.Account(c.Context(), a)
	c.must(err)
	return acc
}

// send builds, signs and brings one transfer of w to the chain.
func (c *onChain) send(w ton.Wallet, key ed25519.PrivateKey, t ton.Transfer) (hash [32]byte) {
	c.Helper()
	acc := c.account(w.Address)
	payload, err := ton.Build(w, acc.Seqno, time.Now().Add(time.Minute), []ton.Transfer{t})
	c.must(err)
	tx, err := ton.Decode(w, payload)
	c.must(err)
	boc, err := ton.Assemble(w, payload, [64]byte(ed25519.Sign(key, tx.SigningHash[:])), acc.Status != ton.StatusActive)
	c.must(err)
	c.must(c.chain.Send(boc))
	return tx.SigningHash
}

func (c *onChain) spend(n int64) [32]byte {
	c.Helper()
	return c.send(c.wallet, c.spender, ton.Transfer{To: c.payee.Address, Value: coins(n), Bounce: true, Comment: "rent"})
}

func (c *onChain) order(body *cell.Cell) {
	c.Helper()
	c.send(c.owner, c.ownerKey, ton.Transfer{To: c.wallet.Address, Value: coins(1), Bounce: true, Body: body})
}

// history is every transaction of the policy wallet, oldest first, read as a node's mirror does.
func (c *onChain) history() []ton.Executed {
	c.Helper()
	all, err := c.client.Transactions(c.Context(), c.wallet, c.account(c.wallet.Address), 0, [32]byte{}, 100)
	c.must(err)
	return all
}

func (c *onChain) last() ton.Executed {
	c.Helper()
	all := c.history()
	return all[len(all)-1]
}

func TestSpendIsReadBackFromTheChain(t *testing.T) {
	c := newOnChain(t)
	hash := c.spend(2) // deploys the wallet
	e := c.last()
	if e.Payload != hash || !e.External || !e.Consumed || !e.Success || e.Seqno != 0 || e.Order != 0 || len(e.Out) != 1 || e.Out[0].Value != coins(2) {
		t.Errorf("%+v", e)
	}
	acc := c.account(c.wallet.Address)
	if err := acc.CheckOwn(c.wallet); err != nil || acc.Known != ton.PolicyV1 || acc.Seqno != 1 {
		t.Errorf("%+v, %v", acc, err)
	}
	data, err := acc.Data()
	c.must(err)
	s, err := contracts.ReadState(data)
	if sum, count := s.Window.Sum(); err != nil || sum != coins(2) || count != 1 {
		t.Errorf("spent %s in %d, %v", sum, count, err)
	}
}

func TestOrdersAreReadBackFromTheChain(t *testing.T) {
	c := newOnChain(t)
	c.spend(1)
	for _, want := range []struct {
		order contracts.Order
		op    uint32
	}{
		{contracts.Freeze{}, ton.OrderFreeze}, {contracts.Unfreeze{}, ton.OrderUnfreeze},
		{contracts.SetSpender{Spender: public(c.spender)}, ton.OrderSetSpender},
	} {
		c.order(want.order.Cell())
		if e := c.last(); e.Order != want.op || e.External || e.Consumed || e.Payload != [32]byte{} {
			t.Errorf("%T: %+v", want.order, e)
		}
	}
	if acc := c.account(c.wallet.Address); acc.Seqno != 2 {
		t.Errorf("after a spend and a new spender the seqno is %d", acc.Seqno)
	}
}

// Who isn't the owner orders nothing, and what looks like an order and did nothing is none.
func TestOrdersOfOthersAreNone(t *testing.T) {
	c := newOnChain(t)
	c.spend(1)
	for _, body := range []*cell.Cell{contracts.Freeze{}.Cell(), contracts.SetSpender{Spender: public(c.ownerKey)}.Cell()} {
		c.send(c.payee, keyOf(3), ton.Transfer{To: c.wallet.Address, Value: coins(1), Bounce: true, Body: body})
		if e := c.last(); e.Order != 0 || len(e.Out) != 0 {
			t.Errorf("%+v", e)
		}
	}
	c.send(c.payee, keyOf(3), ton.Transfer{To: c.wallet.Address, Value: coins(1), Bounce: true, Comment: "a deposit"})
	if e := c.last(); e.Order != 0 || e.External {
		t.Errorf("a deposit: %+v", e)
	}
}

// Another key than the record's is found out by its account, whoever put it there.
func TestAccountOfAnotherSpenderIsNotOurs(t *testing.T) {
	c := newOnChain(t)
	c.spend(1)
	c.order(contracts.SetSpender{Spender: public(c.ownerKey)}.Cell())
	if err := c.account(c.wallet.Address).CheckOwn(c.wallet); err == nil {
		t.Error("taken")
	}
}

// What is emulated before signing is what the chain does.
func TestEmulatedSpendIsTheChains(t *testing.T) {
	c := newOnChain(t)
	e, err := ton.NewEmulator(ton.DevConfig())
	c.must(err)
	for seqno := range uint32(2) { // the first one deploys
		acc := c.account(c.wallet.Address)
		payload, err := ton.Build(c.wallet, seqno, time.Now().Add(time.Minute), []ton.Transfer{{To: c.payee.Address, Value: coins(2), Bounce: true}})
		c.must(err)
		o, err := e.Run(c.wallet, acc, payload, time.Now())
		if err != nil || !o.Accepted || o.ComputeExit != 0 || o.SeqnoAfter != seqno+1 || o.CodeChanged || o.DataChanged || len(o.Messages) != 1 {
			t.Fatalf("%+v, %v", o, err)
		}
		c.spend(2)
		data, err := c.account(c.wallet.Address).Data()
		c.must(err)
		if o.Data != [32]byte(data.HashKey()) {
			t.Errorf("seqno %d: the chain's data is another than the emulator's", seqno)
		}
	}
}
