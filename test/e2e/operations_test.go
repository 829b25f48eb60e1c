package e2e

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/client"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/tonaiagent/mpcnode/ton/devchain/assets"
)

// traded is a network whose wallet w1 holds 5,000 smallest units of a jetton, and may do with it what capabilities say.
type traded struct {
	*network
	usd   *assets.Jetton
	asset string
}

var issuer = ton.Address{Hash: [32]byte{0x15}}

func newTraded(t *testing.T, capabilities string) traded {
	t.Helper()
	w := newNetwork(t, 2)
	for _, name := range names {
		w.up(name)
	}
	w.allUp()
	usd, err := assets.NewJetton(w.chain, issuer, assets.Metadata{Name: "Dollar", Symbol: "USD", Decimals: 6})
	w.must(err)
	asset := ton.JettonID(usd.Master)
	w.keygen("key-w1")
	w.enrol("key-w1", "w1", "agent-1", fmt.Sprintf(`version: 1
risk: {enabled: false}
agents:
  agent-1:
    capabilities: {%s}
    allowedTokens: [native, %q]
    limits: {perTransaction: "100", daily: "100", weekly: "1000", monthly: "3000"}
    assetLimits:
      %q: {perTransaction: "1000", daily: "1500"}
    rate: {unlimited: true, cooldownSeconds: 0}
    callerTokens: {unlimited: true}
`, capabilities, asset, asset))
	w.fund("w1", "1000")
	w.must(usd.Mint(w.address("w1"), ton.NanoOf(5000)))
	return traded{w, usd, asset}
}

// does sends an order and insists on how it ends.
func (w traded) does(o order, want node.State, reason string) node.Request {
	w.t.Helper()
	o.wallet, o.agent, o.ask = "w1", "agent-1", "user"
	if o.deliver == "" {
		o.deliver = node.DeliverConfirmed
	}
	r, err := w.send(o)
	w.must(err)
	if r.State != want || r.Reason.Code != reason {
		w.t.Fatalf("%s %q: %s; want %s %q", r.State, r.Reason.Code, w.verdict("user", r.ID), want, reason)
	}
	return r
}

func (w traded) holds(owner ton.Address, want uint64) {
	w.t.Helper()
	got, err := w.usd.Balance(w.t.Context(), owner)
	w.must(err)
	if got != ton.NanoOf(want) {
		w.t.Errorf("%s holds %s units, want %d", owner, got.Format(0), want)
	}
}

func (w traded) pay(amount string) order {
	return order{kind: "jetton_transfer", asset: w.asset, to: destination, amount: amount, memo: "rent"}
}

func TestJettonsArePaidWithinTheirOwnLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "transfers: {enabled: true}")
		bob := mustAddress(w.network, destination)
		w.does(w.pay("1001"), node.StateDenied, "limit_transaction")
		w.does(w.pay("1000"), node.StateConfirmed, "")
		w.holds(bob, 1000)
		w.does(w.pay("501"), node.StateDenied, "limit_day")
		for _, name := range names { // what the chain executed stays counted after a restart
			w.down(name)
			w.up(name)
		}
		w.allUp()
		w.does(w.pay("501"), node.StateDenied, "limit_day")
		w.does(w.pay("500"), node.StateConfirmed, "")
		w.holds(bob, 1500)
		w.does(order{kind: "jetton_burn", asset: w.asset, amount: "1"}, node.StateDenied, "limit_day")
	})
}

// A jetton with the same name is another one: nobody allowed it, and it can't be declared as the one that was.
func TestForeignJettonIsNoneOfTheListed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "transfers: {enabled: true}")
		fake, err := assets.NewJetton(w.chain, ton.Address{Hash: [32]byte{0x16}}, assets.Metadata{Name: "Dollar", Symbol: "USD", Decimals: 6})
		w.must(err)
		w.must(fake.Mint(w.address("w1"), ton.NanoOf(5000)))
		o := w.pay("1")
		o.asset = ton.JettonID(fake.Master)
		w.does(o, node.StateDenied, "token_not_allowed")

		own, to := w.address("w1"), mustAddress(w.network, destination)
		o = w.pay("1")
		o.payload = w.built(ton.Transfer{To: fake.Wallet(own), Value: ton.NanoOf(50_000_000), Bounce: true,
			Body: ton.Jetton{Amount: ton.NanoOf(1), Destination: to, Response: own, Forward: ton.NanoOf(1), Payload: ton.Payload{Comment: "rent"}}.Transfer()})
		w.does(o, node.StateDenied, "facts_missing")
	})
}

