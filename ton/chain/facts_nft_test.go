package chain

import (
	"testing"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain/assets"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

// collection makes one with two items: the wallet's and the issuer's.
func (m *market) collection(t testing.TB, url string) *assets.Collection {
	t.Helper()
	c, err := assets.NewCollection(m.Chain, m.issuer, url)
	if err != nil {
		t.Fatal(err)
	}
	for i, owner := range []ton.Address{m.wallet.Address, m.issuer} {
		if err := c.Mint(uint64(i), owner); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// nftTransfer sends an item, with coins for a sale that lists it.
func (m *market) nftTransfer(item, to ton.Address) ton.Transfer {
	body := cell.BeginCell().MustStoreUInt(0x5fcc3d14, 32).MustStoreUInt(7, 64).MustStoreAddr(friendly(to)).
		MustStoreAddr(friendly(m.wallet.Address)).MustStoreBoolBit(false).MustStoreCoins(5e7).MustStoreBoolBit(false)
	return ton.Transfer{To: item, Value: ton.NanoOf(2e8), Bounce: true, Body: body.EndCell()}
}

// execute signs and sends, and waits for nothing: a block is sealed at once.
func (m *market) execute(t testing.TB, transfers ...ton.Transfer) {
	t.Helper()
	acc := account(t, m.client, m.wallet.Address)
	if err := m.Send(m.wallet.message(t, acc.Seqno, transfers...)); err != nil {
		t.Fatal(err)
	}
}

func (m *market) wantMeaning(t *testing.T, name string, want ton.Op, claim ton.Claim, transfer ton.Transfer) ton.Facts {
	t.Helper()
	j := m.judge(t, claim, transfer)
	if op, err := m.means(j); op != want || (err == nil) == (want == ton.OpUnknown) {
		t.Errorf("%s: %q, want %q (%v)", name, op, want, err)
	}
	return j.facts[0]
}

func TestItemIsProvenFromItsCollection(t *testing.T) {
	m := newMarket(t)
	c, other := m.collection(t, "https://one"), m.collection(t, "https://two")
	bob := ton.Address{Hash: [32]byte{0xB0}}
	ours, theirs := m.nftTransfer(c.Item(0), bob), m.nftTransfer(c.Item(1), bob)
	claim := ton.Claim{Collection: c.Address}
	f := m.wantMeaning(t, "ours", ton.OpNFTTransfer, claim, ours)
	if f.Role != ton.RoleNFTItem || f.Owner != m.wallet.Address || f.Collection != c.Address {
		t.Errorf("%+v", f)
	}
	m.wantMeaning(t, "another's", ton.OpUnknown, claim, theirs)
	m.wantMeaning(t, "no collection", ton.OpUnknown, ton.Claim{}, ours)
	m.wantMeaning(t, "another collection", ton.OpUnknown, ton.Claim{Collection: other.Address}, ours)
	m.wantMeaning(t, "not minted", ton.OpUnknown, claim, m.nftTransfer(c.Item(2), bob))
	m.wantMeaning(t, "no item", ton.OpUnknown, claim, m.nftTransfer(m.issuer, bob))

	m.vouched = []ton.Vouched{{Address: c.Address, Role: ton.RoleCollection}}
	m.wantMeaning(t, "a vouched collection", ton.OpNFTTransfer, ton.Claim{}, ours)
	m.vouched = []ton.Vouched{{Address: c.Item(0), Role: ton.RoleNFTItem}}
	if f := m.wantMeaning(t, "a vouched item", ton.OpNFTTransfer, ton.Claim{}, ours); !f.Collection.IsZero() {
		t.Errorf("of collection %s, which nobody has named", f.Collection)
	}
	m.vouched = []ton.Vouched{{Address: c.Item(0), Role: ton.RoleJetton}}
	m.wantMeaning(t, "vouched for as something else", ton.OpUnknown, ton.Claim{}, ours)
}

func TestSaleIsWhatItsCodeKeeps(t *testing.T) {
	m := newMarket(t)
	c := m.collection(t, "https://one")
	price, fee := ton.NanoOf(3e9), ton.NanoOf(15e7)
	market := m.liar(t, lie{}) // any contract
	sale, err := assets.NewSale(m.Chain, market, c.Item(0), price, fee)
	if err != nil {
		t.Fatal(err)
	}
	claim := ton.Claim{Collection: c.Address}
	list := m.nftTransfer(c.Item(0), sale)
	m.wantMeaning(t, "nobody vouches", ton.OpUnknown, claim, list)
	code := account(t, m.client, sale).CodeHash
	m.vouched = []ton.Vouched{{CodeHash: code, Role: ton.RoleSale}}
	m.wantMeaning(t, "list in the name of a marketplace that may take it", ton.OpUnknown, claim, list)
	m.vouched = append(m.vouched, ton.Vouched{Address: market, Role: ton.RoleMarket})
	if f := m.wantMeaning(t, "list", ton.OpNFTList, claim, list); f.Receiver.Price != price || f.Receiver.Fees != fee || f.Receiver.Item != c.Item(0) {
		t.Errorf("%+v", f.Receiver)
	}
	buy := ton.Transfer{To: sale, Value: ton.NanoOf(4e9), Bounce: true}
	m.wantMeaning(t, "buy before it is listed", ton.OpUnknown, claim, buy)
	m.wantMeaning(t, "buy something before it is listed", ton.OpUnknown, ton.Claim{}, buy)
	other, err := assets.NewSale(m.Chain, market, c.Item(1), price, fee)
	if err != nil {
		t.Fatal(err)
	}
	m.wantMeaning(t, "list at the sale of another item", ton.OpUnknown, claim, m.nftTransfer(c.Item(0), other))

	m.execute(t, list)
	f := m.wantMeaning(t, "buy", ton.OpNFTBuy, claim, buy)
	if f.Role != ton.RoleSale || f.Item != c.Item(0) || f.Collection != c.Address || f.Price != price || f.Owner != m.wallet.Address {
		t.Errorf("%+v", f)
	}
	m.wantMeaning(t, "buy below the price", ton.OpUnknown, claim, ton.Transfer{To: sale, Value: price, Bounce: true})
	m.wantMeaning(t, "buy of another collection", ton.OpUnknown, ton.Claim{Collection: m.issuer}, buy)
	cancel := ton.Transfer{To: sale, Value: ton.NanoOf(2e9), Bounce: true, Body: cell.BeginCell().MustStoreUInt(3, 32).MustStoreUInt(7, 64).EndCell()}
	m.wantMeaning(t, "cancel", ton.OpNFTCancel, claim, cancel)
	m.execute(t, cancel)
	m.wantMeaning(t, "buy after it was cancelled", ton.OpUnknown, claim, buy)
	m.wantMeaning(t, "buy something after it was cancelled", ton.OpUnknown, ton.Claim{}, buy)
}
