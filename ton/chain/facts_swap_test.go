package chain

import (
	"math/big"
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain/assets"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// fees of a pool, in hundredths of a percent.
type fees struct{ lp, protocol, referral int64 }

// gives is what STON.fi's pools of constant product give (dex-core, pool/amm.func), written for unbounded numbers: fees
// other than the pool's own are rounded up.
func (f fees) gives(amount, in, out int64, referral bool) ton.Nano {
	withFee := mul(amount, 10000-f.lp)
	base := new(big.Int).Quo(new(big.Int).Mul(withFee, big.NewInt(out)), new(big.Int).Add(mul(in, 10000), withFee))
	got := new(big.Int).Sub(base, divc(base, f.protocol))
	if referral {
		got.Sub(got, divc(base, f.referral))
	}
	n, err := ton.NanoFromBig(got)
	if err != nil {
		panic(err)
	}
	return n
}

func mul(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

func divc(base *big.Int, fee int64) *big.Int {
	n := new(big.Int).Mul(base, big.NewInt(fee))
	return n.Quo(n.Add(n, big.NewInt(9999)), big.NewInt(10000))
}

// ston is an exchange with two pools on one router: USD–TON and TON–EUR.
type ston struct {
	*market
	venue          ton.Venue
	fees           fees
	router         ton.Address
	usd, eur, pton *assets.Jetton
	pools          [2]ton.Address
}

const (
	usdReserve  = 5_000_000_000_000
	tonReserve  = 1_700_000_000_123
	ton2Reserve = 900_000_000_000
	eurReserve  = 2_500_000_000_000
)

func newSTON(t testing.TB, venue ton.Venue) *ston {
	t.Helper()
	x := &ston{market: newMarket(t), venue: venue, fees: fees{lp: 20, protocol: 10, referral: 10}}
	x.usd, x.eur, x.pton = x.jetton(t, "USD", 1e12), x.jetton(t, "EUR", 0), x.jetton(t, "pTON", 0)
	x.router = x.deploy(t, "ston-router", x.configuration(t, false, nil))
	x.configure(t, false)
	x.vouched = []ton.Vouched{
		{Address: x.router, Role: ton.RoleRouter, Venue: venue},
		{Address: x.pton.Master, Role: ton.RolePTONMaster, Venue: venue},
	}
	return x
}

func (x *ston) version() uint64 {
	if x.venue == ton.STON1 {
		return 1
	}
	return 2
}

func (x *ston) configuration(t testing.TB, locked bool, pools map[[32]byte]ton.Address) *cell.Builder {
	return cell.BeginCell().MustStoreUInt(x.version(), 8).MustStoreBoolBit(locked).MustStoreDict(addresses(t, pools))
}

// configure tells the router of its pools, or that it is locked.
func (x *ston) configure(t testing.TB, locked bool) {
	usd, ton1, eur := x.usd.Wallet(x.router), x.pton.Wallet(x.router), x.eur.Wallet(x.router)
	x.pools = [2]ton.Address{x.pool(t, usd, ton1, usdReserve, tonReserve), x.pool(t, ton1, eur, ton2Reserve, eurReserve)}
	pools := map[[32]byte]ton.Address{xor(usd, ton1): x.pools[0], xor(ton1, eur): x.pools[1]}
	x.tell(t, x.router, cell.BeginCell().MustStoreUInt(0xffffffff, 32).MustStoreRef(x.configuration(t, locked, pools).EndCell()))
}

// silence gives the router a pool that pays nothing.
func (x *ston) silence(t *testing.T) {
	pools := map[[32]byte]ton.Address{xor(x.usd.Wallet(x.router), x.pton.Wallet(x.router)): x.liar(t, lie{how: throws})}
	x.tell(t, x.router, cell.BeginCell().MustStoreUInt(0xffffffff, 32).MustStoreRef(x.configuration(t, false, pools).EndCell()))
}

func (x *ston) pool(t testing.TB, a, b ton.Address, reserveA, reserveB uint64) ton.Address {
	first, second := ordered(a, b)
	if first != a {
		reserveA, reserveB = reserveB, reserveA
	}
	rest := cell.BeginCell().MustStoreAddr(friendly(second)).MustStoreCoins(reserveA).MustStoreCoins(reserveB).
		MustStoreUInt(uint64(x.fees.lp), 16).MustStoreUInt(uint64(x.fees.protocol), 16).MustStoreUInt(uint64(x.fees.referral), 16)
	return x.deploy(t, "ston-pool", cell.BeginCell().MustStoreUInt(x.version(), 8).MustStoreAddr(friendly(x.router)).
		MustStoreAddr(friendly(first)).MustStoreRef(rest.EndCell()))
}

// order is the payload of a swap through the router's wallets, the last of which is asked for.
func (x *ston) order(minOut uint64, referral bool, wallets ...ton.Address) *cell.Cell {
	me, ref := friendly(x.wallet.Address), friendly(x.issuer)
	if x.venue == ton.STON1 {
		b := cell.BeginCell().MustStoreUInt(0x25938561, 32).MustStoreAddr(friendly(wallets[0])).MustStoreCoins(minOut).
			MustStoreAddr(me).MustStoreBoolBit(referral)
		if referral {
			b.MustStoreAddr(ref)
		}
		return b.EndCell()
	}
	inner := cell.BeginCell().MustStoreCoins(minOut).MustStoreAddr(me).MustStoreCoins(0)
	if len(wallets) > 1 {
		inner.MustStoreMaybeRef(x.order(minOut, referral, wallets[1:]...))
	} else {
		inner.MustStoreMaybeRef(nil)
	}
	inner.MustStoreCoins(0).MustStoreBoolBit(false)
	if referral {
		inner.MustStoreUInt(uint64(x.fees.referral), 16).MustStoreAddr(ref)
	} else {
		inner.MustStoreUInt(0, 16).MustStoreAddr(nil)
	}
	return cell.BeginCell().MustStoreUInt(0x6664de2a, 32).MustStoreAddr(friendly(wallets[0])).MustStoreAddr(me).MustStoreAddr(me).
		MustStoreUInt(1_900_000_000, 64).MustStoreRef(inner.EndCell()).EndCell()
}

// sell offers dollars.
func (x *ston) sell(amount uint64, order *cell.Cell) ton.Transfer {
	return x.offer(x.usd.Wallet(x.wallet.Address), amount, 3e8, order)
}

func (x *ston) offer(wallet ton.Address, amount, value uint64, order *cell.Cell) ton.Transfer {
	body := cell.BeginCell().MustStoreUInt(0x0f8a7ea5, 32).MustStoreUInt(7, 64).MustStoreCoins(amount).
		MustStoreAddr(friendly(x.router)).MustStoreAddr(friendly(x.wallet.Address)).MustStoreBoolBit(false).
		MustStoreCoins(2e8).MustStoreBoolBit(true).MustStoreRef(order)
	return ton.Transfer{To: wallet, Value: ton.NanoOf(value), Bounce: true, Body: body.EndCell()}
}

// buy offers coins.
func (x *ston) buy(amount uint64, order *cell.Cell) ton.Transfer {
	wallet := x.pton.Wallet(x.router)
	if x.venue == ton.STON1 {
		return x.offer(wallet, amount, amount+2e8, order)
	}
	body := cell.BeginCell().MustStoreUInt(0x01f3835d, 32).MustStoreUInt(7, 64).MustStoreCoins(amount).
		MustStoreAddr(friendly(x.wallet.Address)).MustStoreBoolBit(true).MustStoreRef(order)
	return ton.Transfer{To: wallet, Value: ton.NanoOf(amount + 3e8), Bounce: true, Body: body.EndCell()}
}

func (x *ston) wantSwap(t *testing.T, name string, claim ton.Claim, transfer ton.Transfer, ask string, want ton.Nano) {
	t.Helper()
	f := x.wantMeaning(t, name, ton.OpSwap, claim, transfer)
	if f.Ask != ask || f.Expected != want {
		t.Errorf("%s: %s of %q, want %s of %q (%s)", name, f.Expected.Format(0), f.Ask, want.Format(0), ask, f.Unproven)
	}
}

func TestSwapOnSTONGivesWhatItsPoolsGive(t *testing.T) {
	for _, venue := range []ton.Venue{ton.STON1, ton.STON2} {
		t.Run(string(venue), func(t *testing.T) {
			x := newSTON(t, venue)
			usd, tons, eur := x.usd.Wallet(x.router), x.pton.Wallet(x.router), x.eur.Wallet(x.router)
			const amount = 123_456_789
			sell := ton.Claim{Asset: ton.JettonID(x.usd.Master), Ask: ton.Native}
			buy := ton.Claim{Asset: ton.Native, Ask: ton.JettonID(x.usd.Master)}
			x.wantSwap(t, "jettons for coins", sell, x.sell(amount, x.order(5, false, tons)), ton.Native, x.fees.gives(amount, usdReserve, tonReserve, false))
			x.wantSwap(t, "coins for jettons", buy, x.buy(amount, x.order(5, false, usd)), buy.Ask, x.fees.gives(amount, tonReserve, usdReserve, false))
			x.wantSwap(t, "with a referral", sell, x.sell(amount, x.order(5, true, tons)), ton.Native, x.fees.gives(amount, usdReserve, tonReserve, true))
			x.wantSwap(t, "coins, with a referral", buy, x.buy(amount, x.order(5, true, usd)), buy.Ask, x.fees.gives(amount, tonReserve, usdReserve, true))
			if venue == ton.STON2 {
				half := x.fees.gives(amount, usdReserve, tonReserve, false)
				claim := ton.Claim{Asset: sell.Asset, Ask: ton.JettonID(x.eur.Master)}
				x.wantSwap(t, "two hops", claim, x.sell(amount, x.order(5, false, tons, eur)), claim.Ask,
					x.fees.gives(half.Big().Int64(), ton2Reserve, eurReserve, false))
				if f := x.wantMeaning(t, "pools", ton.OpSwap, claim, x.sell(amount, x.order(5, false, tons, eur))); [2]ton.Address(f.Pools[:]) != x.pools {
					t.Errorf("pools %v, want %v", f.Pools, x.pools)
				}
			}
			none := ton.Nano{}
			x.wantSwap(t, "for another token than claimed", ton.Claim{Asset: sell.Asset, Ask: ton.JettonID(x.eur.Master)}, x.sell(amount, x.order(5, false, tons)), "", none)
			x.wantSwap(t, "for nothing that was claimed", ton.Claim{Asset: sell.Asset}, x.sell(amount, x.order(5, false, tons)), "", none)
			x.wantSwap(t, "without a pool", ton.Claim{Asset: sell.Asset, Ask: ton.JettonID(x.eur.Master)}, x.sell(amount, x.order(5, false, eur)), "", none)
			x.wantSwap(t, "of too little", sell, x.sell(1, x.order(5, false, tons)), "", none)
			x.silence(t)
			x.wantSwap(t, "in a pool that is silent", sell, x.sell(amount, x.order(5, false, tons)), "", none)
			x.configure(t, true)
			x.wantSwap(t, "locked", sell, x.sell(amount, x.order(5, false, tons)), "", none)
		})
	}
}

func TestSwapOnSTONNeedsAVouchedRouter(t *testing.T) {
	for _, venue := range []ton.Venue{ton.STON1, ton.STON2} {
		t.Run(string(venue), func(t *testing.T) {
			x := newSTON(t, venue)
			other := map[ton.Venue]ton.Venue{ton.STON1: ton.STON2, ton.STON2: ton.STON1}[venue]
			sell := x.sell(1e6, x.order(5, false, x.pton.Wallet(x.router)))
			buy := x.buy(1e6, x.order(5, false, x.usd.Wallet(x.router)))
			router, master := x.vouched[0], x.vouched[1]
			wrong := router
			wrong.Venue = other
			for name, vouched := range map[string][]ton.Vouched{
				"nothing": nil, "only pTON": {master}, "a router of another version": {wrong, master},
				"another router": {{Address: x.issuer, Role: ton.RoleRouter, Venue: venue}, master},
			} {
				x.vouched = vouched
				x.wantMeaning(t, name+": sell", ton.OpUnknown, ton.Claim{Asset: ton.JettonID(x.usd.Master), Ask: ton.Native}, sell)
				x.wantMeaning(t, name+": buy", ton.OpUnknown, ton.Claim{Asset: ton.Native, Ask: ton.JettonID(x.usd.Master)}, buy)
			}
			x.vouched = []ton.Vouched{router, master}
			elsewhere := buy
			elsewhere.To = x.issuer
			x.wantMeaning(t, "coins to another contract", ton.OpUnknown, ton.Claim{Asset: ton.Native, Ask: ton.JettonID(x.usd.Master)}, elsewhere)
			tons := x.pton.Wallet(x.router)
			x.router = x.liar(t, lie{how: throws})
			x.vouched = []ton.Vouched{{Address: x.router, Role: ton.RoleRouter, Venue: venue}, master}
			x.wantSwap(t, "a router that is silent", ton.Claim{Asset: ton.JettonID(x.usd.Master), Ask: ton.Native}, x.sell(1e6, x.order(5, false, tons)), "", ton.Nano{})
			x.vouched = []ton.Vouched{router}
			x.wantMeaning(t, "no pTON: buy", ton.OpUnknown, ton.Claim{Asset: ton.Native, Ask: ton.JettonID(x.usd.Master)}, buy)
			x.wantSwap(t, "no pTON: sell", ton.Claim{Asset: ton.JettonID(x.usd.Master), Ask: ton.Native}, sell, "", ton.Nano{})
		})
	}
}
