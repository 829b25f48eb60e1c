package guard_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

var (
	dollar    = ton.Address{Hash: [32]byte{0xd0}} // the master of a jetton
	purse     = ton.Address{Hash: [32]byte{0xd1}} // the own wallet of it
	shop      = ton.Address{Hash: [32]byte{0x92}} // some contract
	dollarID  = ton.JettonID(dollar)
	unit      = cell.BeginCell().MustStoreUInt(1, 8).EndCell()
	shopOrder = cell.BeginCell().MustStoreUInt(0xdeadbeef, 32).EndCell()
)

// everything is a policy under which only what a test is about can refuse.
const everything = `
version: 1
loosenDelay: 0s
risk: {enabled: false}
agents:
  agent-1:
    capabilities:
      {trading: {enabled: true, maxSlippage: 0.01}, transfers: {enabled: true}, staking: {enabled: true}, nft: {enabled: true},
       governance: {enabled: true}, contractCalls: {enabled: true}, deploys: {enabled: true}, gasless: {enabled: true}}
    limits: {perTransaction: "100", daily: "500", weekly: "2000", monthly: "5000"}
    allowedTokens: [TON, "jetton:0:d000000000000000000000000000000000000000000000000000000000000000", "jetton:0:e000000000000000000000000000000000000000000000000000000000000000"]
    assetLimits:
      "jetton:0:d000000000000000000000000000000000000000000000000000000000000000": {perTransaction: "1000", daily: "5000", weekly: "20000", monthly: "50000"}
      "jetton:0:e000000000000000000000000000000000000000000000000000000000000000": {perTransaction: "1000", daily: "5000", weekly: "20000", monthly: "50000"}
    rate: {unlimited: true, cooldownSeconds: 0}
`

// job is one operation: the request, the message that does it, and what the chain proves of where it goes.
type job struct {
	kind, asset, amount string
	to                  ton.Address // in the request; zero: none
	memo                string
	operation           map[string]string

	dest  ton.Address // of the message
	value string
	body  *cell.Cell
	init  *cell.Cell
	facts ton.Facts
}

// with returns j with one field of its operation changed.
func (j job) with(field, value string) job {
	j.operation = maps.Clone(j.operation)
	if j.operation == nil {
		j.operation = map[string]string{}
	}
	j.operation[field] = value
	return j
}

func (w *world) ownJettons() ton.Facts {
	return ton.Facts{Account: w.contractAt(purse), Role: ton.RoleJettonWallet, Owner: w.w.Address, Master: dollar, Balance: ton.NanoOf(1_000_000)}
}

// payDollars is a transfer of 5 units to bob.
func (w *world) payDollars() job {
	j := ton.Jetton{QueryID: 7, Amount: ton.NanoOf(5), Destination: bob, Response: w.w.Address, Forward: ton.NanoOf(1), Payload: ton.Payload{Comment: "rent"}}
	f := w.ownJettons()
	f.Receiver = ton.Receiver{Account: w.state(bob, nil), Wallet: ton.Address{Hash: [32]byte{0xd2}}}
	return job{kind: "jetton_transfer", asset: dollarID, amount: "5", to: bob, memo: "rent", dest: purse, value: "0.05", body: j.Transfer(), facts: f}
}

// contractAt is the account of a contract that is no wallet.
func (w *world) contractAt(a ton.Address) ton.Account { return w.state(a, w.shardOf(a, unit, unit)) }

// request writes a job as an agent does.
func (j job) request(w *world, payload []byte) []byte {
	w.Helper()
	r := map[string]any{
		"network": hex.EncodeToString(networkID[:]), "wallet": "wallet-1", "coordinator": "user", "type": j.kind, "asset": j.asset,
		"expires": w.now.Add(time.Hour).Format(time.RFC3339), "amount": j.amount, "memo": j.memo,
		"payload": base64.StdEncoding.EncodeToString(payload),
	}
	if !j.to.IsZero() {
		r["destination"] = j.to.String()
	}
	if j.operation != nil {
		r["operation"] = j.operation
	}
	b, err := json.Marshal(r)
	w.must(err)
	return b
}

