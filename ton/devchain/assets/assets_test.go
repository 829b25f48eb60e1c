package assets

import (
	"testing"
	"time"

	"github.com/tonaiagent/mpcnode/ton"
	"github.com/tonaiagent/mpcnode/ton/devchain"
	"github.com/xssnick/tonutils-go/tlb"
	lite "github.com/xssnick/tonutils-go/ton"
	"github.com/xssnick/tonutils-go/ton/jetton"
	"github.com/xssnick/tonutils-go/ton/nft"
	"github.com/xssnick/tonutils-go/tvm/cell"
)

var (
	admin  = ton.Address{Hash: [32]byte{0xad}}
	alice  = ton.Address{Hash: [32]byte{0xa1}}
	bob    = ton.Address{Hash: [32]byte{0xb0}}
	dollar = Metadata{Name: "Dollar", Symbol: "USD", Decimals: 6}
)

// newChain makes a chain whose clock stands still, so that nobody pays for storage.
func newChain(t *testing.T) *devchain.Chain {
	t.Helper()
	now := time.Now()
	c, err := devchain.New(devchain.Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// proven is the library's client, which checks everything it can.
func proven(c *devchain.Chain) *lite.APIClient {
	api := lite.NewAPIClient(c.LiteClient(), lite.ProofCheckPolicySecure)
	api.SetTrustedBlock(c.InitBlock())
	return api
}

func newJetton(t *testing.T, c *devchain.Chain) *Jetton {
	t.Helper()
	j, err := NewJetton(c, admin, dollar)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Mint(alice, ton.NanoOf(5_000_000)); err != nil {
		t.Fatal(err)
	}
	return j
}

// send is a message with a bounce from one address to another.
func send(t *testing.T, c *devchain.Chain, from, to ton.Address, value uint64, body any) {
	t.Helper()
	b, err := tlb.ToCell(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Deliver(devchain.Message{From: from, To: to, Value: ton.NanoOf(value), Bounce: true, Body: b}); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, j *Jetton, owner ton.Address, want uint64) {
	t.Helper()
	if got, err := j.Balance(t.Context(), owner); err != nil || got != ton.NanoOf(want) {
		t.Errorf("%v holds %s, %v, want %d", owner, got.Format(0), err, want)
	}
}

// last is the body of the newest message that an address got, and what came with it.
func last(t *testing.T, c *devchain.Chain, a ton.Address) *tlb.InternalMessage {
	t.Helper()
	api := proven(c)
	b, err := api.GetMasterchainInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	acc, err := api.GetAccount(t.Context(), b, friendly(a))
	if err != nil {
		t.Fatal(err)
	}
	txs, err := api.ListTransactions(t.Context(), friendly(a), 1, acc.LastTxLT, acc.LastTxHash)
	if err != nil {
		t.Fatal(err)
	}
	return txs[0].IO.In.AsInternal()
}

func TestUnmodifiedClientReadsTheJetton(t *testing.T) {
	c := newChain(t)
	j := newJetton(t, c)
	client := jetton.NewJettonMasterClient(proven(c), friendly(j.Master))
	data, err := client.GetJettonData(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	content := data.Content.(*nft.ContentOnchain)
	if data.TotalSupply.Uint64() != 5_000_000 || !data.AdminAddr.Equals(friendly(admin)) || !data.Mintable ||
		content.GetAttribute("symbol") != "USD" || content.GetAttribute("decimals") != "6" {
		t.Errorf("%+v", data)
	}
	for _, owner := range []ton.Address{alice, bob, admin} {
		w, err := client.GetJettonWallet(t.Context(), friendly(owner))
		if err != nil || !w.Address().Equals(friendly(j.Wallet(owner))) {
			t.Errorf("wallet of %v: %v, %v, here it is %v", owner, w, err, j.Wallet(owner))
		}
	}
	w, err := client.GetJettonWallet(t.Context(), friendly(alice))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.GetBalance(t.Context()); err != nil || n.Uint64() != 5_000_000 {
		t.Errorf("balance %v, %v", n, err)
	}
}

func transfer(amount uint64, to, response ton.Address) *jetton.TransferPayload {
	return &jetton.TransferPayload{QueryID: 7, Amount: coins(ton.NanoOf(amount)), Destination: friendly(to), ResponseDestination: friendly(response),
		ForwardTONAmount: tlb.FromNanoTONU(1), ForwardPayload: cell.BeginCell().MustStoreUInt(9, 32).EndCell()}
}

func TestJettonsMove(t *testing.T) {
	c := newChain(t)
	j := newJetton(t, c)
	send(t, c, alice, j.Wallet(alice), 1e8, transfer(2_000_000, bob, alice))
	holds(t, j, alice, 3_000_000)
	holds(t, j, bob, 2_000_000)
	var note jetton.TransferNotification
	if err := tlb.LoadFromCell(&note, last(t, c, bob).Body.MustBeginParse()); err != nil || note.QueryID != 7 || !note.Sender.Equals(friendly(alice)) {
		t.Errorf("bob is told %+v, %v", note, err)
	}
	if op := last(t, c, alice).Body.MustBeginParse().MustLoadUInt(32); op != 0xd53276db {
		t.Errorf("alice gets %08x, not the excess", op)
	}
	send(t, c, bob, j.Wallet(bob), 1e8, &jetton.BurnPayload{Amount: coins(ton.NanoOf(500_000)), ResponseDestination: friendly(bob)})
	holds(t, j, bob, 1_500_000)
	data, err := jetton.NewJettonMasterClient(proven(c), friendly(j.Master)).GetJettonData(t.Context())
	if err != nil || data.TotalSupply.Uint64() != 4_500_000 {
		t.Errorf("after a burn: %+v, %v", data, err)
	}
}

// What a jetton wallet refuses comes back to who sent it, less fees, and nothing has moved.
func TestRefusedJettonTransferBounces(t *testing.T) {
	c := newChain(t)
	j := newJetton(t, c)
	for name, x := range map[string]struct {
		from   ton.Address
		amount uint64
	}{"more than there is": {alice, 5_000_001}, "somebody else's": {bob, 1}} {
		before := c.Balance(x.from)
		send(t, c, x.from, j.Wallet(alice), 1e8, transfer(x.amount, bob, x.from))
		got, err := c.Balance(x.from).Sub(before)
		if err != nil || got.Cmp(ton.NanoOf(9e7)) < 0 {
			t.Errorf("%s: %s came back of 0.1, %v", name, got, err)
		}
		m := last(t, c, x.from)
		if !m.Bounced || !m.SrcAddr.Equals(friendly(j.Wallet(alice))) {
			t.Errorf("%s: the last message is %+v", name, m)
		}
	}
	holds(t, j, alice, 5_000_000)
	holds(t, j, bob, 0)
}

func TestOnlyTheAdminMints(t *testing.T) {
	c := newChain(t)
	j := newJetton(t, c)
	j.Admin = bob
	if err := j.Mint(bob, ton.NanoOf(1)); err == nil {
		t.Error("somebody else minted")
	}
	holds(t, j, bob, 0)
}

func newItem(t *testing.T, c *devchain.Chain) *Collection {
	t.Helper()
	n, err := NewCollection(c, admin, "https://example.org/c.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Mint(0, alice); err != nil {
		t.Fatal(err)
	}
	return n
}

func belongs(t *testing.T, n *Collection, index uint64, want ton.Address) {
	t.Helper()
	if got, err := n.Owner(t.Context(), index); err != nil || got != want {
		t.Errorf("item %d belongs to %v, %v, want %v", index, got, err, want)
	}
}

func TestUnmodifiedClientReadsTheCollection(t *testing.T) {
	c := newChain(t)
	n := newItem(t, c)
	if err := n.Mint(1, bob); err != nil {
		t.Fatal(err)
	}
	if err := n.Mint(5, bob); err == nil {
		t.Error("an item beyond the next was minted")
	}
	client := nft.NewCollectionClient(proven(c), friendly(n.Address))
	data, err := client.GetCollectionData(t.Context())
	if err != nil || data.NextItemIndex.Int64() != 2 || !data.OwnerAddress.Equals(friendly(admin)) {
		t.Fatalf("%+v, %v", data, err)
	}
	for index, owner := range []ton.Address{alice, bob} {
		a, err := client.GetNFTAddressByIndex(t.Context(), tlb.FromNanoTONU(uint64(index)).Nano())
		if err != nil || !a.Equals(friendly(n.Item(uint64(index)))) {
			t.Fatalf("item %d is %v, %v, here %v", index, a, err, n.Item(uint64(index)))
		}
		item, err := nft.NewItemClient(proven(c), a).GetNFTData(t.Context())
		if err != nil || !item.Initialized || !item.OwnerAddress.Equals(friendly(owner)) || !item.CollectionAddress.Equals(friendly(n.Address)) {
			t.Errorf("item %d: %+v, %v", index, item, err)
		}
	}
}

func give(to ton.Address) *nft.TransferPayload {
	return &nft.TransferPayload{NewOwner: friendly(to), ResponseDestination: friendly(admin),
		ForwardAmount: tlb.FromNanoTONU(5e7), ForwardPayload: cell.BeginCell().EndCell()}
}

func TestItemsMove(t *testing.T) {
	c := newChain(t)
	n := newItem(t, c)
	send(t, c, bob, n.Item(0), 1e8, give(bob))
	belongs(t, n, 0, alice)
	if !last(t, c, bob).Bounced {
		t.Error("what somebody else asked of the item didn't bounce")
	}
	send(t, c, alice, n.Item(0), 1e8, give(bob))
	belongs(t, n, 0, bob)
}

type saleOrder struct {
	Op      uint32 `tlb:"## 32"`
	QueryID uint64 `tlb:"## 64"`
}

const opBuy, opCancel = 2, 3

// list offers alice's item.
func list(t *testing.T, c *devchain.Chain, n *Collection, price uint64) ton.Address {
	t.Helper()
	s, err := NewSale(c, admin, n.Item(0), ton.NanoOf(price), ton.Nano{})
	if err != nil {
		t.Fatal(err)
	}
	send(t, c, alice, n.Item(0), 1e9, give(s))
	belongs(t, n, 0, s)
	return s
}

func TestItemIsTakenBackByItsSellerAlone(t *testing.T) {
	c := newChain(t)
	n := newItem(t, c)
	s := list(t, c, n, 10e9)
	send(t, c, bob, s, 1e9, &saleOrder{Op: opCancel})
	belongs(t, n, 0, s)
	send(t, c, alice, s, 1e9, &saleOrder{Op: opCancel})
	belongs(t, n, 0, alice)
}

func TestItemIsBoughtAtItsPrice(t *testing.T) {
	c := newChain(t)
	n := newItem(t, c)
	s := list(t, c, n, 10e9)
	send(t, c, bob, s, 10e9, &saleOrder{Op: opBuy}) // the price alone, without fees
	belongs(t, n, 0, s)
	if !last(t, c, bob).Bounced {
		t.Error("too low a bid didn't bounce")
	}
	before := c.Balance(alice)
	send(t, c, bob, s, 11e9, &saleOrder{Op: opBuy})
	belongs(t, n, 0, bob)
	if got, err := c.Balance(alice).Sub(before); err != nil || got.Cmp(ton.NanoOf(10e9)) < 0 {
		t.Errorf("alice got %s, %v", got, err)
	}
}
