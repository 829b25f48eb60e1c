package guard_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/xssnick/tonutils-go/address"
	"github.com/xssnick/tonutils-go/tvm/cell"

	"github.com/tonaiagent/mpcnode/guard"
	"github.com/tonaiagent/mpcnode/ton"
)

var (
	picture = ton.Address{Hash: [32]byte{0xf0}} // an NFT item
	album   = ton.Address{Hash: [32]byte{0xf1}} // its collection
	market  = ton.Address{Hash: [32]byte{0xf2}} // where it is for sale
	pot     = ton.Address{Hash: [32]byte{0x94}} // a staking pool
	vault   = ton.Address{Hash: [32]byte{0x95}} // an exchange's
	carrier = ton.Address{Hash: [32]byte{0x96}} // a relayer
	euroID  = ton.JettonID(ton.Address{Hash: [32]byte{0xe0}})
)

func friendly(a ton.Address) *address.Address {
	return address.NewAddress(0, byte(a.Workchain), a.Hash[:])
}

// order begins a body: opcode and query id.
func order(op uint64) *cell.Builder {
	return cell.BeginCell().MustStoreUInt(op, 32).MustStoreUInt(7, 64)
}

func units(n int64) *big.Int { return big.NewInt(n) }

func hashOf(c *cell.Cell) string { return hex.EncodeToString(c.Hash()) }

// dedust offers 1 TON for at least so many units.
func (w *world) dedust(least int64, deadline uint64, recipient, referral ton.Address) *cell.Cell {
	params := cell.BeginCell().MustStoreUInt(deadline, 32).MustStoreAddr(friendly(recipient))
	if params.MustStoreAddr(friendly(referral)); referral.IsZero() {
		params = cell.BeginCell().MustStoreUInt(deadline, 32).MustStoreAddr(friendly(recipient)).MustStoreAddr(nil)
	}
	return order(0xea06185d).MustStoreBigCoins(units(1e9)).MustStoreAddr(friendly(pot)).MustStoreBoolBit(false).
		MustStoreBigCoins(units(least)).MustStoreBoolBit(false).MustStoreRef(params.MustStoreUInt(0, 2).EndCell()).EndCell()
}

func (w *world) swap(least int64, deadline uint64, referral ton.Address) job {
	return job{kind: "swap", asset: "native", amount: "1", to: vault, dest: vault, value: "1.25",
		operation: map[string]string{"attached": "1.25", "venue": "dedust_v2", "ask": euroID, "min_out": strconv.FormatInt(least, 10)},
		body:      w.dedust(least, deadline, w.w.Address, referral),
		facts:     ton.Facts{Account: w.contractAt(vault), Role: ton.RoleNativeVault, Venue: ton.DeDust, Ask: euroID, Expected: ton.NanoOf(1000)}}
}

func (w *world) soon() uint64 { return uint64(w.now.Add(2 * time.Minute).Unix()) }