// do is the case of a job in which everything fits.
func (w *world) do(idempotency string, j job) guard.Case {
	w.Helper()
	payload := w.payloadFor(j)
	body := j.request(w, payload)
	i, err := w.g.ParseIntent(body)
	w.must(err)
	c := guard.Case{Intent: i.For("agent-1", idempotency, body), Payload: payload, Account: w.account()}
	c.Tx = must(w.decode(j.kind, payload))
	w.complete(&c, j.facts)
	return c
}

// payloadFor is what does the job. A gasless one also pays the relayer 3 units.
func (w *world) payloadFor(j job) []byte {
	w.Helper()
	messages := []ton.Transfer{{To: j.dest, Value: tons(w, j.value), Bounce: true, Body: j.body, Init: j.init}}
	if j.body == nil {
		messages[0].Comment, messages[0].Bounce = j.memo, ton.Bounces(ton.FormRaw, j.facts.Account)
	}
	build := ton.Build
	if j.kind == guard.Gasless {
		fee := ton.Jetton{QueryID: 8, Amount: ton.NanoOf(3), Destination: carrier, Response: w.w.Address, Forward: ton.NanoOf(1)}
		messages = append(messages, ton.Transfer{To: j.dest, Value: tons(w, j.value), Bounce: true, Body: fee.TransferFee()})
		build = ton.BuildGasless
	}
	return must(build(w.w.TON(), w.seqno, w.now.Add(time.Minute), messages))
}

// complete adds what the node finds out by itself.
func (w *world) complete(c *guard.Case, f ton.Facts) {
	b, err := w.g.Policy(w.tx)
	w.must(err)
	c.Policy, c.Outcome = b.Hash, outcomeOf(c.Tx)
	for _, m := range c.Tx.Messages {
		if j, ok := m.Detail.(ton.Jetton); ok && j.RelayerFee() {
			f.Receiver.Account = w.state(carrier, nil)
		}
		c.Facts = append(c.Facts, f)
		c.Deliveries = append(c.Deliveries, w.delivery(m, f))
	}
}

// delivery is what an own jetton wallet or item does when all is well.
func (w *world) delivery(m ton.Message, f ton.Facts) ton.Delivery {
	own := w.w.Address
	d := ton.Delivery{Ran: true}
	switch x := m.Detail.(type) {
	case ton.Jetton:
		told := ton.Message{To: f.Receiver.Wallet, Opcode: 0x178d4519, // internal_transfer
			Detail: ton.Notice{QueryID: x.QueryID, Amount: x.Amount, From: own, Response: x.Response, Forward: x.Forward, Payload: x.Payload}}
		if x.Destination.IsZero() { // burn_notification
			told = ton.Message{To: f.Master, Opcode: 0x7bdd97de, Detail: ton.Notice{QueryID: x.QueryID, Amount: x.Amount, From: own, Response: x.Response}}
		}
		d.Messages = []ton.Message{told}
	case ton.NFT:
		d.Owner = x.NewOwner
		if !x.Forward.IsZero() { // ownership_assigned
			d.Messages = []ton.Message{{To: x.NewOwner, Value: x.Forward, Opcode: 0x05138d91,
				Detail: ton.Notice{QueryID: x.QueryID, From: own, Payload: x.Payload}}}
		}
	}
	return d
}

func TestJettonTransferIsAllowed(t *testing.T) {
	w := newWorld(t, everything)
	c := w.do("k1", w.payDollars())
	w.allow(c)
	p, _, err := w.g.Payload(w.tx, c.Tx.SigningHash)
	if want := (guard.Move{Of: purse.String(), Amount: ton.NanoOf(5)}); err != nil || len(p.Moves) != 2 || p.Moves[1] != want || p.Moves[0].Amount != tons(t, "0.05") {
		t.Errorf("moves %+v, %v", p.Moves, err)
	}
}

