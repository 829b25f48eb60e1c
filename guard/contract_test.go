package guard_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/guard/audit"
	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/contracts"
)

var (
	treasurer = ton.Address{Hash: [32]byte{0x0e}} // owns the policy wallet
	watchman  = ton.Address{Hash: [32]byte{0x6a}} // may freeze it
	pool      = ton.Address{Hash: [32]byte{0x90}} // gets operations only
)

// initial is what the policy wallet of the tests is deployed in: 10 TON at once, 25 in a day.
func initial(t testing.TB) contracts.State {
	t.Helper()
	id, err := contracts.WalletID(globalID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return contracts.State{
		Config: contracts.Config{WalletID: id, Spender: pub("group"), PerTx: tons(t, "10"), PerDay: tons(t, "25"), Reserve: tons(t, "1"),
			MaxCount: 5, MaxValidity: 300, Ops: []uint32{0x47d54391}},
		Rules: contracts.Rules{bob.Hash: {Kinds: contracts.KindPlain}, pool.Hash: {Kinds: contracts.KindOps}},
		Owner: treasurer, Guardian: watchman,
	}
}

func contractRecord(t testing.TB, s contracts.State) guard.WalletRecord {
	t.Helper()
	r, err := guard.NewContractWallet("wallet-1", "key-1", 1, s, globalID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newContract is a world on a policy wallet that was deployed and is as change makes it, with the real contract in the
// emulator.
func newContract(t testing.TB, change func(*contracts.State)) emulated {
	t.Helper()
	s := initial(t)
	w := worldWith(t, config(), contractRecord(t, s))
	w.contract = &s
	w.applyPolicy(permissive)
	w.deposit()
	change(&s)
	w.chain(ton.Executed{})
	e, err := ton.NewEmulator(ton.DevConfig())
	w.must(err)
	return emulated{w, e}
}

// nano reads an amount that a test itself has written.
func nano(amount string) ton.Nano {
	n, err := ton.ParseNano(amount, ton.NativeDecimals)
	if err != nil {
		panic(err)
	}
	return n
}

func asDeployed(*contracts.State) {}

// spends is an allowed case, but for what the policy wallet says: amount to an account that is there.
func (w emulated) spends(key, amount string, to ton.Address, validity time.Duration) guard.Case {
	w.Helper()
	body := []byte(strings.ReplaceAll(string(w.body(amount, "hi")), bob.String(), to.String()))
	i, err := w.g.ParseIntent(body)
	w.must(err)
	payload, err := ton.Build(w.w.TON(), w.seqno, w.now.Add(validity), []ton.Transfer{{To: to, Value: i.Amount, Comment: "hi", Bounce: true}})
	w.must(err)
	return w.of(i.For("agent-1", key, body), payload)
}

// somebodys is the state of an account that is there: a wallet's, at whichever address.
func (w emulated) somebodys(at ton.Address) ton.Account {
	w.Helper()
	r, err := guard.NewWalletRecord("other", "key-1", 1, ton.V5R1, pub("anybody"), globalID, 0)
	w.must(err)
	other := r.TON()
	other.Address = at
	return w.state(at, w.shard(other, 0))
}

func (w emulated) spend(amount string) guard.Case { return w.spends("k1", amount, bob, time.Minute) }

// count lets the contract carry out a spend.
func (w emulated) count(c guard.Case) {
	w.Helper()
	spend, err := ton.DecodeSpend(c.Payload)
	w.must(err)
	*w.contract = w.contract.After(spend, w.now)
	w.execute(c)
}

func TestSpendOfAPolicyWalletIsAllowed(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("10")
	w.allow(c)
	p := w.permit(c, 1)
	w.must(w.g.Release(w.tx, w.now, p))
	w.count(c)
	if got, _, err := w.g.Payload(w.tx, c.Tx.SigningHash); err != nil || got.State != guard.Executed {
		t.Errorf("payload is %s, %v", got.State, err)
	}
	w.allow(w.spends("k2", "10", bob, time.Minute))
}

// The first spend carries the contract to the chain: it is judged by the state that the address follows from.
func TestFirstSpendIsJudgedByWhatIsDeployed(t *testing.T) {
	s := initial(t)
	w := emulated{worldWith(t, config(), contractRecord(t, s)), newEmulated(t).e}
	w.applyPolicy(permissive)
	w.contract, w.uninit = &s, true
	w.deposit()
	w.deny(w.spends("k0", "10.1", bob, time.Minute), guard.ReasonPolicyWalletTransaction)
	w.allow(w.spend("10"))
}

func TestNoChangedBitOfASpendIsSigned(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("1.5")
	w.noChangedBitIsSigned(c.Intent, c.Payload, 100)
}

// contractRefusals says, for every reason that a policy wallet adds, what has to be wrong with a spend that is allowed
// otherwise. Exits of operations that no request can ask for are those of the emulated contract.
var contractRefusals = map[guard.Reason]func(t *testing.T) (emulated, guard.Case){
	"policy_wallet_state": func(t *testing.T) (emulated, guard.Case) {
		w := newContract(t, asDeployed)
		odd := w.contract.Data().ToBuilder().MustStoreBoolBit(true).EndCell()
		c := w.spend("1")
		c.Account = w.state(w.w.Address, w.shardOf(w.w.Address, ton.PolicyCode(), odd))
		return w, c
	},
	"policy_wallet_frozen":      changed("1", func(s *contracts.State) { s.Frozen = true }),
	"policy_wallet_transaction": changed("10.000000001", asDeployed),
	"policy_wallet_day":         spentBefore("10", "10", "5.000000001"),
	"policy_wallet_count":       spentBefore("1", "1", "1", "1", "1", "1"),
	"policy_wallet_reserve":     changed("1", func(s *contracts.State) { s.Config.Reserve = nano("99999.5") }),
	"policy_wallet_validity":    changed("1", func(s *contracts.State) { s.Config.MaxValidity = 59 }),
	"policy_wallet_destination": changed("1", func(s *contracts.State) { delete(s.Rules, bob.Hash) }),
	"policy_wallet_kind": func(t *testing.T) (emulated, guard.Case) {
		w := newContract(t, asDeployed)
		return w, w.spends("k1", "1", pool, time.Minute)
	},
	"policy_wallet_operation":    exits(contracts.ExitOpNotListed),
	"policy_wallet_jetton":       exits(contracts.ExitJettonBody),
	"policy_wallet_jetton_limit": exits(contracts.ExitJettonLimit),
	"policy_wallet_refused":      exits(contracts.ExitCut),
}

func changed(amount string, change func(*contracts.State)) func(*testing.T) (emulated, guard.Case) {
	return func(t *testing.T) (emulated, guard.Case) {
		w := newContract(t, change)
		return w, w.spend(amount)
	}
}

// spentBefore executes all amounts but the last, an hour apart.
func spentBefore(amounts ...string) func(*testing.T) (emulated, guard.Case) {
	return func(t *testing.T) (emulated, guard.Case) {
		w := newContract(t, asDeployed)
		last := len(amounts) - 1
		for i, amount := range amounts[:last] {
			c := w.spends("before-"+string(rune('a'+i)), amount, bob, time.Minute)
			w.allow(c)
			w.count(c)
			w.advance(time.Hour)
		}
		return w, w.spend(amounts[last])
	}
}

func exits(x contracts.Exit) func(*testing.T) (emulated, guard.Case) {
	return func(t *testing.T) (emulated, guard.Case) {
		w := newContract(t, asDeployed)
		c := w.spend("1")
		c.Outcome.Accepted, c.Outcome.ComputeExit = false, int32(x)
		return w, c
	}
}

func TestEveryReasonOfAPolicyWalletIsGivenForItsFault(t *testing.T) {
	for _, reason := range guard.Reasons() {
		if !strings.HasPrefix(string(reason), "policy_wallet_") {
			continue
		}
		t.Run(string(reason), func(t *testing.T) {
			fault, ok := contractRefusals[reason]
			if !ok {
				t.Fatal("no case gives this reason")
			}
			w, c := fault(t)
			w.deny(c, reason)
		})
	}
}

// What Check lets pass and the emulated contract refuses is told by the contract's own exit code.
func TestContractsOwnRefusalIsNamed(t *testing.T) {
	w := newContract(t, func(s *contracts.State) { s.Config.Reserve = nano("99998.999999999") })
	c := w.spend("1") // the import of the message makes the difference
	if c.Outcome.Accepted {
		t.Fatal("the balance is enough for the contract")
	}
	w.deny(c, guard.ReasonPolicyWalletReserve)
}

func TestNothingDeployedWouldSendTheSpendBack(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("1")
	c.Facts[0].Account = w.state(bob, nil)
	w.deny(c, guard.Reason(ton.CodeBounce))
}

func TestPolicyWalletCountsExactlyTheSpend(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("1")
	c.Outcome.Data[0]++
	w.deny(c, guard.ReasonSimulationState)
}

func TestSpendIsReadFromTheBytesThatWereDecoded(t *testing.T) {
	w := newContract(t, asDeployed)
	c, other := w.spend("1"), w.spends("k1", "2", bob, time.Minute)
	for _, c.Payload = range [][]byte{nil, other.Payload} {
		w.deny(c, guard.ReasonPolicyWalletState)
	}
}

// The owner freezes, or binds the spender otherwise, after the guard has allowed: nothing is signed any more.
func TestOwnersOrderInMidFlightStopsTheSpend(t *testing.T) {
	for name, change := range map[string]func(*contracts.State){
		"freeze": func(s *contracts.State) { s.Frozen = true },
		"policy": func(s *contracts.State) { s.Config.PerTx = ton.NanoOf(1) },
		"list":   func(s *contracts.State) { delete(s.Rules, bob.Hash) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newContract(t, asDeployed)
			c := w.spend("1")
			w.allow(c)
			p := w.permit(c, 1)
			change(w.contract)
			w.chain(ton.Executed{Order: ton.OrderFreeze})
			if _, err := w.g.Permit(w.tx, w.now, w.terms(c, 2)); err == nil {
				t.Error("a permit after the owner's order")
			}
			if err := w.g.Release(w.tx, w.now, p); err == nil {
				t.Error("a release after the owner's order")
			}
		})
	}
}

// The contract can't change them, so that is another account's state, or a liteserver's.
func TestAnotherOwnersAccountIsRefused(t *testing.T) {
	for name, change := range map[string]func(*contracts.State){
		"owner":    func(s *contracts.State) { s.Owner = bob },
		"guardian": func(s *contracts.State) { s.Guardian = ton.Address{} },
	} {
		w := newContract(t, change)
		c := w.spend("1")
		if d := w.decide(c); d.First().Reason != guard.ReasonPolicyWalletState {
			t.Errorf("another %s: %+v", name, d.First())
		}
	}
}

// What is spent, and what comes in, changes no terms.
func TestDepositInMidFlightStopsNothing(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("1")
	w.allow(c)
	w.chain(ton.Executed{})
	w.must(w.g.Release(w.tx, w.now, w.permit(c, 1)))
}

func TestOwnersOrdersAreSeen(t *testing.T) {
	w := newContract(t, asDeployed)
	w.contract.Frozen = true
	w.chain(ton.Executed{Order: ton.OrderFreeze})
	entries := w.tx.Entries[len(w.tx.Entries)-2:]
	if entries[0].EventType != audit.ContractOrdered || entries[0].Details.Get("order") != "freeze" {
		t.Errorf("%+v", entries[0])
	}
	if e := entries[1]; e.EventType != audit.ContractChanged || e.Details.Get("frozen") != "true" || e.Details.Get("per_tx") != "10" {
		t.Errorf("%+v", e)
	}
	before := len(w.tx.Entries)
	w.chain(ton.Executed{})
	if len(w.tx.Entries) != before {
		t.Errorf("nothing changed, and it was written down: %+v", w.tx.Entries[before:])
	}
}

// A new spender uses up a seqno without a payload: what was reserved for it is dead, and the mirror goes on.
func TestNewSpenderBuriesWhatWasSigned(t *testing.T) {
	w := newContract(t, asDeployed)
	c := w.spend("1")
	w.allow(c)
	w.contract.Seqno, w.seqno = w.contract.Seqno+1, w.seqno+1
	w.chain(ton.Executed{Order: ton.OrderSetSpender})
	if p, _, err := w.g.Payload(w.tx, c.Tx.SigningHash); err != nil || p.State != guard.Dead {
		t.Errorf("payload is %s, %v", p.State, err)
	}
	w.allow(w.spends("k2", "1", bob, time.Minute)) // the same key again
	w.contract.Config.Spender = pub("mallory")
	w.chain(ton.Executed{})
	w.deny(w.spends("k3", "1", bob, time.Minute), guard.ReasonAccount)
}

// The owner isn't bound, and what the owner sends doesn't use up what the agent may spend.
func TestOwnersSendsDontCount(t *testing.T) {
	w := newContract(t, asDeployed)
	w.chain(ton.Executed{Order: ton.OrderOwnerSend, Out: []ton.Message{{To: treasurer, Value: tons(t, "499")}}})
	w.allow(w.spend("10"))
	if n, err := w.g.Unexplained(w.tx, "wallet-1"); err != nil || n != 0 {
		t.Errorf("%d unexplained, %v", n, err)
	}
}

func TestUnknownSpendIsUnexplained(t *testing.T) {
	w := newContract(t, asDeployed)
	w.count(w.spend("1"))
	w.deny(w.spends("k2", "1", bob, time.Minute), guard.ReasonUnexplained)
}

func TestContractWalletIsRefused(t *testing.T) {
	odd := func(change func(*contracts.State)) string {
		s := initial(t)
		change(&s)
		return base64.StdEncoding.EncodeToString(s.Data().ToBOC())
	}
	for name, spoil := range map[string]func(*guard.WalletRecord){
		"without data": func(r *guard.WalletRecord) { r.Data = "" },
		"of no base64": func(r *guard.WalletRecord) { r.Data = "!" },
		"of no cells":  func(r *guard.WalletRecord) { r.Data = "AAAA" },
		"of other cells": func(r *guard.WalletRecord) {
			r.Data = base64.StdEncoding.EncodeToString(cell.BeginCell().EndCell().ToBOC())
		},
		"another owner's":   func(r *guard.WalletRecord) { r.Data = odd(func(s *contracts.State) { s.Owner = bob }) },
		"spent before":      func(r *guard.WalletRecord) { r.Data = odd(func(s *contracts.State) { s.Window.Number = 1 }) },
		"without an owner":  func(r *guard.WalletRecord) { r.Data = odd(func(s *contracts.State) { s.Owner = ton.Address{} }) },
		"another key's":     func(r *guard.WalletRecord) { r.PublicKey = pub("mallory") },
		"another address":   func(r *guard.WalletRecord) { r.Address = bob },
		"another subwallet": func(r *guard.WalletRecord) { r.Subwallet++ },
		"another version":   func(r *guard.WalletRecord) { r.Version = ton.V5R1 },
		"without a key":     func(r *guard.WalletRecord) { r.Key = "" },
		"without an epoch":  func(r *guard.WalletRecord) { r.Epoch = 0 },
		"the parties'":      func(r *guard.WalletRecord) { r.Custody = guard.CustodyMPC },
		"its owner's":       func(r *guard.WalletRecord) { r.Custody = guard.CustodyOwner },
	} {
		w := newWorld(t, permissive)
		r := contractRecord(t, initial(t))
		r.ID = "wallet-2"
		if spoil(&r); w.g.AddWallet(w.tx, w.now, w.signWallet(r)) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, change := range map[string]func(*contracts.State){
		"frozen": func(s *contracts.State) { s.Frozen = true }, "spent": func(s *contracts.State) { s.Window.Number = 1 },
		"useless": func(s *contracts.State) { s.Config.MaxValidity = 0 },
	} {
		s := initial(t)
		change(&s)
		if r, err := guard.NewContractWallet("wallet-2", "key-1", 1, s, globalID); err == nil {
			t.Errorf("begun %s: %+v", name, r)
		}
	}
	w := newWorld(t, permissive)
	r := contractRecord(t, initial(t))
	r.ID = "wallet-2"
	w.must(w.g.AddWallet(w.tx, w.now, w.signWallet(r)))
}

// Only the epoch of a policy wallet's record may change: another first policy is another account.
func TestContractWalletKeepsItsAccount(t *testing.T) {
	w := newContract(t, asDeployed)
	later := w.w
	later.Epoch = 2
	w.must(w.g.AddWallet(w.tx, w.now, w.signWallet(later)))
	s := initial(t)
	s.Config.PerTx = ton.NanoOf(1)
	other := contractRecord(t, s)
	if other.Epoch = 2; w.g.AddWallet(w.tx, w.now, w.signWallet(other)) == nil {
		t.Error("another policy under the same id")
	}
}
