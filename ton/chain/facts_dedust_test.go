package chain

import (
	"math/big"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain/assets"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// dedust is a factory with pools for TON–USD (volatile) and USD–EUR (stable), and a pool that it doesn't know.
type dedust struct {
	*market
	usd, eur                    *assets.Jetton
	factory, vault, native      ton.Address
	tonUSD, usdEUR, stray, fake ton.Address
}

const dedustFee = 25

func newDedust(t *testing.T) *dedust {
	t.Helper()
	x := &dedust{market: newMarket(t), vault: ton.Address{Hash: [32]byte{0xD1}}, native: ton.Address{Hash: [32]byte{0xD2}}}
	x.usd, x.eur = x.jetton(t, "USD", 1e12), x.jetton(t, "EUR", 0)
	usd, eur := ton.JettonID(x.usd.Master), ton.JettonID(x.eur.Master)
	x.tonUSD = x.pool(t, ton.Native, usd, tonReserve, usdReserve)
	x.usdEUR = x.pool(t, usd, eur, 7e12, 6e12)
	x.stray = x.pool(t, ton.Native, usd, tonReserve, 1e15)
	x.fake = x.pool(t, eur, usd, 1, 1e15)
	x.factory = x.deploy(t, "dedust", cell.BeginCell().MustStoreDict(addresses(t, map[[32]byte]ton.Address{
		asked(t, nil, ton.Native):           x.native,
		asked(t, nil, usd):                  x.vault,
		asked(t, volatile, ton.Native, usd): x.tonUSD,
		asked(t, stable, usd, eur):          x.usdEUR,
	})))
	x.vouched = []ton.Vouched{{Address: x.factory, Role: ton.RoleFactory, Venue: ton.DeDust}}
	return x
}

var volatile, stable = big.NewInt(0), big.NewInt(1)

// asked is the hash of what the model of a factory is asked for.
func asked(t *testing.T, kind *big.Int, assets ...string) [32]byte {
	t.Helper()
	b := cell.BeginCell()
	if kind != nil {
		b.MustStoreUInt(kind.Uint64(), 8)
	}
	for _, id := range assets {
		b.MustStoreBuilder(assetCell(t, id).ToBuilder())
	}
	return b.EndCell().HashKey()
}

func assetCell(t *testing.T, id string) *cell.Cell {
	t.Helper()
	s, err := ton.AssetSlice(id)
	if err != nil {
		t.Fatal(err)
	}
	return s.MustToCell()
}

func (x *dedust) pool(t *testing.T, a, b string, reserveA, reserveB uint64) ton.Address {
	return x.deploy(t, "dedust", cell.BeginCell().MustStoreRef(assetCell(t, a)).MustStoreRef(assetCell(t, b)).
		MustStoreCoins(reserveA).MustStoreCoins(reserveB).MustStoreUInt(dedustFee, 16))
}

// step is SwapStep, with those that follow.
func step(pools ...ton.Address) *cell.Builder {
	b := cell.BeginCell().MustStoreAddr(friendly(pools[0])).MustStoreBoolBit(false).MustStoreCoins(5)
	if len(pools) > 1 {
		return b.MustStoreMaybeRef(step(pools[1:]...).EndCell())
	}
	return b.MustStoreMaybeRef(nil)
}

func (x *dedust) params() *cell.Cell {
	return cell.BeginCell().MustStoreUInt(0, 32).MustStoreAddr(friendly(x.wallet.Address)).MustStoreAddr(nil).
		MustStoreBoolBit(false).MustStoreBoolBit(false).EndCell()
}

func (x *dedust) sell(amount uint64, pools ...ton.Address) ton.Transfer {
	order := cell.BeginCell().MustStoreUInt(0xe3a0d482, 32).MustStoreBuilder(step(pools...)).MustStoreRef(x.params()).EndCell()
	body := cell.BeginCell().MustStoreUInt(0x0f8a7ea5, 32).MustStoreUInt(7, 64).MustStoreCoins(amount).
		MustStoreAddr(friendly(x.vault)).MustStoreAddr(friendly(x.wallet.Address)).MustStoreBoolBit(false).
		MustStoreCoins(2e8).MustStoreBoolBit(true).MustStoreRef(order)
	return ton.Transfer{To: x.usd.Wallet(x.wallet.Address), Value: ton.NanoOf(3e8), Bounce: true, Body: body.EndCell()}
}

func (x *dedust) buy(amount uint64, pools ...ton.Address) ton.Transfer {
	body := cell.BeginCell().MustStoreUInt(0xea06185d, 32).MustStoreUInt(7, 64).MustStoreCoins(amount).
		MustStoreBuilder(step(pools...)).MustStoreRef(x.params())
	return ton.Transfer{To: x.native, Value: ton.NanoOf(amount + 3e8), Bounce: true, Body: body.EndCell()}
}

// dedustGives takes the fee, rounded up, from what comes in.
func dedustGives(amount, in, out int64) int64 {
	net := big.NewInt(amount)
	net.Sub(net, divc(net, dedustFee))
	return new(big.Int).Quo(new(big.Int).Mul(net, big.NewInt(out)), new(big.Int).Add(net, big.NewInt(in))).Int64()
}

func TestSwapOnDeDustGivesWhatItsPoolsEstimate(t *testing.T) {
	x := newDedust(t)
	usd, eur := ton.JettonID(x.usd.Master), ton.JettonID(x.eur.Master)
	claim, native := ton.Claim{Asset: usd}, ton.Claim{Asset: ton.Native}
	const amount = 123_456_789
	want := func(name string, claim ton.Claim, tr ton.Transfer, ask string, out int64) {
		t.Helper()
		f := x.wantMeaning(t, name, ton.OpSwap, claim, tr)
		if f.Ask != ask || f.Expected != ton.NanoOf(uint64(out)) {
			t.Errorf("%s: %s of %q, want %d of %q (%s)", name, f.Expected.Format(0), f.Ask, out, ask, f.Unproven)
		}
	}
	if f := x.wantMeaning(t, "pools", ton.OpSwap, native, x.buy(amount, x.tonUSD, x.usdEUR)); f.Pools[0] != x.tonUSD || f.Pools[1] != x.usdEUR {
		t.Errorf("pools %v", f.Pools)
	}
	if f := x.wantMeaning(t, "a stray pool", ton.OpSwap, native, x.buy(amount, x.stray)); !f.Pools[0].IsZero() {
		t.Errorf("pools %v", f.Pools)
	}
	want("jettons for coins", claim, x.sell(amount, x.tonUSD), ton.Native, dedustGives(amount, usdReserve, tonReserve))
	want("coins for jettons", native, x.buy(amount, x.tonUSD), usd, dedustGives(amount, tonReserve, usdReserve))
	want("in a stable pool", claim, x.sell(amount, x.usdEUR), eur, dedustGives(amount, 7e12, 6e12))
	want("two hops", native, x.buy(amount, x.tonUSD, x.usdEUR), eur, dedustGives(dedustGives(amount, tonReserve, usdReserve), 7e12, 6e12))
	want("in a pool of other assets", native, x.buy(amount, x.usdEUR), "", 0)
	want("in a pool that isn't the factory's", native, x.buy(amount, x.stray), "", 0)
	want("in a pool of reversed assets", claim, x.sell(amount, x.fake), "", 0)
	want("in a second pool that isn't", native, x.buy(amount, x.tonUSD, x.fake), "", 0)
	want("in no pool", native, x.buy(amount, x.issuer), "", 0)
}

func TestSwapOnDeDustNeedsItsFactory(t *testing.T) {
	x := newDedust(t)
	sell, buy := x.sell(1e6, x.tonUSD), x.buy(1e6, x.tonUSD)
	claim, native := ton.Claim{Asset: ton.JettonID(x.usd.Master)}, ton.Claim{Asset: ton.Native}
	lies := x.liar(t, lie{a: x.native})
	for name, vouched := range map[string][]ton.Vouched{
		"nothing":          nil,
		"another contract": {{Address: x.issuer, Role: ton.RoleFactory, Venue: ton.DeDust}},
		"another code":     {{Address: x.factory, CodeHash: [32]byte{1}, Role: ton.RoleFactory, Venue: ton.DeDust}},
		"as a router":      {{Address: x.factory, Role: ton.RoleRouter, Venue: ton.STON2}},
	} {
		x.vouched = vouched
		x.wantMeaning(t, name+": sell", ton.OpUnknown, claim, sell)
		x.wantMeaning(t, name+": buy", ton.OpUnknown, native, buy)
	}
	elsewhere := buy
	elsewhere.To = x.vault
	x.vouched = []ton.Vouched{{Address: x.factory, Role: ton.RoleFactory, Venue: ton.DeDust}}
	x.wantMeaning(t, "coins to another's vault", ton.OpUnknown, native, elsewhere)
	x.vouched = []ton.Vouched{{Address: lies, Role: ton.RoleFactory, Venue: ton.DeDust}, {Address: x.factory, Role: ton.RoleFactory, Venue: ton.DeDust}}
	x.wantMeaning(t, "the second of two", ton.OpSwap, claim, sell)
}