// operationRefusals says, for every reason that only an operation can meet, what has to be wrong with one.
var operationRefusals = map[guard.Reason]func(*world) guard.Case{
	"foreign_address": ofJetton(func(j *ton.Jetton) { j.Response = bob }),
	"forward_amount":  ofJetton(func(j *ton.Jetton) { j.Forward = ton.NanoOf(50_000_000) }),
	"facts_missing": func(w *world) guard.Case {
		j := w.payDollars()
		j.facts = ton.Facts{Account: j.facts.Account}
		return w.do("k1", j)
	},
	"jetton_locked": func(w *world) guard.Case {
		j := w.payDollars()
		j.facts.Locked = true
		return w.do("k1", j)
	},
	"jetton_balance": func(w *world) guard.Case {
		j := w.payDollars()
		j.facts.Balance = ton.NanoOf(4)
		return w.do("k1", j)
	},
	"intent_operation": func(w *world) guard.Case { return w.do("k1", w.payDollars().with("attached", "0.06")) },
	"intent_payload": func(w *world) guard.Case {
		c := w.do("k1", w.payDollars())
		c.Intent.Payload = w.do("k2", w.payDollars().paying(6)).Payload
		return c
	},
	"policy_changed": func(w *world) guard.Case {
		c := w.do("k1", w.payDollars())
		c.Policy[0]++
		return c
	},
	"limit_missing": func(w *world) guard.Case {
		j := w.payDollars()
		j.asset, j.facts.Master = ton.JettonID(shop), shop
		w.applyPolicy(strings.Replace(nextOf(everything), "allowedTokens: [", "allowedTokens: ["+strconv.Quote(j.asset)+", ", 1))
		return w.do("k1", j)
	},
	"too_many_assets": func(w *world) guard.Case {
		for n := range 64 {
			w.chain(sentJettons(to(n), 1))
		}
		return w.do("k1", w.payDollars())
	},
	"swap":     func(w *world) guard.Case { return w.do("k1", w.swap(1, w.soon(), ton.Address{})) },
	"gasless":  func(w *world) guard.Case { return w.do("k1", w.jobs()["gasless"].with("max_fee", "2")) },
	"slippage": func(w *world) guard.Case { return w.do("k1", w.swap(989, w.soon(), ton.Address{})) },
	"slippage_unknown": func(w *world) guard.Case {
		j := w.swap(990, w.soon(), ton.Address{})
		j.facts.Expected = ton.Nano{}
		return w.do("k1", j)
	},
	"swap_deadline": func(w *world) guard.Case { return w.do("k1", w.swap(990, 0, ton.Address{})) },
	"referral_not_allowed": func(w *world) guard.Case {
		return w.do("k1", w.swap(990, w.soon(), shop).with("referral", shop.String()))
	},
	"strategy_pair":     swapping("pairs: ['TON/" + dollarID + "']"),
	"strategy_pool":     swapping("pools: ['" + shop.String() + "']"),
	"strategy_venue":    swapping("venues: [ston_v1, ston_v2]"),
	"strategy_slippage": swapping("maxSlippage: 0.009"),
	"strategy_program": func(w *world) guard.Case {
		w.applyPolicy(planned(everything, "actions: [stake], programs: [whales]"))
		return w.planned(w.jobs()["stake"])
	},
	"hop": func(w *world) guard.Case {
		c := w.do("k1", w.payDollars())
		c.Deliveries = nil
		return c
	},
}

// ofJetton is a transfer with one of its fields changed.
func ofJetton(change func(*ton.Jetton)) func(*world) guard.Case {
	return func(w *world) guard.Case {
		j := w.payDollars()
		d := ton.Jetton{QueryID: 7, Amount: ton.NanoOf(5), Destination: bob, Response: w.w.Address, Forward: ton.NanoOf(1), Payload: ton.Payload{Comment: "rent"}}
		change(&d)
		j.body = d.Transfer()
		return w.do("k1", j)
	}
}

// paying is j with another amount, declared as it is done.
func (j job) paying(n uint64) job {
	w := j.facts.Owner
	j.amount = strconv.FormatUint(n, 10)
	j.body = ton.Jetton{QueryID: 7, Amount: ton.NanoOf(n), Destination: bob, Response: w, Forward: ton.NanoOf(1), Payload: ton.Payload{Comment: j.memo}}.Transfer()
	return j
}

// nextOf is the second version of a policy.
func nextOf(document string) string {
	return strings.Replace(document, "version: 1", "version: 2\nparent: "+parentOf(document), 1)
}