// jobs are one of every kind of operation, and more where one kind is done in several ways.
func (w *world) jobs() map[string]job {
	own := w.w.Address
	item := ton.Facts{Account: w.contractAt(picture), Role: ton.RoleNFTItem, Owner: own, Collection: album}
	sale := ton.Facts{Account: w.contractAt(market), Role: ton.RoleSale, Owner: own, Item: picture, Collection: album, Price: ton.NanoOf(3e9)}
	given, listed, staked := item, item, w.ownJettons()
	given.Receiver = ton.Receiver{Account: w.state(bob, nil)}
	listed.Receiver = ton.Receiver{Account: w.contractAt(market), Role: ton.RoleSale, Owner: own, Item: picture, Price: ton.NanoOf(3e9), Fees: ton.NanoOf(15e7)}
	staked.Program = ton.Tonstakers
	of := func(more ...string) map[string]string {
		all := map[string]string{"item": picture.String(), "collection": album.String()}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	code := cell.BeginCell().MustStoreUInt(0b00110, 5).MustStoreRef(unit).MustStoreRef(unit).EndCell()
	deployed := ton.Address{Hash: [32]byte(code.HashKey())}
	vote := order(0x69fb306c).MustStoreAddr(friendly(shop)).MustStoreUInt(99, 48).MustStoreUInt(0b10, 2).EndCell()
	burn := ton.Jetton{QueryID: 7, Amount: ton.NanoOf(5), Response: own}.Burn()
	gift := ton.NFT{QueryID: 7, NewOwner: bob, Response: own, Forward: ton.NanoOf(1), Payload: ton.Payload{Comment: "for you"}}.Transfer()
	offer := ton.NFT{QueryID: 7, NewOwner: market, Response: own, Forward: ton.NanoOf(2e7)}.Transfer()
	toShop := w.payDollars()
	toShop.kind, toShop.to, toShop.memo, toShop.facts.Receiver.Account = "contract_call", shop, "", w.contractAt(shop)
	toShop.body = ton.Jetton{QueryID: 7, Amount: ton.NanoOf(5), Destination: shop, Response: own, Forward: ton.NanoOf(1)}.Transfer()
	toShop.operation = map[string]string{"attached": "0.05", "opcode": "0f8a7ea5", "body_hash": hashOf(toShop.body)}
	relayed := w.payDollars()
	relayed.kind, relayed.operation = "gasless", map[string]string{"relayer": carrier.String(), "max_fee": "3"}
	return map[string]job{
		"transfer":        {kind: "transfer", asset: "native", amount: "1", to: bob, memo: "hi", dest: bob, value: "1", body: cell.BeginCell().MustStoreUInt(0, 32).MustStoreStringSnake("hi").EndCell(), facts: ton.Facts{Account: w.state(bob, nil)}},
		"jetton_transfer": w.payDollars(),
		"jetton_burn":     {kind: "jetton_burn", asset: dollarID, amount: "5", dest: purse, value: "0.05", body: burn, facts: w.ownJettons()},
		"nft_transfer":    {kind: "nft_transfer", asset: "native", amount: "0.1", to: bob, memo: "for you", operation: of(), dest: picture, value: "0.1", body: gift, facts: given},
		"nft_list":        {kind: "nft_list", asset: "native", amount: "0.1", to: market, operation: of("price", "3", "fees", "0.15", "forward", "0.02"), dest: picture, value: "0.1", body: offer, facts: listed},
		"nft_list, new price": {kind: "nft_list", asset: "native", amount: "0.1", to: market, operation: of("price", "2", "fees", "0.3"), dest: market, value: "0.1", facts: sale,
			body: order(0x6c6c2080).MustStoreBigCoins(units(2e9)).MustStoreBigCoins(units(1e8)).MustStoreBigCoins(units(2e8)).EndCell()},
		"nft_buy":    {kind: "nft_buy", asset: "native", amount: "4", to: market, operation: of("price", "3"), dest: market, value: "4", body: order(2).EndCell(), facts: sale},
		"nft_cancel": {kind: "nft_cancel", asset: "native", amount: "0.1", to: market, operation: of(), dest: market, value: "0.1", body: order(3).EndCell(), facts: sale},
		"stake": {kind: "stake", asset: "native", amount: "50", to: pot, memo: "d", operation: map[string]string{"program": "nominator_pool"}, dest: pot, value: "50",
			body: cell.BeginCell().MustStoreUInt(0, 32).MustStoreStringSnake("d").EndCell(), facts: ton.Facts{Account: w.contractAt(pot), Role: ton.RolePool, Program: ton.NominatorPool}},
		"unstake": {kind: "unstake", asset: "native", amount: "0.2", to: pot, operation: map[string]string{"program": "whales", "withdraw": "5"}, dest: pot, value: "0.2",
			body:  order(0xda803efd).MustStoreBigCoins(units(1e8)).MustStoreBigCoins(units(5e9)).EndCell(),
			facts: ton.Facts{Account: w.contractAt(pot), Role: ton.RolePool, Program: ton.Whales}},
		"unstake, jettons": {kind: "unstake", asset: dollarID, amount: "5", operation: map[string]string{"program": "tonstakers", "attached": "0.05"}, dest: purse, value: "0.05", body: burn, facts: staked},
		"swap":             w.swap(990, w.soon(), ton.Address{}),
		"vote": {kind: "vote", asset: "native", amount: "0.1", to: purse, operation: map[string]string{"jetton": dollarID, "body_hash": hashOf(vote)}, dest: purse, value: "0.1",
			body: vote, facts: w.ownJettons()},
		"contract_call": {kind: "contract_call", asset: "native", amount: "1", to: shop, operation: map[string]string{"opcode": "deadbeef", "body_hash": hashOf(shopOrder)},
			dest: shop, value: "1", body: shopOrder, facts: ton.Facts{Account: w.contractAt(shop)}},
		"contract_call, jettons": toShop,
		"deploy": {kind: "deploy", asset: "native", amount: "1", to: deployed, operation: map[string]string{"body_hash": hashOf(shopOrder)}, dest: deployed, value: "1",
			body: shopOrder, init: code, facts: ton.Facts{Account: w.state(deployed, nil)}},
		"gasless": relayed,
	}
}

func TestEveryOperationIsAllowedAsDeclared(t *testing.T) {
	w := newWorld(t, everything)
	kinds := map[string]bool{}
	for name, j := range w.jobs() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			kinds[j.kind] = true
			w.allow(w.do("k1", j))
		})
	}
	if len(kinds) != 14 {
		t.Errorf("only %d kinds have a job", len(kinds))
	}
}