// built is an agent's own payload.
func (w traded) built(t ...ton.Transfer) string {
	w.t.Helper()
	own, err := ton.NewWallet(ton.V5R1, w.publicKey("key-w1"), globalID, 0)
	w.must(err)
	payload, err := ton.Build(own, 0, w.now().Add(time.Minute), t)
	w.must(err)
	return base64.StdEncoding.EncodeToString(payload)
}

func TestItemIsGivenAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "nft: {enabled: true, actions: [transfer_nft]}")
		c, err := assets.NewCollection(w.chain, issuer, "https://example.org/c.json")
		w.must(err)
		w.must(c.Mint(0, w.address("w1")))
		w.must(c.Mint(1, issuer))
		give := func(index uint64) order {
			return order{kind: "nft_transfer", to: destination, amount: "0.1", operation: client.Operation{
				"item": c.Item(index).String(), "collection": c.Address.String()}}
		}
		w.does(give(1), node.StateDenied, "facts_missing") // somebody else's
		w.does(give(0), node.StateConfirmed, "")
		if got, err := c.Owner(t.Context(), 0); err != nil || got.String() != destination {
			t.Errorf("it belongs to %s, %v", got, err)
		}
	})
}

func TestUnknownOperationNeedsItsOwnCapability(t *testing.T) {
	for capabilities, want := range map[string]struct {
		state  node.State
		reason string
	}{
		"transfers: {enabled: true}":     {node.StateDenied, "capability"},
		"contractCalls: {enabled: true}": {node.StateConfirmed, ""},
	} {
		bubble(t, func(t *testing.T) {
			w := newTraded(t, capabilities)
			body := cell.BeginCell().MustStoreUInt(0xdeadbeef, 32).EndCell()
			call := order{kind: "contract_call", to: w.usd.Master.String(), amount: "1",
				operation: client.Operation{"opcode": "deadbeef", "body_hash": fmt.Sprintf("%x", body.Hash())},
				payload:   w.built(ton.Transfer{To: w.usd.Master, Value: ton.NanoOf(1e9), Bounce: true, Body: body})}
			w.does(call, want.state, want.reason)
		})
	}
}

func TestRelayerCarriesAPaymentOfJettons(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "transfers: {enabled: true}, gasless: {enabled: true}")
		own, relayer := w.address("w1"), ton.Address{Hash: [32]byte{0x17}}
		w.does(order{to: destination, amount: "1"}, node.StateConfirmed, "") // deploys the wallet
		o := w.pay("900")
		o.kind, o.deliver = "gasless", node.DeliverSigned
		o.operation = client.Operation{"relayer": relayer.String(), "max_fee": "7"}
		r := w.does(o, node.StateSigned, "")
		body, err := w.node("user").Message(t.Context(), r)
		w.must(err)
		signed, err := cell.FromBOC(body)
		w.must(err)
		w.must(w.chain.Deliver(devchain.Message{From: relayer, To: own, Value: ton.NanoOf(3e8), Bounce: true, Body: signed}))
		w.holds(mustAddress(w.network, destination), 900)
		w.holds(relayer, 7)
		w.eventually("the payment is seen by every party", func() bool {
			o.key = ""
			later, err := w.send(order{wallet: "w1", agent: "agent-1", ask: "user", deliver: node.DeliverConfirmed, kind: o.kind, asset: o.asset,
				to: o.to, amount: "594", memo: o.memo, operation: o.operation})
			return err == nil && later.State == node.StateDenied && later.Reason.Code == "limit_day" // 907 + 594 + 7
		})
	})
}

func TestGaslessNeedsItsCapability(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "transfers: {enabled: true}")
		o := w.pay("900")
		o.kind, o.operation = "gasless", client.Operation{"relayer": issuer.String()}
		w.does(o, node.StateDenied, "capability")
	})
}
