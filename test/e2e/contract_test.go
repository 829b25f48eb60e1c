package e2e

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/node"
	"github.com/tonaiagent/mpcnode/node/wire"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
	"github.com/tonaiagent/mpcnode/ton/devchain"
)

var (
	treasurer = ton.Address{Hash: [32]byte{0x0e}} // owns the policy wallet
	watchman  = ton.Address{Hash: [32]byte{0x6a}} // may freeze it
)

// policyState is what a policy wallet of the parties' key begins in: 50 TON at once, 80 a day, to one payee. The agent may
// have 100 at once and 100 a day by the nodes' policies.
func (w *network) policyState() contracts.State {
	w.t.Helper()
	id, err := contracts.WalletID(globalID, 0)
	w.must(err)
	return contracts.State{
		Config: contracts.Config{WalletID: id, Spender: w.publicKey("key-w1"), PerTx: w.coins("50"), PerDay: w.coins("80"), Reserve: w.coins("1"),
			MaxCount: 100, MaxValidity: 120},
		Rules: contracts.Rules{w.payee().Address.Hash: {Kinds: contracts.KindPlain}}, Owner: treasurer, Guardian: watchman,
	}
}

func (w *network) coins(amount string) ton.Nano {
	w.t.Helper()
	n, err := ton.ParseNano(amount, ton.NativeDecimals)
	w.must(err)
	return n
}

// payee is a wallet that is deployed: what a policy wallet sends to an empty account comes back.
func (w *network) payee() ton.Wallet {
	w.t.Helper()
	p, err := ton.NewWallet(ton.V5R1, public("payee"), globalID, 0)
	w.must(err)
	return p
}

// contracted is a network with the policy wallet "vault", funded and not deployed yet.
func contracted(t *testing.T) *network {
	t.Helper()
	w := ready(t)
	w.enrolContract("vault", w.policyState())
	w.enrolFor("w1", "vault")
	w.must(w.chain.Deliver(devchain.Message{To: w.payee().Address, Value: w.coins("1"), Init: w.payee().StateInit()}))
	w.fund("vault", "500")
	return w
}

func (w *network) enrolContract(id string, s contracts.State) {
	w.t.Helper()
	for _, name := range names {
		record, err := wire.SignContractWallet(w.id(), name, seed("operator "+name), id, "key-w1", 1, s, globalID)
		w.must(err)
		w.must(w.node(name).AddWallet(context.Background(), record))
	}
}

func (w *network) enrolFor(wallets ...string) {
	w.t.Helper()
	for _, name := range names {
		w.must(w.node(name).AddAgent(context.Background(), wire.SignAgent(w.id(), name, seed("operator "+name), guard.AgentRecord{ID: "agent-1",
			Revision: 2, PublicKey: public("agent agent-1"), Wallets: wallets})))
	}
}

func (w *network) orderVault(amount string) order {
	return order{wallet: "vault", agent: "agent-1", to: w.payee().Address.String(), amount: amount, ask: "user", deliver: node.DeliverConfirmed}
}

// pays asks for a spend that must be executed.
func (w *network) pays(amount string) node.Request {
	w.t.Helper()
	r, err := w.send(w.orderVault(amount))
	if err != nil || r.State != node.StateConfirmed {
		w.t.Fatalf("%s TON: %s %s, %v", amount, r.State, r.Reason.Code, err)
	}
	return r
}

// refuses asks for a spend that nobody may sign, for that reason at every node.
func (w *network) refuses(o order, want guard.Reason) {
	w.t.Helper()
	r, err := w.send(o)
	if err != nil || r.State != node.StateDenied || len(r.Signature) > 0 || r.Reason.Code != string(want) {
		w.t.Fatalf("%+v: %s %s, %v, want %s", o, r.State, r.Reason.Code, err, want)
	}
	for _, name := range names {
		if said := w.verdict(name, r.ID); said != "deny "+string(want) {
			w.t.Errorf("%s: %s", name, said)
		}
	}
}