// others are other values for every field of operation.
var others = map[string]string{
	"attached": "0.07", "forward": "0.01", "forward_payload": hex.EncodeToString(shopOrder.Hash()), "item": shop.String(), "collection": shop.String(),
	"price": "9", "fees": "0.9", "program": "hipo", "withdraw": "9", "venue": "ston_v2", "ask": dollarID, "min_out": "991", "referral": shop.String(),
	"jetton": euroID, "relayer": shop.String(), "max_fee": "2", "opcode": "00000001", "body_hash": hex.EncodeToString(unit.Hash()),
}

// Every declared field of every operation matters: with another value nothing is signed, and the reason says which.
func TestEveryDeclaredFieldIsCompared(t *testing.T) {
	for name, j := range newWorld(t, everything).jobs() {
		t.Run(name, func(t *testing.T) {
			shifts := map[string]struct {
				j    job
				want guard.Reason
			}{}
			add := func(what string, want guard.Reason, change func(*job)) {
				c := j
				change(&c)
				shifts[what] = struct {
					j    job
					want guard.Reason
				}{c, want}
			}
			add("amount", guard.ReasonIntentAmount, func(j *job) { j.amount = "6" })
			add("memo", guard.ReasonIntentMemo, func(j *job) { j.memo = "another" })
			if !j.to.IsZero() {
				add("destination", guard.ReasonIntentDestination, func(j *job) { j.to.Hash[31]++ })
			}
			if j.asset != "native" {
				add("asset", guard.ReasonIntentAsset, func(j *job) { j.asset = euroID })
			}
			for field, value := range others {
				want := guard.ReasonIntentOperation
				if field == "relayer" || field == "max_fee" {
					want = guard.Reason(ton.CodeGasless)
				}
				if _, err := w0(t).g.ParseIntent(j.with(field, value).request(w0(t), []byte{1})); err == nil {
					add(field, want, func(j *job) { *j = j.with(field, value) })
				}
			}
			for what, s := range shifts {
				w := newWorld(t, everything)
				d := w.decide(w.do("k1", s.j))
				if d.Effect == guard.Allow || d.First().Reason != s.want {
					t.Errorf("another %s: %s, %+v; want %s", what, d.Effect, d.First(), s.want)
				}
			}
			for field := range j.operation {
				if _, ok := shifts[field]; !ok {
					t.Errorf("field %s was not shifted", field)
				}
			}
		})
	}
}