// sentJettons is a transaction that somebody signed without this node, by which jettons left an own jetton wallet.
func sentJettons(from ton.Address, n uint64) ton.Executed {
	return ton.Executed{External: true, Out: []ton.Message{{To: from, Value: ton.NanoOf(1), Detail: ton.Jetton{Amount: ton.NanoOf(n)}}}}
}

func TestEveryReasonOfAnOperationIsGivenForItsFault(t *testing.T) {
	for reason, fault := range operationRefusals {
		t.Run(string(reason), func(t *testing.T) {
			w := newWorld(t, everything)
			w.allow(w.do("k0", w.payDollars()))
			w = newWorld(t, everything)
			c := fault(w)
			w.deny(c, reason)
			if d := w.decide(c); cause(d).Layer != reason.Layer() && d.First().Layer != reason.Layer() {
				t.Errorf("layer %s, catalogue says %s", cause(d).Layer, reason.Layer())
			}
		})
	}
}

func TestOperationIsReadStrictly(t *testing.T) {
	w := newWorld(t, everything)
	burn, swap, pay := w.jobs()["jetton_burn"], w.jobs()["swap"], w.payDollars()
	change := func(j job, f func(*job)) job { f(&j); return j }
	for name, c := range map[string]struct {
		j           job
		field, says string
	}{
		"coins for jettons":        {change(pay, func(j *job) { j.asset = "native" }), "asset", "want a jetton"},
		"jettons for coins":        {change(w.jobs()["stake"], func(j *job) { j.asset = dollarID }), "asset", "want native"},
		"a fraction of a unit":     {change(pay, func(j *job) { j.amount = "1.5" }), "amount", "decimals"},
		"a receiver of a burn":     {change(burn, func(j *job) { j.to = bob }), "destination", "what is burned has none"},
		"no receiver":              {change(pay, func(j *job) { j.to = ton.Address{} }), "destination", "48 characters"},
		"a field that is none":     {pay.with("gas", "1"), "operation.gas", "no such field here: this type has attached, forward"},
		"a field of another type":  {pay.with("min_out", "1"), "operation.min_out", "no such field here"},
		"a field of a transfer":    {w.jobs()["transfer"].with("forward", "1"), "operation.forward", "this type has no operation"},
		"a field missing":          {change(swap, func(j *job) { j.operation = map[string]string{"venue": "ston_v1"} }), "operation.attached", "missing"},
		"units with a point":       {swap.with("min_out", "1.5"), "operation.min_out", "whole number"},
		"coins that are none":      {swap.with("attached", "1,5"), "operation.attached", "decimal number"},
		"a venue that is no name":  {swap.with("venue", "STON v2"), "operation.venue", "want a name"},
		"a ticker":                 {swap.with("ask", "USDT"), "operation.ask", "neither native"},
		"an address that is none":  {swap.with("referral", "bob"), "operation.referral", "48 characters"},
		"an opcode that is short":  {w.jobs()["contract_call"].with("opcode", "1"), "operation.opcode", "8 hex digits"},
		"an opcode that is no hex": {w.jobs()["contract_call"].with("opcode", "deadbeeg"), "operation.opcode", "8 hex digits"},
		"a hash that is short":     {w.jobs()["contract_call"].with("body_hash", "00"), "operation.body_hash", "64 hex digits"},
	} {
		t.Run(name, func(t *testing.T) { wantField(t, w, c.j.request(w, []byte{1}), c.field, c.says) })
	}
	payload := []byte(`"payload":"AQ==",`)
	wantField(t, w, edit(swap.request(w, []byte{1}), string(payload), ""), "payload", "nodes build no swap")
	if _, err := w.g.ParseIntent(edit(pay.request(w, []byte{1}), string(payload), "")); err != nil {
		t.Errorf("a payload that nodes build: %v", err)
	}
	batch := edit(w.jobs()["nft_transfer"].request(w, []byte{1}), `"amount":"0.1",`, `"payments":[],`)
	wantField(t, w, batch, "payments", "nft_transfer is one payment")
}

func wantField(t *testing.T, w *world, body []byte, field, says string) {
	t.Helper()
	_, err := w.g.ParseIntent(body)
	var f *guard.FieldError
	if !errors.As(err, &f) || f.Field != field || !strings.Contains(f.Problem, says) {
		t.Errorf("%v, want one of field %s with %q", err, field, says)
	}
}