// orders has the policy wallet's owner, or somebody else, send it an order.
func (w *network) orders(from ton.Address, o contracts.Order) {
	w.t.Helper()
	w.must(w.chain.Deliver(devchain.Message{From: from, To: w.address("vault"), Value: w.coins("0.5"), Bounce: true, Body: o.Cell()}))
	time.Sleep(2 * time.Second) // the nodes look at the account again
}

func TestPolicyWalletFromCreationToAConfirmedSpend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		r := w.pays("20") // the first spend deploys the contract
		for _, name := range names {
			w.eventually(name+" sees it executed", func() bool {
				got, err := w.node(name).RequestOf(t.Context(), "", r.ID, 0)
				return err == nil && got.State == node.StateConfirmed
			})
		}
		w.pays("30")
		w.payeeHas("50")
		spent := w.vaultState("user").Window
		if sum, count := spent.Sum(); sum != w.coins("50") || count != 2 {
			t.Errorf("the contract counts %s in %d", sum, count)
		}
	})
}

// payeeHas checks what the payee has got besides the coin that it began with, a part of which its own gas has cost.
func (w *network) payeeHas(amount string) {
	w.t.Helper()
	want, err := w.coins(amount).Add(w.coins("0.99"))
	w.must(err)
	if got := w.chain.Balance(w.payee().Address); got.Cmp(want) < 0 || got.Cmp(w.coins("100")) > 0 {
		w.t.Errorf("the payee has %s, want %s and the rest of 1", got, amount)
	}
}

// vaultState is the contract's state as a node has it.
func (w *network) vaultState(name string) contracts.State {
	w.t.Helper()
	record, acc, err := w.node(name).Wallet(context.Background(), "vault")
	w.must(err)
	s, err := record.ContractAt(acc)
	w.must(err)
	return s
}

func TestGuardsRefuseWhatThePolicyWalletWould(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		w.refuses(w.orderVault("50.000000001"), guard.ReasonPolicyWalletTransaction)
		elsewhere := w.orderVault("1")
		elsewhere.to = w.address("w1").String()
		w.fund("w1", "1")
		w.must(w.chain.Deliver(devchain.Message{To: w.address("w1"), Value: w.coins("1"), Init: w.wallet("w1").StateInit()}))
		w.refuses(elsewhere, guard.ReasonPolicyWalletDestination)
		empty := w.orderVault("1")
		empty.to = destination
		w.refuses(empty, guard.Reason(ton.CodeBounce))
		w.pays("50")
		w.refuses(w.orderVault("30.000000001"), guard.ReasonPolicyWalletDay)
		w.pays("30")
		if got := w.chain.Executed(w.address("vault")); got != 3 { // a deposit and two spends
			t.Errorf("%d transactions of the wallet", got)
		}
	})
}

func (w *network) wallet(id string) ton.Wallet {
	w.t.Helper()
	for _, r := range w.node("user").Wallets() {
		if r.ID == id {
			return r.TON()
		}
	}
	w.t.Fatalf("no wallet %s", id)
	return ton.Wallet{}
}

// The contract's day is five slots of six hours, and holds across their edges, and across a restart of every node.
func TestPolicyWalletsDayHoldsAcrossSlotsAndRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		w.pays("50")
		w.passes(23 * time.Hour)
		for _, name := range names {
			w.down(name)
			w.up(name)
		}
		w.allUp()
		w.refuses(w.orderVault("31"), guard.ReasonPolicyWalletDay)
		w.pays("30")
		w.passes(7*time.Hour + time.Minute) // what was spent first has left the contract's window, and the guards'
		w.pays("50")
	})
}

func (w *network) passes(d time.Duration) {
	w.offset.Add(int64(d))
	w.chain.Tick()
	time.Sleep(3 * time.Second)
}