func w0(t *testing.T) *world { return newWorld(t, everything) }

// What one operation declares does not fit another: the type itself is compared.
func TestAnotherTypeIsNotSigned(t *testing.T) {
	all := newWorld(t, everything).jobs()
	for name, j := range all {
		for _, other := range slices.Sorted(maps.Keys(all)) {
			if o := all[other]; o.kind != j.kind && o.asset == j.asset && !j.to.IsZero() && !o.to.IsZero() {
				w := newWorld(t, everything)
				c := w.do("k1", j)
				i, err := w.g.ParseIntent(o.request(w, c.Payload))
				w.must(err)
				c.Intent = i.For("agent-1", "k1", nil)
				if d := w.decide(c); d.Effect == guard.Allow {
					t.Errorf("a %s was signed for a %s", name, other)
				}
			}
		}
	}
}

// Blind signing, for every operation: whatever bit of a payload that nodes build is changed, nothing is signed but what
// differs in validity alone, or in the query id, which moves nothing.
func TestNoChangedBitOfAnOperationIsSigned(t *testing.T) {
	for _, name := range []string{"jetton_transfer", "jetton_burn", "nft_transfer", "gasless"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, everything)
			j := w.jobs()[name]
			good := w.do("k1", j)
			root, err := cell.FromBOC(good.Payload)
			w.must(err)
			payload := root.ToBOCWithOptions(cell.BOCSerializeOptions{})
			decoded := 0
			for bit := range 8 * len(payload) {
				changed := slices.Clone(payload)
				changed[bit/8] ^= 1 << (bit % 8)
				c := guard.Case{Intent: good.Intent, Payload: changed, Account: w.account()}
				c.Intent.Payload = nil // a coordinator has built it
				if c.Tx, err = w.decode(j.kind, changed); err != nil {
					continue
				}
				if c.Tx.SigningHash == good.Tx.SigningHash {
					continue
				}
				decoded++
				w.complete(&c, j.facts)
				s, err := w.g.Simulate(w.tx, w.now, c)
				if err != nil || s.Effect == guard.Allow && !sameButFor(c.Tx, good.Tx) {
					t.Errorf("bit %d: %s, %v", bit, s.Effect, err)
				}
			}
			if decoded < 100 {
				t.Errorf("only %d changed payloads could be decoded: the test tests nothing", decoded)
			}
		})
	}
}

// sameButFor reports whether two transactions differ in nothing but validity, query ids, and how much less a relayer gets.
func sameButFor(a, b ton.Transaction) bool {
	if len(a.Messages) != len(b.Messages) {
		return false
	}
	for i, x := range a.Messages {
		y := b.Messages[i]
		if fee, ok := x.Detail.(ton.Jetton); ok && i == 1 { // is bounded, not declared
			return x.To == y.To && x.Bounce && fee.RelayerFee() && fee.Destination == carrier &&
				fee.Amount.Cmp(ton.NanoOf(3)) <= 0 && x.Value.Cmp(y.Value) <= 0
		}
		if x.To != y.To || x.Value != y.Value || x.Bounce != y.Bounce || plainQuery(x.Detail) != plainQuery(y.Detail) {
			return false
		}
	}
	return true
}

func plainQuery(d ton.Detail) string {
	switch x := d.(type) {
	case ton.Jetton:
		x.QueryID = 0
		return fmt.Sprintf("%+v", x)
	case ton.NFT:
		x.QueryID = 0
		return fmt.Sprintf("%+v", x)
	}
	return fmt.Sprintf("%+v", d)
}

// decode reads a payload as a node does for that type of request.
func (w *world) decode(kind string, payload []byte) (ton.Transaction, error) {
	if kind == guard.Gasless {
		return ton.DecodeGasless(w.w.TON(), payload, w.now)
	}
	t, err := ton.Decode(w.w.TON(), payload)
	if r := (*ton.Refusal)(nil); err != nil && !errors.As(err, &r) {
		w.Fatal(err)
	}
	return t, err
}