func TestOwnerFreezesAndBinds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		w.pays("1")
		w.orders(watchman, contracts.Freeze{})
		w.refuses(w.orderVault("1"), guard.ReasonPolicyWalletFrozen)
		w.orders(treasurer, contracts.Unfreeze{})
		w.pays("1")
		s := w.policyState()
		s.Config.PerTx = w.coins("2")
		w.orders(treasurer, contracts.SetPolicy{Config: s.Config, Rules: s.Rules})
		w.refuses(w.orderVault("3"), guard.ReasonPolicyWalletTransaction)
		w.orders(treasurer, contracts.SetSpender{Spender: s.Config.Spender}) // uses up a seqno
		w.pays("2")
		for _, name := range names {
			if got := w.audited(name, audit.ContractOrdered); len(got) != 4 {
				t.Errorf("%s has seen orders %v", name, got)
			}
			if got := w.audited(name, audit.ContractChanged); len(got) != 3 { // the new spender is the old one
				t.Errorf("%s has seen changes %v", name, got)
			}
		}
	})
}

// audited returns the details of a node's audit entries of one kind.
func (w *network) audited(name string, kind audit.EventType) (found []audit.Details) {
	w.t.Helper()
	entries, err := w.node(name).Audit(context.Background(), node.AuditQuery{Limit: 1000})
	w.must(err)
	for _, e := range entries {
		if e.EventType == kind {
			found = append(found, e.Details)
		}
	}
	return found
}

// A coordinator that has the guards' allows, and opens the session only after the owner has frozen the wallet, gets nothing.
func TestFreezeInMidFlightStopsTheSignature(t *testing.T) {
	for name, freeze := range map[string]bool{"frozen": true, "not": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := contracted(t)
				h := w.turn("platform")
				o := w.orderVault("5")
				o.ask, o.key = "platform", "k-flight"
				vault := w.wallet("vault")
				payload, err := ton.Build(vault, 0, w.now().Add(time.Minute), []ton.Transfer{{To: w.payee().Address, Value: w.coins("5"), Bounce: true}})
				w.must(err)
				s, a, err := h.propose("user", wire.Proposal{Request: w.envelope(o), Payload: payload})
				if err != nil || !a.Reserved {
					t.Fatalf("%+v, %v", a, err)
				}
				if freeze {
					w.must(w.chain.Deliver(devchain.Message{From: watchman, To: vault.Address, Value: w.coins("0.5"), Init: vault.StateInit(),
						Body: contracts.Freeze{}.Cell()}))
				}
				time.Sleep(3 * time.Second)
				open := h.session("user", w.requestID(o), s, a)
				open.Terms.Wallet = "vault"
				sig, err := h.sign("user", open)
				if (err != nil) != freeze {
					t.Errorf("frozen %t: %x, %v", freeze, sig[:4], err)
				}
			})
		})
	}
}

// The same bytes run once, on one contract: another of the same key, id and network refuses them.
func TestSpendRunsOnceOnOneContract(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		s := w.policyState()
		s.Owner = watchman
		w.enrolContract("second", s)
		w.fund("second", "500")
		payload, err := ton.Build(w.wallet("vault"), 0, w.now().Add(time.Minute), []ton.Transfer{{To: w.payee().Address, Value: w.coins("5"), Bounce: true}})
		w.must(err)
		o := w.orderVault("5")
		o.payload = base64.StdEncoding.EncodeToString(payload)
		r, err := w.send(o)
		w.must(err)
		boc, err := w.node("user").Message(t.Context(), r)
		w.must(err)
		if w.chain.Send(boc) == nil {
			t.Error("the spend ran again")
		}
		replay, err := ton.Assemble(w.wallet("second"), payload, [64]byte(r.Signature), true)
		w.must(err)
		if w.chain.Send(replay) == nil {
			t.Error("the spend ran on another contract")
		}
		w.payeeHas("5")
		if got := w.chain.Balance(w.address("second")); got != w.coins("500") {
			t.Errorf("the second has %s", got)
		}
	})
}

// A payload lives no longer than the contract takes, whatever the nodes' own default is.
func TestSpendLivesAsLongAsTheContractTakes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		s := w.policyState()
		s.Config.MaxValidity, s.Owner = 20, watchman
		w.enrolContract("hasty", s)
		for _, name := range names {
			w.must(w.node(name).AddAgent(t.Context(), wire.SignAgent(w.id(), name, seed("operator "+name), guard.AgentRecord{ID: "agent-1",
				Revision: 3, PublicKey: public("agent agent-1"), Wallets: []string{"hasty"}})))
		}
		w.fund("hasty", "100")
		o := w.orderVault("5")
		o.wallet = "hasty"
		if r, err := w.send(o); err != nil || r.State != node.StateConfirmed {
			t.Errorf("%s %s, %v", r.State, r.Reason.Code, err)
		}
	})
}

// An agent's own payload is taken if it says what was asked for, and refused for another account of the same key.
func TestAgentsOwnSpend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := contracted(t)
		s := w.policyState()
		s.Owner = watchman
		other, err := ton.NewPolicyWallet(s.Data(), globalID)
		w.must(err)
		for _, c := range []struct {
			of   ton.Wallet
			want node.State
		}{{other, node.StateDenied}, {w.wallet("vault"), node.StateConfirmed}} {
			payload, err := ton.Build(c.of, 0, w.now().Add(time.Minute), []ton.Transfer{{To: w.payee().Address, Value: w.coins("5"), Bounce: true}})
			w.must(err)
			o := w.orderVault("5")
			o.payload = base64.StdEncoding.EncodeToString(payload)
			if r, err := w.send(o); err != nil || r.State != c.want {
				t.Errorf("%s %s, %v, want %s", r.State, r.Reason.Code, err, c.want)
			}
		}
	})
}

// A policy wallet's jetton wallet follows from its address, so its owner lists it once the contract is there. From then on
// jettons are bound by the contract and by the nodes.
func TestJettonsLeaveAPolicyWalletWithinItsRule(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTraded(t, "transfers: {enabled: true}")
		w.enrolContract("vault", w.policyState())
		w.enrolFor("w1", "vault")
		w.fund("vault", "100")
		vault, bob := w.wallet("vault"), mustAddress(w.network, destination)
		w.must(w.usd.Mint(vault.Address, ton.NanoOf(5000)))
		s := w.policyState()
		s.Rules[w.usd.Wallet(vault.Address).Hash] = contracts.Rule{Kinds: contracts.KindJetton, Jetton: &contracts.JettonRule{
			PerTx: ton.NanoOf(500), PerDay: ton.NanoOf(700), Payees: map[[32]byte]bool{bob.Hash: true}}}
		w.must(w.chain.Deliver(devchain.Message{From: treasurer, To: vault.Address, Value: w.coins("0.5"), Init: vault.StateInit(),
			Body: contracts.SetPolicy{Config: s.Config, Rules: s.Rules}.Cell()}))
		time.Sleep(2 * time.Second)
		pay := func(to, amount string) order {
			o := w.pay(amount)
			o.wallet, o.agent, o.ask, o.to, o.deliver = "vault", "agent-1", "user", to, node.DeliverConfirmed
			return o
		}
		w.refuses(pay(destination, "501"), guard.ReasonPolicyWalletJettonLimit)
		w.refuses(pay(watchman.String(), "1"), guard.ReasonPolicyWalletJetton)
		if r, err := w.send(pay(destination, "500")); err != nil || r.State != node.StateConfirmed {
			t.Fatalf("%s %s, %v", r.State, r.Reason.Code, err)
		}
		w.holds(bob, 500)
		w.refuses(pay(destination, "201"), guard.ReasonPolicyWalletJettonLimit)
	})
}
